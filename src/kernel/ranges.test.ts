import { expect, test } from "vitest";
import { binary, int, Locals, load, store, use } from "./build.ts";
import { Ranges } from "./ranges.ts";
import { buffer, kernelOf } from "./run-kernel.test-helper.ts";

test("a mask bounds a value of which nothing is known", () => {
  const chunk = new Locals().local("chunk", "i32");
  const unknown = load(0, "int32", int(0));
  const body = [store(1, int(0), use(chunk))];
  const ranges = new Ranges(kernelOf([buffer("int32", 1), buffer("int32", 1, "write")], body, chunk, 8));
  expect(ranges.unbounded(unknown)).toBe(true);
  expect(ranges.of(binary("and", unknown, int(1023)))).toEqual({ lo: 0, hi: 1023 });
  expect(ranges.of(binary("and", int(1023), unknown))).toEqual({ lo: 0, hi: 1023 });
  expect(ranges.of(binary("and", use(chunk), int(1023)))).toEqual({ lo: 0, hi: 7 });
  expect(ranges.unbounded(binary("and", unknown, int(-2)))).toBe(true);
});
