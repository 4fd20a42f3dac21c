/** Options by names that there are not are refused: `{ epoch: 3 }`, `{ val: loader }` and `{ metric: {} }` were passed over in silence. */
import { expect, test } from "vitest";
import { ArgumentError } from "../base/errors.ts";
import { Digits } from "../data/digits.ts";
import * as F from "../nn/functional.ts";
import { Linear } from "../nn/linear.ts";
import { SGD } from "../optim/sgd.ts";
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

/** Everything that is needed; nothing is computed of it. */
const linear = new Linear(2, 3);
const parts = { loader: [], loss: F.crossEntropy, optimizer: new SGD(linear.parameters(), { lr: 0.1 }) };
const calls = [
  ["evaluate", train.evaluate, { loader: parts.loader, loss: parts.loss }, "loader and loss"],
  ["fit", train.fit, { ...parts, epochs: 0 }, "loader, loss, optimizer and epochs"],
  ["lrFind", train.lrFind, { ...parts, steps: 3 }, "loader, loss and optimizer"],
] as const;
const examples: Readonly<Record<string, string>> = {
  loader: "pass an iterable of batches, such as new data.DataLoader(dataset, { batchSize: 64 })",
  loss: "pass a function of output and target, such as F.crossEntropy",
  optimizer: "pass an optimizer, such as new optim.Adam(model.parameters(), { lr: 1e-3 })",
  epochs: "pass the number of the last epoch, such as 10",
};

/** The error with which a call is refused. */
async function refusal(call: unknown, ...given: unknown[]): Promise<Error> {
  const error = await (call as (...given: unknown[]) => Promise<unknown>)(...given).then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ArgumentError);
  return error as Error;
}

test.each(calls)(
  "%s names what is missing, what was given and what to pass",
  async (owner, call, all, needed) => {
    for (const name of Object.keys(all).filter((key) => key in examples)) {
      const given = Object.keys(all).filter((key) => key !== name);
      const { message } = await refusal(call, linear, { ...all, [name]: undefined });
      expect(message).toBe(
        `${owner}: the option ${name} is missing; ${needed} are needed, given are { ${given.join(", ")} }; ${examples[name]}`,
      );
    }
    const { message } = await refusal(call, linear, {});
    expect(message).toContain(`${owner}: the option loader is missing; ${needed} are needed, given is none`);
  },
);

test.each(calls)("%s refuses parts that are something else", async (owner, call, all) => {
  const of = async (given: object, m: unknown = linear): Promise<string> =>
    (await refusal(call, m, { ...all, ...given })).message;
  const aModel = "a module that can be called, such as new nn.Linear(2, 3)";
  expect(await of({}, null)).toBe(`${owner}: model must be ${aModel}; got null`);
  expect(await of({}, { forward: F.relu })).toBe(`${owner}: model must be ${aModel}; got Object`);
  expect(await of({}, F.relu)).toBe(`${owner}: model must be ${aModel}; got a function`);
  expect(await of({ loader: new Digits() })).toBe(
    `${owner}: loader must be an iterable of batches, such as new data.DataLoader(dataset, { batchSize: 64 }); got Digits`,
  );
  expect(await of({ loss: "mse" })).toContain(`${owner}: loss must be a function of output and target`);
  if ("optimizer" in all) {
    expect(await of({ optimizer: SGD })).toContain(`${owner}: optimizer must be an optimizer, such as`);
  }
  if ("epochs" in all) {
    expect(await of({ validation: new Digits() })).toContain(`${owner}: validation must be an iterable`);
    expect(await of({ epochs: "2" })).toBe(
      `${owner}: epochs must be the number of the last epoch, such as 10; got "2"`,
    );
  }
});
