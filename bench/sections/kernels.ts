/**
 * Single operations whose limit is arithmetic, as shares of the peak that the same engine reaches with multiply-adds in
 * registers. Operands and results stay in the library's memory, row-major.
 */
import { chainCounts } from "../../src/engine/machine-peak.ts";
import { type Bench, besideTorch, ours, same } from "../bench.ts";
import { compare, isMeasured, type Outcome } from "../compare.ts";
import { faster, medianOf, milliseconds, outcomeOf, percent, torchMedian } from "../figures.ts";
import { figureNames, goalGflop } from "../goals.ts";
import { type Library, ourIds } from "../libraries.ts";
import { flopsOf } from "../operands.ts";
import type { ConvJob, MatmulJob } from "../protocol.ts";
import { pause } from "../timing.ts";

interface Kernel {
  readonly name: string;
  readonly job: MatmulJob | ConvJob;
  /** Whether it belongs to the few minutes' run. */
  readonly quick: boolean;
}

function matmul(
  m: number,
  k: number,
  n: number,
  quick = false,
  transposed: readonly [boolean, boolean] = [false, false],
): Kernel {
  const side = (turned: boolean): string => (turned ? "T" : "");
  const name = `matmul ${m}x${k}${side(transposed[0])} by ${k}x${n}${side(transposed[1])}`;
  return { name, job: { kind: "matmul", m, k, n, transposed }, quick };
}

const matmuls: readonly Kernel[] = [
  matmul(64, 64, 64),
  matmul(128, 128, 128),
  matmul(256, 256, 256, true),
  matmul(512, 512, 512),
  matmul(1024, 1024, 1024, true),
  matmul(2048, 2048, 2048),
  matmul(512, 512, 512, false, [true, false]),
  matmul(512, 512, 512, true, [false, true]),
  matmul(1024, 1024, 1024, true, [true, false]),
  // Sizes that no vector, tile or line of a cache divides evenly.
  matmul(1500, 700, 900, true),
  matmul(1000, 1200, 1000, true),
  matmul(64, 784, 256, true),
  matmul(784, 64, 256, false, [true, false]),
  // A layer of many inputs.
  matmul(64, 2048, 256, true, [false, true]),
  matmul(2048, 2048, 16),
  matmul(16, 2048, 2048),
  matmul(256, 4096, 256, true),
  // The gradient of a wide layer's weight or input, rows of which lie across a long sum.
  matmul(2048, 2048, 256, true, [true, false]),
  // The gradient of a linear layer's weight over all tokens of a batch.
  matmul(768, 1024, 192, true, [true, false]),
];

/** Channels in and out, edge of the image, edge of the kernel, stride, and whether it is measured quickly. */
type Shape = readonly [number, number, number, number, number, boolean];

/** @param depthwise whether each channel is a group */
function convs(of: string, batch: number, shapes: readonly Shape[], depthwise = false): Kernel[] {
  return shapes.flatMap(([inside, out, image, size, stride, quick]) =>
    (["forward", "input", "weight"] as const)
      // Nobody asks for the gradient of the images.
      .filter((pass) => pass !== "input" || inside > 3)
      .map((pass): Kernel => {
        const padding = (size - 1) / 2;
        const step = stride === 1 ? "" : ` stride ${stride}`;
        const channels = depthwise ? `${inside} depthwise` : `${inside}-${out}`;
        const name = `${of}: ${channels}, ${image}x${image}, ${size}x${size}${step}, ${passNames[pass]}`;
        const groups = depthwise ? inside : 1;
        return {
          name,
          job: { kind: "conv", pass, batch, inside, out, groups, image, size, stride, padding },
          quick,
        };
      }),
  );
}

const passNames = { forward: "forward", input: "input gradient", weight: "weight gradient" } as const;

const resnet18 = convs("ResNet-18, N8", 8, [
  [3, 64, 224, 7, 2, false],
  [64, 64, 56, 3, 1, true],
  [64, 128, 56, 3, 2, false],
  [64, 128, 56, 1, 2, false],
  [128, 128, 28, 3, 1, false],
  [128, 256, 28, 3, 2, false],
  [128, 256, 28, 1, 2, false],
  [256, 256, 14, 3, 1, false],
  [256, 512, 14, 3, 2, false],
  [256, 512, 14, 1, 2, false],
  [512, 512, 7, 3, 1, true],
]);

const resnet20 = convs("ResNet-20, N64", 64, [
  [3, 16, 32, 3, 1, false],
  [16, 16, 32, 3, 1, true],
  [16, 32, 32, 3, 2, false],
  [16, 32, 32, 1, 2, false],
  [32, 32, 16, 3, 1, false],
  [32, 64, 16, 3, 2, true],
  [32, 64, 16, 1, 2, false],
  [64, 64, 8, 3, 1, true],
]);

const mobileNet = convs(
  "MobileNetV2, N8",
  8,
  [
    [144, 144, 56, 3, 1, true],
    [192, 192, 28, 3, 2, false],
    [576, 576, 14, 3, 1, true],
  ],
  true,
);

