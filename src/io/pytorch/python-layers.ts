/**
 * The library's layers as Python: for each class the call that makes the same layer in PyTorch. Options that have PyTorch's
 * default are left out, so that the text reads as one would write it.
 */
import * as nn from "../../nn/index.ts";

/** A call: its name, and its arguments, each a text or a call. */
export interface Call {
  readonly name: string;
  readonly args: readonly (string | Call)[];
}

type Value = number | boolean | string | null | readonly (number | null)[];

/** A value as Python writes it. */
export function python(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return pythonNumber(value);
  const items = value.map(python);
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
}

function pythonNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return `float("${Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf"}")`;
}

/** One number where all are equal, as PyTorch takes both. */
function size(value: number | readonly (number | null)[] | string | null): Value {
  if (!Array.isArray(value)) return value as Value;
  const [first] = value as readonly (number | null)[];
  return first !== undefined && value.every((n) => n === first)
    ? first
    : (value as readonly (number | null)[]);
}

/** Named arguments whose values are not the default, which is given behind each. */
function named(options: Readonly<Record<string, readonly [value: Value, usual: Value]>>): string[] {
  return Object.entries(options)
    .filter(([, [value, usual]]) => python(value) !== python(usual))
    .map(([name, [value]]) => `${name}=${python(value)}`);
}

const call = (name: string, first: readonly Value[], rest: readonly string[] = []): Call => ({
  name: `nn.${name}`,
  args: [...first.map(python), ...rest],
});

type Kind<M extends nn.Module> = abstract new (...args: never[]) => M;
type Writer = (layer: nn.Module) => Call;

/** An entry of the table; what `write` gets is of the class. */
function entry<M extends nn.Module>(kind: Kind<M>, write: (layer: M) => Call): [unknown, Writer] {
  return [kind, (layer) => write(layer as M)];
}

const convolution =
  (name: string) =>
  (c: nn.Conv1d | nn.Conv2d): Call =>
    call(
      name,
      [c.inChannels, c.outChannels, size(c.kernelSize)],
      named({
        stride: [size(c.stride), 1],
        padding: [size(c.padding), 0],
        dilation: [size(c.dilation), 1],
        groups: [c.groups, 1],
        bias: [c.bias !== null, true],
        padding_mode: [c.paddingMode, "zeros"],
      }),
    );

const transposed =
  (name: string) =>
  (c: nn.ConvTranspose1d | nn.ConvTranspose2d): Call =>
    call(
      name,
      [c.inChannels, c.outChannels, size(c.kernelSize)],
      named({
        stride: [size(c.stride), 1],
        padding: [size(c.padding), 0],
        output_padding: [size(c.outputPadding), 0],
        groups: [c.groups, 1],
        bias: [c.bias !== null, true],
        dilation: [size(c.dilation), 1],
      }),
    );

const batchNorm =
  (name: string) =>
  (b: nn.BatchNorm1d | nn.BatchNorm2d): Call =>
    call(
      name,
      [b.numFeatures],
      named({
        eps: [b.eps, 1e-5],
        momentum: [b.momentum, 0.1],
        affine: [b.weight !== null, true],
        track_running_stats: ["running_mean" in b.stateDict(), true],
      }),
    );

const maxPool = ({ kernelSize, options: o }: nn.MaxPool2d<boolean>): Call =>
  call(
    "MaxPool2d",
    [size(kernelSize)],
    named({
      stride: [size(o.stride ?? kernelSize), size(kernelSize)],
      padding: [size(o.padding ?? 0), 0],
      dilation: [size(o.dilation ?? 1), 1],
      return_indices: [o.returnIndices ?? false, false],
      ceil_mode: [o.ceilMode ?? false, false],
    }),
  );

