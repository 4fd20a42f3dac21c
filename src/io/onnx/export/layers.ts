/** Layers by name as ONNX operators: convolutions, pools, normalisations, changes of size. */
import { codeOf } from "../schema.ts";
import { always, type Converter, type Converters, shapeOf } from "./converter.ts";
import { float, type GraphWriter } from "./graph-writer.ts";
import { type Dim, type Step, Varying } from "./merge.ts";
import { reduceBy } from "./primitives.ts";
import { reshapeTo } from "./views.ts";

interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
}

const dimsOf = (step: Step, index = 0): readonly Dim[] => step.results[index]?.dims ?? [];

const optional = (g: GraphWriter, ref: unknown): string[] => (ref === null ? [] : [g.use(ref)]);

const convolution: Converter = always((g, { args: [x, weight, bias, geometry] }) => {
  const { stride, dilation, padding, groups } = geometry as {
    readonly stride: readonly number[];
    readonly dilation: readonly number[];
    readonly padding: readonly (readonly number[])[];
    readonly groups: number;
  };
  return g.add("Conv", [g.use(x), g.use(weight), ...optional(g, bias)], {
    kernel_shape: g.fixedList(g.dimsOf(weight).slice(2), "the kernel size"),
    strides: g.fixedList(stride, "the stride"),
    pads: g.fixedList([...padding.map((p) => p[0]), ...padding.map((p) => p[1])], "padding"),
    dilations: g.fixedList(dilation, "the dilation"),
    group: groups,
  });
});

const transposedConvolution: Converter = always((g, { args: [x, weight, bias, geometry] }) => {
  const { stride, dilation, padding, outputPadding, groups } = geometry as {
    readonly stride: readonly number[];
    readonly dilation: readonly number[];
    readonly padding: readonly number[];
    readonly outputPadding: readonly number[];
    readonly groups: number;
  };
  // Cutting less off the end is the same as padding it, and not bound to be less than the stride.
  const less = outputPadding.map((p, i) => Math.min(p, padding[i] as number));
  return g.add("ConvTranspose", [g.use(x), g.use(weight), ...optional(g, bias)], {
    kernel_shape: g.fixedList(g.dimsOf(weight).slice(2), "the kernel size"),
    strides: stride,
    pads: g.fixedList([...padding, ...padding.map((p, i) => p - (less[i] as number))], "padding"),
    output_padding: g.fixedList(outputPadding, "outputPadding").map((p, i) => p - (less[i] as number)),
    dilations: dilation,
    group: groups,
  });
});

// Pools

/** Padding behind, as far as the windows reach, where sizes are fixed: no runtime's rule for ceil mode is needed. */
function padding(g: GraphWriter, w: Windows, input: readonly Dim[], output: readonly Dim[]): number[] | null {
  if (!w.ceilMode) return [...w.padding, ...w.padding];
  const behind = w.kernel.map((kernel, i) => {
    const [size, count] = [input[2 + i], output[2 + i]];
    if (size instanceof Varying || count instanceof Varying) return Number.NaN;
    const reach =
      ((count as number) - 1) * (w.stride[i] as number) + (w.dilation[i] as number) * (kernel - 1) + 1;
    return Math.max(reach - (size as number) - (w.padding[i] as number), 0);
  });
  return behind.some(Number.isNaN) ? null : [...g.fixedList(w.padding, "padding"), ...behind];
}

function maxPool(g: GraphWriter, x: unknown, w: Windows, output: readonly Dim[], count: 1 | 2): string[] {
  const pads = padding(g, w, g.dimsOf(x), output);
  const common = {
    kernel_shape: g.fixedList(w.kernel, "the kernel size"),
    strides: g.fixedList(w.stride, "the stride"),
    dilations: w.dilation,
  };
  // Runtimes want padding to be less than the kernel.
  const wide = pads?.some((p, i) => p >= (w.kernel[i % 2] as number)) === true;
  if (pads === null || (wide && count === 2))
    return g.addMany("MaxPool", [g.use(x)], count, {
      ...common,
      pads: [...w.padding, ...w.padding],
      ceil_mode: 1,
    });
  if (!wide) return g.addMany("MaxPool", [g.use(x)], count, { ...common, pads });
  const around = [0, 0, ...pads.slice(0, 2), 0, 0, ...pads.slice(2)];
  const least = g.number(Number.NEGATIVE_INFINITY, g.peek(x).dtype);
  return g.addMany("MaxPool", [g.add("Pad", [g.use(x), g.int64(around, "pads"), least])], count, common);
}

