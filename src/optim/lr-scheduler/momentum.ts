/**
 * The momentum of a group of parameters: `momentum`, or the first of `betas`.
 */
import { ArgumentError } from "../../base/errors.ts";
import type { Schedulable } from "./scheduler.ts";

type Group = Schedulable["paramGroups"][number] & { momentum?: number; betas?: readonly [number, number] };

/** @throws ArgumentError unless every group has a momentum. */
export function checkMomentum(optimizer: Schedulable, owner: string): void {
  const groups: Group[] = optimizer.paramGroups;
  if (groups.every((g) => g.momentum !== undefined || g.betas !== undefined)) return;
  throw new ArgumentError(
    `${owner}: the optimizer has neither momentum nor betas; use { cycleMomentum: false }`,
  );
}

/** Sets the momentum of each group. */
export function setMomentum(optimizer: Schedulable, momenta: readonly number[]): void {
  const groups: Group[] = optimizer.paramGroups;
  groups.forEach((group, i) => {
    const momentum = momenta[i] as number;
    if (group.betas === undefined) group.momentum = momentum;
    else group.betas = [momentum, group.betas[1]];
  });
}
