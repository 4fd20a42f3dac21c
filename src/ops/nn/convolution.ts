/**
 * Convolution over one or two spatial axes as one contraction: padding first, then every output element sums over
 * input channels and kernel positions. Groups are a batch dimension of the contraction.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import { binary, contraction, expand, pad, reshape, withGradient } from "../../graph/build.ts";
import { type Node, withGradMode } from "../../graph/node.ts";
import { type AxisMap, type ContractionSpec, windowCount } from "../../graph/operation.ts";
import { composite } from "../../graph/template.ts";
import { operandGradient } from "../matrix/contraction-gradient.ts";

export interface ConvolutionGeometry {
  /** Per spatial axis. */
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Zeros before and after each spatial axis. */
  readonly padding: readonly (readonly [number, number])[];
  readonly groups: number;
}

const axis = (dim: number): AxisMap => ({ dims: [dim], strides: [1] });

/**
 * Shapes: input (N, C, *spatial), weight (O, C / groups, *kernel), bias (O) -> (N, O, *out) with
 * out = floor((in + padding - dilation * (kernel - 1) - 1) / stride) + 1. @throws ShapeError.
 */
export function convolution(
  x: Node,
  weight: Node,
  bias: Node | null,
  g: ConvolutionGeometry,
  name: string,
): Node {
  return whole([x, weight, bias], g, name)[0];
}

type Operands = readonly [x: Node, weight: Node, bias: Node | null];

const whole = composite(
  "convolution",
  ([x, weight, bias]: Operands, g: ConvolutionGeometry, name: string): [Node] => {
    checkShapes(x, weight, g, name);
    const { groups } = g;
    const kernel = weight.shape.slice(2);
    const before = g.padding.map((p) => p[0]);
    const after = g.padding.map((p) => p[1]);
    const around = (value: Node): Node => {
      const others = value.shape.slice(kernel.length).map(() => 0);
      return pad(value, [...others, ...before], [...others, ...after], 0);
    };
    // With a group for each channel, the padded value has the axes that the contraction reads.
    const apart = x.shape[1] === groups;
    const padded = apart ? around(splitGroups(x, 1, groups)) : around(x);
    const first = padded.shape.length - kernel.length;
    const out = kernel.map((k, i) =>
      windowCount(padded.shape[first + i] as number, k, g.stride[i] as number, g.dilation[i] as number),
    );
    out.forEach((size, i) => {
      if (size < 1) {
        throw new ShapeError(
          `${name}: the kernel does not fit: size ${kernel[i]} with dilation ${g.dilation[i]} over ` +
            `${padded.shape[first + i]} elements of spatial axis ${i} (input shape ${formatShape(x.shape)}); use a smaller ` +
            "kernel or more padding",
          { input: x.shape, weight: weight.shape },
        );
      }
    });
    const loops = convolutionLoops(weight.shape, x.shape[0] as number, out, g);
    const inputs = apart ? padded : splitGroups(padded, 1, groups);
    const filters = splitGroups(weight, 0, groups);
    const y = withGradMode(false, () => joinGroups(contraction(loops, inputs, filters), 1, groups));
    const output = withGradient(y, [x, weight], (gradient) => {
      const features = splitGroups(gradient, 1, groups);
      // Nobody asks for the gradient of the padding.
      const channels = splitGroups(x, 1, groups).shape;
      const kept = {
        start: [...channels.slice(0, -kernel.length).map(() => 0), ...before],
        size: channels,
      };
      const forX = (): Node =>
        joinGroups(operandGradient(loops, "a", inputs.shape, filters, features, kept), 1, groups);
      const forWeight = (): Node =>
        joinGroups(operandGradient(loops, "b", filters.shape, inputs, features), 0, groups);
      return [x.requiresGrad ? forX() : null, weight.requiresGrad ? forWeight() : null];
    });
    return [addBias(output, bias)];
  },
);

/** y + bias along axis 1. */
export function addBias(y: Node, bias: Node | null): Node {
  if (bias === null) return y;
  const line = y.shape.map((s, d) => (d === 1 ? s : 1));
  return binary("add", y, expand(reshape(bias, line), y.shape));
}

/** Axis `at`, of channels, as (group, channel in the group); unchanged where there is one group only. */
export function splitGroups(x: Node, at: number, groups: number): Node {
  if (groups === 1) return x;
  const { shape } = x;
  return reshape(x, [...shape.slice(0, at), groups, (shape[at] as number) / groups, ...shape.slice(at + 1)]);
}

/** Undoes `splitGroups`. */
export function joinGroups(x: Node, at: number, groups: number): Node {
  if (groups === 1) return x;
  const { shape } = x;
  return reshape(x, [...shape.slice(0, at), groups * (shape[at + 1] as number), ...shape.slice(at + 2)]);
}

/**
 * The contraction of padded input (N, C, *) and weight, both with their groups split, to (N, O, *out). Loop dimensions:
 * n, group if there are several, o within the group, *out; summed c within the group, *kernel. `weight` is the shape
 * (O, C / groups, *kernel).
 */
export function convolutionLoops(
  weight: Shape,
  batch: number,
  out: readonly number[],
  g: Pick<ConvolutionGeometry, "stride" | "dilation" | "groups">,
): ContractionSpec {
  const { groups } = g;
  const [filters, channels, ...kernel] = weight as [number, number, ...number[]];
  const group = groups === 1 ? [] : [1];
  const o = 1 + group.length;
  const first = o + 1;
  const channel = first + out.length;
  const slides = g.stride.map((s, i) => ({
    dims: [first + i, channel + 1 + i],
    strides: [s, g.dilation[i] as number],
  }));
  return {
    sizes: [batch, ...group.map(() => groups), filters / groups, ...out, channels, ...kernel],
    outputs: channel,
    a: [axis(0), ...group.map(axis), axis(channel), ...slides],
    b: [...group.map(axis), axis(o), axis(channel), ...kernel.map((_, i) => axis(channel + 1 + i))],
  };
}

function checkShapes(x: Node, weight: Node, g: ConvolutionGeometry, name: string): void {
  const spatial = weight.shape.length - 2;
  const layout = spatial === 1 ? "N, C, L" : "N, C, H, W";
  if (x.shape.length !== spatial + 2) {
    throw new ShapeError(
      `${name}: input has ${x.shape.length} dimensions (shape ${formatShape(x.shape)}), expected ${spatial + 2}: ${layout}`,
      { input: x.shape },
    );
  }
  const channels = x.shape[1] as number;
  const expected = (weight.shape[1] as number) * g.groups;
  if (channels !== expected) {
    throw new ShapeError(
      `${name}: input has ${channels} channel${channels === 1 ? "" : "s"}, expected ${expected} (input shape ` +
        `${formatShape(x.shape)} is ${layout}; weight shape ${formatShape(weight.shape)}${g.groups > 1 ? `, ${g.groups} groups` : ""})`,
      { input: x.shape, weight: weight.shape, groups: g.groups },
    );
  }
  if ((weight.shape[0] as number) % g.groups !== 0) {
    throw new ShapeError(
      `${name}: ${weight.shape[0]} output channels cannot be divided into ${g.groups} groups`,
      {
        weight: weight.shape,
        groups: g.groups,
      },
    );
  }
}