/** Positions in the whole tensor as those in a plane. */
function planePositions(g: GraphWriter, positions: string, input: readonly Dim[]): string {
  const [h, w] = input.slice(2) as [Dim, Dim];
  const size = (d: Dim): string => (d instanceof Varying ? g.size(d) : g.int64([d]));
  const area =
    h instanceof Varying || w instanceof Varying ? g.add("Mul", [size(h), size(w)]) : g.int64([h * w]);
  return g.add("Cast", [g.add("Mod", [positions, area])], { to: codeOf("int32") });
}

const maxPool2d: Converter = always((g, step, used) => {
  const [x, geometry] = step.args;
  if (used[1]) throw g.refuse("offsets within windows have no operator in ONNX");
  return [maxPool(g, x, geometry as Windows, dimsOf(step), 1)[0] as string, null];
});

const maxPoolIndices: Converter = always((g, step) => {
  const [, x, geometry] = step.args;
  const [, positions] = maxPool(g, x, geometry as Windows, dimsOf(step), 2);
  return planePositions(g, positions as string, g.dimsOf(x));
});

const avgPool2d: Converter = always((g, step) => {
  const [x, geometry, countIncludePad, divisor] = step.args as [unknown, Windows, boolean, number | null];
  const pads = padding(g, geometry, g.dimsOf(x), dimsOf(step));
  const kernel = g.fixedList(geometry.kernel, "the kernel size");
  const common = { kernel_shape: kernel, strides: g.fixedList(geometry.stride, "the stride") };
  if (divisor !== null) {
    if (pads === null) throw g.refuse("divisorOverride with ceilMode for images of any size");
    const around = [0, 0, ...pads.slice(0, 2), 0, 0, ...pads.slice(2)];
    const dtype = step.results[0]?.dtype ?? "float32";
    const name = around.some((p) => p > 0)
      ? g.add("Pad", [g.use(x), g.int64(around, "pads"), g.number(0, dtype)])
      : g.use(x);
    const factor = kernel.reduce((a, b) => a * b, 1) / divisor;
    return g.add("Mul", [g.add("AveragePool", [name], common), g.number(factor, dtype)]);
  }
  const ceil = geometry.ceilMode ? { ceil_mode: 1 } : {};
  return g.add("AveragePool", [g.use(x)], {
    ...common,
    pads: [...geometry.padding, ...geometry.padding],
    count_include_pad: countIncludePad ? 1 : 0,
    ...ceil,
  });
});

const divides = (x: unknown, out: unknown): boolean => {
  const [h, w] = shapeOf(x).slice(2) as [number, number];
  const [oh, ow] = out as [number, number];
  return (oh === 1 && ow === 1) || (h % oh === 0 && w % ow === 0);
};

function evenWindows(g: GraphWriter, x: unknown, out: readonly unknown[]): Windows {
  const kernel = g
    .dimsOf(x)
    .slice(2)
    .map((size, i) => {
      const count = g.fixed(out[i], "the output size");
      return g.fixed(size, "the window of an adaptive pool") / count;
    });
  return { kernel, stride: kernel, padding: [0, 0], dilation: [1, 1], ceilMode: false };
}

const isSingle = (out: unknown): boolean => (out as readonly unknown[]).every((size) => size === 1);

const adaptiveAvgPool2d: Converter = {
  takes: ([x, out]) => divides(x, out),
  write: (g, { args: [x, out] }) => {
    if (isSingle(out)) return g.add("GlobalAveragePool", [g.use(x)]);
    const { kernel, stride } = evenWindows(g, x, out as readonly unknown[]);
    return g.add("AveragePool", [g.use(x)], { kernel_shape: kernel, strides: stride });
  },
};

const adaptiveMaxPool2d: Converter = {
  takes: ([x, out]) => divides(x, out),
  write: (g, step, used) => {
    const [x, out] = step.args;
    if (isSingle(out) && !used[1]) return [g.add("GlobalMaxPool", [g.use(x)]), null];
    const windows = evenWindows(g, x, out as readonly unknown[]);
    const [values, positions] = maxPool(g, x, windows, dimsOf(step), used[1] ? 2 : 1);
    return [values as string, positions === undefined ? null : planePositions(g, positions, g.dimsOf(x))];
  },
};

// Normalisations

type FloatType = "float32" | "float64";

/** A vector of the channels, or ones or zeros where the layer has none. */
function vector(g: GraphWriter, ref: unknown, fallback: number, shape: readonly Dim[], step: Step): string {
  if (ref !== null) return g.use(ref);
  return g.filled(
    fallback,
    g.fixedList(shape, "the number of channels"),
    (step.results[0]?.dtype ?? "float32") as FloatType,
  );
}

