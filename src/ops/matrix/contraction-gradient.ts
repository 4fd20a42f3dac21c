/**
 * Gradients of a contraction, which are contractions again. Along an axis where an operand is read at
 * p * s + k * d (a sliding window), the gradient gathers from position (i - k * d) / s: the incoming gradient is
 * spread by s between zeros and padded, the other operand is flipped along k.
 */
import type { Shape } from "../../base/shape.ts";
import { contraction, flip, pad, reshape, unwindow } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../../graph/operation.ts";

export function contractionGradients(
  spec: ContractionSpec,
  a: Node,
  b: Node,
  g: Node,
): [Node | null, Node | null] {
  const forA = a.requiresGrad ? operandGradient(spec, "a", a.shape, b, g) : null;
  const forB = b.requiresGrad ? operandGradient(spec, "b", b.shape, a, g) : null;
  return [forA, forB];
}

/** Loop dimensions of the new contraction, by what they stood for in the old one. */
interface Renumbering {
  readonly sizes: number[];
  readonly byOld: Map<number, number>;
}

/** Gradient with respect to one operand, of that shape; `other` is the other one, `g` the gradient of the result. */
export function operandGradient(
  spec: ContractionSpec,
  operand: "a" | "b",
  shape: Shape,
  other: Node,
  g: Node,
): Node {
  const [own, theirs] = operand === "a" ? [spec.a, spec.b] : [spec.b, spec.a];
  let gradient = g;
  let partner = other;
  const numbers: Renumbering = { sizes: [], byOld: new Map() };
  const slides: { position: number; offset: number; index: number; dilation: number }[] = [];
  own.forEach((map, axis) => {
    const index = numbers.sizes.length;
    numbers.sizes.push(shape[axis] as number);
    if (map.dims.length === 1) {
      numbers.byOld.set(map.dims[0] as number, index);
      return;
    }
    const slide = slideOf(map, spec.outputs);
    slides.push({ position: slide.position, offset: slide.offset, index, dilation: slide.dilation });
    gradient = spread(gradient, slide, spec, shape[axis] as number);
    partner = flipAlong(partner, theirs, slide.offset);
  });
  const outputs = numbers.sizes.length;
  const positions = new Set(slides.map((s) => s.position));
  spec.sizes.forEach((size, d) => {
    if (numbers.byOld.has(d) || positions.has(d)) return;
    numbers.byOld.set(d, numbers.sizes.length);
    numbers.sizes.push(size);
  });
  const at = (d: number): number => numbers.byOld.get(d) as number;
  const gradientMaps = g.shape.map((_, d): AxisMap => {
    const slide = slides.find((s) => s.position === d);
    if (slide === undefined) return { dims: [at(d)], strides: [1] };
    return { dims: [slide.index, at(slide.offset)], strides: [1, slide.dilation] };
  });
  const partnerMaps = theirs.map((m): AxisMap => ({ dims: m.dims.map(at), strides: m.strides }));
  return contraction({ sizes: numbers.sizes, outputs, a: gradientMaps, b: partnerMaps }, gradient, partner);
}

interface Slide {
  /** The dimension of the result that slides, and the summed one inside the window. */
  readonly position: number;
  readonly offset: number;
  readonly stride: number;
  readonly dilation: number;
}

function slideOf(map: AxisMap, outputs: number): Slide {
  const [d0, d1] = map.dims as [number, number];
  const [s0, s1] = map.strides as [number, number];
  if (d0 < outputs === d1 < outputs) {
    throw new Error("contraction gradient: a window axis needs one output and one summed dimension");
  }
  return d0 < outputs
    ? { position: d0, offset: d1, stride: s0, dilation: s1 }
    : { position: d1, offset: d0, stride: s1, dilation: s0 };
}

/** Spreads the sliding axis by the stride between zeros and pads it so that every index of the operand is reached. */
function spread(g: Node, slide: Slide, spec: ContractionSpec, length: number): Node {
  const axis = slide.position;
  const count = g.shape[axis] as number;
  const reach = slide.dilation * ((spec.sizes[slide.offset] as number) - 1);
  const spreadLength = (count - 1) * slide.stride + 1;
  let wide = g;
  if (slide.stride > 1 && count > 1) {
    const split = [...g.shape.slice(0, axis + 1), 1, ...g.shape.slice(axis + 1)];
    const opened = unwindow(reshape(g, split), axis, spreadLength, slide.stride, 1);
    wide = reshape(opened, [...opened.shape.slice(0, axis + 1), ...opened.shape.slice(axis + 2)]);
  }
  const before = wide.shape.map((_, d) => (d === axis ? reach : 0));
  const after = wide.shape.map((_, d) => (d === axis ? length - spreadLength : 0));
  return pad(wide, before, after, 0);
}

function flipAlong(x: Node, maps: readonly AxisMap[], dim: number): Node {
  const axes = maps.flatMap((m, axis) => (m.dims.includes(dim) ? [axis] : []));
  for (const axis of axes) {
    if ((maps[axis] as AxisMap).dims.length > 1) {
      throw new Error("contraction gradient: a dimension slides in both operands");
    }
  }
  return flip(x, axes);
}
