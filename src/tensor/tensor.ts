// long: the class carries PyTorch's whole method surface; every method is one call into ops/.
/**
 * The tensor: a handle on a node of the lazy graph. Operations make new handles; in-place operations give this one
 * (and whatever it is a view of) another node. Values are computed when they are asked for or when a step ends.
 */
import { backward as walkBack } from "../autograd/backward.ts";
import { allocate, type DType, isFloat, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DTypeError, EngineError, ShapeError } from "../base/errors.ts";
import { formatShape, normalizeDim, type Shape, sizeOf } from "../base/shape.ts";
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

/** What can stand beside a tensor in arithmetic. */
export type Operand = Tensor | number | boolean;

/** Axes to reduce; all by default. */
export type Dims = number | readonly number[];

export interface KeepDim {
  /** Whether reduced axes stay with size 1; false by default. */
  readonly keepdim?: boolean;
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

  /** Sizes of the dimensions. */
  get shape(): Shape {
    return this.#node.shape;
  }

  /** Element type. */
  get dtype(): DType {
    return this.#node.dtype;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.#node.shape.length;
  }

  /** Number of elements. */
  numel(): number {
    return sizeOf(this.#node.shape);
  }

  /** Size of one dimension, or all of them. */
  size(): Shape;
  size(dim: number): number;
  size(dim?: number): number | Shape {
    return dim === undefined ? this.shape : (this.shape[normalizeDim(dim, this.ndim, "size")] as number);
  }

  // Reading

  /** The only element. @throws ShapeError unless there is exactly one. */
  async item(): Promise<number> {
    this.#checkSingle("item");
    return (await currentEngine().read(this.node))[0] as number;
  }

  /** All elements in row-major order, as a typed array of their own. */
  data(): Promise<TypedArray> {
    return currentEngine().read(this.node);
  }

  /** All elements as nested lists; a number or boolean for a scalar. */
  async array(): Promise<NestedArray> {
    return nest(await this.data(), this.shape, this.dtype);
  }

  /** As `item`, but blocks. @throws EngineError where the host forbids blocking, as a browser's main thread does. */
  itemSync(): number {
    this.#checkSingle("itemSync");
    return currentEngine().readSync(this.node)[0] as number;
  }

  /** As `data`, but blocks. */
  dataSync(): TypedArray {
    return currentEngine().readSync(this.node);
  }

  /** As `array`, but blocks. */
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

  /** Keeps the value whatever its size, so that it can still be read after parameters have been updated. */
  keep(): this {
    currentEngine().keep(this.node);
    return this;
  }

  toString(): string {
    return formatTensor(currentEngine().peek(this.node), this.shape, this.dtype, this.requiresGrad);
  }

  // Gradients

  /** Whether gradients flow to this tensor. Set it on tensors that are to be optimised. */
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
    if (this.#node.leaf !== null && this.#node.leaf !== this) this.#node = alias(this.#node);
    if (on && this.#node.op.kind !== "source") this.#node = alias(this.#node);
    this.#node.requiresGrad = on;
    this.#node.leaf = on ? this : null;
  }

  /** Sets `requiresGrad` and returns the tensor. */
  requiresGrad_(on = true): this {
    this.requiresGrad = on;
    return this;
  }

  /** Whether the tensor was made by the user rather than computed from tensors that need gradients. */
  get isLeaf(): boolean {
    return this.#node.leaf !== null || !this.node.requiresGrad;
  }

  /** The gradient that backward passes have summed up, or null. */
  get grad(): Tensor | null {
    return this.#grad;
  }

  set grad(grad: Tensor | null) {
    const variable = this.#gradVariable;
    if (grad === null && variable !== null) currentEngine().unassigned(variable);
    this.#grad = grad;
  }

  /**
   * Adds the gradient of this tensor to `grad` of every leaf it was computed from.
   *
   * @param options.gradient weight of each element; may be left out for a single element
   * @param options.retainGraph whether another backward pass may follow; `createGraph` by default
   * @param options.createGraph whether the gradients themselves are differentiable; false by default
   */
  backward(options: { gradient?: Tensor; retainGraph?: boolean; createGraph?: boolean } = {}): void {
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
      withGradMode(false, () => before.#assign(ops.add(before.node, gradient)));
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
  }

  /** The same values, cut off from the graph; shares memory with this tensor. */
  detach(): Tensor {
    return this.#linked(
      (n) => detachNode(n),
      (_, value) => value,
    );
  }

  /** A copy through which gradients flow. */
  clone(): Tensor {
    return Tensor.of(alias(this.node));
  }

  /** Calls `hook` with the gradient of this tensor in every backward pass; what it returns replaces the gradient. */
  registerHook(hook: TensorHook): RemovableHandle {
    if (!this.requiresGrad)
      throw new ArgumentError("registerHook: this tensor needs no gradient, so none will come");
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

  /** Keeps the gradient of this (not leaf) tensor in `grad` during backward. */
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
    this.#version++;
    // Graphs that have the pending value as an operand find it in the storage, as long as it is there.
    if (before.requiresGrad) before.value = stored.value;
    if (before.leaf === this) this.#stand(stored, before);
    else if (!before.requiresGrad) this.#node = stored;
  }

  /** Lets another node stand for this leaf: the gradient and its hooks go over to it. */
  #stand(node: Node, before: Node): void {
    node.requiresGrad = true;
    node.leaf = this;
    node.hooks = before.hooks;
    this.#node = node;
  }

  #assign(value: Node): this {
    const node = this.#fitted(value);
    const view = this.#view;
    const root = view === null ? this : view.base;
    // PyTorch's rule: what a detached view does to its base is not recorded.
    const hidden = view !== null && root.#node.requiresGrad && !this.#node.requiresGrad;
    const tracked = isGradEnabled() && !hidden;
    if (tracked && root.#node.leaf === root) {
      throw new ArgumentError(
        "in-place operation on a tensor with requiresGrad: wrap it in noGrad(() => ...), or compute a new tensor",
      );
    }
    root.#replace(view === null ? node : withGradMode(tracked, () => view.put(root.node, node)), tracked);
    return this;
  }

