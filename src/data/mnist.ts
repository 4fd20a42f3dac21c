/**
 * MNIST and the datasets made in its form: what the four files are called, where they live and what they must
 * contain. Pure data, for Node's loader and for browser code that shows class names.
 */

/** One of the four files. */
export interface MnistFile {
  /** Name at the dataset's home; the unpacked file has it without `.gz`. */
  readonly name: string;
  /** MD5 checksum of the gzipped file at the dataset's home. */
  readonly md5: string;
}

/** A dataset in MNIST's form: 60,000 + 10,000 grey images of 28x28 pixels in 10 classes. */
export interface MnistSpec {
  readonly name: string;
  /** Where the files are downloaded from, with a slash at the end. */
  readonly url: string;
  readonly classes: readonly string[];
  readonly train: { readonly images: MnistFile; readonly labels: MnistFile };
  readonly test: { readonly images: MnistFile; readonly labels: MnistFile };
  /** Debian's package of the dataset and the folder that it fills. */
  readonly debian?: { readonly package: string; readonly folder: string };
}

const digitClasses = [
  "0 - zero",
  "1 - one",
  "2 - two",
  "3 - three",
  "4 - four",
  "5 - five",
  "6 - six",
  "7 - seven",
  "8 - eight",
  "9 - nine",
];

/** Checksums in the order train images, train labels, test images, test labels. */
function files(md5s: readonly [string, string, string, string]): Pick<MnistSpec, "train" | "test"> {
  return {
    train: {
      images: { name: "train-images-idx3-ubyte.gz", md5: md5s[0] },
      labels: { name: "train-labels-idx1-ubyte.gz", md5: md5s[1] },
    },
    test: {
      images: { name: "t10k-images-idx3-ubyte.gz", md5: md5s[2] },
      labels: { name: "t10k-labels-idx1-ubyte.gz", md5: md5s[3] },
    },
  };
}

/**
 * Handwritten digits (Y. LeCun, C. Cortes and C. Burges, 1998), from the PyTorch project's mirror.
 *
 * @example
 * data.mnistSpec.classes[3]; // "3 - three"
 */
export const mnistSpec: MnistSpec = {
  name: "MNIST",
  url: "https://ossci-datasets.s3.amazonaws.com/mnist/",
  classes: digitClasses,
  ...files([
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3",
    "ec29112dd5afa0611ce80d1b7f02629c",
  ]),
};

/**
 * Pictures of clothes (H. Xiao, K. Rasul and R. Vollgraf, Zalando Research, 2017, MIT licence).
 *
 * @example
 * data.fashionMnistSpec.classes[9]; // "Ankle boot"
 */
export const fashionMnistSpec: MnistSpec = {
  name: "FashionMNIST",
  url: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  classes: [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ],
  ...files([
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
  ]),
  debian: { package: "dataset-fashion-mnist", folder: "/usr/share/datasets/fashion-mnist" },
};

/**
 * Old Japanese cursive characters (T. Clanuwat and others, CODH, 2018, CC BY-SA 4.0).
 *
 * @example
 * data.kmnistSpec.classes.length; // 10
 */
export const kmnistSpec: MnistSpec = {
  name: "KMNIST",
  url: "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
  classes: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
  ...files([
    "bdb82020997e1d708af4cf47b453dcf7",
    "e144d726b3acfaa3e44228e80efcd344",
    "5c965bf0a639b31b8f53240b1b52f4d7",
    "7320c461ea6c1c855c0b718fb2a4b134",
  ]),
};
