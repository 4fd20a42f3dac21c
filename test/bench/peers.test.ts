/**
 * The processes of the bench: Tatami's and PyTorch's understand the same jobs, tell their times, and compute the same.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkValues } from "../../bench/compare.ts";
import { allLibraries, Library } from "../../bench/libraries.ts";
import { type Network, type NetworkId, networks } from "../../bench/networks.ts";
import { operations } from "../../bench/operations.ts";
import {
  type Answer,
  type ConvJob,
  comparedElements,
  type Job,
  type NetworkJob,
  type OperationJob,
} from "../../bench/protocol.ts";
import { writeWeights } from "../../bench/weights.ts";
import { findTorch } from "../setup/neighbours.ts";
import { type BundledScript, bundleScript } from "../setup/run-script.ts";

const torch = findTorch();
const ourPeer = fileURLToPath(new URL("../../bench/peers/tatami.ts", import.meta.url));

let folder: string;
let script: BundledScript;
let ours: Library;
let theirs: Library;

/** A library as the bench starts it. */
function libraryOf(id: string): Library {
  const library = allLibraries(1).find((l) => l.id === id);
  if (library === undefined) throw new Error(`the bench has no library ${id}`);
  return library;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-bench-"));
  script = await bundleScript(`import ${JSON.stringify(ourPeer)};`);
  const { id, name, command } = libraryOf("wasm");
  // The bench compiles its sources first; what is bundled of them here is told the same.
  ours = new Library(id, name, { ...command, args: [script.path, ...command.args.slice(1)] });
  theirs = libraryOf("torch");
}, 60_000);

afterAll(async () => {
  ours.end();
  theirs.end();
  await script[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Answers {
  readonly values: readonly number[];
  readonly ms: number;
}

/** What a library says to a job as the bench asks for it: values before times. */
async function answersTo(library: Library, job: Job): Promise<Answers> {
  const ask = (request: Parameters<Library["ask"]>[0]): Promise<Answer> => library.ask(request, 30);
  const key = "job";
  await ask({ do: "prepare", key, job });
  const { values = [] } = await ask({ do: "values", key });
  const { ms = Number.NaN } = await ask({ do: "run", key, unmeasured: 1, steps: 2 });
  await ask({ do: "drop", key });
  return { values, ms };
}

const networkOf = (id: NetworkId): Network => networks.find((n) => n.id === id) as Network;

const conv = (pass: ConvJob["pass"], stride = 1): ConvJob => ({
  ...{ kind: "conv", pass, batch: 2, inside: 3, out: 4, groups: 1, image: 8, size: 3, stride, padding: 1 },
});
const depthwise = (pass: ConvJob["pass"]): ConvJob => ({ ...conv(pass), inside: 5, out: 5, groups: 5 });

const networkJob = async (kind: NetworkJob["kind"], id: NetworkId): Promise<NetworkJob> => {
  const network = networkOf(id);
  return { kind, network, batch: 4, weights: await writeWeights(network, folder) };
};

const matmul = (transposed: readonly [boolean, boolean]): Job => ({
  kind: "matmul",
  m: 17,
  k: 24,
  n: 20,
  transposed,
});

/** Small operands of operations: a matrix, or images. */
const operands = { matrix: [7, 24], images: [2, 8, 14, 14] };
const operationsAsJobs = operations.map((operation): OperationJob => {
  const shape = operation.shape.length === 2 ? operands.matrix : operands.images;
  return { kind: "operation", ...operation, shape };
});

/** What each job is, how many values it gives, and the job itself. */
const jobs: readonly (readonly [string, number, () => Job | Promise<Job>])[] = [
  ["training steps of the MLP", 2, () => networkJob("train", "mlp")],
  ["outputs of LeNet-5", 40, () => networkJob("infer", "lenet5")],
  ["a product", comparedElements, () => matmul([false, false])],
  ["a product of transposed matrices", comparedElements, () => matmul([true, true])],
  ["a convolution", comparedElements, () => conv("forward")],
  ["a convolution with a stride", 2 * 4 * 4 * 4, () => conv("forward", 2)],
  ["the gradient of a convolution's input", comparedElements, () => conv("input")],
  ["the gradient of a convolution's weight", 4 * 3 * 3 * 3, () => conv("weight")],
  ["a convolution of each channel", comparedElements, () => depthwise("forward")],
  ["the gradient of its input", comparedElements, () => depthwise("input")],
  ["the gradient of its weight", 5 * 3 * 3, () => depthwise("weight")],
];

describe("processes of the bench", { timeout: 60_000 }, () => {
  it.each(jobs)("answer about %s", async (_, count, makeJob) => {
    const { values, ms } = await answersTo(ours, await makeJob());
    expect(values).toHaveLength(count);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(ms).toBeGreaterThan(0);
    expect(ours.hello.version).toBe("Tatami wasm");
  });

  it.for(jobs)("agree with PyTorch's about %s", async ([, , makeJob], context) => {
    context.skip(torch.missing !== undefined, torch.missing);
    const job = await makeJob();
    const [mine, other] = [await answersTo(ours, job), await answersTo(theirs, job)];
    expect(other.ms).toBeGreaterThan(0);
    checkValues(other.values, mine.values);
    expect(theirs.hello.version).toMatch(/^torch \d/);
  });

  it.for(operationsAsJobs)("agree with PyTorch's about an operation: $name", async (job, context) => {
    context.skip(torch.missing !== undefined, torch.missing);
    const [mine, other] = [await answersTo(ours, job), await answersTo(theirs, job)];
    expect(mine.values.length).toBeGreaterThan(0);
    checkValues(other.values, mine.values);
  });
});
