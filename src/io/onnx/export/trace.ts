/**
 * Follows a module's forward pass without computing anything, and says what was called: named operations where there are
 * names, primitives otherwise, in an order in which operands come first. Inputs are placeholders of given shapes.
 */
import type { DType } from "../../../base/dtype.ts";
import { ArgumentError } from "../../../base/errors.ts";
import type { Shape } from "../../../base/shape.ts";
import { currentEngine, useEngine } from "../../../engine/default.ts";
import { ShapeEngine } from "../../../engine/shape-engine.ts";
import { type NamedCall, observeCalls } from "../../../graph/named-calls.ts";
import { Node, observeNodes, resolve } from "../../../graph/node.ts";
import { type Module, registerModuleForwardHook, registerModuleForwardPreHook } from "../../../nn/module.ts";
import { defaultGenerator } from "../../../tensor/generator.ts";
import { noGrad } from "../../../tensor/grad-mode.ts";
import { Tensor } from "../../../tensor/tensor.ts";

/** Stands for a value of the tape where a call had a node. */
export class Ref {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}

export interface TapeValue {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Where in the model something was called. */
export interface Place {
  readonly path: string;
  readonly module: Module | null;
}

/**
 * One call. `kind` is a named operation's name, the kind of a primitive with "." in front, or that of a leaf: "input",
 * "state" (a parameter or buffer) or "data" (a value that was there before).
 */
export interface TapeStep {
  readonly kind: string;
  /** As they were, with {@link Ref} in place of nodes. */
  readonly args: readonly unknown[];
  readonly results: readonly TapeValue[];
  readonly place: Place;
  /** The first result. */
  readonly node: Node;
}

/** What forward gave: tensors by name, and the steps that lead to them. */
export interface Tape {
  readonly steps: readonly TapeStep[];
  readonly outputs: readonly { readonly name: string | null; readonly id: number }[];
}

export interface InputSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Whether a named call is to stand as a whole; where it is not, what it is made of is looked at. */
export type Takes = (call: NamedCall) => boolean;

const nowhere: Place = { path: "", module: null };

/** All tensors of a state dict by the node that stands for them, which forward uses. */
export type StateNodes = ReadonlyMap<Node, string>;

/** @throws what forward throws, and ArgumentError for outputs that are no tensors */
export function traceModule(
  model: Module,
  inputs: readonly InputSpec[],
  state: StateNodes,
  takes: Takes,
): Tape {
  const given = inputs.map(({ shape, dtype }) => new Node({ kind: "source" }, [], shape, dtype));
  const recording = new Recording(model);
  const output = recording.run(() => model(...(given.map((node) => new Tensor(node)) as never[])));
  const outputs = tensorsOf(output);
  return new TapeWriter(recording, given, state, takes).write(outputs);
}

/** Everything that is called while a function runs, with the place in the model. */
class Recording {
  readonly calls = new Map<Node, NamedCall[]>();
  readonly places = new Map<Node, Place>();
  readonly #paths: ReadonlyMap<Module, string>;

  constructor(model: Module) {
    this.#paths = new Map(model.namedModules().map(([path, module]) => [module, path]));
  }

