/**
 * The graph of an ONNX file as it grows: nodes named after their module, initializers, and values of the traced program with
 * the names that they have in the file. Elements that are only repeated, and numbers that fill a tensor, are kept as they
 * are for as long as operators broadcast them themselves.
 */
import type { DType, TypedArray } from "../../../base/dtype.ts";
import { ArgumentError } from "../../../base/errors.ts";
import { sizeOf } from "../../../base/shape.ts";
import { codeOf, type OnnxAttribute, type OnnxNode, type OnnxTensor } from "../schema.ts";
import { type Dim, type Step, sameDim, Varying } from "./merge.ts";
import type { Place, Ref } from "./trace.ts";

/** A value of the program: its name in the file, the shape that it has there, and the one that it stands for. */
export interface Value {
  readonly name: string;
  readonly has: readonly Dim[];
  readonly dims: readonly Dim[];
  readonly dtype: DType;
  /** The number in every element, where it is known. */
  readonly fill: number | null;
}

/** Attributes as converters write them: numbers with a dot are not told apart in JavaScript, so floats are wrapped. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number } | OnnxTensor;

/** A float attribute. */
export const float = (value: number): { readonly float: number } => ({ float: value });

export class GraphWriter {
  readonly opset: number;
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Map<string, OnnxTensor> = new Map();
  /** Names that the graph's inputs have, by number. */
  readonly inputNames: readonly string[];
  readonly inputDims: readonly (readonly Dim[])[];
  readonly #state: ReadonlyMap<string, OnnxTensor>;
  readonly #values = new Map<number, Value>();
  readonly #deferred = new Map<number, () => Value>();
  readonly #taken = new Set<string>();
  readonly #constants = new Map<string, string>();
  readonly #sizes = new Map<string, string>();
  #place: Place = { path: "", module: null };
  #step: Step | null = null;

  constructor(
    opset: number,
    inputs: readonly { readonly name: string; readonly dims: readonly Dim[] }[],
    outputNames: readonly string[],
    state: ReadonlyMap<string, OnnxTensor>,
  ) {
    this.opset = opset;
    this.inputNames = inputs.map((input) => input.name);
    this.inputDims = inputs.map((input) => input.dims);
    this.#state = state;
    for (const name of [...this.inputNames, ...outputNames, ...state.keys()]) this.#taken.add(name);
  }

  // Where we are

  /** What is written from now on belongs to this step. */
  at(step: Step): void {
    this.#step = step;
    this.#place = step.place;
  }

  get place(): Place {
    return this.#place;
  }

  /** An error that names the operation and its module. */
  refuse(why: string): ArgumentError {
    const kind = this.#step?.kind.replace(/^\./, "") ?? "?";
    const { path, module } = this.#place;
    const owner =
      module === null
        ? ""
        : ` in ${path === "" ? module.constructor.name : `${path} (${module.constructor.name})`}`;
    return new ArgumentError(`exportOnnx: ${kind}${owner}: ${why}`, { operation: kind, module: path });
  }

  /** A number that must not depend on the input's size. @throws ArgumentError where it does */
  fixed(value: unknown, what: string): number {
    if (typeof value === "number") return value;
    const seen =
      value instanceof Varying ? ` (${[...new Set(value.values)].join(", ")} for the sizes tried)` : "";
    throw this.refuse(
      `${what} depends on the size of the input${seen}, which this operator cannot express; export with that size fixed ` +
        "(leave it out of dynamicAxes, or dynamicBatch: false)",
    );
  }

  fixedList(values: unknown, what: string): number[] {
    return (values as readonly unknown[]).map((v) => this.fixed(v, what));
  }

  // Values

  set(id: number, name: string, dims: readonly Dim[], dtype: DType, more: Partial<Value> = {}): void {
    this.#values.set(id, { name, has: dims, dims, dtype, fill: null, ...more });
  }

  /** A value that is written when something reads it. */
  defer(id: number, make: () => Value): void {
    this.#deferred.set(id, make);
  }

