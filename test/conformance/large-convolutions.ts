/**
 * Convolutions large enough for Winograd's algorithm, with both gradients: on an engine, and in float64 as the definition
 * says.
 */
import { expect } from "vitest";
import { backward } from "../../src/autograd/backward.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { permute } from "../../src/graph/build.ts";
import type { Node } from "../../src/graph/node.ts";
import { fromOwned, type Tensor } from "../../src/index.ts";
import { convolution } from "../../src/ops/index.ts";

/** Of a convolution of stride 1 with a 3 x 3 kernel; `height` and `width` are those of the input. */
export interface Sizes {
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  readonly height: number;
  readonly width: number;
  readonly padding: number;
}

/** What goes in; images and gradients as N, H, W, C. */
export interface Operands {
  readonly sizes: Sizes;
  readonly x: Float32Array<ArrayBuffer>;
  readonly weight: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
  /** Gradient of the result. */
  readonly gradient: Float32Array<ArrayBuffer>;
}

type Numbers = Float32Array | Float64Array;

/** What comes out, in the same order. */
export interface Results {
  readonly result: Numbers;
  readonly inputGradient: Numbers;
  readonly weightGradient: Numbers;
  readonly biasGradient: Numbers;
}

const inputShape = ({ batch, height, width, channels }: Sizes): number[] => [batch, height, width, channels];
const weightShape = ({ filters, channels }: Sizes): number[] => [filters, channels, 3, 3];
function resultShape({ batch, height, width, filters, padding }: Sizes): number[] {
  return [batch, height + 2 * padding - 2, width + 2 * padding - 2, filters];
}

/** Numbers of mean 0 and variance 1, the same for the same sizes. */
export function operandsOf(sizes: Sizes): Operands {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * Math.sqrt(12);
  };
  const random = (shape: readonly number[]): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: sizeOf(shape) }, next);
  return {
    sizes,
    x: random(inputShape(sizes)),
    weight: random(weightShape(sizes)),
    bias: random([sizes.filters]),
    gradient: random(resultShape(sizes)),
  };
}

/** As nodes, not tensors: what user code makes on the way would be a result too, in an order of its own. */
function convolved({ padding }: Sizes, x: Tensor, weight: Tensor, bias: Tensor): Node {
  const pad = [padding, padding] as const;
  const geometry = { stride: [1, 1], dilation: [1, 1], padding: [pad, pad], groups: 1 };
  const input = permute(x.node, [0, 3, 1, 2]);
  return permute(convolution(input, weight.node, bias.node, geometry, "conv2d"), [0, 2, 3, 1]);
}

/** Computes everything in one program. */
export async function evaluate(engine: Engine, operands: Operands): Promise<Results> {
  useEngine(engine);
  const { sizes } = operands;
  const leaf = (data: Float32Array<ArrayBuffer>, shape: number[]): Tensor =>
    fromOwned(data.slice(), shape).requiresGrad_();
  const x = leaf(operands.x, inputShape(sizes));
  const weight = leaf(operands.weight, weightShape(sizes));
  const bias = leaf(operands.bias, [sizes.filters]);
  const result = convolved(sizes, x, weight, bias);
  const seed = fromOwned(operands.gradient.slice(), resultShape(sizes)).node;
  const options = { retainGraph: false, createGraph: false };
  const found = backward([{ node: result, seed }], (n) => n.leaf !== null, options);
  const nodes = [result, ...[x, weight, bias].map((t) => found.get(t.node) ?? t.node)];
  await engine.flush(nodes);
  const data = await Promise.all(nodes.map((n) => engine.read(n)));
  const [computed, inputGradient, weightGradient, biasGradient] = data as [
    Numbers,
    Numbers,
    Numbers,
    Numbers,
  ];
  return { result: computed, inputGradient, weightGradient, biasGradient };
}

/** The result alone, with the weights in storage: they are mapped in a program of their own, once. */
export async function infer(engine: Engine, operands: Operands): Promise<Numbers> {
  useEngine(engine);
  const { sizes } = operands;
  const x = fromOwned(operands.x.slice(), inputShape(sizes));
  const weight = fromOwned(operands.weight.slice(), weightShape(sizes)).persist();
  const bias = fromOwned(operands.bias.slice(), [sizes.filters]).persist();
  await engine.flush();
  const result = convolved(sizes, x, weight, bias);
  await engine.flush([result]);
  return (await engine.read(result)) as Numbers;
}

/** The same by the definition, in float64. */
export function truthOf({ sizes, x, weight, bias, gradient }: Operands): Results {
  const { channels, filters, height, width, padding } = sizes;
  const [batch, down, across] = resultShape(sizes) as [number, number, number];
  const result = Float64Array.from({ length: gradient.length }, (_, i) => bias[i % filters] as number);
  const inputGradient = new Float64Array(x.length);
  const weightGradient = new Float64Array(weight.length);
  const biasGradient = new Float64Array(filters);
  gradient.forEach((g, i) => {
    biasGradient[i % filters] = (biasGradient[i % filters] as number) + g;
  });
  /** All channels and filters of one pixel of the input, one of the result and one element of the kernel. */
  const visit = (from: number, to: number, element: number): void => {
    for (let f = 0; f < filters; f++) {
      const g = gradient[to + f] as number;
      let sum = 0;
      for (let c = 0; c < channels; c++) {
        const w = (f * channels + c) * 9 + element;
        sum += (x[from + c] as number) * (weight[w] as number);
        inputGradient[from + c] = (inputGradient[from + c] as number) + g * (weight[w] as number);
        weightGradient[w] = (weightGradient[w] as number) + g * (x[from + c] as number);
      }
      result[to + f] = (result[to + f] as number) + sum;
    }
  };
  for (let pixel = 0; pixel < batch * down * across; pixel++) {
    const column = pixel % across;
    const row = Math.floor(pixel / across) % down;
    const image = Math.floor(pixel / (across * down));
    for (let element = 0; element < 9; element++) {
      const y = row + Math.floor(element / 3) - padding;
      const z = column + (element % 3) - padding;
      if (y < 0 || y >= height || z < 0 || z >= width) continue;
      visit(((image * height + y) * width + z) * channels, pixel * filters, element);
    }
  }
  return { result, inputGradient, weightGradient, biasGradient };
}

/** Root of the mean square of the differences, and the largest, both relative to that root of the truth. */
export function errorOf(got: ArrayLike<number>, truth: ArrayLike<number>): { rms: number; most: number } {
  expect(got.length).toBe(truth.length);
  let [squares, size, most] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    const error = Math.abs((got[i] as number) - (truth[i] as number));
    squares += error ** 2;
    size += (truth[i] as number) ** 2;
    most = Math.max(most, error);
  }
  return { rms: Math.sqrt(squares / size), most: most / Math.sqrt(size / truth.length) };
}
