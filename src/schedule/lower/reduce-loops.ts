/**
 * The loops of one reduce kernel: parts and kept points outside, reduced loops inside, accumulators in registers.
 */

import type { ReduceFn } from "../../base/scalar.ts";
import {
  add,
  binary,
  cast,
  compare,
  constant,
  extract,
  fma,
  int,
  iota,
  mul,
  select,
  set,
  splat,
  use,
} from "../../kernel/build.ts";
import type { Expr, Local, ValueType } from "../../kernel/ir.ts";
import { neutralOf } from "../conditional.ts";
import type { Variable } from "../index-math.ts";
import { ofAtom } from "../index-math.ts";
import type { Buffer } from "../plan.ts";
import { isUniform, type Scalar, type ScalarBody } from "../scalar-body.ts";
import type { Dim } from "./domain.ts";
import type { Emitter } from "./emitter.ts";
import type { BodyStore } from "./walk.ts";
import { emitWindow } from "./windows.ts";

/** One reduction inside a kernel: what it reads, how it combines, and the position it reports for arg reductions. */
export interface Reduction {
  readonly fn: ReduceFn;
  readonly type: ValueType;
  readonly value: Scalar;
  readonly position: Scalar | null;
}

/** A kernel of reductions: loops, what is reduced, and what is stored for each kept point. */
export interface ReduceKernel {
  readonly body: ScalarBody;
  readonly dims: readonly Dim[];
  /** Those of the loops that go over a window whose elements share what they read. */
  readonly window: readonly Dim[];
  readonly reductions: readonly Reduction[];
  readonly stores: readonly BodyStore[];
  readonly buffers: ReadonlyMap<number, Buffer>;
  /** Cuts the outermost reduced loop into parts of `size`, numbered by the variable. */
  readonly part: { readonly variable: Variable; readonly count: number; readonly size: number } | null;
}
/** Vectors accumulated side by side along a kept innermost axis. */
const accumulatorVectors = 4;
/** Accumulators that stay in registers beside what is computed, where there are 16 or 32 of them. */
const accumulatorsHeld = { of16: 8, of32: 24 };
/** Sums are cut into runs of this many terms that are added up first: the rounding error grows with the run. */
const runLength = 64;
interface LoopState {
  readonly kernel: ReduceKernel;
  readonly emitter: Emitter;
  readonly chunk: Local;
  readonly kept: readonly Dim[];
  readonly reduced: readonly Dim[];
  /** Reduced loops inside those, of which each step is code of its own. */
  readonly window: readonly Dim[];
  readonly lanes: number;
  /** The kept dimension that vectors run along, or null where they run along the innermost reduced one. */
  readonly along: Dim | null;
}

/** Adds what a loop body makes at some points to accumulators, given as [point][reduction][value, position]. */
type Accumulating = (accumulators: readonly Local[][][], points: readonly number[]) => void;

/** A loop from `start` to `end`, at most `extent` long, in steps of `step`. */
interface SumRange {
  readonly name: string;
  readonly start: Expr;
  readonly end: Expr;
  readonly extent: number;
  readonly step: number;
  /** How many points one innermost loop serves. */
  readonly together: number;
}

/** Emits the loops of one reduce kernel: parts and kept points outside, reduced loops inside. */
export class ReduceLoops {
  readonly #s: LoopState;

  constructor(state: LoopState) {
    this.#s = state;
  }

