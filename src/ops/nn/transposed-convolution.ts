/**
 * Transposed convolution: the gradient of a convolution with respect to its input, as an operation of its own. Like
 * that gradient it is one contraction, and its own gradients are a convolution and a weight gradient.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import { contraction, pad, withGradient } from "../../graph/build.ts";
import { type Node, withGradMode } from "../../graph/node.ts";
import type { ContractionSpec } from "../../graph/operation.ts";
import { composite } from "../../graph/template.ts";
import { operandGradient } from "../matrix/contraction-gradient.ts";
import {
  addBias,
  type ConvolutionGeometry,
  convolutionLoops,
  joinGroups,
  splitGroups,
} from "./convolution.ts";

export interface TransposedGeometry extends Omit<ConvolutionGeometry, "padding"> {
  /** What the convolution would pad on both sides of each spatial axis, and is cut off here. */
  readonly padding: readonly number[];
  /** What is added at the end of each spatial axis: sizes that the convolution would round away. */
  readonly outputPadding: readonly number[];
}

/**
 * Shapes: input (N, C, *spatial), weight (C, O / groups, *kernel), bias (O) -> (N, O, *out) with
 * out = (in - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1. @throws ShapeError.
 */
export function transposedConvolution(
  x: Node,
  weight: Node,
  bias: Node | null,
  g: TransposedGeometry,
  name: string,
): Node {
  return whole([x, weight, bias], g, name)[0];
}

type Operands = readonly [x: Node, weight: Node, bias: Node | null];

const whole = composite(
  "transposedConvolution",
  ([x, weight, bias]: Operands, g: TransposedGeometry, name: string): [Node] => {
    checkShapes(x, weight, g, name);
    const [batch, , ...spatial] = x.shape as [number, number, ...number[]];
    const out = transposedSizes(spatial, weight.shape.slice(2), g);
    if (out.some((size) => size < 1)) {
      throw new ShapeError(
        `${name}: nothing is left of the output, whose size would be ${formatShape(out)} (input shape ` +
          `${formatShape(x.shape)}); use less padding`,
        { input: x.shape, output: out },
      );
    }
    const { groups } = g;
    const loops = convolutionLoops(weight.shape, batch, spatial, g);
    const filters = splitGroups(weight, 0, groups);
    const features = splitGroups(x, 1, groups);
    const shape = [batch, (weight.shape[1] as number) * groups, ...out];
    const y = withGradMode(false, () => spreadOver(features, filters, shape, loops, g));
    const output = withGradient(y, [x, weight], (gradient) => {
      const around = [0, 0, ...g.padding];
      const padded = splitGroups(pad(gradient, around, around, 0), 1, groups);
      const forX = (): Node => joinGroups(contraction(loops, padded, filters), 1, groups);
      const forWeight = (): Node =>
        joinGroups(operandGradient(loops, "b", filters.shape, padded, features), 0, groups);
      return [x.requiresGrad ? forX() : null, weight.requiresGrad ? forWeight() : null];
    });
    return [addBias(output, bias)];
  },
);

/** Sizes of the output's spatial axes. */
export function transposedSizes(spatial: Shape, kernel: Shape, g: TransposedGeometry): number[] {
  return spatial.map((size, i) => {
    const [p, d] = [g.padding[i] as number, g.dilation[i] as number];
    const reach = d * ((kernel[i] as number) - 1) + 1;
    return (size - 1) * (g.stride[i] as number) - 2 * p + reach + (g.outputPadding[i] as number);
  });
}

/** The gradient of a convolution's padded input, where `features` is that of its output, without the padding. */
function spreadOver(
  features: Node,
  filters: Node,
  shape: Shape,
  loops: ContractionSpec,
  g: TransposedGeometry,
): Node {
  const [batch, channels, ...out] = shape as [number, number, ...number[]];
  const outer = g.groups === 1 ? [batch, channels] : [batch, g.groups, channels / g.groups];
  const padded = out.map((size, i) => size + 2 * (g.padding[i] as number));
  const kept = { start: [...outer.map(() => 0), ...g.padding], size: [...outer, ...out] };
  const y = operandGradient(loops, "a", [...outer, ...padded], filters, features, kept);
  return joinGroups(y, 1, g.groups);
}

function checkShapes(x: Node, weight: Node, g: TransposedGeometry, name: string): void {
  const spatial = weight.shape.length - 2;
  const layout = spatial === 1 ? "N, C, L" : "N, C, H, W";
  if (x.shape.length !== spatial + 2) {
    throw new ShapeError(
      `${name}: input has ${x.shape.length} dimensions (shape ${formatShape(x.shape)}), expected ${spatial + 2}: ${layout}`,
      { input: x.shape },
    );
  }
  const [channels, expected] = [x.shape[1] as number, weight.shape[0] as number];
  if (channels !== expected) {
    throw new ShapeError(
      `${name}: input has ${channels} channel${channels === 1 ? "" : "s"}, expected ${expected} (input shape ` +
        `${formatShape(x.shape)} is ${layout}; weight shape ${formatShape(weight.shape)})`,
      { input: x.shape, weight: weight.shape },
    );
  }
  if (channels % g.groups !== 0) {
    throw new ShapeError(`${name}: ${channels} input channels cannot be divided into ${g.groups} groups`, {
      input: x.shape,
      groups: g.groups,
    });
  }
}
