import { expect, test } from "vitest";
import { FrameWork, Requests } from "./turns.ts";

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test("requests: so many at a time, those in view first, whatever came first", async () => {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const requests = new Requests((rank) => (rank === 0 ? 2 : 1));
  const request = (name: string, rank: () => number) => ({
    rank,
    work: () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    },
  });
  let rankOfLast = 1;
  const gone = request("gone", () => 1);
  requests.add(request("near", () => 1));
  requests.add(request("near too", () => 1));
  requests.add(gone);
  requests.add(request("moved", () => rankOfLast));
  expect(begun).toEqual(["near"]);
  requests.add(request("seen", () => 0));
  expect(begun).toEqual(["near", "seen"]);
  requests.remove(gone);
  rankOfLast = 0;
  ends.get("seen")?.();
  await settled();
  expect(begun).toEqual(["near", "seen", "moved"]);
  ends.get("moved")?.();
  ends.get("near")?.();
  await settled();
  expect(begun).toEqual(["near", "seen", "moved", "near too"]);
});

test("drawing: a frame begins nothing after its budget, and always does one piece", () => {
  const frames: (() => void)[] = [];
  let now = 0;
  const drawn: string[] = [];
  const drawing = new FrameWork(
    4,
    (work) => frames.push(work),
    () => now,
  );
  const piece = (name: string, ms: number, rank = 0) => ({
    rank: () => rank,
    work: () => {
      drawn.push(name);
      now += ms;
    },
  });
  const twice = piece("a", 3);
  for (const turn of [piece("far", 1, 1), twice, twice, piece("b", 3), piece("c", 9), piece("d", 1)])
    drawing.add(turn);
  expect(frames.length).toBe(1);
  const perFrame: string[] = [];
  for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) {
    drawn.length = 0;
    frame();
    perFrame.push(drawn.join());
  }
  expect(perFrame).toEqual(["a,b", "c", "d,far"]);
});
