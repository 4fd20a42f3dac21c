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
  detach,
  expand,
  gather,
  iota,
  reduce,
  reshape,
  where,
  withGradient,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import { concatenate, cut } from "../view/shape-ops.ts";
import { foldBack, type Pair, type WindowGeometry, windows, windowsAlong } from "./windows.ts";

function checkInput(x: Node, g: WindowGeometry, name: string): void {
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
    if (windowsAlong(x.shape[2 + i] as number, i, g) < 1) {
      throw new ShapeError(
        `${name}: a window of ${g.kernel[i]} does not fit into ${x.shape[2 + i]} elements (input shape ` +
          `${formatShape(x.shape)}); use a smaller kernel or more padding`,
        { input: x.shape, kernel: g.kernel },
      );
    }
  }
}

/** Maximum of each window. Shape (N, C, H, W) -> (N, C, OH, OW); `indices` count within the window, row by row. */
export function maxPool2d(x: Node, g: WindowGeometry, name = "maxPool2d"): { output: Node; offsets: Node } {
  const [output, offsets] = maxima([x], g, name);
  return { output, offsets };
}

const maxima = composite(
  "maxPool2d",
  ([x]: readonly [Node], g: WindowGeometry, name: string): [Node, Node] => {
    checkInput(x, g, name);
    const view = windows(x, g, Number.NEGATIVE_INFINITY);
    const [n, c, oh, kh, ow, kw] = view.shape as [number, number, number, number, number, number];
    const shape = [n, c, oh, ow];
    const offsets = reduce("argmax", view, [3, 5]);
    const output = reshape(reduce("max", view, [3, 5]), shape);
    const pooled = withGradient(output, [x], (gradient) => {
      const full = view.shape;
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
      const spread = expand(reshape(gradient, [n, c, oh, 1, ow, 1]), full);
      return [foldBack(where(hit, spread, constant(0, full, spread.dtype)), x.shape, g)];
    });
    return [pooled, reshape(offsets, shape)];
  },
);

/** Positions of the maxima in the flattened (H, W) plane of the input, as PyTorch gives them. int32. */
export function maxPoolIndices(offsets: Node, x: Node, g: WindowGeometry): Node {
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

/** Windows that divide an axis as evenly as possible: window i goes from floor(i * size / count) to ceil((i + 1) * size / count). */
export function adaptiveWindows(size: number, count: number): { start: number; length: number }[] {
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor((i * size) / count);
    return { start, length: Math.ceil(((i + 1) * size) / count) - start };
  });
}

/**
 * Positions of the maxima of adaptive windows in the flattened (H, W) plane: the best column of each row first, then
 * the best of the rows, so that the first of equal maxima wins row by row. int32, shape (N, C, OH, OW).
 */
export function adaptiveMaxIndices(x: Node, [oh, ow]: Pair): Node {
  const input = detach(x);
  const [, , h, w] = x.shape as [number, number, number, number];
  const columns = bestOf(input, 3, adaptiveWindows(w, ow));
  const rows = bestOf(gather(input, columns, 3), 2, adaptiveWindows(h, oh));
  const width = constant(w, rows.shape, "int32");
  return binary("add", binary("mul", rows, width), gather(columns, rows, 2));
}

/** Where the maximum of each window of one axis lies on that axis. */
function bestOf(x: Node, axis: number, list: readonly { start: number; length: number }[]): Node {
  const parts = list.map(({ start, length }) => {
    const offset = reduce("argmax", cut(x, axis, start, length, 1), [axis]);
    return binary("add", offset, constant(start, offset.shape, "int32"));
  });
  return concatenate(parts, axis);
}

/** Mean of each window. Shape (N, C, H, W) -> (N, C, OH, OW). */
export function avgPool2d(
  x: Node,
  g: WindowGeometry,
  countIncludePad: boolean,
  divisor: number | null,
  name = "avgPool2d",
): Node {
  return averages([x], g, countIncludePad, divisor, name)[0];
}

const averages = composite(
  "avgPool2d",
  (
    [x]: readonly [Node],
    g: WindowGeometry,
    countIncludePad: boolean,
    divisor: number | null,
    name: string,
  ): [Node] => {
    checkInput(x, g, name);
    const view = windows(x, g, 0);
    const [n, c, oh, , ow] = view.shape as [number, number, number, number, number];
    // By itself the gradient would be laid over the windows axis by axis, with all windows' rows in memory between.
    const summed = withGradient(reshape(reduce("sum", view, [3, 5]), [n, c, oh, ow]), [x], (gradient) => [
      foldBack(expand(reshape(gradient, [n, c, oh, 1, ow, 1]), view.shape), x.shape, g),
    ]);
    const [, , h, w] = x.shape as [number, number, number, number];
    const rows = windowSizes(h, oh, 0, g, countIncludePad);
    const columns = windowSizes(w, ow, 1, g, countIncludePad);
    const even =
      divisor ?? (uniform(rows) && uniform(columns) ? (rows[0] as number) * (columns[0] as number) : null);
    if (even !== null) return [binary("mul", summed, constant(1 / even, summed.shape, summed.dtype))];
    const area = binary("mul", sizesAlong(rows, 2, summed), sizesAlong(columns, 3, summed));
    return [binary("div", summed, area)];
  },
);

const uniform = (list: readonly number[]): boolean => list.every((v) => v === list[0]);

/** How many elements each window counts along one axis. */
function windowSizes(
  length: number,
  count: number,
  i: 0 | 1,
  g: WindowGeometry,
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
