import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { english } from "./messages-en.ts";
import { japanese } from "./messages-ja.ts";

/** Every text of a catalogue under its path; texts with gaps are filled in with what shows that they were used. */
function texts(catalogue: object, path = ""): [string, string][] {
  return Object.entries(catalogue).flatMap(([name, value]): [string, string][] => {
    const here = `${path}${name}`;
    if (typeof value === "string") return [[here, value]];
    if (typeof value === "object") return texts(value, `${here}.`);
    const filling = new Proxy({}, { get: (_, key) => `<${String(key)}>` });
    const isRecord = /^(curveSummary|stripValue|ratioValue)$/.test(name);
    return [[here, isRecord ? value(filling) : value(...Array(value.length).fill(3))]];
  });
}

describe.each([
  ["English", english],
  ["Japanese", japanese],
])("the catalogue in %s", (_, catalogue) => {
  test("says something everywhere, and fills in what it is given", () => {
    for (const [path, text] of texts(catalogue)) {
      expect(text.trim(), path).not.toBe("");
      expect(text, path).not.toMatch(/undefined|\[object/);
    }
  });
});

test("Japanese is Japanese, apart from names", () => {
  const names = /^studio$/;
  for (const [path, text] of texts(japanese)) {
    if (!names.test(path) && path !== "stepOf") expect(text, path).toMatch(/[\u3040-\u30ff\u4e00-\u9fff]/);
  }
});

test("both fill the same gaps", () => {
  const gaps = (catalogue: object) =>
    texts(catalogue).map(([path, t]) => [path, (t.match(/<\w+>/g) ?? []).sort()]);
  const unique = (list: unknown) => JSON.stringify(list);
  const sets = (catalogue: object) => unique(gaps(catalogue).map(([path, g]) => [path, [...new Set(g)]]));
  expect(sets(japanese)).toBe(sets(english));
});

test("every text is used by the page", () => {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(svelte|ts)$/.test(path) && !/\.test\.ts$|messages-/.test(path))
    .map((path) => readFileSync(join(folder, path), "utf8"))
    .join("\n");
  const unused = Object.keys(english).filter(
    (key) => !new RegExp(`\\b(t|english)\\.${key}\\b`).test(sources),
  );
  expect(unused).toEqual([]);
});
