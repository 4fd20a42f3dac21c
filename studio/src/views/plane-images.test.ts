import { expect, test } from "vitest";
import { pixels } from "../strips/color-map.ts";
import { sideBySide } from "./plane-images.ts";

test("two planes of 2 x 2 stand side by side", () => {
  const image = sideBySide(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), { count: 2, height: 2, width: 2 });
  expect([...image]).toEqual([1, 2, 5, 6, 3, 4, 7, 8].map((byte) => pixels[byte]));
});
