/**
 * A convolution or input gradient by Winograd's algorithm. After a kernel that maps the weights, a chunk of the second
 * takes some tiles: it maps their inputs into scratch memory, multiplies there, one small matrix product for each of the
 * 36 products, and maps these to results, on which the epilogue runs. What is in between never leaves the cache.
 */
import { add, binary, compare, int, Locals, mul, sub, use } from "../../../kernel/build.ts";
import type { Expr } from "../../../kernel/ir.ts";
import type { Buffer, Group, LoweredCall, LoweringContext } from "../../plan.ts";
import type { Epilogue } from "../contraction-epilogue.ts";
import { hold } from "../contraction-problem.ts";
import { Emitter } from "../emitter.ts";
import { chunkLocal, KernelBuffers, lanesAlong } from "../kernel-frame.ts";
import {
  apartOf,
  cornerOf,
  emitCorner,
  emitIf,
  emitPrefetch,
  emitProduct,
  layFilters,
  type Matrices,
  mapInputs,
  type RegisterTile,
  type Stream,
} from "./emit.ts";
import { lowerFewTiles } from "./few-tiles.ts";
import { fewestChunks, fewTilesBlock, filterBlock, tilesOf, tileUnit } from "./form.ts";
import type { Convolution } from "./recognize.ts";
import { emitResults, epilogueOf } from "./results.ts";
import { products } from "./transforms.ts";
import { lowerWeights, type WeightPanels } from "./weights.ts";

/** Bytes of scratch memory that a chunk should at most fill: a part of the second-level cache. */
const scratchTarget = 512 * 1024;
const mostTiles = 64;

export function lowerConvolution(c: Convolution, group: Group, context: LoweringContext): LoweredCall[] {
  const few = context.isSteady(c.weight) ? null : fewTilesBlock(c);
  if (few !== null) return [lowerFewTiles(c, few, group, context)];
  const inBlocks = isOneChunk(c) && c.filters.size % filterBlock === 0;
  const block = inBlocks ? filterBlock : c.filters.size;
  const { lanes, tile, filters } = layFilters(c.filters.size, context.target, block);
  const width = tile.vectors * lanes;
  const channels = c.channels.size;
  const buffer = context.temporary("float32", products * apartOf(channels, filters));
  const panels = { buffer, channels, filters, width, lanes };
  return [lowerWeights(c, panels, context), new Convolver(c, panels, tile, context).lower(group)];
}

/** Whether a chunk takes all tiles: then there are more chunks only where filters come in blocks. */
const isOneChunk = (c: Convolution): boolean => tilesOf(c) <= tileUnit(tilesOf(c));

/** A stream of this chunk or of the next. */
interface ChunkStream extends Stream {
  readonly ahead: 0 | 1;
}

class Convolver {
  readonly #c: Convolution;
  readonly #context: LoweringContext;
  readonly #panels: WeightPanels;
  readonly #tile: RegisterTile;
  /** Filters that are multiplied at a time. */
  readonly #block: number;
  /** Tiles of a chunk. */
  readonly #tiles: number;
  readonly #inputLanes: number;