const batchNormInference: Converter = always((g, step) => {
  const [x, mean, variance, weight, bias, eps] = step.args;
  const channels = g.dimsOf(x).slice(1, 2);
  const scale = vector(g, weight, 1, channels, step);
  const shift = vector(g, bias, 0, channels, step);
  const inputs = [g.use(x), scale, shift, g.use(mean), g.use(variance)];
  return g.add("BatchNormalization", inputs, { epsilon: float(eps as number) });
});

/** Statistics of the batch. The running ones are updated by whoever runs the graph, where it is told to. */
const batchNormTraining: Converter = always((g, step, used) => {
  const [x, weight, bias, eps] = step.args;
  const channels = g.dimsOf(x).slice(1, 2);
  const { path, module } = g.place;
  // A runtime may write the new statistics over the old ones, which therefore are no constants that others share.
  const running = (name: string, fallback: number): string => {
    const own = path === "" ? name : `${path}.${name}`;
    const count = g.fixed(channels[0], "the number of channels");
    return g.state(own) ?? g.ownConstant(new Float32Array(count).fill(fallback), [count], "float32", name);
  };
  const momentum: unknown = module === null ? undefined : Reflect.get(module, "momentum");
  const inputs = [
    g.use(x),
    vector(g, weight, 1, channels, step),
    vector(g, bias, 0, channels, step),
    running("running_mean", 0),
    running("running_var", 1),
  ];
  const [output] = g.addMany("BatchNormalization", inputs, 3, {
    epsilon: float(eps as number),
    momentum: float(1 - (typeof momentum === "number" ? momentum : 0.1)),
    training_mode: 1,
  });
  return [output as string, ...statistics(g, x, used, false)];
});

/**
 * Mean and unbiased variance of each channel, where something reads them: over everything, or means over samples.
 *
 * @param used of the output, the mean and the variance
 */
function statistics(
  g: GraphWriter,
  x: unknown,
  used: readonly boolean[],
  bySample: boolean,
): (string | null)[] {
  const dims = g.dimsOf(x);
  const axes = dims.flatMap((_, d) => (d === 1 || (d === 0 && bySample) ? [] : [d]));
  if (!used[1] && !used[2]) return [null, null];
  const name = g.use(x);
  const whole = (values: string): string => {
    const all = dims.flatMap((_, d) => (d === 1 ? [] : [d]));
    return reduceBy(g, "ReduceMean", values, all, false);
  };
  const mean = used[1] ? whole(name) : null;
  if (!used[2]) return [mean, null];
  const centred = g.add("Sub", [name, reduceBy(g, "ReduceMean", name, axes, true)]);
  const n = axes.reduce((count, d) => count * g.fixed(dims[d], "the number of elements of a variance"), 1);
  const variance = whole(g.add("Mul", [centred, centred]));
  return [mean, g.add("Mul", [variance, g.number(n / (n - 1), g.peek(x).dtype)])];
}

const instanceNorm: Converter = always((g, step, used) => {
  const [x, weight, bias, eps] = step.args;
  const channels = g.dimsOf(x).slice(1, 2);
  const inputs = [g.use(x), vector(g, weight, 1, channels, step), vector(g, bias, 0, channels, step)];
  return [
    g.add("InstanceNormalization", inputs, { epsilon: float(eps as number) }),
    ...statistics(g, x, used, true),
  ];
});

/** As PyTorch's exporter writes it, before operator set 21: groups as channels of an instance normalisation. */
const groupNorm: Converter = always((g, step) => {
  const [x, groups, weight, bias, eps] = step.args as [unknown, number, unknown, unknown, number];
  const dims = g.dimsOf(x);
  const channels = dims.slice(1, 2);
  const epsilon = float(eps);
  if (g.opset >= 21) {
    const inputs = [g.use(x), vector(g, weight, 1, channels, step), vector(g, bias, 0, channels, step)];
    return g.add("GroupNormalization", inputs, { num_groups: groups, epsilon });
  }
  const ones = vector(g, null, 1, [groups], step);
  const zeros = vector(g, null, 0, [groups], step);
  const grouped = g.add("Reshape", [g.use(x), g.int64([0, groups, -1], "shape")]);
  const normal = g.add("InstanceNormalization", [grouped, ones, zeros], { epsilon });
  const varying = dims.filter((d) => d instanceof Varying).length;
  const shape =
    varying > 1
      ? g.add("Shape", [g.use(x)])
      : g.int64(
          dims.map((d) => (d instanceof Varying ? -1 : d)),
          "shape",
        );
  let y = g.add("Reshape", [normal, shape]);
  const aligned = [...channels, ...dims.slice(2).map(() => 1)];
  if (weight !== null) y = g.add("Mul", [y, reshapeTo(g, g.use(weight), channels, aligned)]);
  if (bias !== null) y = g.add("Add", [y, reshapeTo(g, g.use(bias), channels, aligned)]);
  return y;
});