  /** The value as it is, perhaps with axes that are still to be repeated. */
  peek(ref: unknown): Value {
    const { id } = ref as Ref;
    const known = this.#values.get(id);
    if (known !== undefined) return known;
    const made = this.#deferred.get(id)?.();
    if (made === undefined) throw new Error(`onnx: value ${id} is read before it is written`);
    this.#values.set(id, made);
    return made;
  }

  dimsOf(ref: unknown): readonly Dim[] {
    return this.peek(ref).dims;
  }

  /** The name of the value with all its elements. */
  use(ref: unknown): string {
    const value = this.peek(ref);
    if (value.has.length === value.dims.length && value.has.every((d, i) => sameDim(d, value.dims[i])))
      return value.name;
    const name = this.add("Expand", [value.name, this.shape(value.dims)]);
    this.#values.set((ref as Ref).id, { ...value, name, has: value.dims });
    return name;
  }

  /** Names of operands that are broadcast together by the operator; axes are written out only where all lack them. */
  useTogether(refs: readonly unknown[], dims: readonly Dim[]): string[] {
    const values = refs.map((ref) => this.peek(ref));
    const covered = dims.every((d, axis) =>
      values.some((v) => {
        const own = v.has[axis - dims.length + v.has.length];
        return own === undefined ? d === 1 : sameDim(own, d);
      }),
    );
    if (covered) return values.map((v) => v.name);
    // One operand with all elements is enough; a number is the last one to be written out.
    const whole = Math.max(
      0,
      values.findIndex((v) => v.fill === null),
    );
    return refs.map((ref, i) => (i === whole ? this.use(ref) : (values[i] as Value).name));
  }

  // Nodes

  /** A node of one output, whose name is given back. */
  add(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    return this.addMany(opType, inputs, 1, attributes)[0] as string;
  }

