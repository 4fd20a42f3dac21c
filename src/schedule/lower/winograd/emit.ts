/**
 * What the kernels of Winograd's algorithm share: the place of a tile in its image, maps applied to vectors, and products
 * of small matrices in scratch memory.
 */
import {
  add,
  binary,
  compare,
  constant,
  fma,
  int,
  load,
  mul,
  prefetch,
  store,
  sub,
  use,
  when,
} from "../../../kernel/build.ts";
import type { Expr } from "../../../kernel/ir.ts";
import type { Target } from "../../../kernel/program.ts";
import { emitInline, hold } from "../contraction-problem.ts";
import { emitTile, makeAccumulators, type SummedLoop } from "../contraction-tile.ts";
import type { Emitter } from "../emitter.ts";
import { isRoomy, lanesAlong } from "../kernel-frame.ts";
import type { Geometry, ImageOperand } from "./recognize.ts";
import { type Arithmetic, inputMap, inTwoDimensions, patchSize, products, tileSize } from "./transforms.ts";

/** Arithmetic on vectors, each result in a register of its own. */
export function arithmeticOf(emitter: Emitter): Arithmetic<Expr> {
  const factor = (value: number, like: Expr): Expr => constant(Math.fround(value), like.type, like.lanes);
  return {
    add: (x, y) => emitter.define("w", add(x, y)),
    sub: (x, y) => emitter.define("w", sub(x, y)),
    scale: (f, x) => emitter.define("w", mul(factor(f, x), x)),
    fma: (f, x, y) => emitter.define("w", fma(factor(f, x), x, y)),
  };
}

/** Runs `body` for the vectors of a row of `size` elements: whole ones in a loop, and the last as part of one. */
export function overVectors(
  emitter: Emitter,
  size: number,
  lanes: number,
  body: (at: Expr, active: number) => void,
): void {
  const rest = size % lanes;
  const whole = size - rest;
  if (whole > lanes) emitter.loop("v", int(0), int(whole), lanes, (v) => body(use(v), lanes));
  else if (whole === lanes) emitInline(emitter, () => body(int(0), lanes));
  if (rest > 0) emitInline(emitter, () => body(int(whole), rest));
}

/** Where a tile lies. The last of a row or column is moved back into the image, over `skip` results of its neighbour. */
export interface Corner {
  readonly image: Expr;
  readonly y: Expr;
  readonly x: Expr;
  /** Null where tiles fit exactly. */
  readonly skipY: Expr | null;
  readonly skipX: Expr | null;
}

export function emitCorner(emitter: Emitter, { height, width }: Geometry, tile: Expr): Corner {
  const down = Math.ceil(height.size / tileSize);
  const across = Math.ceil(width.size / tileSize);
  const along = (name: string, position: Expr, size: number): { at: Expr; skip: Expr | null } => {
    const start = hold(emitter, mul(position, int(tileSize)));
    if (size % tileSize === 0) return { at: start, skip: null };
    const at = emitter.define(name, binary("min", start, int(size - tileSize)));
    return { at, skip: emitter.define("skip", sub(start, at)) };
  };
  const image = hold(emitter, binary("idiv", tile, int(down * across)));
  const inImage = hold(emitter, binary("mod", tile, int(down * across)));
  const { at: y, skip: skipY } = along("y", binary("idiv", inImage, int(across)), height.size);
  const { at: x, skip: skipX } = along("x", binary("mod", inImage, int(across)), width.size);
  return { image, y, x, skipY, skipX };
}

/** The element of an operand under a tile's corner. */
export function cornerOf(emitter: Emitter, operand: ImageOperand, { image, y, x }: Corner): Expr {
  const parts = [mul(image, int(operand.image)), mul(y, int(operand.y)), mul(x, int(operand.x))];
  return hold(emitter, parts.reduce(add, int(operand.start)));
}

/** Whether line `position` of a tile is its own, not that of its neighbour; null where that is certain. */
export function isOwn(skip: Expr | null, position: number): Expr | null {
  // A tile is moved by less than its size: its last line is always its own.
  return skip === null || position === tileSize - 1 ? null : compare("le", skip, int(position));
}

export function emitIf(emitter: Emitter, condition: Expr | null, body: () => void): void {
  if (condition === null) emitInline(emitter, body);
  else emitter.push(when(condition, emitter.block(body)));
}

/** Matrices that lie one behind the other, one for each of the 36 products. */
export interface Matrices {
  /** Position in the kernel's list of buffers. */
  readonly buffer: number;
  /** Elements from one matrix to the next. */
  readonly apart: number;
}

/** Room between two matrices: whole pages apart, the elements of one place would fall into the same cache lines. */
const gap = 16;

export const apartOf = (rows: number, columns: number): number => rows * columns + gap;

/** Stores what a map has made of a patch, one vector in each matrix, at the same element. */
export function storePatch(
  emitter: Emitter,
  to: Matrices,
  at: Expr,
  values: readonly Expr[],
  active: number,
): void {
  const element = hold(emitter, at);
  values.forEach((value, p) => {
    emitter.push(store(to.buffer, add(element, int(p * to.apart)), value, active));
  });
}