const layerNorm: Converter = always((g, step) => {
  const [x, shape, weight, bias, eps] = step.args as [unknown, readonly number[], unknown, unknown, number];
  const inputs = [g.use(x), vector(g, weight, 1, shape, step), ...optional(g, bias)];
  return g.add("LayerNormalization", inputs, { axis: -shape.length, epsilon: float(eps) });
});

/** Of an even number of channels, the operator takes the other one of the two outermost. */
const localResponseNorm: Converter = {
  takes: ([x, size]) => (size as number) % 2 === 1 && shapeOf(x).length === 4,
  write: (g, { args: [x, size, numbers] }) => {
    const { alpha, beta, k } = numbers as {
      readonly alpha: number;
      readonly beta: number;
      readonly k: number;
    };
    const attributes = { size: size as number, alpha: float(alpha), beta: float(beta), bias: float(k) };
    return g.add("LRN", [g.use(x)], attributes);
  },
};

// Sizes

const modes: Readonly<Record<string, "nearest" | "linear" | "cubic">> = {
  nearest: "nearest",
  "nearest-exact": "nearest",
  linear: "linear",
  bilinear: "linear",
  bicubic: "cubic",
};

const interpolate: Converter = always((g, step) => {
  const [x, out, scale, mode, alignCorners] = step.args as [
    unknown,
    Dim[],
    (number | null)[],
    string,
    boolean,
  ];
  const kind = modes[mode] as "nearest" | "linear" | "cubic";
  const place = mode === "nearest" ? "asymmetric" : alignCorners ? "align_corners" : "half_pixel";
  const attributes = {
    mode: kind,
    coordinate_transformation_mode: place,
    ...(kind === "nearest" ? { nearest_mode: mode === "nearest" ? "floor" : "round_prefer_ceil" } : {}),
    ...(kind === "cubic" ? { cubic_coeff_a: float(-0.75) } : {}),
  };
  // With corners aligned, operators count what a factor cuts off at the end, which this library does not.
  const whole = scale.every((s) => typeof s === "number" && Number.isInteger(1 / s));
  if (scale.every((s) => s !== null) && (whole || !alignCorners)) {
    const factors = Float32Array.from([1, 1, ...scale.map((s) => 1 / g.fixed(s, "the scale"))]);
    return g.add(
      "Resize",
      [g.use(x), "", g.constant(factors, [factors.length], "float32", "scales")],
      attributes,
    );
  }
  const sizes = g.shape([...g.dimsOf(x).slice(0, 2), ...out]);
  return g.add("Resize", [g.use(x), "", "", sizes], attributes);
});

const pixelShuffle: Converter = always((g, { args: [x, factor] }) =>
  g.add("DepthToSpace", [g.use(x)], { blocksize: factor as number, mode: "CRD" }),
);

const fold: Converter = {
  takes: (_args, _call, opset) => opset >= 18,
  write: (g, { args: [columns, plane, geometry] }) => {
    const { kernel, stride, padding: around, dilation } = geometry as Windows;
    const size = g.int64(g.fixedList(plane, "the output size"), "shape");
    const attributes = { strides: stride, pads: [...around, ...around], dilations: dilation };
    return g.add("Col2Im", [g.use(columns), size, g.int64(kernel, "shape")], attributes);
  },
};

/** Whole channels, or single elements: the operator draws for each element of what it is given. */
const dropout: Converter = always((g, step) => {
  const [x, p, drawn] = step.args as [unknown, number, readonly Dim[]];
  const dtype = (step.results[0]?.dtype ?? "float32") as FloatType;
  const inputs = (name: string): string[] => [
    name,
    g.number(p, dtype),
    g.constant(Uint8Array.of(1), [], "bool", "training"),
  ];
  const dims = g.dimsOf(x);
  if (p === 1) return g.add("Mul", [g.use(x), g.number(0, dtype)]);
  if (drawn.length === dims.length && drawn.every((d, i) => d !== 1 || dims[i] === 1))
    return g.add("Dropout", inputs(g.use(x)));
  const ones = g.add("Expand", [g.number(1, dtype), g.shape(drawn)]);
  return g.add("Mul", [g.use(x), g.add("Dropout", inputs(ones))]);
});

export const layers: Converters = {
  ...{
    convolution,
    transposedConvolution,
    maxPool2d,
    maxPoolIndices,
    avgPool2d,
    adaptiveAvgPool2d,
    adaptiveMaxPool2d,
  },
  ...{ batchNormInference, batchNormTraining, instanceNorm, groupNorm, layerNorm, localResponseNorm },
  ...{ interpolate, pixelShuffle, fold, dropout },
};
