import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ones, tensor } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as nn from "./index.ts";
import { wave } from "./reference.test-helper.ts";

class Net extends nn.Module {
  readonly layers = new nn.ModuleList([new nn.Conv2d(1, 2, 3), new nn.Conv2d(2, 2, 1)]);
  readonly heads = new nn.ModuleDict({ a: new nn.Linear(2, 3), b: new nn.Linear(2, 3) });
  readonly body = new nn.Sequential(new nn.BatchNorm2d(2), new nn.ReLU());
  scale = new nn.Parameter(ones([1]));
  readonly tied = this.heads.get("a").weight;
  readonly sizes = { list: [1, [2]], seen: new Set([3]) };
  readonly mask: Tensor;
  readonly links = { owner: this };

  constructor() {
    super();
    this.mask = this.registerBuffer("mask", tensor([1, 0]), { persistent: false });
  }

  forward(x: Tensor): Tensor {
    const h = this.body([...this.layers].reduce((y, layer) => layer(y), x)).mean([2, 3]);
    return this.heads.get("a")(h.mul(this.mask)).mul(this.scale);
  }
}

const x = wave([2, 1, 5, 5]);

describe("deepcopy", () => {
  test("computes the same, and goes its own way", async () => {
    const net = new Net();
    net(x);
    net.eval();
    const copy = nn.deepcopy(net);
    expect(copy).toBeInstanceOf(Net);
    expect(copy.training).toBe(false);
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(net.stateDict()));
    expect(copy.namedBuffers().map(([name]) => name)).toEqual(net.namedBuffers().map(([name]) => name));
    expect(String(copy)).toBe(String(net));
    const before = await net(x).array();
    expect(await copy(x).array()).toEqual(before);
    noGrad(() => {
      for (const t of [...copy.parameters(), ...copy.buffers()]) t.fill_(0);
    });
    copy.train();
    expect(net.training).toBe(false);
    expect(await net(x).array()).toEqual(before);
    expect(await copy.scale.item()).toBe(0);
  });

  test("keeps what is shared together, and learns", async () => {
    const net = new Net();
    const copy = nn.deepcopy(net);
    expect(copy.tied).toBe(copy.heads.get("a").weight);
    expect(copy.tied).not.toBe(net.tied);
    expect(copy.links.owner).toBe(copy);
    expect(copy.mask).toBe(copy.getBuffer("mask"));
    expect(copy.sizes).toEqual({ list: [1, [2]], seen: new Set([3]) });
    expect(copy.sizes.list).not.toBe(net.sizes.list);
    copy(x).sum().backward();
    expect(copy.parameters().filter((p) => p.grad !== null)).toHaveLength(9);
    expect(net.parameters().every((p) => p.grad === null)).toBe(true);
    expect(await copy.scale.grad?.isfinite().all().item()).toBe(1);
  });

  test("leaves hooks and frozen parameters as they are", () => {
    const net = new Net();
    let calls = 0;
    net.registerForwardHook(() => void calls++);
    net.layers.requiresGrad_(false);
    const copy = nn.deepcopy(net);
    copy(x);
    expect(calls).toBe(0);
    expect(copy.parameters().map((p) => p.requiresGrad)).toEqual(net.parameters().map((p) => p.requiresGrad));
  });

  test("refuses what it cannot copy", () => {
    class Hidden extends nn.Module {
      readonly #gain = 2;
      forward(y: Tensor): Tensor {
        return y.mul(this.#gain);
      }
    }
    expect(() => nn.deepcopy(new nn.Sequential(new Hidden()))).toThrow(
      "deepcopy: Hidden has #private members, which nothing outside of the class can copy; declare them `private` instead",
    );
    expect(() => nn.deepcopy({} as nn.Module)).toThrow("deepcopy: expected a module, got object");
  });
});

test("layers and models of the library can be copied", () => {
  const own = new Set(["module.ts", "backward-hooks.ts", "hooks.ts", "deepcopy.ts", "compile.ts"]);
  const hidden = ["../nn/", "../models/"].flatMap((folder) => {
    const url = new URL(folder, import.meta.url);
    return readdirSync(url)
      .filter(
        (name) => name.endsWith(".ts") && !/\.(test|cases|test-helper)\.ts$/.test(name) && !own.has(name),
      )
      .filter((name) => /\bthis\.#/.test(readFileSync(new URL(name, url), "utf8")));
  });
  expect(hidden, "declare members `private`, not #private").toEqual([]);
});
