import { ArgumentError } from "../../base/errors.ts";
import { cast, compare, expand, iota, reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { checkRange, indices } from "./pick.ts";

/**
 * Class indices as rows of one 1 among zeros, int32: (*) -> (*, classes). An index that is only known later and lies out
 * of range gives a row of zeros. @throws DTypeError, ArgumentError.
 */
export function oneHot(index: Node, classes: number): Node {
  if (!Number.isInteger(classes) || classes < 1) {
    throw new ArgumentError(`oneHot: classes must be an integer of 1 or more, got ${classes}`, { classes });
  }
  checkRange(index, classes, "oneHot");
  const shape = [...index.shape, classes];
  const column = expand(reshape(indices(index, "oneHot"), [...index.shape, 1]), shape);
  const line = expand(reshape(iota(classes), [...index.shape.map(() => 1), classes]), shape);
  return cast(compare("eq", column, line), "int32");
}
