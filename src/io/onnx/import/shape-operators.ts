/** Operators on tensors that move, pick, repeat and join elements. */
import { broadcastShapes, sizeOf } from "../../../base/shape.ts";
import * as F from "../../../nn/functional.ts";
import { cat, where as choose, oneHot, rand, randn, zeros } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { elementTypeOf } from "../schema.ts";
import { shapeBounds } from "./host-operators.ts";
import type { Operator, Run } from "./operator.ts";
import { reshapeDims, sliceRanges, splitLengths } from "./shapes.ts";
import { Host, hostOf, int64s, tensorType } from "./values.ts";

/** Positions as int32, those that count from the end counted from the front. */
function positions(op: Operator, index: number, size: number): Tensor {
  const value = op.value(index);
  if (value instanceof Host) {
    const data = value.data.map((v) => (v < 0 ? v + size : v));
    const wrong = data.findIndex((v) => v < 0 || v >= size);
    if (wrong >= 0) throw op.refuse(`index ${value.data[wrong]} is out of range for ${size} elements`);
    return new Host("int64", value.shape, data).tensor;
  }
  const at = value.to("int32");
  return choose(at.lt(0), at.add(size), at);
}

function gather(op: Operator): Tensor {
  const x = op.tensor(0);
  const axis = op.axis(op.int("axis", 0), x.ndim);
  const index = positions(op, 1, x.shape[axis] as number);
  const picked = x.indexSelect(axis, index.reshape([index.numel()]));
  return picked.reshape([...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)]);
}

function gatherElements(op: Operator): Tensor {
  const x = op.tensor(0);
  const axis = op.axis(op.int("axis", 0), x.ndim);
  return x.gather(axis, positions(op, 1, x.shape[axis] as number));
}

function scatterElements(op: Operator): Tensor {
  const [x, source] = [op.tensor(0), op.tensor(2)];
  const axis = op.axis(op.int("axis", 0), x.ndim);
  const index = positions(op, 1, x.shape[axis] as number);
  const reduction = op.text("reduction", "none");
  if (reduction === "none") return x.scatter(axis, index, source);
  if (reduction === "add") return x.scatterAdd(axis, index, source);
  throw op.refuse(`reduction "${reduction}" is not supported`);
}

/** Places in a tensor, each given by the positions along its first axes, as positions in the flat tensor. */
function flatPlaces(
  op: Operator,
  x: Tensor,
  from: number,
): { places: Tensor; lead: readonly number[]; rest: readonly number[] } {
  const index = op.tensor(1).to("int32");
  const depth = index.shape[index.ndim - 1] as number;
  const sizes = x.shape.slice(from, from + depth);
  const column = (i: number): Tensor => {
    const at = index.select(-1, i);
    return choose(at.lt(0), at.add(sizes[i] as number), at);
  };
  if (sizes.length !== depth || depth === 0)
    throw op.refuse(`places of ${depth} positions in a tensor of ${x.ndim} axes`);
  let places = column(0);
  for (let i = 1; i < depth; i++) places = places.mul(sizes[i] as number).add(column(i));
  return { places, lead: index.shape.slice(0, -1), rest: x.shape.slice(from + depth) };
}

function gatherNd(op: Operator): Tensor {
  if (op.int("batch_dims", 0) !== 0) throw op.refuse("batch_dims is not supported");
  const x = op.tensor(0);
  const { places, lead, rest } = flatPlaces(op, x, 0);
  const rows = x.reshape([-1, sizeOf(rest)]).indexSelect(0, places.reshape([places.numel()]));
  return rows.reshape([...lead, ...rest]);
}

function scatterNd(op: Operator): Tensor {
  const x = op.tensor(0);
  const { places, rest } = flatPlaces(op, x, 0);
  const reduction = op.text("reduction", "none");
  if (reduction !== "none" && reduction !== "add")
    throw op.refuse(`reduction "${reduction}" is not supported`);
  const [count, width] = [places.numel(), sizeOf(rest)];
  const rows = x.reshape([sizeOf(x.shape) / width, width]);
  const index = places.reshape([count, 1]).expand([count, width]);
  const updates = op.tensor(2).reshape([count, width]);
  return (reduction === "add" ? rows.scatterAdd(0, index, updates) : rows.scatter(0, index, updates)).reshape(
    x.shape,
  );
}

function slice(op: Operator): Tensor {
  const x = op.tensor(0);
  return sliceRanges(op, x.shape).reduce((y, { start, step, count }, d) => {
    if (count === 0) return y.narrow(d, 0, 0);
    if (step > 0) return y.slice(d, start, start + (count - 1) * step + 1, { step });
    const from = start + (count - 1) * step;
    return y.slice(d, from, start + 1, { step: -step }).flip([d]);
  }, x);
}

