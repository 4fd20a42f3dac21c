import { snappyUncompress } from "hyparquet";
import { expect, it } from "vitest";
import { numbersFrom } from "../../io/files.test-helper.ts";
import { unpackSnappy } from "./snappy.ts";

const fail = (reason: string): never => {
  throw new Error(reason);
};
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const read = (bytes: Uint8Array, size: number): string =>
  Buffer.from(unpackSnappy(bytes, size, fail)).toString("latin1");

it("reads literals and copies of all forms", () => {
  expect(read(hex("00"), 0)).toBe("");
  expect(read(hex("03 08 616263"), 3)).toBe("abc");
  // A copy with one byte of distance, 4 long, overlapping itself.
  expect(read(hex("07 08 616263 01 03"), 7)).toBe("abcabca");
  expect(read(hex("06 08 616263 0a 0300"), 6)).toBe("abcabc");
  expect(read(hex("06 08 616263 0b 03000000"), 6)).toBe("abcabc");
  const long = Uint8Array.from([0xac, 0x02, 0xf4, 0x2b, 0x01, ...new Uint8Array(300).fill(65)]);
  expect(read(long, 300)).toBe("A".repeat(300));
});

it.each([
  ["no length", "", 0],
  ["another length", "04 08 616263", 3],
  ["a length without end", "ffffffffffff", 3],
  ["a literal beyond the end", "03 10 616263", 3],
  ["more than it says", "02 08 616263", 2],
  ["less than it says", "04 08 616263", 4],
  ["a copy of nothing", "07 08 616263 01 00", 7],
  ["a copy from before the start", "07 08 616263 01 04", 7],
  ["a copy beyond the end", "06 08 616263 01 03", 6],
  ["a distance of four bytes that is cut off", "06 08 616263 0b 0300", 6],
  ["a length of four bytes, all ones", "06 fc ffffffff 616263", 6],
])("refuses %s", (_, bytes, size) => {
  expect(() => unpackSnappy(hex(bytes), size, fail)).toThrow("Snappy");
});

it("agrees with the decoder of hyparquet", () => {
  const next = numbersFrom(7);
  for (let n = 0; n < 200; n++) {
    // Made of literals and copies, as a packer makes them.
    const [packed, plain]: [number[], number[]] = [[], []];
    for (let parts = 1 + next(20); parts > 0; parts--) {
      if (plain.length > 0 && next(2) === 0) {
        const [length, distance] = [1 + next(64), 1 + next(plain.length)];
        packed.push(((length - 1) << 2) | 2, distance & 0xff, distance >> 8);
        for (let i = 0; i < length; i++) plain.push(plain[plain.length - distance] as number);
      } else {
        const bytes = Array.from({ length: 1 + next(200) }, () => next(256));
        packed.push(...(bytes.length > 60 ? [0xf0, bytes.length - 1] : [(bytes.length - 1) << 2]), ...bytes);
        plain.push(...bytes);
      }
    }
    const size = plain.length < 128 ? [plain.length] : [(plain.length & 0x7f) | 0x80, plain.length >> 7];
    const file = Uint8Array.from([...size, ...packed]);
    const theirs = new Uint8Array(plain.length);
    snappyUncompress(file, theirs);
    expect(unpackSnappy(file, plain.length, fail)).toEqual(theirs);
    expect([...theirs]).toEqual(plain);
  }
});
