/**
 * Padding layers: `F.pad` of the last one or two axes.
 */
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkNumber, checkTensor } from "./arguments.ts";
import { type PadMode, padFor } from "./functional/pad.ts";
import { Module } from "./module.ts";

/** Elements added on all sides, or [left, right, top, bottom]. */
export type Padding2d = number | readonly [number, number, number, number];

/** Elements added on both sides, or [left, right]. */
export type Padding1d = number | readonly [number, number];

abstract class Padding extends Module {
  /** [left, right], and for two axes also top and bottom. */
  readonly padding: readonly number[];
  private readonly mode: PadMode;
  private readonly value: number;

  constructor(axes: 1 | 2, padding: number | readonly number[], mode: PadMode, value: number) {
    super();
    const owner = this.constructor.name;
    const list = typeof padding === "number" ? new Array<number>(2 * axes).fill(padding) : padding;
    // Only constants can be taken away from.
    const least = mode === "constant" ? Number.NEGATIVE_INFINITY : 0;
    if (
      !Array.isArray(list) ||
      list.length !== 2 * axes ||
      !list.every((p) => Number.isInteger(p) && p >= least)
    ) {
      const sides = axes === 1 ? "[left, right]" : "[left, right, top, bottom]";
      const what = mode === "constant" ? "an integer" : "an integer of 0 or more";
      throw new ArgumentError(
        `${owner}: padding must be ${what}, or ${sides}; got ${Array.isArray(padding) ? formatShape(padding) : String(padding)}`,
        { padding },
      );
    }
    this.padding = list;
    this.mode = mode;
    this.value = value;
  }

  /** @throws ShapeError for another number of dimensions, or an input that is too small for the padding. */
  forward(x: Tensor): Tensor {
    const owner = this.constructor.name;
    checkTensor(x, "input", owner);
    const axes = this.padding.length / 2;
    if (x.ndim !== axes + 1 && x.ndim !== axes + 2) {
      const single = axes === 1 ? "C, L" : "C, H, W";
      throw new ShapeError(
        `${owner}: input has ${x.ndim} dimensions (shape ${formatShape(x.shape)}), expected N, ${single} or ${single}`,
        { input: x.shape },
      );
    }
    return padFor(x, this.padding, { mode: this.mode, value: this.value }, owner);
  }

  override extraRepr(): string {
    return `[${this.padding.join(", ")}]`;
  }
}

/**
 * Zeros around each plane.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H + top + bottom, W + left + right).
 *
 * @example
 * new nn.ZeroPad2d([1, 0, 0, 1])(tensor([[[1, 2]]])); // [[[0, 1, 2], [0, 0, 0]]]
 */
export class ZeroPad2d extends Padding {
  static override readonly pure = true;
  /**
   * @param padding elements on all sides, or [left, right, top, bottom]; negative ones remove elements
   * @throws ArgumentError unless they are integers.
   */
  constructor(padding: Padding2d) {
    super(2, padding, "constant", 0);
  }
}

/**
 * A number around each plane.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H + top + bottom, W + left + right).
 *
 * @example
 * new nn.ConstantPad2d([1, 0, 0, 1], 9)(tensor([[[1, 2]]])); // [[[9, 1, 2], [9, 9, 9]]]
 */
export class ConstantPad2d extends Padding {
  static override readonly pure = true;
  /**
   * @param padding elements on all sides, or [left, right, top, bottom]; negative ones remove elements
   * @param value the number
   * @throws ArgumentError unless they are integers and the value is finite.
   */
  constructor(padding: Padding2d, value: number) {
    super(2, padding, "constant", checkNumber(value, "value", "ConstantPad2d"));
  }
}

/**
 * The plane mirrored at its edges, without repeating the edge itself.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H + top + bottom, W + left + right). Each padding is smaller than the axis.
 *
 * @example
 * new nn.ReflectionPad2d([2, 1, 0, 0])(tensor([[[1, 2, 3]]])); // [[[3, 2, 1, 2, 3, 2]]]
 */
export class ReflectionPad2d extends Padding {
  static override readonly pure = true;
  /**
   * @param padding elements on all sides, or [left, right, top, bottom]
   * @throws ArgumentError unless they are integers of 0 or more.
   */
  constructor(padding: Padding2d) {
    super(2, padding, "reflect", 0);
  }
}

/**
 * The line mirrored at its ends, without repeating the end itself.
 *
 * Shape (N, C, L) or (C, L) -> (N, C, L + left + right). Each padding is smaller than the axis.
 *
 * @example
 * new nn.ReflectionPad1d([2, 1])(tensor([[1, 2, 3]])); // [[3, 2, 1, 2, 3, 2]]
 */
export class ReflectionPad1d extends Padding {
  static override readonly pure = true;
  /**
   * @param padding elements on both sides, or [left, right]
   * @throws ArgumentError unless they are integers of 0 or more.
   */
  constructor(padding: Padding1d) {
    super(1, padding, "reflect", 0);
  }
}

/**
 * The edges of each plane repeated.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H + top + bottom, W + left + right).
 *
 * @example
 * new nn.ReplicationPad2d([2, 0, 0, 1])(tensor([[[1, 2]]])); // [[[1, 1, 1, 2], [1, 1, 1, 2]]]
 */
export class ReplicationPad2d extends Padding {
  static override readonly pure = true;
  /**
   * @param padding elements on all sides, or [left, right, top, bottom]
   * @throws ArgumentError unless they are integers of 0 or more.
   */
  constructor(padding: Padding2d) {
    super(2, padding, "replicate", 0);
  }
}

/**
 * The ends of a line repeated.
 *
 * Shape (N, C, L) or (C, L) -> (N, C, L + left + right).
 *
 * @example
 * new nn.ReplicationPad1d([2, 1])(tensor([[1, 2]])); // [[1, 1, 1, 2, 2]]
 */
export class ReplicationPad1d extends Padding {
  static override readonly pure = true;
  /**
   * @param padding elements on both sides, or [left, right]
   * @throws ArgumentError unless they are integers of 0 or more.
   */
  constructor(padding: Padding1d) {
    super(1, padding, "replicate", 0);
  }
}
