/** A traced program as the graph of an ONNX file. */
import { currentEngine } from "../../../engine/default.ts";
import type { NamedCall } from "../../../graph/named-calls.ts";
import type { Converter, Converters } from "./converter.ts";
import { functions } from "./functions.ts";
import type { GraphWriter } from "./graph-writer.ts";
import { layers } from "./layers.ts";
import { type Program, type Step, Varying } from "./merge.ts";
import { primitives } from "./primitives.ts";
import { Ref } from "./trace.ts";

const named: Converters = { ...functions, ...layers };

/** Whether a named call becomes an operator as a whole. */
export function takesCall(call: NamedCall, opset: number): boolean {
  const converter = Object.hasOwn(named, call.name) ? named[call.name] : undefined;
  return converter !== undefined && (converter.takes?.(call.args, call, opset) ?? true);
}

/** Writes the nodes, initializers and values of a program. */
export async function writeGraph(g: GraphWriter, program: Program): Promise<void> {
  const folded = constantSteps(program);
  const used = usesOf(program, folded);
  for (const step of program.steps) {
    if (!step.results.some((r) => used.has(r.id))) continue;
    g.at(step);
    if (folded.has(step)) {
      await writeData(g, step);
      continue;
    }
    writeStep(g, step, used);
  }
}

/** Steps that depend on no input and no state, and on no size: their values are known already. */
function constantSteps(program: Program): Set<Step> {
  const constant = new Set<Step>();
  const light = new Set<number>();
  const known = new Set<number>();
  for (const step of program.steps) {
    if (step.kind === "input" || step.kind === "state" || isRandom(step) || varies(step)) continue;
    const refs = refsIn(step.args);
    if (!refs.every((id) => known.has(id))) continue;
    for (const { id } of step.results) known.add(id);
    // Plain numbers stay numbers, and what repeats a number needs no memory.
    const isLight =
      [".scalar", ".constant", ".expand"].includes(step.kind) && refs.every((id) => light.has(id));
    if (isLight) for (const { id } of step.results) light.add(id);
    else if (step.results.length === 1) constant.add(step);
    else for (const { id } of step.results) known.delete(id);
  }
  return constant;
}

const isRandom = (step: Step): boolean => [".random", "uniform01", "normal01", "dropout"].includes(step.kind);

function varies(step: Step): boolean {
  const inArgs = (value: unknown): boolean =>
    value instanceof Varying ||
    (Array.isArray(value) && value.some(inArgs)) ||
    (typeof value === "object" &&
      value !== null &&
      !(value instanceof Ref) &&
      Object.values(value).some(inArgs));
  return inArgs(step.args) || step.results.some((r) => r.dims.some((d) => d instanceof Varying));
}

function refsIn(value: unknown): number[] {
  if (value instanceof Ref) return [value.id];
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (typeof value === "object" && value !== null && !(value instanceof Varying))
    return Object.values(value).flatMap(refsIn);
  return [];
}

/** Values that something reads: outputs, and operands of steps that are written. */
function usesOf(program: Program, folded: ReadonlySet<Step>): Set<number> {
  const used = new Set(program.outputs.map((o) => o.id));
  for (const step of program.steps.toReversed()) {
    if (folded.has(step) || !step.results.some((r) => used.has(r.id))) continue;
    for (const id of operandsOf(step)) used.add(id);
  }
  return used;
}

/** Operands that a step's operator reads: positions are found anew rather than from offsets, numbers drawn anew. */
function operandsOf(step: Step): number[] {
  if (step.kind === "maxPoolIndices") return refsIn(step.args.slice(1));
  if (step.kind === "uniform01" || step.kind === "normal01") return [];
  return refsIn(step.args);
}

async function writeData(g: GraphWriter, step: Step): Promise<void> {
  const [result] = step.results;
  if (result === undefined) return;
  const shape = result.dims as readonly number[];
  const data = await currentEngine().read(step.node);
  const only = data.length === 1 && shape.length === 0 ? (data[0] as number) : null;
  g.set(result.id, g.constant(data, shape, result.dtype), shape, result.dtype, { fill: only });
}

function writeStep(g: GraphWriter, step: Step, used: ReadonlySet<number>): void {
  const [result] = step.results as [Step["results"][number]];
  const { id, dims, dtype } = result;
  if (step.kind === "input") g.set(id, g.inputNames[step.args[0] as number] as string, dims, dtype);
  else if (step.kind === "state") g.set(id, g.state(step.args[0] as string) as string, dims, dtype);
  else if (step.kind === ".scalar" || step.kind === ".constant") writeNumber(g, step, result);
  else if (step.kind === ".expand") {
    const value = g.peek(step.args[1]);
    g.set(id, value.name, dims, dtype, { ...value, dims });
  } else writeNodes(g, step, used);
}

function writeNodes(g: GraphWriter, step: Step, used: ReadonlySet<number>): void {
  if (step.kind === "data") {
    throw g.refuse(
      "a tensor that forward makes has another shape for inputs of another size, and its values are not known",
    );
  }
  const converter: Converter | undefined = primitives[step.kind] ?? named[step.kind];
  if (converter === undefined) throw g.refuse("has no operator in ONNX that is known here");
  const written = converter.write(
    g,
    step,
    step.results.map((r) => used.has(r.id)),
  );
  const names = typeof written === "string" ? [written] : written;
  step.results.forEach((r, i) => {
    const name = names[i];
    if (typeof name === "string") g.set(r.id, name, r.dims, r.dtype);
  });
}

/** A number in every element. Where it is a size of the input, it is computed. */
function writeNumber(g: GraphWriter, step: Step, result: Step["results"][number]): void {
  const { value } = step.args[0] as { readonly value: number | Varying };
  const { dims, dtype } = result;
  const place = step;
  g.defer(result.id, () => {
    if (typeof value === "number") return { name: g.number(value, dtype), has: [], dims, dtype, fill: value };
    g.at(place);
    const size = g.add("Squeeze", [g.size(value), g.int64([0], "axes")]);
    return { name: g.castTo(size, dtype), has: [], dims, dtype, fill: null };
  });
}