  /** @returns the number of chunks. */
  emit(wanted: number): number {
    const { kernel, emitter, chunk, kept, along } = this.#s;
    const parts = kernel.part?.count ?? 1;
    const around = along === null ? kept : kept.slice(0, -1);
    const points = around.reduce((p, d) => p * d.extent, 1);
    const tile = along === null ? 1 : Math.min(along.extent, this.#tileSize(along, points * parts, wanted));
    const tiles = along === null ? 1 : Math.ceil(along.extent / tile);
    // The last of the loops around as a loop, where the others make chunks enough: its places need not be worked out.
    const last = tiles === 1 ? around[around.length - 1] : undefined;
    const row = last !== undefined && (points / last.extent) * parts >= wanted ? last : null;
    const outer = row === null ? around : around.slice(0, -1);
    const units = (points / (row?.extent ?? 1)) * tiles;
    const perChunk = Math.ceil(units / Math.max(1, Math.min(units, Math.ceil(wanted / parts))));
    const blocks = Math.ceil(units / perChunk);
    let block: Expr = use(chunk);
    if (kernel.part !== null) {
      emitter.bind("part", emitter.define("part", binary("idiv", use(chunk), int(blocks))));
      block = binary("mod", use(chunk), int(blocks));
    }
    const start = emitter.define("start", mul(block, int(perChunk)));
    const end = emitter.define("end", binary("min", add(start, int(perChunk)), int(units)));
    emitter.loop("unit", start, end, 1, (unit) => {
      let rest: Expr = use(unit);
      const tileIndex = tiles === 1 ? int(0) : binary("mod", rest, int(tiles));
      if (tiles > 1) rest = binary("idiv", rest, int(tiles));
      for (let i = outer.length - 1; i >= 0; i--) {
        const dim = outer[i] as Dim;
        const value = i === 0 ? rest : binary("mod", rest, int(dim.extent));
        emitter.bind(dim.variable.name, emitter.define(dim.variable.name, value));
        rest = i === 0 ? rest : binary("idiv", rest, int(dim.extent));
      }
      const reduce = (): void =>
        along === null ? this.#rowPoint() : this.#columnTile(along, tileIndex, tile);
      if (row === null) reduce();
      else emitter.loop(row.variable.name, int(0), int(row.extent), 1, reduce);
    });
    return blocks * parts;
  }

  #tileSize(along: Dim, others: number, wanted: number): number {
    const { lanes } = this.#s;
    const full = accumulatorVectors * lanes;
    // Parts of a sum are chunks enough; neighbouring tiles would fetch each other's cache lines again.
    if (this.#s.kernel.part !== null) return full;
    const enough = Math.ceil(along.extent / Math.max(1, Math.ceil(wanted / others)));
    return Math.max(lanes, Math.min(full, Math.ceil(enough / lanes) * lanes));
  }

  /** Vectors along a kept axis: a tile of accumulators walks over all that is reduced. */
  #columnTile(along: Dim, tileIndex: Expr, tile: number): void {
    const { emitter, lanes } = this.#s;
    const { name } = along.variable;
    const start = emitter.define("tile", mul(tileIndex, int(tile)));
    const remainder = along.extent % tile;
    const run = (width: number): void => {
      const whole = Math.floor(width / lanes);
      const offsets = Array.from({ length: whole }, (_, i) => i * lanes);
      if (whole > 0) {
        emitter.vectorized({ variable: name, lanes }, () => this.#points(name, start, offsets, lanes));
      }
      const active = width - whole * lanes;
      if (active > 0) {
        emitter.vectorized({ variable: name, lanes, active }, () =>
          this.#points(name, start, [whole * lanes], lanes),
        );
      }
    };
    if (remainder === 0) {
      run(tile);
      return;
    }
    const isLast = compare("eq", tileIndex, int(Math.floor(along.extent / tile)));
    const last = emitter.block(() => run(remainder));
    const full = along.extent > tile ? emitter.block(() => run(tile)) : [];
    if (full.length === 0) for (const s of last) emitter.push(s);
    else emitter.push({ kind: "if", condition: isLast, then: last, otherwise: full });
  }

  /** Reduces the points `start + offset` of the vector axis side by side. */
  #points(name: string, start: Expr, offsets: readonly number[], width: number): void {
    const { emitter, reduced, window } = this.#s;
    const accumulators = offsets.map(() => this.#accumulators(width));
    const each = (i: number, body: () => void): void => {
      const statements = emitter.block(() => {
        emitter.bind(name, start, offsets[i] as number);
        body();
      });
      for (const s of statements) emitter.push(s);
    };
    this.#where(() =>
      this.#reducedLoops(reduced, accumulators, width, (acc, points) => {
        for (const i of points)
          each(i, () => emitWindow(emitter, window, () => this.#accumulate(acc[i] as Local[][], width)));
      }),
    );
    accumulators.forEach((list, i) => {
      each(i, () => this.#finish(list.map((a) => a.map(use))));
    });
  }

  /**
   * One kept point; vectors run along the innermost reduced loop where there is one long enough. Of the last vector in a row,
   * lanes that are beyond it change nothing.
   */
  #rowPoint(): void {
    const { emitter, reduced, lanes } = this.#s;
    const inner = reduced[reduced.length - 1];
    const wide = inner !== undefined && lanes > 1 && inner.extent >= lanes;
    if (wide) {
      const rest = inner.extent % lanes;
      const whole = inner.extent - rest;
      const vectors = this.#accumulators(lanes);
      const along = (limit: number, active?: number): void =>
        emitter.vectorized({ variable: inner.variable.name, lanes, ...(active && { active }) }, () =>
          this.#reducedLoops(
            reduced,
            [vectors],
            lanes,
            ([list]) => this.#accumulate(list as Local[][], lanes, active),
            limit,
          ),
        );
      this.#where(() => {
        along(whole);
        if (rest > 0) along(-whole, rest);
      });
      this.#finish(vectors.map((list, i) => list.map((v) => this.#horizontal(i, v))));
    } else {
      const scalars = this.#accumulators(1);
      this.#where(() =>
        this.#reducedLoops(reduced, [scalars], 1, ([list]) => this.#accumulate(list as Local[][], 1)),
      );
      this.#finish(scalars.map((list) => list.map(use)));
    }
  }

  /** Makes the loops run only where one of the conditions holds without which all reductions stay empty. */
  #where(loops: () => void): void {
    const { emitter } = this.#s;
    const condition = this.#condition();
    if (condition === null) loops();
    else emitter.push({ kind: "if", condition, then: emitter.block(loops), otherwise: [] });
  }

  #condition(): Expr | null {
    const { emitter, kernel } = this.#s;
    const conditions = new Set<Scalar>();
    for (const { fn, type, value } of kernel.reductions) {
      if (value.kind !== "select") return null;
      const [condition, , otherwise] = value.args;
      if (otherwise.kind !== "const" || otherwise.value !== neutralOf(fn, type)) return null;
      if (!isUniform(condition, new Set())) return null;
      conditions.add(condition);
    }
    return [...conditions].map((c) => emitter.value(c)).reduce((any, c) => binary("or", any, c));
  }

  /** The lanes of a vector accumulator combined as a tree. */
  #horizontal(reduction: number, vector: Local): Expr {
    const { fn } = this.#s.kernel.reductions[reduction] as Reduction;
    let level: Expr[] = Array.from({ length: vector.lanes }, (_, l) => extract(use(vector), l));
    while (level.length > 1) {
      const half = level.length / 2;
      level = Array.from({ length: half }, (_, i) => combine(fn, level[i] as Expr, level[i + half] as Expr));
    }
    return level[0] as Expr;
  }

  /** Registers of all reductions. What the search for a position finds is the extreme itself: it takes no other. */
  #accumulators(lanes: number): Local[][] {
    const { reductions } = this.#s.kernel;
    const searches = reductions.map((r) => reductions.findIndex((other) => finds(other, r)));
    const own = reductions.map((r, i) => (searches[i] === -1 ? this.#accumulator(r, lanes) : []));
    return own.map((list, i) => (searches[i] === -1 ? list : [own[searches[i] as number]?.[0] as Local]));
  }

  /** Registers of a reduction, at its neutral element: one value, or value and position. */
  #accumulator(r: Reduction, lanes: number): Local[] {
    const { emitter } = this.#s;
    const value = emitter.locals.variable("acc", r.type, lanes);
    emitter.push({ kind: "let", local: value, value: constant(neutralOf(r.fn, r.type), r.type, lanes) });
    if (r.position === null) return [value];
    const position = emitter.locals.variable("at", "i32", lanes);
    emitter.push({ kind: "let", local: position, value: constant(0, "i32", lanes) });
    return [value, position];
  }

  /**
   * The reduced loops around `body`. A long innermost loop of sums is cut into runs with accumulators of their own.
   * `limit` > 0 ends the innermost loop there, < 0 starts it there.
   */
  #reducedLoops(
    dims: readonly Dim[],
    accumulators: readonly Local[][][],
    width: number,
    body: Accumulating,
    limit = 0,
  ): void {
    const dim = dims[0];
    const { emitter, kernel, along } = this.#s;
    if (dim === undefined) {
      body(accumulators, [...accumulators.keys()]);
      return;
    }
    const { name } = dim.variable;
    const inner = dims.length === 1;
    let start: Expr = int(0);
    let end: Expr = int(dim.extent);
    let extent = dim.extent;
    if (kernel.part !== null && dim === this.#s.reduced[0]) {
      const { size } = kernel.part;
      start = emitter.define("from", mul(this.#partValue(), int(size)));
      end = emitter.define("to", binary("min", add(start, int(size)), int(dim.extent)));
      extent = size;
    }
    if (inner && limit > 0) end = extent < dim.extent ? binary("min", end, int(limit)) : int(limit);
    if (inner && limit < 0) start = extent < dim.extent ? binary("max", start, int(-limit)) : int(-limit);
    const step = inner && along === null && width > 1 ? width : 1;
    const range = { name, start, end, extent: limit < 0 ? 0 : extent, step };
    const together = inner ? this.#together(accumulators.length) : accumulators.length;
    this.#runs({ ...range, together }, accumulators, width, (acc, points) => {
      if (inner) body(acc, points);
      else this.#inRun(dims.slice(1), acc, width, body, limit);
    });
  }

  /** As many points as have their accumulators in registers at once: another loop over what the cache holds costs less. */
  #together(points: number): number {
    const { kernel, lanes } = this.#s;
    const held = lanes >= 16 ? accumulatorsHeld.of32 : accumulatorsHeld.of16;
    return Math.max(1, Math.min(points, Math.floor(held / kernel.reductions.length)));
  }

  /**
   * A loop whose sums are added up in runs, and runs of runs: each term goes through as many roundings as there are
   * levels times the length of a run, not as many as there are terms.
   */
  #runs(range: SumRange, accumulators: readonly Local[][][], width: number, body: Accumulating): void {
    const { emitter } = this.#s;
    const { name, start, end, extent, step, together } = range;
    if (extent <= runLength * step) {
      const points = [...accumulators.keys()];
      for (let i = 0; i < points.length; i += together) {
        emitter.loop(name, start, end, step, () => body(accumulators, points.slice(i, i + together)));
      }
      return;
    }
    let unit = runLength * step;
    while (unit * runLength < extent) unit *= runLength;
    emitter.loop(`${name}run${unit}`, start, end, unit, (run) => {
      const stop = emitter.define("stop", binary("min", add(use(run), int(unit)), end));
      this.#withRun(accumulators, width, (fresh) =>
        this.#runs({ ...range, start: use(run), end: stop, extent: unit }, fresh, width, body),
      );
    });
  }

  #partValue(): Expr {
    return this.#s.emitter.address(ofAtom((this.#s.kernel.part as { variable: Variable }).variable));
  }

  /** Inner loops of a nest sum into accumulators of their own, which are then added to the outer ones. */
  #inRun(
    dims: readonly Dim[],
    accumulators: readonly Local[][][],
    width: number,
    body: Accumulating,
    limit: number,
  ): void {
    const length = dims.reduce((p, d) => p * d.extent, 1);
    if (length < 16) this.#reducedLoops(dims, accumulators, width, body, limit);
    else this.#withRun(accumulators, width, (fresh) => this.#reducedLoops(dims, fresh, width, body, limit));
  }

  #withRun(
    accumulators: readonly Local[][][],
    width: number,
    body: (accumulators: readonly Local[][][]) => void,
  ): void {
    const { emitter, kernel } = this.#s;
    if (!kernel.reductions.some(rounds)) {
      body(accumulators);
      return;
    }
    const fresh = accumulators.map((list) =>
      kernel.reductions.map((r, j) => (rounds(r) ? this.#accumulator(r, width) : (list[j] as Local[]))),
    );
    body(fresh);
    accumulators.forEach((list, i) => {
      list.forEach(([acc], j) => {
        const part = fresh[i]?.[j]?.[0] as Local;
        if (part !== acc) emitter.push(set(acc as Local, binary("add", use(acc as Local), use(part))));
      });
    });
  }

  /** Combines the value at the present point into the accumulators, or into their first lanes only. */
  #accumulate(list: readonly Local[][], width: number, active?: number): void {
    const { emitter, kernel } = this.#s;
    const lanes = active === undefined ? null : compare("lt", iota(width), constant(active, "i32", width));
    const inside = lanes === null ? null : emitter.define("inside", lanes);
    const change = (acc: Local, value: Expr): void =>
      emitter.push(set(acc, inside === null ? value : select(inside, value, use(acc))));
    kernel.reductions.forEach((r, i) => {
      const [acc, at] = list[i] as [Local, Local?];
      if (kernel.reductions.some((other) => finds(other, r))) return;
      if (r.fn === "sum" && r.type === "f32" && r.value.kind === "binary" && r.value.fn === "mul") {
        // A product that is summed is half of a multiply-add, also where it is computed for something else.
        const [x, y] = r.value.args.map((arg) => splat(emitter.value(arg), width)) as [Expr, Expr];
        change(acc, fma(x, y, use(acc)));
        return;
      }
      const value = splat(this.#term(r), width);
      if (r.position === null || at === undefined) {
        change(acc, combine(r.fn, use(acc), value));
        return;
      }
      const held = value.kind === "local" ? value : emitter.define("x", value);
      const wins = emitter.define("wins", argWins(r.fn, held, use(acc)));
      emitter.push(set(at, select(wins, splat(emitter.value(r.position), width), use(at))));
      emitter.push(set(acc, select(wins, held, use(acc))));
    });
  }

  /** What is combined. A condition that is counted stands in the sum itself: renderers then count masks. */
  #term({ fn, type, value }: Reduction): Expr {
    const { emitter } = this.#s;
    const counts = fn === "sum" && type === "i32" && value.kind === "cast" && value.args[0].type === "bool";
    return counts ? cast(emitter.value(value.args[0]), "i32") : emitter.value(value);
  }

  /** Stores what is made of the finished reductions at the kept point. */
  #finish(results: readonly Expr[][]): void {
    const { emitter, kernel } = this.#s;
    results.forEach((list, i) => {
      const r = kernel.reductions[i] as Reduction;
      const value = (r.position === null ? list[0] : list[1]) as Expr;
      emitter.fill(i, value.kind === "local" ? value : emitter.define("result", value));
    });
    const values = kernel.stores.map((s) => emitter.value(s.value));
    kernel.stores.forEach((s, i) => {
      emitter.store(s.buffer.id, s.index, values[i] as Expr);
    });
  }
}

