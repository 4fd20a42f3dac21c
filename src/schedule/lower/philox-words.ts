/** Random words of an element, or of a vector of elements. */
import { constant, splat } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";
import { philox4x32 } from "../../kernel/philox.ts";

/**
 * The four words of a counter.
 *
 * @param args the element's number, the key's words, the offset's words, low ones first
 * @param keep puts a value in a register
 */
export function philoxWords(
  args: readonly Expr[],
  keep: (e: Expr, name: string) => Expr,
): readonly [Expr, Expr, Expr, Expr] {
  const lanes = Math.max(...args.map((a) => a.lanes));
  const [element, keyLow, keyHigh, offsetLow, offsetHigh] = args.map((a) => splat(a, lanes)) as [
    Expr,
    Expr,
    Expr,
    Expr,
    Expr,
  ];
  const counter = [element, constant(0, "i32", lanes), offsetLow, offsetHigh] as const;
  return philox4x32(counter, [keyLow, keyHigh], keep);
}
