import type { Shape } from "../base/shape.ts";
import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import type { InterpolateOptions } from "./functional/interpolate.ts";
import { type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";
import { Upsample } from "./upsample.ts";

const names: Readonly<Record<string, string>> = {
  scaleFactor: "scale_factor",
  alignCorners: "align_corners",
};

function sample(input: Shape, options: InterpolateOptions): ModuleSample {
  const show = (v: unknown): string =>
    typeof v === "string"
      ? `"${v}"`
      : Array.isArray(v)
        ? `(${v.join(", ")},)`
        : typeof v === "boolean"
          ? v
            ? "True"
            : "False"
          : `${v as number}`;
  const made = Object.entries(options)
    .map(([key, v]) => `${names[key] ?? key}=${show(v)}`)
    .join(", ");
  return {
    name: `[${input}] ${made}`,
    make: () => new Upsample(options),
    torch: `nn.Upsample(${made})`,
    inputs: [uniform(input)],
  };
}

const bad = (
  name: string,
  call: () => unknown,
  message: string,
  error: "ArgumentError" | "ShapeError" | "DTypeError" = "ArgumentError",
) => ({ name, call, message, error });

export const cases: OpCases = moduleCases(
  "Upsample",
  [
    sample([2, 3, 3, 5], { scaleFactor: 2 }),
    sample([2, 3, 3, 5], { scaleFactor: [3, 2] }),
    sample([1, 1, 5], { scaleFactor: 4 }),
    sample([1, 2, 5, 7], { size: [8, 3] }),
    sample([1, 2, 5, 7], { size: 7 }),
    sample([1, 2, 5, 7], { scaleFactor: 1.5 }),
    sample([1, 2, 5, 7], { scaleFactor: [0.5, 2.3] }),
    sample([1, 2, 5, 7], { size: [8, 3], mode: "nearest-exact" }),
    sample([1, 2, 5, 7], { scaleFactor: 2, mode: "nearest-exact" }),
    sample([2, 3, 7], { size: 12, mode: "linear" }),
    sample([2, 3, 7], { scaleFactor: [2], mode: "linear", alignCorners: true }),
    sample([2, 3, 3, 5], { scaleFactor: 2, mode: "bilinear" }),
    sample([2, 3, 3, 5], { scaleFactor: 2, mode: "bilinear", alignCorners: true }),
    sample([1, 2, 5, 7], { size: [3, 11], mode: "bilinear", alignCorners: false }),
    sample([1, 2, 5, 7], { size: [1, 3], mode: "bilinear", alignCorners: true }),
    sample([1, 2, 5, 7], { scaleFactor: [2.6, 0.4], mode: "bilinear" }),
    sample([1, 1, 1, 1], { size: [3, 2], mode: "bilinear" }),
    sample([1, 2, 5, 4], { scaleFactor: 2, mode: "bicubic" }),
    sample([1, 2, 5, 4], { size: [7, 3], mode: "bicubic", alignCorners: true }),
    sample([1, 1, 2, 9], { size: [5, 4], mode: "bicubic" }),
  ],
  [
    bad("neither", () => new Upsample({}), "Upsample: give either size or scaleFactor; got neither"),
    bad(
      "both",
      () => new Upsample({ size: 3, scaleFactor: 2 }),
      "Upsample: give either size or scaleFactor; got both",
    ),
    bad(
      "a bare number",
      () => new Upsample(2 as unknown as object),
      "Upsample: options are given as an object, { size, scaleFactor, mode, alignCorners }; got 2",
    ),
    bad(
      "mode",
      () => new Upsample({ size: 3, mode: "cubic" as "bicubic" }),
      'Upsample: mode must be one of "nearest", "nearest-exact", "linear", "bilinear", "bicubic"; got "cubic"',
    ),
    bad(
      "corners of the nearest",
      () => new Upsample({ size: 3, alignCorners: true }),
      'Upsample: alignCorners is for mode "linear", "bilinear" and "bicubic"; got "nearest", leave it out',
    ),
    bad(
      "factor",
      () => new Upsample({ scaleFactor: [2, 0] }),
      "Upsample: scaleFactor must be a finite number above 0; got 0",
    ),
    bad("size", () => new Upsample({ size: 0 }), "Upsample: size must be an integer of 1 or more; got 0"),
    bad(
      "sizes",
      () => new Upsample({ size: [2, 3] })(zeros([1, 2, 3])),
      "Upsample: size must be an integer of 1 or more; got [2, 3]",
    ),
    bad(
      "factors",
      () => new Upsample({ scaleFactor: [2, 2, 2] }),
      "Upsample: scaleFactor must be a number, or a list of 1 of them; got 2,2,2",
    ),
    bad(
      "dimensions",
      () => new Upsample({ size: 4, mode: "bilinear" })(zeros([2, 3, 5])),
      'Upsample: input has 3 dimensions (shape [2, 3, 5]), expected N, C, H, W for mode "bilinear"',
      "ShapeError",
    ),
    bad(
      "nothing left",
      () => new Upsample({ scaleFactor: 0.3 })(zeros([1, 1, 3, 5])),
      "Upsample: [3, 5] cannot become [0, 1]: all sizes must be 1 or more",
      "ShapeError",
    ),
    bad(
      "type",
      () => new Upsample({ size: 3 })(zeros([1, 1, 3, 5], { dtype: "uint8" })),
      'Upsample: needs a float tensor, got uint8; convert with .to("float32")',
      "DTypeError",
    ),
  ],
);
