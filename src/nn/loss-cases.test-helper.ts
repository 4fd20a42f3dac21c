/**
 * What cases of losses are made of.
 */
import { type BadInput, type CaseInput, fixed, type Sample, uniform } from "../ops/op-cases.test-helper.ts";
import { tensor } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Reduction } from "./functional/reduction.ts";

/** Weights are inputs of the case, so that they have the case's precision; the layer is made around them. */
export function sample(
  name: string,
  inputs: readonly CaseInput[],
  run: (...inputs: Tensor[]) => Tensor,
  torch: string,
  more: Partial<Sample> = {},
): Sample {
  return { name, inputs, run: (...nodes) => run(...nodes.map((n) => new Tensor(n))).node, torch, ...more };
}

/** All of them. */
export const reductions: readonly Reduction[] = ["mean", "sum", "none"];

/** A call that must fail. */
export const bad = (
  name: string,
  call: () => unknown,
  message: string,
  error: BadInput["error"] = "ArgumentError",
): BadInput => ({ name, call, message, error });

/** Inputs by what they stand for. */
export const logProbabilities = (shape: readonly number[]): CaseInput => uniform(shape, -3, -0.1);
export const probabilities = (shape: readonly number[]): CaseInput => uniform(shape, 0.05, 0.95);
export const classWeights = (classes: number): CaseInput => fixed(uniform([classes], 0.2, 2));
export const classes = (...list: number[]): Tensor => tensor(list, { dtype: "int32" });
