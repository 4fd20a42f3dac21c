import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findCompiler } from "../../../test/setup/neighbours.ts";
import { runScripts } from "../../../test/setup/run-script.ts";
import { EngineError } from "../../base/errors.ts";
import { Compiler } from "./compiler.ts";

const { missing } = findCompiler();
const source = "int tatami_run(void) { return 7; }\n";
let folder = "";
let cache = "";

beforeEach((context) => {
  context.skip(missing !== undefined, missing);
  folder = mkdtempSync(join(tmpdir(), "tatami-"));
  cache = join(folder, "cache");
  vi.stubEnv("TATAMI_CACHE", cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  if (folder !== "") rmSync(folder, { recursive: true });
  folder = "";
});

/** A compiler that is a shell script; it answers questions for its version. */
function script(body: string): string {
  const path = join(folder, "fake-cc");
  const answer = 'case "$*" in *--version*) echo fake 1.0; exit 0;; *-dM*) exit 0;; esac';
  writeFileSync(path, `#!/bin/sh\n${answer}\n${body}\n`, { mode: 0o700 });
  return path;
}

const endings = (): string[] =>
  readdirSync(cache)
    .map((name) => name.replace(/^[0-9a-f]+/, ""))
    .sort();

describe("the cache", () => {
  test("is a folder of this user alone, with an object and its hash", async () => {
    const path = new Compiler().compileSync(source);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(path.startsWith(cache)).toBe(true);
    expect(endings()).toEqual([".so", ".so.sha256"]);
  });

  test("is $XDG_CACHE_HOME/tatami where TATAMI_CACHE does not say", () => {
    vi.stubEnv("TATAMI_CACHE", "");
    vi.stubEnv("XDG_CACHE_HOME", join(folder, "xdg"));
    expect(new Compiler().compileSync(source).startsWith(join(folder, "xdg", "tatami"))).toBe(true);
  });

  test("gives an object back without compiling, to a later compiler too", async () => {
    const first = new Compiler().compileSync(source);
    const longAgo = new Date(2000, 1);
    utimesSync(first, longAgo, longAgo);
    expect([new Compiler().compileSync(source), await new Compiler().compile(source)]).toEqual([
      first,
      first,
    ]);
    expect(statSync(first).mtime).toEqual(longAgo);
  });

  test("tells sources and processors apart", () => {
    const compiler = new Compiler();
    const paths = [
      compiler.compileSync(source),
      compiler.compileSync(`${source}\n`),
      new Compiler([]).compileSync(source),
    ];
    expect(new Set(paths).size).toBe(3);
  });

  test.each<[string, (object: string) => void]>([
    ["changed", (object) => writeFileSync(object, "not what the compiler made")],
    ["truncated", (object) => truncateSync(object, 100)],
    ["without its hash", (object) => rmSync(`${object}.sha256`)],
    ["with another hash", (object) => writeFileSync(`${object}.sha256`, "0".repeat(64))],
    ["gone", (object) => rmSync(object)],
  ])("an object that is %s is compiled again", async (_, spoil) => {
    const compiler = new Compiler();
    const object = compiler.compileSync(source);
    const whole = readFileSync(object);
    spoil(object);
    expect(await compiler.compile(source)).toBe(object);
    expect(readFileSync(object).equals(whole)).toBe(true);
    expect(endings()).toEqual([".so", ".so.sha256"]);
  });

  test.each([0o770, 0o707, 0o777])("a folder of mode %o is refused", (mode) => {
    mkdirSync(cache);
    chmodSync(cache, mode);
    expect(() => new Compiler()).toThrow(
      `native: others can write to the cache folder ${cache}; run chmod 700 on it, or name another in TATAMI_CACHE`,
    );
  });

  test("a folder that cannot be made is an error", () => {
    writeFileSync(cache, "a file");
    expect(() => new Compiler()).toThrow(
      `the cache folder ${cache} cannot be made; name another in TATAMI_CACHE`,
    );
  });

  test("does without what was made first when it is full, and without what was never finished", () => {
    const compiler = new Compiler();
    const old = compiler.compileSync(source);
    const longAgo = new Date(2000, 1);
    utimesSync(old, longAgo, longAgo);
    for (let i = 0; i < 999; i++) writeFileSync(join(cache, `${i}.so`), "");
    for (const name of ["old.tmp", "new.tmp"]) writeFileSync(join(cache, name), "");
    utimesSync(join(cache, "old.tmp"), longAgo, longAgo);
    compiler.compileSync(`${source}\n`);
    const names = readdirSync(cache);
    expect(names.filter((name) => name.endsWith(".so"))).toHaveLength(901);
    expect(names).not.toContain(old.slice(cache.length + 1));
    expect(names.filter((name) => name.endsWith(".tmp"))).toEqual(["new.tmp"]);
  });
});

describe("a compiler", () => {
  test("that is none is named, with what to do", () => {
    vi.stubEnv("CC", "false");
    expect(() => new Compiler()).toThrow(
      new EngineError("native: no C compiler found (false); install gcc or clang, or name one in CC"),
    );
    vi.stubEnv("CC", join(folder, "nowhere"));
    expect(() => new Compiler()).toThrow("no C compiler found");
  });

  test.each([
    ["before it writes", ""],
    ["after it has written a part", 'while [ "$1" != -o ]; do shift; done; echo part > "$2";'],
    ["without reading its input", "exec 0<&-;"],
  ])("that fails %s is quoted, and leaves nothing behind", async (_, before) => {
    vi.stubEnv("CC", script(`${before} echo "error: no such register" >&2; exit 3`));
    const compiler = new Compiler();
    const long = source.repeat(20_000);
    const message = /^native: .*fake-cc \(fake 1\.0\) failed: error: no such register$/;
    expect(() => compiler.compileSync(long)).toThrow(message);
    await expect(compiler.compile(long)).rejects.toThrow(message);
    expect(readdirSync(cache)).toEqual([]);
  });

  test("that fails without a word is told by its exit code", async () => {
    vi.stubEnv("CC", script("exit 3"));
    const compiler = new Compiler();
    expect(() => compiler.compileSync(source)).toThrow(/failed: exit code 3$/);
    await expect(compiler.compile(source)).rejects.toThrow(/failed: exit code 3$/);
  });

  test("that is gone since it was found", async () => {
    const path = script("exit 0");
    vi.stubEnv("CC", path);
    const compiler = new Compiler();
    rmSync(path);
    expect(() => compiler.compileSync(source)).toThrow(/ENOENT/);
    await expect(compiler.compile(source)).rejects.toThrow(/ENOENT/);
  });

  test("that says it has compiled, and has not", async () => {
    vi.stubEnv("CC", script("exit 0"));
    const compiler = new Compiler();
    expect(() => compiler.compileSync(source)).toThrow(/fake-cc .* failed: ENOENT/);
    await expect(compiler.compile(source)).rejects.toThrow(EngineError);
  });

  test("says which vectors it compiles for", () => {
    const { target, description } = new Compiler();
    expect([4, 8, 16]).toContain(target.lanes);
    expect(description).toMatch(/^\S+ \(.+\)$/);
  });
});

test("several processes fill one cache at a time", async () => {
  const compiler = JSON.stringify(join(import.meta.dirname, "compiler.ts"));
  const output = await runScripts(
    `import { Compiler } from ${compiler};
     const compiler = new Compiler();
     const names = [1, 2, 3].map((n) => compiler.compileSync("int f(void) { return " + n + "; }"));
     names.push(...(await Promise.all([4, 5].map((n) => compiler.compile("int f(void) { return " + n + "; }")))));
     console.log(names.join());`,
    [{}, {}, {}],
  );
  expect(new Set(output).size).toBe(1);
  expect(endings()).toEqual([...Array(5).fill(".so"), ...Array(5).fill(".so.sha256")]);
}, 60_000);
