import { describe, expect, test } from "vitest";
import { hashSignature } from "../graph/signature.ts";
import { ProgramCache } from "./program-cache.ts";

function cacheOf(limit: number): { cache: ProgramCache<string>; dropped: string[] } {
  const dropped: string[] = [];
  return { cache: new ProgramCache<string>(limit, (value) => dropped.push(value)), dropped };
}

/** Two signatures with one hash, found by trying. */
function colliding(): [number[], number[]] {
  const seen = new Map<number, number[]>();
  for (let i = 0; ; i++) {
    const signature = [(i * 7919) % 100_003, Math.floor(i / 3)];
    const other = seen.get(hashSignature(signature));
    if (other !== undefined && other.join() !== signature.join()) return [other, signature];
    seen.set(hashSignature(signature), signature);
  }
}

describe("the program cache", () => {
  test("finds a program by an equal signature", () => {
    const { cache } = cacheOf(4);
    cache.set([1, 2, 3], "a");
    expect(cache.get([1, 2, 3])?.value).toBe("a");
    expect(cache.get([1, 2])).toBeUndefined();
    expect(cache.get([1, 2, 4])).toBeUndefined();
  });

  test("drops the one that was not used for longest", () => {
    const { cache, dropped } = cacheOf(3);
    for (const i of [1, 2, 3]) cache.set([i], `p${i}`);
    cache.get([1]);
    cache.set([4], "p4");
    cache.set([5], "p5");
    expect(dropped).toEqual(["p2", "p3"]);
    expect([1, 2, 3, 4, 5].map((i) => cache.get([i])?.value)).toEqual([
      "p1",
      undefined,
      undefined,
      "p4",
      "p5",
    ]);
    expect(cache.size).toBe(3);
  });

  test("keeps signatures of one hash apart, when one of them is dropped too", () => {
    const [a, b] = colliding();
    const { cache, dropped } = cacheOf(2);
    cache.set(a, "a");
    cache.set(b, "b");
    expect([cache.get(b)?.value, cache.get(a)?.value]).toEqual(["b", "a"]);
    cache.set([], "c");
    expect(dropped).toEqual(["b"]);
    expect([a, b, []].map((s) => cache.get(s)?.value)).toEqual(["a", undefined, "c"]);
  });

  test("drops everything when it is cleared", () => {
    const { cache, dropped } = cacheOf(4);
    cache.set([1], "a");
    cache.set([2], "b");
    cache.clear();
    expect(dropped.sort()).toEqual(["a", "b"]);
    expect([cache.size, cache.get([1])]).toEqual([0, undefined]);
  });
});
