/** Convolutions, pools, normalisations and dropout on tensors. */
import { isFloat } from "../../../base/dtype.ts";
import * as F from "../../../nn/functional.ts";
import * as ops from "../../../ops/index.ts";
import { fromOwned, ones } from "../../../tensor/create.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import type { Operator, Run } from "./operator.ts";
import { resize, upsample } from "./resize.ts";
import { type Geometry, geometryOf, listOf, shared, windowCounts } from "./window-geometry.ts";

function conv(op: Operator): Tensor {
  const [x, weight] = [op.tensor(0), op.tensor(1)];
  const kernel = weight.shape.slice(2);
  if (kernel.length > 2) throw op.refuse("convolutions over three axes are not supported");
  const g = geometryOf(op, kernel, x.shape.slice(2));
  const padding = g.before.map((b, i) => [b, g.after[i] as number] as const);
  const groups = op.int("group", 1);
  const geometry = { stride: g.strides, dilation: g.dilations, padding, groups };
  return Tensor.of(ops.convolution(x.node, weight.node, op.tensorOrNull(2)?.node ?? null, geometry, "Conv"));
}

function convTranspose(op: Operator): Tensor {
  const [x, weight] = [op.tensor(0), op.tensor(1)];
  const kernel = weight.shape.slice(2);
  if (kernel.length > 2) throw op.refuse("convolutions over three axes are not supported");
  const spatial = x.shape.slice(2);
  const strides = listOf(
    op,
    "strides",
    kernel.map(() => 1),
  );
  const dilations = listOf(
    op,
    "dilations",
    kernel.map(() => 1),
  );
  const extra = listOf(
    op,
    "output_padding",
    kernel.map(() => 0),
  );
  const reach = kernel.map(
    (k, i) => ((spatial[i] as number) - 1) * (strides[i] as number) + (dilations[i] as number) * (k - 1) + 1,
  );
  const { before, out } = transposedExtent(op, reach, extra, spatial, strides);
  // The whole result, with zeros behind as far as the output goes, of which the output is a part.
  const outputPadding = reach.map((r, i) => Math.max((before[i] as number) + (out[i] as number) - r, 0));
  const geometry = {
    stride: strides,
    dilation: dilations,
    groups: op.int("group", 1),
    padding: kernel.map(() => 0),
    outputPadding,
  };
  const bias = op.tensorOrNull(2)?.node ?? null;
  const whole = Tensor.of(ops.transposedConvolution(x.node, weight.node, bias, geometry, "ConvTranspose"));
  return out.reduce((y, size, i) => y.narrow(2 + i, before[i] as number, size), whole);
}

/** What is cut off in front, and sizes of the output. */
function transposedExtent(
  op: Operator,
  reach: readonly number[],
  extra: readonly number[],
  spatial: readonly number[],
  strides: readonly number[],
): { before: readonly number[]; out: readonly number[] } {
  const auto = op.text("auto_pad", "NOTSET");
  const same = auto === "SAME_UPPER" || auto === "SAME_LOWER";
  const given = op.ints("output_shape")?.slice(-reach.length);
  const target = given ?? (same ? spatial.map((s, i) => s * (strides[i] as number)) : null);
  if (target !== null) {
    const totals = reach.map((r, i) => Math.max(r + (extra[i] as number) - (target[i] as number), 0));
    // The standard puts the larger half in front unless SAME_UPPER is asked for.
    return { before: shared(totals, auto === "SAME_UPPER" || !same).before, out: target };
  }
  const pads = op.ints("pads") ?? [...reach, ...reach].map(() => 0);
  const [front, back] = [pads.slice(0, reach.length), pads.slice(reach.length)];
  const out = reach.map((r, i) => r + (extra[i] as number) - (front[i] ?? 0) - (back[i] ?? 0));
  return { before: front, out };
}

// Pools

/** The input as (N, C, H, W): pools over one axis have a height of 1. */
function planes(op: Operator): { x: Tensor; g: Geometry; restore: (y: Tensor) => Tensor } {
  const x = op.tensor(0);
  const kernel = op.ints("kernel_shape") ?? [];
  if (kernel.length !== x.ndim - 2 || kernel.length < 1 || kernel.length > 2)
    throw op.refuse(`a kernel of ${kernel.length} axes over a tensor of ${x.ndim} is not supported`);
  const g = geometryOf(op, kernel, x.shape.slice(2));
  if (kernel.length === 2) return { x, g, restore: (y) => y };
  const line = {
    kernel: [1, ...g.kernel],
    strides: [1, ...g.strides],
    dilations: [1, ...g.dilations],
    before: [0, ...g.before],
    after: [0, ...g.after],
  };
  return { x: x.unsqueeze(2), g: line, restore: (y) => y.squeeze(2) };
}

type Pair = readonly [number, number];

