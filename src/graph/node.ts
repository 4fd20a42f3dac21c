/**
 * A node of the lazy graph: an operation, its operands, and the shape and type of its result. Nodes are made by
 * `build.ts`, never changed in what they mean; what does change is what is known about them: a value once a program
 * has computed it, and whether their past is still needed.
 */
import { type DType, isFloat, type TypedArray } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import type { Operation } from "./operation.ts";

/** Memory of a device that outlives a program. `version` is another number after each assignment, and no other storage's. */
export interface DeviceStorage {
  /** The device whose memory it is: an address says nothing to another one. */
  readonly device: object;
  readonly dtype: DType;
  readonly size: number;
  readonly address: number;
  version: number;
}

/** Data that the host holds, in row-major order. `data` is null while the program that computes it is running. */
export interface HostValue {
  readonly kind: "host";
  data: TypedArray | null;
  /** Times this value was an operand of a program; data that is used again is kept on the device. */
  uses: number;
}

/** Data in device storage, valid as long as the storage still has this version. */
export interface StorageValue {
  readonly kind: "storage";
  readonly storage: DeviceStorage;
  readonly version: number;
}

export type Value = HostValue | StorageValue;

/** Gradients with respect to `inputs`, given the gradient of the node; null where there is none. */
export type GradientRule = (gradient: Node, node: Node) => readonly (Node | null)[];

/** A gradient rule that replaces those of the operations a node is composed of. */
export interface CustomGradient {
  readonly inputs: readonly Node[];
  readonly rule: GradientRule;
}

/** Sees the gradient of a node during the backward walk; what it returns replaces it. */
export type GradientHook = (gradient: Node) => Node | null;

let enabled = true;

/** Whether nodes made now take part in gradients. */
export function isGradEnabled(): boolean {
  return enabled;
}

/** Runs `body` with gradients recorded or not, and puts the mode back whatever happens. */
export function withGradMode<T>(on: boolean, body: () => T): T {
  const before = enabled;
  enabled = on;
  try {
    return body();
  } finally {
    enabled = before;
  }
}

/** Sees every node that is made. */
export type NodeObserver = (node: Node) => void;

let observer: NodeObserver | null = null;

/** Sets who sees the nodes that are made, and returns who did before. */
export function observeNodes(next: NodeObserver | null): NodeObserver | null {
  const before = observer;
  observer = next;
  return before;
}

/** Whether somebody sees every node that is made. */
export function isObserved(): boolean {
  return observer !== null;
}

export class Node {
  readonly op: Operation;
  /** Operands. Emptied once the value is known and no gradient can pass any more, so that the past can be freed. */
  inputs: readonly Node[];
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether a gradient can flow to this node. */
  requiresGrad: boolean;
  value: Value | null = null;
  custom: CustomGradient | null = null;
  hooks: GradientHook[] | null = null;
  /** The tensor whose gradient this node's gradient is, for leaves; opaque here. */
  leaf: object | null = null;
  /** Set when a backward pass that was not asked to retain the graph went through here. */
  consumed = false;
  /** Whether the value cannot be computed any more: something it depends on has been overwritten. */
  expired = false;
  /** Scratch of graph walks: the number of the last walk, and the node's position in it. */
  mark = 0;
  position = 0;

  constructor(op: Operation, inputs: readonly Node[], shape: Shape, dtype: DType) {
    this.op = op;
    this.inputs = inputs;
    this.shape = shape;
    this.dtype = dtype;
    this.requiresGrad = false;
    if (enabled && isFloat(dtype)) {
      for (const input of inputs) {
        if (input.requiresGrad) {
          this.requiresGrad = true;
          break;
        }
      }
    }
    if (observer !== null) observer(this);
  }
}

let walk = 0;

/** A fresh number for `Node.mark`; nodes marked with it have been seen in this walk. */
export function nextWalk(): number {
  return ++walk;
}

/** Follows aliases to the node that computes. A node whose value is known computes itself. */
export function resolve(node: Node): Node {
  let n = node;
  while (n.op.kind === "alias" && n.value === null && n.inputs.length > 0) n = n.inputs[0] as Node;
  return n;
}
