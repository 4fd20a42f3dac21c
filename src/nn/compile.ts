/**
 * Modules as one recorded graph: what `forward` does is followed once for inputs of some shapes, later calls make a single
 * node of the graph.
 */
import { ArgumentError } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import { currentEngine, useEngine } from "../engine/default.ts";
import { ShapeEngine } from "../engine/shape-engine.ts";
import type { Variable } from "../engine/storage.ts";
import { isGradEnabled, isObserved, Node, observeNodes } from "../graph/node.ts";
import { type RecordedGraph, recordGraph } from "../graph/record.ts";
import { callTemplate } from "../graph/template.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { nodeChanges, Tensor } from "../tensor/tensor.ts";
import { eachTensor, replaceTensors } from "./backward-hooks.ts";
import { type InputsOf, type Module, moduleChanges, type OutputOf } from "./module.ts";

/** Recordings of one module that are kept: one for each combination of input shapes and types. */
const mostRecordings = 64;

/**
 * A function that gives what the module gives, without running its `forward` at every call: for inference one image at a
 * time, where building the graph takes longer than computing. What `forward` does with inputs of some shapes and types is
 * recorded at the first call with such; parameters and buffers are read as they are at each call. (PyTorch's
 * `torch.compile` and `torch.jit.trace` serve the same end.) Results may differ from the module's in the last bits.
 *
 * A call goes through the module as usual while it could make a difference: in training mode, where gradients are
 * recorded, while hooks are registered, and when an input is no tensor. The modules and tensors inside are those of the
 * first call: compile again after exchanging one, or after changing a setting such as `Dropout.p`.
 *
 * @param module in evaluation mode, usually; `forward` must only compute
 * @throws ArgumentError at a call whose `forward` draws random numbers or changes a tensor in place; EngineError where
 *   it reads values
 * @example
 * const predict = compile(model.eval());
 * const scores = noGrad(() => predict(zeros([1, 1, 8, 8])));
 * scores.shape; // [1, 10]
 */
export function compile<M extends Module>(module: M): (...inputs: InputsOf<M>) => OutputOf<M> {
  const compiled = new Compiled(module);
  return (...inputs) => compiled.call(inputs as readonly unknown[]) as OutputOf<M>;
}

/** A recorded call, and what it gave, with tensors that stand for the results. */
interface Recording extends RecordedGraph {
  /** Inputs it was recorded for; only shapes and types count. */
  readonly placeholders: readonly Node[];
  readonly output: unknown;
}

/** What is below a module, itself included. */
interface Parts {
  readonly modules: readonly Module[];
  readonly state: readonly Tensor[];
  /** Whether changes of modes are counted: not where a class has a field of its own in the place of `training`. */
  readonly isCounted: boolean;
}

class Compiled {
  readonly #module: Module;
  /** Everything below the module, once it was called. */
  #parts: Parts | null = null;
  /** Whether every module is in evaluation mode and has no hooks, and when that was. */
  #still: { readonly changes: number; readonly isStill: boolean } | null = null;
  /** The nodes of the state, and when that was. */
  #state: { readonly changes: number; readonly nodes: readonly Node[] } | null = null;
  /** The one used last comes last. */
  readonly #recordings: Recording[] = [];

  constructor(module: Module) {
    this.#module = module;
  }

  call(inputs: readonly unknown[]): unknown {
    this.#parts ??= partsOf(this.#module);
    const { state } = this.#parts;
    for (const input of inputs) if (!(input instanceof Tensor)) return this.#plainly(inputs);
    const tensors = inputs as readonly Tensor[];
    const plain =
      isObserved() ||
      !this.#isStill(this.#parts.modules) ||
      (isGradEnabled() && (tensors.some((t) => t.requiresGrad) || state.some((t) => t.requiresGrad)));
    return plain ? this.#plainly(inputs) : this.#recorded(tensors, state);
  }

