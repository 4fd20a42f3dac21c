/**
 * A weight gradient by Winograd's algorithm. A chunk owns some channels and a part of all tiles: block by block it maps
 * inputs and gradients into scratch memory and adds their products to matrices of its own. A second kernel adds the parts
 * up and maps them to the gradient, on which the epilogue runs.
 */
import {
  add,
  binary,
  constant,
  define,
  int,
  Locals,
  load,
  mul,
  select,
  set,
  store,
  sub,
  use,
} from "../../../kernel/build.ts";
import type { Expr } from "../../../kernel/ir.ts";
import { factorOf, type Index, ofAtom, variable } from "../../index-math.ts";
import type { Buffer, Group, LoweredCall, LoweringContext } from "../../plan.ts";
import { ScalarBody } from "../../scalar-body.ts";
import { contractionEpilogue } from "../contraction-epilogue.ts";
import { emitInline, hold } from "../contraction-problem.ts";
import { Emitter } from "../emitter.ts";
import { chunkCount, chunkLocal, KernelBuffers, lanesAlong } from "../kernel-frame.ts";
import { type BodyStore, emitStores } from "../walk.ts";
import {
  apartOf,
  arithmeticOf,
  cornerOf,
  emitCorner,
  emitPrefetch,
  emitProduct,
  type FilterLayout,
  isOwn,
  layFilters,
  type Matrices,
  mapInputs,
  overVectors,
  type Stream,
  storePatch,
} from "./emit.ts";
import { tilesOf } from "./form.ts";
import type { WeightGradient } from "./recognize.ts";
import { inTwoDimensions, outputGradientMap, products, tileSize, weightGradientMap } from "./transforms.ts";

/** Tiles that are mapped and multiplied at a time. */
const blockTiles = 32;
/** Channels of a chunk: its matrices of products should stay in the second-level cache. */
const mostChannels = 32;
const mostParts = 16;
/** Tiles that a part should at least have. */
const partTiles = 64;

/** How the work is cut, by shape alone. */
interface Cut extends FilterLayout {
  readonly channelBlock: number;
  readonly channelBlocks: number;
  readonly parts: number;
  /** Tiles of a part. */
  readonly tiles: number;
}

export function lowerWeightGradient(
  g: WeightGradient,
  group: Group,
  context: LoweringContext,
): LoweredCall[] {
  const cut = cutWork(g, context);
  const size = cut.parts * cut.channelBlocks * products * apartOf(cut.channelBlock, cut.filters);
  const partial = context.temporary("float32", size);
  return [...g.before, lowerParts(g, cut, partial, context), lowerSum(g, cut, partial, group, context)];
}

function cutWork(g: WeightGradient, { target }: LoweringContext): Cut {
  const channels = g.channels.size;
  const channelBlocks = channels % mostChannels === 0 ? channels / mostChannels : 1;
  const tiles = tilesOf(g);
  const wanted = Math.ceil(mostParts / channelBlocks);
  const perPart = Math.max(partTiles, Math.ceil(tiles / wanted / blockTiles) * blockTiles);
  return {
    ...layFilters(g.filters.size, target),
    channelBlock: channels / channelBlocks,
    channelBlocks,
    parts: Math.ceil(tiles / perPart),
    tiles: perPart,
  };
}

function lowerParts(g: WeightGradient, cut: Cut, partial: Buffer, context: LoweringContext): LoweredCall {
  const { channelBlock, filters } = cut;
  const tiles = tilesOf(g);
  const inputs = context.scratch("float32", products * apartOf(blockTiles, channelBlock));
  const gradients = context.scratch("float32", products * apartOf(blockTiles, filters));
  const all = [g.input.buffer, g.gradient.buffer, partial, inputs, gradients];
  const kernel = new KernelBuffers(new Map<number, Buffer>(all.map((b) => [b.id, b])));
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(new ScalarBody(() => null), kernel, locals);
  const left = { buffer: kernel.update(inputs.id), apart: apartOf(blockTiles, channelBlock) };
  const right = { buffer: kernel.update(gradients.id), apart: apartOf(blockTiles, filters) };
  const target = kernel.update(partial.id);
  const part = emitter.define("part", binary("idiv", use(chunk), int(cut.channelBlocks)));
  const channel = emitter.define(
    "channel",
    mul(binary("mod", use(chunk), int(cut.channelBlocks)), int(channelBlock)),
  );
  const size = products * apartOf(channelBlock, filters);
  const base = emitter.define("base", mul(use(chunk), int(size)));
  emitZeros(emitter, target, base, size, cut.lanes);
  const first = emitter.define("first", mul(part, int(cut.tiles)));
  const end = emitter.define("end", binary("min", add(first, int(cut.tiles)), int(tiles)));
  const streams = context.target.prefetch
    ? [g.input.buffer, g.gradient.buffer].map((b): Stream => {
        return { buffer: kernel.use(b.id, "read"), elements: b.size, access: "read" };
      })
    : [];
  emitter.loop("block", first, end, blockTiles, (block) => {
    const count = emitter.define("count", binary("min", int(blockTiles), sub(end, use(block))));
    emitter.loop("t", int(0), count, 1, (t) =>
      mapTile(emitter, g, cut, add(use(block), use(t)), use(t), channel, left, right),
    );
    const next = { first: add(use(block), int(blockTiles)), count: blockTiles, all: tiles };
    emitter.loop("p", int(0), int(products), 1, (p) => {
      for (const s of streams) emitPrefetch(emitter, s, next, use(p));
      addProduct(emitter, cut, use(p), count, left, right, { buffer: target, base });
    });
  });
  const flops = 2 * products * tiles * g.channels.size * g.filters.size;
  return kernel.finish("winograd_part", cut.parts * cut.channelBlocks, chunk, emitter.finish(), flops);
}

