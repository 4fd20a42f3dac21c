/**
 * Convolutions by Winograd's algorithm on every engine: how far they are from the truth, that threads change no bit, and
 * that nothing is read which nobody has written.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import type { Device } from "../../src/runtime/device.ts";
import { createWasmDevice } from "../../src/runtime/wasm/device.ts";
import { findCompiler } from "../setup/neighbours.ts";
import { devices, engineOn, nativeDevice, verified, watched } from "./engines.ts";
import {
  errorOf,
  evaluate,
  infer,
  type Operands,
  operandsOf,
  type Results,
  type Sizes,
  truthOf,
} from "./large-convolutions.ts";
import { withPoisonedChunks, withPoisonedMemory } from "./poison.ts";

const small: readonly Sizes[] = [
  { batch: 8, channels: 20, filters: 40, height: 10, width: 13, padding: 1 },
  { batch: 16, channels: 24, filters: 24, height: 7, width: 7, padding: 1 },
  { batch: 7, channels: 8, filters: 128, height: 12, width: 10, padding: 1 },
  { batch: 5, channels: 32, filters: 64, height: 9, width: 17, padding: 0 },
];
/** Several chunks, the last of which is not full, and more parts of the weight gradient than are added up in line. */
const many: Sizes = { batch: 12, channels: 16, filters: 32, height: 22, width: 19, padding: 1 };
const wide: Sizes = { batch: 1, channels: 64, filters: 64, height: 32, width: 34, padding: 1 };
const all: readonly Sizes[] = [...small, many, wide];
/** So few pixels that it only pays where weights are mapped once; the first two are dealt out by filters. */
const few: readonly Sizes[] = [
  { batch: 1, channels: 64, filters: 128, height: 7, width: 7, padding: 1 },
  { batch: 1, channels: 64, filters: 64, height: 8, width: 16, padding: 1 },
  { batch: 1, channels: 32, filters: 96, height: 14, width: 15, padding: 1 },
];
/** So few tiles that chunks map weights themselves, in both directions; the last tile of a row is moved back. */
const fewTiles: readonly Sizes[] = [
  { batch: 4, channels: 256, filters: 288, height: 7, width: 9, padding: 1 },
];

const nameOf = ({ batch, channels, filters, height, width, padding }: Sizes): string =>
  `${batch} x ${height} x ${width} pixels, ${channels} channels to ${filters}, padding ${padding}`;

interface Sample {
  readonly operands: Operands;
  readonly truth: Results;
  /** What a strict engine makes of it in float32. */
  readonly strict: Results;
}

const samples = new Map<Sizes, Sample>();
beforeAll(async () => {
  const engine = engineOn("wasm, 1 thread", { strict: true });
  for (const sizes of [...all, ...few, ...fewTiles]) {
    const operands = operandsOf(sizes);
    samples.set(sizes, { operands, truth: truthOf(operands), strict: await evaluate(engine, operands) });
  }
  await engine.close();
});
const sampleOf = (sizes: Sizes): Sample => samples.get(sizes) as Sample;

/** The names of kernels that a device compiles from now on. */
function kernelsOf(device: Device): string[] {
  const names: string[] = [];
  watched(device, (program) => {
    const calls = program.stages.flatMap((stage) => stage.calls);
    names.push(...calls.map(({ kernel }) => program.kernels[kernel]?.name ?? "?"));
  });
  return names;
}

/** Computes a sample, and expects that Winograd's algorithm does: for the result and both gradients. */
async function compute(device: Device, sizes: Sizes): Promise<Results> {
  const names = kernelsOf(device);
  const engine = new Engine(device);
  const results = await evaluate(engine, sampleOf(sizes).operands);
  await engine.close();
  expect(names.filter((name) => name === "winograd")).toHaveLength(2);
  expect(names).toContain("winograd_part");
  expect(names).not.toContain("contraction");
  return results;
}

/** The bits of all results, short enough to compare. */
const bitsOf = (results: Results): string[] =>
  Object.values(results).map((data) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"),
  );

/**
 * Measured are root mean squares of 5e-7 to 1.2e-6, at most 3.3 times those of adding up directly, and single errors up
 * to 9e-6; over 288 channels 1.8e-6 and 2e-5.
 *
 * @param farthest a single error
 */
function expectClose(results: Results, { truth, strict }: Sample, farthest = 1.5e-5): void {
  for (const part of ["result", "inputGradient", "weightGradient", "biasGradient"] as const) {
    const { rms, most } = errorOf(results[part], truth[part]);
    const directly = errorOf(strict[part], truth[part]);
    expect(rms, part).toBeLessThan(2e-6);
    expect(rms, `${part}, beside a strict engine`).toBeLessThan(6 * directly.rms);
    expect(most, part).toBeLessThan(farthest);
  }
}

