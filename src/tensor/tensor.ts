/// <reference lib="esnext.disposable" preserve="true" />
// long: the class carries PyTorch's whole method surface; every method is one call into ops/.
/**
 * The tensor: a handle on a node of the lazy graph. Operations make new handles; in-place operations give this one
 * (and whatever it is a view of) another node. Values are computed when they are asked for or when a step ends.
 */
import { backward as walkBack } from "../autograd/backward.ts";
import { allocate, checkDType, type DType, isFloat, promote, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DTypeError, EngineError, ShapeError } from "../base/errors.ts";
import { checkOptions, kindOf, show } from "../base/options.ts";
import { formatShape, normalizeDim, type Shape, sameShape, sizeOf } from "../base/shape.ts";
import { currentEngine } from "../engine/default.ts";
import { Variable } from "../engine/storage.ts";
import {
  alias,
  cast,
  constant,
  detach as detachNode,
  expand,
  hostSource,
  scalar,
  withGradient,
} from "../graph/build.ts";
import { isGradEnabled, type Node, withGradMode } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import { formatTensor } from "./format.ts";
import { defaultGenerator, type Generator } from "./generator.ts";
import { type NestedArray, nest } from "./host-data.ts";

/** Option of sums and differences. */
export interface Alpha {
  /** Factor of the other operand; 1 by default, an integer where the result is int32, uint8 or bool. */
  readonly alpha?: number;
}

/** What can stand beside a tensor in arithmetic. */
export type Operand = Tensor | number | boolean;

/** Axes to reduce; all by default. */
export type Dims = number | readonly number[];

/** Option of reductions. */
export interface KeepDim {
  /** Whether reduced axes stay with size 1; false by default. */
  readonly keepdim?: boolean;
}

/** Options of `multinomial`. */
export interface MultinomialOptions {
  /** Whether a class can be drawn again; false by default. */
  readonly replacement?: boolean;
  /** Where the numbers come from; the default generator, seeded by `manualSeed`, unless given. */
  readonly generator?: Generator;
}

/** A position (its axis goes), several positions, an int32 index tensor, or null for the whole axis. */
export type IndexItem = number | readonly number[] | Tensor | null;

/** Sees a gradient; a tensor that it returns replaces it. */
export type TensorHook = ((gradient: Tensor) => Tensor | null | undefined) | ((gradient: Tensor) => void);

/** Takes a hook off again; works with `using`. */
export interface RemovableHandle {
  remove(): void;
  [Symbol.dispose](): void;
}

/** How a view finds its node in that of its base, and puts a new value back. */
interface ViewLink {
  readonly base: Tensor;
  readonly take: (base: Node) => Node;
  readonly put: (base: Node, value: Node) => Node;
  /** Whether gradients were recorded when the view was made. */
  readonly recorded: boolean;
  seen: number;
}

/** @throws ArgumentError unless the value is a tensor: plain JavaScript, or a forgotten `await`, may give others. */
export function checkTensor(value: unknown, argument: string, owner: string): asserts value is Tensor {
  if (value instanceof Tensor) return;
  throw new ArgumentError(
    `${owner}: ${argument} must be a tensor, got ${kindOf(value)}; ${remedyFor(value)}`,
    {
      [argument]: value,
    },
  );
}

const remedyFor = (value: unknown): string =>
  value instanceof Promise ? "await it first" : "make one with tensor(...)";

/** The node of what has to be a tensor. @throws ArgumentError when it is none. */
function nodeOf(value: Tensor, argument: string, owner: string): Node {
  checkTensor(value, argument, owner);
  return value.node;
}

const checkKeepDim = (options: KeepDim, owner: string): void =>
  checkOptions(options, ["keepdim"], owner, { flags: ["keepdim"] });

/** How often another node has come to stand for a tensor. */
let changes = 0;

/** A number that stays the same as long as every tensor's `node` is the one it was. */
export const nodeChanges = (): number => changes;

export function makeHandle(remove: () => void): RemovableHandle {
  return { remove, [Symbol.dispose]: remove };
}

/**
 * A multi-dimensional array of numbers with PyTorch's interface.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * x.mul(x).sum().backward();
 * await x.grad?.array(); // [[2, 4], [6, 8]]
 */
export class Tensor {
  #node: Node;
  #variable: Variable | null = null;
  #view: ViewLink | null = null;
  #version = 0;
  #grad: Tensor | null = null;
  #gradVariable: Variable | null = null;
  #keepsGrad = false;

  /** @internal Tensors are made by functions such as `tensor` and `zeros`. */
  constructor(node: Node) {
    this.#node = sizeOf(node.shape) === 0 && node.value === null ? emptyNode(node) : node;
  }

