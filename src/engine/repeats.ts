/**
 * Calls of recorded graphs that come again and again, with other values from the host and everything else as it was:
 * inference. Their program is found by the recording, without a walk over a hundred parameters.
 */
import { type Node, resolve } from "../graph/node.ts";
import type { CallTemplate } from "../graph/operation.ts";
import type { GraphWalk } from "../graph/signature.ts";
import type { Compiled, Repeat, Target } from "./job.ts";
import type { CacheEntry } from "./program-cache.ts";
import { storageChanges } from "./storage.ts";

export class Repeats {
  /**
   * By the first operand in device storage, and by recording: what is remembered goes with either. An output that somebody
   * keeps knows its recording, and must not keep the parameters.
   */
  readonly #known = new WeakMap<Node, WeakMap<CallTemplate, Repeat>>();

  /** What is known of a node's computation, when all of its operands are what they were. */
  of(node: Node): Repeat | null {
    const repeat = this.#knownOf(node);
    return repeat !== undefined && !repeat.entry.dropped && comesAgain(node, repeat) ? repeat : null;
  }

  #knownOf({ op, value, inputs, requiresGrad }: Node): Repeat | undefined {
    if (op.kind !== "call" || value !== null || requiresGrad) return undefined;
    const stored = inputs.find(isStored);
    return stored === undefined ? undefined : this.#known.get(stored)?.get(op.template);
  }

  /** Remembers a computation, if it is one call of a recording over known values. */
  note(entry: CacheEntry<Compiled>, { leaves, nodes }: GraphWalk, targets: readonly Target[]): Repeat | null {
    const [target] = targets;
    if (targets.length !== 1 || target === undefined || target.variable !== null) return null;
    const { op, inputs } = target.node;
    if (op.kind !== "call" || !op.template.recorded || nodes.length !== leaves.length + 1) return null;
    const stored = inputs.find(isStored);
    if (stored === undefined || !areOwn(inputs)) return null;
    const repeat = {
      entry,
      operands: inputs.map((node) => (isFromHost(node) ? null : node)),
      leaves: leaves.map((leaf) => inputs.indexOf(leaf)),
      placed: leaves.flatMap((leaf, i) => (isStored(leaf) ? [] : [i])),
      checked: storageChanges(),
      bound: null,
    };
    const beside = this.#known.get(stored) ?? new WeakMap<CallTemplate, Repeat>();
    this.#known.set(stored, beside.set(op.template, repeat));
    return repeat;
  }
}

const isStored = (node: Node): boolean => node.value?.kind === "storage";
const isFromHost = (node: Node): boolean => node.value?.kind === "host";

/** Whether no operand is another's value, from the host, under its name or another one: the two would be one leaf. */
const areOwn = (operands: readonly Node[]): boolean =>
  operands.every((node, i) => resolve(node) === node && (!isFromHost(node) || operands.indexOf(node) === i));

/** Whether a call has these operands, as they were, and values from the host where such were. */
function comesAgain({ inputs }: Node, repeat: Repeat): boolean {
  const { operands } = repeat;
  for (let i = 0; i < operands.length; i++) {
    const node = inputs[i] as Node;
    if (operands[i] !== null) {
      if (operands[i] !== node) return false;
    } else if (!isFromHost(node)) return false;
  }
  const changes = storageChanges();
  if (repeat.checked === changes) return true;
  if (inputs.some(({ value }) => value?.kind === "storage" && value.version !== value.storage.version))
    return false;
  repeat.checked = changes;
  return true;
}
