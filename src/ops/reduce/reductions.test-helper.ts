/**
 * The axes that every reduction is tried over: all, one, several that are not neighbours, kept and dropped, of size 1.
 */
import type { Shape } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import type { CaseInput, Sample } from "../op-cases.test-helper.ts";
import type { ReduceOptions } from "./reduction.ts";

const plans: readonly (readonly [Shape, ReduceOptions])[] = [
  [[], {}],
  [[7], {}],
  [[3, 5], {}],
  [[3, 5], { dim: 0 }],
  [[3, 5], { dim: -1, keepdim: true }],
  [[2, 3, 5], { dim: [0, 2] }],
  [[2, 3, 5, 7], { dim: [0, 2, 3], keepdim: true }],
  [[2, 1, 5], { dim: 1 }],
  [[67, 2], { dim: 0 }],
];

/** One sample for each plan. `torch` gets the axes as further arguments of a call: ", [0, 2], keepdim=True". */
export function reductions(
  run: (x: Node, options: ReduceOptions) => Node,
  torch: (axes: string) => string,
  input: (shape: Shape) => CaseInput,
  more: Partial<Sample> = {},
): Sample[] {
  return plans.map(([shape, options]) => {
    const dims = options.dim === undefined ? shape.map((_, d) => d) : [options.dim].flat();
    const keepdim = options.keepdim === true ? "True" : "False";
    return {
      name: `[${shape}] over ${options.dim ?? "all"}${options.keepdim === true ? ", kept" : ""}`,
      inputs: [input(shape)],
      run: (x: Node) => run(x, options),
      torch: torch(shape.length === 0 ? "" : `, [${dims}], keepdim=${keepdim}`),
      ...more,
    };
  });
}
