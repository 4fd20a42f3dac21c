/**
 * Einstein's summation convention: products of tensors whose axes have names, summed over the names that the result
 * does not have.
 */
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { permute, reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { mul } from "../binary/mul.ts";
import { sum } from "../reduce/sum.ts";
import { diagonalOf } from "../view/diagonal.ts";
import { matmul } from "./matmul.ts";

/** A tensor with a name for each axis. Axes of an ellipsis are called "0", "1", ... from the last one on. */
interface Named {
  readonly node: Node;
  readonly names: readonly string[];
}

/**
 * Sum of products of tensors, as an equation such as "bij,bjk->bik" says. A name that occurs twice in one operand
 * takes its diagonal, one that the result lacks is summed over; "..." stands for any further axes, which broadcast.
 * Without "->" the result has the names that occur once, in alphabetical order, after the axes of "...".
 * Operands are multiplied from left to right; where names are summed, each product is one matrix product.
 *
 * @throws ArgumentError for an equation that cannot be read, ShapeError and DTypeError where operands do not fit it
 */
export function einsum(equation: string, operands: readonly Node[]): Node {
  const { inputs, output } = parse(equation, operands);
  checkTypes(operands);
  const distinct = inputs.map((term, i) => withoutRepeats(equation, term, i));
  const sizes = sizesOf(equation, distinct);
  const terms = distinct.map((term) => withoutOnes(term, sizes));
  let [product, ...rest] = terms as [Named, ...Named[]];
  while (rest.length > 0) {
    const [next, ...later] = rest as [Named, ...Named[]];
    const needed = new Set([...output, ...later.flatMap((term) => term.names)]);
    product = multiply(sumOut(product, needed, next.names), sumOut(next, needed, product.names), needed);
    rest = later;
  }
  const summed = sumOut(product, new Set(output), []);
  return permute(
    summed.node,
    output.map((name) => summed.names.indexOf(name)),
  );
}

function parse(
  equation: string,
  operands: readonly Node[],
): { inputs: readonly Named[]; output: readonly string[] } {
  const refuse = (why: string): ArgumentError =>
    new ArgumentError(`einsum: "${equation}": ${why}`, { equation, shapes: operands.map((o) => o.shape) });
  const sides = equation.replaceAll(/\s/g, "").split("->");
  const [left, right] = sides as [string, string | undefined];
  if (sides.length > 2 || /[^a-zA-Z.,]/.test(left + (right ?? "")) || right?.includes(",") === true) {
    throw refuse('must be names of axes (letters or "...") for each operand, as in "ij,jk->ik"');
  }
  const parts = left.split(",");
  if (operands.length === 0 || parts.length !== operands.length) {
    throw refuse(`names ${parts.length} operands, ${operands.length} are given`);
  }
  const inputs = parts.map((part, i) => {
    const node = operands[i] as Node;
    return { node, names: namesOf(part, node.shape.length, (why) => refuse(`operand ${i} ${why}`), node) };
  });
  const all = inputs.flatMap((term) => term.names);
  const dots = Math.max(0, ...all.filter(isDot).map((name) => Number(name) + 1));
  const leading = Array.from({ length: dots }, (_, i) => String(dots - 1 - i));
  if (right === undefined) {
    const once = all.filter((name) => !isDot(name) && all.indexOf(name) === all.lastIndexOf(name));
    return { inputs, output: [...leading, ...once.sort()] };
  }
  const [before, after, ...more] = right.split("...") as [string, ...string[]];
  const output = [...before, ...(after === undefined ? [] : leading), ...(after ?? "")];
  if (more.length > 0 || output.includes("."))
    throw refuse('the result has a "." that is not part of one "..."');
  const unknown = output.find((name) => !all.includes(name));
  if (unknown !== undefined) throw refuse(`the result names "${unknown}", which no operand has`);
  if (new Set(output).size !== output.length) throw refuse("the result names an axis twice");
  return { inputs, output };
}

const isDot = (name: string): boolean => /\d/.test(name);

/** Names of an operand's axes. */
function namesOf(
  part: string,
  ndim: number,
  refuse: (why: string) => ArgumentError,
  { shape }: Node,
): string[] {
  const [before, after, ...more] = part.split("...") as [string, ...string[]];
  if (more.length > 0 || (before + (after ?? "")).includes("."))
    throw refuse('has a "." that is not part of one "..."');
  const named = before.length + (after ?? "").length;
  if (named > ndim || (after === undefined && named !== ndim)) {
    throw refuse(`has ${named} names, but ${ndim} dimensions (shape ${formatShape(shape)})`);
  }
  const dots = Array.from({ length: ndim - named }, (_, i) => String(ndim - named - 1 - i));
  return [...before, ...dots, ...(after ?? "")];
}

function checkTypes(operands: readonly Node[]): void {
  const [first] = operands;
  if (operands.every((o) => o.dtype === first?.dtype)) return;
  const list = operands.map((o) => o.dtype).join(", ");
  throw new DTypeError(`einsum: operands need one type, got ${list}; convert with .to()`, {
    dtypes: operands.map((o) => o.dtype),
  });
}

/** The size that each name has; 1 gives way to others. @throws ShapeError where two differ. */
function sizesOf(equation: string, inputs: readonly Named[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { node, names } of inputs) {
    names.forEach((name, d) => {
      const size = node.shape[d] as number;
      const known = sizes.get(name) ?? 1;
      if (size !== 1 && known !== 1 && size !== known) {
        const shapes = inputs.map((term) => formatShape(term.node.shape)).join(", ");
        const axis = isDot(name) ? 'an axis of "..."' : `"${name}"`;
        throw new ShapeError(
          `einsum: "${equation}": ${axis} has sizes ${known} and ${size}, which must be equal (shapes ${shapes})`,
          { equation, name, sizes: [known, size] },
        );
      }
      if (size !== 1 || !sizes.has(name)) sizes.set(name, size);
    });
  }
  return sizes;
}

/** Leaves out axes of size 1 that broadcast: a product does without them. */
function withoutOnes({ node, names }: Named, sizes: ReadonlyMap<string, number>): Named {
  const kept = names.map((name, d) => node.shape[d] === sizes.get(name));
  return {
    node: reshape(
      node,
      node.shape.filter((_, d) => kept[d]),
    ),
    names: names.filter((_, d) => kept[d]),
  };
}

/** Takes the diagonal of axes with one name. @throws ShapeError where their sizes differ. */
function withoutRepeats(equation: string, { node, names }: Named, operand: number): Named {
  const second = names.findIndex((name, d) => names.indexOf(name) !== d);
  if (second < 0) return { node, names };
  const name = names[second] as string;
  const first = names.indexOf(name);
  const sizes = [node.shape[first] as number, node.shape[second] as number];
  if (sizes[0] !== sizes[1]) {
    throw new ShapeError(
      `einsum: "${equation}": "${name}" has sizes ${sizes.join(" and ")} in operand ${operand}, whose diagonal needs ` +
        `equal ones (shape ${formatShape(node.shape)})`,
      { equation, name, sizes },
    );
  }
  const rest = names.filter((_, d) => d !== second);
  return withoutRepeats(equation, { node: diagonalOf(node, first, second), names: rest }, operand);
}

/** Sums over the axes that neither the result nor the other operand needs. */
function sumOut({ node, names }: Named, needed: ReadonlySet<string>, other: readonly string[]): Named {
  const kept = names.map((name) => needed.has(name) || other.includes(name));
  const dim = names.flatMap((_, d) => (kept[d] ? [] : [d]));
  return dim.length === 0
    ? { node, names }
    : { node: sum(node, { dim }), names: names.filter((_, d) => kept[d]) };
}

/** The product of two operands, summed over the names that both have and nobody needs any more. */
function multiply(a: Named, b: Named, needed: ReadonlySet<string>): Named {
  const shared = a.names.filter((name) => b.names.includes(name));
  const batch = shared.filter((name) => needed.has(name));
  const summed = shared.filter((name) => !needed.has(name));
  const ofA = a.names.filter((name) => !shared.includes(name));
  const ofB = b.names.filter((name) => !shared.includes(name));
  // A sum that meets no other axis gains nothing from tiles, and integers have no matrix product.
  if (summed.length === 0 || (ofA.length === 0 && ofB.length === 0) || !isFloat(a.node.dtype)) {
    const names = [...batch, ...ofA, ...ofB, ...summed];
    return sumOut({ node: mul(spread(a, names), spread(b, names)), names }, needed, []);
  }
  const shapeOf = (term: Named, names: readonly string[]): number[] =>
    names.map((name) => term.node.shape[term.names.indexOf(name)] as number);
  const flat = (term: Named, first: readonly string[], second: readonly string[]): Node => {
    const node = permute(
      term.node,
      [...batch, ...first, ...second].map((name) => term.names.indexOf(name)),
    );
    const count = batch.length === 0 ? [] : [sizeOf(shapeOf(term, batch))];
    return reshape(node, [...count, sizeOf(shapeOf(term, first)), sizeOf(shapeOf(term, second))]);
  };
  const product = matmul(flat(a, ofA, summed), flat(b, summed, ofB));
  return {
    node: reshape(product, [...shapeOf(a, [...batch, ...ofA]), ...shapeOf(b, ofB)]),
    names: [...batch, ...ofA, ...ofB],
  };
}

/** The operand with axes in the order of `names`; size 1 where it has none. */
function spread(term: Named, names: readonly string[]): Node {
  const own = names.filter((name) => term.names.includes(name));
  const node = permute(
    term.node,
    own.map((name) => term.names.indexOf(name)),
  );
  return reshape(
    node,
    names.map((name) => (own.includes(name) ? (node.shape[own.indexOf(name)] as number) : 1)),
  );
}
