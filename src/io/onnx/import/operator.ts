/** What an operator of a running graph is given: its operands and attributes, in the forms of all operator sets. */
import { ArgumentError } from "../../../base/errors.ts";
import { currentEngine } from "../../../engine/default.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { OnnxAttribute, OnnxNode } from "../schema.ts";
import { asTensor, Host, type Value } from "./values.ts";

/** One node while it runs. */
export class Operator {
  readonly node: OnnxNode;
  /** Version of the operator set that the node belongs to. */
  readonly opset: number;
  readonly inputs: readonly (Value | null)[];
  readonly training: boolean;

  constructor(node: OnnxNode, opset: number, inputs: readonly (Value | null)[], training: boolean) {
    this.node = node;
    this.opset = opset;
    this.inputs = inputs;
    this.training = training;
  }

  /** An error that names the operator and its node. */
  refuse(why: string): ArgumentError {
    const { opType, name, outputs } = this.node;
    return new ArgumentError(`importOnnx: ${opType} "${name || outputs[0] || ""}": ${why}`, {
      operator: opType,
      node: name,
    });
  }

  // Operands

  has(index: number): boolean {
    return (this.inputs[index] ?? null) !== null;
  }

  value(index: number): Value {
    const value = this.inputs[index] ?? null;
    if (value === null) throw this.refuse(`operand ${index} is missing`);
    return value;
  }

  tensor(index: number): Tensor {
    return asTensor(this.value(index));
  }

  tensorOrNull(index: number): Tensor | null {
    return this.has(index) ? this.tensor(index) : null;
  }

  /** Numbers that must be known before anything is computed, such as a shape. */
  host(index: number): Host {
    const value = this.value(index);
    if (value instanceof Host) return value;
    // A tensor that was made of numbers, as an input may be, still has them.
    const known = currentEngine().peek(value.node);
    if (known !== null) return new Host(value.dtype, value.shape, Float64Array.from(known));
    throw this.refuse(
      `operand ${index} depends on values of the input, and must be known from shapes alone; such graphs are not supported`,
    );
  }

  numbers(index: number): number[] {
    return Array.from(this.host(index).data);
  }

  numbersOr(index: number, fallback: readonly number[]): number[] {
    return this.has(index) ? this.numbers(index) : [...fallback];
  }

  numberOr(index: number, fallback: number): number {
    return this.has(index) ? (this.numbers(index)[0] ?? fallback) : fallback;
  }

  /** The rest of the operands, for operators that take any number. */
  all(): Value[] {
    return this.inputs.map((_, i) => this.value(i));
  }

  // Attributes

  get<K extends OnnxAttribute["kind"]>(name: string, kind: K): Extract<OnnxAttribute, { kind: K }> | null {
    const attribute = this.node.attributes.get(name);
    if (attribute === undefined) return null;
    if (attribute.kind === kind) return attribute as Extract<OnnxAttribute, { kind: K }>;
    throw this.refuse(`attribute ${name} is of kind ${attribute.kind}, expected ${kind}`);
  }

  int(name: string, fallback: number): number {
    return this.get(name, "int")?.value ?? fallback;
  }

  float(name: string, fallback: number): number {
    return this.get(name, "float")?.value ?? fallback;
  }

  text(name: string, fallback: string): string {
    return this.get(name, "string")?.value ?? fallback;
  }

  ints(name: string): readonly number[] | null {
    return this.get(name, "ints")?.value ?? null;
  }

  /** An axis from the front. */
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    if (Number.isInteger(axis) && axis >= 0 && axis < Math.max(rank, 1)) return axis;
    throw this.refuse(`axis ${value} is out of range for ${rank} dimensions`);
  }

  /** Axes that are an attribute in old operator sets and an operand in new ones; null where there are none. */
  axes(operand: number): readonly number[] | null {
    return this.ints("axes") ?? (this.has(operand) ? this.numbers(operand) : null);
  }
}

/** What an operator gives, one value for each output; those that nothing reads may be left out. */
export type Run = (op: Operator) => Value | readonly (Value | null)[];
