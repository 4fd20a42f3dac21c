import { expect, test } from "vitest";
import { sizeWithin } from "./own-image.ts";

test("a picture is made to fit in its own proportions, and never larger", () => {
  expect(sizeWithin(4000, 3000, 512)).toEqual({ width: 512, height: 384 });
  expect(sizeWithin(28, 20, 512)).toEqual({ width: 28, height: 20 });
  expect(sizeWithin(1, 20_000, 512)).toEqual({ width: 1, height: 512 });
});
