/** Operations that move memory rather than multiply, with the gradients of some, beside PyTorch's. */
import { type Bench, besideTorch, same } from "../bench.ts";
import { compare, isMeasured, type Outcome } from "../compare.ts";
import { faster, medianOf, milliseconds, outcomeOf, torchMedian } from "../figures.ts";
import { type Library, ourIds } from "../libraries.ts";
import { type Operation, operations } from "../operations.ts";

function row({ name, shape, gradient }: Operation, outcomes: Map<Library, Outcome>): string[] {
  const torch = torchMedian(outcomes);
  const own = ourIds.flatMap((id) => {
    const outcome = outcomeOf(outcomes, id);
    if (outcome === undefined) return [];
    if (!isMeasured(outcome)) return [`cannot: ${outcome.cannot}`, ""];
    return [milliseconds(outcome.time.median), faster(torch, medianOf(outcomes, id))];
  });
  const theirs = Number.isNaN(torch) ? [] : [milliseconds(torch)];
  return [gradient ? `${name}, gradient` : name, shape.join("x"), ...own, ...theirs];
}

export async function benchOperations(bench: Bench): Promise<void> {
  const libraries = besideTorch(bench);
  const rows: string[][] = [];
  for (const operation of operations) {
    const outcomes = await compare(same(libraries, { kind: "operation", ...operation }), bench);
    rows.push(row(operation, outcomes));
  }
  const columns = libraries.flatMap(({ id, ours }) => (ours ? [id, "faster than PyTorch"] : []));
  const theirs = libraries.some(({ ours }) => !ours) ? ["PyTorch"] : [];
  bench.report.table(
    "Operations that move memory",
    "Images have channels first, as they come from outside; behind a convolution ours have them last.",
    ["operation", "operand", ...columns, ...theirs],
    rows,
  );
}
