import { ArgumentError } from "../base/errors.ts";
import { unflatten } from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkInteger, checkTensor } from "./arguments.ts";
import { Module } from "./module.ts";

/**
 * Splits an axis into several: undoes `Flatten`.
 *
 * Shape (*, S, *) -> (*, *unflattenedSize, *), the sizes having the product S.
 *
 * @example
 * new nn.Unflatten(1, [16, 5, 5])(zeros([8, 400])).shape; // [8, 16, 5, 5]
 */
export class Unflatten extends Module {
  static override readonly pure = true;
  readonly dim: number;
  readonly unflattenedSize: readonly number[];

  /**
   * @param dim the axis that is split; negative ones count from the end
   * @param unflattenedSize sizes of the axes that take its place; one may be -1, for what is left
   * @throws ArgumentError unless all are integers.
   */
  constructor(dim: number, unflattenedSize: readonly number[]) {
    super();
    this.dim = checkInteger(dim, "dim", "Unflatten");
    const list: unknown = unflattenedSize;
    const fits = Array.isArray(list) && list.length > 0 && list.every((s) => Number.isInteger(s) && s >= -1);
    if (!fits || unflattenedSize.filter((s) => s === -1).length > 1) {
      throw new ArgumentError(
        `Unflatten: unflattenedSize must be a list of sizes, at most one of them -1; got ${Array.isArray(list) ? `[${list.join(", ")}]` : String(list)}`,
        { unflattenedSize },
      );
    }
    this.unflattenedSize = [...unflattenedSize];
  }

  /** @throws ShapeError where the sizes do not have the product of the axis. */
  forward(x: Tensor): Tensor {
    checkTensor(x, "input", "Unflatten");
    return x.reshape(unflatten(x.node, this.dim, this.unflattenedSize, "Unflatten").shape);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattenedSize=[${this.unflattenedSize.join(", ")}]`;
  }
}
