/**
 * What of the past of a graph is still needed: which values are out of date, and which operands can be let go.
 */
import { allocate } from "../base/dtype.ts";
import { EngineError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import { type GraphWalk, walkGraph } from "../graph/signature.ts";

const nothing: ReadonlySet<Node> = new Set();

/** Nodes that read storage which has been overwritten since. */
export function markStale(walk: GraphWalk): ReadonlySet<Node> {
  // Most graphs have none, and every flush asks.
  if (!walk.nodes.some((node) => node.expired || isOutdatedLeaf(node))) return nothing;
  const stale = new Set<Node>();
  for (const node of walk.nodes) {
    if (node.value !== null) {
      if (isOutdatedLeaf(node)) stale.add(node);
    } else if (node.expired || node.inputs.some((i) => stale.has(resolve(i)))) stale.add(node);
  }
  return stale;
}

function isOutdatedLeaf({ value }: Node): boolean {
  return value !== null && value.kind === "storage" && value.version !== value.storage.version;
}

/** @throws EngineError when one of these values cannot be computed any more. */
export function requireComputable(values: readonly Node[]): void {
  if (values.length === 0) return;
  const stale = markStale(walkGraph(values));
  for (const node of values) {
    const n = resolve(node);
    if (stale.has(n) || (n.value === null && n.expired)) throw staleError(node);
  }
}

/** Used again at the next call: a list that lives outside V8's heap is dear to make, and there is one for every step. */
let outdatedBefore = new Uint8Array(0);
let spentBefore = new Uint8Array(0);

/** A cleared list, the one of before if it is long enough. */
function cleared(before: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  return before.length < length ? new Uint8Array(2 * length) : before.fill(0, 0, length);
}

/** For each node of a graph: whether what it depends on is overwritten now, and whether its gradient is spent. */
interface Past {
  readonly outdated: Uint8Array;
  readonly spent: Uint8Array;
}

/**
 * Valid until the next call.
 *
 * @param assigned storage that is overwritten now
 * @param kept nodes whose values it is overwritten with, and which go on standing for them
 */
export function pastOf(
  graph: GraphWalk,
  assigned: ReadonlySet<object | null>,
  kept: ReadonlySet<Node>,
): Past {
  const { nodes } = graph;
  outdatedBefore = cleared(outdatedBefore, nodes.length);
  spentBefore = cleared(spentBefore, nodes.length);
  const [outdated, spent] = [outdatedBefore, spentBefore];
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Node;
    const { value, inputs } = node;
    if (node.consumed) spent[i] = 1;
    if (value !== null) {
      if (value.kind === "storage" && assigned.has(value.storage)) outdated[i] = 1;
      continue;
    }
    for (let k = 0; k < inputs.length; k++) {
      const input = inputs[k] as Node;
      const from = resolve(input);
      const at = from.position;
      if (outdated[at] === 1 && !reachesKept(input, kept)) outdated[i] = 1;
      if (spent[at] === 1) spent[i] = 1;
      for (let n = input; n !== from; n = n.inputs[0] as Node) if (n.consumed) spent[i] = 1;
    }
  }
  return { outdated, spent };
}

/** Whether an operand is read by way of a node that stands for a stored value. */
function reachesKept(operand: Node, kept: ReadonlySet<Node>): boolean {
  for (let n = operand; ; n = n.inputs[0] as Node) {
    if (kept.has(n)) return true;
    if (n === resolve(n)) return false;
  }
}

/** Lets go of the operands of values that are known and pass no gradient, or that can never be computed again. */
export function letGo(graph: GraphWalk, known: readonly Node[], past: Past): void {
  for (let i = 0; i < graph.nodes.length; i++) {
    if (past.outdated[i] === 0) continue;
    const node = graph.nodes[i] as Node;
    if (node.value !== null || node.op.kind === "source" || node.op.kind === "scalar") continue;
    node.expired = true;
    forget(node);
  }
  for (const node of known) {
    if (node.value === null) continue;
    const i = bottom(node).position;
    const gone = graph.nodes[i] !== bottom(node) || past.spent[i] === 1 || past.outdated[i] === 1;
    if (!node.requiresGrad || node.consumed || gone) forget(node);
  }
}

/** The node under all aliases, whether their values are known or not. */
function bottom(node: Node): Node {
  let n = node;
  while (n.op.kind === "alias" && n.inputs.length > 0) n = n.inputs[0] as Node;
  return n;
}

/** Lets go of a node's operands. */
export function forget(node: Node): void {
  node.inputs = [];
  node.custom = null;
}

/** Gives a node without elements its (empty) value. @returns false: there is nothing to compute. */
export function emptyValue(node: Node): false {
  node.value = { kind: "host", data: allocate(node.dtype, 0), uses: 0 };
  return false;
}

export function staleError(node: Node): EngineError {
  return new EngineError(
    `the value of this tensor (shape ${formatShape(node.shape)}) was not computed before its inputs changed: ` +
      "a parameter or buffer it depends on was updated, as by optimizer.step(). " +
      "Call .keep() on it before the update, or read it before",
    { shape: node.shape },
  );
}
