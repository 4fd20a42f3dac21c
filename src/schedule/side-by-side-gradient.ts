/**
 * Gradients of kernels with few filters. A vector has the filters of one pixel of the gradient above in it; with those of
 * two neighbours it is nearly full. A place of the image meets both, with the one at one place of the kernel and with the
 * other at the place before: the sums are a column wider, and in the end those of the two pixels are added.
 */
import * as build from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { type AxisMap, type ContractionSpec, contractionShape } from "../graph/operation.ts";
import { extent, hasDim } from "./contraction-plan.ts";
import { slidingOperand } from "./lower/winograd/form.ts";
import { pixelsInVector, type Vectors } from "./pixels-in-vector.ts";

/** The axis of the image that is walked: its loop dimensions. */
interface Walked {
  /** Operand of the images. */
  readonly operand: 0 | 1;
  /** Place in the kernel, and in a row of the gradient above. */
  readonly offset: number;
  readonly place: number;
}

/** Fewer pixels are not worth it. */
const fewestPixels = 1024;

/** The same contraction with pixels side by side, or null where that does not take fewer operations. */
export function gradientSideBySide(
  spec: ContractionSpec,
  operands: readonly Node[],
  vectors: Vectors,
): Node | null {
  const walked = walkedOf(spec);
  if (walked === null) return null;
  const count = pixelsOf(spec, walked, vectors);
  if (count === null) return null;
  const wide = widened(spec, walked, count);
  const result = build.contraction(wide, operands[0] as Node, operands[1] as Node);
  const shape = contractionShape(spec);
  const { offset } = walked;
  // Places and pixels in one axis: two slices of the result as it is would be two contractions.
  const along = (size: number, others: number): number[] =>
    shape.map((_, d) => (d === offset ? size : others));
  const flat = build.reshape(
    result,
    shape.map((size, d) => (d === offset ? (size + count - 1) * count : size)),
  );
  // What a pixel is multiplied with belongs to the place of the kernel that is as many places before.
  const sums = Array.from({ length: count }, (_, pixel) =>
    build.slice(flat, along(pixel * (count + 1), 0), shape, along(count, 1)),
  );
  return sums.reduce((sum, next) => build.binary("add", sum, next));
}

/** The innermost axis along which the images are walked pixel by pixel. */
function walkedOf(spec: ContractionSpec): Walked | null {
  const { outputs, a, b } = spec;
  const operand = slidingOperand(spec);
  if (operand === null) return null;
  const [image, gradient] = operand === 0 ? [a, b] : [b, a];
  let found: Walked | null = null;
  for (const { dims, strides } of image) {
    if (dims.length !== 2 || strides.some((s) => s !== 1)) continue;
    const [offset, place] = [Math.min(...dims), Math.max(...dims)];
    if (offset >= outputs || place < outputs || hasDim(gradient, offset)) continue;
    const of = gradient.filter((m) => m.dims.includes(place));
    if (of.length !== 1 || of[0]?.dims.length !== 1 || of[0].strides[0] !== 1) continue;
    if (found === null || place > found.place) found = { operand, offset, place };
  }
  return found;
}

/** How many pixels fill a vector best; null where one does. */
function pixelsOf(
  spec: ContractionSpec,
  { operand, offset, place }: Walked,
  vectors: Vectors,
): number | null {
  const { sizes, outputs, a, b } = spec;
  const [image, gradient] = operand === 0 ? [a, b] : [b, a];
  const dims = sizes.map((_, d) => d);
  const filters = extent(
    spec,
    dims.filter((d) => d < outputs && !hasDim(image, d)),
  );
  // What only the images have and no window slides over: with many of them they fill vectors by themselves.
  const channels = extent(
    spec,
    image.flatMap((m) => (m.dims.length === 1 ? m.dims : [])).filter((d) => !hasDim(gradient, d)),
  );
  if (filters < 2 || 2 * channels > vectors.lanes || extent(spec, dims.slice(outputs)) < fewestPixels)
    return null;
  const [width, places] = [sizes[offset] as number, sizes[place] as number];
  // A convolution: its windows are the kernel.
  if (width > places) return null;
  return pixelsInVector(filters, width, places, vectors);
}

/** The contraction over every `count`-th pixel, with as many pixels and the wider kernel in its result. */
function widened(spec: ContractionSpec, { operand, offset, place }: Walked, count: number): ContractionSpec {
  const pixel = offset + 1;
  const moved = (d: number): number => (d < pixel ? d : d + 1);
  const sizes = spec.sizes.map((size, d) => {
    if (d === place) return size / count;
    return d === offset ? size + count - 1 : size;
  });
  const image = (maps: readonly AxisMap[]): AxisMap[] =>
    maps.map(({ dims, strides }) => ({
      dims: dims.map(moved),
      strides: strides.map((s, i) => (dims[i] === place ? s * count : s)),
    }));
  const gradient = (maps: readonly AxisMap[]): AxisMap[] =>
    maps.map(({ dims, strides }) =>
      dims[0] === place
        ? { dims: [pixel, moved(place)], strides: [1, count] }
        : { dims: dims.map(moved), strides },
    );
  return {
    sizes: [...sizes.slice(0, pixel), count, ...sizes.slice(pixel)],
    outputs: spec.outputs + 1,
    a: operand === 0 ? image(spec.a) : gradient(spec.a),
    b: operand === 0 ? gradient(spec.b) : image(spec.b),
  };
}
