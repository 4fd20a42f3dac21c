/**
 * Convolutions with few channels in their result. A vector has the channels of one pixel in it, and six of them leave ten of
 * sixteen lanes idle. With those of two neighbours it is nearly full: one window, wider by a pixel, serves both, with the
 * kernel at two places in it and zeros beside. Seven twelfths of the multiplications remain of a kernel of six columns.
 */
import * as build from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { type AxisMap, type ContractionSpec, contractionShape } from "../graph/operation.ts";
import { extent, hasDim } from "./contraction-plan.ts";
import { slidingOperand } from "./lower/winograd/form.ts";
import { pixelsInVector, type Vectors } from "./pixels-in-vector.ts";
import { gradientSideBySide } from "./side-by-side-gradient.ts";

/** An axis over which windows slide: its loop dimensions, and the axis of the kernel. */
interface Sliding {
  readonly operand: 0 | 1;
  /** Place in a row of the result, and in the kernel. */
  readonly place: number;
  readonly offset: number;
  readonly kernelAxis: number;
}

/** Fewer pixels are not worth laying out a larger kernel. */
const fewestRows = 1024;

/**
 * The same contraction with pixels side by side, or null where that does not take fewer operations. Sums have further terms
 * of zero: what is not finite spreads to the neighbours.
 *
 * @param vectors the longest ones
 */
export function sideBySide(spec: ContractionSpec, operands: readonly Node[], vectors: Vectors): Node | null {
  if (operands[0]?.dtype !== "float32") return null;
  return resultsSideBySide(spec, operands, vectors) ?? gradientSideBySide(spec, operands, vectors);
}

function resultsSideBySide(spec: ContractionSpec, operands: readonly Node[], vectors: Vectors): Node | null {
  const sliding = slidingOf(spec);
  const count = sliding === null ? null : pixelsOf(spec, sliding, vectors);
  if (sliding === null || count === null) return null;
  const { operand } = sliding;
  const kernel = shifted(operands[1 - operand] as Node, sliding.kernelAxis, count);
  const image = operands[operand] as Node;
  const wide = widened(spec, sliding, count);
  const result =
    operand === 0 ? build.contraction(wide, image, kernel) : build.contraction(wide, kernel, image);
  return build.reshape(result, contractionShape(spec));
}

/** The innermost axis of the result along which windows slide one by one. */
function slidingOf(spec: ContractionSpec): Sliding | null {
  const { outputs, a, b } = spec;
  const operand = slidingOperand(spec);
  if (operand === null) return null;
  const [image, kernel] = operand === 0 ? [a, b] : [b, a];
  let found: Sliding | null = null;
  for (const { dims, strides } of image) {
    if (dims.length !== 2 || strides.some((s) => s !== 1)) continue;
    const [place, offset] = [Math.min(...dims), Math.max(...dims)];
    if (place >= outputs || offset < outputs || hasDim(kernel, place)) continue;
    const kernelAxis = kernel.findIndex(
      (m) => m.dims.length === 1 && m.dims[0] === offset && m.strides[0] === 1,
    );
    if (kernelAxis < 0 || kernel.some((m, i) => i !== kernelAxis && m.dims.includes(offset))) continue;
    if (found === null || place > found.place) found = { operand, place, offset, kernelAxis };
  }
  return found;
}

/** How many pixels fill a vector best; null where one does. */
function pixelsOf(spec: ContractionSpec, sliding: Sliding, vectors: Vectors): number | null {
  const { sizes, outputs, a, b } = spec;
  const [image, kernel] = sliding.operand === 0 ? [a, b] : [b, a];
  const dims = sizes.map((_, d) => d).slice(0, outputs);
  const channels = extent(
    spec,
    dims.filter((d) => !hasDim(image, d)),
  );
  const rows = extent(
    spec,
    dims.filter((d) => !hasDim(kernel, d)),
  );
  if (channels < 2 || rows < fewestRows) return null;
  const [places, width] = [sizes[sliding.place] as number, sizes[sliding.offset] as number];
  // A weight gradient: its windows are the images.
  if (width > places) return null;
  return pixelsInVector(channels, width, places, vectors);
}

/** The kernel at `count` places of a window that is wider by `count - 1`, along a new first axis. */
function shifted(kernel: Node, axis: number, count: number): Node {
  const one = build.reshape(kernel, [1, ...kernel.shape]);
  const at = (place: number): Node => {
    const along = (n: number): number[] => one.shape.map((_, d) => (d === 0 || d === axis + 1 ? n : 0));
    return build.pad(one, along(place), along(count - 1 - place), 0);
  };
  const places = Array.from({ length: count }, (_, place) => at(place));
  return places.reduce((sum, place) => build.binary("add", sum, place));
}

/** The contraction over wider windows, each for `count` pixels, which are a loop dimension of the kernel's. */
function widened(spec: ContractionSpec, sliding: Sliding, count: number): ContractionSpec {
  const { operand, place, offset } = sliding;
  const pixel = place + 1;
  const moved = (d: number): number => (d < pixel ? d : d + 1);
  const sizes = spec.sizes.map((size, d) => {
    if (d === place) return size / count;
    return d === offset ? size + count - 1 : size;
  });
  const axes = (maps: readonly AxisMap[]): AxisMap[] =>
    maps.map(({ dims, strides }) => ({
      dims: dims.map(moved),
      strides: strides.map((s, i) => (dims[i] === place ? s * count : s)),
    }));
  const kernel = (maps: readonly AxisMap[]): AxisMap[] => [{ dims: [pixel], strides: [1] }, ...axes(maps)];
  return {
    sizes: [...sizes.slice(0, pixel), count, ...sizes.slice(pixel)],
    outputs: spec.outputs + 1,
    a: operand === 0 ? axes(spec.a) : kernel(spec.a),
    b: operand === 0 ? kernel(spec.b) : axes(spec.b),
  };
}
