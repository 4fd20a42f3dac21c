/**
 * Finds the files of cases beside operations and layers, and turns a sample into tensors.
 */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { viewOf } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import type { Node } from "../../src/graph/node.ts";
import { dtypeIn, elementsOf, type OpCases, type Sample } from "../../src/ops/op-cases.test-helper.ts";
import { fromOwned } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

export type Float = "float32" | "float64";

/** The cases of one folder of `src/ops`, or of all layers. */
export interface Family {
  readonly name: string;
  readonly ops: readonly OpCases[];
}

/** Files of cases below a folder of src/, and the family that each belongs to. */
function casesBelow(folder: string, familyOf: (file: string) => string): { file: string; family: string }[] {
  const root = fileURLToPath(new URL(`../../src/${folder}`, import.meta.url));
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".cases.ts"))
    .sort()
    .map((file) => ({ file: join(root, file), family: familyOf(file) }));
}

async function load(): Promise<Family[]> {
  const byFamily = new Map<string, OpCases[]>();
  for (const { file, family } of [...casesBelow("ops", dirname), ...casesBelow("nn", () => "layers")]) {
    const { cases } = (await import(file)) as { cases: OpCases | readonly OpCases[] };
    byFamily.set(family, [...(byFamily.get(family) ?? []), ...[cases].flat()]);
  }
  return [...byFamily].map(([name, ops]) => ({ name, ops }));
}

/** All cases, by family. */
export const families: readonly Family[] = await load();

/** What a sample is called in the reference files; also what its inputs are drawn from. */
export function keyOf(op: OpCases, sample: Sample): string {
  return `${op.op} ${sample.name}`;
}

/** The inputs of a sample as tensors, floats as `float`. */
export function tensorsOf(op: OpCases, sample: Sample, float: Float): Tensor[] {
  return sample.inputs.map((input, i) => {
    const dtype = dtypeIn(input, float);
    const count = sizeOf(input.shape);
    const elements = elementsOf(input, `${keyOf(op, sample)} ${i}`);
    const data = viewOf(dtype, new ArrayBuffer(count * 8), 0, count);
    data.set(elements);
    const t = fromOwned(data, input.shape, dtype);
    return input.differentiable ? t.requiresGrad_() : t;
  });
}

/** What the operation gives for tensors, as a list. */
export function apply(sample: Sample, inputs: readonly Tensor[]): readonly Node[] {
  return [sample.run(...inputs.map((t) => t.node))].flat();
}

/** Weight of element `i` of a result, from which gradients start: exact in float32, without any pattern of the op's. */
export function weightAt(i: number): number {
  return (((i * 37) % 64) - 31.5) / 32;
}