/** Whether the order of terms changes the result: such sums are added up in runs. */
function rounds({ fn, type }: Reduction): boolean {
  return fn === "sum" && type !== "i32";
}

/** Whether the search for a position comes upon what another reduction is after. */
function finds(search: Reduction, { fn, value, position }: Reduction): boolean {
  return position === null && search.position !== null && search.fn === `arg${fn}` && search.value === value;
}

/** Whether a value replaces the best one so far: strictly better, or the first NaN. */
function argWins(fn: ReduceFn, value: Expr, best: Expr): Expr {
  const notWorse = fn === "argmax" ? compare("le", value, best) : compare("le", best, value);
  const better = { kind: "unary", type: "bool", lanes: value.lanes, fn: "not", a: notWorse } as const;
  return value.type === "i32" ? better : binary("and", better, compare("eq", best, best));
}

function combine(fn: ReduceFn, a: Expr, b: Expr): Expr {
  switch (fn) {
    case "sum":
      return binary("add", a, b);
    case "prod":
      return binary("mul", a, b);
    case "max":
      return binary("max", a, b);
    case "min":
      return binary("min", a, b);
    // Chosen so that NaN in `b` changes nothing; `a` is what has been found so far.
    case "fmax":
      return select(compare("lt", a, b), b, a);
    case "fmin":
      return select(compare("lt", b, a), b, a);
    default:
      throw new Error(`schedule: ${fn} is not combined value by value`);
  }
}
