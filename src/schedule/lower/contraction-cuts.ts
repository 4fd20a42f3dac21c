/**
 * How the result of a contraction is cut into chunks, and the order in which a thread meets them. Consecutive chunks
 * share a block of the larger operand, the slow one, while the smaller one passes by: then the larger comes from memory,
 * or from the other core's cache, once. Where the smaller one does not stay in the cache either, blocks of the larger are
 * as tall as the cache allows, since all of the smaller passes by for each of them. A result that is larger than both
 * operands is the slow one itself: chunks follow its rows as they lie in memory, and a thread meets the rows that it met in
 * the forward pass.
 */

/** One direction of the result, rows or columns, and the operand that has an element for each of them and each summand. */
export interface Direction {
  /** Tiles along it. */
  readonly tiles: number;
  /** Elements of the operand for one batch element. */
  readonly elements: number;
}

/** One direction of the result in tiles of so many rows or columns. */
export interface Side {
  readonly tiles: number;
  readonly size: number;
}

export interface Cuts {
  readonly chunks: number;
  readonly rows: Blocks;
  readonly columns: Blocks;
  /** Whether consecutive chunks share their columns, not their rows. */
  readonly columnsFirst: boolean;
}

/** Blocks along one direction. */
interface Blocks {
  readonly blocks: number;
  /** Tiles in each; the last may have fewer. */
  readonly tiles: number;
}

/** Elements of an operand that stay in a second-level cache while others pass by. */
const kept = 131_072;
/** Elements of a block of the slow operand, where all of the other one passes by for each block. */
const tallBlock = 131_072;

/**
 * Cuts the result into about `wanted` chunks, `batch` times as many as one batch element has.
 *
 * @param result elements of the result for one batch element
 */
export function cutChunks(
  batch: number,
  rows: Direction,
  columns: Direction,
  result: number,
  wanted: number,
): Cuts {
  const columnsFirst = columns.elements > rows.elements && columns.elements >= result;
  const [slow, fast] = columnsFirst ? [columns, rows] : [rows, columns];
  const each = Math.ceil(wanted / batch);
  const tall = fast.elements > kept ? Math.floor((tallBlock * slow.tiles) / slow.elements) : 1;
  const most = Math.max(1, Math.ceil(slow.tiles / Math.max(1, tall)));
  const slowBlocks = blocksOf(slow.tiles, Math.min(each, most));
  const fastBlocks = blocksOf(fast.tiles, Math.ceil(each / slowBlocks.blocks));
  const [rowBlocks, columnBlocks] = columnsFirst ? [fastBlocks, slowBlocks] : [slowBlocks, fastBlocks];
  return {
    chunks: batch * rowBlocks.blocks * columnBlocks.blocks,
    rows: rowBlocks,
    columns: columnBlocks,
    columnsFirst,
  };
}

/** Rows of a chunk that lays them out: the more, the longer are the pieces in which they come from memory. */
const panelRows = { most: 256, least: 16 };
/** Columns of such a chunk: for fewer, laying out would be much of its work. */
const panelColumns = { most: 1024, least: 64 };
/** Sums of such a chunk: while it goes from block to block they stay in the second-level cache. */
const panelSums = 65_536;
/** Chunks that are enough for all threads. */
const enoughChunks = 16;

/** The same where chunks lay their rows out, once for all columns if that may be. */
export function cutForPanels(batch: number, rows: Side, columns: Side): Cuts {
  const each = Math.ceil(enoughChunks / batch);
  const cut = ({ tiles, size }: Side, wanted: number): Blocks =>
    blocksOf(tiles, Math.ceil(tiles / Math.max(1, Math.floor(wanted / size))));
  const [height, width] = [rows.tiles * rows.size, columns.tiles * columns.size];
  const tallest = Math.min(panelRows.most, panelSums / Math.min(width, panelColumns.most));
  const rowBlocks = cut(rows, Math.min(tallest, Math.max(panelRows.least, height / each)));
  const perRows = each / rowBlocks.blocks;
  const columnBlocks = cut(
    columns,
    Math.min(panelColumns.most, Math.max(panelColumns.least, width / perRows)),
  );
  const chunks = batch * rowBlocks.blocks * columnBlocks.blocks;
  return { chunks, rows: rowBlocks, columns: columnBlocks, columnsFirst: false };
}

/** About so many blocks of equal size. */
function blocksOf(tiles: number, wanted: number): Blocks {
  const each = Math.ceil(tiles / Math.max(1, Math.min(tiles, wanted)));
  return { blocks: Math.ceil(tiles / each), tiles: each };
}
