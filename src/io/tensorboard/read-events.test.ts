import { describe, expect, it } from "vitest";
import { FileFormatError } from "../../base/errors.ts";
import { damaged, numbersFrom, survives } from "../files.test-helper.ts";
import { bytesField, floatField, intField, join, messageField, textField } from "../protobuf.ts";
import { eventOf, scalarValue, summaryContent, versionContent } from "./event.ts";
import { readEvents } from "./read-events.ts";
import { recordOf } from "./records.ts";
import { SummaryWriter } from "./summary-writer.ts";

const record = (...parts: Uint8Array[]): Uint8Array => recordOf(join(...parts));
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function refusal(file: Uint8Array, options: { partial?: boolean } = {}): string {
  try {
    readEvents(file, { ...options, source: "e" });
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as Error).message).toMatch(/^e: .*\(at byte \d+\)$/);
    return (error as Error).message;
  }
  throw new Error("the file was accepted");
}

const scalar = record(eventOf(1, 2, summaryContent(scalarValue("a", 3))));

describe("readEvents", () => {
  it("reads numbers of the newer form, and leaves the rest to plugins", () => {
    const tensorOf = (...fields: Uint8Array[]): Uint8Array =>
      summaryContent(join(textField(1, "t"), messageField(8, ...fields)));
    const file = join(
      record(versionContent()),
      record(tensorOf(intField(1, 1), floatField(5, 1.5))),
      record(tensorOf(intField(1, 1), bytesField(4, bytes(0, 0, 0xc0, 0x3f)))),
      record(tensorOf(intField(1, 2), bytesField(6, bytes(0, 0, 0, 0, 0, 0, 0xf8, 0x3f)))),
      record(tensorOf(intField(1, 1), bytesField(5, bytes(0, 0, 0xc0, 0x3f, 0, 0, 0, 0)))),
      record(intField(2, 2 ** 40), intField(99, 5), textField(98, "unknown")),
    );
    const events = readEvents(file);
    expect(events[0]).toEqual({ wallTime: 0, step: 0, fileVersion: "brain.Event:2", values: [] });
    const number = { tag: "t", kind: "scalar", value: 1.5 };
    expect(events.slice(1, 4).map((event) => event.values[0])).toEqual([number, number, number]);
    expect(events[4]?.values).toEqual([{ tag: "t", kind: "other", plugin: "", content: new Uint8Array() }]);
    expect(events[5]).toEqual({ wallTime: 0, step: 2 ** 40, values: [] });
  });

  it("takes a last record that is cut off only where it is asked to", () => {
    const file = join(scalar, scalar);
    for (let end = scalar.length + 1; end < file.length; end++) {
      expect(refusal(file.subarray(0, end))).toMatch(
        /pass partial: true for one that is still being written/,
      );
      expect(readEvents(file.subarray(0, end), { partial: true }).length).toBe(1);
    }
    expect(readEvents(new Uint8Array())).toEqual([]);
  });

  it("refuses a path", () => {
    expect(() => readEvents("a" as never)).toThrow(/^readEvents: bytes is the text "a"; .* readFile\(path\)/);
  });

  const flipped = (at: number): Uint8Array => scalar.map((byte, i) => (i === at ? byte ^ 1 : byte));
  it.each<[string, Uint8Array, RegExp]>([
    ["a damaged length", flipped(0), /length of a record does not match its checksum/],
    ["damaged data", flipped(14), /a record does not match its checksum/],
    ["text", new TextEncoder().encode("hello hello hello"), /or no event file/],
    ["a group", record(bytes(0x0b)), /11 begins no field of a message/],
    ["field 0", record(bytes(0x00, 0x00)), /0 begins no field/],
    ["a field that is too long", record(bytes(0x2a, 5, 1)), /field 5 takes 5 bytes, but 1 are left/],
    [
      "a field of 2^63 bytes",
      record(bytes(0x2a, ...new Array(9).fill(0xff), 1)),
      /field 5 takes 18446744073709551615 bytes/,
    ],
    ["a number that is too long", record(bytes(0x10, ...new Array(10).fill(0xff), 1)), /longer than 64 bits/],
    ["a number that is cut off", record(bytes(0x10, 0x80)), /a number is cut off/],
    ["a step beyond 2^53", record(bytes(0x10, ...new Array(8).fill(0xff), 0x7f)), /beyond 2\^53/],
    ["a text that is none", record(bytes(0x1a, 1, 0xff)), /field 3 is not valid UTF-8/],
    ["a time of another type", record(bytes(0x08, 1)), /field 1 is no floating-point number/],
    ["a step of another type", record(floatField(2, 1)), /field 2 is no integer/],
    ["a summary of another type", record(intField(5, 1)), /field 5 is no text and no message/],
    [
      "half a number",
      record(summaryContent(messageField(5, bytesField(6, bytes(1, 2, 3))))),
      /no list of numbers of 8 bytes/,
    ],
  ])("refuses %s", (_, file, message) => {
    expect(refusal(file)).toMatch(message);
  });

  it("survives 20,000 damaged files", { timeout: 120_000 }, async () => {
    let whole = new Uint8Array();
    const append = (_: string, part: Uint8Array): void => {
      whole = join(whole, part);
    };
    const w = new SummaryWriter({ sink: { append } });
    await w.addScalar("a", 1, 1);
    await w.addHistogram("h", [1, 2, 3], 2);
    await w.addText("t", "text", 3);
    await w.close();
    const data: Uint8Array[] = [];
    for (let at = 0; at < whole.length; ) {
      const length = Number(new DataView(whole.buffer).getBigUint64(at, true));
      data.push(whole.subarray(at + 12, at + 12 + length));
      at += length + 16;
    }
    // Most are damaged inside of a record, where the checksum is made right again.
    const result = await survives(
      20_000,
      (next, i) =>
        i % 4 === 0 ? damaged(whole, next) : recordOf(damaged(data[i % data.length] as Uint8Array, next)),
      (file) => readEvents(file, { partial: numbersFrom(file.length)(2) === 0 }),
    );
    expect(result.refused).toBeGreaterThan(5_000);
    expect(result.accepted).toBeGreaterThan(500);
  });
});
