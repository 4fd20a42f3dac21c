/**
 * Networks of few channels, whose convolutions have the images of a batch in their vectors: results and all gradients on every engine
 * beside those of loops without vectors, and which of them are computed so.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { F, fromOwned, nn, type Tensor } from "../../src/index.ts";
import type { Target } from "../../src/kernel/program.ts";
import type { Device } from "../../src/runtime/device.ts";
import { createInterpreterDevice } from "../../src/runtime/interpreter-device.ts";
import { devicesAndNative, onEngine, watched } from "./engines.ts";
import { numbers } from "./numbers.ts";
import { withPoisonedMemory } from "./poison.ts";

interface Case {
  readonly what: string;
  /** Of the images and of the weights. */
  readonly shapes: readonly (readonly number[])[];
  network(x: Tensor, weights: readonly Tensor[]): Tensor;
  /** How many gradients of kernels are summed lane by lane; none where nothing is in this order. */
  readonly laneByLane: number;
}

const batch = 16;

const cases: readonly Case[] = [
  {
    what: "two convolutions with pools, as in LeNet-5",
    shapes: [[batch, 1, 20, 20], [6, 1, 5, 5], [6], [10, 6, 5, 5], [10]],
    network: (x, [w, b, v, c]) => {
      const y = F.maxPool2d(F.relu(F.conv2d(x, w as Tensor, { bias: b as Tensor, padding: 2 })), 2);
      return F.maxPool2d(F.relu(F.conv2d(y, v as Tensor, { bias: c as Tensor })), 2);
    },
    laneByLane: 2,
  },
  {
    what: "more images than a vector has lanes, steps of two pixels",
    shapes: [
      [3 * batch, 2, 11, 9],
      [5, 2, 3, 3],
      [3, 5, 3, 3],
    ],
    network: (x, [w, v]) => {
      const y = F.conv2d(x, w as Tensor, { stride: 2, padding: 1 }).tanh();
      return F.conv2d(y, v as Tensor, { stride: 2, padding: 1 });
    },
    laneByLane: 2,
  },
  {
    what: "windows with holes that hang far over the edges",
    shapes: [
      [batch, 3, 6, 7],
      [5, 3, 3, 3],
    ],
    network: (x, [w]) => F.conv2d(x.mul(0.5), w as Tensor, { dilation: 2, padding: 4 }),
    laneByLane: 1,
  },
  {
    what: "one axis",
    shapes: [
      [2 * batch, 2, 30],
      [3, 2, 5],
      [5, 3, 4],
    ],
    network: (x, [w, v]) =>
      F.conv1d(F.conv1d(x, w as Tensor, { padding: 2 }).relu(), v as Tensor, { stride: 2 }),
    laneByLane: 2,
  },
  {
    what: "batch norm and means between the convolutions",
    shapes: [[batch, 3, 14, 14], [6, 3, 5, 5], [6], [6], [5, 6, 5, 5]],
    network: (x, [w, gamma, beta, v]) => {
      const y = F.conv2d(x, w as Tensor, { padding: 2 });
      const norm = F.batchNorm(y, null, null, {
        weight: gamma as Tensor,
        bias: beta as Tensor,
        training: true,
      });
      return F.conv2d(F.avgPool2d(F.relu(norm), 2), v as Tensor, { padding: 1 });
    },
    laneByLane: 2,
  },
  {
    what: "a last convolution to one pixel",
    shapes: [
      [2 * batch, 3, 12, 12],
      [5, 3, 5, 5],
      [40, 5, 4, 4],
    ],
    network: (x, [w, v]) => F.conv2d(F.avgPool2d(F.conv2d(x, w as Tensor).tanh(), 2), v as Tensor),
    laneByLane: 1,
  },
  {
    what: "a transposed convolution",
    shapes: [
      [batch, 5, 6, 6],
      [5, 3, 5, 5],
      [3, 3, 5, 5],
    ],
    network: (x, [w, v]) => {
      const y = F.convTranspose2d(x, w as Tensor, { stride: 2, padding: 2 });
      return F.conv2d(y.sigmoid(), v as Tensor, { padding: 2 });
    },
    laneByLane: 0,
  },
  {
    what: "images without padding, twice",
    shapes: [
      [batch, 2, 12, 12],
      [3, 2, 5, 5],
      [5, 2, 5, 5],
    ],
    network: (x, [w, v]) =>
      F.conv2d(x, w as Tensor)
        .mul(0.5)
        .pow(2)
        .sum(1, { keepdim: true })
        .add(F.conv2d(x, v as Tensor)),
    laneByLane: 2,
  },
  {
    what: "images that are turned around, and what is computed from them",
    shapes: [
      [batch, 2, 10, 10],
      [3, 2, 5, 5],
      [3, 3, 5, 5],
    ],
    network: (x, [w, v]) =>
      F.conv2d(
        F.conv2d(x.flip([3]), w as Tensor)
          .relu()
          .flip([2, 3]),
        v as Tensor,
        { padding: 2 },
      ),
    laneByLane: 2,
  },
  {
    what: "images that are made of others, without padding",
    shapes: [
      [batch, 2, 12, 12],
      [3, 2, 5, 5],
    ],
    network: (x, [w]) => F.conv2d(x.sub(0.25).div(0.5), w as Tensor),
    laneByLane: 1,
  },
  {
    what: "a number of images that fills no vectors",
    shapes: [
      [batch - 2, 2, 8, 8],
      [3, 2, 5, 5],
    ],
    network: (x, [w]) => F.conv2d(x, w as Tensor, { padding: 2 }),
    laneByLane: 0,
  },
  {
    what: "channels that fill vectors",
    shapes: [
      [batch, 16, 6, 6],
      [16, 16, 5, 5],
    ],
    network: (x, [w]) => F.conv2d(x, w as Tensor, { padding: 2 }),
    laneByLane: 0,
  },
];