  constructor(c: Convolution, panels: WeightPanels, tile: RegisterTile, context: LoweringContext) {
    const { filters, width, channels } = panels;
    this.#c = c;
    this.#context = context;
    this.#panels = panels;
    this.#tile = tile;
    const even = filters === c.filters.size && filters % filterBlock === 0;
    this.#block = even && filterBlock % width === 0 ? filterBlock : filters;
    const fitting = scratchTarget / (4 * products * (channels + this.#block));
    const most = Math.min(mostTiles, fitting, tilesOf(c) / fewestChunks);
    const unit = tileUnit(tilesOf(c));
    this.#tiles = Math.max(unit, Math.floor(most / unit) * unit);
    this.#inputLanes = Math.max(4, lanesAlong(channels, context.target.lanes));
  }

  lower(group: Group): LoweredCall {
    const { input } = this.#c;
    const { buffer: weights, channels } = this.#panels;
    const tiles = tilesOf(this.#c);
    const factors = this.#context.scratch("float32", products * apartOf(this.#tiles, channels));
    const sums = this.#context.scratch("float32", products * apartOf(this.#tiles, this.#block));
    const used = new Map<number, Buffer>([input.buffer, weights, factors, sums].map((b) => [b.id, b]));
    const epilogue = epilogueOf(this.#c, group, this.#context, used);
    const kernel = new KernelBuffers(used);
    const locals = new Locals();
    const chunk = chunkLocal(locals);
    const emitter = new Emitter(epilogue.body, kernel, locals);
    const chunks = Math.ceil(tiles / this.#tiles);
    // Few tiles: all chunks map them, and each multiplies filters of its own.
    const blocks = chunks === 1 ? this.#panels.filters / this.#block : 1;
    const first = blocks > 1 ? int(0) : emitter.define("first", mul(use(chunk), int(this.#tiles)));
    const count = emitter.define("count", binary("min", int(this.#tiles), sub(int(tiles), first)));
    const left = { buffer: kernel.update(factors.id), apart: apartOf(this.#tiles, channels) };
    const result = {
      buffer: kernel.update(sums.id),
      apart: apartOf(this.#tiles, this.#block),
      lanes: this.#panels.lanes,
      block: this.#block,
      filters: this.#block === this.#panels.filters ? this.#c.filters.size : this.#block,
    };
    const streams = this.#context.target.prefetch ? this.#streams(kernel, epilogue) : [];
    emitter.loop("t", int(0), count, 1, (t) => this.#mapInput(emitter, add(first, use(t)), use(t), left));
    const emitBlock = (block: Expr): void => {
      this.#multiply(emitter, block, first, streams, left, result);
      emitter.loop("t", int(0), count, 1, (t) => {
        emitResults(emitter, this.#c, result, { tile: add(first, use(t)), row: use(t), block }, epilogue);
      });
    };
    if (blocks > 1) emitBlock(emitter.define("block", mul(use(chunk), int(this.#block))));
    else
      emitter.loop("block", int(0), int(this.#panels.filters), this.#block, (block) => emitBlock(use(block)));
    const flops = 2 * products * tiles * channels * this.#c.filters.size;
    return kernel.finish("winograd", chunks * blocks, chunk, emitter.finish(), flops);
  }

  /** What the epilogue of a chunk and the maps of the next one go through. */
  #streams(kernel: KernelBuffers, { body, stores }: Epilogue): ChunkStream[] {
    const stream = (id: number, access: "read" | "write", ahead: 0 | 1): ChunkStream => {
      return { buffer: kernel.use(id, access), elements: kernel.sizeOf(id), access, ahead };
    };
    const written = new Set(stores.map((s) => s.buffer.id));
    const read = new Set(body.all.flatMap((s) => (s.kind === "load" ? [s.buffer] : [])));
    const large = (id: number): boolean =>
      kernel.sizeOf(id) >= tilesOf(this.#c) * this.#c.filters.size && kernel.dtypeOf(id) === "float32";
    return [
      stream(this.#c.input.buffer.id, "read", 1),
      ...[...read].filter((id) => large(id) && !written.has(id)).map((id) => stream(id, "read", 0)),
      ...[...written].filter(large).map((id) => stream(id, "write", 0)),
    ];
  }

  #mapInput(emitter: Emitter, tile: Expr, row: Expr, to: Matrices): void {
    const { input } = this.#c;
    const corner = cornerOf(emitter, input, emitCorner(emitter, this.#c, tile));
    const vectors = { channels: this.#panels.channels, lanes: this.#inputLanes };
    mapInputs(emitter, input, corner, vectors, row, to);
  }

  #multiply(
    emitter: Emitter,
    block: Expr,
    first: Expr,
    streams: readonly ChunkStream[],
    left: Matrices,
    result: Matrices,
  ): void {
    const { buffer, channels, filters, width, lanes } = this.#panels;
    const weights = emitter.buffers.use(buffer.id, "read");
    const panel = hold(emitter, mul(block, int(channels)));
    const one = this.#block === filters;
    emitter.loop("p", int(0), int(products), 1, (p) => {
      if (streams.length > 0) {
        // The first block fetches for all.
        emitIf(emitter, one ? null : compare("eq", block, int(0)), () => {
          for (const s of streams) {
            const start = add(first, int(s.ahead * this.#tiles));
            emitPrefetch(emitter, s, { first: start, count: this.#tiles, all: tilesOf(this.#c) }, use(p));
          }
        });
      }
      const matrix = (apart: number): Expr => hold(emitter, mul(use(p), int(apart)));
      emitProduct(emitter, {
        rows: this.#tiles,
        columns: this.#block,
        lanes,
        tile: this.#tile,
        sum: { size: channels, rowStride: 1, columnStride: width },
        left: { buffer: left.buffer, at: matrix(left.apart), step: channels },
        right: {
          buffer: weights,
          at: hold(emitter, add(matrix(apartOf(channels, filters)), panel)),
          step: channels,
        },
        result: { buffer: result.buffer, at: matrix(result.apart), step: this.#block },
        adds: false,
      });
    });
  }
}
