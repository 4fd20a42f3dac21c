import { constant } from "../../graph/build.ts";
import { bools, integers, type OpCases, type Sample, uniform } from "../op-cases.test-helper.ts";
import { type PadMode, type PadOptions, pad } from "./pad.ts";

const x = constant(0, [2, 3], "float32");

function padded(shape: readonly number[], padding: readonly number[], options: PadOptions = {}): Sample {
  const value = options.value === undefined ? "" : `, value=${options.value}`;
  return {
    name: `[${shape}] by [${padding}] ${options.mode ?? ""}${value}`,
    inputs: [uniform(shape)],
    run: (a) => pad(a, padding, options),
    torch: `F.pad(a, [${padding}], mode="${options.mode ?? "constant"}"${value})`,
  };
}

const modes: readonly PadMode[] = ["reflect", "replicate", "circular"];

export const cases: OpCases = {
  op: "pad",
  samples: [
    padded([5], [1, 2]),
    padded([3, 5], [0, 0]),
    padded([3, 5], []),
    padded([3, 5], [2, 0, 1, 3]),
    padded([3, 5], [2, 0, 1, 3], { value: -1.5 }),
    padded([3, 5], [-1, 2, 1, -2], { value: 2 }),
    padded([3, 5], [-2, -3]),
    padded([2, 3, 4, 5], [1, 2, 0, 1, 3, 0, 0, 1]),
    ...modes.flatMap((mode) => [
      padded([2, 3, 7], [2, 1], { mode }),
      padded([2, 3, 5, 7], [2, 1, 0, 3], { mode }),
      padded([1, 1, 4, 3], [0, 2, 3, 1], { mode }),
    ]),
    padded([2, 3, 1], [4, 3], { mode: "replicate" }),
    {
      name: "int32",
      inputs: [integers([3, 5], -9, 9)],
      run: (a) => pad(a, [1, 1], { value: 7 }),
      torch: "F.pad(a, [1, 1], value=7)",
    },
    { name: "bool", inputs: [bools([5])], run: (a) => pad(a, [1, 1]), torch: "F.pad(a, [1, 1])" },
  ],
  bad: [
    {
      name: "an odd list",
      call: () => pad(x, [1]),
      error: "ArgumentError",
      message:
        "pad: padding [1] must be pairs of integers, at most 2 for shape [2, 3], starting with the last axis: " +
        "[left, right, top, bottom]",
    },
    {
      name: "more pairs than axes",
      call: () => pad(x, [1, 1, 1, 1, 1, 1]),
      error: "ArgumentError",
      message: /^pad: padding \[1, 1, 1, 1, 1, 1\] must be pairs of integers, at most 2/,
    },
    {
      name: "an unknown mode",
      call: () => pad(x, [1, 1], { mode: "mirror" as "reflect" }),
      error: "ArgumentError",
      message: 'pad: mode must be one of "constant", "reflect", "replicate", "circular"; got "mirror"',
    },
    {
      name: "a mirror that is too small",
      call: () => pad(x, [3, 0], { mode: "reflect" }),
      error: "ShapeError",
      message:
        'pad: mode "reflect" cannot pad 3 before and 0 after the 3 elements of dimension 1 (input shape [2, 3])',
    },
    {
      name: "more removed than there is",
      call: () => pad(x, [-2, -2]),
      error: "ShapeError",
      message:
        'pad: mode "constant" cannot pad -2 before and -2 after the 3 elements of dimension 1 (input shape [2, 3])',
    },
  ],
};
