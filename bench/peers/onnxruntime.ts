/**
 * onnxruntime as a process of the bench: `node onnxruntime.js node|web THREADS`. It runs models and trains none.
 */
import { imageAt } from "../networks.ts";
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
  const shape = [job.batch, ...job.network.input];
  const length = shape.reduce((a, b) => a * b, 1);
  const images = Float32Array.from({ length }, (_, i) => imageAt(i));
  const output = session.outputNames[0] ?? "";
  const step = async (): Promise<readonly number[]> => {
    const results = await session.run({ images: new runtime.Tensor("float32", images, shape) });
    return Array.from(results[output]?.data ?? []);
  };
  return { step, values: step, drop: () => void session.release() };
}

try {
  await serve({ version: `${versionOf(name)}, ${threads} threads` }, prepare);
} catch (error) {
  await serve({ cannot: (error as Error).message }, prepare);
}
process.exit();
