/** Runs ONNX files with onnxruntime, where it is installed. */
import { createRequire } from "node:module";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findOnnxRuntime } from "../setup/neighbours.ts";

interface RuntimeTensor {
  readonly data: ArrayLike<number | bigint>;
  readonly dims: readonly number[];
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, object>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/** What is used of onnxruntime-node. */
interface Runtime {
  readonly Tensor: new (type: string, data: object, dims: readonly number[]) => object;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

/** Why there is no runtime; undefined where there is one. */
export const missingRuntime: string | undefined = findOnnxRuntime().missing;

const runtime: Runtime | null = missingRuntime === undefined ? load() : null;

function load(): Runtime {
  const { path = "" } = findOnnxRuntime();
  return createRequire(import.meta.url)(path) as Runtime;
}

/** One output: elements as numbers, and the shape. */
export interface RuntimeOutput {
  readonly name: string;
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/** Outputs of a model for inputs in the order of its own. Inputs that the model does not read are left out. */
export async function runOnnx(
  model: Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<RuntimeOutput[]> {
  if (runtime === null) throw new Error(missingRuntime);
  const session = await runtime.InferenceSession.create(model, {
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
    // Its optimiser takes batch normalisation with constant operands for that of evaluation, whatever training_mode says.
    graphOptimizationLevel: "disabled",
  });
  try {
    const feeds: Record<string, object> = {};
    for (const name of session.inputNames) {
      const tensor = inputs[name] as Tensor;
      feeds[name] = new runtime.Tensor(tensor.dtype, await tensor.data(), tensor.shape);
    }
    const outputs = await session.run(feeds);
    return session.outputNames.map((name) => {
      const { data, dims } = outputs[name] as RuntimeTensor;
      return { name, data: Float64Array.from(data, Number), shape: dims };
    });
  } finally {
    await session.release();
  }
}

/** The largest difference of two lists, and the largest element; infinities and NaN in the same place are equal. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): { worst: number; scale: number } {
  let [worst, scale] = [0, 0];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN];
    if (Object.is(x, y) || x === y) continue;
    if (Number.isFinite(x)) scale = Math.max(scale, Math.abs(x));
    const error = Math.abs(x - y);
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  }
  return {
    worst,
    scale: Math.max(scale, ...Array.from(a).filter(Number.isFinite).map(Math.abs).slice(0, 10000), 1e-30),
  };
}
