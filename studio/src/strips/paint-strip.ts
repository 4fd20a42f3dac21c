/**
 * Draws a strip on a canvas: the histogram as a bitmap that is stretched over it, mean and standard deviation as lines,
 * the share of dead units below, and what is NaN in loud red. The ratio of updates has an axis of its own.
 */
import { dashes } from "../charts/chart-spec.ts";
import { hatch } from "../charts/hatch.ts";
import type { StripData } from "./strip-data.ts";

export interface StripColors {
  readonly line: string;
  readonly border: string;
  readonly dead: string;
  readonly guide: string;
  readonly lane: string;
}

/** Height of the lane for dead units, and the space above it, as shares of the canvas. */
const laneShare = 0.14;
const laneGap = 0.04;

/** Range of the axis for update : weight, as powers of ten, and the value to aim for. */
export const ratioRange = { low: -6, high: 0 } as const;
export const ratioGuide = 1e-3;

/** Place of a ratio on its logarithmic axis, 0 at the bottom to 1 at the top; NaN has none. */
export function ratioPlace(ratio: number): number {
  if (Number.isNaN(ratio)) return Number.NaN;
  const power = Math.log10(Math.max(ratio, 1e-12));
  return Math.min(1, Math.max(0, (power - ratioRange.low) / (ratioRange.high - ratioRange.low)));
}

const bitmaps = new WeakMap<StripData, OffscreenCanvas | null>();

/** The histogram of a strip, made when it is drawn for the first time. */
function bitmapOf(data: StripData): OffscreenCanvas | null {
  const known = bitmaps.get(data);
  if (known !== undefined) return known;
  const bitmap = makeBitmap(data);
  bitmaps.set(data, bitmap);
  return bitmap;
}

/** An image of one pixel for each column and bin. */
function makeBitmap({ columns, strip, image }: StripData): OffscreenCanvas | null {
  if (columns === 0 || strip.bins === 0) return null;
  const canvas = new OffscreenCanvas(columns, strip.bins);
  const bytes = new Uint8ClampedArray(image.buffer);
  canvas.getContext("2d")?.putImageData(new ImageData(bytes, columns, strip.bins), 0, 0);
  return canvas;
}

/** Whether any column has dead units; only then they have a lane. */
export const hasDead = ({ strip }: StripData): boolean =>
  strip.kind !== "updates" && strip.dead.some((share) => share > 0);

type Path = (column: number) => number;

/** A line through the middle of the columns; `place` gives its height from 0 to 1, or NaN for a gap. */
function trace(context: CanvasRenderingContext2D, columns: number, height: number, place: Path): void {
  const columnWidth = context.canvas.width / columns;
  context.beginPath();
  let isDown = false;
  for (let column = 0; column < columns; column++) {
    const share = place(column);
    if (!Number.isFinite(share)) {
      isDown = false;
      continue;
    }
    const x = (column + 0.5) * columnWidth;
    const y = (1 - Math.min(1, Math.max(0, share))) * height;
    if (isDown) context.lineTo(x, y);
    else context.moveTo(x, y);
    isDown = true;
  }
  context.stroke();
}

/** Lines that are read on bright and on dark ground: the line over a wider shadow of the other end. */
function outlined(
  context: CanvasRenderingContext2D,
  colors: StripColors,
  draw: () => void,
  width: number,
): void {
  context.strokeStyle = colors.border;
  context.lineWidth = width + 2;
  draw();
  context.strokeStyle = colors.line;
  context.lineWidth = width;
  draw();
}

function paintMoments(
  context: CanvasRenderingContext2D,
  data: StripData,
  height: number,
  colors: StripColors,
): void {
  const { low, high } = data.strip;
  const place = (value: number): number => (value - low) / (high - low || 1);
  const unit = Math.max(1, devicePixelRatio);
  const line = (of: Path) => (): void => trace(context, data.columns, height, of);
  context.setLineDash((dashes[4] ?? []).map((length) => length * unit));
  const at = (column: number, side: number): number =>
    place((data.mean[column] as number) + side * (data.std[column] as number));
  for (const side of [-1, 1])
    outlined(
      context,
      colors,
      line((column) => at(column, side)),
      unit,
    );
  context.setLineDash([]);
  outlined(
    context,
    colors,
    line((column) => at(column, 0)),
    1.5 * unit,
  );
}

function paintDead(context: CanvasRenderingContext2D, data: StripData, colors: StripColors): void {
  const { width, height } = context.canvas;
  const lane = Math.round(height * laneShare);
  context.fillStyle = colors.lane;
  context.fillRect(0, height - lane, width, lane);
  context.fillStyle = colors.dead;
  const columnWidth = width / data.columns;
  for (let column = 0; column < data.columns; column++) {
    const size = (data.strip.dead[column] ?? 0) * lane;
    if (size > 0) context.fillRect(column * columnWidth, height - size, columnWidth + 0.5, size);
  }
}

function paintRatio(context: CanvasRenderingContext2D, data: StripData, colors: StripColors): void {
  const { width, height } = context.canvas;
  const unit = Math.max(1, devicePixelRatio);
  context.fillStyle = colors.lane;
  context.fillRect(0, 0, width, height);
  const guide = (1 - ratioPlace(ratioGuide)) * height;
  context.strokeStyle = colors.guide;
  context.lineWidth = unit;
  context.setLineDash((dashes[1] ?? []).map((length) => length * unit));
  context.beginPath();
  context.moveTo(0, guide);
  context.lineTo(width, guide);
  context.stroke();
  context.setLineDash([]);
  context.strokeStyle = colors.dead;
  context.lineWidth = 1.75 * unit;
  trace(context, data.columns, height, (column) => {
    const ratio = data.ratio[column] as number;
    return ratioPlace(ratio);
  });
}

export function paintStrip(canvas: HTMLCanvasElement, data: StripData, colors: StripColors): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  if (data.columns === 0) return;
  const hasLane = hasDead(data);
  const top = hasLane ? Math.round(height * (1 - laneShare - laneGap)) : height;
  const bitmap = data.strip.kind === "updates" ? null : bitmapOf(data);
  if (data.strip.kind === "updates") paintRatio(context, data, colors);
  else if (bitmap !== null) {
    context.imageSmoothingEnabled = false;
    context.drawImage(bitmap, 0, 0, width, top);
    paintMoments(context, data, top, colors);
  }
  if (hasLane) paintDead(context, data, colors);
  const columnWidth = width / data.columns;
  for (const column of data.broken) {
    const start = Math.floor(column * columnWidth);
    hatch(context, start, 0, Math.ceil((column + 1) * columnWidth) - start, height);
  }
}
