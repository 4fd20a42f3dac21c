/**
 * A convolution by Winograd's algorithm whose images are so small that each mapped weight is used for few tiles: a chunk
 * owns some filters, goes through all tiles, and maps the weights itself. Mapped, they are four times as many as before,
 * and nobody else needs them: they never leave the cache. Channels come in blocks, whose products are added up.
 */
import { add, constant, int, Locals, mul, store, use } from "../../../kernel/build.ts";
import type { Expr } from "../../../kernel/ir.ts";
import type { Buffer, Group, LoweredCall, LoweringContext } from "../../plan.ts";
import type { Scalar } from "../../scalar-body.ts";
import type { Epilogue } from "../contraction-epilogue.ts";
import { hold } from "../contraction-problem.ts";
import { Emitter } from "../emitter.ts";
import { chunkLocal, KernelBuffers, lanesAlong } from "../kernel-frame.ts";
import {
  apartOf,
  cornerOf,
  emitCorner,
  emitProduct,
  type FilterLayout,
  layFilters,
  type Matrices,
  mapInputs,
  storePatch,
} from "./emit.ts";
import { filterBlock, tilesOf } from "./form.ts";
import type { Convolution } from "./recognize.ts";
import { emitResults, epilogueOf, type Products } from "./results.ts";
import { products } from "./transforms.ts";
import { mappedWeights, weightsOf } from "./weights.ts";

/** @param channels that are mapped at a time */
export function lowerFewTiles(
  c: Convolution,
  channels: number,
  group: Group,
  context: LoweringContext,
): LoweredCall {
  const tiles = tilesOf(c);
  const layout = layFilters(filterBlock, context.target);
  const { filters, lanes } = layout;
  const factors = context.scratch("float32", products * apartOf(tiles, channels));
  const weights = context.scratch("float32", products * apartOf(channels, filters));
  const sums = context.scratch("float32", products * apartOf(tiles, filters));
  const used = new Map<number, Buffer>([c.input.buffer, factors, weights, sums].map((b) => [b.id, b]));
  const epilogue = epilogueOf(c, group, context, used);
  const values = weightsOf(c, epilogue.body, c.filters.size);
  const kernel = new KernelBuffers(used);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(epilogue.body, kernel, locals);
  const few = new FewTilesKernel(emitter, c, {
    layout,
    channels,
    inputLanes: Math.max(4, lanesAlong(channels, context.target.lanes)),
    factors: { buffer: kernel.update(factors.id), apart: apartOf(tiles, channels) },
    weights: { buffer: kernel.update(weights.id), apart: apartOf(channels, filters) },
    sums: {
      buffer: kernel.update(sums.id),
      apart: apartOf(tiles, filters),
      lanes,
      block: filters,
      filters,
    },
  });
  few.emit(emitter.define("block", mul(use(chunk), int(filters))), values, epilogue);
  const flops = 2 * products * tiles * c.channels.size * c.filters.size;
  return kernel.finish("winograd", c.filters.size / filters, chunk, emitter.finish(), flops);
}

/** How a chunk works, and where. */
interface Workplace {
  /** Of the filters of a chunk. */
  readonly layout: FilterLayout;
  /** Channels that are mapped at a time, by vectors of `inputLanes`. */
  readonly channels: number;
  readonly inputLanes: number;
  /** Scratch memory: mapped inputs and weights of a block of channels, and the products of all. */
  readonly factors: Matrices;
  readonly weights: Matrices;
  readonly sums: Products;
}

class FewTilesKernel {
  readonly #emitter: Emitter;
  readonly #c: Convolution;
  readonly #at: Workplace;
  readonly #tiles: number;

  constructor(emitter: Emitter, c: Convolution, at: Workplace) {
    this.#emitter = emitter;
    this.#c = c;
    this.#at = at;
    this.#tiles = tilesOf(c);
  }

  /** @param block the first filter of the chunk */
  emit(block: Expr, weights: readonly Scalar[], epilogue: Epilogue): void {
    const emitter = this.#emitter;
    const { sums, channels } = this.#at;
    const tiles = int(this.#tiles);
    emitter.loop("z", int(0), int(products * sums.apart), sums.lanes, (z) => {
      emitter.push(store(sums.buffer, use(z), constant(0, "f32", sums.lanes)));
    });
    emitter.loop("first", int(0), int(this.#c.channels.size), channels, (first) => {
      emitter.loop("t", int(0), tiles, 1, (t) => this.#mapInput(use(t), use(first)));
      this.#mapWeights(weights, block, use(first));
      emitter.loop("p", int(0), int(products), 1, (p) => this.#multiply(use(p)));
    });
    emitter.loop("t", int(0), tiles, 1, (t) =>
      emitResults(emitter, this.#c, sums, { tile: use(t), row: use(t), block }, epilogue),
    );
  }

  #mapInput(tile: Expr, first: Expr): void {
    const { channels, inputLanes, factors } = this.#at;
    const { input } = this.#c;
    const corner = cornerOf(this.#emitter, input, emitCorner(this.#emitter, this.#c, tile));
    const from = hold(this.#emitter, add(corner, first));
    mapInputs(this.#emitter, input, from, { channels, lanes: inputLanes }, tile, factors);
  }

  /** Maps weights into panels as wide as a register tile, one channel after the other. */
  #mapWeights(weights: readonly Scalar[], block: Expr, first: Expr): void {
    const emitter = this.#emitter;
    const { layout, channels, weights: to } = this.#at;
    const { filters, lanes, tile } = layout;
    const width = tile.vectors * lanes;
    emitter.loop("channel", int(0), int(channels), 1, (channel) => {
      emitter.bind("c", emitter.define("c", add(first, use(channel))));
      emitter.vectorized({ variable: "n", lanes }, () => {
        for (let n = 0; n < filters; n += lanes) {
          const inPanel = n % width;
          const at = add(mul(use(channel), int(width)), int((n - inPanel) * channels + inPanel));
          const statements = emitter.block(() => {
            emitter.bind("n", block, n);
            storePatch(emitter, to, at, mappedWeights(emitter, weights), lanes);
          });
          for (const s of statements) emitter.push(s);
        }
      });
    });
  }

  #multiply(p: Expr): void {
    const { layout, channels, factors, weights, sums } = this.#at;
    const { filters, lanes, tile } = layout;
    const matrix = (m: Matrices): Expr => hold(this.#emitter, mul(p, int(m.apart)));
    emitProduct(this.#emitter, {
      rows: this.#tiles,
      columns: filters,
      lanes,
      tile,
      sum: { size: channels, rowStride: 1, columnStride: tile.vectors * lanes },
      left: { buffer: factors.buffer, at: matrix(factors), step: channels },
      right: { buffer: weights.buffer, at: matrix(weights), step: channels },
      result: { buffer: sums.buffer, at: matrix(sums), step: filters },
      adds: true,
    });
  }
}
