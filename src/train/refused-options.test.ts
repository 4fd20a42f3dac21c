/** Options by names that there are not are refused: `{ epoch: 3 }`, `{ val: loader }` and `{ metric: {} }` were passed over in silence. */
import { expect, test } from "vitest";
import { ArgumentError } from "../base/errors.ts";
import * as train from "./index.ts";

/** What follows is not looked at: options come first. */
const model = Object.assign(() => {}, { training: true, train: () => {} });
const untyped = train as unknown as Record<string, new (...given: unknown[]) => unknown>;

test.each([
  [
    train.fit,
    "fit",
    { epochs: 1, val: [] },
    'fit: there is no option "val"; there are { loader, validation, loss,',
  ],
  [train.fit, "fit", { callbacks: null }, "fit: callbacks must not be null; leave it out for its default"],
  [train.fit, "fit", undefined, "fit: options are given as an object, { loader,"],
  [
    train.evaluate,
    "evaluate",
    { metric: {} },
    'evaluate: there is no option "metric"; there are { loader, loss, metrics,',
  ],
  [train.evaluate, "evaluate", [], "evaluate: options are given as an object, { loader, loss,"],
  [
    train.lrFind,
    "lrFind",
    { start: 1 },
    'lrFind: there is no option "start"; there are { loader, loss, optimizer, startLr,',
  ],
] as const)("%o of %s %#", async (call, _, options, message) => {
  const begun = (call as (...given: unknown[]) => Promise<unknown>)(model, options);
  await expect(begun).rejects.toThrow(ArgumentError);
  await expect(begun).rejects.toThrow(message);
});

test.each([
  ["Inspector", [{ evry: 1 }], 'Inspector: there is no option "evry"; there are { every, layers,'],
  ["Progress", [{ out: {} }], 'Progress: there is no option "out"; there are { stream, env }'],
  ["EarlyStopping", [{ wait: 1 }], 'EarlyStopping: there is no option "wait"'],
] as const)("%s %#", (name, given, message) => {
  expect(() => Reflect.construct(untyped[name] as new () => unknown, given)).toThrow(message);
});
