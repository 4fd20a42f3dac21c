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
  expect(follow(0.1, 0.02, 14)).toBe("tttttaaaaaaaaa");
});

test("one that gains from all threads is tried on one, and goes back", () => {
  expect(follow(0.1, 0.15, 14)).toBe("tttttaaaaatttt");
});

test("one that takes long is never tried on one thread", () => {
  expect(follow(1.5, 0.1, 8)).toBe("tttttttt");
});

test("the quickest run counts: others may have been disturbed", () => {
  const pace = new Pace();
  for (const ms of [5, 4, 0.1, 9, 7]) pace.took(ms);
  expect(pace.alone).toBe(true);
  for (const ms of [3, 0.05, 8, 2, 2]) pace.took(ms);
  expect(pace.alone).toBe(true);
});
