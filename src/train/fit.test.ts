import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataLoader } from "../data/data-loader.ts";
import { Dataset } from "../data/dataset.ts";
import type { HostArray } from "../data/host-array.ts";
import { currentEngine } from "../engine/default.ts";
import { type CheckpointValue, loadCheckpoint, saveCheckpoint } from "../io/checkpoint.ts";
import { ReduceLROnPlateau, type Schedulable } from "../optim/lr-scheduler/index.ts";
import { tensor } from "../tensor/create.ts";
import { Generator } from "../tensor/generator.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Checkpoint } from "./checkpoint-callback.ts";
import { CheckpointFolder } from "./checkpoint-folder.ts";
import type {
  BatchSource,
  Callback,
  CheckpointMoment,
  EpochResult,
  Model,
  TrainingOptimizer,
} from "./contract.ts";
import { EarlyStopping } from "./early-stopping.ts";
import { evaluate } from "./evaluate.ts";
import { fit as train } from "./fit.ts";
import type { FitOptions } from "./fit-options.ts";
import { accuracy } from "./metrics.ts";
import { TerminateOnNaN } from "./terminate-on-nan.ts";
import { restoreTrainingState, trainingState } from "./training-state.ts";

/** Points on a line and the class of their side. */
class Sides extends Dataset<readonly [HostArray, number]> {
  readonly length = 30;
  get(index: number): readonly [HostArray, number] {
    const x = (index - 14.5) / 15;
    return [{ dtype: "float32", shape: [1], data: new Float32Array([x]) }, x > 0 ? 1 : 0];
  }
}

/** Logistic regression by hand: the smallest thing that can be trained. */
function makeParts(): { model: Model; optimizer: TrainingOptimizer; weight: Tensor } {
  const weight = tensor([[0.1, -0.1]], { requiresGrad: true }).persist();
  const model = Object.assign((x: Tensor): Tensor => x.matmul(weight), {
    training: true,
    train(mode = true): void {
      model.training = mode;
    },
    stateDict: () => ({ weight }),
    loadStateDict: (state: Record<string, Tensor>): void => {
      noGrad(() => weight.copy_(state.weight as Tensor));
    },
  });
  const optimizer: TrainingOptimizer = {
    paramGroups: [{ lr: 0.5 }],
    zeroGrad: () => {
      weight.grad = null;
    },
    step: async () => {
      noGrad(() => weight.add_((weight.grad as Tensor).mul(-(optimizer.paramGroups[0]?.lr ?? 0))));
      await currentEngine().flush();
    },
    stateDict: () => ({ param_groups: [{ lr: 0.5 }] }),
    loadStateDict: () => {},
  };
  return { model, optimizer, weight };
}

const loss = (output: Tensor, target: Tensor): Tensor =>
  output.logSoftmax(1).gather(1, target.unsqueeze(1)).mean().neg();

const loaderOf = (): DataLoader<readonly [HostArray, number]> =>
  new DataLoader(new Sides(), { batchSize: 8, shuffle: true, generator: new Generator(3) });

const optionsOf = (optimizer: TrainingOptimizer, more: Partial<FitOptions> = {}): FitOptions => ({
  loader: loaderOf(),
  validation: loaderOf(),
  loss,
  optimizer,
  epochs: 4,
  metrics: { accuracy },
  ...more,
});

it("trains, measures and tells callbacks in order", async () => {
  const { model, optimizer } = makeParts();
  const seen: string[] = [];
  const watch: Callback = {
    onTrainBegin: () => void seen.push("begin"),
    onEpochBegin: (epoch) => void seen.push(`epoch ${epoch}`),
    onStepEnd: ({ step, samples }) => void seen.push(`${step}:${samples}`),
    onEpochEnd: () => void seen.push("end of epoch"),
    onTrainEnd: () => void seen.push("end"),
  };
  const results = await train(model, optionsOf(optimizer, { callbacks: [watch] }));
  const steps = ["1:8", "2:8", "3:8", "4:6"];
  const epochs = [1, 2, 3, 4].flatMap((n) => [`epoch ${n}`, ...steps, "end of epoch"]);
  expect(seen).toEqual(["begin", ...epochs, "end"]);
  const last = results[3] as EpochResult;
  expect(last).toMatchObject({ epoch: 4, samples: 30, lr: 0.5 });
  expect(last.train.loss).toBeLessThan((results[0] as EpochResult).train.loss);
  expect(last.validation?.accuracy).toBe(1);
  const alone = await evaluate(model, { loader: loaderOf(), loss, metrics: { accuracy } });
  expect(alone.loss).toBeCloseTo(last.validation?.loss ?? 0, 5);
  expect(model.training).toBe(true);
});

