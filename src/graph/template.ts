/**
 * Compositions as single nodes. A network calls the same few compositions again at every step: a convolution with its
 * bias, a batch normalisation, an optimizer's update. The first call with operands of some shapes builds the graph of
 * the composition over placeholders, a template; every later one makes one node that refers to it, so that a step costs
 * a node for each layer rather than one for each primitive. `expand.ts` puts the primitives back when a program is
 * compiled, which happens once.
 */
import { dtypes } from "../base/dtype.ts";
import { mapped } from "../base/mapped.ts";
import type { Shape } from "../base/shape.ts";
import { isGradEnabled, isObserved, Node, withGradMode } from "./node.ts";
import type { CallTemplate } from "./operation.ts";
import { type GraphWalk, hashSignature, sameSignature, signatureOf, walkGraph } from "./signature.ts";

/** What a composition is made with besides its operands: numbers, strings, flags, and plain lists and records of them. */
export type Parameter = number | string | boolean | object | null | undefined;

const none: readonly Node[] = [];
const sourceOp = { kind: "source" } as const;
const scalarShape: Shape = [];

/** The graph of a composition over placeholders. */
export interface Template extends CallTemplate {
  /** One for each operand. */
  readonly placeholders: readonly Node[];
  readonly results: readonly Node[];
  /** The template whose first placeholders and nodes this one continues; of a gradient, the one it is the gradient of. */
  readonly base: Template | null;
  /** Nodes that belong to the template rather than to those it continues. */
  readonly own: ReadonlySet<Node>;
  /** Templates of gradients, by what they are of; see autograd. */
  readonly gradients: Map<number, GradientTemplate | null>;
}

/** The gradient of one result of a template: over its operands and the gradient of that result. */
export interface GradientTemplate {
  readonly template: Template;
  /** For each operand, which result is its gradient; -1 where none flows. */
  readonly resultOf: readonly number[];
}

function inherits(base: Template | null, node: Node): boolean {
  for (let t = base; t !== null; t = t.base) if (t.own.has(node)) return true;
  return false;
}

/** A body that mentions a value other than its operands would repeat that value for ever. */
function requireClosed(walk: GraphWalk, placeholders: readonly Node[]): void {
  for (const node of walk.nodes) {
    const given = node.value !== null || node.op.kind === "scalar" || node.op.kind === "source";
    if (given && !placeholders.includes(node))
      throw new Error(`graph: a composition uses a ${node.op.kind} that is not among its operands`);
  }
}

/** Templates there have been of each hash. */
const seen = new Map<number, number>();

/** @param key what the template was made from; no two templates alive are made from the same */
function templateOf(
  key: readonly number[],
  placeholders: readonly Node[],
  results: readonly Node[],
  base: Template | null,
  recorded = false,
): Template {
  const walk = walkGraph(results);
  requireClosed(walk, placeholders);
  const own = new Set(walk.nodes.filter((n) => !inherits(base, n)));
  // The same number in every process, as long as hashes do not collide; never that of another template.
  const hash = hashSignature(key);
  const ordinal = seen.get(hash) ?? 0;
  seen.set(hash, ordinal + 1);
  const code = ordinal * 2 ** 32 + (hash >>> 0);
  return { code, recorded, placeholders, results, base, own, gradients: new Map() };
}

/**
 * A template of a graph that is there already.
 *
 * @param name what kind of thing the graph is of; with the graph's structure it makes the template's number
 * @param placeholders all that the graph mentions
 * @param results nodes of primitives
 */
export function closedTemplate(
  name: string,
  placeholders: readonly Node[],
  results: readonly Node[],
): Template {
  const walk = walkGraph([...placeholders, ...results]);
  const structure = signatureOf(
    walk,
    results.map((r) => r.position),
  );
  return templateOf([...codesOf(name), ...structure], placeholders, results, null, true);
}

const codesOf = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));

/** A placeholder for operands like this one. */
export function placeholderFor(like: Pick<Node, "shape" | "dtype">, requiresGrad: boolean): Node {
  const node = new Node(sourceOp, none, like.shape, like.dtype);
  node.requiresGrad = requiresGrad;
  return node;
}

/** Results of a template over these operands: one node, and one more for each result where there are several. */
export function callTemplate(template: Template, operands: readonly Node[]): readonly Node[] {
  const { results } = template;
  const [first] = results as [Node];
  const op = { kind: "call", template } as const;
  if (results.length === 1) return [resultNode(new Node(op, operands, first.shape, first.dtype), first)];
  const call = new Node(op, operands, scalarShape, first.dtype);
  return mapped(results, (r, index) => resultNode(new Node(resultOp(index), [call], r.shape, r.dtype), r));
}

function resultNode(node: Node, like: Node): Node {
  node.requiresGrad = like.requiresGrad && isGradEnabled();
  return node;
}

const resultOps: { readonly kind: "result"; readonly index: number }[] = [];

function resultOp(index: number): { readonly kind: "result"; readonly index: number } {
  const known = resultOps[index];
  if (known !== undefined) return known;
  const made = { kind: "result", index } as const;
  resultOps[index] = made;
  return made;
}

