/**
 * Convolution over one or two spatial axes as one contraction: padding first, then every output element sums over
 * input channels and kernel positions. Groups are a batch dimension of the contraction.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { binary, contraction, expand, pad, reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type AxisMap, windowCount } from "../../graph/operation.ts";

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
  const spatial = weight.shape.length - 2;
  checkShapes(x, weight, g, name);
  const before = [0, 0, ...g.padding.map((p) => p[0])];
  const after = [0, 0, ...g.padding.map((p) => p[1])];
  const padded = pad(x, before, after, 0);
  const kernel = weight.shape.slice(2);
  const out = kernel.map((k, i) =>
    windowCount(padded.shape[i + 2] as number, k, g.stride[i] as number, g.dilation[i] as number),
  );
  out.forEach((size, i) => {
    if (size < 1) {
      throw new ShapeError(
        `${name}: the kernel does not fit: size ${kernel[i]} with dilation ${g.dilation[i]} over ` +
          `${padded.shape[i + 2]} elements of spatial axis ${i} (input shape ${formatShape(x.shape)}); use a smaller ` +
          "kernel or more padding",
        { input: x.shape, weight: weight.shape },
      );
    }
  });
  const y = g.groups === 1 ? plain(padded, weight, g, out, kernel) : grouped(padded, weight, g, out, kernel);
  if (bias === null) return y;
  const shape = [1, bias.shape[0] as number, ...new Array<number>(spatial).fill(1)];
  return binary("add", y, expand(reshape(bias, shape), y.shape));
}

function slides(g: ConvolutionGeometry, first: number, offsets: number): AxisMap[] {
  return g.stride.map((s, i) => ({ dims: [first + i, offsets + i], strides: [s, g.dilation[i] as number] }));
}

/** Loop dimensions: n, o, *out; summed c, *kernel. */
function plain(
  x: Node,
  weight: Node,
  g: ConvolutionGeometry,
  out: number[],
  kernel: readonly number[],
): Node {
  const [n, c] = x.shape as [number, number];
  const o = weight.shape[0] as number;
  const spatial = out.length;
  const channel = 2 + spatial;
  const spec = {
    sizes: [n, o, ...out, c, ...kernel],
    outputs: 2 + spatial,
    a: [axis(0), axis(channel), ...slides(g, 2, channel + 1)],
    b: [axis(1), axis(channel), ...kernel.map((_, i) => axis(channel + 1 + i))],
  };
  return contraction(spec, x, weight);
}

/** Loop dimensions: n, group, o within the group, *out; summed c within the group, *kernel. */
function grouped(
  x: Node,
  weight: Node,
  g: ConvolutionGeometry,
  out: number[],
  kernel: readonly number[],
): Node {
  const [n, c] = x.shape as [number, number];
  const { groups } = g;
  const o = (weight.shape[0] as number) / groups;
  const cg = c / groups;
  const spatial = out.length;
  const channel = 3 + spatial;
  const spec = {
    sizes: [n, groups, o, ...out, cg, ...kernel],
    outputs: 3 + spatial,
    a: [axis(0), axis(1), axis(channel), ...slides(g, 3, channel + 1)],
    b: [axis(1), axis(2), axis(channel), ...kernel.map((_, i) => axis(channel + 1 + i))],
  };
  const xg = reshape(x, [n, groups, cg, ...x.shape.slice(2)]);
  const wg = reshape(weight, [groups, o, cg, ...kernel]);
  return reshape(contraction(spec, xg, wg), [n, groups * o, ...out]);
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