/**
 * What is made inside of a module and not given out need not be there for a reader, who would have it row by row. What comes last,
 * as in a network, leaves no pixels.
 */
class Network extends nn.Module {
  readonly #body: (x: Tensor) => Tensor;

  constructor(body: (x: Tensor) => Tensor) {
    super();
    this.#body = body;
  }

  override forward(x: Tensor): Tensor {
    return this.#body(x).tanh().mean(-1);
  }
}

interface Computed {
  readonly values: readonly ArrayLike<number>[];
  /** Sizes of gradients of kernels with an axis more, that of the lanes of a vector. */
  readonly laneByLane: readonly string[];
  readonly target: Target;
}

async function compute(device: Device, { shapes, network }: Case): Promise<Computed> {
  const { target } = device;
  const laneByLane: string[] = [];
  const gradients = shapes.map((shape) => [...shape.filter((s) => s > 1), target.lanes].join("x"));
  watched(device, ({ kernels }) => {
    for (const { name, about = "" } of kernels) {
      const [sizes = ""] = about.split(" over ");
      if (name === "contraction" && gradients.includes(sizes)) laneByLane.push(sizes);
    }
  });
  const values = await onEngine(new Engine(withPoisonedMemory(device)), () => {
    const [x, ...weights] = shapes.map((shape, i) =>
      fromOwned(numbers(shape, 3 + i), [...shape]).requiresGrad_(),
    );
    const y = new Network((images) => network(images, weights))(x as Tensor);
    y.mul(fromOwned(numbers(y.shape, 9), [...y.shape]))
      .sum()
      .backward();
    return Promise.all([y, ...[x as Tensor, ...weights].map((t) => t.grad as Tensor)].map((t) => t.data()));
  });
  return { values, laneByLane, target };
}

const expected = new Map<Case, Computed>();
beforeAll(async () => {
  for (const one of cases) expected.set(one, await compute(createInterpreterDevice({ lanes: 1 }), one));
});

/** The largest difference, as a share of the largest value. */
function errorOf(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [error, largest] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    error = Math.max(error, Math.abs((found[i] as number) - (wanted[i] as number)));
    largest = Math.max(largest, Math.abs(wanted[i] as number));
  }
  return error / largest;
}

describe.each(devicesAndNative.filter(({ label }) => label !== "interpreter, 1 lane"))(
  "$label",
  ({ make, lacks }) => {
    test.for(cases.map((one) => ({ name: one.what, one })))("$name", async ({ one }, context) => {
      context.skip(lacks !== undefined, lacks);
      const { values, laneByLane, target } = await compute(make(), one);
      const wanted = (expected.get(one) as Computed).values;
      expect(values.length).toBe(wanted.length);
      values.forEach((found, i) => {
        expect(found.length).toBe(wanted[i]?.length);
        expect(errorOf(found, wanted[i] as ArrayLike<number>), `value ${i}`).toBeLessThan(1e-5);
      });
      if (target.lanes === 4 || target.lanes === 16) expect(laneByLane).toHaveLength(one.laneByLane);
    });
  },
);