  /** @internal A tensor over a node that user code made: small values are kept from the next flush on. */
  static of(node: Node): Tensor {
    const t = new Tensor(node);
    currentEngine().made(t.#node);
    return t;
  }

  /** @internal Says that nobody can read this tensor, so that it is not computed for a reader. */
  __unseen__(): void {
    currentEngine().unmade(this.#node);
  }

  /** @internal The node that stands for the value now. */
  get node(): Node {
    const view = this.#view;
    if (this.#variable?.initialized && this.#variable.storage === null) currentEngine().initialize();
    if (view !== null && view.seen !== view.base.#version) {
      // As when the view was made, wherever it is used: inside noGrad a view made outside keeps its gradient.
      this.#node = withGradMode(view.recorded, () => view.take(view.base.node));
      view.seen = view.base.#version;
    }
    return this.#node;
  }

  /**
   * Sizes of the dimensions; [] for a scalar.
   *
   * @example
   * zeros([2, 3]).shape; // [2, 3]
   * tensor(5).shape; // []
   */
  get shape(): Shape {
    return this.#node.shape;
  }

  /**
   * Element type: "float32", "float64", "int32", "uint8" or "bool".
   *
   * @example
   * tensor([1, 2]).dtype; // "float32"
   * tensor([1, 2]).gt(1).dtype; // "bool"
   */
  get dtype(): DType {
    return this.#node.dtype;
  }

  /**
   * Number of dimensions.
   *
   * @example
   * zeros([2, 3, 5]).ndim; // 3
   */
  get ndim(): number {
    return this.#node.shape.length;
  }

  /**
   * Number of elements, the product of the sizes; 1 for a scalar.
   *
   * @example
   * zeros([2, 3, 5]).numel(); // 30
   */
  numel(): number {
    return sizeOf(this.#node.shape);
  }

  /**
   * Size of one dimension, or all of them.
   *
   * @param dim negative ones count from the last; all sizes when left out
   * @throws ShapeError for a dimension that is out of range
   * @example
   * zeros([2, 3, 5]).size(-1); // 5
   * zeros([2, 3, 5]).size(); // [2, 3, 5]
   */
  size(): Shape;
  size(dim: number): number;
  size(dim?: number): number | Shape {
    return dim === undefined ? this.shape : (this.shape[normalizeDim(dim, this.ndim, "size")] as number);
  }

  // Reading

  /**
   * The only element, a bool as 0 or 1. Computes everything that is pending.
   *
   * @throws ArgumentError unless there is exactly one element, EngineError when the value is gone (see `keep`)
   * @example
   * await tensor([[2.5]]).item(); // 2.5
   */
  async item(): Promise<number> {
    this.#checkSingle("item");
    return (await currentEngine().read(this.node))[0] as number;
  }

  /**
   * All elements in row-major order, as a typed array of their own: Uint8Array for bool.
   *
   * @throws EngineError when the value is gone (see `keep`)
   * @example
   * await tensor([[1, 2], [3, 4]]).t().data(); // [1, 3, 2, 4]
   */
  data(): Promise<TypedArray> {
    return currentEngine().read(this.node);
  }

  /**
   * All elements as nested lists; a number or boolean for a scalar.
   *
   * @throws EngineError when the value is gone (see `keep`)
   * @example
   * await tensor([[1, 2], [3, 4]]).gt(2).array(); // [[false, false], [true, true]]
   */
  async array(): Promise<NestedArray> {
    return nest(await this.data(), this.shape, this.dtype);
  }

  /**
   * As `item`, but blocks.
   *
   * @throws ArgumentError unless there is one element, EngineError where the host forbids blocking, as a browser's main
   *   thread does
   * @example
   * tensor([3, 4]).norm().itemSync(); // 5
   */
  itemSync(): number {
    this.#checkSingle("itemSync");
    return currentEngine().readSync(this.node)[0] as number;
  }

  /**
   * As `data`, but blocks.
   *
   * @throws EngineError where the host forbids blocking
   * @example
   * ones([2, 2]).dataSync(); // [1, 1, 1, 1]
   */
  dataSync(): TypedArray {
    return currentEngine().readSync(this.node);
  }

  /**
   * As `array`, but blocks.
   *
   * @throws EngineError where the host forbids blocking
   * @example
   * eye(2).arraySync(); // [[1, 0], [0, 1]]
   */
  arraySync(): NestedArray {
    return nest(this.dataSync(), this.shape, this.dtype);
  }

  #checkSingle(name: string): void {
    if (this.numel() !== 1) {
      throw new ArgumentError(
        `${name}: needs a tensor of one element, got shape ${formatShape(this.shape)}; use array() or data()`,
        { shape: this.shape },
      );
    }
  }

  /**
   * Keeps the value whatever its size, so that it can still be read after parameters have been updated. Small values
   * are kept by themselves: up to 64 KB, or 4 KB where a module has made them inside of its call and gave them to nobody.
   *
   * @example
   * const logits = model(images).keep();
   * F.crossEntropy(logits, labels).backward();
   * await optimizer.step();
   * (await logits.data()).length; // 160
   */
  keep(): this {
    currentEngine().keep(this.node);
    return this;
  }

  /**
   * The values as PyTorch prints them, once they are known; before that the shape. Nothing is computed for it.
   *
   * @example
   * tensor([[1, 2], [3, 4.5]]).toString(); // "tensor([[1.0000, 2.0000],\n        [3.0000, 4.5000]])"
   */
  toString(): string {
    return formatTensor(currentEngine().peek(this.node), this.shape, this.dtype, this.requiresGrad);
  }

  /**
   * What `JSON.stringify` writes: nested lists, as `array` gives them, once the values are known. Nothing is computed for it.
   * NaN and infinities, which JSON does not have, become null.
   *
   * @throws EngineError before the values are known
   * @example
   * const x = tensor([[1, 2], [3, 4]]).mul(2);
   * await x.array();
   * JSON.stringify({ x }); // '{"x":[[2,4],[6,8]]}'
   */
  toJSON(): NestedArray {
    const known = currentEngine().peek(this.node);
    if (known !== null) return nest(known, this.shape, this.dtype);
    throw new EngineError(
      `JSON.stringify: the values of this tensor (shape ${formatShape(this.shape)}) are not known yet; give it what ` +
        "await t.array() gives",
      { shape: this.shape },
    );
  }

  // Gradients

  /**
   * Whether gradients flow to this tensor. Set it on float tensors that are to be optimised.
   *
   * @throws when set: DTypeError for integers, ArgumentError for a result of other tensors
   * @example
   * const w = zeros([3]);
   * w.requiresGrad = true;
   * w.mul(2).requiresGrad; // true
   */
  get requiresGrad(): boolean {
    return this.node.requiresGrad;
  }

  set requiresGrad(on: boolean) {
    if (on && !isFloat(this.dtype)) {
      throw new DTypeError(`requiresGrad: only float tensors have gradients, this one is ${this.dtype}`, {
        dtype: this.dtype,
      });
    }
    if (!this.isLeaf) {
      throw new ArgumentError(
        "requiresGrad: this tensor is a result of others; change it on those, or detach()",
      );
    }
    changes++;
    if (this.#node.leaf !== null && this.#node.leaf !== this) this.#node = alias(this.#node);
    if (on && this.#node.op.kind !== "source") this.#node = alias(this.#node);
    this.#node.requiresGrad = on;
    this.#node.leaf = on ? this : null;
  }

  /**
   * Sets `requiresGrad` and returns the tensor.
   *
   * @param on true by default
   * @throws DTypeError for integers, ArgumentError for a result of other tensors
   * @example
   * zeros([3]).requiresGrad_().requiresGrad; // true
   */
  requiresGrad_(on = true): this {
    this.requiresGrad = on;
    return this;
  }

  /**
   * Whether the tensor was made by the user rather than computed from tensors that need gradients.
   *
   * @example
   * const w = ones([3], { requiresGrad: true });
   * w.isLeaf; // true
   * w.mul(2).isLeaf; // false
   */
  get isLeaf(): boolean {
    return this.#node.leaf !== null || !this.node.requiresGrad;
  }

  /**
   * The gradient that backward passes have summed up, or null. May be set, to null above all.
   *
   * @throws when set: ShapeError and DTypeError unless it has this tensor's shape and type
   * @example
   * const w = tensor([1, 2], { requiresGrad: true });
   * w.square().sum().backward();
   * w.square().sum().backward();
   * await w.grad?.array(); // [4, 8]
   */
  get grad(): Tensor | null {
    return this.#grad;
  }

  set grad(grad: Tensor | null) {
    if (grad !== null) this.#checkGrad(grad);
    const variable = this.#gradVariable;
    if (grad === null && variable !== null) currentEngine().unassigned(variable);
    this.#grad = grad;
  }

  #checkGrad(grad: Tensor): void {
    checkTensor(grad, "the gradient (null for none)", "grad");
    if (!sameShape(grad.shape, this.shape)) {
      throw new ShapeError(
        `grad: a gradient of shape ${formatShape(grad.shape)} does not fit a tensor of shape ${formatShape(this.shape)}; ` +
          "they must be equal",
        { gradient: grad.shape, shape: this.shape },
      );
    }
    if (grad.dtype !== this.dtype) {
      throw new DTypeError(
        `grad: a gradient of ${grad.dtype} does not fit a tensor of ${this.dtype}; convert it with .to("${this.dtype}")`,
        { gradient: grad.dtype, dtype: this.dtype },
      );
    }
  }

  /**
   * Adds the gradient of this tensor to `grad` of every leaf it was computed from.
   *
   * @param options.gradient weight of each element; may be left out for a single element
   * @param options.retainGraph whether another backward pass may follow; `createGraph` by default
   * @param options.createGraph whether the gradients themselves are differentiable; false by default
   * @throws ArgumentError for several elements without `gradient`, or a second pass without `retainGraph`
   * @example
   * const x = tensor([1, 2, 3], { requiresGrad: true });
   * x.square().backward({ gradient: tensor([1, 0, 10]) });
   * await x.grad?.array(); // [2, 0, 60]
   */
  backward(options: { gradient?: Tensor; retainGraph?: boolean; createGraph?: boolean } = {}): void {
    checkOptions(options, ["gradient", "retainGraph", "createGraph"], "backward", {
      flags: ["retainGraph", "createGraph"],
    });
    if (options.gradient === undefined && this.numel() !== 1) {
      throw new ArgumentError(
        `backward: a tensor of shape ${formatShape(this.shape)} needs { gradient }; only a single element is its own ` +
          "start, so call backward on a loss such as x.sum() or x.mean()",
        { shape: this.shape },
      );
    }
    const createGraph = options.createGraph ?? false;
    const retainGraph = options.retainGraph ?? createGraph;
    const seed = options.gradient?.node ?? constant(1, this.shape, this.dtype);
    const found = walkBack([{ node: this.node, seed }], (n) => n.leaf !== null, { retainGraph, createGraph });
    for (const [node, gradient] of found) (node.leaf as Tensor).#accumulate(gradient, createGraph);
  }

  #accumulate(gradient: Node, createGraph: boolean): void {
    if (createGraph) {
      this.#grad = Tensor.of(this.#grad === null ? gradient : ops.add(this.#grad.node, gradient));
      return;
    }
    const before = this.#grad;
    if (before !== null) {
      withGradMode(false, () => before.#assign(ops.add(before.node, gradient), "backward"));
      return;
    }
    // One place per leaf holds its gradient, step after step.
    const grad = new Tensor(gradient);
    this.#gradVariable ??= new Variable(gradient, false, (stored) => this.#gradStored(stored));
    this.#gradVariable.node = gradient;
    grad.#variable = this.#gradVariable;
    this.#grad = grad;
    currentEngine().assigned(this.#gradVariable);
  }

  #gradStored(stored: Node): void {
    const grad = this.#grad;
    if (grad === null || grad.#variable !== this.#gradVariable) return;
    grad.#node = stored;
    changes++;
  }

  /**
   * The same values, cut off from the graph; shares memory with this tensor.
   *
   * @example
   * const x = tensor([3], { requiresGrad: true });
   * x.mul(x.detach()).sum().backward();
   * await x.grad?.array(); // [3]
   */
  detach(): Tensor {
    return this.#linked(
      (n) => detachNode(n),
      (_, value) => value,
    );
  }

  /**
   * A copy through which gradients flow; in-place changes of either do not show in the other. That of a parameter or
   * buffer is kept as by `keep`, so it can be read after any number of steps.
   *
   * @example
   * const x = zeros([2]);
   * x.clone().add_(1);
   * x; // [0, 0]
   */
  clone(): Tensor {
    const copy = Tensor.of(alias(this.node));
    return this.#variable === null ? copy : copy.keep();
  }

  /**
   * Calls `hook` with the gradient of this tensor in every backward pass; a tensor that it returns replaces the
   * gradient.
   *
   * @throws ArgumentError when the tensor needs no gradient
   * @example
   * const x = tensor([1, 2], { requiresGrad: true });
   * x.registerHook((g) => g.mul(10));
   * x.sum().backward();
   * await x.grad?.array(); // [10, 10]
   */
  registerHook(hook: TensorHook): RemovableHandle {
    if (!this.requiresGrad)
      throw new ArgumentError("registerHook: this tensor needs no gradient, so none will come");
    if (typeof hook !== "function")
      throw new ArgumentError(`registerHook: the hook must be a function; got ${show(hook)}`, { hook });
    const { node } = this;
    const call = (g: Node): Node | null => {
      const replacement = hook(Tensor.of(g));
      return replacement instanceof Tensor ? replacement.node : null;
    };
    // One list for all nodes that stand for this tensor, one after the other.
    node.hooks ??= [];
    const { hooks } = node;
    hooks.push(call);
    return makeHandle(() => {
      const at = hooks.indexOf(call);
      if (at >= 0) hooks.splice(at, 1);
    });
  }

  /**
   * Keeps the gradient of a tensor that is no leaf in `grad` during backward.
   *
   * @throws ArgumentError when the tensor needs no gradient
   * @example
   * const x = tensor([1, 2], { requiresGrad: true });
   * const y = x.mul(3);
   * y.retainGrad();
   * y.square().sum().backward();
   * await y.grad?.array(); // [6, 12]
   */
  retainGrad(): void {
    if (this.#keepsGrad || this.#node.leaf !== null) return;
    this.#keepsGrad = true;
    this.registerHook((g) => {
      this.#grad = this.#grad === null ? g : Tensor.of(ops.add(this.#grad.node, g.node));
    });
  }

  // In-place operations

  /** @internal Keeps the value in device storage from now on, computed before its first use. */
  persist(): this {
    this.#variable ??= new Variable(this.#node, true, (stored) => this.#stored(stored));
    currentEngine().assigned(this.#variable);
    return this;
  }

  #stored(stored: Node): void {
    const before = this.#node;
    // Views taken while the assignment was pending go over to the stored value.
    this.#changed();
    // Graphs that have the pending value as an operand find it in the storage, as long as it is there.
    if (before.requiresGrad) before.value = stored.value;
    if (before.leaf === this) this.#stand(stored, before);
    else if (!before.requiresGrad) this.#node = stored;
  }

  /** Says that another node stands for the value now, and for those of views. */
  #changed(): void {
    this.#version++;
    changes++;
  }

  /** Lets another node stand for this leaf: the gradient and its hooks go over to it. */
  #stand(node: Node, before: Node): void {
    node.requiresGrad = true;
    node.leaf = this;
    node.hooks = before.hooks;
    this.#node = node;
  }

  /** @param name what the user called, for messages */
  #assign(value: Node, name: string): this {
    const node = expand(cast(this.#fitting(value, name), this.dtype), this.shape);
    const view = this.#view;
    const root = view === null ? this : view.base;
    // PyTorch's rule: what a detached view does to its base is not recorded.
    const hidden = view !== null && root.#node.requiresGrad && !this.#node.requiresGrad;
    const tracked = isGradEnabled() && !hidden;
    if (tracked && root.#node.leaf === root) {
      throw new ArgumentError(
        `${name}: the tensor has requiresGrad, and gradients are recorded; wrap it in noGrad(() => ...), or compute a new ` +
          "tensor",
      );
    }
    root.#replace(view === null ? node : withGradMode(tracked, () => view.put(root.node, node)), tracked);
    return this;
  }

  /** A node that this tensor is written with, or computed from. @throws ShapeError unless it broadcasts to this shape. */
  #fitting(node: Node, name: string): Node {
    const { shape } = this;
    const more = shape.length - node.shape.length;
    if (more >= 0 && node.shape.every((s, d) => s === 1 || s === shape[more + d])) return node;
    throw new ShapeError(
      `${name}: shape ${formatShape(node.shape)} does not broadcast to ${formatShape(shape)}, which stays the tensor's ` +
        "shape; reshape what is given, or compute a new tensor",
      { given: node.shape, shape },
    );
  }

  #replace(node: Node, tracked: boolean): void {
    // Not `this.node`: what is overwritten need not be computed.
    const before = this.#node;
    this.#variable ??= new Variable(node, false, (stored) => this.#stored(stored));
    // First, since an engine may refuse.
    currentEngine().assigned(this.#variable);
    this.#changed();
    if (before.leaf === this) this.#stand(alias(detachNode(node)), before);
    else if (!tracked && before.requiresGrad) {
      // Values change, gradients flow on as if nothing had happened.
      this.#node = withGradMode(true, () => withGradient(detachNode(node), [before], (g) => [g]));
    } else this.#node = node;
    this.#variable.node = this.#node;
  }

  /** As `#assign` for arithmetic. @throws DTypeError where it would drop fractions, or make a truth of a number. */
  #update(value: Node, name: string): this {
    const { dtype } = this;
    if ((isFloat(value.dtype) && !isFloat(dtype)) || (value.dtype !== "bool" && dtype === "bool")) {
      throw new DTypeError(
        `${name}: the result is ${value.dtype}, the tensor ${dtype}; convert it first with ` +
          `.to("${value.dtype}")`,
        { result: value.dtype, dtype },
      );
    }
    return this.#assign(value, name);
  }

  /** As `#operand`, of an operation in place. @throws ShapeError unless it broadcasts to this shape. */
  #given(other: Operand, name: string): Node {
    return this.#fitting(this.#operand(other, name), name);
  }

  /** A tensor that shares memory with this one: in-place changes of either show in both. */
  #linked(take: (base: Node) => Node, put: (base: Node, value: Node) => Node): Tensor {
    const outer = this.#view;
    const root = outer === null ? this : outer.base;
    const whole = outer === null ? take : (n: Node) => take(outer.take(n));
    const back = outer === null ? put : (n: Node, value: Node) => outer.put(n, put(outer.take(n), value));
    const t = new Tensor(take(this.node));
    t.#view = { base: root, take: whole, put: back, recorded: isGradEnabled(), seen: root.#version };
    // A view of what lives in device storage can be read at any time; keeping it would change the next program.
    if (root.#variable?.initialized !== true) currentEngine().made(t.#node);
    return t;
  }

  #viewed(view: ops.ViewPair): Tensor {
    return this.#linked(view.take, view.put);
  }

