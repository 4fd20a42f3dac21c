/**
 * Where backward hooks of modules see gradients: the tensors of a call are passed through a node of the graph that
 * computes nothing and whose gradient is handed to a function.
 */
import { sizeOf } from "../base/shape.ts";
import { alias, cast, reshape, slice } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { concatenate } from "../ops/index.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A hook as the lists hold it, whatever its module. */
type Hook<M> = (module: M, ...rest: readonly unknown[]) => unknown;

/** The backward hooks of one call of a module: they see its gradients between stand-ins for inputs and outputs. */
export class BackwardHooks<M> {
  /** The call's inputs, to be passed on to `forward`. */
  readonly inputs: readonly unknown[];
  readonly #module: M;
  readonly #hooks: { readonly pre: readonly Hook<M>[]; readonly post: readonly Hook<M>[] };
  /** Positions of the inputs whose gradients are seen. */
  readonly #watched: readonly number[];
  #gradOutput: readonly Tensor[] = [];

  constructor(
    module: M,
    inputs: readonly unknown[],
    hooks: { readonly pre: readonly Hook<M>[]; readonly post: readonly Hook<M>[] },
  ) {
    this.#module = module;
    this.#hooks = hooks;
    this.#watched = hooks.post.length === 0 ? [] : inputs.flatMap((v, i) => (needsGradient(v) ? [i] : []));
    const passed = [...inputs];
    if (this.#watched.length > 0) {
      const tensors = this.#watched.map((i) => inputs[i] as Tensor);
      const standing = passThrough(tensors, (gradients) => this.#seeInputs(gradients));
      this.#watched.forEach((i, k) => {
        passed[i] = standing[k];
      });
    }
    this.inputs = passed;
  }

  #seeInputs(gradients: readonly Tensor[]): readonly Tensor[] {
    const placed = this.inputs.map((_, i) => gradients[this.#watched.indexOf(i)] ?? null);
    const seen = this.#hooks.post.reduce<readonly unknown[]>(
      (g, hook) => listOf(hook(this.#module, g, this.#gradOutput), g),
      placed,
    );
    return gradients.map((g, k) => (seen[this.#watched[k] as number] as Tensor | null | undefined) ?? g);
  }

  /** The call's output with stand-ins for its tensors. */
  watchOutput(output: unknown): unknown {
    return replaceTensors(output, needsGradient, (tensors) =>
      passThrough(tensors, (gradients) => this.#seeOutputs(gradients)),
    );
  }

  #seeOutputs(gradients: readonly Tensor[]): readonly Tensor[] {
    const { pre, post } = this.#hooks;
    this.#gradOutput = pre.reduce<readonly unknown[]>(
      (g, hook) => listOf(hook(this.#module, g), g),
      gradients,
    ) as readonly Tensor[];
    if (this.#watched.length === 0) {
      const none = this.inputs.map(() => null);
      for (const hook of post) hook(this.#module, none, this.#gradOutput);
    }
    return this.#gradOutput;
  }
}

const needsGradient = (v: unknown): v is Tensor => v instanceof Tensor && v.requiresGrad;

/** What a hook returned as a list, or `before` where it returned nothing. */
export function listOf(returned: unknown, before: readonly unknown[]): readonly unknown[] {
  if (returned === undefined || returned === null) return before;
  return Array.isArray(returned) ? returned : [returned];
}

/** Sees the gradients of all tensors at once; a list in return replaces them. */
export type JointGradient = (gradients: readonly Tensor[]) => readonly Tensor[] | null;

/**
 * Stand-ins for tensors that need gradients. In a backward pass `see` is called once, when all their gradients are
 * complete; tensors that the loss does not depend on get zeros.
 */
export function passThrough(tensors: readonly Tensor[], see: JointGradient): Tensor[] {
  const [first] = tensors;
  if (tensors.length === 1 && first !== undefined) {
    const node = alias(first.node);
    node.hooks = [(g) => see([Tensor.of(g)])?.[0]?.node ?? null];
    return [new Tensor(node)];
  }
  // One node for all, so that no gradient goes on before the hooks have seen the others.
  const flat = alias(
    concatenate(
      tensors.map((t) => cast(reshape(t.node, [t.numel()]), "float32")),
      0,
    ),
  );
  flat.hooks = [
    (g) => {
      const replaced = see(split(g, tensors).map((n) => Tensor.of(n)));
      return replaced === null
        ? null
        : concatenate(
            replaced.map((t) => cast(reshape(t.node, [t.numel()]), "float32")),
            0,
          );
    },
  ];
  return split(flat, tensors).map((n) => new Tensor(n));
}

/** Cuts a flat node back into the shapes and types of the tensors that it holds. */
function split(flat: Node, tensors: readonly Tensor[]): Node[] {
  let at = 0;
  return tensors.map((t) => {
    const size = sizeOf(t.shape);
    const part = slice(flat, [at], [size]);
    at += size;
    return cast(reshape(part, t.shape), t.dtype);
  });
}

/** Replaces tensors in a tensor, a list or a plain object of such; `change` gets all of those it accepts at once. */
export function replaceTensors<T>(
  value: T,
  accepts: (t: Tensor) => boolean,
  change: (ts: Tensor[]) => Tensor[],
): T {
  const found: Tensor[] = [];
  eachTensor(value, (t) => {
    if (accepts(t)) found.push(t);
  });
  if (found.length === 0) return value;
  const changed = change(found);
  const byTensor = new Map(found.map((t, i) => [t, changed[i] as Tensor]));
  return rebuild(value, byTensor) as T;
}

/** Calls `visit` with each tensor in a tensor, a list or a plain object of such, in order. */
export function eachTensor(value: unknown, visit: (t: Tensor) => void): void {
  if (value instanceof Tensor) visit(value);
  else if (Array.isArray(value)) for (const v of value) eachTensor(v, visit);
  else if (isPlainObject(value)) for (const v of Object.values(value)) eachTensor(v, visit);
}

function rebuild(value: unknown, byTensor: ReadonlyMap<Tensor, Tensor>): unknown {
  if (value instanceof Tensor) return byTensor.get(value) ?? value;
  if (Array.isArray(value)) return value.map((v) => rebuild(v, byTensor));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, rebuild(v, byTensor)]));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
