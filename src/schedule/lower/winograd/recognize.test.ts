import { describe, expect, test } from "vitest";
import { backward } from "../../../autograd/backward.ts";
import type { DType } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import * as g from "../../../graph/build.ts";
import { expandCalls } from "../../../graph/expand.ts";
import type { Node } from "../../../graph/node.ts";
import { walkGraph } from "../../../graph/signature.ts";
import type { Program } from "../../../kernel/program.ts";
import { verifyProgram } from "../../../kernel/verify.ts";
import * as ops from "../../../ops/index.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import { schedule } from "../../schedule.ts";

/** What a program is scheduled for, beside its graph. */
interface Conditions {
  readonly lanes?: number;
  readonly strict?: boolean;
  readonly prepares?: boolean;
}

function programOf(roots: readonly Node[], conditions: Conditions = {}): Program {
  const { lanes = 4, strict = false, prepares = false } = conditions;
  const { graph, of } = expandCalls(walkGraph(roots), roots);
  const { program } = schedule({
    ...graph,
    wanted: roots.map((node) => ({ node: of(node), leaf: null })),
    target: { lanes, registers: lanes === 16 ? 32 : 16, fma: false, prefetch: false },
    ...{ strict, prepares },
  });
  verifyProgram(program);
  return program;
}

/** The kernels of contractions, sorted by name. */
function contractionsOf(roots: readonly Node[], conditions?: Conditions): string[] {
  const { stages, kernels } = programOf(roots, conditions);
  const names = stages.flatMap(({ calls }) => calls.map((call) => kernels[call.kernel]?.name ?? "?"));
  return names.filter((name) => /^(winograd|contraction)/.test(name)).sort();
}

function source(shape: readonly number[], dtype: DType = "float32"): Node {
  const data = dtype === "float64" ? new Float64Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
  return g.hostSource(data, shape, dtype);
}

/** A leaf that gradients flow to. */
const wanting = (node: Node): Node => new Tensor(node).requiresGrad_().node;

interface Sizes {
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  /** Of the input. */
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
  readonly dtype: DType;
  /** How an input without padding lies in memory; one with padding is copied into the order that suits. */
  readonly channelsLast: boolean;
}

const usual: Sizes = {
  batch: 8,
  channels: 64,
  filters: 96,
  height: 16,
  width: 16,
  kernel: [3, 3],
  padding: [1, 1],
  stride: 1,
  dilation: 1,
  groups: 1,
  dtype: "float32",
  channelsLast: false,
};

const inputOf = ({ batch, channels, height, width, dtype, channelsLast }: Sizes): Node =>
  channelsLast
    ? g.permute(source([batch, height, width, channels], dtype), [0, 3, 1, 2])
    : source([batch, channels, height, width], dtype);
const weightOf = ({ filters, channels, groups, kernel, dtype }: Sizes): Node =>
  source([filters, channels / groups, ...kernel], dtype);

function convolved(x: Node, weight: Node, { stride, dilation, padding, groups }: Sizes): Node {
  const geometry = {
    stride: [stride, stride],
    dilation: [dilation, dilation],
    padding: padding.map((p) => [p, p] as const),
    groups,
  };
  return ops.convolution(x, weight, null, geometry, "conv2d");
}

/** The kernels of a convolution in a network, where the result is read by what comes next. */
function forward(change: Partial<Sizes>, conditions?: Conditions): string[] {
  const sizes = { ...usual, ...change };
  const y = convolved(inputOf(sizes), weightOf(sizes), sizes);
  return contractionsOf([ops.sum(ops.relu(y))], conditions);
}

/** The kernels of a convolution and one of its gradients. */
function gradient(of: "input" | "weight", change: Partial<Sizes>, conditions?: Conditions): string[] {
  const sizes = { ...usual, ...change };
  const [x, w] = [inputOf(sizes), weightOf(sizes)];
  const leaf = wanting(of === "input" ? x : w);
  const y = of === "input" ? convolved(leaf, w, sizes) : convolved(x, leaf, sizes);
  const loss = ops.sum(ops.mul(y, y));
  const options = { retainGraph: false, createGraph: false };
  const seed = g.constant(1, [], sizes.dtype);
  const found = backward([{ node: loss, seed }], (n) => n === leaf, options);
  return contractionsOf([found.get(leaf) as Node], conditions);
}