  /**
   * this + alpha * other, in place; of two bools as `add`.
   *
   * @param options.alpha factor of `other`; 1 by default, an integer where the result is int32, uint8 or bool
   * @throws ShapeError unless the result fits this shape, DTypeError where an integer tensor would lose fractions,
   *   ArgumentError on a leaf with `requiresGrad` outside of `noGrad`, as for all in-place operations
   * @example
   * zeros([2, 2]).add_(tensor([1, 2]), { alpha: 10 }); // [[10, 20], [10, 20]]
   */
  add_(other: Operand, options?: Alpha): this {
    const scaled = this.#scaled(this.#given(other, "add_"), options, "add_");
    return this.#update(ops.add(this.node, scaled), "add_");
  }

  /**
   * this - alpha * other, in place.
   *
   * @param options.alpha factor of `other`; 1 by default, an integer where the result is int32 or uint8
   * @throws ShapeError, DTypeError and ArgumentError as `add_`
   * @example
   * tensor([5, 7]).sub_(2, { alpha: 0.5 }); // [4, 6]
   */
  sub_(other: Operand, options?: Alpha): this {
    const given = this.#fitting(this.#subtrahend(other, "sub_"), "sub_");
    return this.#update(ops.sub(this.node, this.#scaled(given, options, "sub_"), "sub_"), "sub_");
  }

