/**
 * Ctrl-C as something that work can end at in an orderly way. A second Ctrl-C, a while after the first, ends the
 * process at once.
 */
import { exitCodes } from "./errors.ts";

/** Watches until `stop` is called. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** 130 for Ctrl-C, 143 for a request to terminate, as shells do. */
  readonly exitCode: number;
  stop(): void;
}

const terminated = 143;

/** A launcher such as npm passes on what the terminal has sent already: two signals within this time are one. */
const sameSignalMs = 500;

export function watchSignals(): Interruption {
  const controller = new AbortController();
  let exitCode: number = exitCodes.interrupted;
  let first = Number.POSITIVE_INFINITY;
  const onSignal = (name: NodeJS.Signals): void => {
    exitCode = name === "SIGTERM" ? terminated : exitCodes.interrupted;
    if (performance.now() - first > sameSignalMs) process.exit(exitCode);
    if (controller.signal.aborted) return;
    first = performance.now();
    controller.abort(new Error(`stopped by ${name}`));
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    stop: () => void process.off("SIGINT", onSignal).off("SIGTERM", onSignal),
  };
}
