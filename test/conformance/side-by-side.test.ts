/**
 * Convolutions with few channels, whose pixels lie side by side in a vector: how far they are from the truth on every engine,
 * and where they are made so.
 */
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { F } from "../../src/index.ts";
import { wave } from "../../src/nn/reference.test-helper.ts";
import type { Device } from "../../src/runtime/device.ts";
import { createWasmDevice } from "../../src/runtime/wasm/device.ts";
import { findCompiler } from "../setup/neighbours.ts";
import { devices, nativeDevice, onEngine, watched } from "./engines.ts";
import { errorOf, evaluate, operandsOf, type Results, type Sizes, truthOf } from "./large-convolutions.ts";
import { withPoisonedChunks } from "./poison.ts";

type Name = string | null;

interface Vectors {
  readonly lanes: 4 | 16;
  readonly halves?: boolean;
}

interface Case {
  readonly sizes: Sizes;
  /** What the loops over the result and its gradients to images and kernel are called, with 4 and with 16 lanes. */
  readonly wide: Readonly<Record<4 | 16, readonly [Name, inputGradient: Name, weightGradient: Name]>>;
}

const cases: readonly Case[] = [
  {
    // Both directions; pixels of the result lie in lines of seven pairs.
    sizes: { batch: 10, channels: 6, filters: 5, height: 9, width: 14, padding: 1 },
    wide: { 4: [null, null, null], 16: ["10x5x9x7x2", "10x6x9x7x2", "5x6x3x4x2"] },
  },
  {
    // An odd width has no pairs, its gradient of even width has.
    sizes: { batch: 16, channels: 8, filters: 8, height: 8, width: 18, padding: 0 },
    wide: { 4: [null, null, null], 16: ["16x8x6x8x2", "16x8x8x9x2", "8x8x3x4x2"] },
  },
  {
    sizes: { batch: 6, channels: 2, filters: 3, height: 12, width: 20, padding: 1 },
    wide: { 4: [null, "6x2x12x10x2", null], 16: ["6x3x12x5x4", "6x2x12x5x4", "3x2x3x6x4"] },
  },
  {
    sizes: { batch: 8, channels: 6, filters: 6, height: 12, width: 13, padding: 1 },
    wide: { 4: [null, null, null], 16: [null, null, null] },
  },
];

/** What the kernels that a device compiles from now on do. */
function loopsOf(device: Device): string[] {
  const loops: string[] = [];
  watched(device, (program) => {
    for (const { name, about } of program.kernels)
      if (/^contraction(_part)?$/.test(name)) loops.push(`${about}`);
  });
  return loops;
}

async function check(make: () => Device, { lanes, halves }: Vectors, { sizes, wide }: Case): Promise<void> {
  const operands = operandsOf(sizes);
  const truth = truthOf(operands);
  for (const strict of [false, true]) {
    const device = make();
    const loops = loopsOf(device);
    const engine = new Engine(device, { strict });
    const results: Results = await evaluate(engine, operands);
    await engine.close();
    for (const part of ["result", "inputGradient", "weightGradient", "biasGradient"] as const) {
      expect(errorOf(results[part], truth[part]).rms, part).toBeLessThan(1e-6);
    }
    const widened = loops.filter((about) => /^\d+x\d+x\d+x\d+x[24] over/.test(about));
    // Where half a vector takes half the time, it holds the channels of a pixel.
    const expected = strict || halves === true ? [] : wide[lanes].filter((name) => name !== null);
    expect(widened.map((about) => about.split(" ")[0]).sort()).toEqual([...expected].sort());
  }
}

const { missing } = findCompiler();
const interpreter = (lanes: 4 | 16): (() => Device) => devices[`interpreter, ${lanes} lanes`] as () => Device;

describe.each([
  { label: "interpreter, 4 lanes", make: () => withPoisonedChunks(interpreter(4)()) },
  { label: "interpreter, 16 lanes", make: () => withPoisonedChunks(interpreter(16)()) },
  { label: "wasm", make: () => createWasmDevice({ threads: 2 }) },
  { label: "native", make: () => nativeDevice(), lacks: missing },
])("$label", ({ make, lacks }) => {
  for (const one of cases) {
    const { batch, channels, filters, height, width } = one.sizes;
    test(`${batch} x ${height} x ${width} pixels, ${channels} channels to ${filters}`, async (context) => {
      context.skip(lacks !== undefined, lacks);
      const device = make();
      const { lanes, halves = false } = device.target;
      await device.close();
      context.skip(lanes !== 4 && lanes !== 16, `vectors of ${lanes} lanes here`);
      await check(make, { lanes: lanes as 4 | 16, halves }, one);
    }, 60_000);
  }
});

test("what follows element by element stays in the contraction's kernel, whatever its order in memory", async () => {
  const results: unknown[] = [];
  for (const strict of [false, true]) {
    const device = withPoisonedChunks(interpreter(16)());
    const loops = loopsOf(device);
    const found = await onEngine(new Engine(device, { strict }), async () => {
      const [x, w, b] = [wave([4, 3, 16, 18], 0.1), wave([6, 3, 3, 3], 0.7), wave([6], 1.3)];
      const y = F.relu(F.conv2d(x, w, { bias: b, padding: 1 }));
      return [
        await y.data(),
        await F.relu(F.conv2d(x, w, { bias: b }))
          .permute([0, 2, 3, 1])
          .data(),
      ];
    });
    expect(loops).toEqual([
      strict ? "4x6x16x18 over 3x3x3: add, max" : "4x6x16x9x2 over 3x3x4: add, max",
      expect.stringMatching(/: add, max$/),
    ]);
    results.push(found.map((data) => Array.from(data, (v) => Number(v.toFixed(5)))));
  }
  expect(results[0]).toEqual(results[1]);
});