  /** The value in this tensor's type and shape. @throws ShapeError unless it broadcasts to that. */
  #fitted(value: Node): Node {
    const { shape } = this;
    const fits = value.shape.every((s, d) => s === 1 || s === shape[shape.length - value.shape.length + d]);
    if (!fits || value.shape.length > shape.length) {
      throw new ShapeError(
        `in-place operation: the result has shape ${formatShape(value.shape)}, which does not fit ${formatShape(shape)}`,
        { result: value.shape, shape },
      );
    }
    return expand(cast(value, this.dtype), shape);
  }

  #replace(node: Node, tracked: boolean): void {
    // Not `this.node`: what is overwritten need not be computed.
    const before = this.#node;
    this.#version++;
    this.#variable ??= new Variable(node, false, (stored) => this.#stored(stored));
    if (before.leaf === this) this.#stand(alias(detachNode(node)), before);
    else if (!tracked && before.requiresGrad) {
      // Values change, gradients flow on as if nothing had happened.
      this.#node = withGradMode(true, () => withGradient(detachNode(node), [before], (g) => [g]));
    } else this.#node = node;
    this.#variable.node = this.#node;
    currentEngine().assigned(this.#variable);
  }

  /** As `#assign` for arithmetic. @throws DTypeError where it would drop fractions. */
  #update(value: Node): this {
    if (isFloat(value.dtype) && !isFloat(this.dtype)) {
      throw new DTypeError(
        `in-place operation: the result is ${value.dtype}, the tensor ${this.dtype}; convert it first with ` +
          `.to("${value.dtype}")`,
        { result: value.dtype, dtype: this.dtype },
      );
    }
    return this.#assign(value);
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

  /** this + alpha * other, in place. */
  add_(other: Operand, options: { alpha?: number } = {}): this {
    return this.#update(ops.add(this.node, this.#scaled(other, options.alpha)));
  }

  /** this - alpha * other, in place. */
  sub_(other: Operand, options: { alpha?: number } = {}): this {
    return this.#update(ops.sub(this.node, this.#scaled(other, options.alpha)));
  }

  #scaled(other: Operand, alpha: number | undefined): Node {
    const o = this.#operand(other);
    return alpha === undefined ? o : ops.mul(o, this.#operand(alpha));
  }

  mul_(other: Operand): this {
    return this.#update(ops.mul(this.node, this.#operand(other)));
  }

  div_(other: Operand): this {
    return this.#update(ops.div(this.node, this.#operand(other)));
  }

  /** Elements of another tensor, converted and broadcast. */
  copy_(source: Tensor): this {
    return this.#assign(source.node);
  }

  fill_(value: number): this {
    return this.#assign(scalar(value, this.dtype));
  }

  zero_(): this {
    return this.#assign(constant(0, this.shape, this.dtype));
  }

  /** this + weight * (end - this), in place. */
  lerp_(end: Tensor, weight: Operand): this {
    const step = ops.mul(ops.sub(end.node, this.node), this.#operand(weight));
    return this.#assign(ops.add(this.node, step));
  }

  /** this + value * a * b, in place. */
  addcmul_(a: Tensor, b: Tensor, options: { value?: number } = {}): this {
    const product = ops.mul(a.node, b.node);
    return this.#assign(ops.add(this.node, ops.mul(product, scalar(options.value ?? 1, this.dtype))));
  }

  /** this + value * a / b, in place. */
  addcdiv_(a: Tensor, b: Tensor, options: { value?: number } = {}): this {
    const quotient = ops.div(a.node, b.node);
    return this.#assign(ops.add(this.node, ops.mul(quotient, scalar(options.value ?? 1, this.dtype))));
  }

  /** Uniform in [from, to), 0 and 1 by default, in place. */
  uniform_(options: { from?: number; to?: number; generator?: Generator } = {}): this {
    const { from = 0, to = 1, generator = defaultGenerator } = options;
    this.#checkRandom("uniform_");
    const u = ops.uniform01(generator.next(), this.shape, this.dtype);
    const span = ops.mul(u, scalar(to - from, this.dtype));
    return this.#assign(ops.add(span, scalar(from, this.dtype)));
  }

  /** Normal with the given mean and standard deviation, 0 and 1 by default, in place. */
  normal_(options: { mean?: number; std?: number; generator?: Generator } = {}): this {
    const { mean = 0, std = 1, generator = defaultGenerator } = options;
    this.#checkRandom("normal_");
    const n = ops.normal01(generator.next(), this.shape, this.dtype);
    return this.#assign(ops.add(ops.mul(n, scalar(std, this.dtype)), scalar(mean, this.dtype)));
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

  clamp_(bounds: { min?: number; max?: number }): this {
    return this.#assign(this.clamp(bounds).node);
  }

  /** @internal Replaces the value by that of a node: what initialisers and optimizers use. */
  assignNode(node: Node): this {
    return this.#assign(node);
  }

  // Elementwise

  #operand(other: Operand): Node {
    if (other instanceof Tensor) return other.node;
    if (typeof other !== "number" && typeof other !== "boolean") {
      throw new ArgumentError(`expected a tensor or a number, got ${typeof other}`, { value: other });
    }
    const value = Number(other);
    const { dtype } = this;
    if (isFloat(dtype)) return scalar(value, dtype);
    if (!Number.isInteger(value)) return scalar(value, "float32");
    return scalar(value, dtype === "bool" && typeof other === "number" ? "int32" : dtype);
  }

  #unary(op: (x: Node) => Node): Tensor {
    return Tensor.of(op(this.node));
  }

  #binary(op: (a: Node, b: Node) => Node, other: Operand): Tensor {
    return Tensor.of(op(this.node, this.#operand(other)));
  }

  /** this + other. */
  add(other: Operand): Tensor {
    return this.#binary(ops.add, other);
  }
  /** this - other. */
  sub(other: Operand): Tensor {
    return this.#binary(ops.sub, other);
  }
  /** this * other, element by element. */
  mul(other: Operand): Tensor {
    return this.#binary(ops.mul, other);
  }
  /** this / other; integers are divided as floats. */
  div(other: Operand): Tensor {
    return this.#binary(ops.div, other);
  }
  /** this ** exponent. */
  pow(exponent: Operand): Tensor {
    if (exponent === 2) return this.square();
    return this.#binary(ops.pow, exponent);
  }
  /** Remainder with the sign of the divisor. */
  remainder(other: Operand): Tensor {
    return this.#binary(ops.remainder, other);
  }
  maximum(other: Operand): Tensor {
    return this.#binary(ops.maximum, other);
  }
  minimum(other: Operand): Tensor {
    return this.#binary(ops.minimum, other);
  }
  eq(other: Operand): Tensor {
    return this.#binary(ops.eq, other);
  }
  ne(other: Operand): Tensor {
    return this.#binary(ops.ne, other);
  }
  lt(other: Operand): Tensor {
    return this.#binary(ops.lt, other);
  }
  le(other: Operand): Tensor {
    return this.#binary(ops.le, other);
  }
  gt(other: Operand): Tensor {
    return this.#binary(ops.gt, other);
  }
  ge(other: Operand): Tensor {
    return this.#binary(ops.ge, other);
  }
  logicalAnd(other: Tensor): Tensor {
    return Tensor.of(ops.bitwiseAnd(cast(this.node, "bool"), cast(other.node, "bool")));
  }
  logicalOr(other: Tensor): Tensor {
    return Tensor.of(ops.bitwiseOr(cast(this.node, "bool"), cast(other.node, "bool")));
  }
  logicalXor(other: Tensor): Tensor {
    return Tensor.of(ops.bitwiseXor(cast(this.node, "bool"), cast(other.node, "bool")));
  }
  logicalNot(): Tensor {
    return Tensor.of(ops.logicalNot(cast(this.node, "bool")));
  }
  neg(): Tensor {
    return this.#unary(ops.neg);
  }
  abs(): Tensor {
    return this.#unary(ops.abs);
  }
  sign(): Tensor {
    return this.#unary(ops.sign);
  }
  exp(): Tensor {
    return this.#unary(ops.exp);
  }
  expm1(): Tensor {
    return this.#unary(ops.expm1);
  }
  log(): Tensor {
    return this.#unary(ops.log);
  }
  log1p(): Tensor {
    return this.#unary(ops.log1p);
  }
  sqrt(): Tensor {
    return this.#unary(ops.sqrt);
  }
  rsqrt(): Tensor {
    return this.#unary(ops.rsqrt);
  }
  square(): Tensor {
    return this.#unary(ops.square);
  }
  reciprocal(): Tensor {
    return this.#unary(ops.reciprocal);
  }
  sin(): Tensor {
    return this.#unary(ops.sin);
  }
  cos(): Tensor {
    return this.#unary(ops.cos);
  }
  tanh(): Tensor {
    return this.#unary(ops.tanh);
  }
  sigmoid(): Tensor {
    return this.#unary(ops.sigmoid);
  }
  relu(): Tensor {
    return this.#unary(ops.relu);
  }
  gelu(): Tensor {
    return this.#unary(ops.gelu);
  }
  erf(): Tensor {
    return this.#unary(ops.erf);
  }
  floor(): Tensor {
    return this.#unary(ops.floor);
  }
  ceil(): Tensor {
    return this.#unary(ops.ceil);
  }
  round(): Tensor {
    return this.#unary(ops.round);
  }
  trunc(): Tensor {
    return this.#unary(ops.trunc);
  }
  isnan(): Tensor {
    return this.#unary(ops.isnan);
  }
  isfinite(): Tensor {
    return this.#unary(ops.isfinite);
  }

  /** Elements limited to [min, max]. */
  clamp(bounds: { min?: Operand; max?: Operand }): Tensor {
    const bound = (v: Operand | undefined): Node | null =>
      v === undefined ? null : cast(this.#operand(v), this.dtype);
    return Tensor.of(ops.clamp(this.node, bound(bounds.min), bound(bounds.max)));
  }

  /** `value` where the mask holds, this elsewhere. */
  maskedFill(mask: Tensor, value: number): Tensor {
    return Tensor.of(ops.where(mask.node, scalar(value, this.dtype), this.node));
  }

  /** This where the condition holds, `other` elsewhere. */
  where(condition: Tensor, other: Operand): Tensor {
    return Tensor.of(ops.where(condition.node, this.node, this.#operand(other)));
  }

  /** The same values in another type. */
  to(dtype: DType): Tensor {
    return dtype === this.dtype ? this : Tensor.of(cast(this.node, dtype));
  }

  // Reductions

  sum(dim?: Dims, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.sum(this.node, { dim, ...options }));
  }
  prod(dim?: Dims, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.prod(this.node, { dim, ...options }));
  }
  mean(dim?: Dims, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.mean(this.node, { dim, ...options }));
  }
  /** Variance, divided by n - 1 unless `unbiased` is false. */
  var(dim?: Dims, options: KeepDim & { unbiased?: boolean } = {}): Tensor {
    return Tensor.of(ops.variance(this.node, { dim, ...options }));
  }
  /** Standard deviation, from the variance divided by n - 1 unless `unbiased` is false. */
  std(dim?: Dims, options: KeepDim & { unbiased?: boolean } = {}): Tensor {
    return Tensor.of(ops.deviation(this.node, { dim, ...options }));
  }
  /** The largest element, or with `dim` the largest along it and where they are. */
  max(): Tensor;
  max(dim: number, options?: KeepDim): { values: Tensor; indices: Tensor };
  max(dim?: number, options: KeepDim = {}): Tensor | { values: Tensor; indices: Tensor } {
    return this.#extreme("max", dim, options);
  }
  /** The smallest element, or with `dim` the smallest along it and where they are. */
  min(): Tensor;
  min(dim: number, options?: KeepDim): { values: Tensor; indices: Tensor };
  min(dim?: number, options: KeepDim = {}): Tensor | { values: Tensor; indices: Tensor } {
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

  /** Largest elements along several axes; the gradient is shared between equal ones. */
  amax(dim?: Dims, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.extreme(this.node, "max", { dim, ...options }));
  }
  amin(dim?: Dims, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.extreme(this.node, "min", { dim, ...options }));
  }
  /** Position of the first largest element. */
  argmax(dim?: number, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.argExtreme(this.node, "argmax", { dim, ...options }));
  }
  argmin(dim?: number, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.argExtreme(this.node, "argmin", { dim, ...options }));
  }
  any(dim?: Dims, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.truth(this.node, "any", { dim, ...options }));
  }
  all(dim?: Dims, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.truth(this.node, "all", { dim, ...options }));
  }
  norm(options: { p?: number; dim?: Dims; keepdim?: boolean } = {}): Tensor {
    return Tensor.of(ops.norm(this.node, options));
  }
  logsumexp(dim: Dims, options: KeepDim = {}): Tensor {
    return Tensor.of(ops.logsumexp(this.node, { dim, ...options }));
  }
  softmax(dim: number): Tensor {
    return Tensor.of(ops.softmax(this.node, dim));
  }
  logSoftmax(dim: number): Tensor {
    return Tensor.of(ops.logSoftmax(this.node, dim));
  }

  // Matrices

  /** Matrix product; leading dimensions are batches and broadcast. */
  matmul(other: Tensor): Tensor {
    return Tensor.of(ops.matmul(this.node, other.node));
  }
  /** Product of two matrices. */
  mm(other: Tensor): Tensor {
    return Tensor.of(ops.matmulOfRank(this.node, other.node, 2, "mm"));
  }
  /** Product of two batches of matrices. */
  bmm(other: Tensor): Tensor {
    return Tensor.of(ops.matmulOfRank(this.node, other.node, 3, "bmm"));
  }
  /** Transpose of a matrix. */
  t(): Tensor {
    return this.ndim < 2 ? this : this.transpose(0, 1);
  }

  // Shape

  reshape(shape: Shape): Tensor {
    return this.#viewed(ops.views.reshape(this.node, shape));
  }
  view(shape: Shape): Tensor {
    return this.reshape(shape);
  }
  flatten(startDim = 0, endDim = -1): Tensor {
    return this.reshape(ops.flatten(this.node, startDim, endDim).shape);
  }
  unflatten(dim: number, sizes: Shape): Tensor {
    return this.reshape(ops.unflatten(this.node, dim, sizes).shape);
  }
  squeeze(dim?: Dims): Tensor {
    return this.reshape(ops.squeeze(this.node, dim).shape);
  }
  unsqueeze(dim: number): Tensor {
    return this.reshape(ops.unsqueeze(this.node, dim).shape);
  }
  permute(dims: readonly number[]): Tensor {
    return this.#viewed(ops.views.permute(this.node, dims));
  }
  transpose(a: number, b: number): Tensor {
    return this.#viewed(ops.views.transpose(this.node, a, b));
  }
  narrow(dim: number, start: number, length: number): Tensor {
    return this.#viewed(ops.views.narrow(this.node, dim, start, length));
  }
  select(dim: number, index: number): Tensor {
    return this.#viewed(ops.views.select(this.node, dim, index));
  }
  slice(
    dim: number,
    start: number | null = null,
    end: number | null = null,
    options: { step?: number } = {},
  ): Tensor {
    return this.#viewed(ops.views.slice(this.node, dim, start, end, options.step));
  }
  expand(shape: Shape): Tensor {
    return Tensor.of(ops.expandTo(this.node, shape));
  }
  repeat(times: readonly number[]): Tensor {
    return Tensor.of(ops.repeat(this.node, times));
  }
  flip(dims: readonly number[]): Tensor {
    return Tensor.of(ops.flip(this.node, dims));
  }
  roll(shifts: Dims, dims?: Dims): Tensor {
    return Tensor.of(ops.roll(this.node, shifts, dims));
  }
  /** Pieces of `size` elements along an axis (the last may be shorter), or of the listed sizes. */
  split(size: Dims, dim = 0): Tensor[] {
    return ops.splitSizes(this.shape, size, dim).map(([start, length]) => this.narrow(dim, start, length));
  }
  /** At most `chunks` pieces of equal size along an axis. */
  chunk(chunks: number, dim = 0): Tensor[] {
    return this.split(ops.chunkSize(this.shape, chunks, dim), dim);
  }
  /** Elements picked along one axis by an index of the same number of dimensions. */
  gather(dim: number, index: Tensor): Tensor {
    return Tensor.of(ops.gatherAlong(this.node, dim, index.node));
  }
  /** Whole slices picked along one axis by a list of positions. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return Tensor.of(ops.indexSelect(this.node, dim, index.node));
  }
  /** This with `source` added at `index` along an axis. */
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return Tensor.of(ops.scatterAddAlong(this.node, dim, index.node, source.node));
  }
  /** Elements at positions given per axis: numbers, lists, index tensors, or null for all. */
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

  /** Every element must be read with `item`, `array` or `data`: a tensor has no number of its own. */
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
  if (!(item instanceof Tensor)) return hostSource(Int32Array.from(item), [item.length], "int32");
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
