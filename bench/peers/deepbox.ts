/**
 * Deepbox as a process of the bench. Its modules are those of PyTorch.
 */
import { imagesOf, isProjected, type Layer, labelsOf, type Network } from "../networks.ts";
import { firstLosses, type Job, type NetworkJob, serve, type Task } from "../protocol.ts";
import { readWeights } from "./forward.ts";
import { load, versionOf } from "./packages.ts";

interface Tensor {
  readonly data: Float32Array;
}

interface GradTensor extends Tensor {
  readonly tensor: Tensor;
  backward(): void;
  add(other: GradTensor): GradTensor;
  mean(axis: number): GradTensor;
}

interface Module {
  forward(x: Tensor): GradTensor;
  parameters(): Iterable<GradTensor>;
  eval(): this;
  loadStateDict(state: { parameters: Record<string, Entry>; buffers: Record<string, Entry> }): void;
  registerModule(name: string, module: Module): void;
}

interface Entry {
  readonly data: number[];
  readonly shape: number[];
  readonly dtype: "float32";
}

type Layers = Record<string, new (...options: readonly unknown[]) => Module>;

interface Packages {
  readonly nn: Layers & { crossEntropyLoss(logits: GradTensor, labels: Tensor): GradTensor };
  readonly ndarray: {
    tensor(
      data: Float32Array | Int32Array,
      options: { dtype: string },
    ): Tensor & {
      reshape(shape: readonly number[]): Tensor;
    };
    noGrad<T>(body: () => T): T;
  };
  readonly optim: {
    Adam: new (
      parameters: Iterable<GradTensor>,
      options: { lr: number },
    ) => { zeroGrad(): void; step(): void };
  };
}

function make(nn: Packages["nn"], name: string, ...options: readonly unknown[]): Module {
  const Layer = nn[name];
  if (typeof Layer !== "function") throw new Error(`has no ${name}`);
  return new Layer(...options);
}

/** Its classes come with the package, so the block's class is made when they are there. */
function blockOf({ nn }: Packages, layer: Layer & { kind: "block" }): Module {
  const conv = (inside: number, out: number, size: number, stride: number): Module =>
    make(nn, "Conv2d", inside, out, size, { stride, padding: (size - 1) / 2, bias: false });
  const { inside, out, stride } = layer;
  const parts: Record<string, Module> = {
    conv1: conv(inside, out, 3, stride),
    bn1: make(nn, "BatchNorm2d", out),
    conv2: conv(out, out, 3, 1),
    bn2: make(nn, "BatchNorm2d", out),
  };
  if (isProjected(layer)) {
    parts.shortcut = make(nn, "Sequential", conv(inside, out, 1, stride), make(nn, "BatchNorm2d", out));
  }
  const relu = make(nn, "ReLU");
  const call = (name: string, x: GradTensor): GradTensor => parts[name]?.forward(x) ?? x;
  return composed(nn, parts, (x) => {
    const first = relu.forward(call("bn1", call("conv1", x)));
    return relu.forward(call("bn2", call("conv2", first)).add(call("shortcut", x)));
  });
}

/** A module with these parts and this forward pass. */
function composed(
  nn: Packages["nn"],
  parts: Readonly<Record<string, Module>>,
  forward: (x: GradTensor) => GradTensor,
): Module {
  const Base = nn.Module as new () => Module;
  class Composed extends Base {
    constructor() {
      super();
      for (const [name, part] of Object.entries(parts)) this.registerModule(name, part);
    }

    override forward(x: GradTensor): GradTensor {
      return forward(x);
    }
  }
  return new Composed();
}

function moduleOf(packages: Packages, layer: Layer): Module {
  const { nn } = packages;
  switch (layer.kind) {
    case "conv":
      return make(nn, "Conv2d", layer.inside, layer.out, layer.size, {
        padding: layer.padding,
        bias: layer.bias,
      });
    case "norm":
      return make(nn, "BatchNorm2d", layer.channels);
    case "relu":
      return make(nn, "ReLU");
    case "pool":
      return make(nn, "MaxPool2d", 2);
    case "means":
      // Its AdaptiveAvgPool2d gives float64, which the next layer refuses.
      return composed(nn, {}, (x) => x.mean(3).mean(2));
    case "flatten":
      return make(nn, "Flatten");
    case "linear":
      return make(nn, "Linear", layer.inside, layer.out);
    case "block":
      return blockOf(packages, layer);
  }
}

function modelFor(packages: Packages, network: Network, path: string): Module {
  const model = make(packages.nn, "Sequential", ...network.layers.map((l) => moduleOf(packages, l)));
  const state = { parameters: {} as Record<string, Entry>, buffers: {} as Record<string, Entry> };
  for (const [name, { data, shape }] of readWeights(path)) {
    const entry: Entry = { data: Array.from(data), shape: [...shape], dtype: "float32" };
    state[name.includes("running_") ? "buffers" : "parameters"][name] = entry;
  }
  model.loadStateDict(state);
  return model;
}

function taskFor(packages: Packages, job: NetworkJob & { weights: string }): Task {
  const { nn, ndarray, optim } = packages;
  const { network, batch } = job;
  const model = modelFor(packages, network, job.weights);
  const { data, shape } = imagesOf(network, batch);
  const images = (): Tensor => ndarray.tensor(data, { dtype: "float32" }).reshape(shape);
  if (job.kind === "infer") {
    model.eval();
    const step = async (): Promise<Float32Array> => ndarray.noGrad(() => model.forward(images())).data;
    return { step, values: async () => Array.from(await step()) };
  }
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  let steps = 0;
  const step = async (): Promise<number> => {
    optimizer.zeroGrad();
    const labels = ndarray.tensor(labelsOf(batch, steps++), { dtype: "int32" });
    const loss = nn.crossEntropyLoss(model.forward(images()), labels);
    loss.backward();
    optimizer.step();
    return loss.data[0] as number;
  };
  return { step, values: () => firstLosses(step) };
}

async function prepare(job: Job): Promise<Task> {
  if (job.kind !== "train" && job.kind !== "infer") throw new Error("whole networks only");
  if (job.weights === null) throw new Error("needs weights");
  const packages: Packages = {
    nn: load("deepbox/nn"),
    ndarray: load("deepbox/ndarray"),
    optim: load("deepbox/optim"),
  };
  return taskFor(packages, { ...job, weights: job.weights });
}

try {
  await serve({ version: `${versionOf("deepbox")}, 1 thread` }, prepare);
} catch (error) {
  await serve({ cannot: (error as Error).message }, prepare);
}
process.exit();
