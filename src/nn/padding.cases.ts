import { type BadInput, type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import type { Module } from "./module.ts";
import { type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";
import {
  ConstantPad2d,
  type Padding1d,
  type Padding2d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReplicationPad1d,
  ReplicationPad2d,
  ZeroPad2d,
} from "./padding.ts";

function sample(make: () => Module, torch: string, input: readonly number[]): ModuleSample {
  return { name: `[${input}] ${torch}`, make, torch: `nn.${torch}`, inputs: [uniform(input)] };
}

const show = (padding: number | readonly number[]): string =>
  typeof padding === "number" ? `${padding}` : `(${padding.join(", ")})`;

const sides: readonly Padding2d[] = [1, [2, 0, 1, 3], [0, 0, 0, 0]];
const ends: readonly Padding1d[] = [2, [3, 0]];

const bad = (
  name: string,
  call: () => unknown,
  message: string,
  error: BadInput["error"] = "ArgumentError",
): BadInput => ({ name, call, message, error });

export const cases: readonly OpCases[] = [
  moduleCases(
    "ZeroPad2d",
    [
      ...sides.map((p) => sample(() => new ZeroPad2d(p), `ZeroPad2d(${show(p)})`, [2, 3, 4, 5])),
      sample(() => new ZeroPad2d([1, -2, -1, 0]), "ZeroPad2d((1, -2, -1, 0))", [3, 4, 5]),
    ],
    [
      bad(
        "numbers",
        () => new ZeroPad2d(1.5),
        "ZeroPad2d: padding must be an integer, or [left, right, top, bottom]; got 1.5",
      ),
      bad(
        "list",
        () => new ZeroPad2d([1, 2] as unknown as number),
        "ZeroPad2d: padding must be an integer, or [left, right, top, bottom]; got [1, 2]",
      ),
      bad(
        "dimensions",
        () => new ZeroPad2d(1)(zeros([4, 5])),
        "ZeroPad2d: input has 2 dimensions (shape [4, 5]), expected N, C, H, W or C, H, W",
        "ShapeError",
      ),
    ],
  ),
  moduleCases(
    "ConstantPad2d",
    [
      sample(() => new ConstantPad2d([2, 0, 1, 3], -1.5), "ConstantPad2d((2, 0, 1, 3), -1.5)", [2, 3, 4, 5]),
      sample(() => new ConstantPad2d(1, 7), "ConstantPad2d(1, 7.0)", [1, 1, 1]),
    ],
    [
      bad(
        "value",
        () => new ConstantPad2d(1, Number.NaN),
        "ConstantPad2d: value must be a finite number; got NaN",
      ),
    ],
  ),
  moduleCases(
    "ReflectionPad2d",
    [
      ...sides.map((p) => sample(() => new ReflectionPad2d(p), `ReflectionPad2d(${show(p)})`, [2, 3, 4, 5])),
      sample(() => new ReflectionPad2d([4, 4, 3, 3]), "ReflectionPad2d((4, 4, 3, 3))", [3, 4, 5]),
    ],
    [
      bad(
        "too small",
        () => new ReflectionPad2d(3)(zeros([1, 1, 5, 3])),
        'ReflectionPad2d: mode "reflect" cannot pad 3 before and 3 after the 3 elements of dimension 3 (input shape [1, 1, 5, 3])',
        "ShapeError",
      ),
      bad(
        "negative",
        () => new ReflectionPad2d(-1),
        "ReflectionPad2d: padding must be an integer of 0 or more, or [left, right, top, bottom]; got -1",
      ),
    ],
  ),
  moduleCases("ReplicationPad2d", [
    ...sides.map((p) => sample(() => new ReplicationPad2d(p), `ReplicationPad2d(${show(p)})`, [2, 3, 4, 5])),
    sample(() => new ReplicationPad2d(5), "ReplicationPad2d(5)", [3, 1, 2]),
  ]),
  moduleCases(
    "ReflectionPad1d",
    ends.map((p) => sample(() => new ReflectionPad1d(p), `ReflectionPad1d(${show(p)})`, [2, 3, 5])),
    [
      bad(
        "list",
        () => new ReflectionPad1d([1, 2, 3, 4] as unknown as number),
        "ReflectionPad1d: padding must be an integer of 0 or more, or [left, right]; got [1, 2, 3, 4]",
      ),
    ],
  ),
  moduleCases(
    "ReplicationPad1d",
    ends.map((p) => sample(() => new ReplicationPad1d(p), `ReplicationPad1d(${show(p)})`, [3, 5])),
    [
      bad(
        "dimensions",
        () => new ReplicationPad1d(1)(zeros([1, 2, 3, 4])),
        "ReplicationPad1d: input has 4 dimensions (shape [1, 2, 3, 4]), expected N, C, L or C, L",
        "ShapeError",
      ),
    ],
  ),
];