  #scaled(other: Node, options: Alpha | undefined, name: string): Node {
    if (options === undefined) return other;
    checkOptions(options, ["alpha"], name);
    return options.alpha === undefined ? other : ops.scaled(this.dtype, other, options.alpha, name);
  }

  /**
   * this * other, in place.
   *
   * @throws ShapeError, DTypeError and ArgumentError as `add_`
   * @example
   * const x = tensor([[1, 2], [3, 4]]);
   * x.select(0, 1).mul_(10);
   * x; // [[1, 2], [30, 40]]
   */
  mul_(other: Operand): this {
    return this.#update(ops.mul(this.node, this.#given(other, "mul_")), "mul_");
  }

  /**
   * this / other, in place.
   *
   * @throws DTypeError for integers; ShapeError and ArgumentError as `add_`
   * @example
   * tensor([[2, 4], [6, 8]]).div_(tensor([[2], [4]])); // [[1, 2], [1.5, 2]]
   */
  div_(other: Operand): this {
    return this.#update(ops.div(this.node, this.#given(other, "div_")), "div_");
  }

  /**
   * Takes over the elements of another tensor, converted to this type and broadcast to this shape.
   *
   * @throws ShapeError unless the source broadcasts, ArgumentError as `add_`
   * @example
   * zeros([2, 3]).copy_(tensor([1, 2, 3])); // [[1, 2, 3], [1, 2, 3]]
   */
  copy_(source: Tensor): this {
    return this.#assign(nodeOf(source, "source", "copy_"), "copy_");
  }

  /**
   * One value everywhere, in place.
   *
   * @throws ArgumentError as `add_`
   * @example
   * zeros([3]).fill_(0.5); // [0.5, 0.5, 0.5]
   */
  fill_(value: number): this {
    return this.#assign(this.#operand(value, "fill_"), "fill_");
  }

  /**
   * Zeros everywhere, in place.
   *
   * @throws ArgumentError as `add_`
   * @example
   * tensor([1, 2]).zero_(); // [0, 0]
   */
  zero_(): this {
    return this.#assign(constant(0, this.shape, this.dtype), "zero_");
  }

  /**
   * this + weight * (end - this), in place: a step towards `end`, as running averages take it.
   *
   * @param weight 0 stays here, 1 goes to `end`
   * @throws ShapeError and ArgumentError as `add_`
   * @example
   * tensor([0, 10]).lerp_(tensor([10, 20]), 0.1); // [1, 11]
   */
  lerp_(end: Tensor, weight: Operand): this {
    const to = this.#fitting(nodeOf(end, "end", "lerp_"), "lerp_");
    const step = ops.mul(ops.sub(to, this.node, "lerp_"), this.#given(weight, "lerp_"));
    return this.#update(ops.add(this.node, step), "lerp_");
  }

  /**
   * this + value * a * b, in place.
   *
   * @param options.value 1 by default
   * @throws ShapeError and ArgumentError as `add_`
   * @example
   * tensor([1, 1]).addcmul_(tensor([2, 3]), tensor([4, 5]), { value: 0.5 }); // [5, 8.5]
   */
  addcmul_(a: Tensor, b: Tensor, options: { value?: number } = {}): this {
    checkOptions(options, ["value"], "addcmul_");
    return this.#addOf(ops.mul, a, b, "addcmul_", options.value);
  }

  /**
   * this + value * a / b, in place.
   *
   * @param options.value 1 by default
   * @throws ShapeError and ArgumentError as `add_`
   * @example
   * tensor([1, 1]).addcdiv_(tensor([6, 8]), tensor([2, 4]), { value: -1 }); // [-2, -1]
   */
  addcdiv_(a: Tensor, b: Tensor, options: { value?: number } = {}): this {
    checkOptions(options, ["value"], "addcdiv_");
    return this.#addOf(ops.div, a, b, "addcdiv_", options.value);
  }

  /** Adds `value` times what an operation makes of two tensors. */
  #addOf(of: (x: Node, y: Node) => Node, a: Tensor, b: Tensor, name: string, value = 1): this {
    const given = (t: Tensor, argument: string): Node => this.#fitting(nodeOf(t, argument, name), name);
    const scaled = ops.mul(of(given(a, "a"), given(b, "b")), this.#operand(value, name));
    return this.#update(ops.add(this.node, scaled), name);
  }

  /**
   * Draws every element from the uniform distribution on [from, to), in place.
   *
   * @param options.from 0 by default
   * @param options.to 1 by default
   * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
   * @throws DTypeError for integers, ArgumentError as `add_`
   * @example
   * const x = zeros([1000]).uniform_({ from: 2, to: 3 });
   * x.ge(2).logicalAnd(x.lt(3)).all(); // true
   */
  uniform_(options: { from?: number; to?: number; generator?: Generator } = {}): this {
    checkOptions(options, ["from", "to", "generator"], "uniform_");
    const { from = 0, to = 1, generator = defaultGenerator } = options;
    this.#checkRandom("uniform_");
    const u = ops.uniform01(generator.next(), this.shape, this.dtype);
    const span = ops.mul(u, scalar(to - from, this.dtype));
    return this.#assign(ops.add(span, scalar(from, this.dtype)), "uniform_");
  }

  /**
   * Draws every element from a normal distribution, in place.
   *
   * @param options.mean 0 by default
   * @param options.std standard deviation; 1 by default
   * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
   * @throws DTypeError for integers, ArgumentError as `add_`
   * @example
   * zeros([3]).normal_({ mean: 5, std: 0 }); // [5, 5, 5]
   */
  normal_(options: { mean?: number; std?: number; generator?: Generator } = {}): this {
    checkOptions(options, ["mean", "std", "generator"], "normal_");
    const { mean = 0, std = 1, generator = defaultGenerator } = options;
    this.#checkRandom("normal_");
    const n = ops.normal01(generator.next(), this.shape, this.dtype);
    return this.#assign(ops.add(ops.mul(n, scalar(std, this.dtype)), scalar(mean, this.dtype)), "normal_");
  }

  #checkRandom(name: string): void {
    if (isFloat(this.dtype)) return;
    throw new DTypeError(
      `${name}: needs a float tensor, this one is ${this.dtype}; convert with .to("float32")`,
      {
        dtype: this.dtype,
      },
    );
  }

  /**
   * Limits elements to [min, max], in place.
   *
   * @throws ArgumentError without a bound, or as `add_`
   * @example
   * tensor([-2, 0.5, 2]).clamp_({ min: -1, max: 1 }); // [-1, 0.5, 1]
   */
  clamp_(bounds: { min?: number; max?: number }): this {
    return this.#update(this.#clamped(bounds, "clamp_"), "clamp_");
  }

  /** @internal Replaces the value by that of a node: what initialisers and optimizers use. */
  assignNode(node: Node): this {
    return this.#assign(node, "in-place operation");
  }

  // Elementwise

  #operand(other: Operand, name: string): Node {
    if (other instanceof Tensor) return other.node;
    if (typeof other !== "number" && typeof other !== "boolean") {
      throw new ArgumentError(
        `${name}: expected a tensor or a number, got ${kindOf(other)}; ${remedyFor(other)}`,
        { value: other },
      );
    }
    const value = Number(other);
    const { dtype } = this;
    if (isFloat(dtype)) return scalar(value, dtype);
    if (!Number.isInteger(value)) return scalar(value, "float32");
    return scalar(value, dtype === "bool" && typeof other === "number" ? "int32" : dtype);
  }

  /** What is subtracted. @throws DTypeError for bools, also those that would become numbers: as scalars, or by a factor. */
  #subtrahend(other: Operand, name: string): Node {
    if (typeof other === "boolean" && this.dtype !== "bool") {
      throw new DTypeError(
        `${name}: there is no difference with a bool, got ${other}; give the number ${Number(other)}`,
        { other },
      );
    }
    const node = this.#operand(other, name);
    ops.refuseBools(this.node, node, name);
    return node;
  }

  #unary(op: (x: Node) => Node): Tensor {
    return Tensor.of(op(this.node));
  }

  #binary(name: string, op: (a: Node, b: Node) => Node, other: Operand): Tensor {
    return Tensor.of(op(this.node, this.#operand(other, name)));
  }

  #logical(name: string, op: (a: Node, b: Node, name: string) => Node, other: Tensor): Tensor {
    return Tensor.of(op(cast(this.node, "bool"), cast(nodeOf(other, "other", name), "bool"), name));
  }

  /**
   * this + alpha * other, with broadcasting; of two bools whether either is true, and this alone where alpha is 0. Shapes
   * (*), (*) -> (*).
   *
   * @param options.alpha factor of `other`; 1 by default, an integer where the result is int32, uint8 or bool
   * @throws ShapeError unless the shapes broadcast: sizes, from the last on, are equal or 1; DTypeError for another alpha
   * @example
   * tensor([[1], [2]]).add(tensor([10, 20])); // [[11, 21], [12, 22]]
   * tensor([1, 2]).add(tensor([10, 20]), { alpha: 0.5 }); // [6, 12]
   */
  add(other: Operand, options?: Alpha): Tensor {
    return Tensor.of(ops.add(this.node, this.#scaled(this.#operand(other, "add"), options, "add")));
  }

  /**
   * this - alpha * other, with broadcasting. Shapes (*), (*) -> (*).
   *
   * @param options.alpha factor of `other`; 1 by default, an integer where the result is int32 or uint8
   * @throws ShapeError unless the shapes broadcast, DTypeError for bool tensors, true and false
   * @example
   * tensor([[1, 2], [3, 4]]).sub(tensor([1, 1])); // [[0, 1], [2, 3]]
   */
  sub(other: Operand, options?: Alpha): Tensor {
    return Tensor.of(ops.sub(this.node, this.#scaled(this.#subtrahend(other, "sub"), options, "sub")));
  }

  /**
   * this * other, element by element, with broadcasting; of two bools whether both are true. Shapes (*), (*) -> (*).
   *
   * @throws ShapeError
   * @example
   * tensor([[1, 2], [3, 4]]).mul(tensor([[10], [100]])); // [[10, 20], [300, 400]]
   */
  mul(other: Operand): Tensor {
    return this.#binary("mul", ops.mul, other);
  }

  /**
   * this / other, with broadcasting; integers are divided as floats. Shapes (*), (*) -> (*).
   *
   * @throws ShapeError
   * @example
   * tensor([7, 8], { dtype: "int32" }).div(2); // [3.5, 4]
   * tensor([1, -1, 0]).div(0); // [Infinity, -Infinity, NaN]
   */
  div(other: Operand): Tensor {
    return this.#binary("div", ops.div, other);
  }

  /**
   * this ** exponent, with broadcasting; a negative base needs an integer exponent. A bool to the power of a number is
   * a number, int32 where the exponent is an integer. Shapes (*), (*) -> (*).
   *
   * @throws ShapeError, DTypeError where both are bool, ArgumentError for integers to the power of a negative integer
   * @example
   * tensor([-2, 4]).pow(3); // [-8, 64]
   * tensor([true, false]).pow(2); // [1, 0]
   * tensor([-1, 4]).pow(0.5); // [NaN, 2]
   */
  pow(exponent: Operand): Tensor {
    if (exponent === 2) return this.square();
    if (typeof exponent === "number" && exponent < 0 && Number.isInteger(exponent) && !isFloat(this.dtype)) {
      throw new ArgumentError(
        `pow: integers to the power of a negative integer are no integers, got ${exponent} for ${this.dtype}; ` +
          'make them float32 first: x.to("float32")',
        { exponent, dtype: this.dtype },
      );
    }
    return this.#binary("pow", ops.pow, exponent);
  }

  /**
   * Remainder with the sign of the divisor: this - floor(this / other) * other. Shapes (*), (*) -> (*).
   *
   * @throws ShapeError
   * @example
   * tensor([-3, 3, 5.5]).remainder(2); // [1, 1, 1.5]
   */
  remainder(other: Operand): Tensor {
    return this.#binary("remainder", ops.remainder, other);
  }

  /**
   * The larger of two elements; NaN where either is NaN. At ties each gets half of the gradient. Shapes (*), (*) ->
   * (*).
   *
   * @throws ShapeError
   * @example
   * tensor([1, 5, NaN]).maximum(3); // [3, 5, NaN]
   */
  maximum(other: Operand): Tensor {
    return this.#binary("maximum", ops.maximum, other);
  }

  /**
   * The smaller of two elements; NaN where either is NaN. At ties each gets half of the gradient. Shapes (*), (*) ->
   * (*).
   *
   * @throws ShapeError
   * @example
   * tensor([[1], [5]]).minimum(tensor([2, 9])); // [[1, 1], [2, 5]]
   */
  minimum(other: Operand): Tensor {
    return this.#binary("minimum", ops.minimum, other);
  }

  /**
   * Whether elements are equal; NaN equals nothing. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([1, NaN]).eq(tensor([1, NaN])); // [true, false]
   */
  eq(other: Operand): Tensor {
    return this.#binary("eq", ops.eq, other);
  }

  /**
   * Whether elements differ. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([1, 2]).ne(2); // [true, false]
   */
  ne(other: Operand): Tensor {
    return this.#binary("ne", ops.ne, other);
  }

  /**
   * Whether this is less than other. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([1, 2, 3]).lt(2); // [true, false, false]
   */
  lt(other: Operand): Tensor {
    return this.#binary("lt", ops.lt, other);
  }

  /**
   * Whether this is less than other or equal. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([1, 2, 3]).le(2); // [true, true, false]
   */
  le(other: Operand): Tensor {
    return this.#binary("le", ops.le, other);
  }

  /**
   * Whether this is greater than other. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([[1], [3]]).gt(tensor([0, 2])); // [[true, false], [true, true]]
   */
  gt(other: Operand): Tensor {
    return this.#binary("gt", ops.gt, other);
  }

  /**
   * Whether this is greater than other or equal. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([1, 2, 3]).ge(2); // [false, true, true]
   */
  ge(other: Operand): Tensor {
    return this.#binary("ge", ops.ge, other);
  }

  /**
   * Whether both are true; numbers other than 0 are. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([0, 1, 2]).logicalAnd(tensor([1, 0, 3])); // [false, false, true]
   */
  logicalAnd(other: Tensor): Tensor {
    return this.#logical("logicalAnd", ops.bitwiseAnd, other);
  }

  /**
   * Whether either is true; numbers other than 0 are. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([0, 0, 2]).logicalOr(tensor([1, 0, 3])); // [true, false, true]
   */
  logicalOr(other: Tensor): Tensor {
    return this.#logical("logicalOr", ops.bitwiseOr, other);
  }

  /**
   * Whether exactly one is true; numbers other than 0 are. Shapes (*), (*) -> (*), bool.
   *
   * @throws ShapeError
   * @example
   * tensor([0, 0, 2]).logicalXor(tensor([1, 0, 3])); // [true, false, false]
   */
  logicalXor(other: Tensor): Tensor {
    return this.#logical("logicalXor", ops.bitwiseXor, other);
  }

  /**
   * Whether elements are 0 or false. Shape (*) -> (*), bool.
   *
   * @example
   * tensor([0, 1, -2]).logicalNot(); // [true, false, false]
   */
  logicalNot(): Tensor {
    return Tensor.of(ops.logicalNot(cast(this.node, "bool")));
  }

  /**
   * -x. Shape (*) -> (*).
   *
   * @example
   * tensor([1, -2]).neg(); // [-1, 2]
   */
  neg(): Tensor {
    return this.#unary(ops.neg);
  }

  /**
   * |x|; the gradient at 0 is 0. Shape (*) -> (*).
   *
   * @example
   * tensor([-1.5, 2]).abs(); // [1.5, 2]
   */
  abs(): Tensor {
    return this.#unary(ops.abs);
  }

  /**
   * -1, 0 or 1; NaN stays NaN. The gradient is 0. Shape (*) -> (*).
   *
   * @example
   * tensor([-3, 0, 0.1]).sign(); // [-1, 0, 1]
   */
  sign(): Tensor {
    return this.#unary(ops.sign);
  }

  /**
   * e ** x. Shape (*) -> (*).
   *
   * @example
   * tensor([0, 1, -Infinity]).exp(); // [1, 2.7183, 0]
   */
  exp(): Tensor {
    return this.#unary(ops.exp);
  }

  /**
   * e ** x - 1, accurate near 0. Shape (*) -> (*).
   *
   * @example
   * tensor(1e-6).expm1().mul(1e6); // 1
   */
  expm1(): Tensor {
    return this.#unary(ops.expm1);
  }

  /**
   * ln x: -Infinity at 0, NaN below. Shape (*) -> (*).
   *
   * @example
   * tensor([1, Math.E, 0, -1]).log(); // [0, 1, -Infinity, NaN]
   */
  log(): Tensor {
    return this.#unary(ops.log);
  }

  /**
   * ln(1 + x), accurate near 0. Shape (*) -> (*).
   *
   * @example
   * tensor(1e-6).log1p().mul(1e6); // 1
   */
  log1p(): Tensor {
    return this.#unary(ops.log1p);
  }

  /**
   * The square root; NaN below 0. Shape (*) -> (*).
   *
   * @example
   * tensor([9, 2, -1]).sqrt(); // [3, 1.4142, NaN]
   */
  sqrt(): Tensor {
    return this.#unary(ops.sqrt);
  }

  /**
   * 1 / sqrt(x). Shape (*) -> (*).
   *
   * @example
   * tensor([4, 0]).rsqrt(); // [0.5, Infinity]
   */
  rsqrt(): Tensor {
    return this.#unary(ops.rsqrt);
  }

  /**
   * x * x; of bools int32. Shape (*) -> (*).
   *
   * @example
   * tensor([-3, 0.5]).square(); // [9, 0.25]
   */
  square(): Tensor {
    return this.#unary(ops.square);
  }

  /**
   * 1 / x. Shape (*) -> (*).
   *
   * @example
   * tensor([4, -0.5]).reciprocal(); // [0.25, -2]
   */
  reciprocal(): Tensor {
    return this.#unary(ops.reciprocal);
  }

  /**
   * The sine of an angle in radians. Shape (*) -> (*).
   *
   * @example
   * tensor([0, Math.PI / 6]).sin(); // [0, 0.5]
   */
  sin(): Tensor {
    return this.#unary(ops.sin);
  }

  /**
   * The cosine of an angle in radians. Shape (*) -> (*).
   *
   * @example
   * tensor([0, Math.PI / 3]).cos(); // [1, 0.5]
   */
  cos(): Tensor {
    return this.#unary(ops.cos);
  }

  /**
   * The hyperbolic tangent (e ** x - e ** -x) / (e ** x + e ** -x). Shape (*) -> (*).
   *
   * @example
   * tensor([0, 1, 100]).tanh(); // [0, 0.7616, 1]
   */
  tanh(): Tensor {
    return this.#unary(ops.tanh);
  }

  /**
   * 1 / (1 + e ** -x). Shape (*) -> (*).
   *
   * @example
   * tensor([0, 2, -100]).sigmoid(); // [0.5, 0.8808, 0]
   */
  sigmoid(): Tensor {
    return this.#unary(ops.sigmoid);
  }

  /**
   * max(0, x); the gradient at 0 is 0. Shape (*) -> (*). (Nair and Hinton, 2010.)
   *
   * @example
   * tensor([-1, 0, 2]).relu(); // [0, 0, 2]
   */
  relu(): Tensor {
    return this.#unary(ops.relu);
  }

  /**
   * x * P(X <= x) for a standard normal X. Shape (*) -> (*). (Hendrycks and Gimpel, 2016.) For the approximation by
   * tanh see `F.gelu`.
   *
   * @example
   * tensor([-1, 0, 1]).gelu(); // [-0.1587, 0, 0.8413]
   */
  gelu(): Tensor {
    return this.#unary(ops.gelu);
  }

  /**
   * The error function, 2 / sqrt(pi) times the integral of e ** (-t ** 2) from 0 to x. Shape (*) -> (*).
   *
   * @example
   * tensor([0, 1, -10]).erf(); // [0, 0.8427, -1]
   */
  erf(): Tensor {
    return this.#unary(ops.erf);
  }

  /**
   * Rounds down. Shape (*) -> (*).
   *
   * @example
   * tensor([1.7, -1.2]).floor(); // [1, -2]
   */
  floor(): Tensor {
    return this.#unary(ops.floor);
  }

  /**
   * Rounds up. Shape (*) -> (*).
   *
   * @example
   * tensor([1.2, -1.7]).ceil(); // [2, -1]
   */
  ceil(): Tensor {
    return this.#unary(ops.ceil);
  }

  /**
   * Rounds to the nearest integer, halves to the even one. Shape (*) -> (*).
   *
   * @example
   * tensor([0.5, 1.5, 2.5, -0.7]).round(); // [0, 2, 2, -1]
   */
  round(): Tensor {
    return this.#unary(ops.round);
  }

  /**
   * Drops the fraction. Shape (*) -> (*).
   *
   * @example
   * tensor([1.7, -1.7]).trunc(); // [1, -1]
   */
  trunc(): Tensor {
    return this.#unary(ops.trunc);
  }

  /**
   * Whether elements are NaN. Shape (*) -> (*), bool.
   *
   * @example
   * tensor([1, NaN, Infinity]).isnan(); // [false, true, false]
   */
  isnan(): Tensor {
    return this.#unary(ops.isnan);
  }

  /**
   * Whether elements are neither infinite nor NaN. Shape (*) -> (*), bool.
   *
   * @example
   * tensor([1, NaN, Infinity]).isfinite(); // [true, false, false]
   */
  isfinite(): Tensor {
    return this.#unary(ops.isfinite);
  }

  /**
   * Elements limited to [min, max]. The gradient flows to the element within the bounds, to the bound elsewhere. Shape
   * (*) -> (*).
   *
   * @param bounds numbers, or tensors that broadcast; one may be left out
   * @throws ArgumentError without a bound
   * @example
   * tensor([-2, 0.5, 2]).clamp({ max: 1 }); // [-2, 0.5, 1]
   */
  clamp(bounds: { min?: Operand; max?: Operand }): Tensor {
    return Tensor.of(this.#clamped(bounds, "clamp"));
  }

  #clamped(bounds: { min?: Operand; max?: Operand }, name: string): Node {
    const { min, max } = bounds;
    const [low, high] = [min, max].map((v) => (v === undefined ? null : this.#operand(v, name)));
    const dtype = [low, high].reduce((d, bound) => (bound ? promote(d, bound.dtype) : d), this.dtype);
    const fitted = (bound: Node | null | undefined): Node | null => (bound ? cast(bound, dtype) : null);
    return ops.clamp(cast(this.node, dtype), fitted(low), fitted(high), name);
  }

  /**
   * `value` where the mask holds, this elsewhere, with broadcasting. Shapes (*), (*) -> (*).
   *
   * @param mask bool
   * @throws DTypeError unless the mask is bool, ShapeError unless it broadcasts
   * @example
   * tensor([[1, 2], [3, 4]]).maskedFill(tensor([true, false]), 0); // [[0, 2], [0, 4]]
   */
  maskedFill(mask: Tensor, value: number): Tensor {
    const where = nodeOf(mask, "mask", "maskedFill");
    if (where.dtype !== "bool") {
      throw new DTypeError(
        `maskedFill: the mask must be bool, got ${where.dtype}; compare first, as in x.gt(0)`,
        { dtype: where.dtype },
      );
    }
    return Tensor.of(ops.where(where, scalar(value, this.dtype), this.node));
  }

  /**
   * This where the condition holds, `other` elsewhere, with broadcasting. Shapes (*), (*), (*) -> (*).
   *
   * @param condition bool
   * @throws DTypeError unless the condition is bool, ShapeError unless the shapes broadcast
   * @example
   * const x = tensor([-2, 3]);
   * x.where(x.gt(0), x.mul(0.1)); // [-0.2, 3]
   */
  where(condition: Tensor, other: Operand): Tensor {
    return Tensor.of(
      ops.where(nodeOf(condition, "condition", "where"), this.node, this.#operand(other, "where")),
    );
  }

  /**
   * The same values in another type. Fractions are dropped on the way to integers; for bool all but 0 is true.
   *
   * @example
   * tensor([1.7, -1.7]).to("int32"); // [1, -1]
   * tensor([0, 0.5]).to("bool"); // [false, true]
   */
  to(dtype: DType): Tensor {
    return dtype === this.dtype ? this : Tensor.of(cast(this.node, checkDType(dtype, "to")));
  }

  // Reductions

  /**
   * Sum of all elements, or along axes. Integers and bool are summed as int32.
   *
   * @param dim an axis or several; all by default
   * @param options.keepdim whether reduced axes stay with size 1; false by default
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([[1, 2], [3, 4]]).sum(); // 10
   * tensor([[1, 2], [3, 4]]).sum(-1, { keepdim: true }); // [[3], [7]]
   */
  sum(dim?: Dims, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "sum");
    return Tensor.of(ops.sum(this.node, { dim, ...options }));
  }

  /**
   * Product of all elements, or along axes. Options as `sum`.
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([[1, 2], [3, 4]]).prod(0); // [3, 8]
   */
  prod(dim?: Dims, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "prod");
    return Tensor.of(ops.prod(this.node, { dim, ...options }));
  }

  /**
   * Mean of all elements, or along axes; NaN where there are none. Options as `sum`.
   *
   * @throws DTypeError for integers, ShapeError for an axis that is out of range
   * @example
   * zeros([8, 3, 5, 5]).mean([2, 3]).shape; // [8, 3]
   * tensor([[1, 2], [3, 4]]).mean(0); // [2, 3]
   */
  mean(dim?: Dims, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "mean");
    return Tensor.of(ops.mean(this.node, { dim, ...options }));
  }

  /**
   * Variance of all elements, or along axes: sum of (x - mean) ** 2, divided by n - 1.
   *
   * @param dim an axis or several; all by default
   * @param options.unbiased false divides by n; true by default
   * @param options.keepdim whether reduced axes stay with size 1; false by default
   * @throws DTypeError for integers, ShapeError for an axis that is out of range
   * @example
   * tensor([1, 2, 3, 6]).var(); // 4.6667
   * tensor([1, 2, 3, 6]).var(0, { unbiased: false }); // 3.5
   */
  var(dim?: Dims, options: KeepDim & { unbiased?: boolean } = {}): Tensor {
    checkOptions(options, ["keepdim", "unbiased"], "var", { flags: ["keepdim", "unbiased"] });
    return Tensor.of(ops.variance(this.node, { dim, ...options }));
  }

  /**
   * Standard deviation, the square root of `var`, with its options.
   *
   * @throws DTypeError, ShapeError
   * @example
   * tensor([[1, 3], [1, 5]]).std(1, { unbiased: false }); // [1, 2]
   */
  std(dim?: Dims, options: KeepDim & { unbiased?: boolean } = {}): Tensor {
    checkOptions(options, ["keepdim", "unbiased"], "std", { flags: ["keepdim", "unbiased"] });
    return Tensor.of(ops.deviation(this.node, { dim, ...options }));
  }

  /**
   * The largest element (NaN if there is one), or with `dim` the largest along it and where they are (int32). Of equal
   * elements the first is named.
   *
   * @param dim the axis that is searched and goes; all elements by default
   * @param options.keepdim whether the axis stays with size 1; false by default
   * @throws ShapeError for no elements, or an axis that is out of range
   * @example
   * tensor([[1, 5], [7, 3]]).max(); // 7
   * const { values, indices } = tensor([[1, 5], [7, 3]]).max(1);
   * values; // [5, 7]
   * indices; // [1, 0]
   */
  max(): Tensor;
  max(dim: number, options?: KeepDim): { values: Tensor; indices: Tensor };
  max(dim?: number, options: KeepDim = {}): Tensor | { values: Tensor; indices: Tensor } {
    checkKeepDim(options, "max");
    return this.#extreme("max", dim, options);
  }

  /**
   * The smallest element (NaN if there is one), or with `dim` the smallest along it and where they are (int32). As
   * `max`.
   *
   * @throws ShapeError for no elements, or an axis that is out of range
   * @example
   * tensor([[1, 5], [7, 3]]).min(); // 1
   * tensor([[1, 5], [7, 3]]).min(0).values; // [1, 3]
   */
  min(): Tensor;
  min(dim: number, options?: KeepDim): { values: Tensor; indices: Tensor };
  min(dim?: number, options: KeepDim = {}): Tensor | { values: Tensor; indices: Tensor } {
    checkKeepDim(options, "min");
    return this.#extreme("min", dim, options);
  }

  #extreme(
    fn: "max" | "min",
    dim: number | undefined,
    options: KeepDim,
  ): Tensor | { values: Tensor; indices: Tensor } {
    if (dim === undefined) return Tensor.of(ops.extreme(this.node, fn));
    const { values, indices } = ops.extremeAlong(this.node, fn, dim, options.keepdim === true);
    return { values: Tensor.of(values), indices: Tensor.of(indices) };
  }

  /**
   * Largest elements along several axes, all by default; the gradient is shared between equal ones. Options as `sum`.
   *
   * @throws ShapeError for no elements, or an axis that is out of range
   * @example
   * tensor([[[1, 8], [3, 4]], [[5, 6], [7, 2]]]).amax([1, 2]); // [8, 7]
   */
  amax(dim?: Dims, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "amax");
    return Tensor.of(ops.extreme(this.node, "max", { dim, ...options }, "amax"));
  }

  /**
   * Smallest elements along several axes, all by default; the gradient is shared between equal ones. Options as `sum`.
   *
   * @throws ShapeError for no elements, or an axis that is out of range
   * @example
   * tensor([[1, 8], [3, 4]]).amin(0, { keepdim: true }); // [[1, 4]]
   */
  amin(dim?: Dims, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "amin");
    return Tensor.of(ops.extreme(this.node, "min", { dim, ...options }, "amin"));
  }

  /**
   * Position of the first largest element along an axis, or in the flattened tensor. int32.
   *
   * @param dim the axis that is searched; the flattened tensor by default
   * @param options.keepdim whether the axis stays with size 1; false by default
   * @throws ShapeError for no elements, or an axis that is out of range
   * @example
   * tensor([[1, 5, 5], [7, 3, 0]]).argmax(-1); // [1, 0]
   * tensor([[1, 5, 5], [7, 3, 0]]).argmax(); // 3
   */
  argmax(dim?: number, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "argmax");
    return Tensor.of(ops.argExtreme(this.node, "argmax", { dim, ...options }));
  }

  /**
   * Position of the first smallest element along an axis, or in the flattened tensor. int32. As `argmax`.
   *
   * @throws ShapeError for no elements, or an axis that is out of range
   * @example
   * tensor([[1, 5], [7, 1]]).argmin(0); // [0, 1]
   */
  argmin(dim?: number, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "argmin");
    return Tensor.of(ops.argExtreme(this.node, "argmin", { dim, ...options }));
  }

  /**
   * Whether any element is true or not 0, of all or along axes. bool; options as `sum`.
   *
   * @throws ShapeError
   * @example
   * tensor([[0, 0], [0, 2]]).any(1); // [false, true]
   */
  any(dim?: Dims, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "any");
    return Tensor.of(ops.truth(this.node, "any", { dim, ...options }));
  }

  /**
   * Whether all elements are true or not 0, of all or along axes. bool; options as `sum`.
   *
   * @throws ShapeError
   * @example
   * tensor([[1, 0], [1, 2]]).all(1); // [false, true]
   */
  all(dim?: Dims, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "all");
    return Tensor.of(ops.truth(this.node, "all", { dim, ...options }));
  }

  /**
   * (sum of |x| ** p) ** (1 / p), of all elements or along axes.
   *
   * @param options.p order; 2 by default, Infinity for the largest magnitude, 0 counts what is not 0
   * @param options.dim an axis or several; all by default
   * @param options.keepdim whether reduced axes stay with size 1; false by default
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([[3, 4], [6, 8]]).norm({ dim: 1 }); // [5, 10]
   * tensor([3, -4]).norm({ p: 1 }); // 7
   */
  norm(options: { p?: number; dim?: Dims; keepdim?: boolean } = {}): Tensor {
    checkOptions(options, ["p", "dim", "keepdim"], "norm", { flags: ["keepdim"] });
    return Tensor.of(ops.norm(this.node, options));
  }

  /**
   * ln of the sum of e ** x along axes, without overflow for large elements. Options as `sum`.
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([1000, 1000]).logsumexp(0); // 1000.6931
   */
  logsumexp(dim: Dims, options: KeepDim = {}): Tensor {
    checkKeepDim(options, "logsumexp");
    return Tensor.of(ops.logsumexp(this.node, { dim, ...options }));
  }

  /**
   * e ** x divided by its sum along an axis: positive, and 1 in total. Shape (*) -> (*).
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([[0, Math.log(3)], [1000, 1000]]).softmax(-1); // [[0.25, 0.75], [0.5, 0.5]]
   */
  softmax(dim: number): Tensor {
    return Tensor.of(ops.softmax(this.node, dim));
  }

  /**
   * ln of `softmax`: x - logsumexp(x) along an axis, which loses no precision. Shape (*) -> (*).
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([0, 1000]).logSoftmax(0); // [-1000, 0]
   */
  logSoftmax(dim: number): Tensor {
    return Tensor.of(ops.logSoftmax(this.node, dim));
  }

  /**
   * Running products along an axis: y[i] = x[0] * ... * x[i]. Integers and bool are multiplied as int32.
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([1, 2, 3]).cumprod(0); // [1, 2, 6]
   */
  cumprod(dim: number): Tensor {
    return Tensor.of(ops.cumprod(this.node, dim));
  }

  /**
   * Running sums along an axis: y[i] = x[0] + ... + x[i]. Integers and bool are summed as int32.
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([1, 2, 3]).cumsum(0); // [1, 3, 6]
   */
  cumsum(dim: number): Tensor {
    return Tensor.of(ops.cumsum(this.node, dim));
  }

  /**
   * Elements in ascending order along an axis, and where they were (int32). Equal elements keep their order; NaN counts
   * as greater than all numbers.
   *
   * @param options.dim axis to sort along; the last by default
   * @param options.descending largest first; false by default
   * @throws ShapeError for an axis that is out of range
   * @example
   * const { values, indices } = tensor([3, 1, 2]).sort();
   * values; // [1, 2, 3]
   * indices; // [1, 2, 0]
   */
  sort(options: ops.SortOptions = {}): { values: Tensor; indices: Tensor } {
    checkOptions(options, ["dim", "descending"], "sort", { flags: ["descending"] });
    const { values, indices } = ops.sort(this.node, options);
    return { values: Tensor.of(values), indices: Tensor.of(indices) };
  }

  /**
   * Positions of the elements in ascending order along an axis, int32: the indices of `sort`.
   *
   * @param options.dim axis to sort along; the last by default
   * @param options.descending largest first; false by default
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([3, 1, 2]).argsort({ descending: true }); // [0, 2, 1]
   */
  argsort(options: ops.SortOptions = {}): Tensor {
    checkOptions(options, ["dim", "descending"], "argsort", { flags: ["descending"] });
    return Tensor.of(ops.argsort(this.node, options));
  }

  /**
   * The k largest elements along an axis, largest first, and where they were (int32). Of equal elements the first ones
   * are taken.
   *
   * @param options.dim axis to choose along; the last by default
   * @param options.largest false for the smallest elements; true by default
   * @throws ArgumentError when the axis has fewer than k elements, ShapeError for an axis that is out of range
   * @example
   * tensor([[3, 1, 2], [4, 6, 5]]).topk(2).values; // [[3, 2], [6, 5]]
   */
  topk(k: number, options: ops.TopkOptions = {}): { values: Tensor; indices: Tensor } {
    checkOptions(options, ["dim", "largest", "sorted"], "topk", { flags: ["largest", "sorted"] });
    const { values, indices } = ops.topk(this.node, k, options);
    return { values: Tensor.of(values), indices: Tensor.of(indices) };
  }

  /**
   * Class indices drawn with probabilities in proportion to the elements of this; as the function `multinomial`.
   *
   * @param options.replacement whether a class can be drawn again; false by default
   * @param options.generator where the numbers come from; the default generator unless given
   * @throws DTypeError, ShapeError, and ArgumentError when there are too few classes, or a weight is negative or not finite
   * @example
   * tensor([0, 1, 0]).multinomial(1); // [1]
   */
  multinomial(numSamples: number, options: MultinomialOptions = {}): Tensor {
    checkOptions(options, ["replacement", "generator"], "multinomial", { flags: ["replacement"] });
    const state = (options.generator ?? defaultGenerator).next();
    return Tensor.of(ops.multinomial(state, this.node, numSamples, options.replacement ?? false));
  }

  // Matrices

  /**
   * Matrix product: y[i, j] = sum over k of a[i, k] * b[k, j]. Leading dimensions are batches and broadcast; a vector
   * counts as a row on the left, as a column on the right, and loses that axis again. Shapes (*, N, K), (*, K, M) ->
   * (*, N, M).
   *
   * @throws ShapeError unless the sizes K agree and the batches broadcast, DTypeError for two types
   * @example
   * tensor([[1, 2], [3, 4]]).matmul(tensor([10, 1])); // [12, 34]
   * zeros([8, 1, 2, 3]).matmul(zeros([5, 3, 4])).shape; // [8, 5, 2, 4]
   */
  matmul(other: Tensor): Tensor {
    return Tensor.of(ops.matmul(this.node, nodeOf(other, "other", "matmul")));
  }

  /**
   * Product of two matrices: (N, K), (K, M) -> (N, M).
   *
   * @throws ShapeError for other than 2 dimensions, DTypeError
   * @example
   * tensor([[1, 2]]).mm(tensor([[3], [4]])); // [[11]]
   */
  mm(other: Tensor): Tensor {
    return Tensor.of(ops.matmulOfRank(this.node, nodeOf(other, "other", "mm"), 2, "mm"));
  }

  /**
   * Product of two batches of matrices: (B, N, K), (B, K, M) -> (B, N, M).
   *
   * @throws ShapeError for other than 3 dimensions, DTypeError
   * @example
   * zeros([7, 2, 3]).bmm(zeros([7, 3, 5])).shape; // [7, 2, 5]
   */
  bmm(other: Tensor): Tensor {
    return Tensor.of(ops.matmulOfRank(this.node, nodeOf(other, "other", "bmm"), 3, "bmm"));
  }

  /**
   * Transpose of a matrix, a view: (N, M) -> (M, N). A vector stays as it is.
   *
   * @throws ShapeError for more than two dimensions.
   * @example
   * tensor([[1, 2, 3], [4, 5, 6]]).t(); // [[1, 4], [2, 5], [3, 6]]
   */
  t(): Tensor {
    if (this.ndim > 2) {
      throw new ShapeError(
        `t: needs a matrix or a vector, got shape ${formatShape(this.shape)}; use transpose or permute`,
        { shape: this.shape },
      );
    }
    return this.ndim < 2 ? this : this.transpose(0, 1);
  }

  // Shape

  /**
   * The same elements, in row-major order, in another shape; a view.
   *
   * @param shape one size may be -1 and is computed
   * @throws ShapeError when the number of elements differs
   * @example
   * zeros([2, 3, 4]).reshape([-1, 6]).shape; // [4, 6]
   * tensor([[1, 2, 3], [4, 5, 6]]).reshape([3, 2]); // [[1, 2], [3, 4], [5, 6]]
   */
  reshape(shape: Shape): Tensor {
    return this.#viewed(ops.views.reshape(this.node, shape));
  }

  /**
   * As `reshape`: here every reshape is a view, whatever the order in memory.
   *
   * @throws ShapeError when the number of elements differs
   * @example
   * const x = zeros([4]);
   * x.view([2, 2]).select(0, 0).fill_(1);
   * x; // [1, 1, 0, 0]
   */
  view(shape: Shape): Tensor {
    return this.#viewed(ops.views.reshape(this.node, shape, "view"));
  }

  /**
   * Axes startDim to endDim as one; a view.
   *
   * @param startDim 0 by default
   * @param endDim included; the last by default
   * @throws ShapeError for an axis that is out of range, or endDim before startDim
   * @example
   * zeros([8, 3, 5, 5]).flatten(1).shape; // [8, 75]
   * zeros([8, 3, 5, 5]).flatten(0, 1).shape; // [24, 5, 5]
   */
  flatten(startDim = 0, endDim = -1): Tensor {
    return this.reshape(ops.flatten(this.node, startDim, endDim).shape);
  }

  /**
   * One axis as several; a view. The inverse of `flatten`.
   *
   * @param sizes one may be -1 and is computed
   * @throws ShapeError when the sizes do not multiply to that of the axis
   * @example
   * zeros([8, 75]).unflatten(1, [3, -1, 5]).shape; // [8, 3, 5, 5]
   */
  unflatten(dim: number, sizes: Shape): Tensor {
    return this.reshape(ops.unflatten(this.node, dim, sizes).shape);
  }

  /**
   * Axes of size 1 removed: the given ones (those of another size stay), or all; a view.
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * zeros([1, 3, 1]).squeeze().shape; // [3]
   * zeros([1, 3, 1]).squeeze(0).shape; // [3, 1]
   */
  squeeze(dim?: Dims): Tensor {
    return this.reshape(ops.squeeze(this.node, dim).shape);
  }

  /**
   * An axis of size 1 put in before axis `dim`; a view.
   *
   * @param dim -1 puts it last
   * @throws ShapeError for a place that is out of range
   * @example
   * zeros([2, 3]).unsqueeze(1).shape; // [2, 1, 3]
   * zeros([2, 3]).unsqueeze(-1).shape; // [2, 3, 1]
   */
  unsqueeze(dim: number): Tensor {
    return this.reshape(ops.unsqueeze(this.node, dim).shape);
  }

  /**
   * Axes in another order; a view. Axis i of the result is axis dims[i] of this.
   *
   * @throws ShapeError unless every axis is named once
   * @example
   * zeros([8, 3, 5, 7]).permute([0, 2, 3, 1]).shape; // [8, 5, 7, 3]
   */
  permute(dims: readonly number[]): Tensor {
    return this.#viewed(ops.views.permute(this.node, dims));
  }

  /**
   * Two axes swapped; a view.
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * zeros([2, 3, 5]).transpose(0, -1).shape; // [5, 3, 2]
   */
  transpose(a: number, b: number): Tensor {
    return this.#viewed(ops.views.transpose(this.node, a, b));
  }

  /**
   * `length` elements of an axis from `start` on; a view.
   *
   * @throws ShapeError when they are not all there
   * @example
   * tensor([[1, 2, 3], [4, 5, 6]]).narrow(1, 1, 2); // [[2, 3], [5, 6]]
   */
  narrow(dim: number, start: number, length: number): Tensor {
    return this.#viewed(ops.views.narrow(this.node, dim, start, length));
  }

  /**
   * Element `index` of an axis, which goes; a view.
   *
   * @param index negative ones count from the end
   * @throws ShapeError for an axis or index that is out of range
   * @example
   * tensor([[1, 2, 3], [4, 5, 6]]).select(1, -1); // [3, 6]
   */
  select(dim: number, index: number): Tensor {
    return this.#viewed(ops.views.select(this.node, dim, index));
  }

  /**
   * Elements start, start + step, ... before end of an axis, as Python's x[start:end:step]; a view.
   *
   * @param start negative ones count from the end; null for 0
   * @param end negative ones count from the end; null for all
   * @param options.step 1 or more; 1 by default
   * @throws ShapeError for an axis that is out of range, ArgumentError for a step below 1
   * @example
   * tensor([0, 1, 2, 3, 4, 5]).slice(0, 1, -1, { step: 2 }); // [1, 3]
   */
  slice(
    dim: number,
    start: number | null = null,
    end: number | null = null,
    options: { step?: number } = {},
  ): Tensor {
    return this.#viewed(ops.views.slice(this.node, dim, start, end, options.step));
  }

  /**
   * Axes of size 1 repeated; new axes may come in front.
   *
   * @param shape -1 keeps a size
   * @throws ShapeError for an axis of another size than 1 that would change
   * @example
   * tensor([[1], [2]]).expand([-1, 3]); // [[1, 1, 1], [2, 2, 2]]
   */
  expand(shape: Shape): Tensor {
    return Tensor.of(ops.expandTo(this.node, shape));
  }

  /**
   * The tensor copied side by side, `times` along each axis; new axes may come in front.
   *
   * @throws ShapeError for fewer numbers than axes
   * @example
   * tensor([1, 2]).repeat([2, 2]); // [[1, 2, 1, 2], [1, 2, 1, 2]]
   */
  repeat(times: readonly number[]): Tensor {
    return Tensor.of(ops.repeat(this.node, times));
  }

  /**
   * Axes reversed. Shape (*) -> (*).
   *
   * @throws ShapeError for an axis that is out of range
   * @example
   * tensor([[1, 2], [3, 4]]).flip([1]); // [[2, 1], [4, 3]]
   */
  flip(dims: readonly number[]): Tensor {
    return Tensor.of(ops.flip(this.node, dims));
  }

  /**
   * Elements moved along axes; those that fall out come in again at the other end. Shape (*) -> (*).
   *
   * @param shifts places to move, towards the end where positive; one for each axis
   * @param dims axes; by default the flattened tensor
   * @throws ArgumentError unless there is one shift per axis, ShapeError for an axis that is out of range
   * @example
   * tensor([1, 2, 3, 4]).roll(1); // [4, 1, 2, 3]
   * tensor([[1, 2], [3, 4]]).roll(1, 0); // [[3, 4], [1, 2]]
   */
  roll(shifts: Dims, dims?: Dims): Tensor {
    return Tensor.of(ops.roll(this.node, shifts, dims));
  }
  /**
   * Elements added at both ends of the last axes; as `F.pad`.
   *
   * @param padding [left, right] of the last axis, then [top, bottom] of the one before, and so on; negative numbers
   *   remove elements ("constant" only)
   * @param options.mode "constant" (the default), "reflect", "replicate" or "circular"
   * @param options.value what "constant" pads with; 0 by default
   * @throws ShapeError when the tensor is too small, ArgumentError for a wrong list or mode
   * @example
   * tensor([1, 2, 3]).pad([1, 1], { mode: "reflect" }); // [2, 1, 2, 3, 2]
   */
  pad(padding: readonly number[], options: ops.PadOptions = {}): Tensor {
    checkOptions(options, ["mode", "value"], "pad");
    return Tensor.of(ops.pad(this.node, padding, options));
  }

  /**
   * All windows of `size` elements along an axis, `step` apart. The axis has one element per window,
   * floor((length - size) / step) + 1 of them, and a new last axis holds the elements of each.
   *
   * @throws ArgumentError for a size or step that is no positive integer, ShapeError when no window fits
   * @example
   * tensor([1, 2, 3, 4, 5]).unfold(0, 3, 2); // [[1, 2, 3], [3, 4, 5]]
   */
  unfold(dim: number, size: number, step: number): Tensor {
    return Tensor.of(ops.unfoldAlong(this.node, dim, size, step));
  }

  /**
   * Pieces of an axis, each a view.
   *
   * @param size elements of a piece (the last may be shorter), or a list of sizes
   * @param dim 0 by default
   * @throws ArgumentError for a size below 1, or sizes that do not add up to the axis
   * @example
   * tensor([1, 2, 3, 4, 5]).split(2); // [[1, 2], [3, 4], [5]]
   * tensor([1, 2, 3, 4, 5]).split([1, 4]); // [[1], [2, 3, 4, 5]]
   */
  split(size: Dims, dim = 0): Tensor[] {
    return ops.splitSizes(this.shape, size, dim).map(([start, length]) => this.narrow(dim, start, length));
  }

  /**
   * At most `chunks` pieces of equal size (the last may be shorter) along an axis, each a view.
   *
   * @param dim 0 by default
   * @throws ArgumentError for a number below 1, ShapeError for an axis that is out of range
   * @example
   * tensor([1, 2, 3, 4, 5]).chunk(3); // [[1, 2], [3, 4], [5]]
   */
  chunk(chunks: number, dim = 0): Tensor[] {
    return this.split(ops.chunkSize(this.shape, chunks, dim), dim);
  }

  /**
   * Elements picked along one axis: result[.., j, ..] = this[.., index[.., j, ..], ..]. The result has the index's
   * shape.
   *
   * @param index int32, of as many dimensions as this
   * @throws ShapeError, DTypeError, and ArgumentError for an index that is out of range
   * @example
   * const picked = tensor([[1], [0]], { dtype: "int32" });
   * tensor([[1, 2], [3, 4]]).gather(1, picked); // [[2], [3]]
   */
  gather(dim: number, index: Tensor): Tensor {
    return Tensor.of(ops.gatherAlong(this.node, dim, nodeOf(index, "index", "gather")));
  }

  /**
   * Whole slices at the listed positions of one axis, in that order.
   *
   * @param index int32, of one dimension
   * @throws ShapeError, DTypeError, and ArgumentError for an index that is out of range
   * @example
   * const rows = tensor([1, 1, 0], { dtype: "int32" });
   * tensor([[1, 2], [3, 4]]).indexSelect(0, rows); // [[3, 4], [3, 4], [1, 2]]
   */
  indexSelect(dim: number, index: Tensor): Tensor {
    return Tensor.of(ops.indexSelect(this.node, dim, nodeOf(index, "index", "indexSelect")));
  }
  /**
   * This with elements replaced: result[.., index[.., j, ..], ..] = source[.., j, ..] along an axis. Where several j name
   * one place, the last of them wins.
   *
   * @param index int32, of as many dimensions; not larger than the source, nor than this except along `dim`
   * @param source a tensor of this type, or one number for all places
   * @throws ShapeError, DTypeError, and ArgumentError for an index that is out of range
   * @example
   * zeros([4]).scatter(0, tensor([1, 3], { dtype: "int32" }), 5); // [0, 5, 0, 5]
   */
  scatter(dim: number, index: Tensor, source: Operand): Tensor {
    const values =
      source instanceof Tensor ? source.node : cast(this.#operand(source, "scatter"), this.dtype);
    return Tensor.of(ops.scatterAlong(this.node, dim, nodeOf(index, "index", "scatter"), values));
  }

  /**
   * This with elements of `source` added: result[.., index[.., j, ..], ..] += source[.., j, ..]. Several j may name one
   * place.
   *
   * @param index int32, of as many dimensions as this
   * @throws ShapeError, DTypeError, and ArgumentError for an index that is out of range
   * @example
   * const index = tensor([0, 2, 0], { dtype: "int32" });
   * zeros([3]).scatterAdd(0, index, tensor([1, 2, 4])); // [5, 0, 2]
   */
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return Tensor.of(
      ops.scatterAddAlong(
        this.node,
        dim,
        nodeOf(index, "index", "scatterAdd"),
        nodeOf(source, "source", "scatterAdd"),
      ),
    );
  }

  /**
   * Elements at positions given per axis. Several lists are taken together, as in PyTorch: x.index([[0, 1], [2, 3]])
   * picks (0, 2) and (1, 3).
   *
   * @param items a number (its axis goes), a list or int32 tensor of positions, or null for the whole axis; negative
   *   positions count from the end
   * @throws ArgumentError for too many items, ArgumentError or (for a number) ShapeError for a position out of range,
   *   DTypeError for a float or bool index
   * @example
   * const x = tensor([[1, 2, 3], [4, 5, 6]]);
   * x.index([null, [2, 0]]); // [[3, 1], [6, 4]]
   * x.index([[0, 1], [2, 0]]); // [3, 4]
   * x.index([-1, 1]); // 5
   */
  index(items: readonly IndexItem[]): Tensor {
    if (items.length > this.ndim) {
      throw new ArgumentError(
        `index: ${items.length} items for a tensor of shape ${formatShape(this.shape)}`,
        {
          items: items.length,
          shape: this.shape,
        },
      );
    }
    // Plain positions first: they are views and drop their axes.
    let view: Tensor = this;
    const left: (readonly number[] | Tensor | null)[] = [];
    for (const item of items) {
      if (typeof item === "number") view = view.select(left.length, item);
      else left.push(item);
    }
    const picked = left.flatMap((item, axis) => (item === null ? [] : [{ axis, index: indexNode(item) }]));
    return picked.length === 0 ? view : Tensor.of(ops.pickJointly(view.node, picked));
  }

  /**
   * Always throws: a tensor has no number of its own. Values are read with `item`, `array` or `data`.
   *
   * @throws EngineError, so that `x + 1` is an error instead of NaN
   * @example
   * tensor(1).add(1); // 2
   */
  valueOf(): never {
    throw new EngineError(
      "a tensor is not a number: read it with await t.item(), or use its methods (add, mul, ...)",
    );
  }
}

// What Node's console prints. Assigned here because the key is computed.
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor): string {
    return this.toString();
  },
});

function indexNode(item: readonly number[] | Tensor): Node {
  if (!(item instanceof Tensor)) {
    if (!Array.isArray(item) || !item.every(Number.isInteger)) {
      throw new ArgumentError(
        `index: an item is a position, a list of positions, an int32 tensor or null; got ${String(item)}`,
        { item },
      );
    }
    return hostSource(Int32Array.from(item), [item.length], "int32");
  }
  if (item.dtype === "bool" || isFloat(item.dtype)) {
    throw new DTypeError(
      `index: an index tensor must be int32, got ${item.dtype}; for a mask use maskedFill or where`,
      {
        dtype: item.dtype,
      },
    );
  }
  return cast(item.node, "int32");
}

function emptyNode(node: Node): Node {
  return hostSource(allocate(node.dtype, 0), node.shape, node.dtype);
}
