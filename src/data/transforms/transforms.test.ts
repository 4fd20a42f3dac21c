import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { noise } from "../../models/formula-values.test-helper.ts";
import type { HostImage } from "../host-array.ts";
import { RandomKey, RandomStream } from "../random-stream.ts";
import {
  applyTransform,
  CenterCrop,
  ColorJitter,
  Compose,
  Grayscale,
  Normalize,
  RandomCrop,
  RandomErasing,
  RandomHorizontalFlip,
  RandomRotation,
  RandomVerticalFlip,
  Resize,
  ToTensor,
} from "../transforms.ts";

const random = (lane = 0): RandomStream => new RandomStream(1, lane);

/** Pixels 0, 1, 2, ... */
function ramp(channels: number, height: number, width: number): HostImage {
  return {
    channels,
    height,
    width,
    data: Float32Array.from({ length: channels * height * width }, (_, i) => i),
  };
}

describe("Compose", () => {
  it("runs classes and functions in order, from one stream", () => {
    const drawn: number[] = [];
    const draw = (image: HostImage, stream: RandomStream): HostImage => {
      drawn.push(stream.uint32());
      return image;
    };
    const twice = (image: HostImage): HostImage => ({ ...image, data: image.data.map((v) => v * 2) });
    const both = new Compose([draw, new ToTensor(), twice, new Normalize([1], [1]), draw]);
    expect([...applyTransform(both, ramp(1, 1, 3), random()).data]).toEqual([-1, 1, 3]);
    expect(drawn[0]).not.toBe(drawn[1]);
  });
});

describe("Normalize", () => {
  it("shifts and scales per channel, and leaves the input alone", () => {
    const image = ramp(2, 1, 2);
    expect([...new Normalize([1, 2], [0.5, 2]).apply(image).data]).toEqual([-2, 0, 0, 0.5]);
    expect([...new Normalize([1], [0.5]).apply(image).data]).toEqual([-2, 0, 2, 4]);
    expect([...image.data]).toEqual([0, 1, 2, 3]);
  });

  it("refuses lists that do not fit", () => {
    expect(() => new Normalize([0], [1, 1])).toThrow("mean has 1 values and std 2");
    expect(() => new Normalize([0], [0])).toThrow("no std may be 0");
    expect(() => new Normalize([0, 0, 0], [1, 1, 1]).apply(ramp(1, 2, 2))).toThrow(
      "Normalize: the image has 1 channel, but mean and std have 3 values",
    );
  });
});

describe("RandomHorizontalFlip", () => {
  it("mirrors every row of every channel", () => {
    const flipped = new RandomHorizontalFlip({ p: 1 }).apply(ramp(2, 2, 2), random());
    expect([...flipped.data]).toEqual([1, 0, 3, 2, 5, 4, 7, 6]);
  });

  it("does so with its probability", () => {
    const image = ramp(1, 1, 2);
    const flip = new RandomHorizontalFlip({ p: 0.25 });
    let flips = 0;
    for (let i = 0; i < 2000; i++) if (flip.apply(image, random(i)) !== image) flips++;
    expect(Math.abs(flips - 500)).toBeLessThan(65);
    expect(new RandomHorizontalFlip({ p: 0 }).apply(image, random())).toBe(image);
    expect(() => new RandomHorizontalFlip({ p: 1.5 })).toThrow("p 1.5 is not a probability");
  });
});

describe("RandomCrop", () => {
  it("gives the image itself when there is one place only", () => {
    expect(new RandomCrop([2, 3]).apply(ramp(2, 2, 3), random())).toEqual(ramp(2, 2, 3));
  });

  it("reaches every place, padding included, with the right pixels", () => {
    const crop = new RandomCrop(2, { padding: 1, fill: -1 });
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) seen.add(crop.apply(ramp(1, 2, 2), random(i)).data.join(" "));
    expect(seen.size).toBe(9);
    expect(seen).toContain("0 1 2 3");
    expect(seen).toContain("-1 -1 -1 0");
    expect(seen).toContain("3 -1 -1 -1");
    expect(seen).toContain("1 -1 3 -1");
  });

  it("works when the padding alone could fill the piece", () => {
    const crop = new RandomCrop(1, { padding: 3 });
    for (let i = 0; i < 100; i++) expect(crop.apply(ramp(1, 1, 1), random(i)).data).toHaveLength(1);
  });

  it("refuses an image that is too small", () => {
    expect(() => new RandomCrop(4, { padding: 1 }).apply(ramp(1, 1, 4), random())).toThrow(
      "cannot cut 4 x 4 out of an image of 1 x 4 with padding 1",
    );
    expect(() => new RandomCrop(0)).toThrow("RandomCrop: size 0 x 0 is not one");
  });

  it("is a pure function of seed, epoch and index", () => {
    const crop = new RandomCrop(8, { padding: 4 });
    const at = (seed: number, epoch: number, index: number): string =>
      crop.apply(ramp(1, 8, 8), new RandomKey(seed, epoch).stream(index)).data.join();
    expect(at(1, 2, 3)).toBe(at(1, 2, 3));
    expect(new Set([at(1, 2, 3), at(1, 2, 4), at(1, 3, 3), at(2, 2, 3)]).size).toBeGreaterThan(2);
  });
});