  run<T>(body: () => T): T {
    const stack: Place[] = [];
    const enter = registerModuleForwardPreHook((module) => {
      const above = stack[stack.length - 1] ?? nowhere;
      stack.push({ path: this.#paths.get(module) ?? above.path, module });
    });
    const leave = registerModuleForwardHook(() => void stack.pop());
    const nodes = observeNodes((node) => void this.places.set(node, stack[stack.length - 1] ?? nowhere));
    const calls = observeCalls((call) => this.#note(call));
    const engine = currentEngine();
    const random = defaultGenerator.getState();
    useEngine(new ShapeEngine());
    try {
      return noGrad(body);
    } finally {
      useEngine(engine);
      defaultGenerator.setState(random);
      observeCalls(calls);
      observeNodes(nodes);
      enter.remove();
      leave.remove();
    }
  }

  #note(call: NamedCall): void {
    const operands = new Set(nodesIn(call.args));
    for (const node of nodesIn(call.result)) {
      // A call that gives an operand back, as a pool over one element may, has done nothing.
      if (operands.has(node)) continue;
      const list = this.calls.get(node);
      if (list === undefined) this.calls.set(node, [call]);
      else list.push(call);
    }
  }
}

/** Nodes of a value, and of lists and records in it, in order. */
function nodesIn(value: unknown): Node[] {
  if (value instanceof Node) return [value];
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return Object.values(value).flatMap(nodesIn);
  return [];
}

/** What forward gives: one tensor, or lists and records of them. */
function tensorsOf(output: unknown): { name: string | null; node: Node }[] {
  if (output instanceof Tensor) return [{ name: null, node: output.node }];
  const listed = Array.isArray(output)
    ? output.map((value: unknown): [string | null, unknown] => [null, value])
    : typeof output === "object" && output !== null && Object.getPrototypeOf(output) === Object.prototype
      ? Object.entries(output)
      : [];
  const found = listed.flatMap(([name, value]) =>
    tensorsOf(value).map((t) => ({
      name: [name, t.name].filter((n) => n !== null).join(".") || null,
      node: t.node,
    })),
  );
  if (found.length > 0) return found;
  throw new ArgumentError(
    `exportOnnx: forward gives ${output instanceof Promise ? "a promise" : typeof output}, expected a tensor, or a list or ` +
      "record of tensors",
    { output },
  );
}

/** What makes a node: a call of which it is a result, or the primitive that it is. */
interface Provider {
  readonly call: NamedCall | null;
  readonly operands: readonly Node[];
  readonly results: readonly Node[];
}

class TapeWriter {
  readonly #recording: Recording;
  readonly #inputs: readonly Node[];
  readonly #state: StateNodes;
  readonly #takes: Takes;
  readonly #steps: TapeStep[] = [];
  readonly #ids = new Map<Node, number>();
  readonly #providers = new Map<Node, Provider>();
  #count = 0;

  constructor(recording: Recording, inputs: readonly Node[], state: StateNodes, takes: Takes) {
    this.#recording = recording;
    this.#inputs = inputs;
    this.#state = state;
    this.#takes = takes;
  }

  write(outputs: readonly { readonly name: string | null; readonly node: Node }[]): Tape {
    // Inputs first, also those that nothing depends on.
    for (const input of this.#inputs) this.#add(this.#primitive(input), input);
    for (const { node } of outputs) this.#visit(this.#real(node));
    return {
      steps: this.#steps,
      outputs: outputs.map(({ name, node }) => ({ name, id: this.#idOf(node) })),
    };
  }

  #idOf(node: Node): number {
    return this.#ids.get(this.#real(node)) as number;
  }

  /** The node itself where a call gave it or it computes; what it is another name of otherwise. */
  #real(node: Node): Node {
    let n = node;
    while (n.op.kind === "alias" && n.value === null && n.inputs.length > 0 && !this.#isNamed(n)) {
      n = n.inputs[0] as Node;
    }
    return n;
  }

  #isNamed(node: Node): boolean {
    return this.#state.has(node) || this.#providerOf(node).call !== null;
  }

  #providerOf(node: Node): Provider {
    const known = this.#providers.get(node);
    if (known !== undefined) return known;
    // The outermost call that stands as a whole.
    const call = this.#recording.calls.get(node)?.findLast((c) => this.#takes(c)) ?? null;
    const provider =
      call === null
        ? this.#primitive(node)
        : { call, operands: nodesIn(call.args), results: nodesIn(call.result) };
    for (const result of call === null ? [node] : provider.results)
      if (result === node || !this.#providers.has(result)) this.#providers.set(result, provider);
    return provider;
  }

  #primitive(node: Node): Provider {
    const isLeaf = node.value !== null || this.#state.has(node);
    return { call: null, operands: isLeaf ? [] : node.inputs, results: [node] };
  }

  /** Operands first, without recursion: networks are deep. */
  #visit(root: Node): void {
    const stack = [root];
    while (stack.length > 0) {
      const node = stack[stack.length - 1] as Node;
      const provider = this.#providerOf(node);
      const missing = this.#ids.has(node)
        ? []
        : provider.operands.map((o) => this.#real(o)).filter((o) => !this.#ids.has(o));
      if (missing.length > 0) {
        stack.push(...missing.reverse());
        continue;
      }
      stack.pop();
      if (!this.#ids.has(node)) this.#add(provider, node);
    }
  }

  #add(provider: Provider, node: Node): void {
    const results = provider.results.map((result): TapeValue => {
      const id = this.#count++;
      if (!this.#ids.has(result)) this.#ids.set(result, id);
      return { id, shape: result.shape, dtype: result.dtype };
    });
    const place = this.#recording.places.get(node) ?? nowhere;
    const { kind, args } = this.#described(provider, node);
    this.#steps.push({ kind, args, results, place, node });
  }

  #described({ call }: Provider, node: Node): { kind: string; args: readonly unknown[] } {
    if (call !== null) return { kind: call.name, args: this.#withRefs(call.args) as readonly unknown[] };
    const input = this.#inputs.indexOf(node);
    if (input >= 0) return { kind: "input", args: [input] };
    const name = this.#state.get(node);
    if (name !== undefined) return { kind: "state", args: [name] };
    if (node.value !== null || node.op.kind === "source") return { kind: "data", args: [] };
    const { kind, ...parameters } = node.op;
    return { kind: `.${kind}`, args: [parameters, ...node.inputs.map((i) => new Ref(this.#idOf(i)))] };
  }

  #withRefs(value: unknown): unknown {
    if (value instanceof Node) return new Ref(this.#idOf(value));
    if (Array.isArray(value)) return value.map((item) => this.#withRefs(item));
    if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#withRefs(item)]));
    return value;
  }
}

/** The state of a model by node, and what stands for it in the file. Values are computed if they were not. */
export async function stateOf(
  model: Module,
): Promise<{ nodes: Map<Node, string>; tensors: Map<string, Tensor> }> {
  const tensors = new Map([...model.namedParameters(), ...model.namedBuffers()]);
  // One program for all that has not been computed yet, before nodes are looked at.
  for (const tensor of tensors.values()) void tensor.node;
  for (const tensor of tensors.values()) await tensor.data();
  const nodes = new Map<Node, string>();
  for (const [name, tensor] of tensors) {
    nodes.set(tensor.node, name);
    nodes.set(resolve(tensor.node), name);
  }
  return { nodes, tensors };
}
