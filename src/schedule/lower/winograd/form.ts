/**
 * The form of the contractions that Winograd's algorithm computes, by their loop dimensions alone, and whether that takes
 * fewer cycles.
 */
import type { AxisMap, ContractionSpec } from "../../../graph/operation.ts";
import { products, tileSize } from "./transforms.ts";

/** A loop dimension of the contraction; `dim` is null where it is left out, being 1. */
export interface Extent {
  readonly dim: number | null;
  readonly size: number;
}

/** Both directions of a 3 x 3 convolution, as loop dimensions. */
export interface Dimensions {
  readonly images: Extent;
  /** Pixels of the result of the convolution. */
  readonly height: Extent;
  readonly width: Extent;
  readonly kernelY: Extent;
  readonly kernelX: Extent;
  /** Channels of the operand that windows slide over. */
  readonly channels: Extent;
  readonly filters: Extent;
}

/** The operand that windows slide over, the first of them; null where there is none. */
export function slidingOperand({ a, b }: ContractionSpec): 0 | 1 | null {
  const slides = (maps: readonly AxisMap[]): boolean => maps.some((m) => m.dims.length === 2);
  return slides(a) ? 0 : slides(b) ? 1 : null;
}

/**
 * The operand that windows of a convolution slide over, where Winograd's algorithm is worthwhile.
 *
 * @param isSteady whether an operand is the same at most runs
 */
export function winogradOperand(
  spec: ContractionSpec,
  lanes: number,
  isSteady: (operand: 0 | 1) => boolean,
): 0 | 1 | null {
  const sliding = slidingOperand(spec);
  if (sliding === null) return null;
  const found = dimensionsOf(spec, sliding === 0 ? [spec.a, spec.b] : [spec.b, spec.a]);
  if (found === null || (found.kernelY.dim as number) < spec.outputs) return null;
  const weights = isSteady(sliding === 0 ? 1 : 0) ? "steady" : "changing";
  return worthwhile(found, lanes, { weights }) ? sliding : null;
}

/** Tiles of 4 x 4 results that cover the images. */
export const tilesOf = ({ images, height, width }: Dimensions): number =>
  images.size * Math.ceil(height.size / tileSize) * Math.ceil(width.size / tileSize);

/** Sorts the loop dimensions into those of a convolution; null where they are not such, or not 3 x 3 of stride 1. */
export function dimensionsOf(
  spec: ContractionSpec,
  [sliding, still]: readonly [readonly AxisMap[], readonly AxisMap[]],
): Dimensions | null {
  const windows = sliding.filter((m) => m.dims.length === 2);
  if (windows.length !== 2 || windows.some((w) => w.strides.some((s) => s !== 1))) return null;
  if (still.some((m) => m.dims.length !== 1)) return null;
  const pairs = windows.map((w) => kernelFirst(spec, w));
  const [vertical, horizontal] = pairs;
  if (vertical === undefined || horizontal === undefined || vertical === null || horizontal === null)
    return null;
  const [kernelY, height] = vertical;
  const [kernelX, width] = horizontal;
  const inStill = new Set(still.flatMap((m) => m.dims));
  const inSliding = new Set(sliding.flatMap((m) => m.dims));
  const isOutput = (d: number): boolean => d < spec.outputs;
  // A kernel that is summed over belongs to a convolution, one that is a result to a weight gradient.
  const forward = !isOutput(kernelY);
  // A tall or wide kernel over few results looks like either, by one axis and by the other.
  if (isOutput(kernelX) === forward) return null;
  const known = new Set([kernelY, height, kernelX, width]);
  const rest = spec.sizes.flatMap((size, d) => (known.has(d) || size === 1 ? [] : [d]));
  const images = rest.filter((d) =>
    forward ? isOutput(d) && !inStill.has(d) : !isOutput(d) && inStill.has(d),
  );
  const channels = rest.filter((d) => inSliding.has(d) && !images.includes(d));
  const filters = rest.filter((d) => !inSliding.has(d));
  if (images.length > 1 || channels.length !== 1 || filters.length !== 1) return null;
  if (isOutput(channels[0] as number) === forward || !isOutput(filters[0] as number)) return null;
  if (inStill.has(channels[0] as number) !== forward) return null;
  const of = (dim: number | undefined): Extent =>
    dim === undefined ? { dim: null, size: 1 } : { dim, size: spec.sizes[dim] as number };
  return {
    images: of(images[0]),
    height: of(height),
    width: of(width),
    kernelY: of(kernelY),
    kernelX: of(kernelX),
    channels: of(channels[0]),
    filters: of(filters[0]),
  };
}

