/** What a Sequential hands from layer to layer is computed for a reader only where somebody may read it. */
import { expect, test, vi } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { ones, zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as nn from "./index.ts";

/** Values taken back while a model runs. */
function hidden(model: nn.Sequential): number {
  const taken = vi.spyOn(currentEngine(), "unmade");
  model(ones([2, 3]));
  const { length } = taken.mock.calls;
  taken.mockRestore();
  return length;
}

/** Keeps what it is given. */
class Keeper extends nn.Module {
  kept: Tensor | null = null;
  forward(x: Tensor): Tensor {
    this.kept = x;
    return x.mul(2);
  }
}

class OwnReLU extends nn.ReLU {}

test("between layers that only compute, nothing is kept", () => {
  expect(hidden(new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 1)))).toBe(2);
  const inner = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU());
  expect(hidden(new nn.Sequential(inner, new nn.Linear(4, 1)))).toBe(2);
});

test("what a layer of the user's sees, and the output, stay readable", async () => {
  const keeper = new Keeper();
  const model = new nn.Sequential(new nn.Linear(3, 3), keeper, new nn.ReLU());
  const y = model(ones([2, 3]));
  y.sum().backward();
  expect(await keeper.kept?.add(0).data()).toEqual(await keeper.kept?.data());
  expect(await y.data()).toHaveLength(6);
  expect(hidden(model)).toBe(0);
  expect(hidden(new nn.Sequential(new nn.Linear(3, 3), new OwnReLU(), new nn.Linear(3, 1)))).toBe(0);
});

test("a hook anywhere shows what it sees", async () => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 1));
  const seen: Tensor[] = [];
  const handle = model.get(1).registerForwardHook((_, [input], output) => {
    seen.push(input as Tensor, output as Tensor);
  });
  model(ones([2, 3]));
  handle.remove();
  await currentEngine().flush();
  for (const t of seen) expect(await t.data()).toHaveLength(8);
  expect(hidden(model)).toBe(2);
  const global = nn.registerModuleForwardHook(() => {});
  expect(hidden(model)).toBe(0);
  global.remove();
});

/** 8 x 8 x 64 floats are 16 KB: more than is kept inside of a module, less than outside. */
class Inner extends nn.Module {
  conv = new nn.Conv2d(1, 64, 1);
  inside: Tensor | null = null;
  forward(x: Tensor): Tensor {
    this.inside = this.conv(x).mul(2);
    return this.inside.add(1);
  }
}

/** Whether a tensor is still there when what it was computed from has changed. */
async function outlives(model: nn.Module, value: () => Tensor | null): Promise<boolean> {
  noGrad(() => model.parameters().forEach((p) => void p.add_(1)));
  await currentEngine().flush();
  return (value() as Tensor).data().then(
    () => true,
    () => false,
  );
}

test("inside of a module, large values are not kept unless asked for", async () => {
  const inner = new Inner().requiresGrad_(false);
  const outer = new nn.Sequential(inner, new nn.ReLU());
  await outer(ones([1, 1, 8, 8])).data();
  const given = outer(ones([1, 1, 8, 8]));
  expect(await outlives(outer, () => inner.inside)).toBe(false);
  expect(await given.data()).toHaveLength(4096);
  outer(ones([1, 1, 8, 8]));
  inner.inside?.keep();
  expect(await outlives(outer, () => inner.inside)).toBe(true);
});

test("what a hook sees, small values and outputs in lists are kept", async () => {
  const inner = new Inner().requiresGrad_(false);
  const seen: Tensor[] = [];
  const handle = inner.conv.registerForwardHook((_, _inputs, output) => void seen.push(output));
  inner(ones([1, 1, 8, 8]));
  handle.remove();
  expect(await outlives(inner, () => seen[0] ?? null)).toBe(true);
  inner(ones([1, 1, 4, 4]));
  expect(await outlives(inner, () => inner.inside)).toBe(true);
  class Both extends nn.Module {
    inner = new Inner();
    forward(x: Tensor): { readonly list: readonly Tensor[] } {
      const y = this.inner(x);
      return { list: [y, y.mul(2)] };
    }
  }
  const both = new Both().requiresGrad_(false);
  const { list } = both(ones([1, 1, 8, 8]));
  expect(await outlives(both, () => list[1] ?? null)).toBe(true);
});

test("a layer that returns its input hides nothing of the caller's", async () => {
  const x = zeros([2, 3]).add(1);
  const y = new nn.Sequential(new nn.Identity(), new nn.Identity())(x);
  expect(y).toBe(x);
  await currentEngine().flush();
  expect(await y.data()).toEqual(new Float32Array(6).fill(1));
});