/** Adds the product of both mapped matrices, one of the 36, to the chunk's own. */
function addProduct(
  emitter: Emitter,
  { channelBlock, filters, lanes, tile }: Cut,
  product: Expr,
  tiles: Expr,
  left: Matrices,
  right: Matrices,
  result: { readonly buffer: number; readonly base: Expr },
): void {
  const matrix = (apart: number): Expr => hold(emitter, mul(product, int(apart)));
  const bounds = { start: int(0), end: tiles };
  emitProduct(emitter, {
    rows: channelBlock,
    columns: filters,
    lanes,
    tile,
    sum: { size: blockTiles, rowStride: channelBlock, columnStride: filters, bounds },
    left: { buffer: left.buffer, at: matrix(left.apart), step: 1 },
    right: { buffer: right.buffer, at: matrix(right.apart), step: 1 },
    result: {
      buffer: result.buffer,
      at: hold(emitter, add(result.base, matrix(apartOf(channelBlock, filters)))),
      step: filters,
    },
    adds: true,
  });
}

function emitZeros(emitter: Emitter, buffer: number, base: Expr, size: number, lanes: number): void {
  emitter.loop("z", int(0), int(size), lanes, (z) => {
    emitter.push(store(buffer, add(base, use(z)), constant(0, "f32", lanes)));
  });
}

/** Maps the inputs and the gradients of one tile. */
function mapTile(
  emitter: Emitter,
  g: WeightGradient,
  cut: Cut,
  tile: Expr,
  row: Expr,
  channel: Expr,
  left: Matrices,
  right: Matrices,
): void {
  const corner = emitCorner(emitter, g, tile);
  const inputCorner = hold(emitter, add(cornerOf(emitter, g.input, corner), channel));
  const vectors = { channels: cut.channelBlock, lanes: Math.max(4, lanesAlong(cut.channelBlock, cut.lanes)) };
  mapInputs(emitter, g.input, inputCorner, vectors, row, left);
  const gradient = emitter.buffers.use(g.gradient.buffer.id, "read");
  const gradientCorner = cornerOf(emitter, g.gradient, corner);
  overVectors(emitter, g.filters.size, cut.lanes, (n, active) => {
    const at = hold(emitter, add(gradientCorner, n));
    const pixels = Array.from({ length: tileSize * tileSize }, (_, i) => {
      const [y, x] = [Math.floor(i / tileSize), i % tileSize];
      const value = load(
        gradient,
        "float32",
        add(at, int(y * g.gradient.y + x * g.gradient.x)),
        cut.lanes,
        active,
      );
      const own = [isOwn(corner.skipY, y), isOwn(corner.skipX, x)].filter((e) => e !== null);
      // What a neighbour has counts as zero here.
      const kept =
        own.length === 0
          ? value
          : select(
              own.reduce((p, q) => binary("and", p, q)),
              value,
              constant(0, "f32", cut.lanes),
            );
      return emitter.define("d", kept);
    });
    const mapped = inTwoDimensions(outputGradientMap, pixels, arithmeticOf(emitter));
    // Stored whole: the lanes beyond the last filter are zero.
    storePatch(emitter, right, add(mul(row, int(cut.filters)), n), mapped, cut.lanes);
  });
}