interface References {
  readonly resize: readonly {
    from: [number, number];
    to: [number, number];
    antialias: boolean;
    values: number[];
  }[];
  readonly rotation: readonly {
    size: [number, number];
    angle: number;
    mode: "nearest" | "bilinear";
    values: number[];
  }[];
  readonly hue: readonly { turn: number; values: number[] }[];
}
const references = JSON.parse(
  readFileSync(new URL("../../../test/reference/transforms.json", import.meta.url), "utf8"),
) as References;

/** The image of test/reference/formula_values.py. */
const formula = (channels: number, height: number, width: number, stream: number): HostImage => ({
  channels,
  height,
  width,
  data: Float32Array.from(noise(channels * height * width, stream)),
});
const worst = (image: HostImage, values: readonly number[]): number => {
  expect(image.data).toHaveLength(values.length);
  return Math.max(...values.map((v, i) => Math.abs(v - (image.data[i] as number))));
};

describe("Resize", () => {
  it.each(references.resize)("$from to $to, antialias $antialias, is PyTorch's", (reference) => {
    const { from, to, antialias, values } = reference;
    const resized = new Resize(to, { antialias }).apply(formula(2, ...from, 1));
    expect([resized.height, resized.width]).toEqual(to);
    expect(worst(resized, values)).toBeLessThan(1e-6);
  });

  it("keeps an image's shape when only its shorter side is given", () => {
    const sizeOf = ({ height, width }: HostImage): number[] => [height, width];
    expect(sizeOf(new Resize(4).apply(ramp(1, 7, 10)))).toEqual([4, 5]);
    expect(sizeOf(new Resize(14).apply(ramp(3, 10, 7)))).toEqual([20, 14]);
    expect(new Resize(7).apply(ramp(1, 7, 10))).toEqual(ramp(1, 7, 10));
    expect(() => new Resize([0, 3])).toThrow("Resize: size 0 x 3 is not one");
  });
});

describe("RandomRotation", () => {
  it.each(references.rotation)("of $size by $angle, $mode, is PyTorch's", (reference) => {
    const { size, angle, mode, values } = reference;
    const turn = new RandomRotation([angle, angle], { interpolation: mode });
    expect(worst(turn.apply(formula(2, ...size, 2), random()), values)).toBeLessThan(1e-6);
  });

  it("draws the angle from its range, and fills the corners", () => {
    const turn = new RandomRotation(45, { fill: 7 });
    const corners = Array.from({ length: 50 }, (_, i) => turn.apply(ramp(1, 5, 5), random(i)).data[0]);
    expect(corners).toContain(7);
    expect(new Set(corners).size).toBeGreaterThan(1);
    expect(new RandomRotation(0).apply(ramp(2, 4, 5), random())).toEqual(ramp(2, 4, 5));
    expect(() => new RandomRotation(-1)).toThrow("RandomRotation: degrees -1 must be 0 or more");
    expect(() => new RandomRotation([3, 1])).toThrow("RandomRotation: degrees [3, 1] is no range");
    expect(() => new RandomRotation(1, { interpolation: "cubic" as "nearest" })).toThrow('got "cubic"');
  });
});

describe("CenterCrop", () => {
  it("takes the middle; halves go to even numbers, as in torchvision", () => {
    const columns = (width: number, size: number): number[] => [
      ...new CenterCrop([1, size]).apply(ramp(1, 1, width)).data,
    ];
    expect(columns(4, 2)).toEqual([1, 2]);
    expect(columns(3, 2)).toEqual([0, 1]);
    expect(columns(5, 2)).toEqual([2, 3]);
    expect(columns(7, 2)).toEqual([2, 3]);
    expect(columns(2, 5)).toEqual([0, 0, 1, 0, 0]);
    expect(() => new CenterCrop(1.5)).toThrow("CenterCrop: size 1.5 x 1.5 is not one");
  });
});

describe("RandomVerticalFlip", () => {
  it("mirrors every column of every channel", () => {
    const flipped = new RandomVerticalFlip({ p: 1 }).apply(ramp(2, 2, 2), random());
    expect([...flipped.data]).toEqual([2, 3, 0, 1, 6, 7, 4, 5]);
    expect(() => new RandomVerticalFlip({ p: -1 })).toThrow("RandomVerticalFlip: p -1 is not a probability");
  });
});

