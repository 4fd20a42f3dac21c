/**
 * Flags of V8 that are set where the host lets us choose. They hold for the whole process. What they were cannot be read, so
 * those for the time of a compilation are set back to V8's defaults.
 */
import { environmentFlag } from "../base/env.ts";
import { hostFeatures } from "./features.ts";
import { nodeModule } from "./node-module.ts";

/** Runs something with flags set, and sets them back in the opposite order. */
function withFlags<T>(flags: readonly { readonly set: string; readonly back: string }[], body: () => T): T {
  const v8 = nodeModule("node:v8");
  if (v8 === undefined) return body();
  for (const { set } of flags) v8.setFlagsFromString(set);
  try {
    return body();
  } finally {
    for (const { back } of [...flags].reverse()) v8.setFlagsFromString(back);
  }
}

/**
 * Runs a compilation of WebAssembly with the optimising compiler at once. A program is a handful of hot loops that may run
 * for milliseconds at its first call: by default that call would crawl through baseline code, which has no way up once a
 * function is running.
 */
export function optimizedAtOnce<T>(compile: () => T): T {
  const flags = [
    { set: "--no-liftoff", back: "--liftoff" },
    { set: "--no-wasm-lazy-compilation", back: "--wasm-lazy-compilation" },
  ];
  return withFlags(flags, compile);
}

/** So many milliseconds of a process: whoever compiles for longer gains by optimised code. */
const coldMs = 1000;
let spentMs = 0;

/**
 * Runs a compilation without V8's optimiser of JavaScript, for the first second that a process spends here: in Node 20 it takes
 * longer to optimise the functions of a first step than they take, and takes the core from the compiler of WebAssembly. What
 * is optimised already stays so. Where the process was started with a choice of its own, nothing is set.
 */
export function withoutOptimizer<T>(compile: () => T): T {
  if (spentMs >= coldMs || optimizerIsChosen()) return compile();
  const start = performance.now();
  try {
    return withFlags([{ set: "--no-opt", back: "--opt" }], compile);
  } finally {
    spentMs += performance.now() - start;
  }
}

let trains = false;

/**
 * Called at each step of a training: has V8 optimise functions after more calls than by default, for the rest of the process, where
 * `threads` that run programs take all cores. V8 counts on a core for its optimiser that has nothing else to do; here it takes one
 * from the program, and the other threads wait. What builds a step's graph consists of some hundred small functions that gain
 * little. Node only.
 */
export function optimizeLater(threads: number): void {
  if (trains) return;
  trains = true;
  if (threads < hostFeatures().cores || optimizerIsChosen()) return;
  const [major] = (globalThis.process?.versions.node ?? "").split(".");
  // Six times as many as by default: of bytes of bytecode in Node 20, of calls in later ones.
  const flag = Number(major) > 20 ? "--invocation-count-for-turbofan=18000" : "--interrupt-budget=400000";
  nodeModule("node:v8")?.setFlagsFromString(flag);
}

/** V8 takes underscores for hyphens. */
const optimizerFlag =
  /--(no-?)?(opt|turbofan|jitless|maglev|sparkplug|interrupt-budget|invocation-count|always-turbofan)/;

function optimizerIsChosen(): boolean {
  const given = [...(globalThis.process?.execArgv ?? []), environmentFlag("NODE_OPTIONS") ?? ""];
  return given.some((flag) => optimizerFlag.test(flag.replaceAll("_", "-")));
}
