import { describe, expect, it } from "vitest";
import { collateSamples } from "./collate.ts";
import { Digits } from "./digits.ts";
import { ImageDataset, imagesFromIdx } from "./image-dataset.ts";
import { RandomKey } from "./random-stream.ts";
import { RandomCrop } from "./transforms.ts";

describe("Digits", () => {
  const train = new Digits();
  const test = new Digits({ split: "test" });

  it("has 1,437 + 360 images of all classes", () => {
    expect([train.length, test.length]).toEqual([1437, 360]);
    const counts = new Array<number>(10).fill(0);
    for (const label of [...train.labels, ...test.labels]) counts[label] = (counts[label] ?? 0) + 1;
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });

  it("has the pixels of the source, scaled", () => {
    const [image, label] = train.get(0);
    expect(image.shape).toEqual([1, 8, 8]);
    expect(label).toBe(0);
    expect([...image.data.slice(0, 16)].map((v) => v * 16)).toEqual([
      0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0,
    ]);
    let sum = 0;
    for (const part of [train, test]) {
      for (let i = 0; i < part.length; i++) for (const v of part.get(i)[0].data) sum += v * 16;
    }
    expect(sum).toBe(561718);
  });

  it("fills batches with what get gives, with and without a transform", () => {
    const key = new RandomKey(3, 1);
    const indices = [5, 0, 1436, 5];
    for (const dataset of [train, new Digits({ transform: new RandomCrop(8, { padding: 2 }) })]) {
      expect(dataset.batch(indices, key)).toEqual(collateSamples(indices.map((i) => dataset.get(i, key))));
    }
  });

  it("augments by epoch and sample", () => {
    const dataset = new Digits({ transform: new RandomCrop(8, { padding: 4 }) });
    const at = (epoch: number): string => dataset.get(0, new RandomKey(0, epoch))[0].data.join();
    expect(at(1)).toBe(at(1));
    expect(new Set([0, 1, 2, 3].map(at)).size).toBeGreaterThan(1);
  });

  it("refuses unknown splits and indices", () => {
    expect(() => new Digits({ split: "valid" as "test" })).toThrow(
      'split "valid" does not exist; use "train" or "test"',
    );
    expect(() => test.get(360)).toThrow("Digits: index 360 is out of range; use 0 to 359");
    expect(() => test.batch([0, -1])).toThrow("Digits: index -1");
  });
});

describe("imagesFromIdx", () => {
  const bytes = (shape: number[], data: number[]) =>
    ({ dtype: "uint8", shape, data: new Uint8Array(data) }) as const;
  const images = { source: "img", array: bytes([2, 1, 2], [0, 51, 102, 255]) };
  const classes = ["a", "b"];

  it("makes a dataset of two files", () => {
    const labels = { source: "lab", array: bytes([2], [1, 0]) };
    const dataset = new ImageDataset(imagesFromIdx(images, labels, { classes }));
    expect(dataset.get(1)[0]).toEqual({
      dtype: "float32",
      shape: [1, 1, 2],
      data: new Float32Array([0.4, 1]),
    });
    expect(dataset.batch([0, 1])[1].data).toEqual(new Int32Array([1, 0]));
  });

  it("refuses files that do not belong together", () => {
    const labels = (data: number[]) => ({ source: "lab", array: bytes([data.length], data) });
    expect(() => imagesFromIdx(images, labels([0, 1, 0]), { classes })).toThrow(
      "lab: found 3 labels, expected 2, the number of images in img",
    );
    expect(() => imagesFromIdx(images, labels([0, 2]), { classes })).toThrow(
      "lab: found label 2 at image 1, expected 0 to 1",
    );
    expect(() => imagesFromIdx(labels([0, 1]), images, { classes })).toThrow(
      "lab: found uint8 of shape [2], expected uint8 images (N, H, W); are the image and label files " +
        "swapped?",
    );
  });
});
