import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, EngineError } from "../base/errors.ts";
import { Allocator, alignment, alignUp } from "./allocator.ts";

const fixed = (end: number): Allocator =>
  new Allocator({
    start: 0,
    end,
    grow: () => {
      throw new EngineError("full");
    },
  });

describe("placement", () => {
  test("rounds addresses and sizes up to 64 bytes", () => {
    const allocator = new Allocator({ start: 10, end: 1024, grow: (end) => end });
    expect([allocator.allocate(1), allocator.allocate(65), allocator.allocate(64)]).toEqual([64, 128, 256]);
    expect(allocator.bytesInUse).toBe(256);
  });

  test("gives zero-size blocks addresses of their own", () => {
    const allocator = fixed(256);
    expect(allocator.allocate(0)).not.toBe(allocator.allocate(0));
  });

  test("prefers the smallest hole that fits", () => {
    const allocator = fixed(4096);
    const large = allocator.allocate(512);
    allocator.allocate(64);
    const small = allocator.allocate(320);
    allocator.allocate(64);
    allocator.free(large);
    allocator.free(small);
    expect(allocator.allocate(300)).toBe(small);
    expect(allocator.allocate(500)).toBe(large);
  });

  test.each([[[0, 1, 2]], [[2, 1, 0]], [[0, 2, 1]], [[1, 0, 2]]])(
    "merges neighbours freed in the order %j",
    (order) => {
      const allocator = fixed(192);
      const addresses = [allocator.allocate(64), allocator.allocate(64), allocator.allocate(64)];
      for (const i of order) allocator.free(addresses[i] as number);
      expect(allocator.allocate(192)).toBe(0);
    },
  );

  test("remembers the highest address ever used", () => {
    const allocator = fixed(1024);
    const a = allocator.allocate(128);
    allocator.free(a);
    expect(allocator.highWater).toBe(128);
  });
});

describe("growth", () => {
  test("asks only for what a free end lacks", () => {
    const asked: number[] = [];
    const allocator = new Allocator({
      start: 0,
      end: 256,
      grow: (end) => {
        asked.push(end);
        return end + 1000;
      },
    });
    allocator.allocate(64);
    expect(allocator.allocate(512)).toBe(64);
    expect(asked).toEqual([576]);
    expect(allocator.allocate(alignUp(900))).toBe(576);
    expect(asked).toHaveLength(1);
  });

  test("stays intact when growing fails", () => {
    const allocator = fixed(128);
    const a = allocator.allocate(64);
    expect(() => allocator.allocate(128)).toThrow(EngineError);
    allocator.free(a);
    expect(allocator.allocate(128)).toBe(0);
  });
});

describe("mistakes", () => {
  test("a second free is an error", () => {
    const allocator = fixed(128);
    const a = allocator.allocate(64);
    allocator.free(a);
    expect(() => allocator.free(a)).toThrow(/freed before/);
  });

  test.each([-1, 1.5, Number.NaN, Infinity])("%d is not a size", (bytes) => {
    expect(() => fixed(128).allocate(bytes)).toThrow(ArgumentError);
  });
});

/** The obvious allocator: one flag per 64 bytes. */
class Model {
  readonly taken: boolean[] = [];
  readonly sizes = new Map<number, number>();

  place(address: number, bytes: number): void {
    const count = Math.max(Math.ceil(bytes / alignment), 1);
    for (let i = 0; i < count; i++) {
      const cell = address / alignment + i;
      expect(this.taken[cell] ?? false, `cell ${cell} is handed out twice`).toBe(false);
      this.taken[cell] = true;
    }
    this.sizes.set(address, count);
  }

  remove(address: number): void {
    const count = this.sizes.get(address) ?? 0;
    this.taken.fill(false, address / alignment, address / alignment + count);
    this.sizes.delete(address);
  }

  /** Length of the smallest hole of at least `bytes`; undefined where none is below `end`. */
  smallestHole(bytes: number, end: number): number | undefined {
    const wanted = Math.max(Math.ceil(bytes / alignment), 1);
    let best: number | undefined;
    let run = 0;
    for (let cell = 0; cell <= end / alignment; cell++) {
      if (cell < end / alignment && this.taken[cell] !== true) run++;
      else {
        if (run >= wanted && (best === undefined || run < best)) best = run;
        run = 0;
      }
    }
    return best === undefined ? undefined : best * alignment;
  }

  holeAt(address: number, end: number): number {
    let first = address / alignment;
    if (first > 0) expect(this.taken[first - 1], "a block starts where its hole starts").toBe(true);
    while (first < end / alignment && this.taken[first] !== true) first++;
    return first * alignment - address;
  }
}

test("agrees with a flag per cell under any sequence of calls", () => {
  const step = fc.oneof(
    fc.record({ allocate: fc.integer({ min: 0, max: 2000 }) }),
    fc.record({ free: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let end = 2048;
      const allocator = new Allocator({ start: 0, end, grow: (needed) => (end = needed + 640) });
      const model = new Model();
      const live: number[] = [];
      for (const s of steps) {
        if ("allocate" in s) {
          const expected = model.smallestHole(s.allocate, end);
          const before = end;
          const address = allocator.allocate(s.allocate);
          if (expected === undefined) expect(end).toBeGreaterThan(before);
          else expect(model.holeAt(address, before)).toBe(expected);
          model.place(address, s.allocate);
          live.push(address);
        } else if (live.length > 0) {
          const [address] = live.splice(s.free % live.length, 1) as [number];
          allocator.free(address);
          model.remove(address);
        }
        expect(allocator.bytesInUse).toBe(model.taken.filter(Boolean).length * alignment);
      }
    }),
    { numRuns: 200 },
  );
});
