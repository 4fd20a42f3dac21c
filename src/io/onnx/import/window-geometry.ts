/** Where windows of convolutions and pools lie: padding that is given or follows from `auto_pad`. */
import type { Operator } from "./operator.ts";

export interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** @param spatial sizes of the input's spatial axes */
export function geometryOf(op: Operator, kernel: readonly number[], spatial: readonly number[]): Geometry {
  const ones = kernel.map(() => 1);
  const strides = listOf(op, "strides", ones);
  const dilations = listOf(op, "dilations", ones);
  const pads = op.ints("pads") ?? [...kernel, ...kernel].map(() => 0);
  if (pads.length !== 2 * kernel.length)
    throw op.refuse(`${pads.length} paddings for ${kernel.length} spatial axes`);
  const auto = op.text("auto_pad", "NOTSET");
  const common = { kernel, strides, dilations };
  if (auto === "NOTSET" || auto === "") {
    return { ...common, before: pads.slice(0, kernel.length), after: pads.slice(kernel.length) };
  }
  if (auto === "VALID") return { ...common, before: kernel.map(() => 0), after: kernel.map(() => 0) };
  if (auto !== "SAME_UPPER" && auto !== "SAME_LOWER") throw op.refuse(`auto_pad "${auto}" is not known`);
  const totals = kernel.map((k, i) => {
    const [size, stride] = [spatial[i] as number, strides[i] as number];
    const reach = (dilations[i] as number) * (k - 1) + 1;
    return Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  });
  return { ...common, ...shared(totals, auto === "SAME_UPPER") };
}

/** Padding on both sides; of an odd number, the larger half is behind where `upper`. */
export function shared(totals: readonly number[], upper: boolean): Pick<Geometry, "before" | "after"> {
  const small = totals.map((t) => Math.floor(t / 2));
  const large = totals.map((t) => Math.ceil(t / 2));
  return upper ? { before: small, after: large } : { before: large, after: small };
}

export function listOf(op: Operator, name: string, fallback: readonly number[]): readonly number[] {
  const list = op.ints(name) ?? fallback;
  const least = name === "output_padding" ? 0 : 1;
  if (list.length === fallback.length && list.every((v) => v >= least)) return list;
  throw op.refuse(
    `${name} is [${list.join(", ")}], expected ${fallback.length} integers of ${least} or more`,
  );
}

/** How many windows there are along each axis; a last one that is partly outside counts where `ceil`. */
export function windowCounts(g: Geometry, spatial: readonly number[], ceil: boolean): number[] {
  return g.kernel.map((k, i) => {
    const [size, stride, before] = [spatial[i] as number, g.strides[i] as number, g.before[i] as number];
    const room = size + before + (g.after[i] as number) - (g.dilations[i] as number) * (k - 1) - 1;
    const count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    // A window that would begin in the padding behind is none.
    return ceil && (count - 1) * stride >= size + before ? count - 1 : count;
  });
}
