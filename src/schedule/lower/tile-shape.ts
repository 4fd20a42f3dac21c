/** The register tile of a contraction: how many rows and vectors, and how its rows lie. */
import type { Node } from "../../graph/node.ts";
import type { ContractionSpec } from "../../graph/operation.ts";
import type { Target } from "../../kernel/program.ts";
import { type ContractionPlan, extent, isLaneByLane } from "../contraction-plan.ts";
import { isRoomy, lanesAlong } from "./kernel-frame.ts";

export interface TileShape {
  readonly rows: number;
  readonly vectors: number;
  /**
   * As many rows of a tile as lie in one line of the innermost row dimension, which one address serves; 0 where that is not
   * known.
   */
  readonly line: number;
}

/** The width of its vectors. */
export const lanesOf = ({ dtype }: Node, columns: number, { lanes }: Pick<Target, "lanes">): number =>
  dtype === "float64" ? 1 : Math.max(4, lanesAlong(columns, lanes));

/**
 * @param longSums whether sums have many terms and the column operand is read as it lies or, with many registers, a tile
 *   makes whole sums
 */
export function tileOf(
  spec: ContractionSpec,
  plan: ContractionPlan,
  columns: number,
  lanes: number,
  target: Pick<Target, "registers">,
  longSums: boolean,
): TileShape {
  const rows = extent(spec, plan.rows);
  const line = spec.sizes[plan.rows[plan.rows.length - 1] ?? -1] ?? 1;
  const roomy = isRoomy(target);
  // Each vector of columns comes from another place in memory: with registers enough a tile has many rows and one of those.
  const side = isLaneByLane(plan) ? (roomy ? lanes : columns) : (plan.run ?? columns);
  // Six channels are two rows of four vectors three times: tiles of three rows have too few sums for both multiply-add units.
  const isLow = plan.run !== null && !isLaneByLane(plan) && rows % 4 !== 0;
  const shape = tileShape(rows, Math.ceil(side / lanes), lanes, roomy, longSums || (isLow && !roomy));
  if (isLaneByLane(plan) && line <= shape.rows)
    return { ...shape, rows: shape.rows - (shape.rows % line), line };
  return inLines(shape, line, rows);
}

/** A line of fewer rows than this is too short for a tile of its own. */
const shortLine = 7;
/** How many whole lines a tile may have, each with an address. */
const wholeLines = [3, 2];

/**
 * A tall tile cut so that its rows lie in one line or in whole lines: with an address for each row it would run out of
 * registers.
 */
function inLines(tile: Omit<TileShape, "line">, line: number, rows: number): TileShape {
  if (tile.rows <= shortLine) return { ...tile, line: line % tile.rows === 0 ? tile.rows : 0 };
  if (line >= shortLine) {
    const lines = wholeLines.filter((n) => n * line <= tile.rows);
    const best = lines.find((n) => rows % (n * line) === 0) ?? lines.at(-1);
    if (best !== undefined) return { ...tile, rows: best * line, line };
  }
  for (let r = tile.rows; r >= shortLine; r--) if (line % r === 0) return { ...tile, rows: r, line: r };
  return { ...tile, line: 0 };
}

/** So many vectors are rather taken by twos, with one left, than by threes. */
const manyVectors = 9;

/**
 * Rows and vectors of the tile. Eight accumulators keep both multiply-add units of a 16-register machine busy and leave
 * room for what the compiler moves around; with twelve V8 spills, and takes twice as long. Along a long sum the row operand
 * has one element per row and step in a line of its own, so few rows and many vectors are best. With many registers long
 * sums are added up in runs: beside a tile of three vectors GCC keeps the sums of runs in registers, too, and what it
 * multiplies in memory.
 */
function tileShape(
  rows: number,
  vectors: number,
  lanes: number,
  roomy: boolean,
  longSums: boolean,
): Omit<TileShape, "line"> {
  if (lanes === 1) return { rows: Math.min(rows, 4), vectors: Math.min(vectors, 2) };
  const preferred = roomy || longSums ? [4, 2, 3] : [2, 3, 4];
  const byThrees = roomy ? !longSums : vectors < manyVectors;
  const fits = (v: number): boolean => vectors % v === 0 && (v !== 3 || byThrees);
  const width = vectors === 1 ? 1 : (preferred.find(fits) ?? Math.min(preferred[0] as number, vectors));
  const accumulators = roomy ? 24 : 8;
  const limit = width === 3 && roomy ? 4 : Math.max(2, Math.floor(accumulators / width));
  if (rows <= limit) return { rows, vectors: width };
  // For few rows, the height that wastes least on the last tile.
  let best = limit;
  const waste = (n: number): number => Math.ceil(rows / n) * (n + 1);
  const even = Math.ceil(rows / Math.ceil(rows / limit));
  for (let r = limit; r >= Math.max(2, Math.min(even, limit - 1)); r--) {
    if (rows < 32 && waste(r) < waste(best)) best = r;
  }
  return { rows: best, vectors: width };
}
