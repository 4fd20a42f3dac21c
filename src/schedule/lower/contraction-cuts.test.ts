/** Cuts of results into chunks: nothing is left out, and the order shares the larger operand. */
import { expect, test } from "vitest";
import { cutChunks, cutForPanels } from "./contraction-cuts.ts";

const small = 10_000;
const large = 1_000_000;

test("blocks cover all tiles, and none is empty", () => {
  for (const [rows, columns] of [
    [1, 1],
    [11, 4],
    [171, 16],
    [7, 300],
    [5000, 1],
  ] as const) {
    for (const elements of [small, large]) {
      for (const wanted of [1, 3, 64]) {
        const cuts = cutChunks(
          3,
          { tiles: rows, elements },
          { tiles: columns, elements: large },
          small,
          wanted,
        );
        for (const [{ blocks, tiles }, all] of [
          [cuts.rows, rows],
          [cuts.columns, columns],
        ] as const) {
          expect(blocks * tiles).toBeGreaterThanOrEqual(all);
          expect((blocks - 1) * tiles).toBeLessThan(all);
        }
        expect(cuts.chunks).toBe(3 * cuts.rows.blocks * cuts.columns.blocks);
      }
    }
  }
});

test("consecutive chunks share the larger operand", () => {
  const fewRows = cutChunks(1, { tiles: 11, elements: small }, { tiles: 4, elements: large }, small, 64);
  expect(fewRows.columnsFirst).toBe(true);
  // All of the weights are dealt out before the images are cut.
  expect(fewRows.columns.blocks).toBe(4);
  const manyRows = cutChunks(1, { tiles: 5000, elements: large }, { tiles: 4, elements: small }, small, 64);
  expect(manyRows).toMatchObject({ columnsFirst: false, rows: { blocks: 64 }, columns: { blocks: 1 } });
});

test("where the smaller operand passes by for each block of the larger, blocks are tall", () => {
  // 1024 rows in tiles of 6 beside 1024 columns in tiles of 64, and as many summands.
  const square = cutChunks(
    1,
    { tiles: 171, elements: 2 ** 20 },
    { tiles: 16, elements: 2 ** 20 },
    2 ** 20,
    64,
  );
  expect(square.rows.tiles * 6).toBeGreaterThan(100);
  expect(square.rows.tiles * 6).toBeLessThanOrEqual(128);
  expect(square.chunks).toBeGreaterThanOrEqual(64);
});

test("a result that is larger than both operands is gone through row by row", () => {
  // The gradient of 256 x 784 weights over 64 images: tiles of 6 rows and 64 columns.
  const gradient = cutChunks(
    1,
    { tiles: 43, elements: 256 * 64 },
    { tiles: 13, elements: 784 * 64 },
    256 * 784,
    64,
  );
  expect(gradient).toMatchObject({ columnsFirst: false, rows: { blocks: 43 }, columns: { blocks: 2 } });
});

test("chunks that lay their rows out cover all tiles, have rows and columns enough, and room for their sums", () => {
  const sizes = [16, 70, 261, 2048, 40_000];
  for (const rows of sizes) {
    for (const columns of sizes) {
      for (const batch of [1, 5]) {
        const [rowTiles, columnTiles] = [Math.ceil(rows / 4), Math.ceil(columns / 8)];
        const cuts = cutForPanels(batch, { tiles: rowTiles, size: 4 }, { tiles: columnTiles, size: 8 });
        expect(cuts.chunks).toBe(batch * cuts.rows.blocks * cuts.columns.blocks);
        for (const [{ blocks, tiles }, all] of [
          [cuts.rows, rowTiles],
          [cuts.columns, columnTiles],
        ] as const) {
          expect(blocks * tiles).toBeGreaterThanOrEqual(all);
          expect((blocks - 1) * tiles).toBeLessThan(all);
        }
        const [height, width] = [cuts.rows.tiles * 4, cuts.columns.tiles * 8];
        expect(height * width).toBeLessThanOrEqual(65_536);
        expect(height).toBeGreaterThanOrEqual(Math.min(rows, 16));
        expect(width).toBeGreaterThanOrEqual(Math.min(columns, 32));
      }
    }
  }
});
