import { describe, expect, it } from "vitest";
import { batchCount, batchOrder, checkBatchOrder } from "./batch-order.ts";
import { prefetch } from "./prefetch.ts";
import { RandomKey } from "./random-stream.ts";

const key = new RandomKey(0);
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("batchOrder", () => {
  const plain = { length: 7, batchSize: 3, shuffle: false, dropLast: false };

  it("cuts in order, the last batch being smaller", () => {
    const at = batchOrder(plain, key);
    expect(batchCount(plain)).toBe(3);
    expect([at(0), at(1), at(2)]).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(batchCount({ ...plain, dropLast: true })).toBe(2);
    expect(batchCount({ ...plain, length: 6 })).toBe(2);
  });

  it("shuffles by seed and epoch, each sample once", () => {
    const all = (seed: number, epoch: number): number[] => {
      const at = batchOrder({ ...plain, shuffle: true }, new RandomKey(seed, epoch));
      return [...at(0), ...at(1), ...at(2)];
    };
    expect([...all(0, 0)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(all(0, 0)).toEqual(all(0, 0));
    expect(all(0, 0)).not.toEqual(all(0, 1));
    expect(all(0, 0)).not.toEqual(all(1, 0));
  });

  it("refuses what gives no batches", () => {
    expect(() => checkBatchOrder({ ...plain, length: 0 })).toThrow("the dataset is empty");
    expect(() => checkBatchOrder({ ...plain, batchSize: 0 })).toThrow(
      "batchSize 0 is not an integer of 1 or more",
    );
    expect(() => checkBatchOrder({ ...plain, batchSize: 8, dropLast: true })).toThrow(
      "leaves no batch of 7 samples",
    );
  });
});

describe("prefetch", () => {
  it("gives every item once and in order, at any depth, sync or async", async () => {
    for (const depth of [0, 1, 3]) {
      for (const make of [(i: number) => i, (i: number) => tick().then(() => i)]) {
        const seen: number[] = [];
        for await (const item of prefetch(5, make, depth)) {
          seen.push(item);
          if (item % 2 === 0) await tick();
        }
        expect(seen).toEqual([0, 1, 2, 3, 4]);
      }
    }
  });

  it("makes the next items while the consumer waits, and no more than its depth", async () => {
    let made = 0;
    const items = prefetch(10, () => made++, 2);
    expect(made).toBe(0);
    await items.next();
    expect(made).toBe(1);
    for (let i = 0; i < 5; i++) await tick();
    expect(made).toBe(3);
    await items.next();
    expect(made).toBe(3);
    await tick();
    await tick();
    expect(made).toBe(4);
  });

  it("does not wait for a task when an item is asked for at once", async () => {
    const items = prefetch(3, (i) => i, 1);
    const first = await items.next();
    let ticked = false;
    setImmediate(() => {
      ticked = true;
    });
    const second = await items.next();
    expect([first.value, second.value, ticked]).toEqual([0, 1, false]);
  });

  it("stops making items when the loop is left", async () => {
    let made = 0;
    for await (const item of prefetch(10, () => made++, 1)) if (item === 1) break;
    const before = made;
    for (let i = 0; i < 5; i++) await tick();
    expect(made).toBe(before);
  });

  it("throws an error of an item at its turn, then ends", async () => {
    const make = (i: number): number => {
      if (i === 1) throw new Error("damaged image");
      return i;
    };
    const items = prefetch(3, make, 2);
    expect((await items.next()).value).toBe(0);
    for (let i = 0; i < 5; i++) await tick();
    await expect(items.next()).rejects.toThrow("damaged image");
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });
});
