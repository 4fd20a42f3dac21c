/**
 * Turns scalar bodies into kernel IR inside a nest of loops. A value is computed at the outermost loop where
 * everything it depends on is known, once, and shared; along the vector variable values are vectors, everything
 * else stays scalar until it meets one.
 */

import {
  add,
  binary,
  bitcast,
  cast,
  compare,
  constant,
  define,
  extract,
  int,
  iota,
  Locals,
  load,
  loop,
  mul,
  pack,
  select,
  splat,
  store,
  unary,
  use,
} from "../../kernel/build.ts";
import type { Expr, Local, Stmt } from "../../kernel/ir.ts";
import { type Atom, factorOf, type Index, keyOfTerms, occursInside, type Term } from "../index-math.ts";
import { type Guard, type LoadScalar, operandsOf, type Scalar, type ScalarBody } from "../scalar-body.ts";
import { isCheap, orFirst } from "./expressions.ts";
import type { KernelBuffers } from "./kernel-frame.ts";
import { KnownGuards } from "./known-guards.ts";
import { type Binding, type Level, restore, scalarMode, type VectorMode } from "./levels.ts";
import { philoxWords } from "./philox-words.ts";
import { is32Bit } from "./strided.ts";
import { liesAlong, type Turn, transpose } from "./transpose.ts";
import { readVector, readWhereInside, spanOf } from "./vector-load.ts";

export class Emitter {
  readonly locals: Locals;
  readonly #body: ScalarBody;
  readonly buffers: KernelBuffers;
  readonly #levels: Level[] = [{ statements: [], known: new Map(), values: new Map() }];
  readonly #bindings = new Map<string, Binding>();
  readonly #holes = new Map<number, { expr: Expr; level: number }>();
  readonly #dependencies = new Map<number, number>();
  #vector: VectorMode = scalarMode;
  readonly #guards = new KnownGuards();

  constructor(body: ScalarBody, buffers: KernelBuffers, locals: Locals = new Locals()) {
    this.#body = body;
    this.buffers = buffers;
    this.locals = locals;
  }

  get depth(): number {
    return this.#levels.length - 1;
  }

  /** Binds a loop variable to a register plus a constant, from the present level inwards. */
  bind(name: string, base: Expr | null, offset = 0): void {
    this.#bindings.set(name, { base, offset, level: this.depth });
    this.#dependencies.clear();
  }

  /** Takes a loop variable to lie at `from` and up to, not including, `to`, from the present level inwards. */
  within(name: string, from: number, to: number): void {
    this.#guards.bounds.set(name, { from, to, level: this.depth });
    this.#dependencies.clear();
  }

  /** Where a loop is to be cut so that each guard holds or fails throughout a piece; its ends included. */
  cuts(name: string, extent: number): readonly number[] {
    return this.#guards.cuts(name, extent, this.#body.all);
  }

  /** Gives the value that a hole stands for, from the present level inwards. */
  fill(hole: number, expr: Expr): void {
    this.#holes.set(hole, { expr, level: this.depth });
    this.#dependencies.clear();
    this.forget();
  }

  /** Forgets values of the present level, after a hole or binding has changed there. */
  forget(): void {
    const level = this.#top();
    level.values.clear();
    level.known.clear();
  }

