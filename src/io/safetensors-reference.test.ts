/** The same decision as the reference implementation (Rust, by its Python package) on files that are wrong in every way. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findSafetensors } from "../../test/setup/neighbours.ts";
import { FileFormatError } from "../base/errors.ts";
import { numbersFrom } from "./files.test-helper.ts";
import { openSafetensors } from "./safetensors-reader.ts";

function file(header: string | Uint8Array, body = 0, size?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + body);
  new DataView(bytes.buffer).setBigUint64(0, size ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (fields: string): string => `{"a":{${fields}}}`;
const good = '"dtype":"F32","shape":[2],"data_offsets":[0,8]';
const pair = (a: string, b: string): string =>
  `{"a":{"dtype":"U8","shape":[4],"data_offsets":[${a}]},"b":{"dtype":"U8","shape":[4],"data_offsets":[${b}]}}`;

/** Headers by what is in them, with the bytes of values that follow. */
const headers: Readonly<
  Record<string, readonly [header: string | Uint8Array, body?: number, size?: bigint]>
> = {
  fine: [entry(good), 8],
  "no tensors": ["{}"],
  "nothing but metadata": ['{"__metadata__":{"a":"b"}}'],
  "metadata of null": ['{"__metadata__":null}'],
  "metadata of a list": ['{"__metadata__":[]}'],
  "metadata with a number": ['{"__metadata__":{"a":1}}'],
  "metadata with null": ['{"__metadata__":{"a":null}}'],
  "metadata nested": ['{"__metadata__":{"a":{"b":"c"}}}'],
  "blanks behind": [`${entry(good)}   `, 8],
  "blanks within": [`{ "a" : { "dtype" :\t"F32",\n"shape":[ 2 ] , "data_offsets":[0, 8]} }`, 8],
  "zeros behind": [`${entry(good)}\0\0`, 8],
  "text behind": [`${entry(good)}x`, 8],
  "two objects": [`${entry(good)}{}`, 8],
  "a byte order mark": [`\ufeff${entry(good)}`, 8],
  "a list": ["[]"],
  "a text": ['"a"'],
  "an empty header": [""],
  "an open object": ["{"],
  "a comma too much": [`{"a":{${good}},}`, 8],
  "single quotes": ["{'a':{}}"],
  "a comment": [`{/**/"a":{${good}}}`, 8],
  "broken UTF-8": [Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x7b, 0x7d, 0x7d])],
  "an overlong character": [Uint8Array.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
  "half a character": [`{"\\ud800":{${good}}}`, 8],
  "half a character in metadata": ['{"__metadata__":{"a":"\\udc00"}}'],
  "both halves": [`{"\\ud83d\\ude00":{${good}}}`, 8],
  "a control character": [`{"a\u0001":{${good}}}`, 8],
  "a name of control characters": [`{"a\\u0001":{${good}}}`, 8],
  "an empty name": [`{"":{${good}}}`, 8],
  "the name __proto__": [`{"__proto__":{${good}}}`, 8],
  "the name constructor": [`{"constructor":{${good}}}`, 8],
  "__proto__ of nothing": ['{"__proto__":{}}'],
  "a size too large": [entry(good), 8, 100_000_001n],
  "a size beyond 2^63": [entry(good), 8, 0xffff_ffff_ffff_fff0n],
  "a size beyond the file": [entry(good), 8, 4000n],
  "a size of one too few": [entry(good), 8, BigInt(entry(good).length - 1)],
  "a size of one too many": [entry(good), 8, BigInt(entry(good).length + 1)],
  "no dtype": [entry('"shape":[2],"data_offsets":[0,8]'), 8],
  "no shape": [entry('"dtype":"F32","data_offsets":[0,8]'), 8],
  "no offsets": [entry('"dtype":"F32","shape":[2]'), 8],
  "an extra field": [entry(`${good},"more":"text"`), 8],
  "an extra field of whole numbers": [entry(`${good},"more":{"x":[1,2]}`), 8],
  "an unknown dtype": [entry('"dtype":"F31","shape":[2],"data_offsets":[0,8]'), 8],
  "a dtype in small letters": [entry('"dtype":"f32","shape":[2],"data_offsets":[0,8]'), 8],
  "a dtype that is a number": [entry('"dtype":7,"shape":[2],"data_offsets":[0,8]'), 8],
  "a dtype of a method": [entry('"dtype":"toString","shape":[2],"data_offsets":[0,8]'), 8],
  "a shape of null": [entry('"dtype":"F32","shape":null,"data_offsets":[0,8]'), 8],
  "a shape of a number": [entry('"dtype":"F32","shape":2,"data_offsets":[0,8]'), 8],
  "a shape with a text": [entry('"dtype":"F32","shape":["2"],"data_offsets":[0,8]'), 8],
  "a shape with true": [entry('"dtype":"F32","shape":[true],"data_offsets":[0,8]'), 8],
  "a shape of 2.0": [entry('"dtype":"F32","shape":[2.0],"data_offsets":[0,8]'), 8],
  "a shape of 2e0": [entry('"dtype":"F32","shape":[2e0],"data_offsets":[0,8]'), 8],
  "a shape of -2": [entry('"dtype":"F32","shape":[-2],"data_offsets":[0,8]'), 8],
  "a shape of -0": [entry('"dtype":"F32","shape":[-0],"data_offsets":[0,0]')],
  "a shape of 02": [entry('"dtype":"F32","shape":[02],"data_offsets":[0,8]'), 8],
  "a scalar": [entry('"dtype":"F32","shape":[],"data_offsets":[0,4]'), 4],
  "a scalar that is empty": [entry('"dtype":"F32","shape":[],"data_offsets":[0,0]')],
  "an empty tensor": [entry('"dtype":"F32","shape":[0,5],"data_offsets":[0,0]')],
  "a size beyond 2^53": [entry('"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,8]'), 8],
  "a size beyond 2^64": [entry('"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,8]'), 8],
  "a product that overflows": [entry('"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]')],
  "a product that overflows before a zero": [
    entry('"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]'),
  ],
  "a zero before a large product": [
    entry('"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]'),
  ],
  "a product just below": [entry('"dtype":"U8","shape":[4294967296,1048576,0],"data_offsets":[0,0]')],
  "offsets backwards": [entry('"dtype":"F32","shape":[2],"data_offsets":[8,0]'), 8],
  "one offset": [entry('"dtype":"F32","shape":[2],"data_offsets":[8]'), 8],
  "three offsets": [entry('"dtype":"F32","shape":[2],"data_offsets":[0,8,8]'), 8],
  "offsets of null": [entry('"dtype":"F32","shape":[2],"data_offsets":null'), 8],
  "offsets as an object": [entry('"dtype":"F32","shape":[2],"data_offsets":{"0":0,"1":8}'), 8],
  "an offset of 0.0": [entry('"dtype":"F32","shape":[2],"data_offsets":[0.0,8]'), 8],
  "a negative offset": [entry('"dtype":"F32","shape":[2],"data_offsets":[-8,0]'), 8],
  "offsets beyond 2^53": [
    entry('"dtype":"F32","shape":[2],"data_offsets":[9007199254740992,9007199254741000]'),
    8,
  ],
  "too few bytes for the shape": [entry('"dtype":"F32","shape":[2],"data_offsets":[0,4]'), 4],
  "too many bytes for the shape": [entry('"dtype":"F32","shape":[2],"data_offsets":[0,12]'), 12],
  "values cut off": [entry(good), 7],
  "bytes behind the values": [entry(good), 9],
  "values of nobody": ["{}", 4],
  neighbours: [pair("0,4", "4,8"), 8],
  "neighbours the other way": [pair("4,8", "0,4"), 8],
  "a hole": [pair("0,4", "5,9"), 9],
  "a hole at the start": [pair("1,5", "5,9"), 9],
  "an overlap": [pair("0,4", "3,7"), 7],
  "the same bytes": [pair("0,4", "0,4"), 4],
  "an empty one in the middle": [
    '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}',
    4,
  ],
  "an empty one between": [
    '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}',
    4,
  ],
  "odd values": [entry('"dtype":"F64","shape":[1],"data_offsets":[0,8]'), 8],
  "half a byte": [entry('"dtype":"F4","shape":[3],"data_offsets":[0,1]'), 1],
  "half bytes that fit": [entry('"dtype":"F4","shape":[4],"data_offsets":[0,2]'), 2],
  "six bits": [entry('"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]'), 3],
  "six bits that do not fit": [entry('"dtype":"F6_E2M3","shape":[3],"data_offsets":[0,3]'), 3],
  "a complex number": [entry('"dtype":"C64","shape":[1],"data_offsets":[0,8]'), 8],
  "a tensor of null": ['{"a":null}'],
  "a tensor that is a text": ['{"a":"b"}'],
  "a tensor of a number": ['{"a":1}'],
  "too short for a size": [""],
};