const { missing } = findCompiler();
const wasm = (threads: number): Device => createWasmDevice({ threads });
const interpreter4 = devices["interpreter, 4 lanes"] as () => Device;
const interpreter16 = devices["interpreter, 16 lanes"] as () => Device;

/** Registers a test for each of the sizes, which skips where something is missing. */
function forEachOf(
  sizes: readonly Sizes[],
  lacks: string | undefined,
  check: (s: Sizes) => Promise<void>,
): void {
  for (const s of sizes) {
    test(nameOf(s), async (context) => {
      context.skip(lacks !== undefined, lacks);
      await check(s);
    }, 60_000);
  }
}

describe.each([
  { label: "interpreter, 4 lanes", make: () => withPoisonedChunks(interpreter4()), sizes: small },
  {
    label: "interpreter, 16 lanes",
    make: () => withPoisonedChunks(interpreter16()),
    sizes: [...small, many],
  },
  { label: "wasm", make: () => withPoisonedMemory(verified(wasm(2))), sizes: all },
  {
    label: "native",
    make: () => withPoisonedMemory(nativeDevice(2)),
    sizes: all,
    lacks: missing,
  },
])("$label: results and gradients are close to the truth, whatever memory holds", (on) => {
  forEachOf(on.sizes, on.lacks, async (s) => expectClose(await compute(on.make(), s), sampleOf(s)));
});

describe.each([
  { label: "wasm", make: wasm },
  { label: "native", make: nativeDevice, lacks: missing },
])("$label: 1, 2 and 3 threads give the same bits", ({ make, lacks }) => {
  forEachOf(all, lacks, async (s) => {
    const one = bitsOf(await compute(make(1), s));
    for (const threads of [2, 3]) expect(bitsOf(await compute(make(threads), s))).toEqual(one);
  });
});

describe.each([
  { label: "wasm", make: wasm, sizes: all },
  { label: "native", make: nativeDevice, sizes: [many], lacks: missing },
])("$label: what chunks leave in scratch memory changes no bit", ({ make, sizes, lacks }) => {
  forEachOf(sizes, lacks, async (s) => {
    const usual = bitsOf(await compute(make(2), s));
    expect(bitsOf(await compute(withPoisonedChunks(make(2)), s))).toEqual(usual);
  });
});

describe.each([
  { label: "wasm", make: wasm },
  { label: "native", make: nativeDevice, lacks: missing },
])(
  "$label: with stored weights, few pixels come out as close, with the same bits on any number of threads",
  ({ make, lacks }) => {
    forEachOf(few, lacks, async (s) => {
      const { operands, truth, strict } = sampleOf(s);
      const found: string[] = [];
      for (const device of [withPoisonedMemory(make(2)), make(1), make(3)]) {
        const names = kernelsOf(device);
        const engine = new Engine(device);
        const result = await infer(engine, operands);
        await engine.close();
        expect(names).not.toContain("contraction");
        const { rms } = errorOf(result, truth.result);
        expect(rms).toBeLessThan(6 * errorOf(strict.result, truth.result).rms);
        found.push(Buffer.from(result.buffer, result.byteOffset, result.byteLength).toString("hex"));
      }
      expect(found[1]).toBe(found[0]);
      expect(found[2]).toBe(found[0]);
    });
  },
);

describe.each([
  { label: "wasm", make: (threads: number): Device => verified(wasm(threads)) },
  { label: "native", make: nativeDevice, lacks: missing },
])(
  "$label: where chunks map weights, results are as close, with the same bits on any number of threads",
  (on) => {
    forEachOf(fewTiles, on.lacks, async (s) => {
      const found: string[][] = [];
      for (const device of [withPoisonedMemory(on.make(2)), withPoisonedChunks(on.make(1)), on.make(3)]) {
        const names = kernelsOf(device);
        const engine = new Engine(device);
        const results = await evaluate(engine, sampleOf(s).operands);
        await engine.close();
        expect(names.filter((name) => name === "winograd")).toHaveLength(2);
        expect(names).not.toContain("winograd_weights");
        expectClose(results, sampleOf(s), 3e-5);
        found.push(bitsOf(results));
      }
      expect(found[1]).toEqual(found[0]);
      expect(found[2]).toEqual(found[0]);
    });
  },
);
