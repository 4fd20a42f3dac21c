import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

/** Feeds runs of so many milliseconds in either way; returns which way they went. */
function follow(together: number, alone: number, runs: number): string {
  const pace = new Pace();
  let ways = "";
  for (let i = 0; i < runs; i++) {
    ways += pace.alone ? "a" : "t";
    pace.took(pace.alone ? alone : together);
  }
  return ways;
}

test("a program that is quicker on one thread stays there", () => {
  expect(follow(0.1, 0.02, 20)).toBe("ttttttaaaaaattttttaa");
});

test("all threads are tried again after a while, and more seldom each time", () => {
  const tries = follow(0.1, 0.02, 1200).slice(18).split(/(t+)/);
  expect(tries.map((way) => way.length)).toEqual([200, 6, 800, 6, 170]);
});

test("one whose first runs were disturbed comes back to all threads", () => {
  const pace = new Pace();
  for (let i = 0; i < 218; i++) pace.took(pace.alone ? 0.6 : 0.7);
  expect(pace.alone).toBe(false);
  for (let i = 0; i < 6; i++) pace.took(0.4);
  for (let i = 0; i < 300; i++) {
    expect(pace.alone).toBe(false);
    pace.took(0.4);
  }
});

test("one that gains from all threads is tried on one, and goes back", () => {
  expect(follow(0.1, 0.15, 20)).toBe("ttttttaaaaaatttttttt");
});

test("one that takes long is never tried on one thread", () => {
  expect(follow(1.5, 0.1, 12)).toBe("tttttttttttt");
});

test("the quickest run counts: others may have been disturbed, and the first ones find nothing in the caches", () => {
  const pace = new Pace();
  const runs = [5, 4, 0.9, 9, 7, 8, 3, 0.2, 8, 2, 2, 1, 7, 0.1, 1, 1, 1, 1];
  for (const ms of runs) pace.took(ms);
  expect(pace.alone).toBe(false);
  const other = new Pace();
  for (const ms of runs) other.took(ms === 0.1 ? 0.3 : ms);
  expect(other.alone).toBe(true);
});
