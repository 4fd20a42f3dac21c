import { compare } from "../../graph/build.ts";
import { type BinaryOperation, binaryOperation } from "../definition.ts";
import { shareAtTies } from "./share-at-ties.ts";

/** The larger element; NaN where either is NaN. Where both are equal each gets half of the gradient: y = max(a, b), with broadcasting. Shapes (*), (*) -> (*). */
export const maximum: BinaryOperation = binaryOperation({
  name: "maximum",
  fn: "max",
  accepts: "number",
  ofBools: "or",
  gradient: (g, a, b) => shareAtTies(g, a, b, compare("le", b, a)),
});
