import { beforeEach, describe, expect, test } from "vitest";
import { rand, randn, zeros } from "../../tensor/create.ts";
import { manualSeed } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ReLU } from "../activations.ts";
import { BatchNorm2d } from "../batch-norm.ts";
import { Sequential } from "../containers.ts";
import { Conv2d } from "../convolution.ts";
import { Dropout } from "../dropout.ts";
import { Flatten } from "../flatten.ts";
import { LayerNorm } from "../layer-norm.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import { lsuv_ } from "./lsuv.ts";

const network = (): Sequential =>
  new Sequential(
    new Conv2d(3, 8, 3, { padding: 1 }),
    new ReLU(),
    new Conv2d(8, 8, 3, { stride: 2, bias: false }),
    new ReLU(),
    new Flatten(),
    new Linear(8 * 3 * 3, 10),
  );

/** Standard deviation of the output of each layer that has a weight. */
async function deviations(model: Module, batch: Tensor): Promise<number[]> {
  const found: Tensor[] = [];
  const handles = model.modules().flatMap((m) =>
    m instanceof Conv2d || m instanceof Linear
      ? [
          m.registerForwardHook((_: Module, __: unknown, y: unknown) => {
            found.push((y as Tensor).std(undefined, { unbiased: false }));
          }),
        ]
      : [],
  );
  (model as Sequential)(batch);
  for (const handle of handles) handle.remove();
  return Promise.all(found.map((t) => t.item()));
}

describe("lsuv_", () => {
  beforeEach(() => manualSeed(4));

  test("gives every layer's output the standard deviation asked for", async () => {
    const model = network();
    // Images with a mean and a spread that are not those of noise.
    const batch = rand([16, 3, 8, 8]).mul(5).add(2);
    const results = await lsuv_(model, batch);
    expect(results.map((r) => r.name)).toEqual(["0", "2", "5"]);
    expect(results.every((r) => Math.abs(r.std - 1) <= 0.1)).toBe(true);
    const reached = await deviations(model, batch);
    reached.forEach((std, i) => {
      expect(std).toBeCloseTo(results[i]?.std as number, 4);
    });
    const exact = await lsuv_(model, batch, { targetStd: 0.5, tolerance: 1e-4 });
    expect(exact.every((r) => Math.abs(r.std - 0.5) <= 1e-4 && r.iterations > 0)).toBe(true);
  });

  test("keeps weights orthogonal up to a factor", async () => {
    const model = network();
    await lsuv_(model, randn([8, 3, 8, 8]));
    const { weight } = model.get(2) as Conv2d;
    const matrix = weight.reshape([8, 72]);
    const gram = await matrix.matmul(matrix.t()).data();
    gram.forEach((v, i) => {
      expect(v / (gram[0] as number)).toBeCloseTo(i % 9 === 0 ? 1 : 0, 4);
    });
  });

  test("goes by the order of calls, and takes each layer once", async () => {
    class Backwards extends Module {
      last = new Linear(4, 4);
      first = new Linear(4, 4);
      forward(x: Tensor): Tensor {
        return this.last(this.first(this.first(x)));
      }
    }
    const results = await lsuv_(new Backwards(), randn([64, 4]));
    expect(results.map((r) => r.name)).toEqual(["first", "last"]);
  });

  test("leaves norms, biases, modes and running statistics as they are", async () => {
    const model = new Sequential(
      new Conv2d(1, 4, 3),
      new BatchNorm2d(4),
      new Dropout(0.5),
      new Flatten(),
      new LayerNorm([4 * 2 * 2]),
      new Linear(16, 3),
    );
    const { bias } = model.get(0) as Conv2d;
    const before = await bias?.data();
    const results = await lsuv_(model, randn([32, 1, 4, 4]));
    expect(results.map((r) => r.name)).toEqual(["0", "5"]);
    expect(await bias?.data()).toEqual(before);
    const norm = model.get(1) as BatchNorm2d;
    expect(await norm.getBuffer("running_mean")?.array()).toEqual([0, 0, 0, 0]);
    expect(await norm.getBuffer("num_batches_tracked")?.item()).toBe(0);
    expect(model.training).toBe(true);
    expect(model.parameters().every((p) => p.isLeaf && p.requiresGrad)).toBe(true);
  });

  test("is the same for the same seed", async () => {
    const weights = async (): Promise<unknown> => {
      manualSeed(9);
      const model = network();
      await lsuv_(model, randn([4, 3, 8, 8]));
      return (model.get(5) as Linear).weight.array();
    };
    expect(await weights()).toEqual(await weights());
  });

  test("refuses what it cannot mend", async () => {
    await expect(lsuv_(new ReLU(), zeros([3]))).rejects.toThrow(
      "lsuv_: the module calls no layer with a weight of 2 dimensions or more (linear or convolution)",
    );
    await expect(lsuv_(new Sequential(new Linear(2, 2, { bias: false })), zeros([3, 2]))).rejects.toThrow(
      'lsuv_: the output of layer "0" has standard deviation 0, which no factor of its weight can mend',
    );
    await expect(lsuv_(network(), zeros([1]), { tolerance: -1 })).rejects.toThrow(
      "lsuv_: tolerance must be 0 or more; got -1",
    );
    await expect(lsuv_(network(), zeros([1]), { targetStd: 0 })).rejects.toThrow(
      "lsuv_: targetStd must be above 0; got 0",
    );
    await expect(lsuv_(network(), zeros([1]), { maxIterations: 0 })).rejects.toThrow(
      "lsuv_: maxIterations must be an integer of 1 or more; got 0",
    );
    await expect(lsuv_(network(), 3 as unknown as Tensor)).rejects.toThrow("lsuv_: batch must be a tensor");
  });
});
