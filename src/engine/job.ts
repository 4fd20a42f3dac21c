/**
 * What the engine keeps of a program that waits for its turn or runs.
 */
import { mapped } from "../base/mapped.ts";
import { type HostValue, type Node, resolve } from "../graph/node.ts";
import type { Executable } from "../runtime/device.ts";
import type { Choice, Form, Forms } from "./forms.ts";
import type { Timed } from "./profile.ts";
import type { CacheEntry } from "./program-cache.ts";
import type { Variable } from "./storage.ts";
import type { Side } from "./workspace.ts";

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

/** What is remembered of a computation that comes again with other values from the host; see repeats.ts. */
export interface Repeat {
  /** Where its program is. */
  readonly entry: CacheEntry<Compiled>;
  /** Operands of the call; null where a value from the host was, in whose place any other may come. */
  readonly operands: readonly (Node | null)[];
  /** For each leaf of the graph, which operand it is. */
  readonly leaves: readonly number[];
  /** Which leaves are brought to the device for every run: those from the host, and numbers. */
  readonly placed: readonly number[];
  /** The state of all storage when its versions were looked at. */
  checked: number;
  /** How the program was bound to memory the last time. */
  bound: Bound | null;
}

/** The addresses that a program was given, and by what they are known to hold still. */
export interface Bound {
  readonly form: Form;
  /** One for each slot. */
  readonly slots: readonly number[];
  /** One for each leaf. */
  readonly leaves: readonly number[];
  /** Where the staging area was. */
  readonly staging: number;
  /** What the prepared values were computed from. */
  readonly prepared: readonly number[] | null;
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
  /** Where it is kept how the program is bound to memory, if it comes again with the same operands. */
  readonly repeat: Repeat | null;
  readonly targets: readonly Target[];
  readonly kept: readonly (HostValue | null)[];
  readonly settle: Deferred;
  /** Its staging area. */
  side: Side;
  /** What it was bound to while the one before ran. */
  boundAhead: { readonly form: Form; readonly slots: readonly number[] } | null;
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

/** A job, with all values that it will bring marked as known; commits assignments. */
export function makeJob(
  compiled: Compiled,
  choice: Choice,
  leaves: readonly Node[],
  targets: readonly Target[],
  repeat: Repeat | null,
): Job {
  const byNode = new Map<Node, HostValue>();
  const kept = mapped(targets, (t): HostValue | null => {
    if (t.variable !== null) return null;
    const n = resolve(t.node);
    const value = byNode.get(n) ?? { kind: "host", data: null, uses: 0 };
    byNode.set(n, value);
    return value;
  });
  targets.forEach((t, i) => {
    const value = kept[i];
    if (t.variable !== null) t.variable.commit();
    else if (value !== null && value !== undefined) t.node.value = value;
  });
  return {
    compiled,
    choice,
    leaves,
    repeat,
    targets,
    kept,
    settle: deferred(),
    side: 0,
    boundAhead: null,
    form: null,
    runs: [],
    started: false,
    begun: false,
    ahead: false,
    awaited: false,
    done: false,
  };
}

type Deferred = ReturnType<typeof deferred>;

/** A promise and its two ends. */
function deferred(): {
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
