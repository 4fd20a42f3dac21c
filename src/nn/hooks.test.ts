/** The order of hooks and what they see, against PyTorch: test/reference/make_hook_reference.py registers the same. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tensor } from "../tensor/create.ts";
import { type RemovableHandle, Tensor } from "../tensor/tensor.ts";
import * as nn from "./index.ts";

type Line = readonly unknown[];
const reference = JSON.parse(
  readFileSync(new URL("../../test/reference/hooks.json", import.meta.url), "utf8"),
) as Record<string, Line[]>;

let log: unknown[][] = [];

class Times extends nn.Module {
  readonly title: string;
  readonly weight: nn.Parameter;
  constructor(title: string, weight: number) {
    super();
    this.title = title;
    this.weight = new nn.Parameter(tensor([weight]));
  }
  forward(x: Tensor): Tensor {
    log.push([`${this.title} forward`, x]);
    return x.mul(this.weight);
  }
}

class Outer extends nn.Module {
  readonly title = "outer";
  readonly first = new Times("first", 2);
  readonly second = new Times("second", 3);
  forward(x: Tensor): Tensor {
    log.push(["outer forward", x]);
    return this.second(this.first(x));
  }
}

type Titled = Times | Outer;
type Change = ((x: Tensor) => Tensor | [Tensor]) | (() => void);
const titleOf = (module: nn.Module): string => (module as Titled).title;

const pre =
  (name: string, change?: Change) =>
  (module: nn.Module, inputs: readonly unknown[]): Tensor | [Tensor] | undefined => {
    log.push([`${name} of ${titleOf(module)}`, inputs]);
    return change?.(inputs[0] as Tensor) ?? undefined;
  };
const post =
  (name: string, change?: ((x: Tensor) => Tensor) | (() => void)) =>
  (module: nn.Module, inputs: readonly unknown[], output: unknown): Tensor | undefined => {
    log.push([`${name} of ${titleOf(module)}`, inputs, output]);
    return change?.(output as Tensor) ?? undefined;
  };
const back =
  (name: string, change?: (g: Tensor) => Tensor) =>
  (module: nn.Module, gradInput: readonly (Tensor | null)[], gradOutput: readonly Tensor[]) => {
    log.push([`${name} of ${titleOf(module)}`, gradInput, gradOutput]);
    return change === undefined ? undefined : [change(gradInput[0] as Tensor)];
  };

async function numbers(value: unknown): Promise<unknown> {
  if (value instanceof Tensor) return [...(await value.data())];
  return Array.isArray(value) ? Promise.all(value.map(numbers)) : value;
}

async function run(model: nn.Module & ((x: Tensor) => Tensor)): Promise<unknown[][]> {
  log = [];
  const x = tensor([1, 2], { dtype: "float32", requiresGrad: true });
  const y = model(x);
  y.sum().backward();
  log.push(["output", y], ["gradients", [x.grad, ...model.parameters().map((p) => p.grad)]]);
  const lines = (await numbers(log)) as unknown[][];
  model.zeroGrad();
  return lines;
}

test("are called in PyTorch's order, global ones first", async () => {
  const model = new Outer();
  const handles: RemovableHandle[] = [
    nn.registerModuleForwardPreHook(pre("global pre")),
    nn.registerModuleForwardHook(post("global post")),
  ];
  for (const module of [model, model.first, model.second] as Times[]) {
    for (const i of [1, 2]) {
      module.registerForwardPreHook(pre(`pre ${i}`));
      module.registerForwardHook(post(`post ${i}`));
      module.registerFullBackwardHook(back(`back ${i}`));
    }
  }
  try {
    expect(await run(model)).toEqual(reference.order);
  } finally {
    for (const handle of handles) handle.remove();
  }
});

test("hand what they return to the hooks after them, forwards and backwards", async () => {
  const model = new Outer();
  model.registerForwardPreHook(pre("pre 1", (x) => x.add(1)));
  model.registerForwardPreHook(pre("pre 2", (x) => [x.mul(10)]));
  model.first.registerForwardHook(post("post 1", (y) => y.mul(2)));
  model.first.registerForwardHook(post("post 2", (y) => y.add(5)));
  model.first.registerFullBackwardHook(back("back 1", (g) => g.mul(3)));
  model.first.registerFullBackwardHook(back("back 2", (g) => g.add(1)));
  model.second.registerFullBackwardHook(back("back", (g) => g.mul(7)));
  model.registerFullBackwardHook(back("back"));
  expect(await run(model)).toEqual(reference.replaced);
});

test("may be removed and added while they run", async () => {
  const model = new Outer();
  const { first } = model;
  const handles: Record<string, RemovableHandle> = {};
  const remove = (...names: string[]) => {
    return (): void => {
      for (const name of names) handles[name]?.remove();
    };
  };
  handles.a = first.registerForwardPreHook(pre("pre a", remove("a", "b")));
  handles.b = first.registerForwardPreHook(pre("pre b"));
  handles.c = first.registerForwardHook(post("post c", remove("c", "d")));
  handles.d = first.registerForwardHook(post("post d"));
  handles.e = first.registerFullBackwardHook(back("back e"));
  handles.f = first.registerFullBackwardHook(back("back f"));
  const adding = (): void => {
    handles.e?.remove();
    first.registerForwardPreHook(pre("pre late"));
    first.registerForwardHook(post("post late"));
  };
  handles.g = first.registerForwardPreHook(pre("pre g", adding));
  const once = await run(model);
  handles.g.remove();
  expect([...once, ["second call"], ...(await run(model))]).toEqual(reference.removed);
});

test("that a module's first call registers on it are not part of this call", async () => {
  class Late extends Times {
    #registered = false;
    override forward(x: Tensor): Tensor {
      if (!this.#registered) (this as Times).registerForwardHook(post("post late"));
      this.#registered = true;
      return super.forward(x);
    }
  }
  const model = new Late("late", 2);
  expect([...(await run(model)), ["second call"], ...(await run(model))]).toEqual(
    reference["registered inside"],
  );
});
