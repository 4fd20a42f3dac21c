/**
 * jax-js on its WebAssembly backend as a process of the bench. Steps are functions under `jit`, parameters a record of
 * arrays; every use of an array but the last goes through `ref`, as its ownership wants it.
 */
import { imagesOf, labelsOf, type Network } from "../networks.ts";
import { firstLosses, type Job, type NetworkJob, serve, type Task } from "../protocol.ts";
import { type ConvOptions, forward, type Operations, readWeights } from "./forward.ts";
import { load, versionOf } from "./packages.ts";

interface Arr {
  readonly ref: Arr;
  readonly shape: number[];
  add(other: Arr | number): Arr;
  sub(other: Arr | number): Arr;
  mul(other: Arr | number): Arr;
  div(other: Arr | number): Arr;
  mean(axes?: number[]): Arr;
  sum(axis?: number): Arr;
  reshape(shape: number[]): Arr;
  transpose(): Arr;
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Params = Record<string, Arr>;

interface Jax {
  init(...devices: string[]): Promise<string[]>;
  defaultDevice(name: string): void;
  jit<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R;
  valueAndGrad<A extends readonly unknown[]>(
    f: (params: Params, ...rest: A) => [Arr, Params],
    options: { hasAux: true },
  ): (params: Params, ...rest: A) => [[Arr, Params], Params];
  blockUntilReady<T>(x: T): Promise<T>;
  readonly nn: { relu(x: Arr): Arr; logSoftmax(x: Arr, axis: number): Arr; oneHot(x: Arr, n: number): Arr };
  readonly lax: {
    convGeneralDilated(x: Arr, w: Arr, strides: number[], padding: [number, number][]): Arr;
  };
  readonly numpy: {
    array(data: Float32Array | Int32Array): Arr;
    zeros(shape: readonly number[]): Arr;
    matmul(a: Arr, b: Arr): Arr;
    max(x: Arr, axes: number[]): Arr;
    sqrt(x: Arr): Arr;
  };
}

let jax: Jax;

const isStatistic = (name: string): boolean => name.includes("running_");

/** Layers over the arrays of a record; in training the new running statistics are collected. */
class Layers implements Operations<Arr> {
  readonly statistics: Params = {};
  readonly #params: Params;
  readonly #training: boolean;

  constructor(params: Params, training: boolean) {
    this.#params = params;
    this.#training = training;
  }

  #use(name: string): Arr {
    return (this.#params[name] as Arr).ref;
  }

  #perChannel(name: string): Arr {
    return this.#use(name).reshape([1, -1, 1, 1]);
  }

  conv(x: Arr, at: string, { stride, padding, bias }: ConvOptions): Arr {
    const around: [number, number] = [padding, padding];
    const weight = this.#use(`${at}.weight`);
    const y = jax.lax.convGeneralDilated(x, weight, [stride, stride], [around, around]);
    return bias ? y.add(this.#perChannel(`${at}.bias`)) : y;
  }

  norm(x: Arr, at: string): Arr {
    const [mean, variance] = this.#training ? this.#moments(x, at) : this.#running(at);
    const centred = x.sub(mean.reshape([1, -1, 1, 1]));
    const scale = this.#use(`${at}.weight`).div(jax.numpy.sqrt(variance.add(1e-5)));
    return centred.mul(scale.reshape([1, -1, 1, 1])).add(this.#perChannel(`${at}.bias`));
  }

  #running(at: string): [Arr, Arr] {
    return [this.#use(`${at}.running_mean`), this.#use(`${at}.running_var`)];
  }

  #moments(x: Arr, at: string): [Arr, Arr] {
    const mean = x.ref.mean([0, 2, 3]);
    const centred = x.ref.sub(mean.ref.reshape([1, -1, 1, 1]));
    const variance = centred.ref.mul(centred).mean([0, 2, 3]);
    const [n, , h, w] = x.shape as [number, number, number, number];
    const count = n * h * w;
    for (const [name, now] of [
      [`${at}.running_mean`, mean.ref],
      [`${at}.running_var`, variance.ref.mul(count / (count - 1))],
    ] as const) {
      this.statistics[name] = this.#use(name).mul(0.9).add(now.mul(0.1));
    }
    return [mean, variance];
  }

  relu(x: Arr): Arr {
    return jax.nn.relu(x);
  }

  /** Its windows have no gradient; a change of shape does the same. */
  pool(x: Arr): Arr {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    return jax.numpy.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
  }

  means(x: Arr): Arr {
    return x.mean([2, 3]);
  }

  flatten(x: Arr): Arr {
    return x.reshape([x.shape[0] as number, -1]);
  }

  linear(x: Arr, at: string): Arr {
    return jax.numpy.matmul(x, this.#use(`${at}.weight`).transpose()).add(this.#use(`${at}.bias`));
  }

  again(x: Arr): Arr {
    return x.ref;
  }

  add(a: Arr, b: Arr): Arr {
    return a.add(b);
  }
}

const dispose = (params: Params): void => {
  for (const param of Object.values(params)) param.dispose();
};

/** References to all arrays, to pass on. */
const refs = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value.ref]));