/** The input padded as far as the windows reach, and windows over it without padding. */
function padded(
  op: Operator,
  x: Tensor,
  g: Geometry,
  fill: number,
): { x: Tensor; windows: ops.WindowGeometry; counts: number[] } {
  const counts = windowCounts(g, x.shape.slice(2), op.int("ceil_mode", 0) === 1);
  const behind = counts.map((count, i) => {
    const reach =
      (count - 1) * (g.strides[i] as number) + (g.dilations[i] as number) * ((g.kernel[i] as number) - 1) + 1;
    return reach - (x.shape[2 + i] as number) - (g.before[i] as number);
  });
  if (counts.some((count) => count < 1))
    throw op.refuse(`no window fits into an input of shape [${x.shape.join(", ")}]`);
  const [top, left] = g.before as unknown as Pair;
  const [bottom, right] = behind as unknown as Pair;
  const list = [left, right, top, bottom];
  const wide = list.every((p) => p === 0) ? x : x.pad(list, { value: fill });
  const windows = {
    kernel: g.kernel as Pair,
    stride: g.strides as Pair,
    dilation: g.dilations as Pair,
    padding: [0, 0] as const,
    ceilMode: false,
  };
  return { x: wide, windows, counts };
}

function maxPool(op: Operator): (Tensor | null)[] {
  const { x: given, g, restore } = planes(op);
  const type = given.dtype;
  // Integers are compared as doubles, which hold them all and an infinity.
  const input = isFloat(type) ? given : given.to("float64");
  const { x, windows, counts } = padded(op, input, g, Number.NEGATIVE_INFINITY);
  const { output, offsets } = ops.maxPool2d(x.node, windows, "MaxPool");
  const y = restore(Tensor.of(output).to(type));
  if (op.node.outputs.length < 2) return [y];
  const at = Tensor.of(ops.maxPoolIndices(offsets, x.node, windows));
  return [y, restore(wholePositions(op, at, x, given, g, counts))];
}

/** Positions in the padded plane as those in the whole tensor, in the order that the operator asks for. */
function wholePositions(
  op: Operator,
  at: Tensor,
  wide: Tensor,
  x: Tensor,
  g: Geometry,
  counts: readonly number[],
): Tensor {
  const [n, c, h, w] = x.shape as unknown as [number, number, number, number];
  const width = wide.shape[3] as number;
  const column = at.remainder(width);
  const row = at
    .sub(column)
    .to("float64")
    .div(width)
    .to("int32")
    .sub(g.before[0] as number);
  const line = column.sub(g.before[1] as number);
  const inPlane = op.int("storage_order", 0) === 1 ? line.mul(h).add(row) : row.mul(w).add(line);
  const plane = Int32Array.from({ length: n * c }, (_, i) => i * h * w);
  return inPlane.add(fromOwned(plane, [n, c, 1, 1], "int32").expand([n, c, ...counts]));
}

function averagePool(op: Operator): Tensor {
  const { x: input, g, restore } = planes(op);
  const { x, windows, counts } = padded(op, input, g, 0);
  const withPad = op.int("count_include_pad", 0) === 1;
  const sizes = [0, 1].map((i) =>
    elementCounts(g, i, input.shape[2 + i] as number, counts[i] as number, withPad),
  );
  const [rows, columns] = sizes as [number[], number[]];
  const even = [rows, columns].every((list) => list.every((v) => v === list[0]));
  const divisor = even ? (rows[0] as number) * (columns[0] as number) : 1;
  const y = Tensor.of(ops.avgPool2d(x.node, windows, true, divisor, "AveragePool"));
  if (even) return restore(y);
  const areas = rows.flatMap((r) => columns.map((c) => r * c));
  return restore(y.div(fromOwned(Float32Array.from(areas), [1, 1, rows.length, columns.length]).to(y.dtype)));
}

/** How many elements each window of an axis has: of the input, or of its padding too. */
function elementCounts(g: Geometry, i: number, size: number, count: number, withPad: boolean): number[] {
  const [before, after] = [g.before[i] as number, g.after[i] as number];
  const [first, last] = withPad ? [-before, size + after] : [0, size];
  return Array.from({ length: count }, (_, p) => {
    let found = 0;
    for (let k = 0; k < (g.kernel[i] as number); k++) {
      const at = p * (g.strides[i] as number) - before + k * (g.dilations[i] as number);
      if (at >= first && at < last) found++;
    }
    return found;
  });
}

const overPlane =
  (f: (x: Tensor, dim: number[]) => Tensor): Run =>
  (op) => {
    const x = op.tensor(0);
    return f(
      x,
      Array.from({ length: x.ndim - 2 }, (_, i) => i + 2),
    );
  };

function globalAveragePool(x: Tensor, dim: number[]): Tensor {
  return x.ndim === 4 ? F.adaptiveAvgPool2d(x, 1) : x.mean(dim, { keepdim: true });
}

// Normalisations

/** A state that training moves; what is computed or constant stays as it is. */
const isState = (t: Tensor): boolean => t.isLeaf && t.node.op.kind === "source";

