import { expect, it } from "vitest";
import { table } from "./output.ts";

it("aligns columns by what a terminal shows of wide characters", () => {
  expect(
    table([
      ["RUN", "STATUS"],
      ["数字/宽", "done"],
    ]),
  ).toEqual(["RUN      STATUS", "数字/宽  done"]);
});
