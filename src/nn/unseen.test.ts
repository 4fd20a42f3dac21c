/** What a Sequential hands from layer to layer is computed for a reader only where somebody may read it. */
import { expect, test, vi } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { ones, zeros } from "../tensor/create.ts";
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

test("a layer that returns its input hides nothing of the caller's", async () => {
  const x = zeros([2, 3]).add(1);
  const y = new nn.Sequential(new nn.Identity(), new nn.Identity())(x);
  expect(y).toBe(x);
  await currentEngine().flush();
  expect(await y.data()).toEqual(new Float32Array(6).fill(1));
});
