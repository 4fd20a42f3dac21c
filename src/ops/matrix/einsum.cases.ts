import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type BadInput, integers, type OpCases, type Sample, uniform } from "../op-cases.test-helper.ts";
import { einsum } from "./einsum.ts";

type Shapes = readonly (readonly number[])[];

function sum(equation: string, ...shapes: Shapes): Sample {
  const names = shapes.map((_, i) => "abcd"[i]).join(", ");
  return {
    name: `${equation} ${JSON.stringify(shapes)}`,
    inputs: shapes.map((shape) => uniform(shape)),
    run: (...operands) => einsum(equation, operands),
    torch: `torch.einsum("${equation}", ${names})`,
  };
}

const x = (shape: readonly number[], dtype: "float32" | "int32" = "float32"): Node =>
  constant(0, shape, dtype);

function bad(
  equation: string,
  shapes: Shapes,
  message: string,
  error: BadInput["error"] = "ArgumentError",
): BadInput {
  const call = (): Node =>
    einsum(
      equation,
      shapes.map((shape) => x(shape)),
    );
  return { name: message.slice(0, 70), call, error, message };
}

export const cases: OpCases = {
  op: "einsum",
  samples: [
    // One operand
    sum("ij->ji", [3, 5]),
    sum("ij", [3, 5]),
    sum("ba", [3, 5]),
    sum("ij->", [3, 5]),
    sum("ijk->k", [2, 3, 5]),
    sum("ii", [5, 5]),
    sum("ii->i", [5, 5]),
    sum("iji->ij", [3, 5, 3]),
    sum("iij->j", [3, 3, 5]),
    sum("iii->i", [3, 3, 3]),
    sum("...ii->...i", [2, 7, 3, 3]),
    sum("...ij->...ji", [2, 7, 3, 5]),
    sum("i...->...", [2, 3, 5]),
    sum("...", [2, 3]),
    // Two operands
    sum("ij,jk->ik", [3, 5], [5, 7]),
    sum("ij,jk", [3, 5], [5, 7]),
    sum("ij,jk->ki", [3, 5], [5, 7]),
    sum("ij,kj->ik", [3, 5], [7, 5]),
    sum("ji,jk->ik", [5, 3], [5, 7]),
    sum("bij,bjk->bik", [2, 3, 5], [2, 5, 7]),
    sum("ibj,jkb->bik", [3, 2, 5], [5, 7, 2]),
    sum("i,j->ij", [3], [5]),
    sum("i,i->", [7], [7]),
    sum("i,i->i", [7], [7]),
    sum("ij,ij->i", [3, 5], [3, 5]),
    sum("ij,j->i", [3, 5], [5]),
    sum("j,ij", [5], [3, 5]),
    sum("bn,anm,bm->ba", [2, 5], [3, 5, 7], [2, 7]),
    sum("bhqd,bhkd->bhqk", [2, 3, 5, 4], [2, 3, 7, 4]),
    sum("abcd,cdef->abef", [2, 3, 5, 2], [5, 2, 3, 4]),
    sum("ij,kl->ik", [2, 3], [5, 7]),
    sum("ii,ij->j", [3, 3], [3, 5]),
    sum("...ij,...jk->...ik", [2, 1, 3, 5], [7, 5, 2]),
    sum("...ij,jk->...ik", [2, 7, 3, 5], [5, 2]),
    sum("...i,...i->...", [2, 3, 5], [3, 5]),
    sum("i...,i...->...", [2, 3, 5], [2, 5]),
    sum("...,...->...", [2, 3], [3]),
    sum("...ij,...jk->ik", [2, 3, 5], [2, 5, 7]),
    // Sizes of 1 broadcast
    sum("ij,jk->ik", [3, 1], [5, 7]),
    sum("ij,ij->ij", [3, 1], [1, 5]),
    sum("bij,bjk->bik", [1, 3, 5], [2, 5, 7]),
    sum("ij,jk->ik", [1, 1], [1, 1]),
    // More, and none
    sum("ij,jk,kl->il", [2, 3], [3, 5], [5, 7]),
    sum("i,j,k->kji", [2], [3], [5]),
    sum("ij,ik,il->jkl", [5, 2], [5, 3], [5, 4]),
    sum(",i->i", [], [3]),
    sum("ij,jk->ik", [3, 0], [0, 7]),
    sum("Ab,bC", [3, 5], [5, 2]),
    sum(" i j , j k -> i k ", [3, 5], [5, 7]),
    {
      name: "int32",
      inputs: [integers([3, 5], -9, 9), integers([5, 7], -9, 9)],
      run: (a, b) => einsum("ij,jk->ik", [a, b]),
      torch: 'torch.einsum("ij,jk->ik", a, b)',
    },
  ],
  bad: [
    bad("ij,jk->ik", [[2, 3]], 'einsum: "ij,jk->ik": names 2 operands, 1 are given'),
    bad("ij->ik", [[2, 3]], 'einsum: "ij->ik": the result names "k", which no operand has'),
    bad("ij->ii", [[2, 3]], 'einsum: "ij->ii": the result names an axis twice'),
    bad("ijk->i", [[2, 3]], 'einsum: "ijk->i": operand 0 has 3 names, but 2 dimensions (shape [2, 3])'),
    bad("ij...k->i", [[2, 3]], 'einsum: "ij...k->i": operand 0 has 3 names, but 2 dimensions (shape [2, 3])'),
    bad("i.j->i", [[2, 3]], 'einsum: "i.j->i": operand 0 has a "." that is not part of one "..."'),
    bad("ij->i.", [[2, 3]], 'einsum: "ij->i.": the result has a "." that is not part of one "..."'),
    bad(
      "i1->i",
      [[2, 3]],
      'einsum: "i1->i": must be names of axes (letters or "...") for each operand, as in "ij,jk->ik"',
    ),
    bad(
      "ij->i->j",
      [[2, 3]],
      'einsum: "ij->i->j": must be names of axes (letters or "...") for each operand, as in "ij,jk->ik"',
    ),
    bad(
      "ij,jk->ik",
      [
        [2, 3],
        [5, 7],
      ],
      'einsum: "ij,jk->ik": "j" has sizes 3 and 5, which must be equal (shapes [2, 3], [5, 7])',
      "ShapeError",
    ),
    bad(
      "ii->i",
      [[1, 3]],
      'einsum: "ii->i": "i" has sizes 1 and 3 in operand 0, whose diagonal needs equal ones (shape [1, 3])',
      "ShapeError",
    ),
    bad(
      "...i,...i",
      [
        [2, 3],
        [5, 3],
      ],
      'einsum: "...i,...i": an axis of "..." has sizes 2 and 5, which must be equal (shapes [2, 3], [5, 3])',
      "ShapeError",
    ),
    {
      name: "different types",
      call: () => einsum("i,i", [x([3]), x([3], "int32")]),
      error: "DTypeError",
      message: "einsum: operands need one type, got float32, int32; convert with .to()",
    },
  ],
};
