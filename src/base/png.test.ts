import { expect, it } from "vitest";
import { encodePng } from "./png.ts";

it.each([1, 3, 4] as const)("writes files of %i channels that others decode", async (channels) => {
  const data = Uint8Array.from({ length: 5 * 3 * channels }, (_, i) => (i * 37) % 256);
  const png = await encodePng({ width: 5, height: 3, channels, data });
  const { default: sharp } = await import("sharp");
  const image = sharp(png);
  const { data: decoded, info } = await image
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect((await image.metadata()).channels).toBe(channels);
  expect([info.width, info.height, info.channels, [...decoded]]).toEqual([5, 3, channels, [...data]]);
});
