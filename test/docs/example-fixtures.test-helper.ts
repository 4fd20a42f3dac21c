/** What examples in the documentation may use without declaring it: a small model with its data and optimizer. */
import { readFileSync } from "node:fs";
import { data, F, nn, optim, type Tensor, zeros } from "../../src/index.ts";

/** Written by PyTorch (test/reference/make_torch_files.py): a checkpoint of the same model. */
const torchFile = new URL("../reference/testdata/files/checkpoint.pt", import.meta.url);

/** Written by NumPy (test/reference/make_numpy_files.py). */
const npzFile = new URL("../reference/testdata/files/arrays.npz", import.meta.url);

/** Fresh ones for each example. `images` has shape [16, 1, 8, 8], `labels` [16], of 10 classes. */
export function fixtures(): {
  model: nn.Sequential;
  optimizer: optim.SGD;
  loader: data.DataLoader<data.ImageSample>;
  validation: data.DataLoader<data.ImageSample>;
  images: Tensor;
  labels: Tensor;
  loss: Tensor;
  torchFile: Uint8Array;
  npzFile: Uint8Array;
} {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(8 * 4 * 4, 10),
  );
  const few = (split: "train" | "test"): data.DataLoader<data.ImageSample> =>
    new data.DataLoader(
      new data.Subset(
        new data.Digits({ split }),
        Array.from({ length: 48 }, (_, i) => i),
      ),
      { batchSize: 16 },
    );
  const images = zeros([16, 1, 8, 8]);
  const labels = zeros([16], { dtype: "int32" });
  return {
    model,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
    loader: few("train"),
    validation: few("test"),
    images,
    labels,
    loss: F.crossEntropy(model(images), labels),
    torchFile: readFileSync(torchFile),
    npzFile: readFileSync(npzFile),
  };
}
