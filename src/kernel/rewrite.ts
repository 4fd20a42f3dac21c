/**
 * Walking and rebuilding kernel IR. Nodes are immutable: a rewrite makes new ones and shares what did not
 * change.
 */
import type { Expr, Kernel, Local, Stmt } from "./ir.ts";

/** The expressions that `e` is directly made of, in the order of evaluation. */
export function childrenOf(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case "const":
    case "local":
    case "iota":
      return [];
    case "load":
    case "address":
      return [e.index];
    case "loadAt":
      return [e.pointer, e.index];
    case "unary":
    case "cast":
    case "bitcast":
    case "splat":
    case "extract":
      return [e.a];
    case "binary":
    case "compare":
    case "shuffle":
      return [e.a, e.b];
    case "fma":
      return [e.a, e.b, e.c];
    case "select":
      return [e.condition, e.a, e.b];
    case "pack":
      return e.elements;
  }
}

/** `e` with every direct child replaced by `fn(child)`; `e` itself when none changed. */
export function mapChildren(e: Expr, fn: (child: Expr) => Expr): Expr {
  const before = childrenOf(e);
  const after = before.map(fn);
  if (after.every((child, i) => child === before[i])) return e;
  // Every kind below has exactly as many children as `childrenOf` lists for it.
  const [x, y, z] = after as [Expr, Expr, Expr];
  switch (e.kind) {
    case "const":
    case "local":
    case "iota":
      return e;
    case "load":
    case "address":
      return { ...e, index: x };
    case "loadAt":
      return { ...e, pointer: x, index: y };
    case "unary":
    case "cast":
    case "bitcast":
    case "splat":
    case "extract":
      return { ...e, a: x };
    case "binary":
    case "compare":
    case "shuffle":
      return { ...e, a: x, b: y };
    case "fma":
      return { ...e, a: x, b: y, c: z };
    case "select":
      return { ...e, condition: x, a: y, b: z };
    case "pack":
      return { ...e, elements: after };
  }
}

/** The expressions that a statement evaluates itself, without those of the blocks inside it. */
export function expressionsOf(stmt: Stmt): readonly Expr[] {
  switch (stmt.kind) {
    case "let":
    case "set":
      return [stmt.value];
    case "store":
      return [stmt.index, stmt.value];
    case "prefetch":
      return [stmt.index];
    case "loop":
      return [stmt.start, stmt.end];
    case "if":
      return [stmt.condition];
  }
}

/**
 * The statement with its own expressions replaced by `expr(e)` and its blocks by `block(body)`; the statement
 * itself when nothing changed.
 */
export function mapStmt(
  stmt: Stmt,
  expr: (e: Expr) => Expr,
  block: (body: readonly Stmt[]) => readonly Stmt[],
): Stmt {
  const before = [...expressionsOf(stmt), ...blocksOf(stmt)];
  const changed = rebuild(stmt, expr, block);
  const after = [...expressionsOf(changed), ...blocksOf(changed)];
  return after.every((part, i) => part === before[i]) ? stmt : changed;
}

function rebuild(
  stmt: Stmt,
  expr: (e: Expr) => Expr,
  block: (body: readonly Stmt[]) => readonly Stmt[],
): Stmt {
  switch (stmt.kind) {
    case "let":
    case "set":
      return { ...stmt, value: expr(stmt.value) };
    case "store":
      return { ...stmt, index: expr(stmt.index), value: expr(stmt.value) };
    case "prefetch":
      return { ...stmt, index: expr(stmt.index) };
    case "loop":
      return { ...stmt, start: expr(stmt.start), end: expr(stmt.end), body: block(stmt.body) };
    case "if":
      return {
        ...stmt,
        condition: expr(stmt.condition),
        then: block(stmt.then),
        otherwise: block(stmt.otherwise),
      };
  }
}

/** The blocks inside a statement. */
export function blocksOf(stmt: Stmt): readonly (readonly Stmt[])[] {
  if (stmt.kind === "loop") return [stmt.body];
  return stmt.kind === "if" ? [stmt.then, stmt.otherwise] : [];
}

/** Calls `visit` with every expression in a block but constants and locals, each object once though it is used in many places. */
export function eachExpression(
  body: readonly Stmt[],
  visit: (e: Expr) => void,
  seen: Set<Expr> = new Set(),
): void {
  const look = (e: Expr): void => {
    // Most expressions are these; they have no parts and are no function of anything.
    if (e.kind === "const" || e.kind === "local" || seen.has(e)) return;
    seen.add(e);
    visit(e);
    for (const child of childrenOf(e)) look(child);
  };
  for (const stmt of body) {
    for (const e of expressionsOf(stmt)) look(e);
    for (const block of blocksOf(stmt)) eachExpression(block, visit, seen);
  }
}

/** All locals that a kernel declares: the chunk, "let"s and loop variables, in order of appearance. */
export function localsOf(kernel: Kernel): Local[] {
  const found: Local[] = [kernel.chunk];
  const visit = (body: readonly Stmt[]): void => {
    for (const stmt of body) {
      if (stmt.kind === "let") found.push(stmt.local);
      if (stmt.kind === "loop") found.push(stmt.variable);
      blocksOf(stmt).forEach(visit);
    }
  };
  visit(kernel.body);
  return found;
}