function split(op: Operator): Tensor[] {
  const x = op.tensor(0);
  const axis = op.axis(op.int("axis", 0), x.ndim);
  return x.split(splitLengths(op, x.shape[axis] as number), axis);
}

function concat(op: Operator): Tensor {
  const parts = op.inputs.map((_, i) => op.tensor(i));
  return cat(parts, op.axis(op.int("axis", 1), parts[0]?.ndim ?? 0));
}

function expand(op: Operator): Tensor {
  const x = op.tensor(0);
  return x.expand(broadcastShapes(x.shape, op.numbers(1), "Expand"));
}

function squeeze(op: Operator): Tensor {
  const x = op.tensor(0);
  const axes = op.axes(1)?.map((a) => op.axis(a, x.ndim));
  const wrong = axes?.find((a) => x.shape[a] !== 1);
  if (wrong !== undefined) throw op.refuse(`axis ${wrong} of [${x.shape.join(", ")}] is not of size 1`);
  return x.reshape(x.shape.filter((s, d) => (axes === undefined ? s !== 1 : !axes.includes(d))));
}

function unsqueeze(op: Operator): Tensor {
  const x = op.tensor(0);
  const given = op.axes(1) ?? [];
  const rank = x.ndim + given.length;
  const axes = given.map((a) => op.axis(a, rank));
  const rest = [...x.shape];
  return x.reshape(Array.from({ length: rank }, (_, d) => (axes.includes(d) ? 1 : (rest.shift() ?? 1))));
}

function flatten(op: Operator): Tensor {
  const x = op.tensor(0);
  const given = op.int("axis", 1);
  const axis = given < 0 ? given + x.ndim : given;
  if (axis < 0 || axis > x.ndim) throw op.refuse(`axis ${given} is out of range for ${x.ndim} dimensions`);
  const rows = sizeOf(x.shape.slice(0, axis));
  return x.reshape([rows, sizeOf(x.shape.slice(axis))]);
}

const padModes = { constant: "constant", reflect: "reflect", edge: "replicate", wrap: "circular" } as const;

function pad(op: Operator): Tensor {
  const x = op.tensor(0);
  const pads = op.ints("pads") ?? op.ints("paddings") ?? op.numbers(1);
  const axes = op.has(3) ? op.numbers(3).map((a) => op.axis(a, x.ndim)) : x.shape.map((_, d) => d);
  if (pads.length !== 2 * axes.length) throw op.refuse(`${pads.length} numbers for ${axes.length} axes`);
  const mode = op.text("mode", "constant");
  if (!Object.hasOwn(padModes, mode)) throw op.refuse(`mode "${mode}" is not supported`);
  const list = new Array<number>(2 * x.ndim).fill(0);
  axes.forEach((axis, i) => {
    const at = 2 * (x.ndim - 1 - axis);
    list[at] = pads[i] as number;
    list[at + 1] = pads[axes.length + i] as number;
  });
  const value = op.has(2) ? op.numberOr(2, 0) : op.float("value", 0);
  const kind = padModes[mode as keyof typeof padModes];
  return x.pad(list, kind === "constant" ? { mode: kind, value } : { mode: kind });
}

/** Blocks of channels to blocks of pixels, in either of both orders. */
function depthToSpace(op: Operator): Tensor {
  const x = op.tensor(0);
  const r = op.int("blocksize", 1);
  if (op.text("mode", "DCR") === "CRD") return F.pixelShuffle(x, r);
  const [n, c, h, w] = x.shape as unknown as [number, number, number, number];
  const open = x.reshape([n, r, r, c / (r * r), h, w]).permute([0, 3, 4, 1, 5, 2]);
  return open.reshape([n, c / (r * r), h * r, w * r]);
}

function spaceToDepth(op: Operator): Tensor {
  const x = op.tensor(0);
  const r = op.int("blocksize", 1);
  if (op.text("mode", "DCR") === "CRD") return F.pixelUnshuffle(x, r);
  const [n, c, h, w] = x.shape as unknown as [number, number, number, number];
  const open = x.reshape([n, c, h / r, r, w / r, r]).permute([0, 3, 5, 1, 2, 4]);
  return open.reshape([n, c * r * r, h / r, w / r]);
}

function topk(op: Operator): Tensor[] {
  const x = op.tensor(0);
  const k = op.has(1) ? op.numberOr(1, 1) : op.int("k", 1);
  const dim = op.axis(op.int("axis", -1), x.ndim);
  const { values, indices } = x.topk(k, { dim, largest: op.int("largest", 1) === 1 });
  return [values, indices];
}

