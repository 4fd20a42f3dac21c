import { F, tensor } from "tatamijs";
import { experiment } from "tatamijs/lab";

const kernels: Record<string, number[][]> = {
  edge: [
    [-1, 0, 1],
    [-2, 0, 2],
    [-1, 0, 1],
  ],
  blur: [
    [1 / 9, 1 / 9, 1 / 9],
    [1 / 9, 1 / 9, 1 / 9],
    [1 / 9, 1 / 9, 1 / 9],
  ],
  sharpen: [
    [0, -1, 0],
    [-1, 5, -1],
    [0, -1, 0],
  ],
};

/** The kernel slides over the image; at each place the products are summed up. */
function byHand(image: number[][], kernel: number[][]): number[][] {
  const pixel = (y: number, x: number) => image[y]?.[x] ?? 0; // zeros around the image: padding 1
  return image.map((row, y) =>
    row.map((_, x) => {
      let sum = 0;
      kernel.forEach((line, i) => {
        line.forEach((weight, j) => {
          sum += weight * pixel(y + i - 1, x + j - 1);
        });
      });
      return sum;
    }),
  );
}

export default experiment({
  title: { en: "Convolution", ja: "畳み込み" },
  question: {
    en: "What does a kernel do to an image, and does F.conv2d do the same as four nested loops?",
    ja: "カーネルは画像をどう変えるのか。F.conv2d は四重ループと同じ計算をするのか。",
  },
  async run(lab) {
    const [images] = await lab.batch(1);
    const image = images.select(0, 0).select(0, 0); // (H, W)
    const pictures = [{ label: "image", image }];
    const rows: [string, number, number][] = [];
    for (const [name, kernel] of Object.entries(kernels)) {
      const weight = tensor(kernel).reshape([1, 1, 3, 3]);
      const output = F.conv2d(image.reshape([1, 1, ...image.shape]), weight, { padding: 1 }).squeeze();
      const loops = tensor(byHand((await image.array()) as number[][], kernel));
      const difference = await output.sub(loops).abs().max().item();
      rows.push([name, difference, await output.std().item()]);
      pictures.push({ label: name, image: output });
    }
    await lab.pictures("One image under three kernels", pictures);
    lab.table("Loops against F.conv2d", ["kernel", "largest difference", "std of the output"], rows);
    const largest = Math.max(...rows.map(([, difference]) => difference));
    const std = await image.std().item();
    const blurred = (rows[1]?.[2] ?? 0) / std;
    const sharpened = (rows[2]?.[2] ?? 0) / std;
    return {
      see: {
        en:
          `Loops and conv2d differ by at most ${largest.toExponential(1)}, the rounding of float32; blurring leaves ` +
          `${blurred.toFixed(2)} of the contrast, sharpening makes it ${sharpened.toFixed(2)} times as large.`,
        ja:
          `ループと conv2d の差は最大 ${largest.toExponential(1)} で、float32 の丸め誤差にすぎない。ぼかすとコントラストは ` +
          `${blurred.toFixed(2)} 倍になり、鮮鋭化すると ${sharpened.toFixed(2)} 倍になる。`,
      },
      values: { largest, blurred, sharpened },
    };
  },
});
