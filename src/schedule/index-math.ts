/**
 * Symbolic integer arithmetic on loop variables: the index of an element as a linear form over variables, quotients
 * and remainders. Views compose by rewriting such forms, so a chain of reshapes, permutations and slices costs
 * nothing at run time where the forms simplify, and stays right where they do not.
 *
 * All divisions are by positive constants and round down; remainders are never negative.
 */

/** A quantity that a linear form treats as a unit. `min` and `max` bound its values. */
export type Atom =
  | {
      readonly kind: "var";
      readonly key: string;
      readonly name: string;
      readonly min: number;
      readonly max: number;
    }
  | {
      readonly kind: "div" | "mod";
      readonly key: string;
      readonly arg: Index;
      readonly by: number;
      readonly min: number;
      readonly max: number;
    }
  /** A value read from memory; `id` names the scalar expression that gives it. */
  | {
      readonly kind: "data";
      readonly key: string;
      readonly id: number;
      readonly min: number;
      readonly max: number;
    };

export type Variable = Extract<Atom, { kind: "var" }>;

export interface Term {
  readonly atom: Atom;
  readonly factor: number;
}

/** offset + sum of factor * atom. Terms are sorted by key, without zeros or repetitions. */
export interface Index {
  readonly offset: number;
  readonly terms: readonly Term[];
  readonly key: string;
  /** The key of the terms alone. */
  readonly linear: string;
}

/** A text for a list of terms, by which equal ones are found. */
export function keyOfTerms(terms: readonly Term[]): string {
  let key = "";
  for (const t of terms) key += `${t.factor}*${t.atom.key}+`;
  return key;
}

function make(offset: number, terms: readonly Term[]): Index {
  return withOffset(offset, terms, keyOfTerms(terms));
}

function withOffset(offset: number, terms: readonly Term[], linear: string): Index {
  // Adding 0 turns -0 into 0.
  return { offset: offset + 0, terms, key: linear + offset, linear };
}

export const zero: Index = make(0, []);

export function fixed(value: number): Index {
  return value === 0 ? zero : make(value, []);
}

/** A loop variable that runs over 0..extent-1. */
export function variable(name: string, extent: number): Variable {
  return { kind: "var", key: name, name, min: 0, max: Math.max(extent - 1, 0) };
}

export function ofAtom(atom: Atom): Index {
  return make(0, [{ atom, factor: 1 }]);
}

/** A value read from memory, known to lie in 0..extent-1. */
export function dataAtom(id: number, extent: number): Index {
  return ofAtom({ kind: "data", key: `d${id}`, id, min: 0, max: extent - 1 });
}

function merge(terms: Term[]): Term[] {
  terms.sort((x, y) => (x.atom.key < y.atom.key ? -1 : x.atom.key > y.atom.key ? 1 : 0));
  const out: Term[] = [];
  for (const t of terms) {
    const last = out[out.length - 1];
    if (last !== undefined && last.atom.key === t.atom.key) {
      out[out.length - 1] = { atom: last.atom, factor: last.factor + t.factor };
    } else out.push(t);
  }
  return out.filter((t) => t.factor !== 0);
}

export function plus(a: Index, b: Index): Index {
  if (a.terms.length === 0) return b.terms.length === 0 ? fixed(a.offset + b.offset) : shift(b, a.offset);
  if (b.terms.length === 0) return shift(a, b.offset);
  return recombine(make(a.offset + b.offset, merge([...a.terms, ...b.terms])));
}

export function shift(a: Index, by: number): Index {
  return by === 0 ? a : withOffset(a.offset + by, a.terms, a.linear);
}

export function times(a: Index, factor: number): Index {
  if (factor === 0) return zero;
  if (factor === 1) return a;
  return make(
    a.offset * factor,
    a.terms.map((t) => ({ atom: t.atom, factor: t.factor * factor })),
  );
}

export function minOf(a: Index): number {
  return a.terms.reduce((s, t) => s + t.factor * (t.factor > 0 ? t.atom.min : t.atom.max), a.offset);
}

export function maxOf(a: Index): number {
  return a.terms.reduce((s, t) => s + t.factor * (t.factor > 0 ? t.atom.max : t.atom.min), a.offset);
}

const floorMod = (a: number, k: number): number => a - Math.floor(a / k) * k;

/** Splits a into k * quotient + rest, where the rest has no multiple of k left in any factor. */
function split(a: Index, k: number): { quotient: Index; rest: Index } {
  const whole: Term[] = [];
  const part: Term[] = [];
  for (const t of a.terms) {
    if (t.factor % k === 0) whole.push({ atom: t.atom, factor: t.factor / k });
    else part.push(t);
  }
  const offset = floorMod(a.offset, k);
  return { quotient: make((a.offset - offset) / k, whole), rest: make(offset, part) };
}

/** a divided by k, rounded down. */
export function dividedBy(a: Index, k: number): Index {
  if (k === 1) return a;
  const { quotient, rest } = split(a, k);
  const lo = Math.floor(minOf(rest) / k);
  if (lo === Math.floor(maxOf(rest) / k)) return shift(quotient, lo);
  return plus(quotient, quotientAtom(rest, k));
}

