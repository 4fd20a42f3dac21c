import { expect, test } from "vitest";
import type { Strip, StripName } from "../../../src/studio/protocol.ts";
import { type SendStrips, StripBatches, type StripView } from "./strip-batches.ts";

const view: StripView = { run: "a", columns: 64, from: null, to: null };
const never = (): AbortSignal => new AbortController().signal;
const name = (layer: string): StripName => ({ kind: "updates", layer });
const strip = ({ kind, layer }: StripName): Strip => ({ kind, layer }) as Strip;

function recorded(answer: SendStrips = async (_, names) => names.map(strip)): {
  readonly asked: string[][];
  readonly batches: StripBatches;
} {
  const asked: string[][] = [];
  const batches = new StripBatches((of, names, signal) => {
    asked.push(names.map(({ layer }) => `${of.columns} ${layer}`));
    return answer(of, names, signal);
  });
  return { asked, batches };
}

test("strips of one view that are asked for together are one request, and each gets its own", async () => {
  const { asked, batches } = recorded();
  const wide = { ...view, columns: 128 };
  const answers = await Promise.all([
    batches.fetch(view, name("a"), never()),
    batches.fetch(wide, name("b"), never()),
    batches.fetch(view, name("c"), never()),
  ]);
  expect(answers.map(({ layer }) => layer)).toEqual(["a", "b", "c"]);
  expect(asked).toEqual([["64 a", "64 c"], ["128 b"]]);
  await batches.fetch(view, name("later"), never());
  expect(asked.at(-1)).toEqual(["64 later"]);
});

test("a request has no more than can be read in a frame, and an address of bounded length", async () => {
  const { asked, batches } = recorded();
  const all = (names: readonly string[]) =>
    Promise.all(names.map((layer) => batches.fetch(view, name(layer), never())));
  await all(Array.from({ length: 30 }, (_, i) => `layer${i}`));
  expect(asked.map((names) => names.length)).toEqual([12, 12, 6]);
  await all(Array.from({ length: 4 }, (_, i) => "層".repeat(60) + i));
  expect(asked.slice(3).map((names) => names.length)).toEqual([2, 2]);
});

test("what is called off is not asked for, and ends a request only where nobody waits for it any more", async () => {
  const signals: AbortSignal[] = [];
  const { asked, batches } = recorded((_, names, signal) => {
    signals.push(signal);
    return new Promise((resolve) => setTimeout(() => resolve(names.map(strip)), 60));
  });
  const [early, late, other] = [new AbortController(), new AbortController(), new AbortController()];
  const outcomes = Promise.allSettled([
    batches.fetch(view, name("early"), early.signal),
    batches.fetch(view, name("late"), late.signal),
    batches.fetch(view, name("stays"), other.signal),
  ]);
  early.abort();
  await expect.poll(() => asked).toEqual([["64 late", "64 stays"]]);
  late.abort();
  expect(signals[0]?.aborted).toBe(false);
  expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  const gone = batches.fetch(view, name("gone"), late.signal).catch(() => "called off");
  expect(await gone).toBe("called off");
  const last = Promise.allSettled([batches.fetch(view, name("last"), other.signal)]);
  await expect.poll(() => signals.length).toBe(2);
  other.abort();
  expect(signals[1]?.aborted).toBe(true);
  await last;
});

test("an error of the request is everybody's, and a strip that there is not is its own", async () => {
  const failing = new StripBatches(async () => {
    throw new Error("no server");
  });
  const both = ["a", "b"].map((layer) => failing.fetch(view, name(layer), never()).catch(String));
  expect(await Promise.all(both)).toEqual(["Error: no server", "Error: no server"]);
  const { batches } = recorded(async (_, names) =>
    names.map((one) => (one.layer === "b" ? null : strip(one))),
  );
  const mixed = await Promise.allSettled(
    ["a", "b"].map((layer) => batches.fetch(view, name(layer), never())),
  );
  expect(mixed.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});
