/** How a step of the program becomes nodes of the file. */
import type { NamedCall } from "../../../graph/named-calls.ts";
import { Node } from "../../../graph/node.ts";
import type { GraphWriter } from "./graph-writer.ts";
import type { Step } from "./merge.ts";

export interface Converter {
  /**
   * Whether an operator says all that a call does. Where it does not, what the call is made of is written instead.
   * Everything by default.
   */
  readonly takes?: (args: readonly unknown[], call: NamedCall, opset: number) => boolean;
  /** Writes the nodes, and gives the names of the results; one may be null if nothing reads it. */
  readonly write: (
    g: GraphWriter,
    step: Step,
    used: readonly boolean[],
  ) => string | readonly (string | null)[];
}

export type Converters = Readonly<Record<string, Converter>>;

/** The shape of an operand of a call. */
export function shapeOf(operand: unknown): readonly number[] {
  return operand instanceof Node ? operand.shape : [];
}

/** Whether an operand of a call is a single number that is given, not computed. */
export function isNumber(operand: unknown): boolean {
  return (
    operand instanceof Node &&
    operand.shape.length === 0 &&
    operand.value === null &&
    (operand.op.kind === "scalar" || operand.op.kind === "constant")
  );
}

/** A converter that always applies. */
export const always = (write: Converter["write"]): Converter => ({ write });
