/**
 * Finds the contractions that Winograd's algorithm computes: 3 x 3 convolutions of stride 1 (a convolution or its input
 * gradient, told by their form alone) and the weight gradients of such, where that takes fewer cycles.
 */
import type { Node } from "../../../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../../../graph/operation.ts";
import { contractionPlan } from "../../contraction-plan.ts";
import { factorOf, type Index, substitute } from "../../index-math.ts";
import type { Buffer, LoweredCall, LoweringContext } from "../../plan.ts";
import { type Access, accessOf, axisIndex, extent } from "../contraction-problem.ts";
import { lowerPack } from "../pack.ts";
import { products, tileSize } from "./transforms.ts";

/** A loop dimension of the contraction; `dim` is null where it is left out, being 1. */
export interface Extent {
  readonly dim: number | null;
  readonly size: number;
}

/** An operand that lies over the image: what a step along each dimension is in its buffer. */
export interface ImageOperand {
  readonly buffer: Buffer;
  /** Element of the first image's first pixel and channel. */
  readonly start: number;
  readonly image: number;
  readonly y: number;
  readonly x: number;
}

/** Both directions of a 3 x 3 convolution: the sizes, and the operand that windows slide over. */
export interface Geometry {
  readonly node: Node;
  readonly spec: ContractionSpec;
  readonly images: Extent;
  /** Pixels of the result of the convolution. */
  readonly height: Extent;
  readonly width: Extent;
  readonly kernelY: Extent;
  readonly kernelX: Extent;
  /** Channels of the operand that windows slide over. */
  readonly channels: Extent;
  readonly filters: Extent;
  readonly input: ImageOperand;
}

export interface Convolution extends Geometry {
  readonly kind: "convolution";
  readonly weight: Node;
  readonly weightMaps: readonly AxisMap[];
}

export interface WeightGradient extends Geometry {
  readonly kind: "weight gradient";
  readonly gradient: ImageOperand;
  /** The kernel that lays the gradient out, where its filters do not lie side by side. */
  readonly before: readonly LoweredCall[];
}

/** Tiles of 4 x 4 results that cover the images. */
export const tilesOf = ({ images, height, width }: Geometry): number =>
  images.size * Math.ceil(height.size / tileSize) * Math.ceil(width.size / tileSize);

/** What Winograd's algorithm is used for, or null. */
export function recognize(node: Node, context: LoweringContext): Convolution | WeightGradient | null {
  if (context.strict || node.op.kind !== "contraction" || node.dtype !== "float32") return null;
  const { spec } = node.op;
  const sliding = [spec.a, spec.b].findIndex((maps) => maps.some((m) => m.dims.length === 2));
  if (sliding < 0) return null;
  const found = dimensionsOf(spec, sliding === 0 ? [spec.a, spec.b] : [spec.b, spec.a]);
  if (found === null) return null;
  const operands = sliding === 0 ? node.inputs : [...node.inputs].reverse();
  const [input, other] = operands as [Node, Node];
  const [inputMaps, otherMaps] = sliding === 0 ? [spec.a, spec.b] : [spec.b, spec.a];
  const reached = accessOf(input, inputMaps, spec, context);
  const inputOperand = reached === null ? null : imageOperand(reached, found, found.channels);
  if (inputOperand === null) return null;
  const geometry = { node, spec, ...found, input: inputOperand };
  if (!worthwhile(geometry, context.target.lanes)) return null;
  if ((found.kernelY.dim as number) >= spec.outputs) {
    const plan = contractionPlan(
      node,
      (n) => context.orderOf(n),
      context.isWanted(node),
      context.target.lanes,
    );
    if (plan.rowOperand !== sliding) return null;
    return { kind: "convolution", ...geometry, weight: other, weightMaps: otherMaps };
  }
  const access = accessOf(other, otherMaps, spec, context);
  const lies = access === null ? null : imageOperand(access, found, found.filters);
  const { gradient, before } =
    lies === null ? laidOut(other, otherMaps, geometry, context) : { gradient: lies, before: [] };
  return { kind: "weight gradient", ...geometry, gradient, before };
}

/** The gradient in a buffer of its own, filters side by side. */
function laidOut(
  operand: Node,
  maps: readonly AxisMap[],
  { spec, images, height, width, filters }: Geometry,
  context: LoweringContext,
): { gradient: ImageOperand; before: readonly LoweredCall[] } {
  const around = [images, height, width];
  const size = around.reduce((n, e) => n * e.size, filters.size);
  const buffer = context.temporary(operand.dtype, size);
  const pack = lowerPack(
    {
      operand,
      target: buffer,
      batch: 1,
      columns: filters.size,
      width: filters.size,
      summed: around.map((e) => e.size),
      at: (_, filter, pixel) => {
        const places = new Map([[`x${filters.dim}`, filter]]);
        around.forEach((e, i) => {
          places.set(`x${e.dim}`, pixel[i] as Index);
        });
        return maps.map((m) => substitute(axisIndex(m, spec), places));
      },
    },
    context,
  );
  const [x, y] = [filters.size, width.size * filters.size];
  return { gradient: { buffer, start: 0, image: height.size * y, y, x }, before: [pack] };
}

type Dimensions = Omit<Geometry, "node" | "spec" | "input">;

/** Sorts the loop dimensions into those of a convolution; null where they are not such, or not 3 x 3 of stride 1. */
function dimensionsOf(
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

/** The operand as memory, if its channels lie side by side. */
function imageOperand({ buffer, index }: Access, found: Dimensions, side: Extent): ImageOperand | null {
  const step = (e: Extent): number => stepOf(index, e);
  if (step(side) !== 1) return null;
  return {
    buffer,
    start: index.offset,
    image: step(found.images),
    y: step(found.height),
    x: step(found.width),
  };
}

const stepOf = (index: Index, { dim }: Extent): number => (dim === null ? 0 : factorOf(index, `x${dim}`));

/** A chunk takes a multiple of this many tiles, which most register tiles divide. */
export const tileUnit = 16;

/** Below so many multiplications, of vectors, it is not worth the code of the transforms. */
const leastWork = 100_000;
/** Cycles of the transforms for a tile and a vector of channels or filters, beside one for a product of vectors. */
const inputCycles = 220;
const outputCycles = 180;
/** Cycles for each vector of mapped weights, which are gathered lane by lane. */
const weightCycles = (lanes: number): number => 4 + 2.5 * lanes;

/** Whether the products saved outweigh the transforms, by estimate. */
function worthwhile(g: Geometry, lanes: number): boolean {
  // A chunk multiplies whole units.
  const tiles = Math.ceil(tilesOf(g) / tileUnit) * tileUnit;
  const [channels, filters] = [g.channels.size, g.filters.size];
  const [wideChannels, wideFilters] = [Math.ceil(channels / lanes), Math.ceil(filters / lanes)];
  const directly =
    extent(
      g.spec,
      [g.images, g.height, g.width].flatMap((e) => e.dim ?? []),
    ) *
    9 *
    channels *
    wideFilters;
  const multiplied = products * channels * wideFilters;
  const transforms = tiles * (inputCycles * wideChannels + outputCycles * wideFilters);
  const total = tiles * multiplied + transforms + weightCycles(lanes) * multiplied;
  return directly >= leastWork && channels >= 8 && filters >= 8 && total < 0.8 * directly;
}
