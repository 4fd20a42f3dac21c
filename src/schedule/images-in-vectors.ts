/**
 * Networks of few channels compute several images at once. Where a convolution makes six channels, vectors along them have lanes
 * that nothing is done with; along the images of a batch they are full, windows and paddings are the same for all lanes, and so are
 * the maxima of pools. All convolutions of such a network have the images last in memory then, so that nothing is laid out anew.
 */
import { sizeOf } from "../base/shape.ts";
import * as build from "../graph/build.ts";
import { Node, resolve } from "../graph/node.ts";
import { type AxisMap, type ContractionSpec, contractionShape } from "../graph/operation.ts";
import type { Target } from "../kernel/program.ts";
import { extent, hasDim } from "./contraction-plan.ts";
import { clipPlaces } from "./lower/contraction-clip.ts";
import { isRoomy } from "./lower/kernel-frame.ts";
import { slidingOperand, winogradOperand } from "./lower/winograd/form.ts";
import type { Vectors } from "./pixels-in-vector.ts";

/** A convolution, the gradient of its images, or that of its kernel. */
interface Sliding {
  readonly operand: 0 | 1;
  /** The loop dimension of the images. */
  readonly images: number;
  /** Whether it is summed over the images, and its result is a kernel. */
  readonly isKernel: boolean;
  /** Channels of its result. */
  readonly channels: number;
}

/** Vectors along channels that are filled to this share are full enough. */
const fullEnough = 0.8;
/** Terms of a sum that are read anew for each few channels of the result: more of them would not stay in a cache. */
const mostTerms = 1024;
/** Elements of a kernel's gradient, each lane of which is a sum of its own. */
const mostElements = 16_384;

/**
 * Whether all convolutions of a graph should have the images in their vectors: where one would leave lanes idle otherwise, and all
 * are small and have as many images as fill vectors, and none goes by Winograd's algorithm, which has channels in its vectors. Where
 * registers are few, a tile needs two vectors of each pixel.
 */
export function imagesFillVectors(
  nodes: readonly Node[],
  target: Pick<Target, "lanes" | "halves" | "registers">,
): boolean {
  let gains = false;
  for (const node of nodes) {
    const { op, value, inputs, dtype } = node;
    if (op.kind !== "contraction" || value !== null || !hasWindows(op.spec)) continue;
    const sliding = slidingOf(op.spec);
    if (sliding === null || dtype !== "float32" || inputs.some((x) => x.dtype !== "float32")) return false;
    const vectors = (op.spec.sizes[sliding.images] as number) / target.lanes;
    if (!Number.isInteger(vectors) || vectors < (isRoomy(target) ? 1 : 2)) return false;
    if (winogradOperand(op.spec, target.lanes, () => false) !== null) return false;
    if (!isSmall(op.spec, sliding, inputs[sliding.operand] as Node)) return false;
    gains ||= !sliding.isKernel && leavesLanesIdle(sliding.channels, target);
  }
  return gains;
}

/** Whether vectors along these channels would have many lanes that nothing is done with. */
function leavesLanesIdle(channels: number, { lanes, halves }: Vectors): boolean {
  const width = halves === true && channels <= lanes / 2 ? lanes / 2 : lanes;
  return channels > 1 && channels / (Math.ceil(channels / width) * width) < fullEnough;
}

/** Whether what a sum reads, or the results for each lane, stay in a cache. Padding is not read. */
function isSmall(spec: ContractionSpec, { operand, isKernel }: Sliding, images: Node): boolean {
  const all = spec.sizes.map((_, d) => d);
  const [rows, summed] = [all.slice(0, spec.outputs), all.slice(spec.outputs)];
  if (isKernel) return extent(spec, rows) <= mostElements;
  const maps = operand === 0 ? spec.a : spec.b;
  const kept = clipPlaces({ node: resolve(images), maps, spec, rows, summed })?.kept ?? 1;
  return kept * extent(spec, summed) <= mostTerms;
}

/**
 * Whether windows move over an operand. The gradient of a kernel that made one pixel of each image, as those of the last convolution in
 * LeNet-5, is a product of two matrices.
 */
export function hasWindows(spec: ContractionSpec): boolean {
  if (slidingOperand(spec) === null) return false;
  const sliding = slidingOf(spec);
  const terms = sizeOf(spec.sizes.slice(spec.outputs));
  return sliding?.isKernel !== true || terms > (spec.sizes[sliding.images] as number);
}

/**
 * The parts that loop dimensions play; null for what is no convolution in one group. A convolution and the gradient of its kernel
 * differ by whether the images, the first axis of what windows move over, are summed over.
 */
