import { expect, it } from "vitest";
import { crc32, crc32c } from "./crc32.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

// The check values that catalogues of these codes give, and those of RFC 3720, appendix B.4.
it("gives the known checks", () => {
  expect(crc32(bytes("123456789"))).toBe(0xcbf43926);
  expect(crc32c(bytes("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32(bytes(""))).toBe(0);
});

it("goes on from the check of what came before", () => {
  const text = bytes("The quick brown fox jumps over the lazy dog");
  for (let cut = 0; cut <= text.length; cut++) {
    expect(crc32(text.subarray(cut), crc32(text.subarray(0, cut)))).toBe(0x414fa339);
  }
});
