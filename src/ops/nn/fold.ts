/**
 * Windows as columns of a matrix (`unfold`), and their sum back onto a plane (`fold`). Each is the other's gradient.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { permute, reshape, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { foldBack, type Pair, type WindowGeometry, windows, windowsAlong } from "./windows.ts";

/** Number of windows along both axes of a plane. @throws ShapeError where none fits. */
export function unfoldCounts(plane: Pair, g: WindowGeometry, name: string): Pair {
  const counts: Pair = [windowsAlong(plane[0], 0, g), windowsAlong(plane[1], 1, g)];
  if (counts.every((count) => count >= 1)) return counts;
  throw new ShapeError(
    `${name}: a window of ${formatShape(g.kernel)} with dilation ${formatShape(g.dilation)} and padding ` +
      `${formatShape(g.padding)} does not fit into ${formatShape(plane)}; use a smaller kernel or more padding`,
    { plane, kernel: g.kernel },
  );
}

/** (N, C, H, W) -> (N, C * KH * KW, OH * OW): column p holds window p, its elements by channel, row and column. */
export function unfold(x: Node, g: WindowGeometry, name = "unfold"): Node {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [oh, ow] = unfoldCounts([h, w], g, name);
  const listed = permute(windows(x, g, 0), [0, 1, 3, 5, 2, 4]);
  const columns = reshape(listed, [n, c * g.kernel[0] * g.kernel[1], oh * ow]);
  return withGradient(columns, [x], (gradient) => [fold(gradient, [h, w], g)]);
}

/** (N, C * KH * KW, OH * OW) -> (N, C, H, W): elements of windows that overlap are added. */
export function fold(columns: Node, [h, w]: Pair, g: WindowGeometry): Node {
  const [n, rows] = columns.shape as [number, number];
  const [kh, kw] = g.kernel;
  const c = rows / (kh * kw);
  const [oh, ow] = unfoldCounts([h, w], g, "fold");
  const listed = permute(reshape(columns, [n, c, kh, kw, oh, ow]), [0, 1, 4, 2, 5, 3]);
  return withGradient(foldBack(listed, [n, c, h, w], g), [columns], (gradient) => [unfold(gradient, g)]);
}