/** Where we are stricter, and why. */
const stricter: Readonly<Record<string, readonly [header: string, body: number]>> = {
  // The format forbids it; the reference takes the last one.
  "a name twice": [`{"a":{${good}},"a":{${good}}}`, 8],
  "a metadata key twice": ['{"__metadata__":{"a":"b","a":"c"}}', 0],
  // "The header must begin with {", says the format.
  "blanks before": [` ${entry(good)}`, 8],
  "a line break before": [`\n${entry(good)}`, 8],
  // A number here is exact up to 2^53; beyond, the size that we would show is another one.
  "a size beyond 2^53 beside a zero": [
    entry('"dtype":"U8","shape":[0,9007199254740993],"data_offsets":[0,0]'),
    0,
  ],
  // What Rust's library for JSON takes for an object besides, and no writer writes.
  "a list for an object": ['{"a":["F32",[2],[0,8]]}', 8],
  "an extra field of a fraction": [entry(`${good},"more":0.5`), 8],
};

/** Damages to a good header that a program could make, and others. */
function mutated(count: number): [string, Uint8Array][] {
  const next = numbersFrom(20261126);
  const bases = [entry(good), pair("0,4", "4,8"), `{"__metadata__":{"k":"v"},"a":{${good}}}`];
  const tokens = [
    "0",
    "1",
    "4",
    "8",
    "9",
    ",",
    ":",
    '"',
    "[",
    "]",
    "{",
    "}",
    " ",
    "-",
    ".",
    "e",
    "null",
    "\\u0041",
    "F32",
    "U8",
    "é",
  ];
  return Array.from({ length: count }, (_, i) => {
    let text = bases[next(bases.length)] as string;
    for (let edits = 1 + next(2); edits > 0; edits--) {
      const at = next(text.length + 1);
      text = text.slice(0, at) + (tokens[next(tokens.length)] as string) + text.slice(at + next(3));
    }
    return [`mutation ${i}: ${text}`, file(text, 8)];
  });
}

