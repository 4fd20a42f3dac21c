/** Changes of size by any factor along any axis: `Resize`, and `Upsample` of old operator sets. */
import * as F from "../../../nn/functional.ts";
import { type AxisMapping, resample } from "../../../ops/index.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import type { Operator } from "./operator.ts";

/** An axis that changes: how many elements it has and is to have, and the factor between them. */
interface Axis {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

/** In single precision, in which factors are given: 5 * 2.6 is 13. */
const scaled = (from: number, scale: number): number => Math.floor(Math.fround(from * scale));

export function resize(op: Operator): Tensor {
  const x = op.tensor(0);
  const mode = op.text("mode", "nearest");
  const place = op.text("coordinate_transformation_mode", op.opset >= 11 ? "half_pixel" : "asymmetric");
  const nearest = op.text("nearest_mode", op.opset >= 11 ? "round_prefer_floor" : "floor");
  if (op.int("antialias", 0) === 1) throw op.refuse("antialias is not supported");
  if (place === "tf_crop_and_resize")
    throw op.refuse("coordinate_transformation_mode tf_crop_and_resize is not supported");
  const list = axesOf(op, x, op.opset >= 11 ? 2 : 1, 3);
  const quick = byFunction(x, list, mode, place, nearest);
  if (quick !== null) return quick;
  return list.reduce((y, a) => {
    if (a.from === a.to && a.scale === 1) return y;
    const taps = Array.from({ length: a.to }, (_, i) =>
      tapsAt(op, position(op, place, i, a), a, mode, nearest),
    );
    return Tensor.of(resample(y.node, a.axis, mappingOf(taps)));
  }, x);
}

export function upsample(op: Operator): Tensor {
  const x = op.tensor(0);
  const mode = op.text("mode", "nearest");
  const scales = op.has(1)
    ? op.numbers(1)
    : (op.get("scales", "floats")?.value ?? [1, 1, op.float("height_scale", 1), op.float("width_scale", 1)]);
  const list = scales.map((scale, axis): Axis => {
    const from = x.shape[axis] as number;
    return { axis, from, to: scaled(from, scale), scale };
  });
  const quick = byFunction(x, list, mode, "asymmetric", "floor");
  if (quick !== null) return quick;
  return list.reduce((y, a) => {
    if (a.scale === 1) return y;
    const taps = Array.from({ length: a.to }, (_, i) => tapsAt(op, i / a.scale, a, mode, "floor"));
    return Tensor.of(resample(y.node, a.axis, mappingOf(taps)));
  }, x);
}

/** Factors at operand `at`, or sizes at the one after the next; for all axes or the listed ones. */
function axesOf(op: Operator, x: Tensor, at: number, sizesAt: number): Axis[] {
  const axes = op.ints("axes")?.map((a) => op.axis(a, x.ndim)) ?? x.shape.map((_, d) => d);
  const scales = op.has(at) ? op.numbers(at) : [];
  if (scales.length > 0) {
    if (scales.length !== axes.length || scales.some((s) => !(s > 0)))
      throw op.refuse(`factors ${scales.join(", ")} do not fit`);
    return axes.map((axis, i) => {
      const [from, scale] = [x.shape[axis] as number, scales[i] as number];
      return { axis, from, to: scaled(from, scale), scale };
    });
  }
  const sizes = op.numbers(sizesAt);
  if (sizes.length !== axes.length || sizes.some((s) => s < 1))
    throw op.refuse(`sizes ${sizes.join(", ")} do not fit`);
  const policy = op.text("keep_aspect_ratio_policy", "stretch");
  const ratios = sizes.map((s, i) => s / (x.shape[axes[i] as number] as number));
  if (policy === "stretch")
    return axes.map((axis, i) => ({
      axis,
      from: x.shape[axis] as number,
      to: sizes[i] as number,
      scale: ratios[i] as number,
    }));
  const scale = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis) => {
    const from = x.shape[axis] as number;
    return { axis, from, to: Math.floor(scale * from + 0.5), scale };
  });
}

