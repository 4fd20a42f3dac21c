/**
 * What a group computes, in words for a profile: the sizes of its loops and the functions in them. A kernel's code does
 * not depend on it; groups that share a kernel share the words of the first.
 */
import { type Node, resolve } from "../graph/node.ts";
import { contractionShape, type Operation } from "../graph/operation.ts";
import { type Group, type LoweredCall, type LoweringContext, nodesMadeBy, type Store } from "./plan.ts";

/** More functions than these are not listed. */
const mostListed = 4;

/** The calls of a group, with a description in their kernels. */
export function described(
  group: Group,
  calls: readonly LoweredCall[],
  context: Pick<LoweringContext, "bufferOf">,
): LoweredCall[] {
  const domain = domainOf(group);
  const functions = functionsIn(group, context);
  return calls.map((call, i) => {
    // What comes before the last kernel of a contraction prepares it or sums: the functions are its epilogue's.
    const plain = functions === "" || (group.kind === "contraction" && i < calls.length - 1);
    return { ...call, kernel: { ...call.kernel, about: plain ? domain : `${domain}: ${functions}` } };
  });
}

/** `64x32x14x14`, or `64x32x14x14 over 16x3x3` where something is summed or reduced over. */
function domainOf({ core, stores }: Group): string {
  const node = core[0] ?? (stores[0] as Store).node;
  const { op } = node;
  if (op.kind === "contraction") {
    return `${sizes(contractionShape(op.spec))} over ${sizes(op.spec.sizes.slice(op.spec.outputs))}`;
  }
  if (op.kind === "reduce") {
    const { shape } = node.inputs[0] as Node;
    return `${sizes(node.shape)} over ${sizes(shape.filter((_, d) => op.axes.includes(d)))}`;
  }
  return sizes(node.shape);
}

function sizes(shape: readonly number[]): string {
  const long = shape.filter((size) => size !== 1);
  return long.length === 0 ? "1" : long.join("x");
}

/** The functions that a group evaluates, operands first; views where it only moves elements. */
function functionsIn(group: Group, context: Pick<LoweringContext, "bufferOf">): string {
  const functions = new Set<string>();
  const views = new Set<string>();
  const seen = new Set<Node>();
  const own = new Set([...group.core, ...nodesMadeBy(group, context)].map(resolve));
  const visit = (node: Node): void => {
    const n = resolve(node);
    if (seen.has(n)) return;
    seen.add(n);
    if (!own.has(n) && context.bufferOf(n) !== null) return;
    const { op } = n;
    // A contraction reads its operands as they are.
    if (op.kind !== "contraction") for (const input of n.inputs) visit(input);
    const name = functionName(op);
    if (name !== null) functions.add(name);
    else if (viewKinds.has(op.kind)) views.add(op.kind);
  };
  for (const node of [...group.core, ...group.stores.map((s) => s.node)]) visit(node);
  const names = functions.size === 0 && group.kind === "map" ? [...views] : [...functions];
  return names.length > mostListed ? `${names.slice(0, mostListed).join(", ")}, ...` : names.join(", ");
}

const viewKinds: ReadonlySet<string> = new Set(["pad", "slice", "flip", "window", "unwindow", "permute"]);

function functionName(op: Operation): string | null {
  switch (op.kind) {
    case "unary":
    case "binary":
    case "compare":
    case "reduce":
      return op.fn;
    case "where":
    case "gather":
    case "random":
      return op.kind;
    default:
      return null;
  }
}
