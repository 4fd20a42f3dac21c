/**
 * Finds the operation whose gradient is the first to be NaN. Here and not in `autograd/`, because it reads values.
 */
import { gradientWatch, watchGradients } from "../autograd/watch.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { currentEngine } from "../engine/default.ts";
import { cast, compare, constant, detach, reduce, reshape, unary, where } from "../graph/build.ts";
import { isGradEnabled, type Node, observeNodes, withGradMode } from "../graph/node.ts";
import { callOf, nameOfCall } from "./call-site.ts";

/** What a value holds at worst. */
const finite = 0;
const infinite = 1;
const notANumber = 2;

/** One operation of a backward pass: its result, and the gradient that it gave to one of its operands. */
interface Step {
  readonly operation: Node;
  readonly operand: Node;
  /** Worst of the result's elements: `finite`, `infinite` or `notANumber`. */
  readonly result: Node;
  /** Worst of the gradient's elements. */
  readonly gradient: Node;
}

/** Stack frames that are recorded of a call: enough for models that are nested deeply. */
const recordedFrames = 60;

/**
 * Runs `fn`, and fails if a gradient in a backward pass inside it is NaN: with the operation whose gradient is the first
 * to be so, and the place in your code that called it. For debugging: everything is slower, and every value that the
 * backward pass goes through is computed and inspected.
 *
 * Values are lazy, so the gradients of a pass are inspected when they have been computed: at the next `backward` after
 * a step or a read, and at the latest when `fn` ends. `fn` may be async; it is awaited. An error of `fn` itself gives
 * way to what was found, and is its `cause`.
 *
 * @param fn forward and backward passes, and steps; operations made outside of it are found too, without their place
 * @returns what `fn` returns
 * @throws ArgumentError naming the operation whose gradient is NaN
 * @example
 * const x = tensor([0, 4], { requiresGrad: true });
 * const step = () => x.sqrt().mul(0).sum().backward(); // 0 times the infinite slope of sqrt(0)
 * await autograd.detectAnomaly(step).catch((e) => e.details.operation); // "Tensor.sqrt"
 */
export async function detectAnomaly<T>(fn: () => T | Promise<T>): Promise<T> {
  const detector = new Detector();
  const ended = detector.start();
  let result: T;
  try {
    result = await fn();
  } catch (error) {
    ended();
    await detector.checkAll(error);
    throw error;
  }
  ended();
  await detector.checkAll();
  return result;
}

class Detector {
  readonly #calls = new WeakMap<Node, Error>();
  #steps: Step[] = [];

  /** Begins to look on. Returns what ends it. */
  start(): () => void {
    const frames = Error.stackTraceLimit;
    Error.stackTraceLimit = recordedFrames;
    const observer = observeNodes((node) => {
      if (isGradEnabled()) this.#calls.set(node, new Error());
    });
    const outer = gradientWatch();
    watchGradients({
      begin: () => {
        outer?.begin();
        this.#checkKnown();
      },
      gradient: (operation, operand, gradient) => {
        outer?.gradient(operation, operand, gradient);
        this.#note(operation, operand, gradient);
      },
    });
    return () => {
      Error.stackTraceLimit = frames;
      observeNodes(observer);
      watchGradients(outer);
    };
  }

  #note(operation: Node, at: number, gradient: Node): void {
    const operand = (operation.custom?.inputs ?? operation.inputs)[at] as Node;
    this.#steps.push({ operation, operand, result: worstOf(operation), gradient: worstOf(gradient) });
  }

  /** Inspects what has been computed so far, without waiting for anything. */
  #checkKnown(): void {
    const [first] = this.#steps;
    const engine = currentEngine();
    if (first === undefined || engine.peek(first.gradient) === null) return;
    const known = this.#steps.filter(
      (s) => engine.peek(s.gradient) !== null && engine.peek(s.result) !== null,
    );
    const open = new Set(known);
    this.#steps = this.#steps.filter((s) => !open.has(s));
    const value = (n: Node): number => engine.peek(n)?.[0] as number;
    this.#inspect(
      known,
      known.map((s) => value(s.gradient)),
      known.map((s) => value(s.result)),
    );
  }

  /** Computes and inspects everything. @param cause an error that ended the function under observation */
  async checkAll(cause?: unknown): Promise<void> {
    const steps = this.#steps;
    this.#steps = [];
    const read = async (node: Node): Promise<number> => (await currentEngine().read(node))[0] as number;
    const gradients = await Promise.all(steps.map((s) => read(s.gradient)));
    const results = await Promise.all(steps.map((s) => read(s.result)));
    this.#inspect(steps, gradients, results, cause);
  }

  /** @throws ArgumentError for the first gradient that is NaN. */
  #inspect(
    steps: readonly Step[],
    gradients: readonly number[],
    results: readonly number[],
    cause?: unknown,
  ): void {
    const at = gradients.indexOf(notANumber);
    const step = steps[at];
    if (step === undefined) return;
    const { operation, operand } = step;
    const lines = [
      `detectAnomaly: the gradient of ${this.#name(operation)} for its operand of shape ${formatShape(operand.shape)} is ` +
        `NaN, the first one in this backward pass.${this.#place(operation)}`,
    ];
    // The walk goes from the loss back, so the last result that is NaN is the first that was computed.
    const origin = steps[results.lastIndexOf(notANumber)];
    const steep = steps.slice(0, at).find((_, i) => gradients[i] === infinite);
    if (origin !== undefined) {
      lines.push(
        `The result of ${this.#name(origin.operation)} was NaN already.${this.#place(origin.operation)}`,
      );
    } else if (steep !== undefined) {
      lines.push(
        `Before that, the gradient of ${this.#name(steep.operation)} became infinite.${this.#place(steep.operation)}`,
      );
    }
    lines.push(
      "An infinite slope times 0 is NaN, and so is 0 / 0: keep operands of log, sqrt, div and pow away from 0 before " +
        "the operation, as with x.clamp({ min: 1e-8 }); a where() after it comes too late.",
    );
    const details = { operation: this.#name(operation), shape: operation.shape };
    throw new ArgumentError(lines.join("\n"), details, cause === undefined ? {} : { cause });
  }

  #name(node: Node): string {
    const call = this.#calls.get(node);
    return (call && nameOfCall(call)) ?? primitiveOf(node);
  }

  #place(node: Node): string {
    const call = this.#calls.get(node);
    return call === undefined
      ? " It was made outside of detectAnomaly."
      : ` It was called here:\n${callOf(call)}`;
  }
}

function primitiveOf({ op }: Node): string {
  return "fn" in op ? op.fn : op.kind;
}

/** One int32: whether any element is NaN, else whether any is infinite. Computed at the next flush, and kept. */
function worstOf(node: Node): Node {
  const worst = withGradMode(false, () => {
    const x = detach(node);
    const int = (v: number): Node => constant(v, x.shape, "int32");
    if (!isFloat(x.dtype)) return constant(finite, [], "int32");
    const isNotNumber = compare("ne", x, x);
    const isInfinite = compare("eq", unary("abs", x), constant(Number.POSITIVE_INFINITY, x.shape, x.dtype));
    const each = where(isNotNumber, int(notANumber), where(isInfinite, int(infinite), int(finite)));
    return reshape(
      reduce(
        "max",
        cast(each, "int32"),
        x.shape.map((_, d) => d),
      ),
      [],
    );
  });
  currentEngine().made(worst);
  return worst;
}
