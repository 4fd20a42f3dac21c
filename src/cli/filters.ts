/**
 * The weights of a layer as pictures: those that belong to a place of its input.
 */
import { Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, Linear, type Module } from "../nn/index.ts";
import { type Filters, toPlanes } from "../studio/index.ts";

/** Sizes of planes, output by output. */
interface Layout {
  readonly outputs: number;
  readonly inputs: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Filters of a convolution, and of a linear layer that sees the pixels of an image.
 *
 * @param image Shape of an image where the layer is the first one that has weights; null of other layers.
 * @returns Null of a layer without filters.
 */
export async function filtersOf(module: Module, image: readonly number[] | null): Promise<Filters | null> {
  const found = layoutOf(module, image);
  if (found === null) return null;
  const data = await found.weight.data();
  const { outputs, inputs, height, width } = found.layout;
  const numbers = found.isTransposed
    ? outputsFirst(data, found.layout, found.weight.shape[0] as number)
    : data;
  return { ...toPlanes(numbers, { count: outputs * inputs, height, width }), inputs };
}

function layoutOf(
  module: Module,
  image: readonly number[] | null,
): { weight: Conv2d["weight"]; layout: Layout; isTransposed: boolean } | null {
  if (module instanceof Conv2d || module instanceof Conv1d) {
    const [outputs = 1, inputs = 1, ...size] = module.weight.shape;
    return { weight: module.weight, layout: { outputs, inputs, ...planeOf(size) }, isTransposed: false };
  }
  if (module instanceof ConvTranspose2d || module instanceof ConvTranspose1d) {
    const [all = 1, perGroup = 1, ...size] = module.weight.shape;
    const { groups } = module;
    const layout = { outputs: perGroup * groups, inputs: all / groups, ...planeOf(size) };
    return { weight: module.weight, layout, isTransposed: true };
  }
  if (!(module instanceof Linear) || image?.length !== 3) return null;
  const [channels, height, width] = image as [number, number, number];
  const [outputs = 1, inputs] = module.weight.shape;
  if (inputs !== channels * height * width) return null;
  return { weight: module.weight, layout: { outputs, inputs: channels, height, width }, isTransposed: false };
}

/** A filter along a line is one row. */
const planeOf = (size: readonly number[]): { height: number; width: number } =>
  size.length === 1
    ? { height: 1, width: size[0] as number }
    : { height: size[0] as number, width: size[1] as number };

/** Transposed convolutions have their inputs first, and in each group outputs of its own. */
function outputsFirst(
  data: ArrayLike<number>,
  { outputs, inputs, height, width }: Layout,
  all: number,
): Float32Array {
  const area = height * width;
  const perGroup = (outputs * inputs) / all;
  const turned = new Float32Array(outputs * inputs * area);
  for (let output = 0; output < outputs; output++) {
    const group = Math.floor(output / perGroup);
    for (let input = 0; input < inputs; input++) {
      const from = ((group * inputs + input) * perGroup + (output % perGroup)) * area;
      for (let i = 0; i < area; i++) turned[(output * inputs + input) * area + i] = data[from + i] as number;
    }
  }
  return turned;
}
