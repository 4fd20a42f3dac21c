/**
 * Gradients of a contraction, which are contractions again. Along an axis where an operand is read at
 * p * s + k * d (a sliding window), the gradient gathers from position (i - k * d) / s. With a stride of 1 the incoming
 * gradient is padded and the other operand flipped along k. With a larger one, every s-th element of the operand meets
 * the same offsets k: each of the s residues is a gradient with a stride of 1 and a part of the offsets, and the results
 * are dealt out in turn, so that nothing is multiplied by the zeros between strides.
 */
import type { Shape } from "../../base/shape.ts";
import { binary, constant, contraction, flip, pad, partOf, reshape, slice } from "../../graph/build.ts";
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

/** A part of an operand: `size` elements from `start` on along each axis. */
export interface Region {
  readonly start: readonly number[];
  readonly size: Shape;
}

/**
 * Gradient with respect to one operand, of that shape; `other` is the other one, `g` the gradient of the result.
 *
 * @param kept the part of it that is wanted, all by default; no more than that is computed
 */
export function operandGradient(
  spec: ContractionSpec,
  operand: "a" | "b",
  shape: Shape,
  other: Node,
  g: Node,
  kept: Region = { start: shape.map(() => 0), size: shape },
): Node {
  return gradientFrom(spec, operand, shape, other, surround(spec, spec[operand], shape, g, kept), kept);
}

/** The gradient of the result with zeros around it, one copy of it for all residues. */
interface Surrounded {
  readonly node: Node;
  /** Zeros before the gradient along each axis. */
  readonly before: readonly number[];
}

