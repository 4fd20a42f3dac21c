import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { moduleCases } from "./module-cases.test-helper.ts";
import { PixelShuffle, PixelUnshuffle } from "./pixel-shuffle.ts";

export const cases: readonly OpCases[] = [
  moduleCases(
    "PixelShuffle",
    [
      {
        name: "by 2",
        make: () => new PixelShuffle(2),
        torch: "nn.PixelShuffle(2)",
        inputs: [uniform([2, 12, 3, 5])],
      },
      {
        name: "by 3, one image",
        make: () => new PixelShuffle(3),
        torch: "nn.PixelShuffle(3)",
        inputs: [uniform([9, 1, 2])],
      },
      {
        name: "more axes in front",
        make: () => new PixelShuffle(2),
        torch: "nn.PixelShuffle(2)",
        inputs: [uniform([3, 1, 4, 2, 5])],
      },
    ],
    [
      {
        name: "channels",
        call: () => new PixelShuffle(2)(zeros([1, 6, 3, 3])),
        error: "ShapeError",
        message: "PixelShuffle(2): 6 channels cannot be divided by 2 * 2 (input shape [1, 6, 3, 3])",
      },
      {
        name: "factor",
        call: () => new PixelShuffle(1.5),
        error: "ArgumentError",
        message: "PixelShuffle: upscaleFactor must be an integer of 1 or more; got 1.5",
      },
      {
        name: "dimensions",
        call: () => new PixelShuffle(2)(zeros([4, 4])),
        error: "ShapeError",
        message: "PixelShuffle(2): input has 2 dimensions (shape [4, 4]), expected at least C, H, W",
      },
    ],
  ),
  moduleCases(
    "PixelUnshuffle",
    [
      {
        name: "by 2",
        make: () => new PixelUnshuffle(2),
        torch: "nn.PixelUnshuffle(2)",
        inputs: [uniform([2, 3, 4, 6])],
      },
      {
        name: "by 3, one image",
        make: () => new PixelUnshuffle(3),
        torch: "nn.PixelUnshuffle(3)",
        inputs: [uniform([1, 3, 6])],
      },
    ],
    [
      {
        name: "plane",
        call: () => new PixelUnshuffle(2)(zeros([1, 6, 4, 3])),
        error: "ShapeError",
        message:
          "PixelUnshuffle(2): a plane of 4 x 3 cannot be divided into blocks of 2 x 2 (input shape [1, 6, 4, 3])",
      },
    ],
  ),
];