  #plainly(inputs: readonly unknown[]): unknown {
    return this.#module(...(inputs as never[]));
  }

  #recorded(inputs: readonly Tensor[], state: readonly Tensor[]): unknown {
    const given = inputs.map(nodeOf);
    const { template, captured, output } = this.#recordingFor(given) ?? this.#record(given, state);
    const results = callTemplate(template, [...given, ...this.#nodesOf(state), ...captured]);
    let next = 0;
    const result = (): Tensor => Tensor.of(results[next++] as Node);
    return output instanceof Tensor
      ? result()
      : replaceTensors(
          output,
          () => true,
          (found) => found.map(result),
        );
  }

  /** Whether all modules are in evaluation mode and have no hooks. Looking at dozens at every call takes its time. */
  #isStill(modules: readonly Module[]): boolean {
    const changes = moduleChanges();
    if (this.#still?.changes !== changes || this.#parts?.isCounted === false)
      this.#still = { changes, isStill: !modules.some((m) => m.training || m.__hooked__) };
    return this.#still.isStill;
  }

  /** The nodes of the state now. */
  #nodesOf(state: readonly Tensor[]): readonly Node[] {
    if (this.#state?.changes !== nodeChanges()) {
      const nodes = state.map(nodeOf);
      // Asking for a node may give it its first value.
      this.#state = { changes: nodeChanges(), nodes };
    }
    return this.#state.nodes;
  }

  #recordingFor(inputs: readonly Node[]): Recording | null {
    const known = this.#recordings;
    for (let i = known.length - 1; i >= 0; i--) {
      const recording = known[i] as Recording;
      if (!areAlike(inputs, recording.placeholders)) continue;
      if (i < known.length - 1) known.push(...known.splice(i, 1));
      return recording;
    }
    return null;
  }

  #record(inputs: readonly Node[], state: readonly Tensor[]): Recording {
    const stateNodes = this.#nodesOf(state);
    const placeholders = inputs.map((node) => new Node({ kind: "source" }, [], node.shape, node.dtype));
    const output = follow(this.#module, placeholders, state);
    const results: Node[] = [];
    eachTensor(output, (t) => void results.push(t.node));
    const recorded = results.length === 0 ? null : recordGraph([...placeholders, ...stateNodes], results);
    if (recorded === null) throw this.#refusal(results);
    if (this.#recordings.length >= mostRecordings) this.#recordings.shift();
    const recording = { ...recorded, placeholders, output };
    this.#recordings.push(recording);
    return recording;
  }

  #refusal(results: readonly Node[]): ArgumentError {
    const name = this.#module.constructor.name;
    return new ArgumentError(
      results.length === 0
        ? `compile: forward of ${name} gives no tensor; it has to give one, or a list or record of tensors`
        : `compile: forward of ${name} uses a tensor that changes in place and is neither a parameter nor a buffer; ` +
            "register it with registerBuffer, or give it as an input",
      { module: name },
    );
  }
}

const nodeOf = (tensor: Tensor): Node => tensor.node;

const areAlike = (inputs: readonly Node[], others: readonly Node[]): boolean =>
  inputs.length === others.length &&
  inputs.every((node, i) => {
    const other = others[i] as Node;
    return node.dtype === other.dtype && sameShape(node.shape, other.shape);
  });

function partsOf(module: Module): Parts {
  const modules = module.modules();
  const isCounted = modules.every((m) => !Object.hasOwn(m, "training"));
  return { modules, state: [...module.parameters(), ...module.buffers()], isCounted };
}

/** Follows a call over placeholders, computing nothing. @throws ArgumentError where it does more than to compute */
function follow(module: Module, placeholders: readonly Node[], state: readonly Tensor[]): unknown {
  const name = module.constructor.name;
  const given = placeholders.map((node) => new Tensor(node));
  let draws = false;
  const observer = observeNodes((node) => {
    draws ||= node.op.kind === "random";
  });
  const engine = currentEngine();
  const nodes = state.map(nodeOf);
  useEngine(new FollowingEngine(name, nodes));
  let output: unknown;
  try {
    output = noGrad(() => module(...(given as never[])));
  } finally {
    useEngine(engine);
    observeNodes(observer);
  }
  if (draws)
    throw new ArgumentError(
      `compile: forward of ${name} draws random numbers, which would be the same at every call; call the module itself`,
      { module: name },
    );
  if (given.some((t, i) => t.node !== placeholders[i])) throw changed(name, "an input");
  if (state.some((t, i) => t.node !== nodes[i])) throw changed(name, "a parameter or buffer");
  return output;
}

function changed(name: string, what: string): ArgumentError {
  return new ArgumentError(
    `compile: forward of ${name} changes ${what} in place, which has to happen at every call; call the module itself`,
    { module: name },
  );
}

class FollowingEngine extends ShapeEngine {
  readonly #name: string;
  readonly #state: ReadonlySet<Node>;

  constructor(name: string, state: readonly Node[]) {
    super(
      `compile: forward of ${name} reads a value, which has to happen at every call; call the module itself`,
    );
    this.#name = name;
    this.#state = new Set(state);
  }

  override assigned(variable: Variable): void {
    if (this.#state.has(variable.node)) throw changed(this.#name, "a parameter or buffer");
  }
}