function slidingOf(spec: ContractionSpec): Sliding | null {
  const { sizes, outputs, a, b } = spec;
  const operand = slidingOperand(spec);
  if (operand === null) return null;
  const [sliding, still] = operand === 0 ? [a, b] : [b, a];
  if (still.some((m) => m.dims.length !== 1)) return null;
  const dims = sizes.map((_, d) => d).filter((d) => d < outputs);
  if (dims.some((d) => hasDim(sliding, d) && hasDim(still, d))) return null;
  const [images] = sliding[0]?.dims ?? [];
  const isImages = (m: AxisMap): boolean => m.dims.length === 1 && m.dims[0] === images && m.strides[0] === 1;
  if (images === undefined || sliding.filter((m) => m.dims.includes(images)).some((m) => !isImages(m)))
    return null;
  const isKernel = images >= outputs;
  if (still.some(isImages) !== isKernel || (!isKernel && hasDim(still, images))) return null;
  const channels = extent(
    spec,
    dims.filter((d) => !hasDim(sliding, d)),
  );
  return { operand, images, isKernel, channels };
}

/** Convolutions with vectors along the images, in place of those of a graph for which `imagesFillVectors`. */
export class ImagesInVectors {
  readonly #lanes: number;
  /** By what comes from outside, as it does so and with the images last. */
  readonly #turned = new Map<Node, Node>();
  readonly #isInside = new Map<Node, boolean>();

  constructor(lanes: number) {
    this.#lanes = lanes;
  }

  /** What takes the place of a contraction; null where it stays. */
  of(spec: ContractionSpec, operands: readonly Node[]): Node | null {
    const sliding = slidingOf(spec);
    if (sliding === null || !hasWindows(spec)) return null;
    const [a, b] = operands.map((x, i) => (i === sliding.operand ? this.#imagesLast(x) : x)) as [Node, Node];
    if (sliding.isKernel) return laneByLane(spec, [a, b], sliding.images, this.#lanes);
    return operands.includes(a) && operands.includes(b) ? null : build.contraction(spec, a, b);
  }

  /** Images that come from outside lie one after the other. What is padded is laid out anyway, and a padding of nothing is one. */
  #imagesLast(images: Node): Node {
    const node = resolve(images);
    if ((node.op.kind === "pad" && node.value === null) || this.#comesFromInside(node)) return images;
    const none = node.shape.map(() => 0);
    const op = { kind: "pad", before: none, after: none, value: 0 } as const;
    const turned = this.#turned.get(node) ?? new Node(op, [node], node.shape, node.dtype);
    this.#turned.set(node, turned);
    return turned;
  }

  /** Whether a value is made of what a convolution gives. */
  #comesFromInside(node: Node): boolean {
    const stack = [node];
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as Node;
      const { op, value } = top;
      const inputs = value === null ? top.inputs.map(resolve) : [];
      const open = inputs.filter((i) => !this.#isInside.has(i));
      const isConvolution = op.kind === "contraction" && value === null && slidingOperand(op.spec) !== null;
      if (open.length > 0 && !isConvolution) {
        stack.push(...open);
        continue;
      }
      stack.pop();
      this.#isInside.set(top, isConvolution || inputs.some((i) => this.#isInside.get(i) === true));
    }
    return this.#isInside.get(node) === true;
  }
}

/** The gradient of a kernel with vectors along the images: sums for each lane, which are added in the end. */
function laneByLane(
  spec: ContractionSpec,
  operands: readonly [Node, Node],
  images: number,
  lanes: number,
): Node {
  const lane = spec.outputs;
  const moved = (d: number): number => (d < lane ? d : d + 1);
  const sizes = [...spec.sizes];
  sizes[images] = (sizes[images] as number) / lanes;
  sizes.splice(lane, 0, lanes);
  const isImages = ({ dims }: AxisMap): boolean => dims.length === 1 && dims[0] === images;
  const axes = (maps: readonly AxisMap[]): AxisMap[] =>
    maps.flatMap((m) => {
      const same = { dims: m.dims.map(moved), strides: m.strides };
      return isImages(m) ? [same, { dims: [lane], strides: [1] }] : [same];
    });
  const split = (operand: Node, maps: readonly AxisMap[]): Node =>
    build.reshape(
      operand,
      operand.shape.flatMap((size, i) => (isImages(maps[i] as AxisMap) ? [size / lanes, lanes] : [size])),
    );
  const [a, b] = operands;
  const wide = { sizes, outputs: lane + 1, a: axes(spec.a), b: axes(spec.b) };
  const sums = build.contraction(wide, split(a, spec.a), split(b, spec.b));
  return build.reshape(build.reduce("sum", sums, [lane]), contractionShape(spec));
}
