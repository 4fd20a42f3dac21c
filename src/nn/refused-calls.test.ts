/** What plain JavaScript and web habits, such as async functions everywhere, hand to modules is refused at the call. */
import { expect, test } from "vitest";
import { ArgumentError, StateDictError } from "../base/errors.ts";
import { Adam } from "../optim/adam.ts";
import { ones, zeros } from "../tensor/create.ts";
import { enableGrad, noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as nn from "./index.ts";

/** Without types, as JavaScript has it. */
type Untyped = Record<string, (...given: unknown[]) => unknown>;
const untyped = (value: unknown): Untyped => value as Untyped;

test("a hook that returns a promise is refused, rather than its promise handed on", async () => {
  const refusal = (operation: string): string =>
    `${operation}: the hook returned a promise, which would take the place of a tensor; a hook must not be async`;
  const net = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU());
  const seen: number[] = [];
  const asyncHook = async (_m: unknown, _i: unknown, y: Tensor): Promise<void> => {
    seen.push(await y.mean().item());
  };
  for (const operation of ["registerForwardHook", "registerForwardPreHook"]) {
    const handle = untyped(net.get(0))[operation]?.(async () => {}) as { remove(): void };
    expect(() => net(ones([1, 2]))).toThrow(refusal(operation));
    handle.remove();
  }
  for (const operation of ["registerFullBackwardHook", "registerFullBackwardPreHook"]) {
    const handle = untyped(net.get(0))[operation]?.(async () => {}) as { remove(): void };
    expect(() =>
      net(ones([1, 2]).requiresGrad_())
        .sum()
        .backward(),
    ).toThrow(refusal(operation));
    handle.remove();
  }
  const handle = untyped(nn).registerModuleForwardHook?.(asyncHook) as { remove(): void };
  expect(() => net(ones([1, 2]))).toThrow(refusal("registerModuleForwardHook"));
  handle.remove();
  // A promise that rejects later is not left to end the process.
  const failing = net.registerForwardHook((async () => {
    throw new Error("late");
  }) as unknown as () => void);
  expect(() => net(ones([1, 2]))).toThrow(ArgumentError);
  failing.remove();
  expect(await net(ones([1, 2])).data()).toHaveLength(2);
});

test("what is no function is no hook and no body", () => {
  const relu = new nn.ReLU();
  const hook = (register: unknown, message: string): void => expect(register).toThrow(message);
  hook(
    () => untyped(relu).registerForwardHook?.(3),
    "registerForwardHook: the hook must be a function; got 3",
  );
  hook(
    () => untyped(nn).registerModuleForwardPreHook?.(),
    "registerModuleForwardPreHook: the hook must be a function",
  );
  const w = ones([1], { requiresGrad: true });
  hook(() => untyped(w).registerHook?.("x"), 'registerHook: the hook must be a function; got "x"');
  hook(
    () => untyped(new Adam([w])).registerStepPostHook?.(1),
    "registerStepPostHook: the hook must be a function",
  );
  expect(() => noGrad(undefined as unknown as () => void)).toThrow(
    "noGrad: takes a function, as in noGrad(() =>",
  );
  expect(() => enableGrad(1 as unknown as () => void)).toThrow("enableGrad: takes a function");
});

test("a module without forward, and what is no parameter or buffer, are named", () => {
  abstract class Unfinished extends nn.Module {}
  const made = new (Unfinished as unknown as new () => nn.Identity)();
  expect(() => made(ones([1]))).toThrow("Unfinished: there is no method forward; define forward(x) { ... }");
  const layer = untyped(new nn.Identity());
  expect(() => layer.registerParameter?.("w", zeros([1]))).toThrow(
    'registerParameter: "w" must be a Parameter or null; make it one with new nn.Parameter(...)',
  );
  expect(() => layer.registerBuffer?.("b", [1])).toThrow('registerBuffer: "b" must be a tensor, got Array');
  expect(() => new nn.Parameter(3 as unknown as Tensor)).toThrow("Parameter: data must be a tensor, got 3");
});

test("what is no state dict is refused, and the fix named is one", () => {
  const layer = new nn.Linear(2, 1);
  const load =
    (dict: unknown, options = {}) =>
    () =>
      layer.loadStateDict(dict as nn.StateDict, options);
  expect(load(undefined)).toThrow(StateDictError);
  expect(load(undefined)).toThrow("loadStateDict: Linear needs an object from key to tensor; got undefined");
  expect(load(Promise.resolve({}))).toThrow("got a promise; await it first");
  const misshapen = { weight: zeros([2, 1]), bias: zeros([1]) };
  expect(load(misshapen)).toThrow(
    "weight has shape [2, 1], expected [1, 2]; load a dict of the same layers, or leave",
  );
  expect(load({ bias: zeros([1]) })).toThrow("missing: weight; use { strict: false }");
  const adam = untyped(new Adam(layer.parameters()));
  expect(() => adam.loadStateDict?.(undefined)).toThrow(
    "loadStateDict: Adam needs what stateDict() of an optimizer gave, { state, paramGroups }; got undefined",
  );
  expect(() => adam.loadStateDict?.(layer.stateDict())).toThrow("got an object of weight, bias");
});
