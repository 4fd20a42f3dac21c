/**
 * Windows: neighbours for which the same is read, as the pixels of a row under one maximum of a pooled image. All of a window
 * are computed at once, so that what they share is read once, and what tells them apart is a constant.
 */

import type { Target } from "../../kernel/program.ts";
import { dependsOn } from "../index-math.ts";
import type { ScalarBody } from "../scalar-body.ts";
import type { Dim } from "./domain.ts";
import type { Emitter } from "./emitter.ts";
import { isRoomy } from "./kernel-frame.ts";
import type { FineDomain } from "./refine.ts";

/** Elements that a window has at most: the code of each is its own. */
const longestWindow = 4;

/** Whether windows are looked for: C compilers do as well with plain loops, or better, where there are registers for that. */
export const goesByWindows = (target: Target): boolean => !isRoomy(target);

/** Loops over windows, and those over the elements of one. */
export interface Windows {
  readonly around: readonly Dim[];
  readonly inside: readonly Dim[];
}

/**
 * The windows of a domain whose axes have been taken apart; null where there are none. Those along one axis are enough: with pixels of
 * several rows at once, memory is not read from one end to the other, which took longer than to read twice.
 *
 * @param dims its loops, one for each axis
 */
export function windowsOf(fine: FineDomain, dims: readonly Dim[], body: ScalarBody): Windows | null {
  const last = dims[dims.length - 1] as Dim;
  // Vectors run along the last axis, not along a part of it.
  if (partsOf(fine, last).length > 1) return null;
  if (body.all.some((s) => s.kind === "inside" || (s.kind === "load" && s.guards.length > 0))) return null;
  const loads = body.all.flatMap((s) => (s.kind === "load" ? [s.index] : []));
  const vectors = loads.filter((index) => dependsOn(index, last.variable.name));
  const isShared = (dim: Dim): boolean => {
    const parts = partsOf(fine, dim);
    const others = dims.filter((d) => d !== dim && parts.includes(d.axes[0] as number));
    return vectors.some(
      (index) =>
        !dependsOn(index, dim.variable.name) && others.some((d) => dependsOn(index, d.variable.name)),
    );
  };
  const inside = dims.findLast((d) => d !== last && isShared(d));
  if (inside === undefined || inside.extent > longestWindow) return null;
  return { around: dims.filter((d) => d !== inside), inside: [inside] };
}

/** The parts of the axis that a loop goes along a part of. */
const partsOf = ({ parts }: FineDomain, { axes }: Dim): readonly number[] =>
  parts.find((all) => all.includes(axes[0] as number)) as readonly number[];

/** Runs `body` at each element of a window. */
export function emitWindow(emitter: Emitter, inside: readonly Dim[], body: () => void): void {
  const [dim, ...rest] = inside;
  if (dim === undefined) body();
  else emitter.unrolled(dim.variable.name, null, dim.extent, () => emitWindow(emitter, rest, body));
}
