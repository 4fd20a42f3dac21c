/**
 * TensorFlow.js as a process of the bench: `node tfjs.js wasm|cpu`. Images lie as it likes them, (N, H, W, C).
 */
import { imageAt, labelsOf, type Network } from "../networks.ts";
import { firstLosses, type Job, type NetworkJob, serve, type Task } from "../protocol.ts";
import { type ConvOptions, forward, type Operations, readWeights, type Weight } from "./forward.ts";
import { folderOf, load, versionOf } from "./packages.ts";

/** What is used of a tensor of TensorFlow.js, and of the package. */
interface Tensor {
  readonly shape: number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface Variable extends Tensor {
  assign(value: Tensor): void;
}

interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tidy<T>(body: () => T): T;
  keep(x: Tensor): Tensor;
  tensor(data: Float32Array, shape: readonly number[], dtype?: string): Tensor;
  variable(value: Tensor, trainable: boolean): Variable;
  oneHot(labels: Int32Array, classes: number): Tensor;
  transpose(x: Tensor, axes: readonly number[]): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  conv2d(x: Tensor, w: Tensor, stride: number, padding: number): Tensor;
  maxPool(x: Tensor, size: number, stride: number, padding: "valid"): Tensor;
  mean(x: Tensor, axes: readonly number[]): Tensor;
  moments(x: Tensor, axes: readonly number[]): { mean: Tensor; variance: Tensor };
  batchNorm(x: Tensor, m: Tensor, v: Tensor, offset: Tensor, scale: Tensor, epsilon: number): Tensor;
  relu(x: Tensor): Tensor;
  add(a: Tensor, b: Tensor | number): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  matMul(a: Tensor, b: Tensor): Tensor;
  readonly losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  readonly train: {
    adam(lr: number): { minimize(f: () => Tensor, returnCost: boolean): Tensor };
  };
}

const backend = process.argv[2] === "cpu" ? "cpu" : "wasm";
let tf: TensorFlow;

/** The layers of a network, with weights in the order that TensorFlow.js multiplies them in. */
class Layers implements Operations<Tensor> {
  readonly #variables = new Map<string, Variable>();
  readonly #training: boolean;

  constructor(weights: ReadonlyMap<string, Weight>, training: boolean) {
    this.#training = training;
    for (const [name, weight] of weights) {
      const trainable = !name.includes("running_");
      this.#variables.set(name, tf.variable(inOwnOrder(weight), trainable));
    }
  }

  #variable(name: string): Variable {
    return this.#variables.get(name) as Variable;
  }

  conv(x: Tensor, at: string, { stride, padding, bias }: ConvOptions): Tensor {
    const y = tf.conv2d(x, this.#variable(`${at}.weight`), stride, padding);
    return bias ? tf.add(y, this.#variable(`${at}.bias`)) : y;
  }

  norm(x: Tensor, at: string): Tensor {
    const part = (name: string): Variable => this.#variable(`${at}.${name}`);
    const normed = (mean: Tensor, variance: Tensor): Tensor =>
      tf.batchNorm(x, mean, variance, part("bias"), part("weight"), 1e-5);
    if (!this.#training) return normed(part("running_mean"), part("running_var"));
    const axes = x.shape.map((_, i) => i).slice(0, -1);
    const { mean, variance } = tf.moments(x, axes);
    const count = axes.reduce((size, axis) => size * (x.shape[axis] as number), 1);
    for (const [name, now] of [
      ["running_mean", mean],
      ["running_var", tf.mul(variance, count / (count - 1))],
    ] as const) {
      part(name).assign(tf.add(tf.mul(part(name), 0.9), tf.mul(now, 0.1)));
    }
    return normed(mean, variance);
  }

  relu(x: Tensor): Tensor {
    return tf.relu(x);
  }

  pool(x: Tensor): Tensor {
    return tf.maxPool(x, 2, 2, "valid");
  }

  means(x: Tensor): Tensor {
    return tf.mean(x, [1, 2]);
  }

  /** In PyTorch's order, in which the weights of the linear layer after it are. */
  flatten(x: Tensor): Tensor {
    const channelsFirst = x.shape[3] === 1 ? x : tf.transpose(x, [0, 3, 1, 2]);
    return tf.reshape(channelsFirst, [x.shape[0] as number, -1]);
  }

  linear(x: Tensor, at: string): Tensor {
    return tf.add(tf.matMul(x, this.#variable(`${at}.weight`)), this.#variable(`${at}.bias`));
  }

  again(x: Tensor): Tensor {
    return x;
  }

  add(a: Tensor, b: Tensor): Tensor {
    return tf.add(a, b);
  }

  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
  }
}

function inOwnOrder({ shape, data }: Weight): Tensor {
  const given = tf.tensor(data, shape);
  if (shape.length === 4) return tf.transpose(given, [2, 3, 1, 0]);
  return shape.length === 2 ? tf.transpose(given, [1, 0]) : given;
}

function images({ input: [c, h, w] }: Network, batch: number): Float32Array {
  const data = new Float32Array(batch * h * w * c);
  for (let i = 0; i < data.length; i++) {
    const [channel, pixel] = [i % c, Math.floor(i / c)];
    const [n, at] = [Math.floor(pixel / (h * w)), pixel % (h * w)];
    data[i] = imageAt((n * c + channel) * h * w + at);
  }
  return data;
}

function taskFor(job: NetworkJob & { weights: string }): Task {
  const { network, batch } = job;
  const [c, h, w] = network.input;
  const data = images(network, batch);
  const layers = new Layers(readWeights(job.weights), job.kind === "train");
  const outputs = (): Tensor => forward(network, layers, tf.tensor(data, [batch, h, w, c]));
  const read = async (result: Tensor): Promise<Float32Array> => {
    const values = await result.data();
    result.dispose();
    return values;
  };
  const drop = (): void => layers.dispose();
  if (job.kind === "infer") {
    const step = (): Promise<Float32Array> => read(tf.tidy(outputs));
    return { step, values: async () => Array.from(await step()), drop };
  }
  const optimizer = tf.train.adam(1e-3);
  let steps = 0;
  const labels = (): Tensor => tf.oneHot(labelsOf(batch, steps++), 10);
  const loss = (): Tensor => tf.losses.softmaxCrossEntropy(labels(), outputs());
  const step = async (): Promise<number> => (await read(optimizer.minimize(loss, true)))[0] as number;
  return { step, values: () => firstLosses(step), drop };
}

async function prepare(job: Job): Promise<Task> {
  if (job.kind !== "train" && job.kind !== "infer") throw new Error("whole networks only");
  if (job.weights === null) throw new Error("needs weights");
  return taskFor({ ...job, weights: job.weights });
}

async function start(): Promise<string> {
  tf = load<TensorFlow>("@tensorflow/tfjs");
  const name = "@tensorflow/tfjs-backend-wasm";
  if (backend === "wasm") {
    load<{ setWasmPaths(folder: string): void }>(name).setWasmPaths(folderOf(`${name}/dist`));
  }
  await tf.setBackend(backend);
  await tf.ready();
  // In Node its WebAssembly has one thread: it asks for a browser's workers.
  return `${versionOf("@tensorflow/tfjs")} ${backend}, 1 thread`;
}

// It prints advice, which is no answer.
console.warn = console.log = console.info = (): void => {};
try {
  await serve({ version: await start() }, prepare);
} catch (error) {
  await serve({ cannot: (error as Error).message }, prepare);
}
process.exit();
