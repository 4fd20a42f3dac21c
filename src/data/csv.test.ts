import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { type CsvOptions, readCsv } from "./csv.ts";
import type { CsvTable } from "./csv-table.ts";
import { DataLoader } from "./data-loader.ts";
import { readCsvFile } from "./node/csv-file.ts";

const flowers = "sepal,petal,species\n5.1,1.4,setosa\n6.3,4.9,virginica\n5.9,,setosa\n";

/** Columns as plain lists. */
function plain(table: CsvTable): Record<string, unknown[]> {
  return Object.fromEntries(
    table.columns.map((name) => [name, Array.from<unknown>(table.column(name).values)]),
  );
}

it("types columns, and gives a loader features and class indices", async () => {
  const table = await readCsv(flowers);
  expect([table.length, table.types]).toEqual([3, { sepal: "number", petal: "number", species: "text" }]);
  expect(plain(table)).toEqual({
    sepal: [5.1, 6.3, 5.9],
    petal: [1.4, 4.9, Number.NaN],
    species: ["setosa", "virginica", "setosa"],
  });
  const dataset = table.dataset({ features: ["petal", "sepal"], target: "species", missing: 0 });
  expect([dataset.classes, dataset.features]).toEqual([
    ["setosa", "virginica"],
    ["petal", "sepal"],
  ]);
  for await (const [x, y] of new DataLoader(dataset, { batchSize: 3 })) {
    expect([x?.shape, x?.dtype, y?.shape, y?.dtype]).toEqual([[3, 2], "float32", [3], "int32"]);
    expect([...((await x?.data()) ?? [])]).toEqual([1.4, 5.1, 4.9, 6.3, 0, 5.9].map(Math.fround));
    expect(await y?.array()).toEqual([0, 1, 0]);
  }
});

it.each<[string, string, CsvOptions, Record<string, unknown[]>]>([
  ["a byte order mark and CRLF", "\ufeffa,b\r\n1,x\r\n2,y\r\n", {}, { a: [1, 2], b: ["x", "y"] }],
  ["line breaks of several kinds, none at the end", "a\n1\r\n2\r3", {}, { a: [1, 2, 3] }],
  [
    "quotes around delimiters, quotes and line breaks",
    'a,b\n"1","x, ""y""\nz"\n',
    {},
    { a: [1], b: ['x, "y"\nz'] },
  ],
  ["empty lines", "a,b\n\n1,2\n\n3,4\n\n", {}, { a: [1, 3], b: [2, 4] }],
  ["another delimiter and quote", "a;b\n'1;5';2\n", { delimiter: ";", quote: "'" }, { a: ["1;5"], b: [2] }],
  ["tabs", "a\tb\n1\t2,5\n", { delimiter: "\t" }, { a: [1], b: ["2,5"] }],
  ["no header", "1,2\n3,4\n", { header: false }, { 0: [1, 3], 1: [2, 4] }],
  ["names without a header", "1,2\n3,4\n", { header: false, names: ["p", "q"] }, { p: [1, 3], q: [2, 4] }],
  ["names in place of the header's", "a,a\n3,4\n", { names: ["p", "q"] }, { p: [3], q: [4] }],
  [
    "numbers of all forms",
    "a\n-1e3\n+.5\n2.\ninf\n-Infinity\n",
    {},
    { a: [-1000, 0.5, 2, Infinity, -Infinity] },
  ],
  ["what is no number for Python either", "a\n0x10\n1_000\n", {}, { a: ["0x10", "1_000"] }],
  ["blanks around values", "a , b\n 1 , x \n", {}, { a: [1], b: [" x "] }],
  ["booleans", "a,b\nTrue,true\nFALSE,1\n,1\n", {}, { a: [1, 0, Number.NaN], b: ["true", "1", "1"] }],
  [
    "missing values",
    "a,b\nNA,null\n1,x\nNaN,None\n",
    {},
    { a: [Number.NaN, 1, Number.NaN], b: [null, "x", null] },
  ],
  [
    "missing values of one's own",
    "a,b\n-9,NA\n1,?\n",
    { naValues: ["-9", "?"] },
    { a: [Number.NaN, 1], b: ["NA", null] },
  ],
  [
    "types that are said",
    "zip,n\n00501,1\n10001,\n",
    { types: { zip: "text", n: "text" } },
    { zip: ["00501", "10001"], n: ["1", null] },
  ],
  ["names of an object's own", "__proto__,constructor\n1,2\n", {}, { ["__proto__"]: [1], constructor: [2] }],
])("reads %s", async (_, text, options, wanted) => {
  expect(Object.entries(plain(await readCsv(text, options)))).toEqual(Object.entries(wanted));
});