const python = `
import base64, json, sys
from safetensors import deserialize
def accepted(data):
    try:
        deserialize(data)
        return True
    except Exception:
        return False
print(json.dumps([accepted(base64.b64decode(x)) for x in json.load(open(sys.argv[1]))]))
`;

async function accepted(bytes: Uint8Array): Promise<boolean> {
  try {
    await openSafetensors(bytes);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError);
    return false;
  }
}

it("accepts and refuses what the reference implementation does", { timeout: 60_000 }, async (context) => {
  const found = findSafetensors();
  if (found.path === undefined) return context.skip(found.missing);
  const cases = [
    ...Object.entries(headers).map(([name, [header, body, size]]): [string, Uint8Array] => [
      name,
      file(header, body, size),
    ]),
    ...mutated(5000),
    ["no bytes", new Uint8Array()] as [string, Uint8Array],
  ];
  const folder = mkdtempSync(join(tmpdir(), "tatami-safetensors-"));
  try {
    const ask = (files: readonly Uint8Array[]): boolean[] => {
      writeFileSync(
        join(folder, "files.json"),
        JSON.stringify(files.map((b) => Buffer.from(b).toString("base64"))),
      );
      const run = spawnSync(found.path, ["-c", python, join(folder, "files.json")], { encoding: "utf8" });
      expect(run.stderr).toBe("");
      return JSON.parse(run.stdout) as boolean[];
    };
    const theirs = ask(cases.map(([, bytes]) => bytes));
    const ours = await Promise.all(cases.map(([, bytes]) => accepted(bytes)));
    const said = (name: string, is: boolean | undefined): string => `${is ? "accepts" : "refuses"} ${name}`;
    expect(cases.map(([name], i) => said(name, ours[i]))).toEqual(
      cases.map(([name], i) => said(name, theirs[i])),
    );
    expect(theirs.filter((is) => is).length).toBeGreaterThan(100);
    const strict = Object.values(stricter).map(([header, body]) => file(header, body));
    expect([ask(strict), await Promise.all(strict.map(accepted))]).toEqual([
      strict.map(() => true),
      strict.map(() => false),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
