/**
 * Reverse-mode differentiation on the graph: one walk from the outputs back, in which every node adds to the
 * gradients of its operands. What it makes are graph nodes; nothing is computed here.
 */
import { ArgumentError } from "../base/errors.ts";
import { mapped } from "../base/mapped.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { binary } from "../graph/build.ts";
import { isGradEnabled, type Node, nextWalk, withGradMode } from "../graph/node.ts";
import type { Operation } from "../graph/operation.ts";
import {
  callTemplate,
  continueTemplate,
  type GradientTemplate,
  placeholderFor,
  type Template,
} from "../graph/template.ts";
import { gradientsOf } from "../ops/gradients.ts";
import { type GradientWatch, gradientWatch } from "./watch.ts";

export interface BackwardOptions {
  /** Keeps the graph, so that another backward pass can go through it. */
  readonly retainGraph: boolean;
  /** Makes the gradients themselves differentiable. */
  readonly createGraph: boolean;
}

/** Operands that gradients flow to. */
function pathsOf(node: Node): readonly Node[] {
  if (node.custom !== null) return node.custom.inputs;
  // The results of a call have gradients, the call has none.
  return node.op.kind === "result" ? (node.inputs[0]?.inputs ?? []) : node.inputs;
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
  return walkBack(roots, wanted, options, gradientWatch());
}

function walkBack(
  roots: readonly { readonly node: Node; readonly seed: Node }[],
  wanted: (node: Node) => boolean,
  options: BackwardOptions,
  watch: GradientWatch | null,
): Map<Node, Node> {
  const order = gradientOrder(mapped(roots, (r) => r.node));
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
      if (node.hooks !== null) for (const hook of [...node.hooks]) g = hook(g) ?? g;
      if (wanted(node)) found.set(node, g);
      if (node.leaf === null) spreadGradient(node, g, addTo, options, watch);
    }
  });
  return found;
}

function spreadGradient(
  node: Node,
  g: Node,
  addTo: (n: Node, g: Node) => void,
  options: BackwardOptions,
  watch: GradientWatch | null,
): void {
  const paths = pathsOf(node);
  if (node.consumed || (paths.length === 0 && node.op.kind !== "source")) {
    throw new ArgumentError(
      "backward: this graph has already been used by a backward pass, or its inputs have been updated since; call " +
        "backward({ retainGraph: true }) the first time, or compute the loss again",
    );
  }
  const list = partsOf(node, g);
  for (let i = 0; i < paths.length; i++) {
    const input = paths[i] as Node;
    const part = list[i];
    if (part === null || part === undefined || !input.requiresGrad) continue;
    watch?.gradient(node, i, part);
    addTo(input, part);
  }
  if (!options.retainGraph) node.consumed = true;
}

function partsOf(node: Node, g: Node): readonly (Node | null)[] {
  if (node.custom !== null) return node.custom.rule(g, node);
  const { op } = node;
  if (op.kind === "call") return callGradients(op.template as Template, 0, node, g);
  if (op.kind !== "result") return gradientsOf(node, g);
  const call = node.inputs[0] as Node;
  return callGradients(
    (call.op as Extract<Operation, { kind: "call" }>).template as Template,
    op.index,
    call,
    g,
  );
}

/** Gradients of a call's operands, given that of one of its results: one call again, of the template's gradient. */
function callGradients(template: Template, index: number, call: Node, g: Node): readonly (Node | null)[] {
  const createGraph = isGradEnabled();
  const key = index * 4 + (createGraph ? 2 : 0) + (createGraph && g.requiresGrad ? 1 : 0);
  let gradient = template.gradients.get(key);
  if (gradient === undefined) {
    gradient = gradientTemplate(template, index, key, createGraph, createGraph && g.requiresGrad);
    template.gradients.set(key, gradient);
  }
  if (gradient === null) return [];
  const results = callTemplate(gradient.template, [...call.inputs, g]);
  return mapped(gradient.resultOf, (at) => (at < 0 ? null : (results[at] as Node)));
}

/** Null where no gradient flows. */
function gradientTemplate(
  base: Template,
  index: number,
  key: number,
  createGraph: boolean,
  seedRequiresGrad: boolean,
): GradientTemplate | null {
  const node = base.results[index] as Node;
  const seed = placeholderFor(node, seedRequiresGrad);
  let found = new Map<Node, Node>();
  const made = continueTemplate(base, key, [seed], createGraph, () => {
    const inputs = new Set(base.placeholders);
    found = walkBack([{ node, seed }], (n) => inputs.has(n), { retainGraph: true, createGraph }, null);
    return [...found.values()];
  });
  if (found.size === 0) return null;
  const order = [...found.keys()];
  return { template: made, resultOf: base.placeholders.map((p) => order.indexOf(p)) };
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