/** The library's own function, where it computes the same: it repeats elements without an index. */
function byFunction(
  x: Tensor,
  list: readonly Axis[],
  mode: string,
  place: string,
  nearest: string,
): Tensor | null {
  const spatial = list.filter((a) => a.axis >= 2);
  const outer = list.filter((a) => a.axis < 2);
  const fits =
    (x.ndim === 3 || x.ndim === 4) && outer.every((a) => a.from === a.to) && spatial.length === x.ndim - 2;
  const whole = spatial.every((a) => Number.isInteger(a.scale));
  if (!fits || !whole || mode !== "nearest" || place !== "asymmetric" || nearest !== "floor") return null;
  return F.interpolate(x, { scaleFactor: [...spatial].sort((a, b) => a.axis - b.axis).map((a) => a.scale) });
}

/** Where element i of the result lies in the input. */
function position(op: Operator, place: string, i: number, { from, to, scale }: Axis): number {
  // The standard counts what a factor cuts off at the end, too.
  const last = scale * from - 1;
  switch (place) {
    case "half_pixel":
      return (i + 0.5) / scale - 0.5;
    case "pytorch_half_pixel":
      return to > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case "half_pixel_symmetric": {
      const adjustment = to / (scale * from);
      return (from / 2) * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case "align_corners":
      return last > 0 ? (i * (from - 1)) / last : 0;
    case "asymmetric":
      return i / scale;
    default:
      throw op.refuse(`coordinate_transformation_mode "${place}" is not known`);
  }
}

interface Tap {
  readonly index: number;
  readonly weight: number;
}

function tapsAt(op: Operator, at: number, { from }: Axis, mode: string, nearest: string): Tap[] {
  const inside = (index: number): number => Math.min(Math.max(index, 0), from - 1);
  const base = Math.floor(at);
  if (mode === "nearest") return [{ index: inside(nearestIndex(op, at, nearest)), weight: 1 }];
  if (mode === "linear" || mode === "bilinear") {
    const place = Math.min(Math.max(at, 0), from - 1);
    const low = Math.floor(place);
    return [
      { index: low, weight: 1 - (place - low) },
      { index: inside(low + 1), weight: place - low },
    ];
  }
  if (mode !== "cubic") throw op.refuse(`mode "${mode}" is not known`);
  const weights = cubicWeights(at - base, op.float("cubic_coeff_a", -0.75));
  const taps = weights.map((weight, k) => ({ index: base - 1 + k, weight }));
  if (op.int("exclude_outside", 0) === 0) return taps.map((t) => ({ ...t, index: inside(t.index) }));
  const kept = taps.map((t) => (t.index < 0 || t.index >= from ? { index: inside(t.index), weight: 0 } : t));
  const total = kept.reduce((sum, t) => sum + t.weight, 0);
  return kept.map((t) => ({ ...t, weight: t.weight / total }));
}

function nearestIndex(op: Operator, at: number, nearest: string): number {
  switch (nearest) {
    case "round_prefer_floor":
      return Math.ceil(at - 0.5);
    case "round_prefer_ceil":
      return Math.floor(at + 0.5);
    case "floor":
      return Math.floor(at);
    case "ceil":
      return Math.ceil(at);
    default:
      throw op.refuse(`nearest_mode "${nearest}" is not known`);
  }
}

/** Keys (1981), for the element `t` behind the second of four. */
function cubicWeights(t: number, a: number): number[] {
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

function mappingOf(taps: readonly (readonly Tap[])[]): AxisMapping {
  const count = taps[0]?.length ?? 1;
  return {
    taps: count,
    indices: Int32Array.from(taps.flatMap((list) => list.map((t) => t.index))),
    weights: Float64Array.from(taps.flatMap((list) => list.map((t) => t.weight))),
  };
}
