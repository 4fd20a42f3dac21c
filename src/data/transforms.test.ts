import { describe, expect, it } from "vitest";
import type { HostImage } from "./host-array.ts";
import { RandomKey, RandomStream } from "./random-stream.ts";
import {
  applyTransform,
  Compose,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  ToTensor,
} from "./transforms.ts";

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
    expect(() => new RandomCrop(0)).toThrow("size 0 x 0");
  });

  it("is a pure function of seed, epoch and index", () => {
    const crop = new RandomCrop(8, { padding: 4 });
    const at = (seed: number, epoch: number, index: number): string =>
      crop.apply(ramp(1, 8, 8), new RandomKey(seed, epoch).stream(index)).data.join();
    expect(at(1, 2, 3)).toBe(at(1, 2, 3));
    expect(new Set([at(1, 2, 3), at(1, 2, 4), at(1, 3, 3), at(2, 2, 3)]).size).toBeGreaterThan(2);
  });
});
