/**
 * Where backward hooks of modules see gradients: the tensors of a call are passed through a node of the graph that
 * computes nothing and whose gradient is handed to a function.
 */
import { sizeOf } from "../base/shape.ts";
import { alias, cast, reshape, slice } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { concatenate } from "../ops/index.ts";
import { Tensor } from "../tensor/tensor.ts";

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
  collect(value, (t) => {
    if (accepts(t)) found.push(t);
  });
  if (found.length === 0) return value;
  const changed = change(found);
  const byTensor = new Map(found.map((t, i) => [t, changed[i] as Tensor]));
  return rebuild(value, byTensor) as T;
}

function collect(value: unknown, visit: (t: Tensor) => void): void {
  if (value instanceof Tensor) visit(value);
  else if (Array.isArray(value)) for (const v of value) collect(v, visit);
  else if (isPlainObject(value)) for (const v of Object.values(value)) collect(v, visit);
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
