/**
 * What `inspect.ActivationStats` on every layer at every step costs: the same training records in every second turn. Two
 * trainings of the same network differ by up to a tenth, each time, by where their tensors lie in memory.
 */
import { type Bench, ours } from "../bench.ts";
import { milliseconds, spreadOf } from "../figures.ts";
import { figureNames, goalBatch } from "../goals.ts";
import type { Library, OurId } from "../libraries.ts";
import type { Network } from "../networks.ts";
import { inTurns, quartiles, summarize, turnFor } from "../timing.ts";

/** Milliseconds of a step, of each turn. */
interface Turns {
  readonly without: number[];
  readonly with: number[];
}

async function measure(bench: Bench, library: Library, network: Network): Promise<Turns> {
  const { patience } = bench;
  const key = network.id;
  const job = { kind: "train", network, batch: goalBatch, weights: null } as const;
  await library.ask({ do: "prepare", key, job }, patience);
  const run = async (on: boolean, unmeasured: number, steps: number): Promise<number> => {
    await library.ask({ do: "record", key, on }, patience);
    return (await library.ask({ do: "run", key, unmeasured, steps }, patience)).ms ?? Number.NaN;
  };
  await run(true, 2, 1);
  const { unmeasured, steps } = turnFor(await run(false, 2, 3));
  const turns: Turns = { without: [], with: [] };
  const candidates = new Map([
    [false, async () => void turns.without.push(await run(false, unmeasured, steps))],
    [true, async () => void turns.with.push(await run(true, unmeasured, steps))],
  ]);
  await inTurns(candidates, turnsPerRound * bench.rounds, (_, error) => {
    throw error;
  });
  await library.ask({ do: "drop", key }, patience);
  return turns;
}

/** With statistics, and as many without. */
const turnsPerRound = 5;

export async function benchStats(bench: Bench): Promise<void> {
  const rows: string[][] = [];
  for (const network of bench.networks.filter(({ id }) => bench.all || id === "conv" || id === "resnet20")) {
    for (const library of ours(bench)) {
      const turns = await measure(bench, library, network);
      const ratios = turns.with.map((ms, i) => ms / (turns.without[i] as number));
      bench.figures.set(figureNames.stats(network.id, library.id as OurId), quartiles(ratios).median);
      const [without, recorded] = [turns.without, turns.with].map((list) =>
        milliseconds(summarize(list).median),
      );
      rows.push([network.name, library.name, without as string, recorded as string, spreadOf(ratios)]);
    }
  }
  bench.report.table(
    `ActivationStats on every layer at every step, batch ${goalBatch}`,
    "The same training records in every second turn. Ratios of neighbouring turns: the median, and the middle half.",
    ["network", "library", "step", "with statistics", "ratio"],
    rows,
  );
}
