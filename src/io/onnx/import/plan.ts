/**
 * What of a file has to be run, in order: nodes that an output needs, constants that are known beforehand, and which weights
 * are learned. Refuses operators that are not supported, with the whole list.
 */
import { ArgumentError, FileFormatError } from "../../../base/errors.ts";
import { sizeOf } from "../../../base/shape.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from "../schema.ts";
import { hostOperators } from "./host-operators.ts";
import { layerOperators } from "./layer-operators.ts";
import { mathOperators } from "./math-operators.ts";
import { Operator, type Run } from "./operator.ts";
import { shapeOperators } from "./shape-operators.ts";
import { Host, hostOf, isFloatType, type Value } from "./values.ts";

const tensorOperators: Readonly<Record<string, Run>> = {
  ...mathOperators,
  ...shapeOperators,
  ...layerOperators,
};

export interface Plan {
  readonly nodes: readonly OnnxNode[];
  readonly opset: number;
  /** Names of forward's arguments and results. */
  readonly inputs: readonly { readonly name: string; readonly rank: number | null }[];
  readonly outputs: readonly string[];
  /** Numbers that do not change. */
  readonly constants: ReadonlyMap<string, Host>;
  /** Tensors of the state, and whether they are learned. */
  readonly state: readonly { readonly tensor: OnnxTensor; readonly learned: boolean }[];
  /** Whether the file describes a network in training. */
  readonly training: boolean;
}

/** Operands that must be numbers before anything is computed, of operators that take floats there. */
const hostOperands: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
  Upsample: [1],
  Pad: [2],
  Dropout: [1, 2],
  Clip: [1, 2],
  Pow: [1],
  Range: [0, 1, 2],
  OneHot: [1],
};

const has = (table: object, name: string): boolean => Object.hasOwn(table, name);

/** @throws FileFormatError for a graph that does not hold together, ArgumentError for operators that are not supported */
export function planOf(model: OnnxModel, source: string): Plan {
  const { graph } = model;
  const opset = model.opsets.get("") ?? 0;
  const nodes = neededNodes(graph, source);
  checkOperators(nodes);
  if (opset < 1) {
    throw new FileFormatError(`importOnnx: ${source} does not say the version of the standard operators`, {
      source,
    });
  }
  const initializers = new Map(graph.initializers.map((t) => [t.name, t]));
  const roles = rolesOf(nodes, initializers);
  const constants = new Map<string, Host>();
  for (const [name, role] of roles)
    if (role === "constant") constants.set(name, hostOf(initializers.get(name) as OnnxTensor));
  const rest = foldConstants(nodes, opset, constants);
  return {
    nodes: rest,
    opset,
    inputs: graph.inputs
      .filter((input) => !initializers.has(input.name))
      .map(({ name, shape }) => ({ name, rank: shape?.length ?? null })),
    outputs: graph.outputs.map((o) => o.name),
    constants,
    state: [...roles].flatMap(([name, role]) =>
      role === "constant"
        ? []
        : [{ tensor: initializers.get(name) as OnnxTensor, learned: role === "learned" }],
    ),
    training: nodes.some((node) => isTraining(node, constants)),
  };
}

/** Nodes that an output depends on, checked to come in order. */
function neededNodes(graph: OnnxGraph, source: string): OnnxNode[] {
  const fail = (why: string): FileFormatError =>
    new FileFormatError(`importOnnx: ${source} does not hold together: ${why}`, { source });
  const known = new Set(["", ...graph.inputs.map((i) => i.name), ...graph.initializers.map((t) => t.name)]);
  for (const node of graph.nodes) {
    const label = `${node.opType} "${node.name || node.outputs[0] || ""}"`;
    const missing = node.inputs.find((name) => !known.has(name));
    if (missing !== undefined) throw fail(`${label} reads "${missing}", which nothing before it gives`);
    for (const output of node.outputs) {
      if (output !== "" && known.has(output))
        throw fail(`"${output}" is given twice, the second time by ${label}`);
      known.add(output);
    }
  }
  if (graph.outputs.length === 0) throw fail("the graph has no outputs");
  const needed = new Set<string>();
  for (const { name } of graph.outputs) {
    if (name === "" || !known.has(name)) throw fail(`nothing gives the output "${name}"`);
    needed.add(name);
  }
  const kept = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => name !== "" && needed.has(name))) return false;
    for (const name of node.inputs) needed.add(name);
    return true;
  });
  return kept.reverse();
}

