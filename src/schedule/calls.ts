/**
 * From a graph with calls to a schedule: the primitives take their place, and contractions the form that suits the device.
 */
import { type Contractions, expandCalls } from "../graph/expand.ts";
import type { Node } from "../graph/node.ts";
import type { GraphWalk } from "../graph/signature.ts";
import { imagesFillVectors, laneByLane } from "./images-in-vectors.ts";
import type { Schedule } from "./plan.ts";
import { type ScheduleRequest, schedule, scheduleImagesLast, type Wanted } from "./schedule.ts";
import { sideBySide } from "./side-by-side.ts";

/** Schedules what a walk has found. Positions of its leaves are those in the primitives' graph afterwards. */
export function scheduleCalls(
  walk: GraphWalk,
  wanted: readonly Wanted[],
  options: Pick<ScheduleRequest, "target" | "strict" | "prepares">,
): Schedule {
  const { target, strict = false } = options;
  const expanded = (contractions: Contractions): ScheduleRequest => {
    const roots = wanted.map((w) => w.node);
    const { graph, of } = expandCalls(walk, roots, contractions);
    return { ...options, ...graph, wanted: wanted.map(({ node, leaf }) => ({ node: of(node), leaf })) };
  };
  if (strict) return schedule(expanded(() => null));
  const inVectors = (nodes: readonly Node[]): boolean => imagesFillVectors(nodes, target);
  const images = inVectors(expanded(() => null).nodes)
    ? scheduleImagesLast(expanded((spec, operands) => laneByLane(spec, operands, target.lanes)))
    : null;
  return images ?? schedule(expanded((spec, operands) => sideBySide(spec, operands, target)));
}