const avgPool = ({ kernelSize, options: o }: nn.AvgPool2d): Call =>
  call(
    "AvgPool2d",
    [size(kernelSize)],
    named({
      stride: [size(o.stride ?? kernelSize), size(kernelSize)],
      padding: [size(o.padding ?? 0), 0],
      ceil_mode: [o.ceilMode ?? false, false],
      count_include_pad: [o.countIncludePad ?? true, true],
      divisor_override: [o.divisorOverride ?? null, null],
    }),
  );

/** Layers that have no options in either library. */
const plain: readonly [unknown, Writer][] = [
  nn.ReLU,
  nn.ReLU6,
  nn.Sigmoid,
  nn.Tanh,
  nn.SELU,
  nn.SiLU,
  nn.Mish,
  nn.Hardswish,
  nn.Hardsigmoid,
  nn.Identity,
].map((kind) => entry<nn.Module>(kind, () => call(kind.name, [])));

const writers: ReadonlyMap<unknown, Writer> = new Map([
  ...plain,
  entry(nn.Linear, (l) =>
    call("Linear", [l.inFeatures, l.outFeatures], named({ bias: [l.bias !== null, true] })),
  ),
  entry(nn.Conv1d, convolution("Conv1d")),
  entry(nn.Conv2d, convolution("Conv2d")),
  entry(nn.ConvTranspose1d, transposed("ConvTranspose1d")),
  entry(nn.ConvTranspose2d, transposed("ConvTranspose2d")),
  entry(nn.BatchNorm1d, batchNorm("BatchNorm1d")),
  entry(nn.BatchNorm2d, batchNorm("BatchNorm2d")),
  entry(nn.GroupNorm, (g) =>
    call(
      "GroupNorm",
      [g.numGroups, g.numChannels],
      named({ eps: [g.eps, 1e-5], affine: [g.weight !== null, true] }),
    ),
  ),
  entry(nn.LayerNorm, (l) =>
    call(
      "LayerNorm",
      [l.normalizedShape],
      named({
        eps: [l.eps, 1e-5],
        elementwise_affine: [l.weight !== null, true],
        bias: [l.weight === null || l.bias !== null, true],
      }),
    ),
  ),
  entry(nn.MaxPool2d<boolean>, maxPool),
  entry(nn.AvgPool2d, avgPool),
  entry(nn.AdaptiveAvgPool2d, (p) => call("AdaptiveAvgPool2d", [size(p.outputSize)])),
  entry(nn.AdaptiveMaxPool2d<boolean>, (p) => call("AdaptiveMaxPool2d", [size(p.outputSize)])),
  entry(nn.Dropout, (d) => call("Dropout", [d.p])),
  entry(nn.Dropout2d, (d) => call("Dropout2d", [d.p])),
  entry(nn.Flatten, (f) =>
    call("Flatten", [], named({ start_dim: [f.startDim, 1], end_dim: [f.endDim, -1] })),
  ),
  entry(nn.GELU, (g) => call("GELU", [], named({ approximate: [g.approximate, "none"] }))),
  entry(nn.LeakyReLU, (l) => call("LeakyReLU", [l.negativeSlope])),
  entry(nn.ELU, (e) => call("ELU", [], named({ alpha: [e.alpha, 1] }))),
  entry(nn.CELU, (e) => call("CELU", [], named({ alpha: [e.alpha, 1] }))),
  entry(nn.Softplus, (s) => call("Softplus", [], named({ beta: [s.beta, 1], threshold: [s.threshold, 20] }))),
  entry(nn.Softmax, (s) => call("Softmax", [], named({ dim: [s.dim ?? null, null] }))),
  entry(nn.LogSoftmax, (s) => call("LogSoftmax", [], named({ dim: [s.dim ?? null, null] }))),
  entry(nn.PReLU, (p) => call("PReLU", [], named({ num_parameters: [p.numParameters, 1] }))),
]);

/** The call that makes this layer in PyTorch; undefined for a class that is none of the table's. */
export function layerCall(layer: nn.Module): Call | undefined {
  // Of this class itself: what extends it may do something else.
  return writers.get(layer.constructor)?.(layer);
}