/** One update of Adam (Kingma and Ba, 2015). */
function adam(p: Arr, g: Arr, m: Arr, v: Arr, corrections: readonly [Arr, Arr]): [Arr, Arr, Arr] {
  const first = m.mul(0.9).add(g.ref.mul(0.1));
  const second = v.mul(0.999).add(g.ref.mul(g).mul(0.001));
  const root = jax.numpy.sqrt(second.ref.div(corrections[1].ref)).add(1e-8);
  const next = p.sub(first.ref.div(corrections[0].ref).div(root).mul(1e-3));
  return [next, first, second];
}

interface State {
  readonly params: Params;
  readonly m: Params;
  readonly v: Params;
  readonly statistics: Params;
}

/** Loss and state after a step; everything is computed in one compiled function. */
function makeStep(network: Network): (state: State, x: Arr, y: Arr, one: Arr, two: Arr) => [Arr, State] {
  const lossOf = (params: Params, statistics: Params, x: Arr, y: Arr): [Arr, Params] => {
    const layers = new Layers({ ...params, ...statistics }, true);
    const logits = jax.nn.logSoftmax(forward(network, layers, x), -1);
    const loss = logits.mul(jax.nn.oneHot(y, 10)).sum(-1).mean().mul(-1);
    return [loss, layers.statistics];
  };
  return (state, x, y, one, two) => {
    const gradients = jax.valueAndGrad(lossOf, { hasAux: true });
    const [[loss, statistics], grads] = gradients(refs(state.params), state.statistics, x, y);
    const next: State = { params: {}, m: {}, v: {}, statistics };
    for (const [name, param] of Object.entries(state.params)) {
      const [p, m, v] = adam(param, grads[name] as Arr, state.m[name] as Arr, state.v[name] as Arr, [
        one,
        two,
      ]);
      next.params[name] = p;
      next.m[name] = m;
      next.v[name] = v;
    }
    return [loss, next];
  };
}

function imagesFor({ network, batch }: NetworkJob): () => Arr {
  const { data, shape } = imagesOf(network, batch);
  return () => jax.numpy.array(data).reshape([...shape]);
}

function readParams(path: string): Params {
  const entries = [...readWeights(path)].map(([name, { data, shape }]): [string, Arr] => [
    name,
    jax.numpy.array(data).reshape([...shape]),
  ]);
  return Object.fromEntries(entries);
}

function infer(job: NetworkJob, params: Params): Task {
  const images = imagesFor(job);
  const run = jax.jit((p: Params, x: Arr) => forward(job.network, new Layers(p, false), x));
  const step = (): Promise<Float32Array> => run(refs(params), images()).data();
  return { step, values: async () => Array.from(await step()), drop: () => dispose(params) };
}

function train(job: NetworkJob, all: Params): Task {
  const images = imagesFor(job);
  const pick = (keep: (name: string) => boolean): Params =>
    Object.fromEntries(Object.entries(all).filter(([name]) => keep(name)));
  const params = pick((name) => !isStatistic(name));
  const zeros = (): Params =>
    Object.fromEntries(Object.entries(params).map(([name, p]) => [name, jax.numpy.zeros(p.shape)]));
  let state: State = { params, m: zeros(), v: zeros(), statistics: pick(isStatistic) };
  let steps = 0;
  const run = jax.jit(makeStep(job.network));
  const step = async (): Promise<number> => {
    const labels = labelsOf(job.batch, steps++);
    const correction = (beta: number): Arr =>
      jax.numpy.array(new Float32Array([1 - beta ** steps])).reshape([]);
    const [loss, next] = run(state, images(), jax.numpy.array(labels), correction(0.9), correction(0.999));
    state = await jax.blockUntilReady(next);
    return (await loss.data())[0] as number;
  };
  return { step, values: () => firstLosses(step) };
}

async function prepare(job: Job): Promise<Task> {
  if (job.kind !== "train" && job.kind !== "infer") throw new Error("whole networks only");
  if (job.weights === null) throw new Error("needs weights");
  return job.kind === "train" ? train(job, readParams(job.weights)) : infer(job, readParams(job.weights));
}

try {
  jax = load<Jax>("@jax-js/jax");
  // In Node its WebAssembly has one thread: it asks for a browser's workers.
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  await serve({ version: `${versionOf("@jax-js/jax")} wasm, 1 thread` }, prepare);
} catch (error) {
  await serve({ cannot: (error as Error).message }, prepare);
}
process.exit();
