import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkOptions, checkTensor } from "../arguments.ts";

export type { PadMode, PadOptions } from "../../ops/index.ts";

/**
 * Adds elements at both ends of the last axes.
 *
 * @param padding [left, right] of the last axis, then [top, bottom] of the one before, and so on. Negative numbers
 *   remove elements ("constant" only).
 * @param options.mode "constant" (the default), "reflect", "replicate" or "circular"
 * @param options.value what "constant" pads with; 0 by default
 * @throws ShapeError when the input is too small, ArgumentError for a wrong list or mode.
 * @example
 * F.pad(ones([1, 3, 4, 4]), [1, 1, 2, 2]).shape; // [1, 3, 8, 6]
 */
export function pad(x: Tensor, padding: readonly number[], options: ops.PadOptions = {}): Tensor {
  return padFor(x, padding, options, "pad");
}

/** The same for a layer or function of that name. */
export function padFor(
  x: Tensor,
  padding: readonly number[],
  options: ops.PadOptions,
  owner: string,
): Tensor {
  checkTensor(x, "input", owner);
  checkOptions(options, ["mode", "value"], owner);
  return Tensor.of(ops.pad(x.node, padding, options, owner));
}
