/** What `inspect.ActivationStats` on every layer at every step costs: steps with and without it take turns. */
import { type Bench, ours } from "../bench.ts";
import { milliseconds, times } from "../figures.ts";
import { figureNames, goalBatch } from "../goals.ts";
import type { Library, OurId } from "../libraries.ts";
import type { Network } from "../networks.ts";
import { inTurns, summarize, turnFor } from "../timing.ts";

/** Medians without and with. */
async function measure(bench: Bench, library: Library, network: Network): Promise<[number, number]> {
  const { patience } = bench;
  const samples = new Map([
    ["without", [] as number[]],
    ["with", []],
  ]);
  const turns = new Map<string, () => Promise<void>>();
  for (const [key, list] of samples) {
    const job = { kind: "train", network, batch: goalBatch, weights: null, stats: key === "with" } as const;
    await library.ask({ do: "prepare", key, job }, patience);
    const run = async (unmeasured: number, steps: number): Promise<number> =>
      (await library.ask({ do: "run", key, unmeasured, steps }, patience)).ms ?? Number.NaN;
    const { unmeasured, steps } = turnFor(await run(2, 3));
    turns.set(key, async () => void list.push(await run(unmeasured, steps)));
  }
  await inTurns(turns, 2 * bench.rounds, (_, error) => {
    throw error;
  });
  for (const key of samples.keys()) await library.ask({ do: "drop", key }, patience);
  const medians = [...samples.values()].map((list) => summarize(list).median);
  return [medians[0] ?? Number.NaN, medians[1] ?? Number.NaN];
}

export async function benchStats(bench: Bench): Promise<void> {
  const rows: string[][] = [];
  for (const network of bench.networks.filter(({ id }) => bench.all || id === "conv" || id === "resnet20")) {
    for (const library of ours(bench)) {
      const [without, recorded] = await measure(bench, library, network);
      const ratio = recorded / without;
      bench.figures.set(figureNames.stats(network.id, library.id as OurId), ratio);
      rows.push([network.name, library.name, milliseconds(without), milliseconds(recorded), times(ratio)]);
    }
  }
  bench.report.table(
    `ActivationStats on every layer at every step, batch ${goalBatch}`,
    "",
    ["network", "library", "step", "with statistics", "ratio"],
    rows,
  );
}
