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
  out.push(-1, ...extra);
  return out;
}

function writeNode(node: Node, out: number[]): void {
  const { op } = node;
  if (endsWalk(node)) {
    out.push(
      node.value === null ? 1 : node.value.kind === "storage" ? 2 : 0,
      dtypeCode[node.dtype] as number,
    );
    out.push(node.shape.length, ...node.shape);
    return;
  }
  out.push(10 + (kindCode[op.kind] as number));
  writeParameters(node, op, out);
  for (const input of node.inputs) out.push(resolve(input).position);
}

function writeParameters(node: Node, op: Operation, out: number[]): void {
  switch (op.kind) {
    case "constant":
      out.push(op.value, dtypeCode[node.dtype] as number, node.shape.length, ...node.shape);
      break;
    case "unary":
    case "binary":
    case "compare":
      out.push(fnCode[op.fn] as number);
      break;
    case "reduce":
      out.push(fnCode[op.fn] as number, op.axes.length, ...op.axes);
      break;
    case "cast":
    case "bitcast":
      out.push(dtypeCode[node.dtype] as number);
      break;
    case "random":
      out.push(op.word, node.shape.length, ...node.shape);
      break;
    case "permute":
    case "flip":
      out.push(...op.axes, -2);
      break;
    case "pad":
      out.push(...op.before, ...op.after, op.value);
      break;
    case "slice":
      out.push(...op.start, ...op.step, ...node.shape);
      break;
    case "iota":
    case "reshape":
    case "expand":
      out.push(node.shape.length, ...node.shape);
      break;
    case "window":
      out.push(op.axis, op.size, op.stride, op.dilation);
      break;
    case "unwindow":
      out.push(op.axis, op.length, op.stride, op.dilation);
      break;
    case "gather":
    case "scatterAdd":
      out.push(op.axis);
      break;
    case "contraction":
      out.push(op.spec.outputs, ...op.spec.sizes, -2);
      writeMaps(op.spec.a, out);
      writeMaps(op.spec.b, out);
      break;
    case "source":
    case "scalar":
    case "where":
    case "alias":
      break;
  }
}

function writeMaps(maps: readonly AxisMap[], out: number[]): void {
  for (const m of maps) out.push(...m.dims, ...m.strides, -3);
}

const scratch = new Float64Array(1);
const words = new Int32Array(scratch.buffer);

/** A 32-bit hash of a signature. */
export function hashSignature(signature: readonly number[]): number {
  let h = 0x811c9dc5;
  for (const value of signature) {
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