  addMany(
    opType: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string[] {
    const prefix = this.#place.path === "" ? "" : `/${this.#place.path.replaceAll(".", "/")}`;
    const name = this.#free(`${prefix}/${opType}`);
    const outputs = Array.from({ length: count }, (_, i) => `${name}_output_${i}`);
    const written = Object.entries(attributes).map(([key, value]): [string, OnnxAttribute] => [
      key,
      attributeOf(value),
    ]);
    this.nodes.push({ name, opType, domain: "", inputs, outputs, attributes: new Map(written) });
    return outputs;
  }

  #free(name: string): string {
    let own = name;
    for (let i = 1; this.#taken.has(own); i++) own = `${name}_${i}`;
    this.#taken.add(own);
    return own;
  }

  /** The same elements as another type. */
  castTo(name: string, dtype: DType): string {
    return this.add("Cast", [name], { to: codeOf(dtype) });
  }

  // Constants

  /** The name of a tensor of the model's state, which is an initializer from now on; null where there is none. */
  state(name: string): string | null {
    const tensor = this.#state.get(name);
    if (tensor === undefined) return null;
    this.initializers.set(name, tensor);
    return name;
  }

  /** Constants of equal type, shape and elements are one. */
  constant(data: TypedArray, shape: readonly number[], dtype: DType, hint = "constant"): string {
    return this.#shared(bytesOf(data), shape, dtype, hint);
  }

  /** A constant that is no other's too. */
  ownConstant(data: TypedArray, shape: readonly number[], dtype: DType, hint: string): string {
    const name = this.#free(hint);
    this.initializers.set(name, { name, type: dtype, shape, bytes: bytesOf(data) });
    return name;
  }

  number(value: number, dtype: DType): string {
    const arrays = {
      float32: Float32Array,
      float64: Float64Array,
      int32: Int32Array,
      uint8: Uint8Array,
      bool: Uint8Array,
    };
    return this.constant(arrays[dtype].from([value]), [], dtype, "number");
  }

  filled(value: number, shape: readonly number[], dtype: "float32" | "float64"): string {
    const data = dtype === "float32" ? new Float32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape));
    return this.constant(
      data.fill(value),
      shape,
      dtype,
      value === 0 ? "zeros" : value === 1 ? "ones" : "constant",
    );
  }

  int64(values: readonly number[], hint = "sizes"): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#shared(bytesOf(data), [values.length], "int64", hint);
  }

  #shared(bytes: Uint8Array, shape: readonly number[], type: DType | "int64", hint: string): string {
    const key = bytes.length > 4096 ? null : `${type} ${shape.join()}: ${bytes.join()}`;
    const known = key === null ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    // A node rather than an initializer: those are the weights, which whoever reads the file may want to train.
    const name = this.#free(hint);
    const value: OnnxAttribute = { kind: "tensor", value: { name: "", type, shape, bytes } };
    const node = { name, opType: "Constant", domain: "", inputs: [], outputs: [name] };
    this.nodes.push({ ...node, attributes: new Map([["value", value]]) });
    if (key !== null) this.#constants.set(key, name);
    return name;
  }

  // Sizes

  /** The shape as a list of int64, computed where a size varies. */
  shape(dims: readonly Dim[]): string {
    if (dims.every((d) => typeof d === "number")) return this.int64(dims as readonly number[], "shape");
    const parts = dims.map((d) => (typeof d === "number" ? this.int64([d]) : this.size(d)));
    return parts.length === 1 ? (parts[0] as string) : this.add("Concat", parts, { axis: 0 });
  }

  /** One size, shape [1], from the sizes of the inputs. */
  size(dim: Varying): string {
    const key = dim.values.join();
    const known = this.#sizes.get(key);
    if (known !== undefined) return known;
    const name = this.#derive(dim);
    this.#sizes.set(key, name);
    return name;
  }

  #derive(dim: Varying): string {
    const axes = this.inputDims.flatMap((dims, input) =>
      dims.flatMap((d, axis) => (d instanceof Varying ? [{ input, axis, values: d.values }] : [])),
    );
    const single = axes
      .map((a) => ({ ...a, ratio: ratioOf(dim.values, a.values) }))
      .find((a) => a.ratio !== null);
    if (single !== undefined)
      return this.#scaled(this.#axisSize(single.input, single.axis), single.ratio as number);
    for (const a of axes) {
      for (const b of axes) {
        const ratio = ratioOf(
          dim.values,
          a.values.map((v, i) => v * (b.values[i] as number)),
        );
        if (ratio === null) continue;
        const product = this.add("Mul", [this.#axisSize(a.input, a.axis), this.#axisSize(b.input, b.axis)]);
        return this.#scaled(product, ratio);
      }
    }
    throw this.refuse(
      `a size (${dim.values.join(", ")} for the sizes tried) is no multiple or fraction of a size of the input; ` +
        "export with that size fixed (leave it out of dynamicAxes)",
    );
  }

  #axisSize(input: number, axis: number): string {
    const shape = this.add("Shape", [this.inputNames[input] as string]);
    return this.add("Gather", [shape, this.int64([axis])], { axis: 0 });
  }

  #scaled(size: string, ratio: number): string {
    if (ratio === 1) return size;
    return ratio > 1
      ? this.add("Mul", [size, this.int64([ratio])])
      : this.add("Div", [size, this.int64([Math.round(1 / ratio)])]);
  }
}

/** What `values` are `of` times, if that is a whole number or one part of a whole number; null where it is neither. */
function ratioOf(values: readonly number[], of: readonly number[]): number | null {
  const ratio = (values[0] as number) / (of[0] as number);
  const whole = Number.isInteger(ratio) || Number.isInteger(1 / ratio);
  return whole && values.every((v, i) => v === (of[i] as number) * ratio) ? ratio : null;
}

function bytesOf(data: TypedArray | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function attributeOf(value: AttributeValue): OnnxAttribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  if (Array.isArray(value)) return { kind: "ints", value: value as readonly number[] };
  if ("float" in value) return { kind: "float", value: value.float };
  return { kind: "tensor", value: value as OnnxTensor };
}
