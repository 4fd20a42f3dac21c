import { isFloat } from "../../base/dtype.ts";
import { DTypeError, ShapeError } from "../../base/errors.ts";
import { broadcastShapes, formatShape, type Shape, sizeOf } from "../../base/shape.ts";
import { contraction, expand, reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import type { AxisMap } from "../../graph/operation.ts";

const axis = (dim: number): AxisMap => ({ dims: [dim], strides: [1] });

/**
 * Matrix product with PyTorch's rules: vectors count as a row or column and lose it again, leading dimensions are
 * batches and broadcast. Shapes (*, N, K), (*, K, M) -> (*, N, M). @throws ShapeError, DTypeError.
 */
export function matmul(a: Node, b: Node): Node {
  if (!isFloat(a.dtype) || a.dtype !== b.dtype) {
    throw new DTypeError(
      `matmul: needs two float tensors of one type, got ${a.dtype} and ${b.dtype}; convert with .to()`,
      {
        a: a.dtype,
        b: b.dtype,
      },
    );
  }
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError("matmul: both operands need at least 1 dimension; use mul for scalars", {
      a: a.shape,
      b: b.shape,
    });
  }
  const x = a.shape.length === 1 ? reshape(a, [1, ...a.shape]) : a;
  const y = b.shape.length === 1 ? reshape(b, [...b.shape, 1]) : b;
  const [n, k] = x.shape.slice(-2) as [number, number];
  const [k2, m] = y.shape.slice(-2) as [number, number];
  if (k !== k2) {
    throw new ShapeError(
      `matmul: ${formatShape(a.shape)} times ${formatShape(b.shape)}: the last dimension of the first (${k}) must equal ` +
        `the ${b.shape.length === 1 ? "length" : "second last dimension"} of the second (${k2})`,
      { a: a.shape, b: b.shape },
    );
  }
  const product = batched(x, y, n, k, m);
  const shape: Shape = [
    ...product.shape.slice(0, -2),
    ...(a.shape.length === 1 ? [] : [n]),
    ...(b.shape.length === 1 ? [] : [m]),
  ];
  return reshape(product, shape);
}

function batched(x: Node, y: Node, n: number, k: number, m: number): Node {
  const lead = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2), "matmul");
  const count = sizeOf(lead);
  // A plain matrix on the right serves all batches at once: they become rows.
  if (sizeOf(y.shape.slice(0, -2)) === 1) {
    const rows = reshape(x, [sizeOf(x.shape.slice(0, -1)), k]);
    const spec = {
      sizes: [rows.shape[0] as number, m, k],
      outputs: 2,
      a: [axis(0), axis(2)],
      b: [axis(2), axis(1)],
    };
    return reshape(contraction(spec, rows, reshape(y, [k, m])), [...lead, n, m]);
  }
  const [p, q] = harmonizeBatch(x, y, lead);
  const spec = {
    sizes: [count, n, m, k],
    outputs: 3,
    a: [axis(0), axis(1), axis(3)],
    b: [axis(0), axis(3), axis(2)],
  };
  const left = reshape(p, [count, n, k]);
  const right = reshape(q, [count, k, m]);
  return reshape(contraction(spec, left, right), [...lead, n, m]);
}

function harmonizeBatch(x: Node, y: Node, lead: Shape): [Node, Node] {
  const p = expand(x, [...lead, ...x.shape.slice(-2)]);
  const q = expand(y, [...lead, ...y.shape.slice(-2)]);
  return [p, q];
}

/** Matrix product of operands that must have exactly `rank` dimensions. @throws ShapeError. */
export function matmulOfRank(a: Node, b: Node, rank: number, name: string): Node {
  if (a.shape.length !== rank || b.shape.length !== rank || (rank === 3 && a.shape[0] !== b.shape[0])) {
    throw new ShapeError(
      `${name}: needs two tensors of ${rank} dimensions${rank === 3 ? " and equal batch size" : ""}, got ` +
        `${formatShape(a.shape)} and ${formatShape(b.shape)}; use matmul to broadcast`,
      { a: a.shape, b: b.shape },
    );
  }
  return matmul(a, b);
}
