import { expect, test } from "vitest";
import { snapshotIndex } from "./snapshots.ts";

test.each([
  [null, 2],
  [0, 0],
  [10, 0],
  [19, 0],
  [20, 1],
  [99, 2],
])("step %s means snapshot %i", (step, index) => expect(snapshotIndex([10, 20, 30], step)).toBe(index));
