/**
 * npm run bench: Tatami's engines beside the libraries that are installed here, by sections. All take turns.
 *
 *     npm run bench                                              a few minutes
 *     npm run bench -- --all --rounds 15 --write                 all sizes and libraries, into bench/RESULTS.md
 *     npm run bench -- --only kernels,training --rounds 30
 *     npm run bench -- --only training --rounds 5 --write        that section anew, the others as they were
 *     npm run bench -- --only training --net conv --batch 1,16,64,256 --engines wasm --peers none
 *     npm run bench -- --only inference --slow                   with TensorFlow.js cpu, which takes minutes
 *
 * `node bench/install-peers.mjs` installs the libraries for JavaScript, scripts/install-neighbours.sh PyTorch;
 * TATAMI_PYTHON names a Python with another PyTorch, and gives a row to torch.compile.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { percent } from "./figures.ts";
import { goalHeader, goalRows } from "./goals.ts";
import { allLibraries, type Library, ourIds } from "./libraries.ts";
import { type Network, networks } from "./networks.ts";
import { Cannot } from "./peer.ts";
import { Report } from "./report.ts";
import { benchFirstSteps, benchMemory, benchStartup } from "./sections/fresh.ts";
import { benchKernels } from "./sections/kernels.ts";
import { benchInference, benchTraining } from "./sections/networks.ts";
import { benchOperations } from "./sections/operations.ts";
import { benchRoofline } from "./sections/roofline.ts";
import { benchStats } from "./sections/stats.ts";
import { benchStudio } from "./sections/studio.ts";
import { busyShare } from "./timing.ts";
import { writeWeights } from "./weights.ts";

const sections: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  kernels: benchKernels,
  operations: benchOperations,
  training: benchTraining,
  roofline: benchRoofline,
  inference: benchInference,
  stats: benchStats,
  studio: benchStudio,
  memory: benchMemory,
  startup: benchStartup,
  first: benchFirstSteps,
};

const usage = `npm run bench -- [options]
  --only ${Object.keys(sections).join(",")}
  --net ${networks.map(({ id }) => id).join(",")}
  --batch 1,16,64,256    --engines native,wasm    --peers torch,onnxruntime-node,... or none
  --rounds 7    --threads 2    --patience SECONDS for one request
  --all      all sizes and libraries
  --slow     with TensorFlow.js cpu, which takes minutes
  --write    into bench/RESULTS.md`;

function readOptions() {
  const options = {
    rounds: { type: "string", default: "7" },
    threads: { type: "string", default: "2" },
    patience: { type: "string" },
    engines: { type: "string", default: "native,wasm" },
    peers: { type: "string" },
    only: { type: "string" },
    net: { type: "string" },
    batch: { type: "string" },
    all: { type: "boolean", default: false },
    slow: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

const values = readOptions();
if (values.help) {
  console.log(usage);
  process.exit(0);
}

/** The names in a list, each of which must be known. */
function chosen(option: string, list: string, known: readonly string[]): string[] {
  const names = list.split(",");
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  console.error(`--${option}: no ${unknown.join(", ")}; there are ${known.join(", ")}.`);
  process.exit(2);
}

/** Left out of a few minutes' run: they take long, and are far behind. */
const slowPeers = ["jax-js", "deepbox"];
/** Takes up to a minute for a training step of a convolutional network: only when asked for. */
const slowestPeer = "tfjs-cpu";

function chooseLibraries(): Library[] {
  const all = allLibraries(Number(values.threads));
  const peers = all.filter((l) => !l.ours).map((l) => l.id);
  const standard = peers.filter((id) => {
    if (id === slowestPeer) return values.slow;
    return values.all || !slowPeers.includes(id);
  });
  const engines = chosen("engines", values.engines, ourIds);
  const wanted = chosen("peers", values.peers ?? standard.join(","), [...peers, "none"]);
  return all.filter(({ id, ours }) => (ours ? engines : wanted).includes(id));
}

/** Starts each once, so that versions are known and what is missing is said at the beginning and not again. */
async function present(libraries: readonly Library[], report: Report): Promise<Library[]> {
  const here: Library[] = [];
  for (const library of libraries) {
    try {
      await library.ask({ do: "memory" }, 60);
      here.push(library);
      report.note(`${library.name}: ${library.hello.version ?? ""}`);
      for (const note of library.hello.notes ?? []) report.note(note);
    } catch (error) {
      if (!(error instanceof Cannot)) throw error;
      report.note(`without ${library.name}: ${error.message}`);
    }
  }
  return here;
}

const names =
  values.only === undefined ? Object.keys(sections) : chosen("only", values.only, Object.keys(sections));
const ids = networks.map(({ id }) => id);
const networkIds = values.net === undefined ? ids : chosen("net", values.net, ids);

const folder = mkdtempSync(join(tmpdir(), "tatami-bench-"));
const written = new Map<Network, Promise<string>>();
const report = new Report();
const libraries = await present(chooseLibraries(), report);
const bench: Bench = {
  report,
  figures: new Map(),
  libraries,
  networks: networks.filter(({ id }) => networkIds.includes(id)),
  batches: values.batch === undefined ? null : values.batch.split(",").map(Number),
  rounds: Number(values.rounds),
  patience: Number(values.patience ?? (values.slow ? 600 : 60)),
  all: values.all,
  weights: (network) => {
    const path = written.get(network) ?? writeWeights(network, folder);
    written.set(network, path);
    return path;
  },
};
/** PyTorch's threads wait for each other in a loop: what takes a core from one of them makes it many times slower. */
async function noteLoad(name: string): Promise<void> {
  const busy = await busyShare();
  if (busy > 0.05) report.note(`Before "${name}" other processes used ${percent(busy)} of the processor.`);
}

try {
  for (const name of names) {
    await noteLoad(name);
    const start = performance.now();
    await sections[name]?.(bench);
    console.log(`(${name} took ${((performance.now() - start) / 1000).toFixed(0)} s)`);
  }
  report.table("Goals", "", goalHeader, goalRows(bench.figures));
  if (values.write) report.write(values.only === undefined);
} finally {
  for (const library of libraries) library.end();
  rmSync(folder, { recursive: true });
}
