/**
 * A graph that was built once, as a template for calls with other values: what a function computes, without running it
 * again.
 */
import { Node } from "./node.ts";
import { closedTemplate, placeholderFor, type Template } from "./template.ts";

export interface RecordedGraph {
  /** Its operands: those the graph was recorded for, then `captured`. */
  readonly template: Template;
  /** Other values that the graph mentions, which are the same at every call. */
  readonly captured: readonly Node[];
}

/**
 * @param operands the nodes that stand for what changes from call to call; the graph ends at them
 * @param results computed from primitives alone, as they are while somebody observes nodes
 * @returns null when the graph mentions a value in storage that is no operand: it may change unseen
 */
export function recordGraph(operands: readonly Node[], results: readonly Node[]): RecordedGraph | null {
  const copier = new Copier(operands);
  const copies = results.map((node) => copier.copy(node));
  const { captured, placeholders } = copier;
  if (captured.some((node) => node.value?.kind === "storage" || node.expired)) return null;
  return { template: closedTemplate("recorded", placeholders, copies), captured };
}

/** Copies a graph to one over placeholders. */
class Copier {
  readonly captured: Node[] = [];
  readonly placeholders: Node[];
  readonly #copies: Map<Node, Node>;

  constructor(operands: readonly Node[]) {
    this.placeholders = operands.map((node) => placeholderFor(node, false));
    this.#copies = new Map(operands.map((node, i) => [node, this.placeholders[i] as Node]));
  }

  /** Operands first, without recursion: networks are deep. */
  copy(root: Node): Node {
    const stack = [root];
    while (stack.length > 0) {
      const node = stack[stack.length - 1] as Node;
      const missing = this.#copies.has(node) || isGiven(node) ? [] : this.#missing(node);
      if (missing.length > 0) {
        stack.push(...missing);
        continue;
      }
      stack.pop();
      if (!this.#copies.has(node)) this.#copies.set(node, this.#copyOf(node));
    }
    return this.#copies.get(root) as Node;
  }

  #missing(node: Node): Node[] {
    return node.inputs.filter((i) => !this.#copies.has(i));
  }

  #copyOf(node: Node): Node {
    if (isGiven(node)) {
      const placeholder = placeholderFor(node, false);
      this.captured.push(node);
      this.placeholders.push(placeholder);
      return placeholder;
    }
    const inputs = node.inputs.map((i) => this.#copies.get(i) as Node);
    // Another name of its operand.
    if (node.op.kind === "alias") return inputs[0] as Node;
    return new Node(node.op, inputs, node.shape, node.dtype);
  }
}

/** Whether a node is a value rather than computed from others. */
const isGiven = (node: Node): boolean =>
  node.value !== null || node.expired || node.op.kind === "scalar" || node.op.kind === "source";