function quotientAtom(rest: Index, k: number): Index {
  const only = rest.terms.length === 1 ? rest.terms[0] : undefined;
  if (only !== undefined && rest.offset === 0 && only.factor === 1 && only.atom.kind === "div") {
    return dividedBy(only.atom.arg, only.atom.by * k);
  }
  let g = k;
  for (const t of rest.terms) g = gcd(g, Math.abs(t.factor));
  if (g > 1) {
    const reduced = make(
      Math.floor(rest.offset / g),
      rest.terms.map((t) => ({ atom: t.atom, factor: t.factor / g })),
    );
    return dividedBy(reduced, k / g);
  }
  return ofAtom({
    kind: "div",
    key: `(${rest.key})/${k}`,
    arg: rest,
    by: k,
    min: Math.floor(minOf(rest) / k),
    max: Math.floor(maxOf(rest) / k),
  });
}

/** The remainder of a divided by k, in 0..k-1. */
export function remainder(a: Index, k: number): Index {
  if (k === 1) return zero;
  const { rest } = split(a, k);
  const lo = Math.floor(minOf(rest) / k);
  if (lo === Math.floor(maxOf(rest) / k)) return shift(rest, -lo * k);
  const only = rest.terms.length === 1 ? rest.terms[0] : undefined;
  if (only !== undefined && rest.offset === 0 && only.factor === 1) {
    if (only.atom.kind === "mod" && only.atom.by % k === 0) return remainder(only.atom.arg, k);
  }
  return ofAtom({ kind: "mod", key: `(${rest.key})%${k}`, arg: rest, by: k, min: 0, max: k - 1 });
}

function gcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** Puts y back together from factor * (y % k) + factor * k * (y / k). */
function recombine(a: Index): Index {
  for (const t of a.terms) {
    if (t.atom.kind !== "mod") continue;
    const { arg, by } = t.atom;
    const q = dividedBy(arg, by);
    const unit = q.terms[0];
    if (q.offset !== 0 || q.terms.length !== 1 || unit === undefined || unit.factor !== 1) continue;
    const partner = a.terms.find((u) => u.atom.key === unit.atom.key);
    if (partner === undefined || partner.factor !== t.factor * by) continue;
    const rest = make(
      a.offset,
      a.terms.filter((u) => u !== t && u !== partner),
    );
    return plus(rest, times(arg, t.factor));
  }
  return a;
}

/** Row-major position of coordinates in a shape. */
export function linearize(coordinates: readonly Index[], strides: readonly number[]): Index {
  let sum = zero;
  for (let d = 0; d < coordinates.length; d++) {
    sum = plus(sum, times(coordinates[d] as Index, strides[d] as number));
  }
  return sum;
}

/** Coordinates of a row-major position in a shape. */
export function delinearize(position: Index, shape: readonly number[]): Index[] {
  const out = new Array<Index>(shape.length);
  let rest = position;
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d] as number;
    if (d === 0) out[d] = size === 1 ? zero : rest;
    else {
      out[d] = remainder(rest, size);
      rest = dividedBy(rest, size);
    }
  }
  return out;
}

/** The factor of a variable in the linear part. */
export function factorOf(a: Index, name: string): number {
  return a.terms.find((t) => t.atom.kind === "var" && t.atom.name === name)?.factor ?? 0;
}

/** Whether it is a sum of multiples of variables. */
export function isAffine(a: Index): boolean {
  return a.terms.every(({ atom }) => atom.kind === "var");
}

/** How far an index moves on average when a variable moves by one. */
export function slopeOf(a: Index, name: string): number {
  return a.terms.reduce((sum, { atom, factor }) => {
    if (atom.kind === "var") return atom.name === name ? sum + factor : sum;
    return atom.kind === "div" ? sum + (factor * slopeOf(atom.arg, name)) / atom.by : sum;
  }, 0);
}

/** Whether a variable occurs inside a quotient or remainder, where it has no factor. */
export function occursInside(a: Index, name: string): boolean {
  return a.terms.some(
    ({ atom }) => (atom.kind === "div" || atom.kind === "mod") && dependsOn(atom.arg, name),
  );
}

/** Whether a variable occurs anywhere in an index. */
export function dependsOn(a: Index, name: string): boolean {
  return a.terms.some(({ atom }) =>
    atom.kind === "var" ? atom.name === name : atom.kind === "data" ? false : dependsOn(atom.arg, name),
  );
}

/** Replaces variables by linear forms. Variables without an entry stay. */
export function substitute(a: Index, values: ReadonlyMap<string, Index>): Index {
  let out = fixed(a.offset);
  for (const { atom, factor } of a.terms) out = plus(out, times(substituteAtom(atom, values), factor));
  return out;
}

function substituteAtom(atom: Atom, values: ReadonlyMap<string, Index>): Index {
  switch (atom.kind) {
    case "var":
      return values.get(atom.name) ?? ofAtom(atom);
    case "data":
      return ofAtom(atom);
    case "div":
      return dividedBy(substitute(atom.arg, values), atom.by);
    case "mod":
      return remainder(substitute(atom.arg, values), atom.by);
  }
}
