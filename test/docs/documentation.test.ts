/** Every public name is documented, in one order, and shows an example; `examples.test.ts` runs them. */
import { describe, expect, it } from "vitest";
import { type PublicName, publicNames } from "./public-api.test-helper.ts";

/** `nn.functional` is `F`: the same functions. */
const names = publicNames().filter((entry) => !entry.name.startsWith("nn.functional."));

/** Names without an example of their own, with the reason. */
const withoutExample: Readonly<Record<string, string>> = {
  ArgumentError: "caught and read as ShapeError",
  DTypeError: "caught and read as ShapeError",
  EngineError: "caught and read as ShapeError",
  FileFormatError: "caught and read as ShapeError",
  StateDictError: "caught and read as ShapeError",
};

/** What follows the description, in this order; other tags may stand anywhere. */
const order = ["param", "returns", "throws", "example"];

const listed = (entries: readonly PublicName[]): string[] =>
  entries.map(({ name, place }) => `${name} (${place})`);

function isOrdered({ documentation }: PublicName): boolean {
  const tags = [...documentation.matchAll(/^@(\w+)/gm)].map(([, tag]) => order.indexOf(tag ?? ""));
  const known = tags.filter((position) => position >= 0);
  return known.every((position, i) => position >= (known[i - 1] ?? 0));
}

describe("every public name", () => {
  it("is documented", () => {
    // A description, not only tags.
    expect(listed(names.filter(({ documentation }) => !/^[^@\s]/.test(documentation)))).toEqual([]);
  });

  it("has an example, but for types", () => {
    const lacking = names.filter(
      ({ kind, name, examples }) => kind !== "type" && examples.length === 0 && !(name in withoutExample),
    );
    expect(listed(lacking)).toEqual([]);
  });

  it("is documented in one order: description, parameters, result, errors, example", () => {
    expect(listed(names.filter((entry) => !isOrdered(entry)))).toEqual([]);
  });

  it("has a reason where it is excused", () => {
    const excused = Object.keys(withoutExample);
    const bare = names.filter(({ examples }) => examples.length === 0).map(({ name }) => name);
    expect(excused.filter((name) => !bare.includes(name))).toEqual([]);
  });
});