function checkOperators(nodes: readonly OnnxNode[]): void {
  const unknown = nodes.filter(
    ({ domain, opType }) => domain !== "" || !(has(tensorOperators, opType) || has(hostOperators, opType)),
  );
  if (unknown.length === 0) return;
  const names = [
    ...new Set(unknown.map((n) => (n.domain === "" ? n.opType : `${n.domain}.${n.opType}`))),
  ].sort();
  throw new ArgumentError(
    `importOnnx: operators of this file that are not supported: ${names.join(", ")}; it is made for convolutional networks and ` +
      "multi-layer perceptrons. Simplify the file before, or export it without them",
    { operators: names },
  );
}

type Role = "learned" | "state" | "constant";

/** What each initializer is that a node reads: integers and plain numbers are constants, floats are learned. */
function rolesOf(
  nodes: readonly OnnxNode[],
  initializers: ReadonlyMap<string, OnnxTensor>,
): Map<string, Role> {
  const roles = new Map<string, Role>();
  const rank: Record<Role, number> = { learned: 0, state: 1, constant: 2 };
  for (const node of nodes) {
    node.inputs.forEach((name, i) => {
      const tensor = initializers.get(name);
      if (tensor === undefined) return;
      const asNumber = !isFloatType(tensor.type) || hostOperands[node.opType]?.includes(i) === true;
      const isStatistic = node.opType === "BatchNormalization" && i >= 3;
      const role: Role = asNumber ? "constant" : isStatistic ? "state" : "learned";
      const before = roles.get(name);
      if (before === undefined || rank[role] > rank[before]) roles.set(name, role);
    });
  }
  // An output may be an initializer itself.
  return roles;
}

/** Constants with more elements are computed anew as tensors rather than number by number. */
const mostFolded = 1 << 12;

/** Adds the results of nodes that depend on constants alone, and gives the other nodes. */
function foldConstants(nodes: readonly OnnxNode[], opset: number, constants: Map<string, Host>): OnnxNode[] {
  return nodes.filter((node) => {
    const isConstant = node.opType === "Constant";
    if (!isConstant && !has(hostOperators, node.opType)) return true;
    const inputs = node.inputs.map((name) => (name === "" ? null : (constants.get(name) ?? undefined)));
    if (inputs.includes(undefined) || (!isConstant && inputs.length === 0)) return true;
    const given = inputs as (Host | null)[];
    if (given.some((h) => h !== null && h.data.length > mostFolded)) return true;
    const results = [
      (isConstant ? shapeOperators : hostOperators)[node.opType]?.(new Operator(node, opset, given, false)) ??
        [],
    ].flat();
    node.outputs.forEach((name, i) => {
      const value = results[i];
      if (name !== "" && value instanceof Host) constants.set(name, value);
    });
    return false;
  });
}

/** Whether a node says that the network is being trained. */
function isTraining(node: OnnxNode, constants: ReadonlyMap<string, Host>): boolean {
  if (node.opType === "BatchNormalization") {
    const mode = node.attributes.get("training_mode");
    return mode?.kind === "int" && mode.value === 1;
  }
  return node.opType === "Dropout" && (constants.get(node.inputs[2] ?? "")?.data[0] ?? 0) !== 0;
}

/** Lists of numbers up to this length are computed on the host. */
const mostOnHost = 1 << 16;

/** Runs one node. */
export function runNode(
  node: OnnxNode,
  opset: number,
  inputs: readonly (Value | null)[],
  training: boolean,
): readonly (Value | null)[] {
  const operator = new Operator(node, opset, inputs, training);
  const known =
    inputs.every((v) => v === null || (v instanceof Host && sizeOf(v.shape) <= mostOnHost)) &&
    inputs.length > 0;
  const onHost = known ? hostOperators[node.opType] : undefined;
  const run = onHost ?? tensorOperators[node.opType] ?? hostOperators[node.opType];
  if (run === undefined) throw operator.refuse("is not supported");
  const results = run(operator);
  return results instanceof Tensor || results instanceof Host ? [results] : results;
}
