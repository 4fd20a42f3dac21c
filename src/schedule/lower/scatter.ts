/**
 * Lowers scatter-add: a copy of the base, then the values added one after another along the scattered axis. Points
 * that differ in any other axis never meet, so they are what chunks are cut from, and the order of additions is fixed.
 */
import { sizeOf } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import { add, binary, int, Locals, load, mul, use } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";
import { dataAtom, type Index, linearize } from "../index-math.ts";
import type { Buffer, Group, LoweredCall, LoweringContext, Store } from "../plan.ts";
import { ScalarBody } from "../scalar-body.ts";
import { coordinates, splitDims } from "./domain.ts";
import { Emitter } from "./emitter.ts";
import { chunkCount, chunkLocal, KernelBuffers } from "./kernel-frame.ts";
import { lowerMap, reachBuffers } from "./map.ts";

export function lowerScatterAdd(group: Group, context: LoweringContext): LoweredCall[] {
  const { node, buffer } = group.stores[0] as Store;
  const [base] = node.inputs as [Node];
  const copy = lowerMap({ kind: "map", core: [], stores: [{ node: base, buffer }] }, context);
  return [...copy, lowerAdds(node, buffer, context)];
}

function lowerAdds(node: Node, target: Buffer, context: LoweringContext): LoweredCall {
  if (node.op.kind !== "scatterAdd") throw new Error("schedule: not a scatterAdd");
  const { axis } = node.op;
  const [, index, values] = node.inputs as [Node, Node, Node];
  const used = new Map<number, Buffer>([[target.id, target]]);
  const body: ScalarBody = new ScalarBody(reachBuffers(() => body, context, new Set([node]), used));
  const dims = splitDims(
    index.shape,
    index.shape.map((_, d) => d).filter((d) => d !== axis),
  );
  const along = splitDims(index.shape, [axis])[0];
  const at = coordinates(along === undefined ? dims : [...dims, along], index.shape);
  const picked = body.evaluate(index, at);
  const value = body.evaluate(values, at);
  const extent = node.shape[axis] as number;
  const safe = body.binary(
    "max",
    body.const(0, "i32"),
    body.binary("min", picked, body.const(extent - 1, "i32")),
  );
  const where: Index[] = [...at];
  where[axis] = dataAtom(safe.id, extent);
  const place = linearize(where, target.strides);
  const kernel = new KernelBuffers(used);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(body, kernel, locals);
  const points = dims.reduce((p, d) => p * d.extent, 1);
  const size = Math.ceil(points / Math.min(points, chunkCount(sizeOf(index.shape), 2)));
  const start = emitter.define("start", mul(use(chunk), int(size)));
  const end = emitter.define("end", binary("min", add(start, int(size)), int(points)));
  emitter.loop("point", start, end, 1, (point) => {
    let rest: Expr = use(point);
    for (let i = dims.length - 1; i >= 0; i--) {
      const { variable, extent: count } = dims[i] as (typeof dims)[number];
      emitter.bind(variable.name, emitter.define("p", i === 0 ? rest : binary("mod", rest, int(count))));
      rest = binary("idiv", rest, int(count));
    }
    const step = (): void => {
      const sum = add(
        load(kernel.use(target.id, "read"), target.dtype, emitter.address(place)),
        emitter.value(value),
      );
      emitter.store(target.id, place, emitter.define("sum", sum));
    };
    if (along === undefined) step();
    else emitter.loop(along.variable.name, int(0), int(along.extent), 1, step);
  });
  return kernel.finish("scatter_add", Math.ceil(points / size), chunk, emitter.finish(), sizeOf(index.shape));
}
