/** The kernel that maps the weights of a convolution, for all chunks of the next one to multiply with. */
import { add, binary, int, Locals, mul, sub, use } from "../../../kernel/build.ts";
import type { Expr } from "../../../kernel/ir.ts";
import { fixed, type Index, ofAtom, substitute, variable } from "../../index-math.ts";
import type { Buffer, LoweredCall, LoweringContext } from "../../plan.ts";
import { type Scalar, ScalarBody } from "../../scalar-body.ts";
import { axisIndex } from "../access.ts";
import { hold } from "../contraction-problem.ts";
import { Emitter } from "../emitter.ts";
import { chunkCount, chunkLocal, KernelBuffers } from "../kernel-frame.ts";
import { reachBuffers } from "../map.ts";
import { apartOf, arithmeticOf, storePatch } from "./emit.ts";
import type { Convolution } from "./recognize.ts";
import { inTwoDimensions, products, weightMap } from "./transforms.ts";

/**
 * Mapped weights, as [product][panel of `width` filters][channel][filter], with a gap behind each product; filters beyond
 * the last are zero.
 */
export interface WeightPanels {
  readonly buffer: Buffer;
  readonly channels: number;
  /** Filters, filled up to whole panels. */
  readonly filters: number;
  readonly width: number;
  readonly lanes: number;
}

export function lowerWeights(c: Convolution, panels: WeightPanels, context: LoweringContext): LoweredCall {
  const { buffer, channels, filters, width, lanes } = panels;
  const used = new Map([[buffer.id, buffer]]);
  const body: ScalarBody = new ScalarBody(reachBuffers(() => body, context, new Set(), used));
  const values = weightsOf(c, body, filters);
  const kernel = new KernelBuffers(used);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(body, kernel, locals);
  const to = { buffer: kernel.use(buffer.id, "write"), apart: apartOf(channels, filters) };
  const each = Math.ceil(channels / Math.min(channels, chunkCount(products * channels * filters)));
  const from = emitter.define("from", mul(use(chunk), int(each)));
  const end = emitter.define("end", binary("min", add(from, int(each)), int(channels)));
  emitter.loop("c", from, end, 1, (channel) => {
    emitter.vectorized({ variable: "n", lanes }, () => {
      emitter.loop("n", int(0), int(filters), lanes, (n) => {
        const inPanel = width === lanes ? int(0) : binary("mod", use(n), int(width));
        const panel = hold(emitter, sub(use(n), inPanel));
        const row = add(mul(panel, int(channels)), mul(use(channel), int(width)));
        storePatch(emitter, to, add(row, sub(use(n), panel)), mappedWeights(emitter, values), lanes);
      });
    });
  });
  return kernel.finish("winograd_weights", Math.ceil(channels / each), chunk, emitter.finish(), 0);
}

/** The 36 factors of nine weights where the emitter is. */
export function mappedWeights(emitter: Emitter, values: readonly Scalar[]): Expr[] {
  const weights = values.map((s) => emitter.value(s));
  return inTwoDimensions(weightMap, weights, arithmeticOf(emitter));
}

/** The nine weights of channel `c` and filter `n`; zero from the last filter on, up to `filters`. */
export function weightsOf(c: Convolution, body: ScalarBody, filters: number): Scalar[] {
  const n = ofAtom(variable("n", filters));
  const inside = filters === c.filters.size ? [] : [{ index: n, low: 0, high: c.filters.size }];
  return Array.from({ length: 9 }, (_, i) => {
    const at = new Map<string, Index>([
      [`x${c.channels.dim}`, ofAtom(variable("c", c.channels.size))],
      [`x${c.filters.dim}`, n],
      [`x${c.kernelY.dim}`, fixed(Math.floor(i / 3))],
      [`x${c.kernelX.dim}`, fixed(i % 3)],
    ]);
    const where = c.weightMaps.map((m) => substitute(axisIndex(m, c.spec), at));
    const value = body.evaluate(c.weight, where, inside);
    return inside.length === 0 ? value : body.select(body.inside(inside), value, body.const(0, value.type));
  });
}
