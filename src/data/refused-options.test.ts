/** Options by PyTorch's positions or other names are refused: `{ train: false }` of a set that has `split` gave the training images. */
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../base/errors.ts";
import { tensor, zeros } from "../tensor/create.ts";
import * as data from "./index.ts";
import { CIFAR10, CIFAR100 } from "./node/cifar.ts";
import { MNIST } from "./node/mnist.ts";

type Untyped = Record<string, new (...given: unknown[]) => unknown>;
const untyped = (value: unknown): Untyped => value as Untyped;
const make =
  (from: unknown, name: string, ...given: unknown[]) =>
  (): unknown =>
    Reflect.construct(untyped(from)[name] as new () => unknown, given);
const digits = new data.Digits();

describe("refused", () => {
  test.each([
    ["Digits", [{ train: false }], 'Digits: there is no option "train"; there are { split, transform }'],
    [
      "DataLoader",
      [digits, 32],
      "DataLoader: options are given as an object, { batchSize, shuffle, dropLast,",
    ],
    ["DataLoader", [digits, { batchsize: 32 }], 'DataLoader: there is no option "batchsize"'],
    ["DataLoader", [digits, { shuffle: "yes" }], 'DataLoader: shuffle must be true or false; got "yes"'],
    [
      "DataLoader",
      [[1, 2, 3]],
      "DataLoader: a dataset has length and get(i); got Array; tensors become one with",
    ],
    ["DataLoader", [Promise.resolve(digits)], "got Promise; await it first"],
    ["DataLoader", [undefined], "DataLoader: a dataset has length and get(i); got undefined"],
    ["TensorDataset", [[zeros([2]), zeros([2])]], "TensorDataset: argument 0 must be a tensor, got Array"],
  ] as const)("%s %#", (name, given, message) => {
    expect(make(data, name, ...given)).toThrow(ArgumentError);
    expect(make(data, name, ...given)).toThrow(message);
  });

  test.each([
    ["RandomHorizontalFlip", [0.3], "RandomHorizontalFlip: options are given as an object, { p }; got 0.3"],
    ["RandomVerticalFlip", [0.3], "RandomVerticalFlip: options are given as an object, { p }; got 0.3"],
    ["RandomCrop", [28, 4], "RandomCrop: options are given as an object, { padding, fill }; got 4"],
    ["RandomErasing", [{ prob: 1 }], 'RandomErasing: there is no option "prob"'],
    [
      "RandomRotation",
      [10, "bilinear"],
      "RandomRotation: options are given as an object, { interpolation, fill }",
    ],
    ["Grayscale", [3], "Grayscale: options are given as an object, { numOutputChannels }; got 3"],
    [
      "ColorJitter",
      [0.2],
      "ColorJitter: options are given as an object, { brightness, contrast, saturation, hue }",
    ],
    ["Resize", [8, { antialias: "no" }], 'Resize: antialias must be true or false; got "no"'],
    ["MixUp", [0.2], "MixUp: options are given as an object, { alpha, numClasses, generator }; got 0.2"],
    ["CutMix", [{ beta: 1 }], 'CutMix: there is no option "beta"'],
  ] as const)("transforms.%s", (name, given, message) => {
    expect(make(data.transforms, name, ...given)).toThrow(message);
  });

  test("sets that are loaded", async () => {
    const load = (set: { load(options: never): Promise<unknown> }, options: unknown) =>
      set.load(options as never);
    await expect(load(MNIST, { split: "test" })).rejects.toThrow('MNIST: there is no option "split"');
    await expect(load(MNIST, "data")).rejects.toThrow(
      "MNIST: options are given as an object, { root, train,",
    );
    await expect(load(CIFAR10, { train: "test" })).rejects.toThrow("CIFAR10: train must be true or false");
    await expect(load(CIFAR10, { labels: "coarse" })).rejects.toThrow('CIFAR10: there is no option "labels"');
    await expect(load(CIFAR100, { Train: false })).rejects.toThrow('CIFAR100: there is no option "Train"');
  });

  test("samples of lists of numbers, by field", async () => {
    const set = { length: 2, get: (i: number) => [[i, i], i] };
    const first = async (): Promise<unknown> => {
      for await (const batch of new data.DataLoader(set as unknown as data.Dataset)) return batch;
      return null;
    };
    await expect(first()).rejects.toThrow(
      "collate: field 0 of sample 0 of the batch is a Array, but samples are made of host arrays",
    );
  });
});

test("a dataset may be any object of length and get, and options may be left out", async () => {
  const set = { length: 2, get: (i: number): [number] => [i] };
  const loader = new data.DataLoader(set, {});
  const seen: unknown[] = [];
  for await (const [y] of loader) seen.push(await y.array());
  expect(seen).toEqual([[0], [1]]);
  expect(new data.TensorDataset(tensor([1, 2])).length).toBe(2);
});