function batchNorm(op: Operator): (Tensor | null)[] {
  const [x, weight, bias, mean, variance] = [0, 1, 2, 3, 4].map((i) => op.tensor(i)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const eps = op.float("epsilon", 1e-5);
  const momentum = op.float("momentum", 0.9);
  if (op.int("spatial", 1) === 0)
    throw op.refuse("statistics of single elements (spatial=0) are not supported");
  if (!op.training) return [F.batchNorm(x, mean, variance, { weight, bias, eps }), mean, variance];
  const axes = x.shape.flatMap((_, d) => (d === 1 ? [] : [d]));
  const wanted = op.node.outputs.length > 1;
  // As the standard has it, with the variance divided by n; the state follows PyTorch's rule, which divides by n - 1.
  const moved = (running: Tensor, batch: Tensor): Tensor =>
    running.mul(momentum).add(batch.mul(1 - momentum));
  const next = wanted ? [moved(mean, x.mean(axes)), moved(variance, x.var(axes, { unbiased: false }))] : [];
  const [m, v] = isState(mean) && isState(variance) ? [mean, variance] : [null, null];
  const y = F.batchNorm(x, m, v, {
    weight,
    bias,
    eps,
    training: true,
    momentum: Math.min(Math.max(1 - momentum, 0), 1),
  });
  return [y, ...next];
}

function instanceNorm(op: Operator): Tensor {
  const [weight, bias] = [op.tensor(1), op.tensor(2)];
  return F.instanceNorm(op.tensor(0), { weight, bias, eps: op.float("epsilon", 1e-5) });
}

function groupNorm(op: Operator): Tensor {
  const x = op.tensor(0);
  const groups = op.int("num_groups", 1);
  const eps = op.float("epsilon", 1e-5);
  const [weight, bias] = [op.tensor(1), op.tensor(2)];
  if (weight.numel() === x.shape[1]) return F.groupNorm(x, groups, { weight, bias, eps });
  // One number for each group, before operator set 21.
  const members = (x.shape[1] as number) / groups;
  const each = (t: Tensor): Tensor =>
    t
      .unsqueeze(1)
      .expand([groups, members])
      .reshape([groups * members]);
  return F.groupNorm(x, groups, { weight: each(weight), bias: each(bias), eps });
}

function lrn(op: Operator): Tensor {
  const x = op.tensor(0);
  const size = op.int("size", 1);
  const [alpha, beta, k] = [op.float("alpha", 1e-4), op.float("beta", 0.75), op.float("bias", 1)];
  if (size % 2 === 1) return F.localResponseNorm(x, size, { alpha, beta, k });
  // Of an even number of channels, the one behind counts rather than the one in front: the mirror image of ours.
  return F.localResponseNorm(x.flip([1]), size, { alpha, beta, k }).flip([1]);
}

function dropout(op: Operator): (Tensor | null)[] {
  const x = op.tensor(0);
  const p = op.has(1) ? op.numberOr(1, 0.5) : op.float("ratio", 0.5);
  if (!op.training) return [x, op.node.outputs.length > 1 ? ones(x.shape, { dtype: "bool" }) : null];
  if (op.node.outputs.length < 2) return [F.dropout(x, { p })];
  const mask = F.dropout(ones(x.shape), { p });
  return [x.mul(mask), mask.gt(0)];
}

function lpNormalization(op: Operator): Tensor {
  const x = op.tensor(0);
  const dim = op.axis(op.int("axis", -1), x.ndim);
  const norm = x.norm({ p: op.int("p", 2), dim, keepdim: true });
  // Nothing but zeros stays so.
  return x.div(norm.add(norm.eq(0).to(norm.dtype)));
}

function meanVarianceNormalization(op: Operator): Tensor {
  const x = op.tensor(0);
  const dim = (op.ints("axes") ?? [0, 2, 3]).map((a) => op.axis(a, x.ndim));
  const deviation = x.var(dim, { keepdim: true, unbiased: false }).sqrt();
  return x.sub(x.mean(dim, { keepdim: true })).div(deviation.add(1e-9));
}

function col2im(op: Operator): Tensor {
  const [plane, kernel] = [op.numbers(1), op.numbers(2)];
  const pads = op.ints("pads") ?? [0, 0, 0, 0];
  const even = plane.length === 2 && pads[0] === pads[2] && pads[1] === pads[3];
  if (!even)
    throw op.refuse("other than two axes, or padding that differs in front and behind, is not supported");
  return F.fold(op.tensor(0), plane as unknown as Pair, kernel as unknown as Pair, {
    stride: (op.ints("strides") ?? [1, 1]) as Pair,
    dilation: (op.ints("dilations") ?? [1, 1]) as Pair,
    padding: pads.slice(0, 2) as unknown as Pair,
  });
}

export const layerOperators: Readonly<Record<string, Run>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: overPlane(globalAveragePool),
  GlobalMaxPool: overPlane((x, dim) => x.amax(dim, { keepdim: true })),
  BatchNormalization: batchNorm,
  InstanceNormalization: instanceNorm,
  GroupNormalization: groupNorm,
  LRN: lrn,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  Dropout: dropout,
  Resize: resize,
  Upsample: upsample,
  Col2Im: col2im,
};
