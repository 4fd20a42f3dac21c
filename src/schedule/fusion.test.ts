import { describe, expect, test } from "vitest";
import { recordPrograms } from "../engine/recorded-programs.test-helper.ts";
import { expand, scalar } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Program } from "../kernel/program.ts";
import * as ops from "../ops/index.ts";
import { randint, randn, tensor, zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { Tensor } from "../tensor/tensor.ts";

/** The names of the kernels that run, stage by stage. */
function kernelsOf(program: Program): string[][] {
  return program.stages.map((s) => s.calls.map((c) => program.kernels[c.kernel]?.name ?? "?"));
}

/** The only program of a recording. */
async function programOf(body: Parameters<typeof recordPrograms>[0]): Promise<Program> {
  const programs = await recordPrograms(body);
  expect(programs).toHaveLength(1);
  return programs[0] as Program;
}

/** Sizes in elements of all values that calls leave in the arena. */
function intermediatesOf(program: Program): number[] {
  const calls = program.stages.flatMap((s) => s.calls);
  return calls.flatMap(({ kernel, places }) =>
    places.flatMap((place, i) => {
      const buffer = program.kernels[kernel]?.buffers[i];
      return place.kind === "arena" && buffer !== undefined && buffer.access !== "read" ? [buffer.size] : [];
    }),
  );
}

const same = {
  stride: [1, 1],
  dilation: [1, 1],
  padding: [
    [1, 1],
    [1, 1],
  ],
  groups: 1,
} as const;

describe("what is computed together", () => {
  test("a chain of elementwise operations is one kernel without intermediates", async () => {
    const program = await programOf(async (flush) => {
      const x = randn([64, 33]).persist();
      await flush("prepared");
      Tensor.of(ops.tanh(ops.add(ops.mul(x.node, x.node), scalar(1, "float32"))));
    });
    expect(kernelsOf(program)).toEqual([["map"]]);
    expect(program.arenaBytes).toBe(0);
  });

  test("independent values of one operand are computed in one kernel", async () => {
    const program = await programOf(async (flush) => {
      const x = randn([64, 33]).persist();
      await flush("prepared");
      x.mul(2);
      x.abs();
      x.add(1);
    });
    expect(kernelsOf(program)).toEqual([["map"]]);
  });

  test("several reductions of one value read it once", async () => {
    const program = await programOf(async (flush) => {
      const x = randn([64, 48]).persist();
      await flush("prepared");
      x.sum(1);
      x.amax(1);
      x.prod(1);
    });
    expect(
      kernelsOf(program)
        .flat()
        .filter((name) => name === "reduce"),
    ).toHaveLength(1);
  });

  test("a value is not stored for reductions that read it in one pass, but for passes one after the other", async () => {
    const large = async (centred: boolean): Promise<number> => {
      const program = await programOf(async (flush) => {
        const [a, b, c] = [0, 1, 2].map(() => randn([64, 480]).persist().node) as [Node, Node, Node];
        await flush("prepared");
        const x = ops.add(ops.mul(a, b), c);
        const sums = [x, ops.mul(x, x), ops.abs(x)].map((of) => ops.sum(of, { dim: 0, keepdim: true }));
        for (const sum of sums) Tensor.of(sum);
        if (!centred) return;
        const rest = ops.sub(x, expand(sums[0] as Node, x.shape));
        Tensor.of(ops.sum(ops.mul(rest, rest), { dim: 0, keepdim: true }));
        Tensor.of(ops.sum(x, { dim: 1 }));
      });
      return intermediatesOf(program).filter((size) => size === 64 * 480).length;
    };
    expect(await large(false)).toBe(0);
    expect(await large(true)).toBe(1);
  });

  test("what only the epilogue of its own kernel reads is not stored", async () => {
    const program = await programOf(async (flush) => {
      const [x, w] = [randn([32, 48]), randn([48, 40])].map((t) => t.persist().node) as [Node, Node];
      await flush("prepared");
      Tensor.of(ops.relu(ops.matmul(x, w)));
    });
    const contraction = program.kernels.find((k) => k.name === "contraction");
    expect(contraction?.buffers.filter((b) => b.access !== "read").map((b) => b.size)).toEqual([32 * 40]);
  });

  test("totals of reductions that were made together are one reduction", async () => {
    const program = await programOf(async (flush) => {
      const x = randn([64, 48]).persist();
      await flush("prepared");
      for (const byColumn of [x.sum(0, { keepdim: true }), x.amax(0, { keepdim: true })]) byColumn.sum();
    });
    expect(kernelsOf(program).flat()).toEqual(["reduce", "reduce"]);
  });

  test("bias and ReLU are in the epilogue of a convolution", async () => {
    const program = await programOf(async (flush) => {
      const [x, w, b] = [randn([2, 4, 8, 8]), randn([8, 4, 3, 3]), randn([8])].map((t) => t.persist());
      await flush("prepared");
      const y = ops.relu(
        ops.convolution((x as Tensor).node, (w as Tensor).node, (b as Tensor).node, same, "conv2d"),
      );
      Tensor.of(ops.sum(y));
    });
    const names = kernelsOf(program).flat();
    expect(names.filter((n) => n === "map").length).toBeLessThanOrEqual(1);
    // The result is stored once: the plain convolution is not.
    const outputs = intermediatesOf(program).filter((size) => size === 2 * 8 * 8 * 8);
    expect(outputs.length).toBeLessThanOrEqual(1);
  });

  test("batch norm and ReLU do not store the normalised value", async () => {
    const size = 8 * 16 * 12 * 12;
    const stored = async (train: boolean): Promise<number> => {
      const program = await programOf(async (flush) => {
        const [x, w, b] = [randn([8, 16, 12, 12]), randn([16]), randn([16])].map((t) => t.persist());
        const [a, c] = [x as Tensor, w as Tensor].map((t) => t.requiresGrad_());
        await flush("prepared");
        const y = ops.relu(
          ops.batchNormTraining((a as Tensor).node, (c as Tensor).node, (b as Tensor).node, 1e-5).output,
        );
        const loss = new Tensor(ops.sum(ops.mul(y, y)));
        if (train) loss.backward();
        else Tensor.of(loss.node);
      });
      return intermediatesOf(program).filter((s) => s === size).length;
    };
    expect(await stored(false)).toBe(0);
    expect(await stored(true)).toBeLessThanOrEqual(1);
  });

  test("softmax and cross entropy do not store probabilities", async () => {
    const program = await programOf(async (flush) => {
      const logits = randn([64, 100]).persist();
      const target = randint(0, 100, [64]).persist();
      await flush("prepared");
      const { losses } = ops.pickLoss(ops.logSoftmax(logits.node, 1), target.node, null, -100);
      Tensor.of(ops.mean(losses));
    });
    expect(intermediatesOf(program).filter((s) => s >= 6400)).toEqual([]);
  });
});

describe("updates", () => {
  /** Adam on parameters of these shapes, written out. */
  const adam = async (shapes: readonly number[][]): Promise<Program> =>
    programOf(async (flush) => {
      const parameters = shapes.map((shape) => ({
        value: randn(shape).persist(),
        gradient: randn(shape).persist(),
        mean: zeros(shape).persist(),
        square: zeros(shape).persist(),
      }));
      await flush("prepared");
      const [beta1, beta2, rate, eps] = [0.9, 0.999, 0.01, 1e-8].map((v) => scalar(v, "float32"));
      const blend = (a: Tensor, b: Tensor["node"], beta: Tensor["node"]): Tensor["node"] =>
        ops.add(ops.mul(a.node, beta), ops.mul(b, ops.sub(scalar(1, "float32"), beta)));
      noGrad(() => {
        for (const { value, gradient: g, mean, square } of parameters) {
          const m = blend(mean, g.node, beta1 as Tensor["node"]);
          const v = blend(square, ops.mul(g.node, g.node), beta2 as Tensor["node"]);
          const step = ops.div(m, ops.add(ops.sqrt(v), eps as Tensor["node"]));
          value.assignNode(ops.sub(value.node, ops.mul(step, rate as Tensor["node"])));
          mean.assignNode(m);
          square.assignNode(v);
        }
      });
    });

  test("Adam is one kernel for each shape, in place, without intermediates", async () => {
    const program = await adam([[64, 32], [64, 32], [32], [32], [10, 64]]);
    expect(program.arenaBytes).toBe(0);
    expect(program.stages).toHaveLength(1);
    expect(program.kernels.length).toBeLessThanOrEqual(3);
    expect(kernelsOf(program).flat().length).toBeLessThanOrEqual(5);
    for (const kernel of program.kernels) {
      expect(kernel.buffers.filter((b) => b.access === "readwrite")).toHaveLength(3);
    }
  });

  test("an update in place needs no copy, a swap needs one", async () => {
    const programs = await recordPrograms(async (flush) => {
      const [a, b] = [tensor([1, 2, 3]).persist(), tensor([4, 5, 6]).persist()];
      await flush("prepared");
      a.mul_(2);
      await flush();
      const old = a.clone();
      a.copy_(b);
      b.copy_(old);
    });
    expect(programs.map((p) => p.arenaBytes)).toEqual([0, 64]);
  });
});
