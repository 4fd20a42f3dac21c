/**
 * From an error to what the user reads and the shell gets.
 */
import {
  ArgumentError,
  DTypeError,
  EngineError,
  FileFormatError,
  ShapeError,
  StateDictError,
} from "../index.ts";
import { TrainingError } from "../train/index.ts";

/** 0 done, 1 failed, 2 wrong usage; a stop by Ctrl-C gives 130, as shells do. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A command line that cannot be carried out. */
export class UsageError extends Error {}

const expected = [
  ArgumentError,
  DTypeError,
  EngineError,
  FileFormatError,
  ShapeError,
  StateDictError,
  TrainingError,
  UsageError,
];

/** What to print. An error that nobody foresaw comes with its stack, since it has to be mended here. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = expected.some((kind) => error instanceof kind) || "syscall" in error;
  return foreseen ? error.message : `a mistake in tatami itself: ${error.stack ?? error.message}`;
}

/** The exit code that tells of an error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}