it("begins a step before it tells the loss of the one before, unless a callback looks in between", async () => {
  const run = async (more: Callback): Promise<{ seen: string[]; results: unknown }> => {
    const { model, optimizer } = makeParts();
    const seen: string[] = [];
    const watched: typeof loss = (output, target) => {
      seen.push("begun");
      return loss(output, target);
    };
    const told: Callback = { onLoss: ({ step }) => void seen.push(`${step}`), ...more };
    const options = { loss: watched, epochs: 1, callbacks: [told] };
    const { validation, ...rest } = optionsOf(optimizer, options);
    const results = await train(model, rest);
    return { seen, results: results.map(({ seconds, ...result }) => result) };
  };
  const ahead = await run({});
  expect(ahead.seen.join(" ")).toBe("begun begun 1 begun 2 begun 3 4");
  for (const looks of [{ onStepEnd: () => {} }, { onCheckpoint: () => {} }]) {
    const exact = await run(looks);
    expect(exact.seen.join(" ")).toBe("begun 1 begun 2 begun 3 begun 4");
    expect(exact.results).toEqual(ahead.results);
  }
});

it("waits for a step only where a callback has said that it looks at the model after it", async () => {
  const { model, optimizer } = makeParts();
  const seen: string[] = [];
  const watched: typeof loss = (output, target) => {
    seen.push("begun");
    return loss(output, target);
  };
  const looks = (name: string, at: number): Callback => ({
    onStepBegin: ({ step }) => step === at,
    onLoss: ({ step }) => void seen.push(`${name}${step}`),
    onStepEnd: ({ step }) => void seen.push(`${name}end${step}`),
    onCheckpoint: ({ when, step }) => void seen.push(`${name}${when}${step}`),
  });
  const callbacks = [looks("a", 2), looks("b", 3)];
  const { validation, ...rest } = optionsOf(optimizer, { loss: watched, epochs: 1, callbacks });
  await train(model, rest);
  expect(seen.join(" ")).toBe(
    "abegin0 bbegin0 begun begun a1 b1 a2 aend2 b2 astep2 begun a3 b3 bend3 bstep3 begun a4 b4 aepoch0 bepoch0",
  );
});

it("tells the last loss before a training that is interrupted is saved", async () => {
  const { model, optimizer } = makeParts();
  const controller = new AbortController();
  const seen: number[] = [];
  const told: Callback = {
    onLoss: ({ step }) => {
      seen.push(step);
      if (step === 2) controller.abort(new Error("enough"));
    },
  };
  const options = optionsOf(optimizer, { callbacks: [told], signal: controller.signal });
  await expect(train(model, options)).rejects.toThrow("enough");
  expect(seen).toEqual([1, 2, 3]);
});

it("tells of a step that is done before one that fails, and tells nothing more to a callback that has failed", async () => {
  const failing = async (fails: { loss?: number; told?: number }): Promise<number[]> => {
    const { model, optimizer } = makeParts();
    const seen: number[] = [];
    let begun = 0;
    const callbacks: Callback[] = [
      {
        onLoss: ({ step }) => {
          seen.push(step);
          if (step === fails.told) throw new Error("told enough");
        },
      },
    ];
    const broken: typeof loss = (output, target) => {
      if (++begun === fails.loss) throw new Error("no loss");
      return loss(output, target);
    };
    const message = fails.loss === undefined ? "told enough" : "no loss";
    const options = optionsOf(optimizer, { loss: broken, callbacks });
    await expect(train(model, options)).rejects.toThrow(message);
    return seen;
  };
  expect(await failing({ loss: 3 })).toEqual([1, 2]);
  expect(await failing({ told: 2 })).toEqual([1, 2]);
});

it("saves the step that is under way when a callback ends the training with the signal's reason", async () => {
  const { model, optimizer } = makeParts();
  const controller = new AbortController();
  const reason = new Error("enough");
  const steps: number[] = [];
  const callback: Callback = {
    onStepBegin: () => false,
    onLoss: ({ step }) => {
      if (step !== 2) return;
      controller.abort(reason);
      throw reason;
    },
    onCheckpoint: ({ when, step }) => void (when === "interrupted" && steps.push(step)),
  };
  const options = optionsOf(optimizer, { callbacks: [callback], signal: controller.signal });
  await expect(train(model, options)).rejects.toBe(reason);
  expect(steps).toEqual([3]);
});

