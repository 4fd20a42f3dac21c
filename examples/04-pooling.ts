import { F, nn, tensor } from "tatamijs";
import { experiment, percent } from "tatamijs/lab";

export default experiment({
  title: { en: "Pooling", ja: "プーリング" },
  question: {
    en: "What is left of an image's features when it moves by one pixel, and what is max pooling made of?",
    ja: "画像が 1 ピクセル動いたとき、特徴はどれだけ残るのか。最大プーリングの中身は何か。",
  },
  async run(lab) {
    const [images] = await lab.batch(100);
    const moved = images.roll(1, 3);

    // Max pooling by hand: every 2x2 window becomes a column, and the largest element of each is taken.
    const [n, c, h, w] = images.shape as [number, number, number, number];
    const windows = F.unfold(images, 2, { stride: 2 }).reshape([
      n,
      c,
      4,
      Math.floor(h / 2) * Math.floor(w / 2),
    ]);
    const byHand = windows.max(2).values.reshape([n, c, Math.floor(h / 2), Math.floor(w / 2)]);
    const difference = await byHand.sub(new nn.MaxPool2d(2)(images)).abs().max().item();

    const edges = tensor([
      [[[-1, 0, 1]], [[-2, 0, 2]], [[-1, 0, 1]]],
      [[[-1, -2, -1]], [[0, 0, 0]], [[1, 2, 1]]],
    ]).reshape([2, 1, 3, 3]);
    const features = (x: typeof images) =>
      F.conv2d(x.mean(1, { keepdim: true }), edges, { padding: 1 }).relu();
    const stages = {
      image: (x: typeof images) => x,
      "edges (conv, ReLU)": features,
      "max pool 2": (x: typeof images) => F.maxPool2d(features(x), 2),
      "average pool 2": (x: typeof images) => F.avgPool2d(features(x), 2),
      "max pool 4": (x: typeof images) => F.maxPool2d(features(x), 4),
      "global average pool": (x: typeof images) => F.globalAvgPool2d(features(x)),
    };
    const changes: number[] = [];
    for (const stage of Object.values(stages)) {
      const [before, after] = [stage(images), stage(moved)];
      changes.push(await after.sub(before).norm().div(before.norm()).item());
    }
    const names = Object.keys(stages);
    lab.bars("Change after a shift by one pixel, relative", {
      categories: names,
      y: "|after - before| / |before|",
      series: [{ label: "100", values: changes }],
    });
    lab.table(
      "The same in numbers",
      ["", "relative change"],
      names.map((name, i) => [name, changes[i] ?? 0]),
    );
    const first = images.narrow(0, 0, 1);
    const [maps, pooled] = [features(first), F.maxPool2d(features(first), 2)];
    await lab.pictures("Edges before and after max pooling", [
      { label: "image", image: first.select(0, 0) },
      { label: "vertical edges", image: maps.select(0, 0).select(0, 0) },
      { label: "pooled", image: pooled.select(0, 0).select(0, 0) },
    ]);
    const [image = 0, conv = 0, max2 = 0, , max4 = 0, global = 0] = changes;
    return {
      see: {
        en:
          `A shift by one pixel changes the edge map by ${percent(conv, 0)}, after max pooling by ${percent(max2, 0)}, after ` +
          `global average pooling by ${percent(global)}; unfold and max give exactly the layer's result (difference ${difference}).`,
        ja:
          `1 ピクセルの移動でエッジは ${percent(conv, 0)} 変わるが、最大プーリング後は ${percent(max2, 0)}、大域平均プーリング後は ` +
          `${percent(global)} にとどまる。unfold と max は層の結果と完全に一致する（差 ${difference}）。`,
      },
      values: { difference, image, conv, max2, max4, global },
    };
  },
});
