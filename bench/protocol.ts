/**
 * What the bench asks of a process and what it answers, one JSON object per line. Every library, ours included, runs in
 * a process of its own, so that none has the threads, the memory or the garbage of another.
 */
import { createInterface } from "node:readline";
import type { Network } from "./networks.ts";
import type { Operation } from "./operations.ts";

/** Whole steps of a network, or its outputs for a batch in evaluation mode. */
export interface NetworkJob {
  readonly kind: "train" | "infer";
  readonly network: Network;
  readonly batch: number;
  /** Safetensors file with PyTorch's names, or null: the library's own first weights. */
  readonly weights: string | null;
}

/** (m, k) times (k, n); transposed operands lie in memory as (k, m) and (n, k). */
export interface MatmulJob {
  readonly kind: "matmul";
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposed: readonly [boolean, boolean];
}

/** A convolution's output, or the gradient of its input or its weight. */
export interface ConvJob {
  readonly kind: "conv";
  readonly pass: "forward" | "input" | "weight";
  readonly batch: number;
  readonly inside: number;
  readonly out: number;
  readonly groups: number;
  /** Pixels of the image, and of the kernel, along an edge. */
  readonly image: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
}

/** An operation, or the gradient of its operand. */
export interface OperationJob extends Operation {
  readonly kind: "operation";
}

/** Multiply-adds in registers, with so many chains that do not depend on each other; ours only. */
export interface PeakJob {
  readonly kind: "peak";
  readonly chains: number;
}

export type Job = NetworkJob | MatmulJob | ConvJob | OperationJob | PeakJob;

export type Request =
  | { readonly do: "prepare"; readonly key: string; readonly job: Job }
  /** Values to compare: outputs of the network, the losses of the first steps, or the first elements of a result. */
  | { readonly do: "values"; readonly key: string }
  /** Whether the steps to come record statistics of all activations; ours only. */
  | { readonly do: "record"; readonly key: string; readonly on: boolean }
  /** `unmeasured` steps and then `steps`, of which the mean time is given. */
  | { readonly do: "run"; readonly key: string; readonly unmeasured: number; readonly steps: number }
  /** Rate of the kernels that do the arithmetic of a step; ours only. */
  | { readonly do: "profile"; readonly key: string }
  /** What the kernels of a step take, and why; ours only. */
  | { readonly do: "kernels"; readonly key: string }
  | { readonly do: "drop"; readonly key: string }
  /** The most memory that the process ever had. */
  | { readonly do: "memory" };

/** Fields that fit the request, or why it could not be done. */
export interface Answer {
  /** First line of a process: the library's version, and how it runs. */
  readonly version?: string;
  readonly notes?: readonly string[];
  readonly ms?: number;
  /** Milliseconds of a step until the engine has the program; ours only. */
  readonly preparing?: number;
  readonly values?: readonly number[];
  readonly flops?: number;
  readonly gflops?: number;
  readonly bytes?: number;
  readonly kernels?: StepKernels;
  readonly cannot?: string;
}

/** The kernels of a step, on their own and under the roof of what the machine can do. */
export interface StepKernels {
  readonly kernelMs: number;
  readonly roofMs: number;
  /** Billions of operations and of bytes that the kernels have to do. */
  readonly gflop: number;
  readonly gigabytes: number;
  readonly count: number;
  /** The slowest ones: milliseconds of all calls, and the share of their roof. */
  readonly slowest: readonly { readonly name: string; readonly ms: number; readonly ofRoof: number }[];
}

/** One prepared job. */
export interface Task {
  /** One step; it is done when the promise is, or when `settle` is where there is one. */
  step(): Promise<unknown>;
  settle?(): Promise<void>;
  values(): Promise<readonly number[]>;
  readonly flops?: number;
  profile?(): Promise<number>;
  kernels?(): Promise<StepKernels>;
  record?(on: boolean): void;
  /** Times since the last call. */
  preparing?(): number;
  drop?(): void;
}

/** Elements of a result that are compared. */
export const comparedElements = 256;

const comparedSteps = 2;

/**
 * The losses of the first steps: the second shows what forward, backward and an update have done. Later ones show less:
 * Adam's first updates go by the sign of each gradient, and where that is a matter of rounding, ResNet-20's third losses
 * differ by 3e-3 between two orders of adding up.
 */
export async function firstLosses(step: () => Promise<number>): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < comparedSteps; i++) losses.push(await step());
  return losses;
}

/** Answers requests on standard input until it ends; a library gives the first line and makes tasks. */
export async function serve(hello: Answer, prepare: (job: Job) => Promise<Task>): Promise<void> {
  const tasks = new Map<string, Task>();
  const say = (answer: Answer): boolean => process.stdout.write(`${JSON.stringify(answer)}\n`);
  say(hello);
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(await answerTo(JSON.parse(line) as Request, tasks, prepare));
    } catch (error) {
      say({ cannot: (error as Error).message.split("\n")[0] ?? "" });
    }
  }
}

async function answerTo(
  request: Request,
  tasks: Map<string, Task>,
  prepare: (job: Job) => Promise<Task>,
): Promise<Answer> {
  if (request.do === "memory") return { bytes: await peakMemory() };
  if (request.do === "prepare") {
    const task = await prepare(request.job);
    tasks.set(request.key, task);
    return task.flops === undefined ? {} : { flops: task.flops };
  }
  const task = tasks.get(request.key);
  if (task === undefined) throw new Error(`${request.key} is not prepared`);
  switch (request.do) {
    case "values":
      return { values: await task.values() };
    case "run":
      return run(task, request.unmeasured, request.steps);
    case "profile":
      return task.profile === undefined ? {} : { gflops: await task.profile() };
    case "kernels":
      return task.kernels === undefined ? {} : { kernels: await task.kernels() };
    case "record":
      task.record?.(request.on);
      return {};
    case "drop":
      task.drop?.();
      tasks.delete(request.key);
      return {};
  }
}

async function run(task: Task, unmeasured: number, steps: number): Promise<Answer> {
  for (let i = 0; i < unmeasured; i++) await task.step();
  await task.settle?.();
  task.preparing?.();
  const start = performance.now();
  for (let i = 0; i < steps; i++) await task.step();
  await task.settle?.();
  const ms = (performance.now() - start) / steps;
  const preparing = task.preparing?.();
  return preparing === undefined ? { ms } : { ms, preparing: preparing / steps };
}

/** Linux writes down the largest resident size of a process ("high water mark"). */
async function peakMemory(): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const status = await readFile("/proc/self/status", "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
