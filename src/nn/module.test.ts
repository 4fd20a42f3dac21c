import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { StateDictError } from "../base/errors.ts";
import { currentEngine } from "../engine/default.ts";
import { ones, tensor, zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { RemovableHandle, Tensor } from "../tensor/tensor.ts";
import * as nn from "./index.ts";

class Block extends nn.Module {
  // A function has a `name` and a `length` of its own, which must not get in the way.
  override name = "block";
  scale = new nn.Parameter(tensor([2, 3]));
  inner = new nn.Linear(2, 2);
  count = 3;
  forward(x: Tensor) {
    return this.inner(x.mul(this.scale));
  }
}

class Net extends nn.Module {
  first = new Block();
  second: nn.Linear;
  mask = this.registerBuffer("mask", ones([2]));
  scratch = this.registerBuffer("scratch", zeros([3]), { persistent: false });
  constructor() {
    super();
    this.second = new nn.Linear(2, 1, { bias: false });
  }
  forward(x: Tensor, options: { double?: boolean } = {}) {
    const y = this.second(this.first(x));
    return options.double === true ? { y, twice: y.mul(2) } : { y, twice: y };
  }
}

describe("calling", () => {
  test("an instance is a function of its class, with fields and subclass fields", async () => {
    const net = new Net();
    expect(typeof net).toBe("function");
    expect(net).toBeInstanceOf(Net);
    expect(net).toBeInstanceOf(nn.Module);
    expect(net.first.name).toBe("block");
    expect((await net(ones([4, 2])).y.data()).length).toBe(4);
    expect(new nn.Sequential(net.first, new nn.ReLU()).length).toBe(2);
  });

  test("a call has the types of forward", () => {
    const net = new Net();
    expectTypeOf(net).parameter(0).toEqualTypeOf<Tensor>();
    expectTypeOf(net).returns.toEqualTypeOf<{ y: Tensor; twice: Tensor }>();
    expectTypeOf(new nn.Conv2d(1, 2, 3)).returns.toEqualTypeOf<Tensor>();
    expectTypeOf(new nn.MaxPool2d(2)).returns.toEqualTypeOf<Tensor>();
    expectTypeOf(new nn.MaxPool2d(2, { returnIndices: true })).returns.toEqualTypeOf<[Tensor, Tensor]>();
    expectTypeOf(new nn.Sequential().get).returns.toExtend<(x: Tensor) => Tensor>();
    // @ts-expect-error: forward takes a tensor
    expect(() => net(3)).toThrow();
    const layers: nn.Module[] = [net, new nn.Sequential(), new nn.MaxPool2d(2, { returnIndices: true })];
    expect(layers.length).toBe(3);
  });
});

describe("parts", () => {
  test("are found in the order of assignment, parameters of a module before those below", () => {
    const net = new Net();
    expect(net.namedParameters().map(([n]) => n)).toEqual([
      "first.scale",
      "first.inner.weight",
      "first.inner.bias",
      "second.weight",
    ]);
    expect(net.namedParameters("net").map(([n]) => n)[0]).toBe("net.first.scale");
    expect(net.parameters({ recurse: false })).toEqual([]);
    expect(net.namedModules().map(([n]) => n)).toEqual(["", "first", "first.inner", "second"]);
    expect(net.namedChildren().map(([n]) => n)).toEqual(["first", "second"]);
    expect(net.namedBuffers().map(([n]) => n)).toEqual(["mask", "scratch"]);
    expect(net.buffers()[0]).toBe(net.mask);
    expect(net.getSubmodule("first.inner")).toBe(net.first.inner);
    expect(() => net.getSubmodule("first.outer")).toThrow('there is no "outer"');
  });

  test("that are shared count once, but every place has a key in the state dict", () => {
    const tied = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    const [a, b] = [tied.get(0) as nn.Linear, tied.get(1) as nn.Linear];
    b.weight = a.weight;
    expect(tied.parameters().length).toBe(3);
    expect(Object.keys(tied.stateDict())).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
    const twice = new nn.Sequential(a, a);
    expect(twice.modules().length).toBe(2);
    expect(twice.parameters().length).toBe(2);
  });

  test("change mode, gradients and anything else together", () => {
    const net = new Net();
    net.eval();
    expect(net.modules().map((m) => m.training)).toEqual([false, false, false, false]);
    expect(net.train().first.inner.training).toBe(true);
    net.requiresGrad_(false);
    expect(net.parameters().some((p) => p.requiresGrad)).toBe(false);
    const seen: string[] = [];
    net.apply((m) => seen.push(m.constructor.name));
    expect(seen).toEqual(["Linear", "Block", "Linear", "Net"]);
  });

  test("zeroGrad removes gradients or fills them with zeros", async () => {
    const layer = new nn.Linear(2, 1);
    layer(ones([1, 2]))
      .sum()
      .backward();
    layer.zeroGrad({ setToNone: false });
    expect(await layer.weight.grad?.array()).toEqual([[0, 0]]);
    layer.zeroGrad();
    expect(layer.weight.grad).toBeNull();
  });

  test("registerParameter takes computed names, and refuses those of methods", () => {
    const net = new Block();
    net.registerParameter("extra", new nn.Parameter(zeros([1])));
    expect(net.namedParameters().map(([n]) => n)).toContain("extra");
    expect(() => net.registerParameter("forward", null)).toThrow("is a method of Block");
    expect(() => net.registerBuffer("a.b", zeros([1]))).toThrow("must not be empty or contain a dot");
  });

  test("print like PyTorch's", () => {
    expect(String(new Net())).toBe(
      [
        "Net(",
        "  (first): Block(",
        "    (inner): Linear(2, 2, bias=true)",
        "  )",
        "  (second): Linear(2, 1, bias=false)",
        ")",
      ].join("\n"),
    );
  });
});

describe("state dict", () => {
  test("holds parameters and persistent buffers, and shares their memory", async () => {
    const net = new Net();
    const dict = net.stateDict();
    expect(Object.keys(dict)).toEqual([
      "mask",
      "first.scale",
      "first.inner.weight",
      "first.inner.bias",
      "second.weight",
    ]);
    expect(dict["first.scale"]?.requiresGrad).toBe(false);
    noGrad(() => net.first.scale.mul_(2));
    const { scale } = net.first;
    const view = scale.detach();
    expect(await dict["first.scale"]?.array()).toEqual([4, 6]);
    await currentEngine().flush();
    expect(await view.array()).toEqual([4, 6]);
    noGrad(() => scale.fill_(1));
    expect(await view.array()).toEqual([1, 1]);
    expect(await dict["first.scale"]?.array()).toEqual([1, 1]);
  });

  test("goes from one module into another", async () => {
    const [a, b] = [new Net(), new Net()];
    const { second } = b;
    expect(b.loadStateDict(a.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(b.second).toBe(second);
    expect(second.weight.requiresGrad).toBe(true);
    noGrad(() => a.second.weight.zero_());
    expect(await second.weight.data()).not.toEqual(await a.second.weight.data());
    expect(await b.first.inner.weight.data()).toEqual(await a.first.inner.weight.data());
  });

  test("that does not fit names every key and shape, and changes nothing", async () => {
    const net = new Net();
    const before = await net.first.scale.data();
    const dict: Record<string, Tensor> = { ...net.stateDict(), "second.bias": zeros([1]), mask: ones([3]) };
    dict["first.scale"] = zeros([2]);
    delete dict["second.weight"];
    const load = (): unknown => net.loadStateDict(dict);
    expect(load).toThrow(StateDictError);
    expect(load).toThrow(
      "does not fit Net: missing: second.weight; unexpected: second.bias; mask has shape [3], expected [2]",
    );
    expect(() => net.loadStateDict(dict, { strict: false })).toThrow("mask has shape [3], expected [2]");
    expect(await net.first.scale.data()).toEqual(before);
    delete dict.mask;
    expect(net.loadStateDict(dict, { strict: false })).toEqual({
      missingKeys: ["mask", "second.weight"],
      unexpectedKeys: ["second.bias"],
    });
    expect(await net.first.scale.array()).toEqual([0, 0]);
  });
});

describe("hooks", () => {
  const handles: RemovableHandle[] = [];
  afterEach(() => {
    for (const h of handles.splice(0)) h.remove();
  });

  test("run in PyTorch's order, and stop when they are removed", () => {
    const order: string[] = [];
    const layer = new nn.Sequential(new nn.Identity());
    const note = (text: string) => (): void => void order.push(text);
    const first = layer.registerForwardPreHook(note("pre 1"));
    layer.registerForwardPreHook(note("pre 2"));
    layer.registerForwardHook(note("post"));
    layer.get(0).registerForwardHook(note("inner"));
    handles.push(nn.registerModuleForwardHook((m) => void order.push(`all ${m.constructor.name}`)));
    handles.push(nn.registerModuleForwardPreHook((m) => void order.push(`before ${m.constructor.name}`)));
    layer(ones([1]));
    expect(order).toEqual([
      "before Sequential",
      "pre 1",
      "pre 2",
      "before Identity",
      "all Identity",
      "inner",
      "all Sequential",
      "post",
    ]);
    first.remove();
    for (const h of handles.splice(0)) h[Symbol.dispose]();
    order.length = 0;
    layer(ones([1]));
    expect(order).toEqual(["pre 2", "inner", "post"]);
  });

  test("of forward may replace inputs and output", async () => {
    const layer = new nn.Identity();
    layer.registerForwardPreHook((module, [x]) => {
      expect(module).toBe(layer);
      return x.add(1);
    });
    layer.registerForwardPreHook((_, [x]) => [x.mul(10)]);
    layer.registerForwardHook((_, [x], y) => y.add(x));
    expect(await layer(ones([2])).array()).toEqual([40, 40]);
  });

  test("of backward see and may replace gradients", async () => {
    const layer = new nn.Linear(2, 1, { bias: false });
    layer.loadStateDict({ weight: tensor([[3, 5]]) });
    const x = ones([1, 2], { requiresGrad: true });
    const seen: Tensor[] = [];
    layer.registerFullBackwardPreHook((_, [g]) => (g as Tensor).mul(2));
    layer.registerFullBackwardHook((_, gradInput, gradOutput) => {
      seen.push(gradInput[0] as Tensor, gradOutput[0] as Tensor);
      return [(gradInput[0] as Tensor).add(100)];
    });
    layer(x).sum().backward();
    expect(await x.grad?.array()).toEqual([[106, 110]]);
    expect(await layer.weight.grad?.array()).toEqual([[2, 2]]);
    expect(await Promise.all(seen.map((t) => t.array()))).toEqual([[[6, 10]], [[2]]]);
  });

  test("of backward get null for inputs without gradients, and are called without any too", async () => {
    class Add extends nn.Module {
      weight = new nn.Parameter(tensor([2]));
      forward(a: Tensor, b: Tensor) {
        return a.add(b.mul(this.weight));
      }
    }
    const layer = new Add();
    const seen: (readonly (Tensor | null)[])[] = [];
    layer.registerFullBackwardHook((_, gradInput) => void seen.push(gradInput));
    const b = ones([1], { requiresGrad: true });
    layer(ones([1]), b)
      .sum()
      .backward();
    layer(ones([1]), ones([1]))
      .sum()
      .backward();
    expect(seen[0]?.[0]).toBeNull();
    expect(await seen[0]?.[1]?.array()).toEqual([2]);
    expect(seen[1]).toEqual([null, null]);
    noGrad(() => layer(ones([1]), b));
    expect(seen.length).toBe(2);
  });

  test("of backward see all of several inputs and outputs at once", async () => {
    class Swap extends nn.Module {
      forward(a: Tensor, b: Tensor) {
        return { sum: a.add(b), product: a.mul(b) };
      }
    }
    const layer = new Swap();
    const calls: number[][] = [];
    layer.registerFullBackwardPreHook((_, grads) => {
      calls.push(grads.map((g) => g.numel()));
      return grads.map((g) => g.mul(10));
    });
    layer.registerFullBackwardHook((_, [ga, gb]) => [(gb as Tensor).neg(), ga ?? null]);
    const [a, b] = [tensor([2], { requiresGrad: true }), tensor([3], { requiresGrad: true })];
    const { sum, product } = layer(a, b);
    sum.add(product).sum().backward();
    expect(calls).toEqual([[1, 1]]);
    // d/da = 1 + b = 4, d/db = 1 + a = 3, both times 10, then swapped and one negated.
    expect(await a.grad?.array()).toEqual([-30]);
    expect(await b.grad?.array()).toEqual([40]);
  });

  test("can be taken off and put on for ever without leaving anything", () => {
    const layer = new nn.Identity();
    for (let i = 0; i < 1000; i++) {
      const handle = layer.registerForwardHook(() => {
        throw new Error("removed");
      });
      handle.remove();
      handle.remove();
    }
    expect(layer(ones([1])).numel()).toBe(1);
  });
});

describe("containers", () => {
  test("index, iterate and name their modules", () => {
    const [a, b] = [new nn.ReLU(), new nn.Tanh()];
    const net = new nn.Sequential(a, b);
    expect([...net]).toEqual([a, b]);
    expect(net.get(-1)).toBe(b);
    expect(() => net.get(2)).toThrow("Sequential: 2 is out of range for 2 modules");
    expect(new nn.Sequential({ act: a, get: b }).namedChildren()).toEqual([
      ["act", a],
      ["get", b],
    ]);
    const list = new nn.ModuleList([new nn.Linear(1, 2), new nn.Linear(2, 3)]);
    expect(list.get(1).outFeatures).toBe(3);
    expect(list.namedParameters().map(([n]) => n)).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
    expect(() => list()).toThrow("only holds modules");
    const dict = new nn.ModuleDict({ forward: a, train: b });
    expect(dict.get("train")).toBe(b);
    expect(() => dict.get("x")).toThrow("there are forward, train");
    expect(dict.modules().length).toBe(3);
    // @ts-expect-error: a function is not a module
    expect(() => new nn.Sequential((x: Tensor) => x)).toThrow("expected a module, got function");
  });
});
