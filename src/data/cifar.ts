/**
 * CIFAR-10 and CIFAR-100 in their binary form: what the files are called, where they live, and how they are read. Pure
 * data and bytes; Node's loader is in `node/cifar.ts`.
 *
 * A file is records of one length: one label (CIFAR-10) or the coarse and the fine label (CIFAR-100), a byte each, and
 * 3,072 bytes of an image: red, green and blue, each 32 rows of 32 pixels.
 */
import { FileFormatError } from "../base/errors.ts";
import type { ImageDatasetContent } from "./image-dataset.ts";
import type { Transform } from "./transforms.ts";

/** A dataset in CIFAR's binary form. */
export interface CifarSpec {
  readonly name: string;
  /** Where the archive is downloaded from, with a slash at the end. */
  readonly url: string;
  readonly archive: string;
  /** MD5 checksum of the archive. */
  readonly md5: string;
  /** The folder that the archive makes. */
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Images in each file of a split. A file that is cut off between two images has fewer. Default: any number. */
  readonly images?: { readonly train: number; readonly test: number };
  /** Names of the classes of each label byte, in the order of the bytes. */
  readonly labels: readonly (readonly string[])[];
}

/** Bytes of a file with the name that messages call it. */
export interface NamedBytes {
  readonly source: string;
  readonly bytes: Uint8Array;
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const url = "https://www.cs.toronto.edu/~kriz/";

/**
 * 60,000 pictures in 10 classes (A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009).
 *
 * @example
 * data.cifar10Spec.labels[0][3]; // "cat"
 */
export const cifar10Spec: CifarSpec = {
  name: "CIFAR10",
  url,
  archive: "cifar-10-binary.tar.gz",
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  folder: "cifar-10-batches-bin",
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: ["test_batch.bin"],
  images: { train: 10_000, test: 10_000 },
  labels: [words("airplane automobile bird cat deer dog frog horse ship truck")],
};

/**
 * 60,000 pictures in 100 classes, which form 20 coarse ones (A. Krizhevsky, 2009).
 *
 * @example
 * data.cifar100Spec.labels.map((names) => names.length); // [20, 100]
 */
export const cifar100Spec: CifarSpec = {
  name: "CIFAR100",
  url,
  archive: "cifar-100-binary.tar.gz",
  md5: "03b5dce01913d631647c71ecec9e9cb8",
  folder: "cifar-100-binary",
  train: ["train.bin"],
  test: ["test.bin"],
  images: { train: 50_000, test: 10_000 },
  labels: [
    words(`aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices
      household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes
      large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees
      vehicles_1 vehicles_2`),
    words(`apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
      castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
      flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
      motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
      poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
      squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
      wardrobe whale willow_tree wolf woman worm`),
  ],
};

const [channels, height, width] = [3, 32, 32] as const;
const pixelsPerImage: number = channels * height * width;

/**
 * Content of an `ImageDataset` out of CIFAR's binary files, one after the other.
 *
 * @param options.label Which label byte of each record counts. Default: the last one.
 * @throws FileFormatError naming the file, what was found and what was expected.
 * @example
 * const bytes = new Uint8Array(3073).fill(255).fill(7, 0, 1);
 * const content = data.imagesFromCifar([{ source: "one.bin", bytes }], data.cifar10Spec);
 * content.classes[content.labels[0]]; // "horse"
 */
export function imagesFromCifar(
  files: readonly NamedBytes[],
  spec: CifarSpec,
  { transform, label = spec.labels.length - 1 }: { transform?: Transform | undefined; label?: number } = {},
): ImageDatasetContent {
  const recordSize = spec.labels.length + pixelsPerImage;
  for (const { source, bytes } of files) {
    if (bytes.length > 0 && bytes.length % recordSize === 0) continue;
    throw new FileFormatError(
      `${source}: found ${bytes.length} bytes, expected a multiple of ${recordSize}, the size of an image of ` +
        `${spec.name} with its label; the file is cut off or of another dataset: delete it and download it again`,
      { source, found: bytes.length, recordSize },
    );
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / recordSize, 0);
  const classes = spec.labels[label] ?? [];
  const pixels = new Uint8Array(count * pixelsPerImage);
  const labels = new Uint8Array(count);
  let n = 0;
  for (const { source, bytes } of files) {
    for (let at = 0; at < bytes.length; at += recordSize, n++) {
      for (const [i, names] of spec.labels.entries()) {
        checkLabel(bytes[at + i] as number, names, at / recordSize, source);
      }
      labels[n] = bytes[at + label] as number;
      pixels.set(bytes.subarray(at + spec.labels.length, at + recordSize), n * pixelsPerImage);
    }
  }
  return { pixels, labels, channels, height, width, classes, transform };
}

function checkLabel(label: number, classes: readonly string[], image: number, source: string): void {
  if (label < classes.length) return;
  throw new FileFormatError(
    `${source}: found label ${label} at image ${image}, expected 0 to ${classes.length - 1}; ` +
      "this is the file of another dataset",
    { source, image, label },
  );
}
