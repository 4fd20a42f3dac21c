import { ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import { compare, constant, expand, scalar, where } from "../../graph/build.ts";
import { named } from "../../graph/named-calls.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { defaultGenerator } from "../../tensor/generator.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkFloat, checkOptions, checkRange } from "../arguments.ts";

/** Options of `F.dropout` and `F.dropout2d`. */
export interface DropoutOptions {
  /** Probability of becoming zero; 0.5 by default. */
  readonly p?: number | undefined;
  /** Whether anything is dropped at all; true by default. */
  readonly training?: boolean | undefined;
}

/** The probability. @throws ArgumentError, DTypeError. */
function checked(x: Tensor, options: DropoutOptions, owner: string): number {
  checkFloat(x, owner);
  checkOptions(options, ["p", "training"], owner, { flags: ["training"] });
  return checkRange(options.p ?? 0.5, 0, 1, "p", owner);
}

/** Draws once per element of `drawn`, a shape that broadcasts against x. */
function drop(x: Tensor, p: number, drawn: Shape): Tensor {
  return Tensor.of(dropped(x.node, p, drawn));
}

const dropped: (x: Node, p: number, drawn: Shape) => Node = named(
  "dropout",
  (x: Node, p: number, drawn: Shape) => {
    const { shape, dtype } = x;
    const draws = ops.uniform01(defaultGenerator.next(), drawn, dtype);
    // p is an input of the program: another p does not compile again.
    const kept = expand(compare("le", expand(scalar(p, dtype), drawn), draws), shape);
    const scaled = ops.mul(x, scalar(p === 1 ? 0 : 1 / (1 - p), dtype));
    return where(kept, scaled, constant(0, shape, dtype));
  },
);

/**
 * Sets elements to zero at random and multiplies the others by 1 / (1 - p), so that the expected sum stays. (Srivastava
 * et al., 2014.)
 *
 * @param x any shape (*), floats
 * @param options.p probability of an element to become zero; 0.5 by default. Another p compiles nothing
 * @param options.training whether anything is dropped at all; true by default
 * @returns shape (*)
 * @throws ArgumentError unless p is from 0 to 1, DTypeError unless x holds floats.
 * @example
 * manualSeed(0);
 * F.dropout(ones([1000]), { p: 0.25 }).amax(); // 1.3333
 * F.dropout(ones([3]), { training: false }); // [1, 1, 1]
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  return dropoutFor(x, options, "dropout");
}

/** The same for a layer or function of that name. */
export function dropoutFor(x: Tensor, options: DropoutOptions, owner: string): Tensor {
  const p = checked(x, options, owner);
  return options.training === false ? x : drop(x, p, x.shape);
}

/**
 * Sets whole channels to zero at random and multiplies the others by 1 / (1 - p): neighbours in a feature map are so
 * alike that dropping single elements would take little away. (Tompson et al., 2015.)
 *
 * @param x shape (N, C, H, W) or (N, C, L), floats. Three dimensions are a batch here, as in PyTorch
 * @param options.p probability of a channel of a sample to become zero; 0.5 by default. Another p compiles nothing
 * @param options.training whether anything is dropped at all; true by default
 * @returns the shape of x
 * @throws ArgumentError unless p is from 0 to 1, ShapeError for other dimensions, DTypeError unless x holds floats.
 * @example
 * manualSeed(0);
 * const y = F.dropout2d(ones([8, 4, 3, 3]), { p: 0.5 });
 * y.sum([2, 3]).amax(); // 18
 * F.dropout2d(ones([1, 2, 1, 1]), { training: false }); // [[[[1]], [[1]]]]
 */
export function dropout2d(x: Tensor, options: DropoutOptions = {}): Tensor {
  return dropout2dFor(x, options, "dropout2d");
}

/** The same for a layer or function of that name. */
export function dropout2dFor(x: Tensor, options: DropoutOptions, owner: string): Tensor {
  const p = checked(x, options, owner);
  if (x.ndim !== 3 && x.ndim !== 4) {
    throw new ShapeError(
      `${owner}: input has ${x.ndim} dimensions (shape ${formatShape(x.shape)}), expected N, C, H, W or N, C, L; ` +
        "for others use dropout",
      { input: x.shape },
    );
  }
  if (options.training === false) return x;
  return drop(
    x,
    p,
    x.shape.map((s, d) => (d < 2 ? s : 1)),
  );
}