function oneHotOf(op: Operator): Tensor {
  const depth = op.numberOr(1, 1);
  const values = op.tensor(2);
  const index = op.tensor(0).to("int32");
  const at = choose(index.lt(0), index.add(depth), index);
  const inside = at.ge(0).logicalAnd(at.lt(depth)).unsqueeze(-1);
  const hot = oneHot(at.clamp({ min: 0, max: depth - 1 }), depth)
    .gt(0)
    .logicalAnd(inside);
  const y = choose(hot, values.select(0, 1), values.select(0, 0));
  const axis = op.axis(op.int("axis", -1), y.ndim);
  const last = y.ndim - 1;
  const perm = Array.from({ length: last }, (_, d) => d);
  perm.splice(axis, 0, last);
  return y.permute(perm);
}

/** Where the diagonal and everything on one side of it is kept. */
function trilu(op: Operator): Tensor {
  const x = op.tensor(0);
  const k = op.numberOr(1, 0);
  const upper = op.int("upper", 1) === 1;
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const keep = Array.from({ length: rows * columns }, (_, i) => {
    const offset = (i % columns) - Math.floor(i / columns);
    return Number(upper ? offset >= k : offset <= k);
  });
  const mask = new Host("bool", [rows, columns], Float64Array.from(keep)).tensor;
  return choose(mask, x, 0).to(x.dtype);
}

/** A constant in any of the forms that the attribute may have. */
function constant(op: Operator): Host {
  for (const [name, attribute] of op.node.attributes) {
    if (name === "value" && attribute.kind === "tensor") return hostOf(attribute.value);
    if (name === "value_float" && attribute.kind === "float")
      return new Host("float32", [], Float64Array.of(attribute.value));
    if (name === "value_int" && attribute.kind === "int") return int64s([attribute.value], []);
    if (name === "value_ints" && attribute.kind === "ints") return int64s(attribute.value);
    if (name === "value_floats" && attribute.kind === "floats")
      return new Host("float32", [attribute.value.length], Float64Array.from(attribute.value));
  }
  throw op.refuse("has no value of a supported kind");
}

/** Random numbers of this library's generator, of the shape of an operand or an attribute. */
const random =
  (draw: (shape: readonly number[], op: Operator) => Tensor): Run =>
  (op) => {
    const shape = op.has(0) ? op.tensor(0).shape : (op.ints("shape") ?? []);
    const type = elementTypeOf(op.int("dtype", 1));
    return draw(shape, op).to(type === null ? "float32" : tensorType(type));
  };

const uniform = random((shape, op) => {
  const [low, high] = [op.float("low", 0), op.float("high", 1)];
  return rand(shape)
    .mul(high - low)
    .add(low);
});

const normal = random((shape, op) => randn(shape).mul(op.float("scale", 1)).add(op.float("mean", 0)));

export const shapeOperators: Readonly<Record<string, Run>> = {
  Constant: constant,
  Shape: (op) => {
    const value = op.value(0);
    const { shape } = value;
    return int64s(shape.slice(...shapeBounds(op, shape.length)));
  },
  Size: (op) => int64s([sizeOf(op.value(0).shape)], []),
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterElements: scatterElements,
  Scatter: scatterElements,
  ScatterND: scatterNd,
  Slice: slice,
  Split: split,
  Concat: concat,
  Expand: expand,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: flatten,
  Reshape: (op) => op.tensor(0).reshape(reshapeDims(op, op.tensor(0).shape)),
  Transpose: (op) => {
    const x = op.tensor(0);
    return x.permute(op.ints("perm") ?? x.shape.map((_, d) => x.ndim - 1 - d));
  },
  Tile: (op) => op.tensor(0).repeat(op.numbers(1)),
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  TopK: topk,
  OneHot: oneHotOf,
  Trilu: trilu,
  ConstantOfShape: (op) => {
    const value = op.get("value", "tensor")?.value;
    const shape = op.numbers(0);
    if (value === undefined) return zeros(shape);
    const fill = hostOf(value);
    return fill.tensor.reshape([]).expand(shape);
  },
  EyeLike: (op) => {
    const x = op.tensor(0);
    const k = op.int("k", 0);
    const [rows, columns] = x.shape as unknown as [number, number];
    const data = Float64Array.from({ length: rows * columns }, (_, i) =>
      Number((i % columns) - Math.floor(i / columns) === k),
    );
    const type = op.node.attributes.has("dtype") ? elementTypeOf(op.int("dtype", 1)) : null;
    return new Host("float64", [rows, columns], data).tensor.to(type === null ? x.dtype : tensorType(type));
  },
  RandomUniform: uniform,
  RandomUniformLike: uniform,
  RandomNormal: normal,
  RandomNormalLike: normal,
};
