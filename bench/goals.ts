/** What the library is to reach, beside what it did. */
import type { Figures } from "./figures.ts";
import { percent, times } from "./figures.ts";
import { type OurId, ourIds } from "./libraries.ts";
import { type NetworkId, networks } from "./networks.ts";

interface Goal {
  readonly text: string;
  readonly figure: string;
  readonly target: number;
  readonly sense: "at least" | "at most";
  readonly write: (value: number) => string;
}

const seconds = (value: number): string => `${value.toFixed(2)} s`;
const nameOf = (id: NetworkId): string => networks.find((n) => n.id === id)?.name ?? id;

const stepGoals: Record<OurId, Partial<Record<NetworkId, number>>> = {
  native: { mlp: 3, lenet5: 4, conv: 2.5, resnet20: 1.8 },
  wasm: { mlp: 1.5, lenet5: 1.5, conv: 1, resnet20: 0.5 },
};

/** Names of figures, as the sections write them and the goals read them. */
export const figureNames = {
  training: (id: NetworkId, engine: OurId): string => `training ${id} ${engine}`,
  inference: (id: NetworkId, batch: number, engine: OurId): string => `inference ${id} ${batch} ${engine}`,
  kernels: (kind: "matmul" | "conv", engine: OurId): string => `kernels ${kind} ${engine}`,
  stats: (id: NetworkId, engine: OurId): string => `stats ${id} ${engine}`,
  studio: (id: NetworkId, engine: OurId): string => `studio ${id} ${engine}`,
  firstStep: (id: NetworkId): string => `first step ${id}`,
  memory: (engine: OurId): string => `memory ${engine}`,
  startup: "startup",
};

/** The batch of the goals about training. */
export const goalBatch = 64;
/** Batches of the goals about inference, and the networks. */
export const inferenceBatches = [1, 64] as const;
const convNetworks: readonly NetworkId[] = ["lenet5", "conv", "resnet20"];

/** The networks of the goals about the studio. */
export const studioNetworks: readonly NetworkId[] = ["mlp", "lenet5", "conv"];

const inferenceGoal = 1.3;
/** Kernels below this measure the call, not the arithmetic. */
export const goalGflop = 0.1;

const inferencePeers: Record<OurId, string> = { native: "onnxruntime-node", wasm: "onnxruntime-web" };

/** Times as fast as the library that the engine is compared with. */
function speedGoals(engine: OurId): Goal[] {
  const training = networks.flatMap(({ id, name }): Goal[] => {
    const target = stepGoals[engine][id];
    if (target === undefined) return [];
    const text = `training step, batch ${goalBatch}, ${name}, ${engine}, beside PyTorch`;
    return [{ text, figure: figureNames.training(id, engine), target, sense: "at least", write: times }];
  });
  const inference = convNetworks.flatMap((id) =>
    inferenceBatches.map(
      (batch): Goal => ({
        text: `inference, batch ${batch}, ${nameOf(id)}, ${engine}, beside ${inferencePeers[engine]}`,
        figure: figureNames.inference(id, batch, engine),
        target: inferenceGoal,
        sense: "at least",
        write: times,
      }),
    ),
  );
  return [...training, ...inference];
}

/** Shares of the peak, of a step without statistics or without the studio, and of PyTorch's memory. */
function shareGoals(engine: OurId): Goal[] {
  const kernels = (["matmul", "conv"] as const).map(
    (kind): Goal => ({
      text: `share of peak, slowest ${kind} of ${goalGflop} GFLOP and more, ${engine}`,
      figure: figureNames.kernels(kind, engine),
      target: 0.8,
      sense: "at least",
      write: percent,
    }),
  );
  const stats = (["conv", "resnet20"] as const).map(
    (id): Goal => ({
      text: `step with ActivationStats on every layer, ${nameOf(id)}, ${engine}`,
      figure: figureNames.stats(id, engine),
      target: 1.05,
      sense: "at most",
      write: times,
    }),
  );
  const studio = studioNetworks.map(
    (id): Goal => ({
      text: `step with the studio open, ${nameOf(id)}, ${engine}`,
      figure: figureNames.studio(id, engine),
      target: 1.05,
      sense: "at most",
      write: times,
    }),
  );
  const memory: Goal = {
    text: `peak memory of ResNet-20 in training, ${engine}, as share of PyTorch's`,
    figure: figureNames.memory(engine),
    target: 1,
    sense: "at most",
    write: percent,
  };
  return [...kernels, ...stats, ...studio, memory];
}

function startGoals(): Goal[] {
  const first = (["conv", "resnet20"] as const).map(
    (id): Goal => ({
      text: `first step, ${nameOf(id)}, wasm, cold cache`,
      figure: figureNames.firstStep(id),
      target: id === "conv" ? 0.3 : 1.5,
      sense: "at most",
      write: seconds,
    }),
  );
  const startup: Goal = {
    text: "fresh process: import and first batch of Digits",
    figure: figureNames.startup,
    target: 0.5,
    sense: "at most",
    write: seconds,
  };
  return [...first, startup];
}

export const goalHeader = ["goal", "wanted", "reached", "met"] as const;

/** What is wanted of an engine in training beside a library; nothing where no goal is about it. */
export function trainingGoal(
  network: NetworkId,
  batch: number,
  library: string,
  engine: OurId,
): number | null {
  return library.startsWith("torch") && library !== "torch-compile" && batch === goalBatch
    ? (stepGoals[engine][network] ?? null)
    : null;
}

/** As {@link trainingGoal}, of inference. */
export function inferenceGoalOf(
  network: NetworkId,
  batch: number,
  library: string,
  engine: OurId,
): number | null {
  const isMeant = library === inferencePeers[engine] && convNetworks.includes(network);
  return isMeant && inferenceBatches.some((b) => b === batch) ? inferenceGoal : null;
}

/** Stands in place of a figure. */
export const notMeasured = "not measured";

/** One row for each goal. */
export function goalRows(figures: Figures): string[][] {
  const goals = [
    ...ourIds.flatMap((engine) => [...speedGoals(engine), ...shareGoals(engine)]),
    ...startGoals(),
  ];
  return goals.map(({ text, figure, target, sense, write }) => {
    const value = figures.get(figure);
    if (value === undefined || Number.isNaN(value))
      return [text, `${sense} ${write(target)}`, notMeasured, ""];
    const met = sense === "at least" ? value >= target : value <= target;
    return [text, `${sense} ${write(target)}`, write(value), met ? "yes" : "no"];
  });
}
