/**
 * Pooling over the last two axes: every output element reduces a window of its input. Windows are a view, so the
 * pool is a reduction like any other.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import {
  binary,
  cast,
  compare,
  constant,
  expand,
  iota,
  pad,
  reduce,
  reshape,
  slice,
  unwindow,
  where,
  window,
  withGradient,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

export type Pair = readonly [number, number];

export interface PoolGeometry {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly ceilMode: boolean;
}

/** Number of windows along one axis, by PyTorch's rule: with ceil mode a last window must start inside the input. */
export function poolCount(length: number, i: 0 | 1, g: PoolGeometry): number {
  const reach = g.dilation[i] * (g.kernel[i] - 1) + 1;
  const room = length + 2 * g.padding[i] - reach;
  const count = (g.ceilMode ? Math.ceil(room / g.stride[i]) : Math.floor(room / g.stride[i])) + 1;
  return g.ceilMode && (count - 1) * g.stride[i] >= length + g.padding[i] ? count - 1 : count;
}

interface Windows {
  /** (N, C, OH, KH, OW, KW) */
  readonly view: Node;
  readonly out: Pair;
  /** The padded height and width that the windows lie on. */
  readonly padded: Pair;
}

function checkInput(x: Node, g: PoolGeometry, name: string): void {
  if (x.shape.length !== 4) {
    throw new ShapeError(
      `${name}: input has shape ${formatShape(x.shape)}, expected 4 dimensions N, C, H, W`,
      {
        input: x.shape,
      },
    );
  }
  for (const i of [0, 1] as const) {
    if (g.padding[i] * 2 > g.kernel[i]) {
      throw new ShapeError(
        `${name}: padding ${g.padding[i]} is more than half of the kernel size ${g.kernel[i]}`,
        {
          padding: g.padding,
          kernel: g.kernel,
        },
      );
    }
    if (poolCount(x.shape[2 + i] as number, i, g) < 1) {
      throw new ShapeError(
        `${name}: a window of ${g.kernel[i]} does not fit into ${x.shape[2 + i]} elements (input shape ` +
          `${formatShape(x.shape)}); use a smaller kernel or more padding`,
        { input: x.shape, kernel: g.kernel },
      );
    }
  }
}

/** Windows of the input, padded with `fill` as far as they reach. */
function windows(x: Node, g: PoolGeometry, fill: number): Windows {
  const out = [0, 1].map((i) => poolCount(x.shape[2 + i] as number, i as 0 | 1, g)) as unknown as Pair;
  const padded = [0, 1].map((i) => {
    const reach =
      ((out[i] as number) - 1) * (g.stride[i] as number) +
      (g.dilation[i] as number) * ((g.kernel[i] as number) - 1) +
      1;
    return Math.max(reach, (x.shape[2 + i] as number) + (g.padding[i] as number));
  }) as unknown as Pair;
  const after = [0, 1].map(
    (i) => (padded[i] as number) - (x.shape[2 + i] as number) - (g.padding[i] as number),
  ) as unknown as Pair;
  const wide = pad(x, [0, 0, g.padding[0], g.padding[1]], [0, 0, after[0], after[1]], fill);
  const rows = window(wide, 2, g.kernel[0], g.stride[0], g.dilation[0]);
  const view = window(rows, 4, g.kernel[1], g.stride[1], g.dilation[1]);
  const [n, c] = x.shape as [number, number];
  // A stride larger than the kernel may leave one window too many behind the last wanted one.
  const trimmed = slice(view, [0, 0, 0, 0, 0, 0], [n, c, out[0], g.kernel[0], out[1], g.kernel[1]]);
  return { view: trimmed, out, padded };
}

/** Sums values given per window element back onto the input: the transpose of `windows`. */
function foldBack(values: Node, x: Node, g: PoolGeometry, padded: Pair): Node {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const tiled = [0, 1].every((i) => g.stride[i] === g.kernel[i] && g.dilation[i] === 1);
  if (tiled) {
    // Windows that lie side by side: each element of the input is in one, and summing is only a change of shape.
    const [, , oh, kh, ow, kw] = values.shape as [number, number, number, number, number, number];
    const plane = reshape(values, [n, c, oh * kh, ow * kw]);
    const whole = pad(plane, [0, 0, 0, 0], [0, 0, padded[0] - oh * kh, padded[1] - ow * kw], 0);
    return slice(whole, [0, 0, g.padding[0], g.padding[1]], [n, c, h, w]);
  }
  const rows = unwindow(values, 2, padded[0], g.stride[0], g.dilation[0]);
  const both = unwindow(rows, 4, padded[1], g.stride[1], g.dilation[1]);
  const summed = reduce("sum", both, [3, 5]);
  const flat = reshape(summed, [n, c, padded[0], padded[1]]);
  return slice(flat, [0, 0, g.padding[0], g.padding[1]], [n, c, h, w]);
}

