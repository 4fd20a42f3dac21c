/**
 * From a graph with calls to a schedule: the primitives take their place, and contractions the form that suits the device.
 */
import { type Contractions, expandCalls } from "../graph/expand.ts";
import type { Node } from "../graph/node.ts";
import type { GraphWalk } from "../graph/signature.ts";
import { ImagesInVectors, imagesFillVectors } from "./images-in-vectors.ts";
import { slidingOperand } from "./lower/winograd/form.ts";
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
  const plain = expanded(() => null);
  const isConvolution = ({ op }: Node): boolean =>
    op.kind === "contraction" && slidingOperand(op.spec) !== null;
  // Nothing else takes another form: most graphs are expanded once.
  if (strict || !plain.nodes.some(isConvolution)) return schedule(plain);
  const inVectors = imagesFillVectors(plain.nodes, target) ? new ImagesInVectors(target.lanes) : null;
  const images = inVectors && scheduleImagesLast(expanded((spec, operands) => inVectors.of(spec, operands)));
  return images ?? schedule(expanded((spec, operands) => sideBySide(spec, operands, target)));
}
