/** Writes the zeros around a value that lies in the memory of its padded operand. */
import { byteSize } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import { add, binary, constant, int, Locals, mul, store, use } from "../../kernel/build.ts";
import { type Expr, valueTypeOf } from "../../kernel/ir.ts";
import { zerosAround } from "../margins.ts";
import type { Buffer, LoweredCall, LoweringContext } from "../plan.ts";
import { ScalarBody } from "../scalar-body.ts";
import { Emitter } from "./emitter.ts";
import { chunkCount, chunkLocal, KernelBuffers } from "./kernel-frame.ts";

/** An axis of the padded value, from the slowest-varying in memory to the fastest. */
interface Axis {
  readonly before: number;
  readonly inside: number;
  readonly after: number;
  readonly stride: number;
}

/** Runs of up to so many vectors are written without a loop. */
const longestRun = 8;

/** @param padded whose memory `buffer` is */
export function lowerMargin(padded: Node, buffer: Buffer, context: LoweringContext): LoweredCall {
  const axes = axesOf(padded, buffer, context);
  const held = sizeOf(padded.shape) - sizeOf(zerosAround(padded).value.shape);
  const kernel = new KernelBuffers(new Map([[buffer.id, { ...buffer, held }]]));
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(new ScalarBody(() => null), kernel, locals);
  const zeros = new Zeros(emitter, kernel.use(buffer.id, "write"), buffer, context.target.lanes);
  const outer = axes[0] as Axis;
  const wanted = chunkCount(held);
  // Only what lies outside of all margins is cut.
  const size = hasMargin(outer) ? outer.inside : Math.ceil(outer.inside / wanted);
  const chunks = Math.ceil(outer.inside / size);
  const from = emitter.define("from", mul(use(chunk), int(size)));
  const to = emitter.define("to", binary("min", add(from, int(size)), int(outer.inside)));
  zeros.around(axes, int(0), { from, to });
  const call = kernel.finish("margin", chunks, chunk, emitter.finish(), 0);
  const about = padded.shape.filter((s) => s !== 1).join("x");
  return { ...call, kernel: { ...call.kernel, about }, fillsUp: true };
}

function axesOf(padded: Node, { strides }: Buffer, context: LoweringContext): Axis[] {
  const { before, value } = zerosAround(padded);
  return context
    .orderOf(padded)
    .filter((d) => padded.shape[d] !== 1)
    .map((d) => {
      const [first, inside] = [before[d] as number, value.shape[d] as number];
      const after = (padded.shape[d] as number) - first - inside;
      return { before: first, inside, after, stride: strides[d] as number };
    });
}

const hasMargin = ({ before, after }: Axis): boolean => before + after > 0;

class Zeros {
  readonly #emitter: Emitter;
  readonly #target: number;
  readonly #value: Expr;

  constructor(emitter: Emitter, target: number, { dtype }: Buffer, lanes: number) {
    this.#emitter = emitter;
    this.#target = target;
    this.#value = constant(0, valueTypeOf(dtype), byteSize(dtype) === 4 ? lanes : 1);
  }

  /** Around what is inside of the axes, whose memory begins at `at`; of the first one only a part, if so given. */
  around(axes: readonly Axis[], at: Expr, part?: { readonly from: Expr; readonly to: Expr }): void {
    const [axis, ...inner] = axes;
    if (axis === undefined || !axes.some(hasMargin)) return;
    const { before, inside, after, stride } = axis;
    this.#run(at, before * stride);
    this.#run(add(at, int((before + inside) * stride)), after * stride);
    if (!inner.some(hasMargin)) return;
    const first = add(at, int(before * stride));
    this.#emitter.loop(`k${axes.length}`, part?.from ?? int(0), part?.to ?? int(inside), 1, (k) => {
      this.around(inner, this.#emitter.define("at", add(first, mul(use(k), int(stride)))));
    });
  }

  #run(at: Expr, length: number): void {
    const { lanes } = this.#value;
    const whole = length - (length % lanes);
    const put = (offset: Expr, active: number): void =>
      this.#emitter.push(store(this.#target, add(at, offset), this.#value, active));
    if (whole > longestRun * lanes)
      this.#emitter.loop("z", int(0), int(whole), lanes, (z) => put(use(z), lanes));
    else for (let z = 0; z < whole; z += lanes) put(int(z), lanes);
    if (whole < length) put(int(whole), length - whole);
  }
}
