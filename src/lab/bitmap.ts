/**
 * Pictures as data URLs that every browser shows: Windows bitmaps of 24 bits, which need no compression.
 */
import type { TypedArray } from "../base/dtype.ts";
import { ShapeError } from "../base/errors.ts";
import { formatShape, type Shape } from "../base/shape.ts";
import type { Picture } from "./experiment.ts";

type Rgb = readonly [red: number, green: number, blue: number];

/** A colour map: colours at evenly spaced places from 0 to 1, blended in between. */
const maps: Readonly<Record<NonNullable<Picture["colours"]>, readonly Rgb[]>> = {
  grey: [
    [0, 0, 0],
    [255, 255, 255],
  ],
  // Blue and red of the Okabe-Ito palette, which all kinds of colour vision tell apart.
  signed: [
    [0, 114, 178],
    [255, 255, 255],
    [213, 94, 0],
  ],
  heat: [
    [0, 0, 24],
    [86, 15, 110],
    [187, 55, 84],
    [249, 142, 9],
    [252, 255, 164],
  ],
};

/** Blends the colours of a map at `place`, 0 to 1. */
function colourAt(map: readonly Rgb[], place: number): Rgb {
  const at = Math.min(Math.max(place, 0), 1) * (map.length - 1);
  const index = Math.min(Math.floor(at), map.length - 2);
  const [low, high] = [map[index] as Rgb, map[index + 1] as Rgb];
  const blend = (c: 0 | 1 | 2): number => Math.round(low[c] + (high[c] - low[c]) * (at - index));
  return [blend(0), blend(1), blend(2)];
}

/** Smallest and largest finite value; for "signed" symmetric around zero. */
function rangeOf(data: TypedArray, signed: boolean): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of data) {
    if (!Number.isFinite(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (!(low <= high)) return [0, 1];
  const most = Math.max(Math.abs(low), Math.abs(high));
  return signed ? [-most, most] : [low, high];
}

/** Height, width, and the colour of the pixel at a row and column. */
interface Raster {
  readonly height: number;
  readonly width: number;
  readonly colour: (row: number, column: number) => Rgb;
}

function rasterOf(data: TypedArray, shape: Shape, how: Pick<Picture, "colours" | "range">): Raster {
  const [height, width] = shape.slice(-2) as [number, number];
  const channels = shape.length === 3 ? (shape[0] as number) : 1;
  if (shape.length < 2 || shape.length > 3 || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(
      `pictures: an image of shape ${formatShape(shape)} cannot be shown; give [H, W], [1, H, W] or [3, H, W]`,
      { shape },
    );
  }
  const { colours = "grey" } = how;
  const [low, high] = how.range ?? rangeOf(data, colours === "signed");
  const place = (i: number): number => (high > low ? ((data[i] as number) - low) / (high - low) : 0.5);
  const byte = (i: number): number => Math.round(255 * Math.min(Math.max(place(i), 0), 1));
  const plane = height * width;
  const colour = (row: number, column: number): Rgb => {
    const i = row * width + column;
    if (channels === 3) return [byte(i), byte(i + plane), byte(i + 2 * plane)];
    return Number.isFinite(data[i]) ? colourAt(maps[colours], place(i)) : [255, 0, 255];
  };
  return { height, width, colour };
}

/** A data URL of the picture, pixel for pixel. @throws ShapeError for a shape that is no image. */
export function bitmapUrl(data: TypedArray, shape: Shape, how: Pick<Picture, "colours" | "range">): string {
  const { height, width, colour } = rasterOf(data, shape, how);
  const header = 54;
  const stride = Math.ceil((3 * width) / 4) * 4;
  const bytes = new Uint8Array(header + stride * height);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, header, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  // A negative height stands for rows from top to bottom.
  view.setInt32(22, -height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [red, green, blue] = colour(row, column);
      bytes.set([blue, green, red], header + row * stride + 3 * column);
    }
  }
  return `data:image/bmp;base64,${Buffer.from(bytes).toString("base64")}`;
}
