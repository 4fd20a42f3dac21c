/**
 * Operations whose gradient the user writes: PyTorch's `torch.autograd.Function`.
 */
import { type DType, isFloat } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { formatShape, sameShape, sizeOf } from "../base/shape.ts";
import { cast, constant, detach, pad, reshape, slice, withGradient } from "../graph/build.ts";
import { isGradEnabled, type Node, withGradMode } from "../graph/node.ts";
import { Tensor } from "./tensor.ts";

/** What `backward` may return: a gradient for each input of `forward`, in order; null for inputs without one. */
export type InputGradients = Tensor | null | readonly (Tensor | null | undefined)[];

/** The two functions that a class derived from `autograd.Function` defines. */
export interface FunctionDefinition<I extends readonly unknown[], O extends Tensor | readonly Tensor[]> {
  readonly name: string;
  forward(ctx: FunctionContext, ...inputs: I): O;
  backward(ctx: FunctionContext, ...gradOutputs: Tensor[]): InputGradients;
}

/**
 * Carries what `backward` needs to know of one call of `forward`; further values may be assigned to fields of it. `S`
 * lists the tensors that are saved, as in `FunctionContext<[Tensor, Tensor]>`.
 *
 * @example
 * class Double extends autograd.Function {
 *   static forward(ctx: autograd.FunctionContext, x: Tensor) { console.log(ctx.needsInputGrad); return x.mul(2); }
 *   static backward(_ctx: autograd.FunctionContext, g: Tensor) { return g.mul(2); }
 * }
 * Double.apply(tensor([1, 2], { requiresGrad: true })); // [2, 4]
 */
export class FunctionContext<S extends readonly Tensor[] = readonly Tensor[]> {
  /** For each input of `forward`, whether it is a tensor that needs a gradient. */
  readonly needsInputGrad: readonly boolean[];
  #saved: readonly Node[] = [];
  #standIns: ReadonlyMap<Node, Node> = new Map();

  /** @internal Made by `apply`. */
  constructor(needsInputGrad: readonly boolean[]) {
    this.needsInputGrad = needsInputGrad;
  }

  /** Keeps tensors (inputs, outputs or others) as they are now for `backward`. */
  saveForBackward(...tensors: S): void {
    this.#saved = tensors.map((t) => t.node);
  }

  /** The tensors given to `saveForBackward`, in that order. */
  get savedTensors(): S {
    const tensors: readonly Tensor[] = this.#saved.map((n) => new Tensor(this.#standIns.get(n) ?? n));
    return tensors as S;
  }

  /** @internal Outputs as `forward` made them, and the nodes that stand for them outside, which have gradients. */
  replace(outputs: ReadonlyMap<Node, Node>): void {
    this.#standIns = outputs;
  }
}

/**
 * Base of operations with a gradient of their own. Derive a class with two static methods and call its `apply`:
 * `forward` computes outputs from inputs, unrecorded; `backward` gets the gradients of the outputs (zeros for outputs
 * that were not used) and gives those of the inputs. Inputs may be anything; only tensors have gradients. The context
 * is the same in both: its type lists the tensors that are saved and the fields that are assigned to it, as in
 * `autograd.FunctionContext<[Tensor]> & { factor: number }`. Where a backward pass is itself differentiated
 * (`createGraph`), so is what `backward` computes.
 *
 * @example
 * type Context = autograd.FunctionContext<[Tensor]>;
 * class Cube extends autograd.Function {
 *   static forward(ctx: Context, x: Tensor) { ctx.saveForBackward(x); return x.pow(3); }
 *   static backward(ctx: Context, g: Tensor) { return g.mul(ctx.savedTensors[0].square()).mul(3); }
 * }
 * const x = tensor([1, 2], { requiresGrad: true });
 * Cube.apply(x).sum().backward();
 * x.grad; // [3, 12]
 */
// biome-ignore lint/complexity/noStaticOnlyClass: PyTorch's form, in which a definition is a class that is never made
export abstract class AutogradFunction {
  /**
   * Calls `forward` so that gradients of its outputs flow through `backward`.
   *
   * @returns what `forward` returns: a tensor or a list of them
   * @throws ArgumentError when `forward` returns anything else; in the backward pass ArgumentError, ShapeError or
   *   DTypeError for gradients that do not fit the inputs
   */
  static apply<I extends readonly unknown[], O extends Tensor | readonly Tensor[]>(
    this: FunctionDefinition<I, O>,
    ...inputs: I
  ): O {
    // biome-ignore lint/complexity/noThisInStatic: the derived class is what is applied
    return applyFunction(this, inputs);
  }
}