it("goes on from a checkpoint as if it had never stopped", async () => {
  const whole = makeParts();
  await train(whole.model, optionsOf(whole.optimizer));
  const first = makeParts();
  await train(first.model, optionsOf(first.optimizer, { epochs: 2 }));
  const bytes = await saveCheckpoint(trainingState(first, 2));
  const second = makeParts();
  const startEpoch = restoreTrainingState(loadCheckpoint(bytes), second);
  expect(startEpoch).toBe(2);
  const results = await train(second.model, optionsOf(second.optimizer, { startEpoch }));
  expect(results.map((r) => r.epoch)).toEqual([3, 4]);
  expect(await second.weight.array()).toEqual(await whole.weight.array());
  expect(() => restoreTrainingState({ epoch: 1 }, second, "x")).toThrow(
    "x: this is not the state of a training",
  );
});

describe("resume", () => {
  /** States at the moments that `wanted` names, as they would be saved. */
  const collecting = (wanted: (moment: CheckpointMoment) => boolean): Callback & { saved: Uint8Array[] } => {
    const saved: Uint8Array[] = [];
    return {
      saved,
      onCheckpoint: async (moment, context) => {
        if (wanted(moment)) saved.push(await saveCheckpoint(await context.state()));
      },
    };
  };

  it("goes on from a signal, within an epoch and within its validation", async () => {
    const whole = makeParts();
    const expected = await train(whole.model, optionsOf(whole.optimizer));
    for (const within of ["epoch", "validation"] as const) {
      const controller = new AbortController();
      const stop = (): void => controller.abort(new Error("stop"));
      const first = makeParts();
      const keeper = collecting(({ when }) => when === "interrupted");
      const stopper: Callback =
        within === "epoch"
          ? { onStepEnd: ({ epoch, step }) => (epoch === 2 && step === 3 ? stop() : undefined) }
          : { onValidationBatch: stop };
      const options = optionsOf(first.optimizer, { callbacks: [keeper, stopper], signal: controller.signal });
      await expect(train(first.model, options)).rejects.toThrow("stop");
      expect(keeper.saved).toHaveLength(1);
      const resume = loadCheckpoint(keeper.saved[0] as Uint8Array);
      expect(resume).toMatchObject(within === "epoch" ? { epoch: 1, step: 3 } : { epoch: 0, step: 4 });

      const second = makeParts();
      const rest = await train(second.model, optionsOf(second.optimizer, { resume }));
      const untimed = (results: readonly EpochResult[]): object[] =>
        results.map(({ seconds: _seconds, ...result }) => result);
      expect(untimed(rest)).toEqual(untimed(expected.slice(within === "epoch" ? 1 : 0)));
      expect(await second.weight.array()).toEqual(await whole.weight.array());
    }
  });

  it("remembers that a callback has ended the training, and what it has seen", async () => {
    const parts = makeParts();
    const stopper = new EarlyStopping({ patience: 1, minDelta: 100 });
    const keeper = collecting(({ when }) => when === "epoch");
    await train(parts.model, optionsOf(parts.optimizer, { callbacks: [keeper, stopper] }));
    const [one, two] = keeper.saved.map((bytes) => loadCheckpoint(bytes));
    const epochsFrom = async (resume: CheckpointValue | undefined): Promise<number[]> => {
      const fresh = makeParts();
      const callbacks = [new EarlyStopping({ patience: 1, minDelta: 100 })];
      const results = await train(fresh.model, optionsOf(fresh.optimizer, { callbacks, resume }));
      return results.map(({ epoch }) => epoch);
    };
    expect(await epochsFrom(one)).toEqual([2]);
    expect(await epochsFrom(two)).toEqual([]);
  });

  it("leaves out the first batches of a source that cannot begin at one", async () => {
    const sourceOf = (): BatchSource => {
      const loader = loaderOf();
      return {
        length: loader.length,
        epoch: 0,
        async *[Symbol.asyncIterator]() {
          loader.epoch = this.epoch;
          yield* loader;
        },
      };
    };
    const whole = makeParts();
    const keeper = collecting(({ when, epoch, step }) => when === "step" && epoch === 1 && step === 2);
    await train(whole.model, optionsOf(whole.optimizer, { loader: sourceOf(), callbacks: [keeper] }));
    const second = makeParts();
    const resume = loadCheckpoint(keeper.saved[0] as Uint8Array);
    await train(second.model, optionsOf(second.optimizer, { loader: sourceOf(), resume }));
    expect(await second.weight.array()).toEqual(await whole.weight.array());
    const fewer = new DataLoader(new Sides(), { batchSize: 10 });
    await expect(train(second.model, optionsOf(second.optimizer, { loader: fewer, resume }))).rejects.toThrow(
      "in the middle of an epoch of 4 steps, but this loader has 3",
    );
    const both = optionsOf(second.optimizer, { resume, startEpoch: 1 });
    await expect(train(second.model, both)).rejects.toThrow("leave out startEpoch");
  });

  it("goes on from a folder, saved every so many steps", async () => {
    const root = await mkdtemp(join(tmpdir(), "tatami-resume-"));
    try {
      const whole = makeParts();
      const checkpoints = new Checkpoint(new CheckpointFolder(root), { everyNTrainSteps: 5 });
      const controller = new AbortController();
      const stopper: Callback = {
        onStepEnd: ({ epoch, step }) =>
          epoch === 3 && step === 3 ? controller.abort(new Error("x")) : undefined,
      };
      await train(whole.model, optionsOf(whole.optimizer));
      const first = makeParts();
      const options = { callbacks: [checkpoints, stopper], signal: controller.signal };
      await expect(train(first.model, optionsOf(first.optimizer, options))).rejects.toThrow("x");
      // Saved at 0, 4, 5, 8, 10 and, where it was stopped, 11.
      expect(await readdir(root)).toEqual(["000005-step-10", "000006-step-11"]);
      const second = makeParts();
      await train(second.model, optionsOf(second.optimizer, { resume: root }));
      expect(await second.weight.array()).toEqual(await whole.weight.array());
    } finally {
      await rm(root, { recursive: true });
    }
    expect(() => new Checkpoint({ saveCheckpoint: async () => {} }, { everyNTrainSteps: 0 })).toThrow(
      "got 0",
    );
  });
});

