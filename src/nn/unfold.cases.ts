import type { Shape } from "../base/shape.ts";
import { type BadInput, type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import type { NumberOrPair } from "./arguments.ts";
import type { UnfoldOptions } from "./functional/unfold.ts";
import { type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";
import { Fold, Unfold } from "./unfold.ts";

const show = (v: NumberOrPair): string => (typeof v === "number" ? `${v}` : `(${v.join(", ")})`);

const python = (options: UnfoldOptions): string =>
  Object.entries(options)
    .map(([key, v]) => `, ${key}=${show(v as NumberOrPair)}`)
    .join("");

function unfold(input: Shape, kernel: NumberOrPair, options: UnfoldOptions = {}): ModuleSample {
  const made = `${show(kernel)}${python(options)}`;
  return {
    name: `[${input}] ${made}`,
    make: () => new Unfold(kernel, options),
    torch: `nn.Unfold(${made})`,
    inputs: [uniform(input)],
  };
}

function fold(
  input: Shape,
  size: NumberOrPair,
  kernel: NumberOrPair,
  options: UnfoldOptions = {},
): ModuleSample {
  const made = `${show(size)}, ${show(kernel)}${python(options)}`;
  return {
    name: `[${input}] ${made}`,
    make: () => new Fold(size, kernel, options),
    torch: `nn.Fold(${made})`,
    inputs: [uniform(input)],
  };
}

const bad = (
  name: string,
  call: () => unknown,
  message: string,
  error: BadInput["error"] = "ArgumentError",
): BadInput => ({ name, call, message, error });

export const cases: readonly OpCases[] = [
  moduleCases(
    "Unfold",
    [
      unfold([2, 3, 5, 4], [2, 3]),
      unfold([1, 1, 3, 3], 1),
      unfold([3, 6, 5], 2, { stride: 2 }),
      unfold([1, 2, 5, 7], 3, { padding: [1, 2], stride: [2, 3] }),
      unfold([1, 2, 7, 6], [3, 2], { dilation: [2, 3], padding: 1 }),
      unfold([1, 2, 4, 5], [4, 5]),
      unfold([1, 1, 4, 4], 2, { stride: 2, padding: 1 }),
    ],
    [
      bad(
        "window larger than the input",
        () => new Unfold(3)(zeros([1, 1, 2, 5])),
        "Unfold(3): a window of [3, 3] with dilation [1, 1] and padding [0, 0] does not fit into [2, 5]; use a smaller " +
          "kernel or more padding",
        "ShapeError",
      ),
      bad(
        "dimensions",
        () => new Unfold(3)(zeros([5, 5])),
        "Unfold(3): input has 2 dimensions (shape [5, 5]), expected N, C, H, W or C, H, W",
        "ShapeError",
      ),
      bad(
        "no such option",
        () => new Unfold(3, { ceilMode: true } as object),
        'Unfold: there is no option "ceilMode"; there are { dilation, padding, stride }',
      ),
      bad(
        "stride",
        () => new Unfold(3, { stride: 0 }),
        "Unfold: stride must be an integer of 1 or more, or a list of 2 of them; got 0",
      ),
    ],
  ),
  moduleCases(
    "Fold",
    [
      fold([2, 18, 8], [5, 4], [2, 3]),
      fold([12, 6], [6, 5], 2, { stride: 2 }),
      fold([1, 18, 9], [5, 7], 3, { padding: [1, 2], stride: [2, 3] }),
      fold([1, 6, 25], [7, 6], [3, 2], { dilation: [2, 3], padding: 1 }),
      fold([1, 4, 9], 4, 2, { stride: 2, padding: 1 }),
    ],
    [
      bad(
        "rows",
        () => new Fold([3, 3], 2)(zeros([1, 6, 4])),
        "Fold([3, 3], 2): input shape [1, 6, 4] does not fit: expected (N, C * 4, 4) or (C * 4, 4) for 2 x 2 windows of 2 x 2",
        "ShapeError",
      ),
      bad(
        "columns",
        () => new Fold([3, 3], 2)(zeros([8, 5])),
        "Fold([3, 3], 2): input shape [8, 5] does not fit: expected (N, C * 4, 4) or (C * 4, 4) for 2 x 2 windows of 2 x 2",
        "ShapeError",
      ),
      bad(
        "size",
        () => new Fold(0, 2),
        "Fold: outputSize must be an integer of 1 or more, or a list of 2 of them; got 0",
      ),
    ],
  ),
];
