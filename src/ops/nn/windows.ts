/**
 * Windows over the last two axes, which pools reduce and `unfold` lists: a view of the padded input, and the sum that
 * takes values given per element of a window back onto the input.
 */
import type { Shape } from "../../base/shape.ts";
import { pad, reduce, reshape, slice, unwindow, window } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

export type Pair = readonly [number, number];

export interface WindowGeometry {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly ceilMode: boolean;
}

/** Number of windows along one axis, by PyTorch's rule: with ceil mode a last window must start inside the input. */
export function windowsAlong(length: number, i: 0 | 1, g: WindowGeometry): number {
  const reach = g.dilation[i] * (g.kernel[i] - 1) + 1;
  const room = length + 2 * g.padding[i] - reach;
  const count = (g.ceilMode ? Math.ceil(room / g.stride[i]) : Math.floor(room / g.stride[i])) + 1;
  return g.ceilMode && (count - 1) * g.stride[i] >= length + g.padding[i] ? count - 1 : count;
}

/** Elements of one padded axis: as far as the windows reach, and never less than the padded beginning. */
function paddedLength(length: number, count: number, i: 0 | 1, g: WindowGeometry): number {
  const reach = (count - 1) * g.stride[i] + g.dilation[i] * (g.kernel[i] - 1) + 1;
  return Math.max(reach, length + g.padding[i]);
}

/** Windows (N, C, OH, KH, OW, KW) of the input (N, C, H, W), padded with `fill` as far as they reach. */
export function windows(x: Node, g: WindowGeometry, fill: number): Node {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const out: Pair = [windowsAlong(h, 0, g), windowsAlong(w, 1, g)];
  const bottom = paddedLength(h, out[0], 0, g) - h - g.padding[0];
  const right = paddedLength(w, out[1], 1, g) - w - g.padding[1];
  const wide = pad(x, [0, 0, ...g.padding], [0, 0, bottom, right], fill);
  const rows = window(wide, 2, g.kernel[0], g.stride[0], g.dilation[0]);
  const view = window(rows, 4, g.kernel[1], g.stride[1], g.dilation[1]);
  // A stride larger than the kernel may leave one window too many behind the last wanted one.
  return slice(view, [0, 0, 0, 0, 0, 0], [n, c, out[0], g.kernel[0], out[1], g.kernel[1]]);
}

/** Sums values (N, C, OH, KH, OW, KW) back onto an input of that shape: the transpose of `windows`. */
export function foldBack(values: Node, shape: Shape, g: WindowGeometry): Node {
  const [n, c, h, w] = shape as [number, number, number, number];
  const [, , oh, kh, ow, kw] = values.shape as [number, number, number, number, number, number];
  const padded: Pair = [paddedLength(h, oh, 0, g), paddedLength(w, ow, 1, g)];
  const start = [0, 0, ...g.padding];
  const tiled = [0, 1].every((i) => g.stride[i] === g.kernel[i] && g.dilation[i] === 1);
  if (tiled) {
    // Windows that lie side by side: each element of the input is in one, and summing is only a change of shape.
    const plane = reshape(values, [n, c, oh * kh, ow * kw]);
    const whole = pad(plane, [0, 0, 0, 0], [0, 0, padded[0] - oh * kh, padded[1] - ow * kw], 0);
    return slice(whole, start, shape);
  }
  const rows = unwindow(values, 2, padded[0], g.stride[0], g.dilation[0]);
  const both = unwindow(rows, 4, padded[1], g.stride[1], g.dilation[1]);
  return slice(reshape(reduce("sum", both, [3, 5]), [n, c, ...padded]), start, shape);
}