describe("RandomErasing", () => {
  const ones = (channels: number): HostImage => ({
    ...ramp(channels, 20, 16),
    data: new Float32Array(320 * channels).fill(1),
  });

  it("erases one rectangle of the asked area and shape, at every place", () => {
    const erase = new RandomErasing({ p: 1, scale: [0.1, 0.2], ratio: [0.5, 2], value: [5, 6] });
    const tops = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const { data } = erase.apply(ones(2), random(i));
      const hit = [...data.subarray(0, 320).keys()].filter((k) => data[k] === 5);
      const rows = hit.map((k) => Math.floor(k / 16));
      const columns = hit.map((k) => k % 16);
      const height = Math.max(...rows) - Math.min(...rows) + 1;
      const width = Math.max(...columns) - Math.min(...columns) + 1;
      expect(hit).toHaveLength(height * width);
      expect(hit.every((k) => data[320 + k] === 6)).toBe(true);
      expect(Math.abs(hit.length / 320 - 0.15)).toBeLessThan(0.08);
      tops.add(Math.min(...rows));
    }
    expect(tops.size).toBeGreaterThan(10);
  });

  it("does so with its probability, also with noise, and refuses wrong options", () => {
    const erase = new RandomErasing({ p: 0.25, value: "random" });
    const image = ones(1);
    const changed = Array.from({ length: 800 }, (_, i) => erase.apply(image, random(i))).filter(
      (r) => r !== image,
    );
    expect(Math.abs(changed.length - 200)).toBeLessThan(45);
    const values = changed.flatMap(({ data }) => [...data].filter((v) => v !== 1));
    expect(Math.abs(values.reduce((a, b) => a + b) / values.length)).toBeLessThan(0.05);
    expect(image).toEqual(ones(1));
    expect(() => new RandomErasing({ scale: [0.5, 2] })).toThrow("scale [0.5, 2] is a share; give 0 to 1");
    expect(() => new RandomErasing({ ratio: [0, 1] })).toThrow("RandomErasing: ratio [0, 1] is no range");
    expect(() => new RandomErasing({ p: 1, value: [1] }).apply(ones(2), random())).toThrow(
      "RandomErasing: value has 1 numbers, the image has 2 channels",
    );
  });
});

describe("ColorJitter", () => {
  const image = (): HostImage => {
    const base = formula(3, 4, 5, 3);
    return { ...base, data: base.data.map((v) => (v + 1) / 2) };
  };

  it.each(references.hue)("turns hues by $turn as Python's colorsys does", ({ turn, values }) => {
    const turned = new ColorJitter({ hue: [turn, turn] }).apply(image(), random());
    expect(worst(turned, values)).toBeLessThan(1e-6);
  });

  it("changes brightness, contrast and saturation by torchvision's formulas", () => {
    const two: HostImage = { channels: 3, height: 1, width: 2, data: new Float32Array([1, 0, 0, 0.5, 0, 0]) };
    const by = (options: object): number[] => [...new ColorJitter(options).apply(two, random()).data];
    const close = (actual: number[], wanted: number[]): void =>
      actual.forEach((v, i) => void expect(v).toBeCloseTo(wanted[i] as number, 6));
    close(by({ brightness: [1.5, 1.5] }), [1, 0, 0, 0.75, 0, 0]);
    // The mean of 0.2989 and 0.2935 is 0.2962.
    close(by({ contrast: [0.5, 0.5] }), [0.6481, 0.1481, 0.1481, 0.3981, 0.1481, 0.1481]);
    close(by({ saturation: [0, 0] }), [0.2989, 0.2935, 0.2989, 0.2935, 0.2989, 0.2935]);
    const grey = { ...two, channels: 1, height: 3 };
    expect(new ColorJitter({ saturation: 1, hue: 0.5 }).apply(grey, random())).toEqual(grey);
    close(
      [...new Grayscale({ numOutputChannels: 3 }).apply(two).data],
      [0.2989, 0.2935, 0.2989, 0.2935, 0.2989, 0.2935],
    );
  });

  it("draws within its ranges, and refuses others", () => {
    const jitter = new ColorJitter({ brightness: 0.5 });
    const grey: HostImage = { channels: 1, height: 1, width: 1, data: new Float32Array([0.5]) };
    const values = Array.from({ length: 200 }, (_, i) => jitter.apply(grey, random(i)).data[0] as number);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0.25);
    expect(Math.max(...values)).toBeLessThanOrEqual(0.75);
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.45);
    expect(() => new ColorJitter({ contrast: -1 })).toThrow("ColorJitter: contrast -1 must be 0 or more");
    expect(() => new ColorJitter({ hue: 0.6 })).toThrow("ColorJitter: hue [-0.6, 0.6] is no range");
    expect(() => new ColorJitter({ hue: [0, 0.7] })).toThrow("must lie within -0.5 to 0.5");
    expect(() => jitter.apply(ramp(2, 1, 1), random())).toThrow("ColorJitter: the image has 2 channels");
    expect(() => new Grayscale({ numOutputChannels: 2 as 1 })).toThrow(
      "Grayscale: numOutputChannels must be 1 or 3",
    );
  });
});