function lowerSum(
  g: WeightGradient,
  cut: Cut,
  partial: Buffer,
  group: Group,
  context: LoweringContext,
): LoweredCall {
  const { lanes, filters, channelBlock } = cut;
  const room = context.scratch("float32", 9 * lanes);
  const used = new Map<number, Buffer>([partial, room].map((b) => [b.id, b]));
  const along = (name: string, size: number): Index => ofAtom(variable(name, size));
  const place = new Map([
    [`x${g.channels.dim}`, along("c", g.channels.size)],
    [`x${g.filters.dim}`, along("n", g.filters.size)],
    [`x${g.kernelY.dim}`, along("ky", 3)],
    [`x${g.kernelX.dim}`, along("kx", 3)],
  ]);
  const { body, stores } = contractionEpilogue(group, context, place, used);
  const kernel = new KernelBuffers(used);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(body, kernel, locals);
  const source = kernel.use(partial.id, "read");
  const alongFilters = stores.every((s) => factorOf(s.index, "n") === 1);
  const channels = g.channels.size;
  const each = Math.ceil(
    channels / Math.min(channels, chunkCount(cut.parts * products * channels * filters)),
  );
  const from = emitter.define("from", mul(use(chunk), int(each)));
  const end = emitter.define("end", binary("min", add(from, int(each)), int(channels)));
  const matrix = apartOf(channelBlock, filters);
  emitter.loop("c", from, end, 1, (c) => {
    const block = mul(binary("idiv", use(c), int(channelBlock)), int(products * matrix));
    const row = hold(emitter, add(block, mul(binary("mod", use(c), int(channelBlock)), int(filters))));
    overVectors(emitter, g.filters.size, lanes, (n, active) => {
      const at = hold(emitter, add(row, n));
      const sums = sumParts(emitter, cut, source, at);
      const results = inTwoDimensions(weightGradientMap, sums, arithmeticOf(emitter));
      if (alongFilters) {
        emitter.vectorized({ variable: "n", lanes, active }, () => storeAlong(emitter, n, results, stores));
      } else storeEach(emitter, { n, active, lanes, room: kernel.update(room.id) }, results, stores);
    });
  });
  return kernel.finish("winograd_sum", Math.ceil(channels / each), chunk, emitter.finish(), 0);
}

/** Stores the nine weights of a vector of filters that lie side by side. */
function storeAlong(emitter: Emitter, n: Expr, results: readonly Expr[], stores: readonly BodyStore[]): void {
  results.forEach((result, i) => {
    emitInline(emitter, () => {
      emitter.bind("n", n);
      emitter.bind("ky", int(Math.floor(i / 3)));
      emitter.bind("kx", int(i % 3));
      emitter.fill(0, result);
      emitStores(emitter, stores);
    });
  });
}

/** Where the nine weights of a filter lie side by side, and the filters apart: element by element. */
function storeEach(
  emitter: Emitter,
  at: { readonly n: Expr; readonly active: number; readonly lanes: number; readonly room: number },
  results: readonly Expr[],
  stores: readonly BodyStore[],
): void {
  const { n, active, lanes, room } = at;
  results.forEach((result, i) => {
    emitter.push(store(room, int(i * lanes), result));
  });
  emitter.loop("l", int(0), int(active), 1, (l) => {
    emitter.bind("n", hold(emitter, add(n, use(l))));
    emitter.loop("ky", int(0), int(3), 1, (ky) => {
      emitter.loop("kx", int(0), int(3), 1, (kx) => {
        const i = add(mul(use(ky), int(3)), use(kx));
        emitter.fill(0, emitter.define("r", load(room, "float32", add(mul(i, int(lanes)), use(l)))));
        emitStores(emitter, stores);
      });
    });
  });
}

/** So many parts are added without a loop; more would make most of the program's code. */
const mostPartsInLine = 4;

/** The sum over all parts of each of the 36 products, for the filters that start at an element of the first part. */
function sumParts(emitter: Emitter, cut: Cut, buffer: number, at: Expr): Expr[] {
  const matrix = apartOf(cut.channelBlock, cut.filters);
  const apart = cut.channelBlocks * products * matrix;
  const part = (first: Expr, offset: number): Expr =>
    load(buffer, "float32", add(first, int(offset)), cut.lanes);
  return Array.from({ length: products }, (_, p) => {
    const inLine = Math.min(cut.parts, mostPartsInLine);
    const parts = Array.from({ length: inLine }, (_, i) => part(at, i * apart + p * matrix));
    const sum = parts.reduce(add);
    if (cut.parts === inLine) return emitter.define("s", sum);
    const total = emitter.locals.variable("s", "f32", cut.lanes);
    emitter.push(define(total, sum));
    emitter.loop("part", int(inLine * apart), int(cut.parts * apart), apart, (offset) => {
      emitter.push(set(total, add(use(total), part(add(at, use(offset)), p * matrix))));
    });
    return use(total);
  });
}
