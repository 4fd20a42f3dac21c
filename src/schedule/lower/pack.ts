/**
 * Lays the column operand of a contraction out in panels: [batch][panel][summed][panel width], so that the
 * micro-kernel reads it front to back. Columns beyond the last are zero. Whatever is computed element by element
 * on the way to the operand is done here.
 */

import { sizeOf } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import { add, binary, int, Locals, mul, use } from "../../kernel/build.ts";
import {
  delinearize,
  type Index,
  linearize,
  ofAtom,
  plus,
  times,
  type Variable,
  variable,
} from "../index-math.ts";
import { rowMajor, stridesFor } from "../order.ts";
import type { Buffer, LoweredCall, LoweringContext } from "../plan.ts";
import { ScalarBody } from "../scalar-body.ts";
import { coordinates, type Dim, splitDims } from "./domain.ts";
import { Emitter } from "./emitter.ts";
import { chunkCount, chunkLocal, KernelBuffers, lanesFor } from "./kernel-frame.ts";
import { reachBuffers } from "./map.ts";
import { lowerTurned } from "./turned.ts";
import type { WalkBody } from "./walk.ts";

export interface PackPlan {
  readonly operand: Node;
  readonly target: Buffer;
  readonly batch: number;
  readonly columns: number;
  readonly width: number;
  /** Sizes of the summed loop dimensions, slowest first. */
  readonly summed: readonly number[];
  /** Coordinates of the operand for a batch element, column and position along each summed dimension. */
  at(batch: Index, column: Index, summed: readonly Index[]): readonly Index[];
}

export function lowerPack(plan: PackPlan, context: LoweringContext): LoweredCall {
  const turned = lowerTurnedPack(plan, context);
  if (turned !== null) return turned;
  const { batch, columns, width, target } = plan;
  const summed = sizeOf(plan.summed);
  const panels = Math.ceil(columns / width);
  const used = new Map<number, Buffer>([[target.id, target]]);
  const body: ScalarBody = new ScalarBody(reachBuffers(() => body, context, new Set(), used));
  const b = variable("b", batch);
  const panel = variable("panel", panels);
  const k = variable("k", summed);
  const j = variable("j", width);
  const column = clampedColumn(panel, j, columns, width);
  const guards = columns % width === 0 ? [] : [{ index: column, low: 0, high: columns }];
  const inner = body.evaluate(
    plan.operand,
    plan.at(ofAtom(b), column, delinearize(ofAtom(k), plan.summed)),
    guards,
  );
  const value =
    guards.length === 0 ? inner : body.select(body.inside(guards), inner, body.const(0, inner.type));
  const index = linearize([ofAtom(b), ofAtom(panel), ofAtom(k), ofAtom(j)], strides(panels, summed, width));
  const kernel = new KernelBuffers(used);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(body, kernel, locals);
  const lanes = width % context.target.lanes === 0 ? lanesFor(body.all, context.target.lanes) : 1;
  const units = batch * panels;
  const cuts = Math.max(1, Math.min(summed, Math.ceil(chunkCount(units * summed * width) / units)));
  const size = Math.ceil(summed / cuts);
  const blocks = Math.ceil(summed / size);
  const unit = binary("idiv", use(chunk), int(blocks));
  emitter.bind("b", emitter.define("b", binary("idiv", unit, int(panels))));
  emitter.bind("panel", emitter.define("panel", binary("mod", unit, int(panels))));
  const from = emitter.define("from", mul(binary("mod", use(chunk), int(blocks)), int(size)));
  const to = emitter.define("to", binary("min", add(from, int(size)), int(summed)));
  emitter.loop("k", from, to, 1, () => {
    emitter.vectorized({ variable: "j", lanes }, () => {
      for (let at = 0; at < width; at += lanes) {
        const statements = emitter.block(() => {
          emitter.bind("j", int(0), at);
          emitter.store(target.id, index, emitter.value(value));
        });
        for (const s of statements) emitter.push(s);
      }
    });
  });
  return kernel.finish("pack", units * blocks, chunk, emitter.finish(), 0);
}

/** The same where the operand lies along the sum: turned in blocks. */
function lowerTurnedPack(plan: PackPlan, context: LoweringContext): LoweredCall | null {
  const { batch, columns, width, summed, target } = plan;
  if (columns % width !== 0) return null;
  const shape = [batch, columns / width, ...summed, width];
  const size = stridesFor(shape, rowMajor(shape.length));
  const evaluate = (dims: readonly Dim[]): WalkBody => {
    const buffers = new Map<number, Buffer>([[target.id, target]]);
    const body: ScalarBody = new ScalarBody(reachBuffers(() => body, context, new Set(), buffers));
    const at = coordinates(dims, shape);
    const [b, panel] = at as [Index, Index];
    const column = plus(times(panel, width), at[at.length - 1] as Index);
    const value = body.evaluate(plan.operand, plan.at(b, column, at.slice(2, -1)));
    return { body, stores: [{ value, buffer: target, index: linearize(at, size) }], buffers };
  };
  const usual = splitDims(shape, rowMajor(shape.length));
  const walk = { name: "pack", shape, usual, inUsual: evaluate(usual), evaluate };
  const call = lowerTurned(walk, context.target.lanes);
  return call === null ? null : { ...call, kernel: { ...call.kernel, flops: 0 } };
}

function clampedColumn(panel: Variable, j: Variable, columns: number, width: number): Index {
  // With a single panel the bounds of j alone say whether a column exists, which keeps the index linear.
  return panel.max === 0 && columns >= width ? ofAtom(j) : plus(times(ofAtom(panel), width), ofAtom(j));
}

function strides(panels: number, summed: number, width: number): number[] {
  return [panels * summed * width, summed * width, width, 1];
}
