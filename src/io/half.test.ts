/** 16-bit floats of safetensors files: every one of them, and the rounding of what lies between. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, type SafetensorsEntry } from "./safetensors.ts";

/** What a file of 16-bit floats gives back. */
function stored(values: readonly number[]): readonly number[] {
  const data = Float32Array.from(values);
  const entries = new Map<string, SafetensorsEntry>([
    ["w", { dtype: "float32", shape: [data.length], data }],
  ]);
  const file = decodeSafetensors(encodeSafetensors(entries, {}, { half: true }));
  return [...(file.tensors.get("w")?.data ?? [])];
}

/** Every finite 16-bit float from 0 on, in order. */
const halves = Array.from({ length: 0x7c00 }, (_, bits) => {
  const [exponent, fraction] = [bits >> 10, bits & 0x3ff];
  return exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
});

it("keeps every 16-bit float, and takes 2 bytes for it", () => {
  expect(stored(halves)).toEqual(halves);
  expect(stored(halves.map((v) => -v))).toEqual(halves.map((v) => -v));
  const special = [Number.NaN, Infinity, -Infinity, -0];
  expect(stored(special)).toEqual(special);
});

it("rounds to the nearest, and from the middle to the even one", () => {
  const middles = halves.slice(1).map((v, i) => (v + (halves[i] as number)) / 2);
  const even = middles.map((_, i) => halves[i % 2 === 0 ? i : i + 1]);
  expect(stored(middles)).toEqual(even);
  expect(stored([65504, 65519.99, 65520, 1e30, -65520])).toEqual([
    65504,
    65504,
    Infinity,
    Infinity,
    -Infinity,
  ]);
  fc.assert(
    fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const [found = Number.NaN] = stored([value]);
      const at = halves.findIndex((v) => v >= Math.abs(value));
      const near = [halves[at], halves[Math.max(0, at - 1)]].map((v) =>
        Math.abs((v as number) - Math.abs(value)),
      );
      expect(Math.abs(found - value)).toBe(Math.min(...near));
    }),
    { numRuns: 500 },
  );
});

it("leaves integers as they are, and orders the file by size of elements", () => {
  const bytes = encodeSafetensors(
    new Map<string, SafetensorsEntry>([
      ["a", { dtype: "uint8", shape: [1], data: Uint8Array.of(7) }],
      ["b", { dtype: "float64", shape: [1], data: Float64Array.of(0.5) }],
      ["c", { dtype: "int32", shape: [1], data: Int32Array.of(-3) }],
    ]),
    {},
    { half: true },
  );
  const { tensors } = decodeSafetensors(bytes);
  expect([...tensors].map(([name, t]) => [name, t.dtype, ...t.data])).toEqual([
    ["c", "int32", -3],
    ["b", "float32", 0.5],
    ["a", "uint8", 7],
  ]);
});
