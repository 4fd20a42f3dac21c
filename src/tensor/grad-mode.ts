/**
 * Gradients on and off, and gradients without `backward`.
 */
import { backward } from "../autograd/backward.ts";
import { ArgumentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { constant } from "../graph/build.ts";
import { withGradMode } from "../graph/node.ts";
import { Tensor } from "./tensor.ts";

/** @throws ArgumentError for what is no function: PyTorch's form is a block. */
function checkBody(body: unknown, operation: string): void {
  if (typeof body === "function") return;
  throw new ArgumentError(
    `${operation}: takes a function, as in ${operation}(() => model(x)); got ${show(body)}`,
    { body },
  );
}

/**
 * Runs `body` without recording gradients, until it returns. An async body returns at its first await, and gradients are
 * recorded again after it: nothing tells then what belongs to the body from what runs beside it. Compute inside and await
 * outside.
 *
 * @returns what `body` returns
 * @example
 * const w = ones([2], { requiresGrad: true });
 * noGrad(() => w.mul(2)).requiresGrad; // false
 * await noGrad(() => w.mul(2)).array(); // [2, 2]
 * const late = async () => (await null, w.mul(2));
 * (await noGrad(late)).requiresGrad; // true
 */
export function noGrad<T>(body: () => T): T {
  checkBody(body, "noGrad");
  return withGradMode(false, body);
}

/**
 * Runs `body` with gradients recorded, inside `noGrad` too; until it returns, as `noGrad`.
 *
 * @returns what `body` returns
 * @example
 * const w = ones([2], { requiresGrad: true });
 * noGrad(() => enableGrad(() => w.mul(2))).requiresGrad; // true
 */
export function enableGrad<T>(body: () => T): T {
  checkBody(body, "enableGrad");
  return withGradMode(true, body);
}

/** `gradOutputs`: weight of each output element; needed unless the outputs are single elements. */
export interface GradOptions {
  readonly gradOutputs?: readonly Tensor[];
  readonly retainGraph?: boolean;
  readonly createGraph?: boolean;
  /** Gives null for inputs that the outputs do not depend on, instead of an error. */
  readonly allowUnused?: boolean;
}

/**
 * Gradients of the sum of outputs with respect to inputs, which are returned and added to no `.grad`.
 *
 * @example
 * const x = tensor(3, { requiresGrad: true });
 * const [slope] = autograd.grad(x.pow(2), x, { createGraph: true });
 * autograd.grad(slope ?? x, x); // [2]
 */
export function grad(
  outputs: readonly Tensor[] | Tensor,
  inputs: readonly Tensor[] | Tensor,
  options: GradOptions = {},
): (Tensor | null)[] {
  const from = outputs instanceof Tensor ? [outputs] : outputs;
  const to = inputs instanceof Tensor ? [inputs] : inputs;
  const roots = from.map((t, i) => {
    const given = options.gradOutputs?.[i];
    if (given === undefined && t.numel() !== 1) {
      throw new ArgumentError("autograd.grad: outputs of more than one element need gradOutputs", {
        shape: t.shape,
      });
    }
    return { node: t.node, seed: given?.node ?? constant(1, t.shape, t.dtype) };
  });
  const createGraph = options.createGraph ?? false;
  const nodes = to.map((t) => t.node);
  const found = backward(roots, (n) => nodes.includes(n), {
    createGraph,
    retainGraph: options.retainGraph ?? createGraph,
  });
  return nodes.map((n, i) => {
    const g = found.get(n);
    if (g !== undefined) return Tensor.of(g);
    if (options.allowUnused === true) return null;
    throw new ArgumentError(
      `autograd.grad: the outputs do not depend on input ${i}; pass { allowUnused: true } to get null`,
    );
  });
}
