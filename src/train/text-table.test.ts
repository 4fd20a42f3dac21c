import { expect, it } from "vitest";
import { textTable } from "./text-table.ts";

it("aligns columns by what a terminal shows of wide characters", () => {
  expect(
    textTable([
      ["RUN", "STATUS"],
      ["数字/宽", "done"],
    ]),
  ).toEqual(["RUN      STATUS", "数字/宽  done"]);
});
