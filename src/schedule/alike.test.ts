import { afterEach, describe, expect, test, vi } from "vitest";
import { useEngine } from "../engine/default.ts";
import { Engine } from "../engine/engine.ts";
import { kernelKey } from "../kernel/print.ts";
import { resnet20 } from "../models/index.ts";
import * as F from "../nn/functional.ts";
import * as nn from "../nn/index.ts";
import { Adam } from "../optim/index.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { randint, randn } from "../tensor/create.ts";
import { type Buffer, changed, type Group, type LoweredCall, type LoweringContext } from "./plan.ts";

type Lower = (group: Group, context: LoweringContext) => LoweredCall[];

/** How many groups were lowered, and how many of them took another's kernels. */
const counts = vi.hoisted(() => ({ groups: 0, lowered: 0 }));

/** Buffers that were made for one group alone, by number. */
const own = vi.hoisted(() => new Set<number>());

/** What a call does, whichever group it was made for: its code, and which of the program's memory it touches. */
const meaning = ({ kernel, buffers }: LoweredCall): unknown => ({
  code: kernelKey(kernel),
  about: kernel.about,
  buffers: buffers.map(({ id, dtype, size, slot, scratch }: Buffer) =>
    own.has(id) ? { dtype, size, scratch } : { id, slot },
  ),
});

/** The context, noting whose the buffers are. */
function noting(context: LoweringContext): LoweringContext {
  const note = (buffer: Buffer): Buffer => {
    own.add(buffer.id);
    return buffer;
  };
  return changed(context, {
    temporary: (dtype, size) => note(context.temporary(dtype, size)),
    scratch: (dtype, size) => note(context.scratch(dtype, size)),
  });
}

// Every group is lowered by itself as well, to be compared.
vi.mock(import("./alike.ts"), async (original) => {
  const { AlikeGroups } = await original();
  class Compared extends AlikeGroups {
    readonly #directly: (group: Group) => LoweredCall[];

    constructor(context: LoweringContext, lower: Lower) {
      own.clear();
      super(noting(context), (group, inner) => {
        counts.lowered++;
        return lower(group, inner);
      });
      this.#directly = (group) => lower(group, noting(context));
    }

    override lower(group: Group): LoweredCall[] {
      counts.groups++;
      const calls = super.lower(group);
      expect(calls.map(meaning)).toEqual(this.#directly(group).map(meaning));
      return calls;
    }
  }
  return { AlikeGroups: Compared };
});

afterEach(() => Object.assign(counts, { groups: 0, lowered: 0 }));

/** Schedules everything that `body` computes, and computes nothing. */
async function scheduled(body: () => void | Promise<void>): Promise<void> {
  const device = createInterpreterDevice();
  device.run = async () => {};
  device.runSync = () => {};
  const engine = new Engine(device);
  const before = useEngine(engine);
  try {
    await body();
    await engine.flush();
  } finally {
    await engine.close();
    if (before !== null) useEngine(before);
  }
}

/** One training step of a network. */
async function train(model: nn.Layer, shape: readonly number[]): Promise<void> {
  const optimizer = new Adam(model.parameters());
  const loss = F.crossEntropy(model(randn(shape)), randint(0, 10, [shape[0] as number]));
  loss.backward();
  await optimizer.step();
}

describe("a group that is like another", () => {
  test("gets the kernels that it would have got by itself", async () => {
    await scheduled(() => train(resnet20(), [64, 3, 32, 32]));
    expect(counts.groups).toBeGreaterThan(300);
    expect(counts.lowered).toBeLessThan(counts.groups / 2);
  });

  test("differs where an operand is transposed, has another type, or is the same twice", async () => {
    await scheduled(() => {
      const [x, y] = [randn([8, 8]), randn([8, 8])];
      for (const a of [x, y, x.t(), y.to("float64")]) for (const b of [x, y]) a.mul(b).sum(1);
    });
    expect(counts.lowered).toBeLessThan(counts.groups);
  });

  test("is found again with layers that repeat", async () => {
    const block = (): nn.Layer[] => [new nn.Linear(32, 32), new nn.LayerNorm(32), new nn.GELU()];
    const model = new nn.Sequential(...block(), ...block(), ...block(), new nn.Linear(32, 10));
    await scheduled(() => train(model, [16, 32]));
    expect(counts.lowered).toBeLessThan(counts.groups * 0.7);
  });
});
