/**
 * The structure of a graph as a list of numbers: two graphs with equal lists are computed by the same program. Values
 * of leaves and numbers given as scalars are not part of it. The list itself is compared, so a hash that collides
 * costs a comparison, never a wrong program.
 */
import { dtypes } from "../base/dtype.ts";
import { binaryFns, compareFns, reduceFns, unaryFns } from "../base/scalar.ts";
import { type Node, nextWalk, resolve } from "./node.ts";
import type { AxisMap, Operation } from "./operation.ts";

/** A graph in topological order. */
export interface GraphWalk {
  /** Operands before what uses them; aliases are left out. `position` of each node is its place here. */
  readonly nodes: Node[];
  readonly leaves: Node[];
}

/** Whether a walk ends at this node: its value is known or given. */
function endsWalk(node: Node): boolean {
  return node.value !== null || node.op.kind === "scalar";
}

/** Collects everything that the roots depend on, and numbers it. Iterative: graphs may be thousands of nodes deep. */
export function walkGraph(roots: Iterable<Node>): GraphWalk {
  const walk = nextWalk();
  const nodes: Node[] = [];
  const leaves: Node[] = [];
  const stack: Node[] = [];
  const cursor: number[] = [];
  for (const root of roots) {
    const start = resolve(root);
    if (start.mark === walk) continue;
    start.mark = walk;
    stack.push(start);
    cursor.push(0);
    while (stack.length > 0) {
      const top = stack.length - 1;
      const node = stack[top] as Node;
      const next = cursor[top] as number;
      if (!endsWalk(node) && next < node.inputs.length) {
        cursor[top] = next + 1;
        const input = resolve(node.inputs[next] as Node);
        if (input.mark !== walk) {
          input.mark = walk;
          stack.push(input);
          cursor.push(0);
        }
        continue;
      }
      stack.pop();
      cursor.pop();
      node.position = nodes.length;
      nodes.push(node);
      if (endsWalk(node)) leaves.push(node);
    }
  }
  return { nodes, leaves };
}

/** Gives the nodes of a walk their positions in it again, after they have been in another one. */
export function renumber({ nodes }: GraphWalk): void {
  for (let i = 0; i < nodes.length; i++) (nodes[i] as Node).position = i;
}

const kinds = [
  "source",
  "scalar",
  "constant",
  "iota",
  "random",
  "unary",
  "binary",
  "compare",
  "where",
  "cast",
  "bitcast",
  "reduce",
  "gather",
  "scatterAdd",
  "contraction",
  "alias",
  "call",
  "result",
  "reshape",
  "permute",
  "expand",
  "pad",
  "slice",
  "flip",
  "window",
  "unwindow",
] as const satisfies readonly Operation["kind"][];

const codes = (list: readonly string[]): Record<string, number> =>
  Object.fromEntries(list.map((name, i) => [name, i]));
const kindCode = codes(kinds);
const dtypeCode = codes(dtypes);
const fnCode = codes([...unaryFns, ...binaryFns, ...compareFns, ...reduceFns]);

/** The structure of a graph and of what is wanted of it. */
export function signatureOf(walk: GraphWalk, extra: readonly number[]): number[] {
  const out: number[] = [];
  for (const node of walk.nodes) writeNode(node, out);
  out.push(-1);
  putAll(extra, out);
  return out;
}

/** Spreading many short lists into `push` is what a walk would spend most of its time on. */
function putAll(list: readonly number[], out: number[]): void {
  for (let i = 0; i < list.length; i++) out.push(list[i] as number);
}

function putShape(node: Node, out: number[]): void {
  out.push(node.shape.length);
  putAll(node.shape, out);
}

function writeNode(node: Node, out: number[]): void {
  const { op } = node;
  if (endsWalk(node)) {
    out.push(node.value === null ? 1 : node.value.kind === "storage" ? 2 : 0);
    out.push(dtypeCode[node.dtype] as number);
    putShape(node, out);
    return;
  }
  out.push(10 + (kindCode[op.kind] as number));
  writeParameters(node, op, out);
  for (const input of node.inputs) out.push(resolve(input).position);
}

/**
 * Adds what a node is, without its operands: type and shape and, unless only its value matters, its operation with all
 * parameters.
 */
export function writeStructure(node: Node, isOnlyRead: boolean, out: number[]): void {
  out.push(dtypeCode[node.dtype] as number);
  putShape(node, out);
  if (isOnlyRead || endsWalk(node)) return;
  out.push(10 + (kindCode[node.op.kind] as number));
  writeParameters(node, node.op, out);
}

// long: one case per kind of operation, a line for each of its parameters.
function writeParameters(node: Node, op: Operation, out: number[]): void {
  switch (op.kind) {
    case "constant":
      out.push(op.value);
      out.push(dtypeCode[node.dtype] as number);
      putShape(node, out);
      break;
    case "unary":
    case "binary":
    case "compare":
      out.push(fnCode[op.fn] as number);
      break;
    case "reduce":
      out.push(fnCode[op.fn] as number);
      out.push(op.axes.length);
      putAll(op.axes, out);
      break;
    case "cast":
    case "bitcast":
      out.push(dtypeCode[node.dtype] as number);
      break;
    case "random":
      out.push(op.word);
      putShape(node, out);
      break;
    case "permute":
    case "flip":
      putAll(op.axes, out);
      out.push(-2);
      break;
    case "pad":
      putAll(op.before, out);
      putAll(op.after, out);
      out.push(op.value);
      break;
    case "slice":
      putAll(op.start, out);
      putAll(op.step, out);
      putAll(node.shape, out);
      break;
    case "iota":
    case "reshape":
    case "expand":
      putShape(node, out);
      break;
    case "window":
      putAll([op.axis, op.size, op.stride, op.dilation], out);
      break;
    case "unwindow":
      putAll([op.axis, op.length, op.stride, op.dilation], out);
      break;
    case "gather":
    case "scatterAdd":
      out.push(op.axis);
      break;
    case "contraction":
      out.push(op.spec.outputs);
      putAll(op.spec.sizes, out);
      out.push(-2);
      writeMaps(op.spec.a, out);
      writeMaps(op.spec.b, out);
      break;
    case "call":
      out.push(op.template.code);
      break;
    case "result":
      out.push(op.index);
      break;
    case "source":
    case "scalar":
    case "where":
    case "alias":
      break;
  }
}

function writeMaps(maps: readonly AxisMap[], out: number[]): void {
  for (const m of maps) {
    putAll(m.dims, out);
    putAll(m.strides, out);
    out.push(-3);
  }
}

const scratch = new Float64Array(1);
const words = new Int32Array(scratch.buffer);

/** A 32-bit hash of a signature. */
export function hashSignature(signature: readonly number[]): number {
  let h = 0x811c9dc5;
  // By index: an iterator gives an object for each number here, as some lists are of integers and some are not.
  for (let i = 0; i < signature.length; i++) {
    const value = signature[i] as number;
    if (Number.isInteger(value) && value >= -0x40000000 && value < 0x40000000)
      h = Math.imul(h ^ value, 0x01000193);
    else {
      scratch[0] = value;
      h = Math.imul(h ^ (words[0] as number), 0x01000193);
      h = Math.imul(h ^ (words[1] as number), 0x01000193);
    }
    h = (h << 13) | (h >>> 19);
  }
  return h | 0;
}

export function sameSignature(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
