import { describe, expect, it } from "vitest";
import { define, int, Locals, load, pack, store, use } from "./build.ts";
import type { Expr, Stmt } from "./ir.ts";
import { philox4x32 } from "./philox.ts";
import { buffer, kernelOf, runKernel } from "./run-kernel.test-helper.ts";

/** Known answers of the Random123 library: counter, key, result. */
const known: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

function philox(counter: Expr[], key: Expr[], inputs: readonly number[][], lanes: number): Uint32Array {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const body: Stmt[] = [];
  const words = philox4x32(counter as [Expr, Expr, Expr, Expr], key as [Expr, Expr], (e, name) => {
    const local = locals.local(name, e.type, e.lanes);
    body.push(define(local, e));
    return use(local);
  });
  words.forEach((word, i) => {
    body.push(store(2, int(i * lanes), word));
  });
  const buffers = [buffer("int32", 4), buffer("int32", 2), buffer("int32", 4 * lanes, "write")];
  return Uint32Array.from(runKernel(kernelOf(buffers, body, chunk), inputs)[2] ?? []);
}

const words = (buffer: number, count: number): Expr[] =>
  Array.from({ length: count }, (_, i) => load(buffer, "int32", int(i)));

describe("philox4x32", () => {
  it.each(known)("counter %j, key %j", (counter, key, expected) => {
    expect([...philox(words(0, 4), words(1, 2), [[...counter], [...key]], 1)]).toEqual(expected);
    const constants = (list: readonly number[]): Expr[] => list.map((word) => int(word | 0));
    expect([...philox(constants(counter), constants(key), [], 1)]).toEqual(expected);
  });

  it("computes one stream position per lane, with a scalar key", () => {
    const counters = [0, 1, 2, 3].map((word) =>
      pack(known.map(([counter]) => int((counter[word] as number) | 0))),
    );
    for (const [lane, [, key, expected]] of known.entries()) {
      const result = philox(
        counters,
        key.map((word) => int(word | 0)),
        [],
        known.length,
      );
      expect([0, 1, 2, 3].map((word) => result[word * known.length + lane])).toEqual(expected);
    }
  });
});