  #top(): Level {
    return this.#levels[this.depth] as Level;
  }

  push(statement: Stmt): void {
    this.#top().statements.push(statement);
  }

  /** Puts a value in a register at the present level. */
  define(name: string, value: Expr): Expr {
    const local = this.locals.local(name, value.type, value.lanes);
    this.push(define(local, value));
    return use(local);
  }

  /** Opens a block, runs `fill`, and gives the statements made inside. Values made inside stay inside. */
  block(fill: () => void): Stmt[] {
    const level: Level = { statements: [], known: new Map(), values: new Map() };
    this.#levels.push(level);
    const bindings = new Map(this.#bindings);
    const holes = new Map(this.#holes);
    const bounds = new Map(this.#guards.bounds);
    this.#dependencies.clear();
    fill();
    this.#levels.pop();
    restore(this.#bindings, bindings);
    restore(this.#holes, holes);
    restore(this.#guards.bounds, bounds);
    this.#dependencies.clear();
    return level.statements;
  }

  /** A loop over a named variable; `body` runs once, with the variable bound. */
  loop(name: string, start: Expr, end: Expr, step: number, body: (variable: Local) => void): void {
    const local = this.locals.local(name, "i32");
    const statements = this.block(() => {
      this.bind(name, use(local));
      body(local);
    });
    this.push(loop(local, start, end, step, statements));
  }

  /** Runs `body` with values along a variable as vectors. */
  vectorized(mode: VectorMode, body: () => void): void {
    const before = this.#vector;
    this.#vector = mode;
    this.#dependencies.clear();
    body();
    this.#vector = before;
    this.#dependencies.clear();
  }

  /** Runs `body` for `count` steps of a variable, from `base` (null: from 0) on, each as code of its own. */
  unrolled(name: string, base: Expr | null, count: number, body: (step: number) => void): void {
    for (let step = 0; step < count; step++) {
      const statements = this.block(() => {
        this.bind(name, base, step);
        body(step);
      });
      for (const s of statements) this.push(s);
    }
  }

  /**
   * Runs `body` for as many steps of a variable as a vector has lanes, from `base` on. What lies along this variable, and
   * across the one of the vectors, is read by vectors for all steps at once and turned in registers. Guards on the
   * variable are taken to hold.
   *
   * @param inside the depth of a block around this one in which all other guards hold too; null where they may not
   */
  turned(name: string, base: Expr, inside: number | null, body: () => void): void {
    const turn: Turn = { name, base, level: this.depth, vectors: new Map(), inside, step: 0 };
    this.#guards.turn = turn;
    this.unrolled(name, base, this.#vector.lanes, (step) => {
      turn.step = step;
      body();
    });
    this.#guards.turn = null;
    this.#dependencies.clear();
  }

  finish(): Stmt[] {
    return this.#top().statements;
  }

  /** The level at which a scalar is known. */
  levelOf(s: Scalar): number {
    const known = this.#dependencies.get(s.id);
    if (known !== undefined) return known;
    let level = 0;
    for (const o of operandsOf(s)) level = Math.max(level, this.levelOf(o));
    if (s.kind === "index") level = this.#indexLevel(s.index);
    else if (s.kind === "inside") level = this.#guardLevel(s.guards);
    else if (s.kind === "load") level = Math.max(this.#indexLevel(s.index), this.#guardLevel(s.guards));
    else if (s.kind === "hole") level = this.#hole(s.hole).level;
    this.#dependencies.set(s.id, level);
    return level;
  }

  #hole(hole: number): { expr: Expr; level: number } {
    const value = this.#holes.get(hole);
    if (value === undefined) throw new Error(`schedule: hole ${hole} is used before it has a value`);
    return value;
  }

  /** What is known because guards hold is known no further out than they do. */
  #guardLevel(guards: readonly Guard[]): number {
    return guards.reduce(
      (level, g) => Math.max(level, this.#guards.of(g)?.level ?? this.#indexLevel(g.index)),
      0,
    );
  }

  /** Whether guards hold. */
  holds(guards: readonly Guard[]): Expr {
    return this.value(this.#body.inside(guards));
  }

  #indexLevel(index: Index): number {
    return index.terms.reduce((level, t) => Math.max(level, this.#atomLevel(t.atom)), 0);
  }

  #atomLevel(atom: Atom): number {
    switch (atom.kind) {
      case "var":
        return this.#binding(atom.name).level;
      case "data":
        return this.levelOf(this.#body.all[atom.id] as Scalar);
      default:
        return this.#indexLevel(atom.arg);
    }
  }

  #binding(name: string): Binding {
    const binding = this.#bindings.get(name);
    if (binding === undefined) throw new Error(`schedule: variable ${name} is not bound`);
    return binding;
  }

  /** The value of a scalar in a register (or a constant). */
  value(s: Scalar): Expr {
    const level = this.#levels[this.levelOf(s)] as Level;
    const known = level.values.get(s.id);
    if (known !== undefined) return known;
    const computed = this.#compute(s);
    const expr = isCheap(computed) ? computed : this.#keep(level, shortName(s), computed);
    level.values.set(s.id, expr);
    return expr;
  }

  #keep(level: Level, name: string, value: Expr): Expr {
    const local = this.locals.local(name, value.type, value.lanes);
    level.statements.push(define(local, value));
    return use(local);
  }

  #compute(s: Scalar): Expr {
    switch (s.kind) {
      case "const":
        return constant(s.value, s.type);
      case "hole":
        return this.#hole(s.hole).expr;
      case "index":
        return this.#indexValue(s.index);
      case "inside":
        return this.#inside(s.guards);
      case "load":
        return this.#load(s);
      case "unary":
        return unary(s.fn, this.value(s.args[0]));
      case "binary":
        return binary(s.fn, this.value(s.args[0]), this.value(s.args[1]));
      case "compare":
        return compare(s.fn, this.value(s.args[0]), this.value(s.args[1]));
      case "select":
        return this.#select(s.args);
      case "cast":
        return cast(this.value(s.args[0]), s.type);
      case "bitcast":
        return bitcast(this.value(s.args[0]), s.type as "f32" | "i32");
      case "philox":
        return this.#philox(s);
    }
  }

  /** A choice that is known computes nothing of what is not chosen. */
  #select([condition, a, b]: readonly [Scalar, Scalar, Scalar]): Expr {
    const chosen = this.value(condition);
    if (chosen.kind === "const") return this.value(chosen.value === 0 ? b : a);
    return select(chosen, this.value(a), this.value(b));
  }

  #philox(s: Extract<Scalar, { kind: "philox" }>): Expr {
    const level = this.#levels[this.levelOf(s)] as Level;
    const keyOf = (word: number): string => `p${word}(${s.args.map((a) => a.id).join(",")}`;
    const known = level.known.get(keyOf(s.word));
    if (known !== undefined) return known;
    const words = philoxWords(
      s.args.map((a) => this.value(a)),
      (e, name) => this.#keep(level, name, e),
    );
    // The other words of the same counter may be asked for too: remember all four.
    for (let word = 0; word < 4; word++) level.known.set(keyOf(word), words[word] as Expr);
    return words[s.word] as Expr;
  }

  #isVector(index: Index): boolean {
    if (this.#vector.lanes === 1) return false;
    return index.terms.some((t) => this.#atomIsVector(t.atom));
  }

  #atomIsVector(atom: Atom): boolean {
    switch (atom.kind) {
      case "var":
        return atom.name === this.#vector.variable;
      case "data":
        return this.value(this.#body.all[atom.id] as Scalar).lanes > 1;
      default:
        return atom.arg.terms.some((t) => this.#atomIsVector(t.atom));
    }
  }

  /** The factor of the vector variable where the index is linear in it, else null. */
  #vectorFactor(index: Index): number | null {
    const { variable } = this.#vector;
    if (occursInside(index, variable)) return null;
    const irregular = index.terms.some(({ atom }) => atom.kind !== "var" && this.#atomIsVector(atom));
    return irregular ? null : factorOf(index, variable);
  }

  #indexValue(index: Index): Expr {
    if (!this.#isVector(index)) return this.address(index);
    const factor = this.#vectorFactor(index);
    const { lanes } = this.#vector;
    if (factor === null) return pack(Array.from({ length: lanes }, (_, l) => this.address(index, l)));
    return add(splat(this.address(index), lanes), mul(iota(lanes), constant(factor, "i32", lanes)));
  }

  #inside(guards: readonly Guard[]): Expr {
    if (this.#guards.fails(guards)) return constant(0, "bool");
    let all: Expr | null = null;
    for (const g of this.#guards.open(guards)) {
      const at = this.#indexValue(g.index);
      for (const test of [compare("le", int(g.low), at), compare("lt", at, int(g.high))]) {
        all = all === null ? test : binary("and", all, test);
      }
    }
    return all ?? constant(1, "bool");
  }

  #load(s: LoadScalar): Expr {
    const buffer = this.buffers.use(s.buffer, "read");
    const { terms, offset } = s.index;
    // One element that is there can be read whatever the guards say: who asks for it chooses by them.
    if (terms.length === 0 && offset >= 0 && offset < this.buffers.sizeOf(s.buffer)) {
      return load(buffer, s.dtype, int(offset));
    }
    const guards = this.#guards.open(s.guards);
    const vector = this.#isVector(s.index) || guards.some((g) => this.#isVector(g.index));
    const condition = guards.length === 0 ? null : this.holds(guards);
    if (!vector) return load(buffer, s.dtype, orFirst(this.address(s.index), condition));
    const atOnce = this.#wholeVector(s, buffer, condition) ?? this.#turnedLoad(s, buffer, condition);
    if (atOnce !== null) return atOnce;
    const zero = constant(0, s.type);
    const lane = (l: number): Expr => (l < this.#active ? this.#loadLane(s, buffer, condition, l) : zero);
    return pack(Array.from({ length: this.#vector.lanes }, (_, l) => lane(l)));
  }

  /** A vector of elements that lie evenly apart; null where it has to be read lane by lane. */
  #wholeVector(s: LoadScalar, buffer: number, condition: Expr | null): Expr | null {
    const stride = this.#vectorFactor(s.index);
    if (stride === null) return null;
    const elements = { buffer, dtype: s.dtype, stride, lanes: this.#vector.lanes, active: this.#active };
    const [span, size] = [spanOf(elements), this.buffers.sizeOf(s.buffer)];
    if (span === null || size < span) return null;
    const level = this.#levels[this.levelOf(s)] as Level;
    const keep = (e: Expr): Expr => (isCheap(e) ? e : this.#keep(level, "row", e));
    const at = this.address(s.index);
    if (condition === null || condition.lanes === 1)
      return readVector({ ...elements, at: orFirst(at, condition) }, keep);
    const { statements, value } = readWhereInside(
      { ...elements, at: keep(at) },
      condition,
      size,
      this.locals,
    );
    level.statements.push(...statements);
    return value;
  }

  /** The vector for the present step of what lies along the steps; null where a load does not. */
  #turnedLoad(s: LoadScalar, buffer: number, condition: Expr | null): Expr | null {
    const { turn } = this.#guards;
    const { lanes, variable } = this.#vector;
    if (turn === null || !liesAlong(s, turn.name, variable)) return null;
    if ((condition?.lanes ?? 1) > 1 || this.buffers.sizeOf(s.buffer) < lanes) return null;
    const known = turn.vectors.get(s.id);
    if (known !== undefined) return known[turn.step] as Expr;
    const step = this.#bindings.get(turn.name) as Binding;
    this.#bindings.set(turn.name, { base: turn.base, offset: 0, level: turn.level });
    this.#dependencies.clear();
    let vectors: readonly Expr[] | null = null;
    if (Math.max(this.#indexLevel(s.index), this.#guardLevel(s.guards)) <= turn.level) {
      const level = this.#levels[turn.level] as Level;
      const rows = Array.from({ length: lanes }, (_, l) => {
        const at = orFirst(this.address(s.index, l), condition);
        return this.#keep(level, "row", load(buffer, s.dtype, at, lanes));
      });
      vectors = transpose(rows, (e) => this.#keep(level, "turned", e));
      turn.vectors.set(s.id, vectors);
    }
    this.#bindings.set(turn.name, step);
    this.#dependencies.clear();
    return vectors === null ? null : (vectors[turn.step] as Expr);
  }

  get #active(): number {
    return this.#vector.active ?? this.#vector.lanes;
  }

  #loadLane(s: LoadScalar, buffer: number, condition: Expr | null, lane: number): Expr {
    const at = this.address(s.index, lane);
    return load(buffer, s.dtype, condition === null ? at : select(extract(condition, lane), at, int(0)));
  }

  /**
   * The value of an index as a scalar expression, for the given lane of the vector variable. Sums are kept in
   * registers at the outermost loop where they are known; what is constant is added last, so that a renderer can
   * put it into the instruction.
   */
  address(index: Index, lane = 0): Expr {
    let offset = index.offset;
    const byLevel = new Map<number, Term[]>();
    for (const t of index.terms) {
      if (t.atom.kind === "var") {
        const b = this.#binding(t.atom.name);
        offset += t.factor * (b.offset + (t.atom.name === this.#vector.variable ? lane : 0));
        if (b.base === null) continue;
      }
      const level = this.#atomLevel(t.atom);
      const list = byLevel.get(level);
      if (list === undefined) byLevel.set(level, [t]);
      else list.push(t);
    }
    let sum: Expr = int(0);
    let key = "";
    for (const at of [...byLevel.keys()].sort((x, y) => x - y)) {
      const level = this.#levels[at] as Level;
      const terms = byLevel.get(at) as Term[];
      key += `|${terms.length === index.terms.length ? index.linear : keyOfTerms(terms)}#${lane}`;
      const known = level.known.get(key);
      if (known !== undefined) {
        sum = known;
        continue;
      }
      for (const t of terms) sum = add(sum, mul(this.#atom(t.atom, lane), int(t.factor)));
      if (!isCheap(sum)) sum = this.#keep(level, "i", sum);
      level.known.set(key, sum);
    }
    return add(sum, int(offset));
  }

  #atom(atom: Atom, lane: number): Expr {
    switch (atom.kind) {
      case "var": {
        const { base } = this.#binding(atom.name);
        return base as Expr;
      }
      case "data":
        return extract(this.value(this.#body.all[atom.id] as Scalar), lane);
      case "div":
        return binary("idiv", this.address(atom.arg, lane), int(atom.by));
      case "mod":
        return binary("mod", this.address(atom.arg, lane), int(atom.by));
    }
  }

  /** Writes a value at an index, as one vector store where lanes are adjacent, else lane by lane. */
  store(buffer: number, index: Index, value: Expr): void {
    const at = this.buffers.use(buffer, "write");
    const { lanes } = this.#vector;
    if (lanes === 1 || !this.#isVector(index)) {
      this.push(store(at, this.address(index), extract(value, 0)));
      return;
    }
    const wide = splat(value, lanes);
    const active = this.#active;
    const isWhole = active === lanes || is32Bit(this.buffers.dtypeOf(buffer));
    if (isWhole && this.#vectorFactor(index) === 1) {
      this.push(store(at, this.address(index), wide, active));
      return;
    }
    const held = isCheap(wide) ? wide : this.define("v", wide);
    for (let l = 0; l < active; l++) this.push(store(at, this.address(index, l), extract(held, l)));
  }
}

function shortName(s: Scalar): string {
  return "fn" in s ? s.fn : s.kind;
}
