/**
 * What is known of guards where a kernel stands: a loop that is cut where padding begins and ends has pieces in which they
 * hold, or fail, as a whole, and nothing is to be tested in them.
 */
import { factorOf } from "../index-math.ts";
import type { Guard, Scalar } from "../scalar-body.ts";
import type { Turn } from "./transpose.ts";

/** Where a loop variable lies, from the block of a level inwards: at `from` and up to, not including, `to`. */
interface Bounds {
  readonly from: number;
  readonly to: number;
  readonly level: number;
}

/** Whether a guard holds, and from which level on that is known. */
interface Known {
  readonly holds: boolean;
  readonly level: number;
}

export class KnownGuards {
  /** By the loop variable. */
  readonly bounds: Map<string, Bounds> = new Map();
  /** Steps that are taken only where guards on their variable hold. */
  turn: Turn | null = null;

  /** What is known of a guard; null where it may hold or fail. */
  of(guard: Guard): Known | null {
    const within = this.#within(guard);
    if (within !== null || this.turn === null) return within;
    const level = factorOf(guard.index, this.turn.name) === 0 ? this.turn.inside : this.turn.level;
    return level === null ? null : { holds: true, level };
  }

  #within(guard: Guard): Known | null {
    const bounds = this.bounds.get(variableOf(guard) ?? "");
    if (bounds === undefined) return null;
    const { index, low, high } = guard;
    const [from, to] = [bounds.from + index.offset, bounds.to + index.offset];
    if (from >= low && to <= high) return { holds: true, level: bounds.level };
    return to <= low || from >= high ? { holds: false, level: bounds.level } : null;
  }

  /** The guards that are not known to hold. */
  open(guards: readonly Guard[]): readonly Guard[] {
    return guards.filter((g) => this.of(g)?.holds !== true);
  }

  fails(guards: readonly Guard[]): boolean {
    return guards.some((g) => this.of(g)?.holds === false);
  }

  /** Where a loop over `name` is to be cut so that each guard holds or fails throughout a piece; its ends included. */
  cuts(name: string, extent: number, scalars: readonly Scalar[]): readonly number[] {
    const cuts = new Set([0, extent]);
    for (const s of scalars) {
      if ((s.kind !== "load" && s.kind !== "inside") || this.fails(s.guards)) continue;
      for (const g of s.guards) {
        if (variableOf(g) !== name) continue;
        for (const at of [g.low - g.index.offset, g.high - g.index.offset]) {
          if (at > 0 && at < extent) cuts.add(at);
        }
      }
    }
    return [...cuts].sort((a, b) => a - b);
  }
}

/** The variable that a guard bounds, where it bounds one by one. */
function variableOf({ index }: Guard): string | null {
  const [only] = index.terms;
  const isPlain = index.terms.length === 1 && only?.factor === 1 && only.atom.kind === "var";
  return isPlain ? only.atom.key : null;
}
