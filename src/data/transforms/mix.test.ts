import { describe, expect, it } from "vitest";
import { currentEngine } from "../../engine/default.ts";
import { fromOwned, tensor } from "../../tensor/create.ts";
import { Generator } from "../../tensor/generator.ts";
import { DataLoader } from "../data-loader.ts";
import { Digits } from "../digits.ts";
import { RandomStream } from "../random-stream.ts";
import { CutMix, MixUp } from "./mix.ts";

const images = () =>
  fromOwned(
    Float32Array.from({ length: 3 * 2 * 6 * 5 }, (_, i) => Math.floor(i / 60)),
    [3, 2, 6, 5],
  );
const labels = () => tensor([0, 1, 2], { dtype: "int32" });

describe("MixUp", () => {
  it("mixes images and labels with one share, each with the image before it", async () => {
    const mixUp = new MixUp({ numClasses: 3, generator: new Generator(4) });
    const [x, y] = mixUp(images(), labels());
    const [pixels, soft] = [await x.data(), await y.data()];
    const share = soft[0] as number;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    expect([...soft].map((v) => v.toFixed(5))).toEqual(
      [share, 0, 1 - share, 1 - share, share, 0, 0, 1 - share, share].map((v) => v.toFixed(5)),
    );
    expect(pixels[0]).toBeCloseTo(2 * (1 - share), 5);
    expect(pixels[60]).toBeCloseTo(share, 5);
    expect(pixels[179]).toBeCloseTo(1 + share, 5);
  });

  it("draws shares from the Beta distribution, and the same ones from the same seed", async () => {
    const shares = async (alpha: number, seed: number, count: number): Promise<number[]> => {
      const mixUp = new MixUp({ alpha, numClasses: 3, generator: new Generator(seed) });
      const drawn = Array.from({ length: count }, () =>
        mixUp(images(), labels())[1].select(0, 0).select(0, 0),
      );
      return Promise.all(drawn.map((t) => t.item()));
    };
    for (const alpha of [0.3, 1, 4]) {
      const drawn = await shares(alpha, 1, 400);
      const mean = drawn.reduce((a, b) => a + b) / 400;
      const variance = drawn.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 399;
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.07);
      expect(variance * (8 * alpha + 4)).toBeGreaterThan(0.8);
      expect(variance * (8 * alpha + 4)).toBeLessThan(1.2);
    }
    expect(await shares(1, 7, 3)).toEqual(await shares(1, 7, 3));
    expect(await shares(1, 7, 3)).not.toEqual(await shares(1, 8, 3));
  });

  it("refuses what it cannot mix", () => {
    expect(() => new MixUp({ alpha: 0 })).toThrow("MixUp: alpha must be above 0; got 0");
    expect(() => new CutMix({ numClasses: 0 })).toThrow(
      "CutMix: numClasses must be an integer of 1 or more; got 0",
    );
    expect(() => new MixUp()(images(), labels())).toThrow(
      "MixUp: labels are int32 of shape [3]; give class indices",
    );
    expect(() => new MixUp({ numClasses: 3 })(images(), tensor([1, 2], { dtype: "int32" }))).toThrow(
      "MixUp: expected images (N, C, H, W) and N labels; got [3, 2, 6, 5] and [2]",
    );
  });
});

describe("CutMix", () => {
  it("puts a box of one image into the next one, and mixes labels by its area", async () => {
    const cutMix = new CutMix({ numClasses: 3 });
    const areas = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const [x, y] = cutMix(images(), labels(), new RandomStream(2, i));
      const pixels = [...(await x.data())];
      const boxed = pixels
        .slice(0, 30)
        .map((v, k) => (v === 2 ? k : -1))
        .filter((k) => k >= 0);
      const rows = new Set(boxed.map((k) => Math.floor(k / 5)));
      const columns = new Set(boxed.map((k) => k % 5));
      expect(boxed).toHaveLength(rows.size * columns.size);
      // The same box in the other channel and the other images.
      expect(pixels.slice(30, 60)).toEqual(pixels.slice(0, 30));
      expect(pixels.slice(60, 90)).toEqual(pixels.slice(0, 30).map((v) => (v === 2 ? 0 : 1)));
      expect((await y.data())[0]).toBeCloseTo(1 - boxed.length / 30, 5);
      areas.add(boxed.length);
    }
    expect(areas.size).toBeGreaterThan(4);
  });
});

describe("batchTransform of a DataLoader", () => {
  const epoch = async (): Promise<number[]> => {
    const loader = new DataLoader(new Digits(), {
      batchSize: 400,
      generator: new Generator(3),
      batchTransform: new CutMix({ numClasses: 10 }),
    });
    const firsts: number[] = [];
    for await (const [x, y] of loader) {
      expect(y.shape).toEqual([x.shape[0], 10]);
      firsts.push(await x.add(0).mean().item(), (await y.data())[0] as number);
    }
    return firsts;
  };

  it("changes every batch, the same way for the same seed, with one program for batches of one shape", async () => {
    const first = await epoch();
    expect(first).toHaveLength(8);
    const { compilations } = currentEngine().stats;
    expect(await epoch()).toEqual(first);
    expect(currentEngine().stats.compilations).toBe(compilations);
  });
});