/** Templates of one composition that are kept: one for each combination of shapes. */
const mostTemplates = 256;

/** How many templates are being built, one inside the other. */
let building = 0;

const names = new Set<string>();

/** Compositions that share a body, and the templates of those that were called. */
export class Composition {
  readonly #name: readonly number[];
  readonly #templates = new Map<number, { readonly key: readonly number[]; readonly template: Template }>();

  /** @param name Tells it from all others; one that is taken gets a number. */
  constructor(name: string) {
    let own = name;
    for (let i = 2; names.has(own); i++) own = `${name} ${i}`;
    names.add(own);
    this.#name = codesOf(own);
  }

  /**
   * One node of the graph, and one more for each result where there are several.
   *
   * @param body builds the graph of the results over placeholders for the operands. It mentions no other values, and
   *   depends on nothing but them and the parameters: it runs once for all calls with equal parameters and operands of
   *   equal shapes, types and need of gradients. What it throws comes out of the call.
   */
  call(
    operands: readonly (Node | null)[],
    parameters: readonly Parameter[],
    body: (placeholders: readonly Node[], all: readonly (Node | null)[]) => readonly Node[],
  ): readonly Node[] {
    const given = operands.includes(null) ? present(operands) : (operands as readonly Node[]);
    // Who watches every node, sees every node; and templates are made of primitives.
    if (building > 0 || isObserved()) return body(given, operands);
    const key = keyOf(this.#name, operands, parameters);
    const hash = hashSignature(key);
    let known = this.#templates.get(hash);
    if (known === undefined || !sameSignature(known.key, key)) {
      const own = key.slice();
      known = { key: own, template: buildTemplate(own, operands, body) };
      if (this.#templates.size >= mostTemplates) this.#templates.clear();
      this.#templates.set(hash, known);
    }
    return callTemplate(known.template, given);
  }
}

/**
 * A composition of a fixed number of operands, some of which may be absent; see {@link Composition}.
 *
 * @param name tells it from all others
 */
export function composite<
  O extends readonly (Node | null)[],
  P extends readonly Parameter[],
  R extends readonly Node[],
>(name: string, body: (operands: O, ...parameters: P) => R): (operands: O, ...parameters: P) => R {
  const composition = new Composition(name);
  return (operands, ...parameters) => {
    // Placeholders stand where operands do, and there are as many results as the body gives.
    const results = composition.call(operands, parameters, (_, all) =>
      body(all as unknown as O, ...parameters),
    );
    return results as unknown as R;
  };
}

const present = (operands: readonly (Node | null)[]): Node[] => operands.filter((o) => o !== null);

function buildTemplate(
  key: readonly number[],
  operands: readonly (Node | null)[],
  body: (placeholders: readonly Node[], all: readonly (Node | null)[]) => readonly Node[],
): Template {
  const all = operands.map((o) => (o === null ? null : placeholderFor(o, flowsTo(o))));
  const placeholders = present(all);
  building++;
  try {
    return templateOf(key, placeholders, body(placeholders, all), null);
  } finally {
    building--;
  }
}

/** Builds a template that continues another one; `which` tells it from others that do. */
export function continueTemplate(
  base: Template,
  which: number,
  more: readonly Node[],
  createGraph: boolean,
  body: () => readonly Node[],
): Template {
  building++;
  try {
    return withGradMode(createGraph, () =>
      templateOf([base.code, which], [...base.placeholders, ...more], body(), base),
    );
  } finally {
    building--;
  }
}

const flowsTo = (operand: Node): boolean => operand.requiresGrad && isGradEnabled();

const scratch: number[] = [];

/** What a template depends on, as numbers; the list is used again at the next call. */
function keyOf(
  name: readonly number[],
  operands: readonly (Node | null)[],
  parameters: readonly Parameter[],
): readonly number[] {
  scratch.length = 0;
  for (let i = 0; i < name.length; i++) scratch.push(name[i] as number);
  for (const o of operands) {
    if (o === null) {
      scratch.push(-1);
      continue;
    }
    const { shape } = o;
    scratch.push(dtypes.indexOf(o.dtype) * 2 + (flowsTo(o) ? 1 : 0), shape.length);
    for (let d = 0; d < shape.length; d++) scratch.push(shape[d] as number);
  }
  for (const p of parameters) putParameter(p);
  return scratch;
}

function putText(text: string): void {
  scratch.push(text.length);
  for (let i = 0; i < text.length; i++) scratch.push(text.charCodeAt(i));
}

function putParameter(value: Parameter): void {
  if (typeof value === "number") scratch.push(0, value);
  else if (typeof value === "boolean") scratch.push(value ? 1 : 2);
  else if (value === null) scratch.push(3);
  else if (value === undefined) scratch.push(4);
  else if (typeof value === "string") {
    scratch.push(5);
    putText(value);
  } else {
    scratch.push(6);
    if (Array.isArray(value)) for (const item of value as readonly Parameter[]) putParameter(item);
    else
      for (const [name, item] of Object.entries(value)) {
        putText(name);
        putParameter(item);
      }
    scratch.push(7);
  }
}
