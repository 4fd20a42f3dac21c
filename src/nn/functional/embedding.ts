import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { currentEngine } from "../../engine/default.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkOptions, checkTensor } from "../arguments.ts";

/** Options of `F.embedding`. */
export interface EmbeddingOptions {
  /** A row that gets no gradient; negative ones count from the end. None by default. */
  readonly paddingIdx?: number | null | undefined;
}

/** The row that gets no gradient, counted from the start. @throws ArgumentError when out of range. */
export function checkPaddingIdx(
  paddingIdx: number | null | undefined,
  rows: number,
  owner: string,
): number | null {
  const given = paddingIdx ?? null;
  if (given === null) return null;
  if (!Number.isInteger(given) || given < -rows || given >= rows) {
    throw new ArgumentError(
      `${owner}: paddingIdx must be an integer from ${-rows} to ${rows - 1}; got ${given}`,
      {
        paddingIdx: given,
        rows,
      },
    );
  }
  return given < 0 ? given + rows : given;
}

/**
 * Rows of a table, picked by number: result[..., :] = weight[input[..., ], :].
 *
 * @param input shape (*), int32: rows from 0 to V - 1
 * @param weight shape (V, D)
 * @param options.paddingIdx a row that gets no gradient; none by default
 * @returns shape (*, D)
 * @throws ArgumentError for a row out of range (where the numbers are known on the host), ShapeError, DTypeError.
 * @example
 * const table = tensor([[0, 0], [1, 2], [3, 4]]);
 * F.embedding(tensor([2, 0], { dtype: "int32" }), table); // [[3, 4], [0, 0]]
 */
export function embedding(input: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  return embeddingFor(input, weight, options, "embedding");
}

/** The same for a layer or function of that name. */
export function embeddingFor(
  input: Tensor,
  weight: Tensor,
  options: EmbeddingOptions,
  owner: string,
): Tensor {
  checkOptions(options, ["paddingIdx"], owner, { nullable: ["paddingIdx"] });
  checkTensor(input, "input", owner);
  checkTensor(weight, "weight", owner);
  if (isFloat(input.dtype) || input.dtype === "bool") {
    throw new DTypeError(
      `${owner}: input is ${input.dtype}, expected row numbers; convert with .to("int32")`,
      {
        input: input.dtype,
      },
    );
  }
  if (weight.ndim !== 2) {
    throw new ShapeError(`${owner}: weight must have shape (rows, size), got ${formatShape(weight.shape)}`, {
      weight: weight.shape,
    });
  }
  const rows = weight.shape[0] as number;
  const paddingIdx = checkPaddingIdx(options.paddingIdx, rows, owner);
  checkRows(input, rows, owner);
  return Tensor.of(ops.embedding(input.node, weight.node, paddingIdx));
}

/** Numbers that are known on the host, as those from a loader are, are checked before they do harm. */
function checkRows(input: Tensor, rows: number, owner: string): void {
  const known = currentEngine().peek(input.node);
  const position = known?.findIndex((row) => row < 0 || row >= rows) ?? -1;
  if (position < 0) return;
  throw new ArgumentError(
    `${owner}: input ${known?.[position]} at position ${position} is out of range for ${rows} rows (use 0 to ${rows - 1})`,
    { position, rows },
  );
}
