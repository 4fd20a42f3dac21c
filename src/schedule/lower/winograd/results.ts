/** Maps the products of Winograd's algorithm to results, and runs on them what follows element by element. */
import { add, int, load, mul } from "../../../kernel/build.ts";
import type { Expr } from "../../../kernel/ir.ts";
import { type Index, ofAtom, variable } from "../../index-math.ts";
import type { Buffer, Group, LoweringContext } from "../../plan.ts";
import { contractionEpilogue, type Epilogue } from "../contraction-epilogue.ts";
import { hold } from "../contraction-problem.ts";
import type { Emitter } from "../emitter.ts";
import { emitStores } from "../walk.ts";
import { arithmeticOf, type Corner, emitCorner, emitIf, isOwn, type Matrices, overVectors } from "./emit.ts";
import type { Convolution } from "./recognize.ts";
import { inTwoDimensions, outputMap, products, tileSize } from "./transforms.ts";

/** The products of some tiles with a block of filters, one row for each tile. */
export interface Products extends Matrices {
  readonly lanes: number;
  /** Filters in a row. */
  readonly block: number;
  /** How many of them there are: fewer where the last vector is filled up. */
  readonly filters: number;
}

/** The epilogue of a convolution, at a place that `emitResults` gives. */
export function epilogueOf(
  { images, height, width, filters }: Convolution,
  group: Group,
  context: LoweringContext,
  used: Map<number, Buffer>,
): Epilogue {
  const along = (name: string, size: number): Index => ofAtom(variable(name, size));
  const place = new Map([
    [`x${images.dim}`, along("image", images.size)],
    [`x${height.dim}`, along("y", height.size)],
    [`x${width.dim}`, along("x", width.size)],
    [`x${filters.dim}`, along("n", filters.size)],
  ]);
  return contractionEpilogue(group, context, place, used);
}

/**
 * Maps a row of products to the results of a tile.
 *
 * @param block the first filter
 */
export function emitResults(
  emitter: Emitter,
  c: Convolution,
  from: Products,
  at: { readonly tile: Expr; readonly row: Expr; readonly block: Expr },
  epilogue: Epilogue,
): void {
  const { lanes } = from;
  const corner = emitCorner(emitter, c, at.tile);
  emitter.bind("image", corner.image);
  overVectors(emitter, from.filters, lanes, (n, active) => {
    const element = hold(emitter, add(mul(at.row, int(from.block)), n));
    const sums = Array.from({ length: products }, (_, p) =>
      emitter.define("m", load(from.buffer, "float32", add(element, int(p * from.apart)), lanes)),
    );
    const results = inTwoDimensions(outputMap, sums, arithmeticOf(emitter));
    emitter.vectorized({ variable: "n", lanes, active }, () => {
      emitter.bind("n", hold(emitter, add(at.block, n)));
      storeTile(emitter, corner, results, epilogue);
    });
  });
}

/** Runs the epilogue on the results of a tile that no neighbour has. */
function storeTile(emitter: Emitter, corner: Corner, results: readonly Expr[], { stores }: Epilogue): void {
  for (let i = 0; i < tileSize; i++) {
    emitIf(emitter, isOwn(corner.skipY, i), () => {
      emitter.bind("y", corner.y, i);
      for (let j = 0; j < tileSize; j++) {
        emitIf(emitter, isOwn(corner.skipX, j), () => {
          emitter.bind("x", corner.x, j);
          emitter.fill(0, results[i * tileSize + j] as Expr);
          emitStores(emitter, stores);
        });
      }
    });
  }
}