/** Maximum of each window. Shape (N, C, H, W) -> (N, C, OH, OW); `indices` count within the window, row by row. */
export function maxPool2d(x: Node, g: PoolGeometry): { output: Node; offsets: Node } {
  checkInput(x, g, "maxPool2d");
  const { view, out, padded } = windows(x, g, Number.NEGATIVE_INFINITY);
  const [n, c] = x.shape as [number, number];
  const shape = [n, c, out[0], out[1]];
  const offsets = reduce("argmax", view, [3, 5]);
  const output = reshape(reduce("max", view, [3, 5]), shape);
  const pooled = withGradient(output, [x], (gradient) => {
    const [kh, kw] = g.kernel;
    const full = [n, c, out[0], kh, out[1], kw];
    const row = binary(
      "mul",
      reshape(iota(kh), [1, 1, 1, kh, 1, 1]),
      constant(kw, [1, 1, 1, kh, 1, 1], "int32"),
    );
    const place = binary(
      "add",
      expand(row, [1, 1, 1, kh, 1, kw]),
      expand(reshape(iota(kw), [1, 1, 1, 1, 1, kw]), [1, 1, 1, kh, 1, kw]),
    );
    const hit = compare("eq", expand(offsets, full), expand(place, full));
    const spread = expand(reshape(gradient, [n, c, out[0], 1, out[1], 1]), full);
    return [foldBack(where(hit, spread, constant(0, full, spread.dtype)), x, g, padded)];
  });
  return { output: pooled, offsets: reshape(offsets, shape) };
}

/** Positions of the maxima in the flattened (H, W) plane of the input, as PyTorch gives them. int32. */
export function maxPoolIndices(offsets: Node, x: Node, g: PoolGeometry): Node {
  const [, , oh, ow] = offsets.shape as [number, number, number, number];
  const int = (v: number, shape: readonly number[]): Node => constant(v, shape, "int32");
  const { shape } = offsets;
  const at = (count: number, axis: number, i: 0 | 1): Node => {
    const line = shape.map((_, d) => (d === axis ? count : 1));
    const start = binary("mul", reshape(iota(count), line), int(g.stride[i], line));
    return expand(binary("sub", start, int(g.padding[i], line)), shape);
  };
  const kw = int(g.kernel[1], shape);
  const dh = binary("mul", binary("idiv", offsets, kw), int(g.dilation[0], shape));
  const dw = binary("mul", binary("mod", offsets, kw), int(g.dilation[1], shape));
  const row = binary("add", at(oh, 2, 0), dh);
  const column = binary("add", at(ow, 3, 1), dw);
  return binary("add", binary("mul", row, int(x.shape[3] as number, shape)), column);
}

/** Mean of each window. Shape (N, C, H, W) -> (N, C, OH, OW). */
export function avgPool2d(x: Node, g: PoolGeometry, countIncludePad: boolean, divisor: number | null): Node {
  checkInput(x, g, "avgPool2d");
  const { view, out } = windows(x, g, 0);
  const [n, c] = x.shape as [number, number];
  const summed = reshape(reduce("sum", view, [3, 5]), [n, c, out[0], out[1]]);
  const counts = [0, 1].map((i) =>
    windowSizes(x.shape[2 + i] as number, out[i] as number, i as 0 | 1, g, countIncludePad),
  );
  const [rows, columns] = counts as [number[], number[]];
  const even =
    divisor ?? (uniform(rows) && uniform(columns) ? (rows[0] as number) * (columns[0] as number) : null);
  if (even !== null) return binary("mul", summed, constant(1 / even, summed.shape, summed.dtype));
  const area = binary("mul", sizesAlong(rows, 2, summed), sizesAlong(columns, 3, summed));
  return binary("div", summed, area);
}

const uniform = (list: readonly number[]): boolean => list.every((v) => v === list[0]);

/** How many elements each window counts along one axis. */
function windowSizes(
  length: number,
  count: number,
  i: 0 | 1,
  g: PoolGeometry,
  includePad: boolean,
): number[] {
  return Array.from({ length: count }, (_, p) => {
    const start = p * g.stride[i] - g.padding[i];
    const end = Math.min(start + g.kernel[i], length + g.padding[i]);
    return includePad ? end - start : Math.min(end, length) - Math.max(start, 0);
  });
}

/** Window sizes as a tensor along one axis: at most the first few and the last differ from those between. */
function sizesAlong(sizes: readonly number[], axis: number, like: Node): Node {
  const line = like.shape.map((_, d) => (d === axis ? sizes.length : 1));
  const at = cast(reshape(iota(sizes.length), line), "int32");
  const middle = sizes[Math.floor(sizes.length / 2)] as number;
  let value = constant(middle, line, like.dtype);
  sizes.forEach((size, p) => {
    if (size === middle) return;
    value = where(compare("eq", at, constant(p, line, "int32")), constant(size, line, like.dtype), value);
  });
  return expand(value, like.shape);
}
