/**
 * Puts the primitives of templates where calls stand, for the schedule, which knows primitives only. Calls of one
 * template with the same operands become one, and a gradient shares the nodes of what it is the gradient of.
 */
import { Node, resolve, withGradMode } from "./node.ts";
import type { ContractionSpec } from "./operation.ts";
import { Reductions } from "./reductions.ts";
import { type GraphWalk, walkGraph } from "./signature.ts";
import type { Template } from "./template.ts";

/** The same values without calls. */
export interface Expanded {
  readonly graph: GraphWalk;
  /** The node that now computes one of those that were asked for. */
  of(node: Node): Node;
}

/** One use of a template: what has become of its nodes. */
interface Frame {
  readonly template: Template;
  readonly base: Frame | null;
  readonly made: Map<Node, Node>;
}

/** What else computes a contraction on the device at hand; null for the contraction itself. */
export type Contractions = (spec: ContractionSpec, operands: readonly Node[]) => Node | null;

/**
 * @param walk everything that `roots` depend on
 * @returns A graph with the leaves of `walk`, also those that no primitive reads; leaves have their positions in it.
 */
export function expandCalls(
  walk: GraphWalk,
  roots: readonly Node[],
  contractions: Contractions = () => null,
): Expanded {
  if (!walk.nodes.some((n) => n.op.kind === "call" && n.value === null))
    return { graph: walk, of: (node) => node };
  const expansion = new Expansion(contractions);
  const expanded = withGradMode(false, () => walk.nodes.map((node) => expansion.add(node)));
  const of = (node: Node): Node => expanded[positions.get(resolve(node)) as number] as Node;
  const positions = new Map(walk.nodes.map((node, i) => [node, i]));
  const { nodes } = walkGraph(roots.map(of));
  return { graph: { nodes, leaves: walk.leaves }, of };
}

class Expansion {
  readonly #of = new Map<Node, Node>();
  readonly #ids = new Map<Node, number>();
  readonly #frames = new Map<string, Frame>();
  readonly #calls = new Map<Node, Frame>();
  readonly #reductions = new Reductions();
  readonly #contractions: Contractions;

  constructor(contractions: Contractions) {
    this.#contractions = contractions;
  }

  /** What takes a node's place; its operands have been added before. */
  add(node: Node): Node {
    const expanded = this.#expanded(node);
    this.#of.set(node, expanded);
    return expanded;
  }

  #expanded(node: Node): Node {
    const { op } = node;
    if (node.value !== null || node.inputs.length === 0) return node;
    if (op.kind === "call") {
      // Templates are made by `templateOf` alone; operations know no more of them than their number.
      const template = op.template as Template;
      const frame = this.#frame(
        template,
        node.inputs.map((i) => this.#operand(i)),
      );
      this.#calls.set(node, frame);
      return template.results.length === 1 ? this.#instance(template.results[0] as Node, frame) : node;
    }
    if (op.kind === "result") {
      const frame = this.#calls.get(resolve(node.inputs[0] as Node)) as Frame;
      return this.#instance(frame.template.results[op.index] as Node, frame);
    }
    const inputs = node.inputs.map((i) => this.#operand(i));
    return this.#copy(node, inputs);
  }

  /** The same operation on other operands. */
  #copy({ op, shape, dtype }: Node, inputs: readonly Node[]): Node {
    if (op.kind === "reduce") return this.#reductions.of(op.fn, inputs[0] as Node, op.axes);
    const other = op.kind === "contraction" ? this.#contractions(op.spec, inputs) : null;
    return other ?? new Node(op, inputs, shape, dtype);
  }

  #operand(node: Node): Node {
    return this.#of.get(resolve(node)) as Node;
  }

  #id(node: Node): number {
    const id = this.#ids.get(node) ?? this.#ids.size;
    this.#ids.set(node, id);
    return id;
  }

  #frame(template: Template, operands: readonly Node[]): Frame {
    const key = `${template.code}: ${operands.map((o) => this.#id(o)).join()}`;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const { base, placeholders } = template;
    const below = base === null ? null : this.#frame(base, operands.slice(0, base.placeholders.length));
    const frame: Frame = { template, base: below, made: new Map() };
    placeholders.forEach((p, i) => void frame.made.set(p, operands[i] as Node));
    this.#frames.set(key, frame);
    return frame;
  }

  /** A node of a template in one of its uses. Operands first, without recursion: compositions may be deep. */
  #instance(node: Node, frame: Frame): Node {
    const stack = [resolve(node)];
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as Node;
      const home = homeOf(top, frame);
      const missing = home.made.has(top)
        ? []
        : top.inputs.map(resolve).filter((i) => !homeOf(i, frame).made.has(i));
      if (missing.length > 0) {
        stack.push(...missing);
        continue;
      }
      stack.pop();
      if (home.made.has(top)) continue;
      const inputs = top.inputs.map((i) => homeOf(resolve(i), frame).made.get(resolve(i)) as Node);
      home.made.set(top, this.#copy(top, inputs));
    }
    const found = resolve(node);
    return homeOf(found, frame).made.get(found) as Node;
  }
}

/** The use of the template that a node belongs to. */
function homeOf(node: Node, frame: Frame): Frame {
  for (let f: Frame | null = frame; f !== null; f = f.base) if (f.template.own.has(node)) return f;
  return frame;
}
