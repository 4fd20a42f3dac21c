/**
 * Rows of a table, picked by number.
 */

import { sizeOf } from "../../base/shape.ts";
import { cast, compare, constant, detach, expand, reshape, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { indexSelect } from "../view/pick.ts";

/**
 * result[..., :] = weight[index[...], :]. Shapes: index (*), weight (V, D) -> (*, D). Row `paddingIdx`, if there is one,
 * gets no gradient.
 */
export function embedding(index: Node, weight: Node, paddingIdx: number | null): Node {
  const size = weight.shape[1] as number;
  const count = sizeOf(index.shape);
  const flat = reshape(index, [count]);
  const rows = indexSelect(weight, 0, flat);
  const picked = paddingIdx === null ? rows : withoutGradientAt(rows, flat, paddingIdx);
  return reshape(picked, [...index.shape, size]);
}

function withoutGradientAt(rows: Node, index: Node, paddingIdx: number): Node {
  const column = reshape(cast(index, "int32"), [index.shape[0] as number, 1]);
  const padding = compare("eq", column, constant(paddingIdx, column.shape, "int32"));
  return where(expand(padding, rows.shape), detach(rows), rows);
}