describe("weights that are mapped when they change", () => {
  /** A convolution whose weights are stored, as in an inference. */
  const stored = (sizes: Sizes): Node => {
    const shape = [sizes.filters, sizes.channels, 3, 3];
    const storage = { device: {}, dtype: "float32", size: sizeOf(shape), address: 64, version: 1 } as const;
    return ops.sum(ops.relu(convolved(inputOf(sizes), g.storageSource(storage, shape), sizes)));
  };

  test("cost nothing: few pixels are enough", () => {
    const sizes = { ...usual, batch: 1, channels: 32, filters: 32 };
    expect(contractionsOf([stored(sizes)], { lanes: 16, prepares: true })).toEqual(["winograd"]);
    expect(contractionsOf([stored(sizes)], { lanes: 16 })).toEqual(["contraction"]);
    expect(forward(sizes, { lanes: 16, prepares: true })).toEqual(["contraction"]);
  });

  test("are read by several chunks, each with filters of its own, where tiles are as few as four", () => {
    const sizes = { ...usual, batch: 1, channels: 64, filters: 128, height: 7, width: 7 };
    for (const lanes of [4, 8, 16]) {
      const { kernels } = programOf([stored(sizes)], { lanes, prepares: true });
      expect(kernels.filter((k) => k.name === "winograd").map((k) => k.chunks)).toEqual([4]);
    }
  });

  test("are not worth it where they come from memory at each run", () => {
    const sizes = { ...usual, batch: 1, channels: 512, filters: 512, height: 7, width: 7 };
    expect(usesWinograd(contractionsOf([stored(sizes)], { lanes: 16, prepares: true }))).toBe(false);
  });
});

const convolution = ["winograd", "winograd_weights"];
const weightGradient = ["winograd_part", "winograd_sum"];
const usesWinograd = (names: readonly string[]): boolean => names.some((name) => name.startsWith("winograd"));

const recognized: readonly (readonly [string, Partial<Sizes>])[] = [
  ["of usual sizes", {}],
  ["of one image", { batch: 1, height: 32, width: 32 }],
  ["of images whose sides are no multiple of 4", { height: 13, width: 10 }],
  ["without padding", { padding: [0, 0], height: 15, channelsLast: true }],
  ["of channels that fill no vector", { channels: 70, filters: 90 }],
  ["of more channels than filters", { channels: 120, filters: 60 }],
  ["of images of 4 x 4 pixels", { height: 4, width: 4, batch: 64 }],
];

const others: readonly (readonly [string, Partial<Sizes>])[] = [
  ["of dilation 2", { dilation: 2, padding: [2, 2] }],
  ["of a 5 x 5 kernel", { kernel: [5, 5], padding: [2, 2] }],
  ["of a 1 x 3 kernel", { kernel: [1, 3], padding: [0, 1] }],
  ["of a kernel that is 3 high and 8 wide over 3 results", { kernel: [3, 8], padding: [1, 0], width: 10 }],
  ["in groups", { groups: 2 }],
  ["of each channel by itself", { filters: 64, groups: 64 }],
  ["of few channels", { channels: 4 }],
  ["of few filters", { filters: 4 }],
  ["of results less than 4 high", { height: 3, width: 64 }],
  ["of results less than 4 wide", { height: 64, width: 3 }],
  ["in float64", { dtype: "float64" }],
];

describe.each([4, 8, 16])("for vectors of %i lanes, Winograd's algorithm", (lanes) => {
  test.each(recognized)("computes convolutions %s, and both gradients", (_, change) => {
    expect(forward(change, { lanes })).toEqual(convolution);
    expect(gradient("input", change, { lanes })).toEqual([...convolution, ...convolution].sort());
    expect(gradient("weight", change, { lanes })).toEqual([...convolution, ...weightGradient].sort());
  });

  // Of so many images that the amount of work is no reason against it.
  test.each(others)("computes no convolutions %s, nor their gradients", (_, change) => {
    const large = { ...change, batch: 64 };
    const names = [
      forward(large, { lanes }),
      gradient("input", large, { lanes }),
      gradient("weight", large, { lanes }),
    ];
    expect(names.filter(usesWinograd)).toEqual([]);
  });
});

describe("Winograd's algorithm is not used", () => {
  test("by a strict engine", () => {
    for (const of of ["input", "weight"] as const) {
      expect(usesWinograd(gradient(of, {}))).toBe(true);
      expect(usesWinograd(gradient(of, {}, { strict: true }))).toBe(false);
    }
  });

  test("for stride 2, whose input gradient is four convolutions of at most 2 x 2", () => {
    const wide = { stride: 2, height: 32, width: 32 };
    expect(usesWinograd(forward(wide))).toBe(false);
    expect(usesWinograd(gradient("weight", wide))).toBe(false);
    expect(usesWinograd(gradient("input", wide))).toBe(false);
  });

  test("where it saves too little: for one small image, or tiles that half overlap", () => {
    const small = { channels: 8, filters: 8, height: 8, width: 8, batch: 512 };
    expect(usesWinograd(forward(small))).toBe(true);
    expect(usesWinograd(forward({ ...small, batch: 1 }))).toBe(false);
    expect(usesWinograd(forward({ ...small, height: 5, width: 5 }))).toBe(false);
  });

  test("where channels do not lie side by side", () => {
    const open: Partial<Sizes> = { padding: [0, 0] };
    expect(forward({ ...open, channelsLast: true })).toEqual(convolution);
    expect(usesWinograd(forward({ ...open, channelsLast: false }))).toBe(false);
  });
});
