/** The README's example is a file that is type-checked; here it is run, and compared with what the README shows. */
import { readFile } from "node:fs/promises";
import { expect, it, vi } from "vitest";

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

it("shows the example as it is in examples/", async () => {
  expect(await read("README.md")).toContain(`\`\`\`ts\n${await read("examples/digits.ts")}\`\`\``);
});

it("runs the example", { timeout: 60_000 }, async () => {
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("../../examples/digits.ts");
  const [text] = print.mock.calls[0] as [string];
  const [, accuracy] = /^accuracy on images it has never seen: (.*)$/.exec(text) ?? [];
  expect(Number(accuracy)).toBeGreaterThan(0.9);
});

it("names commands and options that exist", async () => {
  const readme = await read("README.md");
  const program = await read("src/cli/program.ts");
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? "").join("\n");
  for (const [option] of blocks.matchAll(/--[a-z-]+/g)) expect(program, option).toContain(option);
  for (const [, name] of blocks.matchAll(/^tatami ([a-z]+)/gm)) expect(program).toContain(`"${name}"`);
  const scripts = Object.keys((JSON.parse(await read("package.json")) as { scripts: object }).scripts);
  for (const [, name] of blocks.matchAll(/npm (?:run )?(start|test|bench|check|build)/g))
    expect(scripts).toContain(name);
});
