/**
 * What the engine keeps of a program that waits for its turn or runs.
 */
import type { HostValue, Node } from "../graph/node.ts";
import type { Executable } from "../runtime/device.ts";
import type { Choice, Form, Forms } from "./forms.ts";
import type { Timed } from "./profile.ts";
import type { Variable } from "./storage.ts";

/** A compiled graph, and where its inputs and outputs lie in the staging area. */
export interface Compiled {
  readonly forms: Forms;
  /** Byte offsets in the staging area, by leaf and by output. */
  readonly leafOffsets: readonly number[];
  readonly outputOffsets: readonly number[];
  readonly stagingBytes: number;
}

/** Something that a program must leave behind. */
export interface Target {
  readonly node: Node;
  readonly variable: Variable | null;
  readonly leaf: number | null;
}

/** One launch. */
export interface Run {
  readonly executable: Executable;
  /** Byte addresses. */
  readonly slots: readonly number[];
  /** With its clock, while a profile is taken. */
  readonly timed: Timed | null;
}

/** One computation that waits or runs. */
export interface Job {
  readonly compiled: Compiled;
  readonly choice: Choice;
  readonly leaves: readonly Node[];
  readonly targets: readonly Target[];
  readonly kept: readonly (HostValue | null)[];
  readonly settle: Deferred;
  /** The form that runs. */
  form: Form | null;
  /** What is left to run, the running one first. */
  runs: Run[];
  started: boolean;
  /** Whether what runs waits for the calling thread to take part. */
  begun: boolean;
  /** Whether somebody has gone on before it ended, who has to hear of a failure later. */
  ahead: boolean;
  /** Whether somebody waits for it: the calling thread is not needed elsewhere. */
  awaited: boolean;
  done: boolean;
}

type Deferred = ReturnType<typeof deferred>;

/** A promise and its two ends. */
export function deferred(): {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // A flush that nobody waits for must not end the process; whoever reads a value of it gets the error.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
