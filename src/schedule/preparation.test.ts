import { describe, expect, test } from "vitest";
import { Locals } from "../kernel/build.ts";
import type { BufferDecl, Kernel } from "../kernel/ir.ts";
import type { Buffer, LoweredCall } from "./plan.ts";
import { laidOut, splitCalls } from "./preparation.ts";

const buffer = (id: number, slot: number | null = null, scratch = false): Buffer => ({
  ...{ id, dtype: "float32", size: 20, strides: [1], slot },
  scratch,
});

type Use = readonly [buffer: Buffer, access: BufferDecl["access"]];

function call(name: string, ...uses: Use[]): LoweredCall {
  const buffers = uses.map(([, access]): BufferDecl => ({ dtype: "float32", size: 20, access }));
  const chunk = new Locals().local("chunk", "i32");
  const kernel: Kernel = { name, buffers, chunks: 1, chunk, body: [], flops: 0 };
  return { kernel, buffers: uses.map(([b]) => b) };
}

const weight = buffer(0, 0);
const input = buffer(1, 1);
const output = buffer(2, 2);
const split = (...calls: LoweredCall[]): readonly string[][] | null => {
  const found = splitCalls(calls, (slot) => slot === 0);
  if (found === null) return null;
  const names = (list: readonly LoweredCall[]): string[] => list.map((c) => c.kernel.name);
  return [names(found.preparation), names(found.rest), found.handedOver.map((b) => String(b.id))];
};

describe("splitCalls", () => {
  test("prepares what depends on steady slots alone, through other buffers too; hands over what is read later", () => {
    const [packed, mapped, scratch] = [buffer(3), buffer(4), buffer(5, null, true)];
    expect(
      split(
        call("pack", [weight, "read"], [packed, "write"], [scratch, "scratch"]),
        call("map", [packed, "read"], [mapped, "write"]),
        call("product", [input, "read"], [mapped, "read"], [output, "write"]),
      ),
    ).toEqual([["pack", "map"], ["product"], ["4"]]);
  });

  test("leaves where it is what writes for the caller", () => {
    const sum = buffer(3);
    expect(
      split(call("sum", [weight, "read"], [sum, "write"]), call("root", [sum, "read"], [output, "write"])),
    ).toEqual([["sum"], ["root"], ["3"]]);
    expect(split(call("sum", [weight, "read"], [output, "write"]))).toBeNull();
  });

  test("leaves a buffer whole that a call for every run also writes", () => {
    const padded = buffer(3);
    const twice = buffer(4);
    expect(
      split(
        call("border", [padded, "write"]),
        call("double", [padded, "read"], [twice, "write"]),
        call("inside", [input, "read"], [padded, "readwrite"]),
        call("product", [padded, "read"], [twice, "read"], [output, "write"]),
      ),
    ).toBeNull();
  });

  test("prepares what reads nothing", () => {
    const mask = buffer(3);
    expect(
      split(call("mask", [mask, "write"]), call("apply", [input, "read"], [mask, "read"], [output, "write"])),
    ).toEqual([["mask"], ["apply"], ["3"]]);
  });
});

test("buffers that are handed over lie apart, in multiples of 64 bytes", () => {
  const { offsets, bytes } = laidOut([buffer(7), buffer(3)]);
  expect([offsets.get(7), offsets.get(3), bytes]).toEqual([0, 128, 256]);
});