/** The highest rates of our engines with multiply-adds in registers, by all turns that were taken. */
class Peaks {
  readonly gflops = new Map<string, number>();
  readonly #bench: Bench;
  readonly #flops = new Map<string, number>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async prepare(): Promise<void> {
    for (const library of ours(this.#bench)) {
      for (const chains of chainCounts) {
        const key = `peak ${chains}`;
        const request = { do: "prepare", key, job: { kind: "peak", chains } } as const;
        const { flops = 0 } = await library.ask(request, this.#bench.patience);
        this.#flops.set(`${library.id} ${key}`, flops);
      }
    }
  }

  /** Takes a turn more: what other processes take from a kernel, they are to take from the peak too. */
  async sample(): Promise<void> {
    for (const library of ours(this.#bench)) {
      await pause();
      for (const chains of chainCounts) {
        const key = `peak ${chains}`;
        const request = { do: "run", key, unmeasured: 2, steps: 5 } as const;
        const { ms = Number.NaN } = await library.ask(request, this.#bench.patience);
        const rate = (this.#flops.get(`${library.id} ${key}`) ?? 0) / ms / 1e6;
        this.gflops.set(library.id, Math.max(rate, this.gflops.get(library.id) ?? 0));
      }
    }
  }

  async drop(): Promise<void> {
    for (const library of ours(this.#bench)) {
      for (const chains of chainCounts) {
        await library.ask({ do: "drop", key: `peak ${chains}` }, this.#bench.patience);
      }
    }
  }
}

/** All kernels with what the libraries reached, and the peaks of our engines. */
async function measureAll(bench: Bench): Promise<[Map<Kernel, Map<Library, Outcome>>, Map<string, number>]> {
  const peaks = new Peaks(bench);
  await peaks.prepare();
  for (let i = 0; i < bench.rounds; i++) await peaks.sample();
  const results = new Map<Kernel, Map<Library, Outcome>>();
  for (const kernel of [...matmuls, ...resnet20, ...resnet18, ...mobileNet]) {
    if (!bench.all && !kernel.quick) continue;
    results.set(kernel, await compare(same(besideTorch(bench), kernel.job), { ...bench, profile: true }));
    await peaks.sample();
  }
  await peaks.drop();
  return [results, peaks.gflops];
}

function row(kernel: Kernel, outcomes: Map<Library, Outcome>, peaks: ReadonlyMap<string, number>): string[] {
  const flops = flopsOf(kernel.job);
  const torch = torchMedian(outcomes);
  const own = ourIds.flatMap((id) => {
    const outcome = outcomeOf(outcomes, id);
    const peak = peaks.get(id);
    if (outcome === undefined || peak === undefined) return [];
    if (!isMeasured(outcome)) return [`cannot: ${outcome.cannot}`, "", "", ""];
    const { median } = outcome.time;
    const alone = (outcome.kernelGflops ?? Number.NaN) / peak;
    return [
      milliseconds(median),
      percent(flops / median / 1e6 / peak),
      percent(alone),
      faster(torch, median),
    ];
  });
  const theirs = Number.isNaN(torch) ? [] : [milliseconds(torch), (flops / torch / 1e6).toFixed(0)];
  return [kernel.name, `${(flops / 1e9).toFixed(3)}`, ...own, ...theirs];
}

function noteGoals(
  bench: Bench,
  kernel: Kernel,
  outcomes: Map<Library, Outcome>,
  peaks: Map<string, number>,
): void {
  const flops = flopsOf(kernel.job);
  if (flops < goalGflop * 1e9) return;
  for (const id of ourIds) {
    const share = flops / medianOf(outcomes, id) / 1e6 / (peaks.get(id) ?? Number.NaN);
    const figure = figureNames.kernels(kernel.job.kind, id);
    if (!Number.isNaN(share)) bench.figures.set(figure, Math.min(share, bench.figures.get(figure) ?? 1));
  }
}

export async function benchKernels(bench: Bench): Promise<void> {
  const [results, peaks] = await measureAll(bench);
  for (const [kernel, outcomes] of results) noteGoals(bench, kernel, outcomes, peaks);
  const columns = [...peaks].flatMap(([id, gflops]) => [
    id,
    `of ${gflops.toFixed(0)} GFLOP/s`,
    "arithmetic alone",
    "faster than PyTorch",
  ]);
  const theirs = besideTorch(bench).length > peaks.size ? ["PyTorch", "GFLOP/s"] : [];
  bench.report.table(
    "Kernels",
    [
      "Shares are of the peak that the same engine reaches with multiply-adds in registers: first of the whole call, then,",
      "by `Engine.profile`, of the kernels in it that do the arithmetic, without what moves operands into their order.",
    ].join("\n"),
    ["operation", "GFLOP", ...columns, ...theirs],
    [...results].map(([kernel, outcomes]) => row(kernel, outcomes, peaks)),
  );
}
