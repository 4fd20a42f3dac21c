/**
 * Padding that a contraction need not multiply by. Where windows hang over the edge of an image, the padded operand gives
 * zeros; a pixel's sum may as well begin and end with what lies in the image. For this all rows of a tile have to be at the
 * same place of an image, so they run along another dimension, as the images of a batch. With a window of 5 x 5 that hangs over by
 * four pixels, half of the products over 10 x 10 pixels are saved.
 */
import type { Node } from "../../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../../graph/operation.ts";
import { delinearize, type Index, ofAtom, plus, times, variable } from "../index-math.ts";
import { zerosAround } from "../margins.ts";

/** The steps of a summed dimension that meet no padding: `low - stride * row` up to, not including, `high - stride * row`. */
export interface Clip {
  /** The loop dimension of the result that moves the window, by `stride`. */
  readonly row: number;
  readonly stride: number;
  readonly low: number;
  readonly high: number;
}

/** Axes on which padding is left out. */
export interface ClippedAxes {
  /** By the summed dimension. */
  readonly clips: ReadonlyMap<number, Clip>;
  /** The share of the products that is left. */
  readonly kept: number;
}

/** Rows in an order in which those of a tile are at one place of the padded axes. */
export interface ClippedRows extends ClippedAxes {
  /** The loop dimension that the rows of a tile run along. */
  readonly along: number;
  /** Rows of a tile. */
  readonly tile: number;
  /** The coordinates of a row's loop dimensions as functions of the tile's number `mt` and the row `mi` in it. */
  readonly places: ReadonlyMap<string, Index>;
}

/** With more of the products left than this, tiles along the image are quicker. */
const mostKept = 0.8;
/** An axis with more left than this is not worth bounds of its own. */
const mostKeptOfAxis = 0.95;
/** Steps that are left of an innermost loop should be at least so many: starting a loop takes time. */
const shortestLoop = 16;
/** Rows of a tile so many bytes apart, or a multiple of it, displace each other in the cache. */
const sameSet = 1024;

/** What decides about clipping. */
export interface Rows {
  readonly node: Node;
  readonly maps: readonly AxisMap[];
  readonly spec: ContractionSpec;
  readonly rows: readonly number[];
  readonly summed: readonly number[];
  /** Rows of the tile that would be used without. */
  readonly tile: number;
  /** Elements from one step of a loop dimension to the next. */
  stride(dim: number): number;
}

/** Finds out whether clipping is worthwhile; null where not. */
export function clipRows(r: Rows): ClippedRows | null {
  const { spec } = r;
  const size = (d: number): number => spec.sizes[d] as number;
  const { clips, kept } = paddedAxes(r);
  if (clips.size === 0 || kept > mostKept) return null;
  const moved = new Set([...clips.values()].map((c) => c.row));
  const along = r.rows.find((d) => !moved.has(d) && size(d) > 1);
  if (along === undefined) return null;
  const last = [...clips.keys()].reduce((a, b) => (r.summed.indexOf(a) > r.summed.indexOf(b) ? a : b));
  const inside = r.summed.slice(r.summed.indexOf(last)).reduce((n, d) => n * size(d), 1);
  if (inside < shortestLoop || (4 * r.stride(along)) % sameSet === 0) return null;
  const tile = divisor(size(along), r.tile);
  if (2 * tile < r.tile) return null;
  return { clips, along, tile, places: placesOf(r, along, tile), kept };
}

/** As `clipRows`, where all that is computed together is at one place of an image anyway. */
export function clipPlaces(r: Omit<Rows, "tile" | "stride">): ClippedAxes | null {
  const found = paddedAxes(r);
  return found.clips.size === 0 || found.kept > mostKept ? null : found;
}

/** The axes of the operand on which windows hang over zeros. */
function paddedAxes({ node, maps, spec, rows, summed }: Omit<Rows, "tile" | "stride">): ClippedAxes {
  const clips = new Map<number, Clip>();
  let kept = 1;
  const { before, value } = zerosAround(node);
  const inner = value.shape;
  maps.forEach((map, axis) => {
    const at = map.dims.findIndex((d) => rows.includes(d));
    const [row, step] = [map.dims[at], map.dims[1 - at]];
    if (map.dims.length !== 2 || row === undefined || step === undefined || !summed.includes(step)) return;
    const [stride, dilation] = [map.strides[at] as number, map.strides[1 - at] as number];
    const low = before[axis] as number;
    const clip = { row, stride, low, high: low + (inner[axis] as number) };
    const share = keptShare(clip, spec.sizes[row] as number, spec.sizes[step] as number);
    if (dilation !== 1 || stride < 1 || share > mostKeptOfAxis) return;
    clips.set(step, clip);
    kept *= share;
  });
  return { clips, kept };
}

/** Whether rows with these clips never meet the zeros around a value. A single step has no loop to be clipped. */
export function meetNoZeros(
  { clips }: ClippedAxes,
  { node, maps, spec }: Pick<Rows, "node" | "maps" | "spec">,
): boolean {
  const { value, before } = zerosAround(node);
  const isClipped = (d: number): boolean => clips.has(d) && spec.sizes[d] !== 1;
  return maps.every(
    ({ dims }, axis) =>
      (before[axis] === 0 && value.shape[axis] === node.shape[axis]) || dims.some(isClipped),
  );
}

function keptShare({ stride, low, high }: Clip, rows: number, steps: number): number {
  let kept = 0;
  for (let r = 0; r < rows; r++) {
    kept += Math.max(0, Math.min(steps, high - stride * r) - Math.max(0, low - stride * r));
  }
  return kept / (rows * steps);
}

/** The largest divisor of `size` up to `most`. */
function divisor(size: number, most: number): number {
  for (let d = Math.min(size, most); d > 1; d--) if (size % d === 0) return d;
  return 1;
}

/** Tiles one after the other in memory as far as may be: the other dimensions within each part of the tiles' own. */
function placesOf({ spec, rows }: Rows, along: number, tile: number): Map<string, Index> {
  const others = rows.filter((d) => d !== along);
  const sizes = [(spec.sizes[along] as number) / tile, ...others.map((d) => spec.sizes[d] as number)];
  const tiles = sizes.reduce((n, s) => n * s, 1);
  const [part, ...places] = delinearize(ofAtom(variable("mt", tiles)), sizes) as [Index, ...Index[]];
  const inAlong = plus(times(part, tile), ofAtom(variable("mi", tile)));
  return new Map([[`x${along}`, inAlong], ...others.map((d, i) => [`x${d}`, places[i] as Index] as const)]);
}
