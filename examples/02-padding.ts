import { F, nn, ones } from "tatamijs";
import { experiment } from "tatamijs/lab";

export default experiment({
  title: { en: "Stride, padding, dilation, groups", ja: "ストライド、パディング、ダイレーション、グループ" },
  question: {
    en: "How large is the output, does the formula hold, and what does padding do to the border?",
    ja: "出力の大きさは公式どおりか。パディングは境界をどう変えるのか。",
  },
  async run(lab) {
    const options = [
      { size: 28, kernelSize: 3 },
      { size: 28, kernelSize: 3, padding: 1 },
      { size: 28, kernelSize: 5, padding: 2, stride: 2 },
      { size: 28, kernelSize: 3, stride: 3 },
      { size: 28, kernelSize: 2, stride: 4 },
      { size: 28, kernelSize: 3, dilation: 2 },
      { size: 29, kernelSize: 3, dilation: 3, padding: 3, stride: 2, groups: 2 },
      { size: 7, kernelSize: 7 },
    ];
    const rows = options.map(({ size, kernelSize, stride = 1, padding = 0, dilation = 1, groups = 1 }) => {
      const conv = new nn.Conv2d(2, 4, kernelSize, { stride, padding, dilation, groups });
      const measured = conv(ones([1, 2, size, size])).size(3);
      const formula = Math.floor((size + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1;
      return [size, kernelSize, stride, padding, dilation, groups, formula, measured];
    });
    const same = new nn.Conv2d(1, 1, 4, { padding: "same" })(ones([1, 1, 28, 28])).size(3);
    lab.table(
      "floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1",
      ["size", "kernel", "stride", "padding", "dilation", "groups", "formula", "Conv2d"],
      rows,
    );
    lab.note({
      en: `padding: "same" keeps the size for even kernels too: 28 becomes ${same} with a kernel of 4.`,
      ja: `padding: "same" は偶数のカーネルでも大きさを保つ（カーネル 4 で 28 は ${same} になる）。`,
    });

    const [images] = await lab.batch(1);
    const bright = images.mul(-1).add(1); // a bright ground shows the border
    const modes = ["constant", "reflect", "replicate", "circular"] as const;
    const padded = modes.map((mode) => ({
      label: mode,
      image: F.pad(bright, [3, 3, 3, 3], { mode }).select(0, 0),
    }));
    await lab.pictures("Three pixels of padding", padded);

    const border = await Promise.all(
      modes.map(async (mode) => {
        const blurred = F.avgPool2d(F.pad(bright, [1, 1, 1, 1], { mode }), 3, { stride: 1 });
        const edge = blurred
          .narrow(2, 0, 1)
          .mean()
          .div(bright.narrow(2, 0, 1).mean());
        return edge.item();
      }),
    );
    lab.bars("Brightness of the upper border after blurring, before is 1", {
      categories: modes,
      y: "brightness",
      series: [{ label: "3x3", values: border }],
    });
    const wrong = rows.filter((row) => row[6] !== row[7]).length;
    const [zeros = 0, , replicate = 0] = border;
    return {
      see: {
        en:
          `The formula is right in ${rows.length - wrong} of ${rows.length} cases; zero padding leaves ${zeros.toFixed(2)} of the ` +
          `border's brightness after blurring, repeating the edge ${replicate.toFixed(2)}.`,
        ja:
          `公式は ${rows.length} 例中 ${rows.length - wrong} 例で一致する。ぼかした後の境界の明るさは、ゼロ埋めで ${zeros.toFixed(2)} 倍、` +
          `端の繰り返しで ${replicate.toFixed(2)} 倍になる。`,
      },
      values: { wrong, zeros, replicate },
    };
  },
});
