/**
 * The engine that a command computes with.
 */
import { createEngine, currentEngine, type Engine, useEngine } from "../index.ts";

export const deviceNames = ["auto", "wasm", "native", "interpreter"] as const;

/** The options that choose it. */
export interface EngineChoice {
  readonly device?: (typeof deviceNames)[number] | undefined;
  readonly threads?: number | undefined;
}

/** Puts the chosen engine in use; must come before the first tensor. */
export function chooseEngine({ device, threads }: EngineChoice): Engine {
  if (device !== undefined || threads !== undefined) useEngine(createEngine({ engine: device, threads }));
  return currentEngine();
}