function applyFunction<I extends readonly unknown[], O extends Tensor | readonly Tensor[]>(
  definition: FunctionDefinition<I, O>,
  inputs: I,
): O {
  checkDefinition(definition);
  const nodes = inputs.map((v) => (v instanceof Tensor ? v.node : null));
  const needed = nodes.map((n) => n?.requiresGrad === true && isGradEnabled());
  const ctx = new FunctionContext(needed);
  const result: unknown = withGradMode(false, () => definition.forward(ctx, ...inputs));
  const outputs = outputsOf(result, definition.name);
  if (!needed.includes(true)) return result as O;
  const raw = outputs.map((t) => t.node);
  const targets = nodes.filter((n, i): n is Node => n !== null && needed[i] === true);
  const spread = (gradients: readonly Node[]): (Node | null)[] => {
    const given = definition.backward(ctx, ...gradients.map((g) => Tensor.of(g)));
    return checkedGradients(given, nodes, needed, definition.name);
  };
  const recorded = withRule(raw, targets, spread);
  ctx.replace(new Map(raw.map((n, i) => [n, recorded[i] as Node])));
  const tensors = recorded.map((n) => Tensor.of(n));
  return (result instanceof Tensor ? tensors[0] : tensors) as O;
}

/** For code without types: a missing method is named before anything is computed. */
function checkDefinition(definition: { readonly name: string; forward: unknown; backward: unknown }): void {
  for (const method of ["forward", "backward"] as const) {
    if (typeof definition[method] === "function") continue;
    throw new ArgumentError(`${definition.name}.apply: the class needs a static method ${method}(ctx, ...)`, {
      method,
    });
  }
}

function outputsOf(result: unknown, name: string): readonly Tensor[] {
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  if (list.length > 0 && list.every((t) => t instanceof Tensor)) return list;
  throw new ArgumentError(`${name}.forward: must return a tensor or a list of tensors`, { result });
}

type Spread = (gradients: readonly Node[]) => readonly (Node | null)[];

/** The outputs with `spread` as their joint gradient rule. */
function withRule(outputs: readonly Node[], inputs: readonly Node[], spread: Spread): Node[] {
  const [only] = outputs as [Node];
  if (outputs.length === 1) {
    return [isFloat(only.dtype) ? withGradient(detach(only), inputs, (g) => spread([g])) : only];
  }
  // The gradients of all outputs meet in one node, which nothing reads: `spread` is called once, when all are known.
  const dtype: DType = outputs.some((n) => n.dtype === "float64") ? "float64" : "float32";
  const sizes = outputs.map((n) => sizeOf(n.shape));
  const total = sizes.reduce((a, b) => a + b, 0);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  const joint = withGradient(constant(0, [total], dtype), inputs, (all) =>
    spread(
      outputs.map(({ shape, dtype: own }, i) => {
        const part = slice(all, [starts[i] as number], [sizes[i] as number]);
        return cast(reshape(part, shape), own);
      }),
    ),
  );
  return outputs.map((node, i) => {
    if (!isFloat(node.dtype)) return node;
    const [size, start] = [sizes[i] as number, starts[i] as number];
    return withGradient(detach(node), [joint], (g) => [
      pad(cast(reshape(g, [size]), dtype), [start], [total - start - size], 0),
    ]);
  });
}

/** What `backward` returned, for the inputs that need gradients. */
function checkedGradients(
  given: InputGradients,
  inputs: readonly (Node | null)[],
  needed: readonly boolean[],
  name: string,
): (Node | null)[] {
  const list = Array.isArray(given) ? (given as readonly unknown[]) : [given];
  if (list.length !== inputs.length) {
    throw new ArgumentError(
      `${name}.backward: returned ${list.length} gradients for the ${inputs.length} inputs of forward; return one for ` +
        "each, null for those without",
      { gradients: list.length, inputs: inputs.length },
    );
  }
  return inputs.flatMap((input, i) =>
    input === null || needed[i] !== true ? [] : [checkedGradient(list[i], input, i, name)],
  );
}

function checkedGradient(g: unknown, { shape, dtype }: Node, at: number, name: string): Node | null {
  if (g === null || g === undefined) return null;
  if (!(g instanceof Tensor)) {
    throw new ArgumentError(`${name}.backward: gradient ${at} must be a tensor or null, got ${typeof g}`, {
      gradient: g,
    });
  }
  if (!isFloat(g.dtype)) {
    throw new DTypeError(
      `${name}.backward: gradient ${at} is ${g.dtype}; gradients are ${dtype}, as the input`,
      {
        gradient: g.dtype,
        input: dtype,
      },
    );
  }
  if (!sameShape(g.shape, shape)) {
    throw new ShapeError(
      `${name}.backward: gradient ${at} has shape ${formatShape(g.shape)}, input ${at} of forward has ` +
        `${formatShape(shape)}; they must be equal, so sum over what forward broadcast`,
      { gradient: g.shape, input: shape },
    );
  }
  return cast(g.node, dtype);
}
