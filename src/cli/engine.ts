/**
 * The engine that a command computes with.
 */
import { createEngine, currentEngine, type Engine, EngineError, useEngine } from "../index.ts";

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

/**
 * As `chooseEngine`, but "auto" is the native engine from the first program on where there is one, else wasm; `note` says
 * what is missing then. For commands that measure: in "auto" itself programs go over only after some seconds.
 */
export function chooseSteadyEngine({ device, threads }: EngineChoice): { engine: Engine; note?: string } {
  const wanted = device ?? process.env.TATAMI_ENGINE ?? "auto";
  if (wanted !== "auto") return { engine: chooseEngine({ device, threads }) };
  try {
    return { engine: chooseEngine({ device: "native", threads }) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { engine: chooseEngine({ device: "wasm", threads }), note: error.message };
  }
}