/** The two dimensions of a window, the one over three kernel positions first. */
function kernelFirst(spec: ContractionSpec, { dims }: AxisMap): [number, number] | null {
  const [p, q] = dims as [number, number];
  const [summed, kept] = p < spec.outputs ? [q, p] : [p, q];
  if (summed < spec.outputs || kept >= spec.outputs) return null;
  const size = (d: number): number => spec.sizes[d] as number;
  if (size(summed) === 3 && size(kept) >= tileSize) return [summed, kept];
  return size(kept) === 3 && size(summed) >= tileSize ? [kept, summed] : null;
}

/** A chunk takes a multiple of this many tiles, which most register tiles divide; fewer where there are few. */
export const tileUnit = (tiles: number): number => (tiles < 32 ? Math.min(tiles, 8) : 16);

/** Filters that are multiplied and mapped back at a time; where tiles are few, those of a chunk. */
export const filterBlock = 32;
/** Chunks that there should at least be, so that all threads have work. */
export const fewestChunks = 8;
const fewTilesChannels = [64, 32, 16];
/** Bytes of scratch memory that such a chunk should at most fill: most of a second-level cache. */
const fewTilesScratch = 896 * 1024;

/** Channels at a time where each chunk goes through all tiles and maps weights itself; null where tiles are too many. */
export function fewTilesBlock(g: Dimensions): number | null {
  const tiles = tilesOf(g);
  if (g.filters.size % filterBlock !== 0 || g.filters.size / filterBlock < fewestChunks) return null;
  const scratch = (channels: number): number =>
    4 * products * (channels * (tiles + filterBlock) + tiles * filterBlock);
  return fewTilesChannels.find((c) => g.channels.size % c === 0 && scratch(c) <= fewTilesScratch) ?? null;
}

/** Below so many multiplications, of vectors, it is not worth the code of the transforms. */
const leastWork = 100_000;
/** Cycles of the transforms for a tile and a vector of channels or filters, beside one for a product of vectors. */
const inputCycles = 220;
const outputCycles = 180;
/** Weights that are the same at most runs, those that are mapped at each, and their gradient, which is mapped back. */
type Weights = "steady" | "changing" | "gradient";

/** Bytes of mapped weights that stay in the caches of the cores from one run to the next. */
const nearBytes = 4 * 2 ** 20;

/**
 * Cycles for each vector of mapped weights. Steady ones come from the caches or from memory. Others are gathered lane by lane,
 * and those of few tiles never leave the inner caches.
 */
function weightCycles(
  weights: Weights,
  { channels, filters }: Dimensions,
  few: boolean,
  lanes: number,
): number {
  if (weights !== "steady") return few ? lanes : 4 + 2.5 * lanes;
  return (4 * products * channels.size * filters.size <= nearBytes ? 0.3 : 0.75) * lanes;
}

/**
 * Whether the products saved outweigh the transforms, by estimate.
 *
 * @param share of the cycles that may be left
 */
export function worthwhile(
  g: Dimensions,
  lanes: number,
  { weights, share = 0.8 }: { readonly weights: Weights; readonly share?: number },
): boolean {
  // A chunk multiplies whole units.
  const unit = tileUnit(tilesOf(g));
  const tiles = Math.ceil(tilesOf(g) / unit) * unit;
  const [channels, filters] = [g.channels.size, g.filters.size];
  const [wideChannels, wideFilters] = [Math.ceil(channels / lanes), Math.ceil(filters / lanes)];
  const directly = g.images.size * g.height.size * g.width.size * 9 * channels * wideFilters;
  const multiplied = products * channels * wideFilters;
  const few = weights === "changing" && fewTilesBlock(g) !== null;
  // Each chunk maps all inputs then.
  const inputs = inputCycles * wideChannels * (few ? filters / filterBlock : 1);
  const transforms = tiles * (inputs + outputCycles * wideFilters);
  const total = tiles * multiplied + transforms + weightCycles(weights, g, few, lanes) * multiplied;
  return directly >= leastWork && channels >= 8 && filters >= 8 && total < share * directly;
}
