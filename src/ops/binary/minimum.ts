import { compare } from "../../graph/build.ts";
import { type BinaryOperation, binaryOperation } from "../definition.ts";
import { shareAtTies } from "./share-at-ties.ts";

/** The smaller element; NaN where either is NaN. Where both are equal each gets half of the gradient: y = min(a, b), with broadcasting. Shapes (*), (*) -> (*). */
export const minimum: BinaryOperation = binaryOperation({
  name: "minimum",
  fn: "min",
  accepts: "number",
  ofBools: "and",
  gradient: (g, a, b) => shareAtTies(g, a, b, compare("le", a, b)),
});