/** Maps the patch under a tile's corner, an element of the operand, into one row of each matrix. */
export function mapInputs(
  emitter: Emitter,
  { buffer, y, x }: ImageOperand,
  corner: Expr,
  vectors: { readonly channels: number; readonly lanes: number },
  row: Expr,
  to: Matrices,
): void {
  const { channels, lanes } = vectors;
  const from = emitter.buffers.use(buffer.id, "read");
  overVectors(emitter, channels, lanes, (c, active) => {
    const at = hold(emitter, add(corner, c));
    const patch = Array.from({ length: products }, (_, p) => {
      const pixel = Math.floor(p / patchSize) * y + (p % patchSize) * x;
      return emitter.define("d", load(from, "float32", add(at, int(pixel)), lanes, active));
    });
    const mapped = inTwoDimensions(inputMap, patch, arithmeticOf(emitter));
    storePatch(emitter, to, add(mul(row, int(channels)), c), mapped, active);
  });
}

/** A buffer that tiles take their part of one after the other, or nearly so. */
export interface Stream {
  /** Position in the kernel's list of buffers. */
  readonly buffer: number;
  readonly elements: number;
  readonly access: "read" | "write";
}

/** Elements of a cache line. */
const line = 16;

/**
 * Fetches what some tiles take of a buffer, by the share of one of the 36 products: they compute in registers and leave
 * memory idle. Where the tiles' parts do not lie quite in a row, a few lines too many or too few come.
 */
export function emitPrefetch(
  emitter: Emitter,
  { buffer, elements, access }: Stream,
  tiles: { readonly first: Expr; readonly count: number; readonly all: number },
  product: Expr,
): void {
  const each = Math.floor(elements / tiles.all);
  const share = Math.ceil((tiles.count * each) / products / line) * line;
  const from = hold(emitter, add(mul(tiles.first, int(each)), mul(product, int(share))));
  emitter.loop("l", int(0), int(share), line, (l) => {
    emitter.push(prefetch(buffer, binary("min", add(from, use(l)), int(elements - 1)), access));
  });
}

/** One of the two factors, or the result, of a matrix product: where an element lies in its buffer. */
interface Operand {
  readonly buffer: number;
  readonly at: Expr;
  /** Elements from one row (of the left factor and the result) or column (of the right one) to the next. */
  readonly step: number;
}

/** result[m, n] = (or +=) sum over k of left[m, k] * right[k, n]. */
export interface MatrixProduct {
  readonly rows: number;
  /** A multiple of the tile's width. */
  readonly columns: number;
  readonly lanes: number;
  readonly tile: RegisterTile;
  readonly sum: SummedLoop;
  readonly left: Operand;
  readonly right: Operand;
  readonly result: Operand;
  /** Whether the result is added to what is there. */
  readonly adds: boolean;
}

/** Rows and vectors of accumulators. */
export interface RegisterTile {
  readonly rows: number;
  readonly vectors: number;
}

/** Sixteen accumulators of 32 registers, eight of 16, in a shape that divides the vectors of a row. */
function registerTile(vectors: number, roomy: boolean): RegisterTile {
  const accumulators = roomy ? 16 : 8;
  const widths = roomy ? [4, 3, 2] : [2];
  const width = widths.find((w) => vectors % w === 0) ?? 1;
  return { rows: Math.floor(accumulators / width), vectors: width };
}

/** How filters are laid over vectors and register tiles. */
export interface FilterLayout {
  readonly lanes: number;
  readonly tile: RegisterTile;
  /** Filters, filled up to whole register tiles. */
  readonly filters: number;
}

/** @param block filters that register tiles have to divide evenly; all of them by default */
export function layFilters(filters: number, target: Target, block: number = filters): FilterLayout {
  const lanes = Math.max(4, lanesAlong(block, target.lanes));
  const tile = registerTile(Math.ceil(block / lanes), isRoomy(target));
  const width = tile.vectors * lanes;
  return { lanes, tile, filters: Math.ceil(filters / width) * width };
}

export function emitProduct(emitter: Emitter, p: MatrixProduct): void {
  const rest = p.rows % p.tile.rows;
  const whole = p.rows - rest;
  emitter.loop("n0", int(0), int(p.columns), p.tile.vectors * p.lanes, (n) => {
    if (whole > 0) {
      emitter.loop("m0", int(0), int(whole), p.tile.rows, (m) =>
        productTile(emitter, p, use(m), use(n), p.tile.rows),
      );
    }
    if (rest > 0) emitInline(emitter, () => productTile(emitter, p, int(whole), use(n), rest));
  });
}

function productTile(emitter: Emitter, p: MatrixProduct, m: Expr, n: Expr, rows: number): void {
  const { left, right, result, lanes } = p;
  const { vectors } = p.tile;
  const corner = hold(emitter, add(result.at, add(mul(m, int(result.step)), n)));
  const place = (i: number, v: number): Expr => add(corner, int(i * result.step + v * lanes));
  const initial = (i: number, v: number): Expr => load(result.buffer, "float32", place(i, v), lanes);
  const shape = { vectors, lanes, dtype: "float32" } as const;
  const accumulators = makeAccumulators(emitter, rows, shape, p.adds ? initial : undefined);
  const base = hold(emitter, add(left.at, mul(m, int(left.step))));
  const tile = {
    ...shape,
    rowBuffer: left.buffer,
    rows: Array.from({ length: rows }, (_, i) => ({ base, offset: i * left.step })),
    columnBuffer: right.buffer,
    column: hold(emitter, add(right.at, mul(n, int(right.step)))),
    loops: [p.sum],
    writesOut: p.tile.rows * p.tile.vectors > 8,
  };
  emitTile(emitter, tile, accumulators);
  accumulators.forEach((list, i) => {
    list.forEach((c, v) => {
      emitter.push(store(result.buffer, place(i, v), use(c)));
    });
  });
}
