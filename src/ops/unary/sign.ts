import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The sign: -1, 0 or 1; NaN stays NaN. Its gradient is 0: y = -1, 0 or 1. Shape (*) -> (*). */
export const sign: UnaryOperation = unaryOperation({
  name: "sign",
  fn: "sign",
  accepts: "number",
  gradient: () => null,
});
