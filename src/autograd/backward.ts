/**
 * Reverse-mode differentiation on the graph: one walk from the outputs back, in which every node adds to the
 * gradients of its operands. What it makes are graph nodes; nothing is computed here.
 */
import { ArgumentError } from "../base/errors.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { binary } from "../graph/build.ts";
import { type Node, nextWalk, withGradMode } from "../graph/node.ts";
import { gradientsOf } from "../ops/gradients.ts";
import { gradientWatch } from "./watch.ts";

export interface BackwardOptions {
  /** Keeps the graph, so that another backward pass can go through it. */
  readonly retainGraph: boolean;
  /** Makes the gradients themselves differentiable. */
  readonly createGraph: boolean;
}

/** Operands that gradients flow to. */
function pathsOf(node: Node): readonly Node[] {
  return node.custom?.inputs ?? node.inputs;
}

/** Nodes between the roots and the leaves that take part, operands first. */
function gradientOrder(roots: readonly Node[]): Node[] {
  const walk = nextWalk();
  const order: Node[] = [];
  const stack: { node: Node; next: number }[] = [];
  for (const root of roots) {
    if (root.mark === walk || !root.requiresGrad) continue;
    root.mark = walk;
    stack.push({ node: root, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { node: Node; next: number };
      const paths = top.node.leaf === null ? pathsOf(top.node) : [];
      const input = paths[top.next++];
      if (input === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (input.requiresGrad && input.mark !== walk) {
        input.mark = walk;
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return order;
}

/**
 * Gradients of the sum of `roots` (each weighted by its seed) with respect to every node that `wanted` accepts.
 * @throws ArgumentError when a root needs no gradient or the graph has been freed by an earlier pass.
 */
export function backward(
  roots: readonly { readonly node: Node; readonly seed: Node }[],
  wanted: (node: Node) => boolean,
  options: BackwardOptions,
): Map<Node, Node> {
  gradientWatch()?.begin();
  for (const { node, seed } of roots) checkRoot(node, seed);
  const order = gradientOrder(roots.map((r) => r.node));
  const gradients = new Map<Node, Node>();
  const found = new Map<Node, Node>();
  const addTo = (node: Node, g: Node): void => {
    const before = gradients.get(node);
    gradients.set(node, before === undefined ? g : binary("add", before, g));
  };
  withGradMode(options.createGraph, () => {
    for (const { node, seed } of roots) addTo(node, seed);
    for (let i = order.length - 1; i >= 0; i--) {
      const node = order[i] as Node;
      let g = gradients.get(node);
      if (g === undefined) continue;
      gradients.delete(node);
      for (const hook of [...(node.hooks ?? [])]) g = hook(g) ?? g;
      if (wanted(node)) found.set(node, g);
      if (node.leaf === null) spreadGradient(node, g, addTo, options);
    }
  });
  return found;
}

function spreadGradient(
  node: Node,
  g: Node,
  addTo: (n: Node, g: Node) => void,
  options: BackwardOptions,
): void {
  const paths = pathsOf(node);
  if (node.consumed || (paths.length === 0 && node.op.kind !== "source")) {
    throw new ArgumentError(
      "backward: this graph has already been used by a backward pass, or its inputs have been updated since; call " +
        "backward({ retainGraph: true }) the first time, or compute the loss again",
    );
  }
  const list = node.custom === null ? gradientsOf(node, g) : node.custom.rule(g, node);
  const watch = gradientWatch();
  paths.forEach((input, i) => {
    const part = list[i];
    if (part === null || part === undefined || !input.requiresGrad) return;
    watch?.gradient(node, i, part);
    addTo(input, part);
  });
  if (!options.retainGraph) node.consumed = true;
}

function checkRoot(node: Node, seed: Node): void {
  if (!node.requiresGrad) {
    throw new ArgumentError(
      "backward: this tensor needs no gradient: nothing it was computed from has requiresGrad, or it was made inside " +
        "noGrad",
      { shape: node.shape },
    );
  }
  if (!sameShape(node.shape, seed.shape)) {
    throw new ArgumentError(
      `backward: the gradient has shape ${formatShape(seed.shape)}, the tensor ${formatShape(node.shape)}; they must be equal`,
      { gradient: seed.shape, tensor: node.shape },
    );
  }
}
