/**
 * onnxruntime as a process of the bench: `node onnxruntime.js node|web THREADS`. It runs models and trains none.
 */
import { imagesOf } from "../networks.ts";
import { type Job, serve, type Task } from "../protocol.ts";
import { onnxFile } from "./onnx-file.ts";
import { load, versionOf } from "./packages.ts";

/** What is used of onnxruntime-node and onnxruntime-web. */
interface Runtime {
  readonly env: { readonly wasm: { numThreads?: number } };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => object;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<Session>;
  };
}

interface Session {
  readonly outputNames: readonly string[];
  run(feeds: Record<string, object>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

const [host, threadsText] = process.argv.slice(2);
const threads = Number(threadsText);
const name = host === "web" ? "onnxruntime-web" : "onnxruntime-node";

async function prepare(job: Job): Promise<Task> {
  if (job.kind !== "infer")
    throw new Error(job.kind === "train" ? "runs models, trains none" : "models only");
  if (job.weights === null) throw new Error("needs weights");
  const runtime = load<Runtime>(name);
  if (host === "web") runtime.env.wasm.numThreads = threads;
  const options = host === "web" ? { executionProviders: ["wasm"] } : { intraOpNumThreads: threads };
  const model = onnxFile(job.network, job.batch, job.weights);
  const session = await runtime.InferenceSession.create(model, {
    ...options,
    graphOptimizationLevel: "all",
  });
  const { data, shape } = imagesOf(job.network, job.batch);
  const output = session.outputNames[0] ?? "";
  const step = async (): Promise<ArrayLike<number>> => {
    const results = await session.run({ images: new runtime.Tensor("float32", data, shape) });
    return results[output]?.data ?? [];
  };
  return { step, values: async () => Array.from(await step()), drop: () => void session.release() };
}

try {
  await serve({ version: `${versionOf(name)}, ${threads} threads` }, prepare);
} catch (error) {
  await serve({ cannot: (error as Error).message }, prepare);
}
process.exit();
