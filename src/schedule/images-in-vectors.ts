/**
 * Networks of few channels compute several images at once. Where a convolution makes six channels, vectors along them have lanes
 * that nothing is done with; along the images of a batch they are full, windows and paddings are the same for all lanes, and so are
 * the maxima of pools. All convolutions of such a network have the images last in memory then, so that nothing is laid out anew.
 */
import * as build from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { type AxisMap, type ContractionSpec, contractionShape } from "../graph/operation.ts";
import { extent, hasDim } from "./contraction-plan.ts";
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

/**
 * Whether all convolutions of a graph should have the images in their vectors: where one would leave lanes idle otherwise, and all
 * have as many images as fill vectors and none goes by Winograd's algorithm, which has channels in its vectors.
 */
export function imagesFillVectors(nodes: readonly Node[], { lanes, halves }: Vectors): boolean {
  let gains = false;
  for (const { op, value, inputs, dtype } of nodes) {
    if (op.kind !== "contraction" || value !== null || slidingOperand(op.spec) === null) continue;
    const sliding = slidingOf(op.spec);
    if (sliding === null || dtype !== "float32" || inputs.some((x) => x.dtype !== "float32")) return false;
    if ((op.spec.sizes[sliding.images] as number) % lanes !== 0) return false;
    if (winogradOperand(op.spec, lanes, () => false) !== null) return false;
    const { channels, isKernel } = sliding;
    const width = halves === true && channels <= lanes / 2 ? lanes / 2 : lanes;
    const filled = channels / (Math.ceil(channels / width) * width);
    gains ||= !isKernel && channels > 1 && filled < fullEnough;
  }
  return gains;
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

/**
 * The gradient of a kernel with vectors along the images: sums for each lane, which are added in the end. Null for any other
 * contraction.
 */
export function laneByLane(spec: ContractionSpec, operands: readonly Node[], lanes: number): Node | null {
  const sliding = slidingOf(spec);
  if (sliding?.isKernel !== true) return null;
  const { images } = sliding;
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
  const [a, b] = operands as [Node, Node];
  const wide = { sizes, outputs: lane + 1, a: axes(spec.a), b: axes(spec.b) };
  const sums = build.contraction(wide, split(a, spec.a), split(b, spec.b));
  return build.reshape(build.reduce("sum", sums, [lane]), contractionShape(spec));
}