it("steps a scheduler per epoch or per step", async () => {
  for (const [schedulerInterval, times] of [
    ["epoch", 4],
    ["step", 16],
  ] as const) {
    const { model, optimizer } = makeParts();
    let steps = 0;
    const scheduler = { step: () => void steps++, stateDict: () => ({}), loadStateDict: () => {} };
    await train(model, optionsOf(optimizer, { scheduler, schedulerInterval }));
    expect(steps).toBe(times);
  }
});

it("gives ReduceLROnPlateau the validation loss, or the training loss", async () => {
  for (const validation of [loaderOf(), undefined]) {
    const { model, optimizer } = makeParts();
    const seen: number[] = [];
    class Plateau extends ReduceLROnPlateau {
      override step(metric: number): void {
        seen.push(metric);
        super.step(metric);
      }
    }
    const schedulable = optimizer as unknown as Schedulable;
    const scheduler = new Plateau(schedulable, { patience: 0, threshold: 10, thresholdMode: "abs" });
    const options = optionsOf(optimizer, { validation, scheduler });
    const results = await train(model, options);
    expect(seen).toEqual(results.map((r) => (r.validation ?? r.train).loss));
    // Reduced after every epoch but the first; a result has the rate of its own last step.
    [0.5, 0.5, 0.05, 0.005].forEach((lr, i) => void expect(results[i]?.lr).toBeCloseTo(lr, 12));
    await expect(train(model, { ...options, schedulerInterval: "step" })).rejects.toThrow(
      'fit: Plateau needs the loss of an epoch; leave schedulerInterval at "epoch"',
    );
  }
});

it("stops early, on a signal, and on a loss that is no number", async () => {
  const early = makeParts();
  const stopper = new EarlyStopping({ patience: 1, minDelta: 100 });
  expect(await train(early.model, optionsOf(early.optimizer, { callbacks: [stopper] }))).toHaveLength(2);

  const { model, optimizer } = makeParts();
  const controller = new AbortController();
  let ended = 0;
  const abort: Callback = {
    onStepEnd: ({ step }) => (step === 2 ? controller.abort(new Error("enough")) : undefined),
    onTrainEnd: () => void ended++,
  };
  const options = optionsOf(optimizer, { callbacks: [abort], signal: controller.signal });
  await expect(train(model, options)).rejects.toThrow("enough");
  expect(ended).toBe(1);

  const wild = makeParts();
  (wild.optimizer.paramGroups[0] as { lr: number }).lr = 1e39;
  const training = train(wild.model, optionsOf(wild.optimizer, { callbacks: [new TerminateOnNaN()] }));
  await expect(training).rejects.toThrow(
    "the loss is NaN at step 2 of epoch 1; the steps are too large: lower the learning rate (lr 1e+39 now; try 0.01 or less)",
  );
});

it("names what is needed and missing before anything runs", async () => {
  const { model, optimizer } = makeParts();
  const all = { loader: new DataLoader(new Sides()), loss: (y: Tensor) => y.sum(), optimizer, epochs: 1 };
  for (const name of ["loader", "loss", "optimizer", "epochs"]) {
    await expect(train(model, { ...all, [name]: undefined } as unknown as FitOptions)).rejects.toThrow(
      `fit: the option ${name} is missing; loader, loss, optimizer and epochs are needed`,
    );
  }
});
