/** Where the time of a training step goes, and what the machine's peak and bandwidth would allow. */
import { type Bench, ours } from "../bench.ts";
import { milliseconds, percent } from "../figures.ts";
import { goalBatch } from "../goals.ts";

const about =
  "By `Engine.profile`: medians of each kernel, one after the other with a clock between. The roof of a kernel is its " +
  "arithmetic at the measured peak or its bytes at the measured bandwidth of the memory, whichever takes longer; above " +
  "100%, a cache held the data. Beside the kernels a step takes the time of building the graph (see above) and of waking " +
  "threads.";

export async function benchRoofline(bench: Bench): Promise<void> {
  const rows: string[][] = [];
  const slowest: string[][] = [];
  for (const network of bench.networks) {
    for (const library of ours(bench)) {
      const key = `kernels ${network.id}`;
      const job = { kind: "train", network, batch: goalBatch, weights: null } as const;
      await library.ask({ do: "prepare", key, job }, bench.patience);
      const { kernels } = await library.ask({ do: "kernels", key }, bench.patience);
      await library.ask({ do: "drop", key }, bench.patience);
      if (kernels === undefined) continue;
      const { kernelMs, roofMs, gflop, gigabytes, count } = kernels;
      rows.push([
        network.name,
        library.name,
        String(Math.round(count)),
        gflop.toFixed(3),
        gigabytes.toFixed(3),
        milliseconds(kernelMs),
        milliseconds(roofMs),
        percent(roofMs / kernelMs),
      ]);
      for (const { name, ms, ofRoof } of kernels.slowest)
        slowest.push([network.name, library.name, name, milliseconds(ms), percent(ofRoof)]);
    }
  }
  bench.report.table(
    `Kernels of a training step, batch ${goalBatch}`,
    about,
    ["network", "library", "kernels", "GFLOP", "GB", "they take", "under their roofs", "share"],
    rows,
  );
  bench.report.table(
    "The slowest kernels of each step",
    "",
    ["network", "library", "kernel", "all calls", "of its roof"],
    slowest,
  );
}