function gradientFrom(
  spec: ContractionSpec,
  operand: "a" | "b",
  shape: Shape,
  other: Node,
  g: Surrounded,
  kept: Region,
): Node {
  const [own, theirs] = operand === "a" ? [spec.a, spec.b] : [spec.b, spec.a];
  const slidesAlong = (map: AxisMap, axis: number): boolean =>
    map.dims.length > 1 && !isOneWindow(spec, map, axis, shape, kept);
  const strided = own.findIndex((m, i) => slidesAlong(m, i) && slideOf(m, spec.outputs).stride > 1);
  if (strided >= 0) return stridedGradient(spec, operand, strided, shape, other, g, kept);
  let partner = other;
  const from = [...g.before];
  const size = [...g.node.shape];
  const numbers: Renumbering = { sizes: [], byOld: new Map() };
  const slides: { position: number; offset: number; index: number; dilation: number }[] = [];
  own.forEach((map, axis) => {
    const index = numbers.sizes.length;
    if (map.dims.length === 1) {
      numbers.byOld.set(map.dims[0] as number, index);
      numbers.sizes.push(shape[axis] as number);
      return;
    }
    const slide = slideOf(map, spec.outputs);
    const { position, offset, dilation } = slide;
    if (!slidesAlong(map, axis)) {
      // Of a residue the gradient has zeros around it all the same.
      size[position] = 1;
      numbers.byOld.set(offset, index);
      numbers.sizes.push(shape[axis] as number);
      return;
    }
    slides.push({ position, offset, index, dilation });
    numbers.sizes.push(kept.size[axis] as number);
    const [low, high] = reachOf(slide, spec, kept.start[axis] as number, kept.size[axis] as number);
    from[position] = (g.before[position] as number) + low;
    size[position] = high - low;
    partner = flipAlong(partner, theirs, offset);
  });
  const outputs = numbers.sizes.length;
  const positions = new Set(slides.map((s) => s.position));
  spec.sizes.forEach((size, d) => {
    if (numbers.byOld.has(d) || positions.has(d)) return;
    numbers.byOld.set(d, numbers.sizes.length);
    numbers.sizes.push(size);
  });
  const at = (d: number): number => numbers.byOld.get(d) as number;
  const gradientMaps = g.node.shape.map((_, d): AxisMap => {
    const slide = slides.find((s) => s.position === d);
    if (slide === undefined) return { dims: [at(d)], strides: [1] };
    return { dims: [slide.index, at(slide.offset)], strides: [1, slide.dilation] };
  });
  const partnerMaps = theirs.map((m): AxisMap => ({ dims: m.dims.map(at), strides: m.strides }));
  const loops = { sizes: numbers.sizes, outputs, a: gradientMaps, b: partnerMaps };
  const start = kept.start.map((s, d) => (slidesAlong(own[d] as AxisMap, d) ? 0 : s));
  // A slice of a contraction is a contraction of slices.
  return slice(contraction(loops, partOf(g.node, from, size), partner), start, kept.size);
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

/**
 * Whether there is one window along an axis, which takes in all of it: each of its elements meets one offset, and nothing is to be
 * gathered. So it is where a convolution makes one pixel of an image.
 */
function isOneWindow(
  spec: ContractionSpec,
  map: AxisMap,
  axis: number,
  shape: Shape,
  { start, size }: Region,
): boolean {
  const { position, offset, dilation } = slideOf(map, spec.outputs);
  const length = shape[axis] as number;
  const isAll = start[axis] === 0 && size[axis] === length;
  return isAll && dilation === 1 && spec.sizes[position] === 1 && spec.sizes[offset] === length;
}

/** Pads the sliding axes as far as the part that is kept is gathered from. */
function surround(
  spec: ContractionSpec,
  own: readonly AxisMap[],
  shape: Shape,
  g: Node,
  kept: Region,
): Surrounded {
  const before = g.shape.map(() => 0);
  const after = g.shape.map(() => 0);
  own.forEach((map, axis) => {
    if (map.dims.length === 1 || isOneWindow(spec, map, axis, shape, kept)) return;
    const slide = slideOf(map, spec.outputs);
    const [low, high] = reachOf(slide, spec, kept.start[axis] as number, kept.size[axis] as number);
    before[slide.position] = Math.max(0, -low);
    after[slide.position] = Math.max(0, high - (g.shape[slide.position] as number));
  });
  return { node: pad(g, before, after, 0), before };
}

/** From which position on, and up to which, elements of an axis are gathered: `size` of them from `start` on. */
function reachOf(slide: Slide, spec: ContractionSpec, start: number, size: number): [number, number] {
  const { stride, dilation } = slide;
  const farthest = dilation * ((spec.sizes[slide.offset] as number) - 1);
  return [Math.ceil((start - farthest) / stride), Math.floor((start + size - 1) / stride) + 1];
}

/** The gradient along an axis that is read in steps: one gradient for each residue of the index, dealt out in turn. */
function stridedGradient(
  spec: ContractionSpec,
  operand: "a" | "b",
  axis: number,
  shape: Shape,
  other: Node,
  g: Surrounded,
  kept: Region,
): Node {
  const own = operand === "a" ? spec.a : spec.b;
  const slide = slideOf(own[axis] as AxisMap, spec.outputs);
  const { stride } = slide;
  const [start, length] = [kept.start[axis] as number, kept.size[axis] as number];
  const rounds = Math.ceil(length / stride);
  const parts = Array.from({ length: stride }, (_, turn): Node | null => {
    const residue = (start + turn) % stride;
    const taps = tapsOf(slide, residue, spec.sizes[slide.offset] as number);
    if (taps === null) return null;
    // Of the elements of this residue these are kept; those before the first that is reached are zero.
    const from = (start + turn - residue) / stride;
    const end = from + Math.ceil((length - turn) / stride);
    const first = Math.max(from, taps.shift);
    if (first >= end) return null;
    const part = partOfGradient(spec, operand, axis, slide, taps, residue, shape, other, g, {
      start: kept.start.map((at, d) => (d === axis ? first - taps.shift : at)),
      size: kept.size.map((size, d) => (d === axis ? end - first : size)),
    });
    const before = part.shape.map((_, d) => (d === axis ? first - from : 0));
    const after = part.shape.map((_, d) => (d === axis ? rounds - (end - from) : 0));
    return pad(part, before, after, 0);
  });
  return dealOut(parts, axis, kept.size, g.node);
}

/** Which offsets meet an index of some residue: `count` of them from `first` on, `step` apart. */
interface Taps {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  /** Elements of this residue before the first that is reached. */
  readonly shift: number;
}

function tapsOf({ stride, dilation }: Slide, residue: number, offsets: number): Taps | null {
  const all = Array.from({ length: offsets }, (_, k) => k).filter((k) => (k * dilation) % stride === residue);
  const [first, second] = all;
  if (first === undefined) return null;
  const shift = (first * dilation - residue) / stride;
  return { first, step: (second ?? first + 1) - first, count: all.length, shift };
}

/** The gradient of the elements of one residue that are reached, in order; of these the ones that are kept. */
function partOfGradient(
  spec: ContractionSpec,
  operand: "a" | "b",
  axis: number,
  slide: Slide,
  { first, step, count, shift }: Taps,
  residue: number,
  shape: Shape,
  other: Node,
  g: Surrounded,
  kept: Region,
): Node {
  const [own, theirs] = operand === "a" ? [spec.a, spec.b] : [spec.b, spec.a];
  const dilation = count === 1 ? 1 : (step * slide.dilation) / slide.stride;
  const map: AxisMap = { dims: [slide.position, slide.offset], strides: [1, dilation] };
  const maps = own.map((m, d) => (d === axis ? map : m));
  const sizes = spec.sizes.map((size, d) => (d === slide.offset ? count : size));
  const reduced = {
    sizes,
    outputs: spec.outputs,
    ...(operand === "a" ? { a: maps, b: theirs } : { a: theirs, b: maps }),
  };
  const along = theirs.map((m) => m.dims.includes(slide.offset));
  const picked = slice(
    other,
    along.map((is) => (is ? first : 0)),
    other.shape.map((size, d) => (along[d] ? count : size)),
    along.map((is) => (is ? step : 1)),
  );
  const ofResidue = Math.floor(((shape[axis] as number) - 1 - residue) / slide.stride) + 1;
  const reachable = shape.map((size, d) => (d === axis ? ofResidue - shift : size));
  return gradientFrom(reduced, operand, reachable, picked, g, kept);
}

/** Element s * q + r of the result along an axis is element q of part r; zero where there is no part. */
function dealOut(parts: readonly (Node | null)[], axis: number, shape: Shape, { dtype }: Node): Node {
  const placed = parts.flatMap((part, residue) => {
    if (part === null) return [];
    const opened = reshape(part, [...part.shape.slice(0, axis + 1), 1, ...part.shape.slice(axis + 1)]);
    const before = opened.shape.map((_, d) => (d === axis + 1 ? residue : 0));
    const after = opened.shape.map((_, d) => (d === axis + 1 ? parts.length - 1 - residue : 0));
    return [pad(opened, before, after, 0)];
  });
  if (placed.length === 0) return constant(0, shape, dtype);
  const sum = placed.reduce((a, b) => binary("add", a, b));
  const flat = reshape(sum, [
    ...sum.shape.slice(0, axis),
    (sum.shape[axis] as number) * parts.length,
    ...sum.shape.slice(axis + 2),
  ]);
  const start = shape.map(() => 0);
  return slice(flat, start, shape);
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
