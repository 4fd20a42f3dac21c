/**
 * Runs the command `tatami` as users do: as a child process of the built package, in a folder of its own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** What a run of the command gave. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout as objects; for `--json`. */
  readonly events: readonly CommandEvent[];
}

/** One line of `--json`. */
export type CommandEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** Held while `dist/` is being made: test files run side by side, and one must not take it away from another. */
const lock = fileURLToPath(new URL("../../dist.tmp-lock", import.meta.url));
/** A lock of this age was left by a process that died. */
const staleMs = 60_000;

async function takeLock(): Promise<void> {
  for (;;) {
    try {
      return await mkdir(lock);
    } catch {
      const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
      if (Date.now() - mtimeMs > staleMs) await rm(lock, { recursive: true, force: true });
      await setTimeout(100);
    }
  }
}

/** Makes `dist/` anew where it is older than the sources. */
export async function buildPackage(): Promise<void> {
  await takeLock();
  try {
    await buildIfStale();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function buildIfStale(): Promise<void> {
  const compile = (await import(new URL("../../scripts/lib/compile.mjs", import.meta.url).href)) as {
    buildDist(): Promise<boolean>;
    isDistCurrent(): boolean;
  };
  if (!compile.isDistCurrent() && !(await compile.buildDist()))
    throw new Error("the package does not compile");
}

/** A folder that is removed at the end: `await using folder = await temporaryFolder()`. */
export async function temporaryFolder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "tatami-cli-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Runs `tatami` with these words.
 *
 * @param cwd The folder it works in.
 * @param onLine Called with each line of stdout and the process, to act on it while it runs.
 */
export function tatami(
  cwd: string,
  words: readonly string[],
  onLine: (line: string, child: ChildProcess) => void = () => {},
): Promise<CommandResult> {
  const env = { ...process.env, NO_COLOR: "1", npm_lifecycle_event: "" };
  const child = spawn(process.execPath, [main, ...words], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr, told] = ["", "", 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    const lines = stdout.split("\n").slice(0, -1);
    for (const line of lines.slice(told)) onLine(line, child);
    told = lines.length;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
      resolve({ code, stdout, stderr, events: lines.map((line) => JSON.parse(line) as CommandEvent) });
    });
  });
}

/** A command that serves the studio. */
export interface Serving {
  readonly child: ChildProcess;
  /** The address that it prints. */
  readonly url: string;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts a command that prints the address of a studio; no browser is opened. */
export function tatamiServing(cwd: string, words: readonly string[]): Promise<Serving> {
  const env = { ...process.env, NO_COLOR: "1", BROWSER: "none" };
  const child = spawn(process.execPath, [main, ...words], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return new Promise((resolve, reject) => {
    let text = "";
    const read = (data: Buffer): void => {
      text += data.toString();
      const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(text)?.[0];
      if (url !== undefined) resolve({ child, url, ended });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("close", (code) => reject(new Error(`it ended with ${code}: ${text}`)));
  });
}