it("reads bytes, files, answers and paths, in any encoding", async () => {
  const bytes = new TextEncoder().encode("\ufeffname,n\nÅsa,1\n");
  const latin = Uint8Array.from("name,n\nÅsa,1\n", (c) => c.charCodeAt(0));
  const wide = new Uint8Array(Buffer.from("\ufeffname,n\nÅsa,1\n", "utf16le"));
  const wanted = { name: ["Åsa"], n: [1] };
  for (const source of [bytes, bytes.buffer as ArrayBuffer, new Blob([bytes]), new Response(bytes), wide]) {
    expect(plain(await readCsv(source))).toEqual(wanted);
  }
  expect(plain(await readCsv(Promise.resolve(new Response(bytes))))).toEqual(wanted);
  expect(plain(await readCsv(latin, { encoding: "latin1" }))).toEqual(wanted);
  await expect(readCsv(new File([latin], "people.csv"))).rejects.toThrow(
    'people.csv: the bytes are not valid utf-8; name the file\'s own as option encoding, such as "latin1"',
  );
  await expect(readCsv(new Response("<html>\n", { status: 404, statusText: "Not Found" }))).rejects.toThrow(
    "the server answered 404 Not Found; check the address",
  );
  const folder = await mkdtemp(join(tmpdir(), "tatami-csv-"));
  try {
    await writeFile(join(folder, "a.csv"), bytes);
    const table = await readCsvFile(join(folder, "a.csv"));
    expect([plain(table), table.source]).toEqual([wanted, join(folder, "a.csv")]);
    await expect(readCsvFile(join(folder, "b.csv"))).rejects.toThrow(FileFormatError);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each<[string, CsvOptions, RegExp]>([
  ["", { source: "x.csv" }, /has no line break/],
  ["data/iris.csv", {}, /a path is read by readCsvFile/],
  ["\n\n", {}, /CSV: found no values/],
  ["a,b\n1,2\n1,2,3\n", {}, /CSV: line 3 has 3 values, but there are 2 columns \("a", "b"\)/],
  ['a,b\n"1\n2",x\n1\n', {}, /line 4 has 1 values/],
  ["a,a\n1,2\n", {}, /two columns are called "a" \(line 1\)/],
  ['a,b\n1,"2\n', {}, /Quote Not Closed/],
  ['a,b\n1,x"y\n', {}, /Invalid Opening Quote.*at line 2/],
  ["a,b\n1,2\n", { names: ["a"] }, /names has 1 names, but line 1 of CSV has 2 values/],
  [
    "a,b\n1,2\n,x\n",
    { types: { b: "number" } },
    /CSV: line 3, column "b": "x" is no number; .* set types: \{ "b": "text" \}/,
  ],
  ["a\n1\n", { types: { a: "boolean" } }, /"1" is no boolean/],
  ["a\n1\n", { types: { z: "text" } }, /types names the columns "z".* it has "a"/],
  ["a\n1\n", { types: { a: "int" as "text" } }, /must be "number", "boolean" or "text"; got "int"/],
  ["a\n1\n", { delimiter: "" }, /delimiter must be a text/],
  ["a\n1\n", { delimiter: '"' }, /other than the quote/],
  ["a\n1\n", { quote: "''" }, /quote must be one character/],
  ["a\n1\n", { sep: ";" } as CsvOptions, /there is no option "sep"/],
])("refuses %j with %o", async (text, options, message) => {
  await expect(readCsv(text, options)).rejects.toThrow(message);
});

it("says what encodings and sources it takes", async () => {
  await expect(readCsv(new Uint8Array([65, 10]), { encoding: "none" })).rejects.toThrow(
    'encoding "none" is none that TextDecoder knows',
  );
  await expect(readCsv({ path: "a.csv" } as unknown as Blob)).rejects.toThrow(
    "source is a Object; give a Uint8Array",
  );
  await expect(readCsv(new Uint8Array([0xff, 65, 10]))).rejects.toThrow("not valid utf-8");
});

it("refuses missing values by line, or drops or replaces them", async () => {
  const table = await readCsv("x,z,y\n1,2,a\n,2,a\n3,,b\n4,2,\n");
  const options = { features: ["x", "z"], target: "y" } as const;
  expect(() => table.dataset(options)).toThrow(
    'CSV: line 3, column "x": the value is missing; pass missing: "drop"',
  );
  expect(table.dataset({ ...options, missing: "drop" }).length).toBe(1);
  // A target is never made up.
  expect(() => table.dataset({ ...options, missing: 0 })).toThrow('line 5, column "y": the value is missing');
  expect(await table.tensor(["x", "z"]).array()).toEqual([
    [1, 2],
    [Number.NaN, 2],
    [3, Number.NaN],
    [4, 2],
  ]);
  expect(await table.tensor(["x", "z"], { missing: "drop" }).array()).toEqual([
    [1, 2],
    [4, 2],
  ]);
  expect(await table.tensor(["x"], { missing: -1 }).array()).toEqual([[1], [-1], [3], [4]]);
  expect(() => table.tensor(["x"], { missing: "error" })).toThrow('line 3, column "x"');
});

it("takes a target as classes or as numbers", async () => {
  const table = await readCsv("x,label,ok\n1,10,true\n2,9,false\n3,10,true\n");
  const numbers = table.dataset({ features: ["x"], target: "label" });
  expect([await numbers.tensors[1]?.array(), numbers.classes]).toEqual([[[10], [9], [10]], []]);
  const classes = table.dataset({ features: ["x"], target: "label", targetType: "class" });
  expect([await classes.tensors[1]?.array(), classes.classes]).toEqual([
    [1, 0, 1],
    ["9", "10"],
  ]);
  const ok = table.dataset({ target: "ok", classes: ["true", "false"] });
  expect([await ok.tensors[1]?.array(), ok.features]).toEqual([
    [0, 1, 0],
    ["x", "label"],
  ]);
  expect(() => table.dataset({ target: "ok", classes: ["false"] })).toThrow(
    'CSV: line 2, column "ok": "true" is none of the classes "false"',
  );
});

it("orders classes by code point, and marks a missing one", async () => {
  const table = await readCsv("k\n😀\n\uffee\nb\nB\nba\n\nNA\n");
  expect(table.classIndices("k")).toEqual({
    classes: ["B", "b", "ba", "\uffee", "😀"],
    indices: Int32Array.from([4, 3, 1, 0, 2, -1]),
  });
});

it("refuses wrong columns and options", async () => {
  const table = await readCsv(flowers);
  const error = (run: () => unknown): unknown => {
    try {
      run();
    } catch (thrown) {
      return thrown;
    }
    return undefined;
  };
  expect(error(() => table.dataset({ target: "kind" }))).toMatchObject({
    name: "ArgumentError",
    message: 'CSV: there is no column "kind"; there are "sepal", "petal", "species"',
  });
  expect(error(() => table.dataset({ target: "petal", missing: "drop" }))).toBeInstanceOf(ArgumentError);
  expect(() => table.dataset({ target: "petal", missing: "drop" })).toThrow(
    'column "species" holds texts, such as "setosa" in line 2; leave it out',
  );
  expect(() => table.dataset({ target: "petal", features: [] })).toThrow(
    "features must be one column or more",
  );
  expect(() => table.dataset({ target: "petal", features: ["petal"] })).toThrow("without the target");
  expect(() => table.dataset({ target: "species", missing: "no" as "drop" })).toThrow("or a number; got");
  expect(() => table.dataset({ target: "species", targetType: "int" as "class" })).toThrow(
    "targetType must be one of",
  );
});

it("takes no memory for values that are not there", async () => {
  const columns = Array.from({ length: 200_000 }, (_, c) => `c${c}`).join();
  await expect(readCsv(`${columns}\n${"1\n".repeat(200_000)}`)).rejects.toThrow(
    "line 2 has 1 values, but there are 200000",
  );
});
