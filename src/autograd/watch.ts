/**
 * Lets someone look on while gradients are made, for finding where one of them goes wrong.
 */
import type { Node } from "../graph/node.ts";

export interface GradientWatch {
  /** A backward pass begins. */
  begin(): void;
  /** The pass has made the gradient of one operand of an operation. */
  gradient(operation: Node, operand: number, gradient: Node): void;
}

let watch: GradientWatch | null = null;

/** Who is looking on, if anyone. */
export function gradientWatch(): GradientWatch | null {
  return watch;
}

/** Sets who looks on, and returns who did before. */
export function watchGradients(next: GradientWatch | null): GradientWatch | null {
  const before = watch;
  watch = next;
  return before;
}
