/**
 * The system's C compiler, and the cache of what it made: shared objects in the user's cache folder, each named by a
 * hash of its source, the compiler, the flags and the processor. Node only.
 *
 * A cached object is loaded only if the folder belongs to this user alone and the object still has the hash that was
 * written down beside it.
 */
import { environmentFlag } from "../../base/env.ts";
import { EngineError } from "../../base/errors.ts";
import type { Target } from "../../kernel/program.ts";
import { nodeModule } from "../node-module.ts";

/** Milliseconds after which a compilation is given up. */
const compileTimeout = 300_000;
/** Objects kept; the oldest go first. One has some tens of kilobytes. */
const mostObjects = 1000;

const commonFlags = [
  "-O3",
  "-std=gnu11",
  "-shared",
  "-fPIC",
  "-pthread",
  // Results are those of the source: nothing is fused or reordered. Nobody reads errno or the trap flags.
  "-ffp-contract=off",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-w",
];

/**
 * GCC 12 gives wrong code where one condition guards a load in both its branches of a loop that it vectorises: it mixes
 * up the masks. Loops with conditions stay scalar; vectors of the kernel IR know no branches. Loops over short rows that
 * copy or clear are quicker than calls of memcpy and memset: padding took a third longer with them.
 */
const gccFlags = ["-fno-tree-loop-if-convert", "-fno-tree-loop-distribute-patterns"];

/**
 * Functions of lanes (a square root, say) are loops over a vector, which are to become one instruction. Compilers prefer
 * half a vector of 512 bits on most processors, put the halves together in memory, and wait for that.
 */
const wideFlags = ["-mprefer-vector-width=512"];

function required<Name extends Parameters<typeof nodeModule>[0]>(
  name: Name,
): NonNullable<ReturnType<typeof nodeModule<Name>>> {
  const found = nodeModule(name);
  if (found === undefined) throw new EngineError("native: there is no compiler outside Node 20.16 or newer");
  return found;
}

/** The flags that describe this processor to the compiler. */
const machineFlags = (): string[] => (process.arch === "x64" ? ["-march=native"] : ["-mcpu=native"]);

/** A C compiler that works, and the folder with its objects. */
export class Compiler {
  /** Command and first line of its version. */
  readonly description: string;
  /** The vectors that it compiles for. */
  readonly target: Target;
  readonly #command: string;
  readonly #folder: string;
  readonly #flags: readonly string[];
  readonly #fingerprint: string;

  /**
   * Looks for `$CC`, else `cc`, `gcc` or `clang`.
   *
   * @param machine flags that describe a processor; the one that this runs on by default
   * @throws EngineError that says why there is none, or why the cache folder cannot be used
   */
  constructor(machine: readonly string[] = machineFlags()) {
    if (process.platform === "win32") throw new EngineError("native: Windows is not supported yet");
    const { command, version } = findCompiler();
    this.#command = command;
    this.description = `${command} (${version})`;
    this.target = targetOf(command, machine);
    this.#folder = cacheFolder();
    const processor = required("node:os").cpus()[0]?.model ?? "";
    const own = version.includes("clang") ? [] : gccFlags;
    const wide = this.target.lanes === 16 ? wideFlags : [];
    this.#flags = [...commonFlags, ...own, ...wide, ...machine];
    this.#fingerprint = [version, processor, process.arch, ...this.#flags].join("\n");
  }

  /** Path of the shared object for a source; compiled unless it is in the cache. @throws EngineError */
  async compile(source: string): Promise<string> {
    const job = this.#job(source);
    if (isIntact(job.object)) return job.object;
    const { spawn } = required("node:child_process");
    const errors = await new Promise<string | null>((resolve) => {
      const child = spawn(this.#command, job.arguments, {
        stdio: ["pipe", "ignore", "pipe"],
        timeout: compileTimeout,
      });
      let text = "";
      child.stderr.on("data", (piece: Buffer) => {
        text += piece.toString();
      });
      child.on("error", (error) => resolve(String(error)));
      child.on("close", (code) => resolve(code === 0 ? null : text || `exit code ${code}`));
      // A compiler that ends before it has read everything reports itself by its exit code.
      child.stdin.on("error", () => {});
      child.stdin.end(source);
    });
    return this.#keep(job, errors);
  }

  /** As `compile`, but blocks. @throws EngineError */
  compileSync(source: string): string {
    const job = this.#job(source);
    if (isIntact(job.object)) return job.object;
    const { status, stderr, error } = required("node:child_process").spawnSync(this.#command, job.arguments, {
      input: source,
      encoding: "utf8",
      timeout: compileTimeout,
    });
    // One that ends before it has read everything is an error of writing as well, which explains nothing.
    const silent = status === null ? String(error ?? "ended by a signal") : `exit code ${status}`;
    return this.#keep(job, status === 0 ? null : stderr || silent);
  }

  #job(source: string): Job {
    const { join } = required("node:path");
    const { createHash, randomBytes } = required("node:crypto");
    const name = createHash("sha256").update(this.#fingerprint).update("\0").update(source).digest("hex");
    const object = join(this.#folder, `${name}.so`);
    const temporary = join(this.#folder, `${name}.${randomBytes(6).toString("hex")}.tmp`);
    return {
      object,
      temporary,
      arguments: [...this.#flags, "-x", "c", "-", "-o", temporary, "-lm"],
    };
  }

  /** Gives a compiled object its name, in one step. */
  #keep(job: Job, errors: string | null): string {
    const fs = required("node:fs");
    const { object, temporary } = job;
    try {
      if (errors !== null) throw new Error(errors);
      makeRoom(this.#folder);
      fs.writeFileSync(`${temporary}.sha256`, hashOf(temporary), { mode: 0o600 });
      fs.renameSync(`${temporary}.sha256`, `${object}.sha256`);
      fs.renameSync(temporary, object);
      return object;
    } catch (cause) {
      fs.rmSync(temporary, { force: true });
      fs.rmSync(`${temporary}.sha256`, { force: true });
      const text = (cause as Error).message.trim().slice(0, 2000);
      throw new EngineError(`native: ${this.description} failed: ${text}`, {}, { cause });
    }
  }
}

interface Job {
  readonly object: string;
  readonly temporary: string;
  readonly arguments: readonly string[];
}

function findCompiler(): { command: string; version: string } {
  const { spawnSync } = required("node:child_process");
  const chosen = environmentFlag("CC");
  const candidates = chosen === undefined || chosen === "" ? ["cc", "gcc", "clang"] : [chosen];
  for (const command of candidates) {
    const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8", timeout: 10_000 });
    if (status === 0) return { command, version: stdout.split("\n", 1)[0] ?? "" };
  }
  throw new EngineError(
    `native: no C compiler found (${candidates.join(", ")}); install gcc or clang, or name one in CC`,
  );
}

/** What the compiler says of the processor. */
function targetOf(command: string, machine: readonly string[]): Target {
  const { stdout } = required("node:child_process").spawnSync(
    command,
    [...machine, "-dM", "-E", "-x", "c", "/dev/null"],
    { encoding: "utf8", timeout: 10_000 },
  );
  const has = (macro: string): boolean => stdout?.includes(`#define ${macro} `) === true;
  if (has("__AVX512F__")) {
    // Zen 4, which GCC 12 takes for a Zen 3 with longer vectors.
    const halves = has("__znver4__") || has("__znver3__");
    return { lanes: 16, halves, registers: 32, fma: true, prefetch: true };
  }
  if (has("__AVX2__")) return { lanes: 8, registers: 16, fma: has("__FMA__"), prefetch: true };
  const fma = has("__aarch64__") || has("__FMA__");
  return { lanes: 4, registers: has("__aarch64__") ? 32 : 16, fma, prefetch: true };
}

/** The folder of the objects, of which nobody else may write. */
function cacheFolder(): string {
  const fs = required("node:fs");
  const { join } = required("node:path");
  const home = required("node:os").homedir();
  const base =
    environmentFlag("XDG_CACHE_HOME") ||
    (process.platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache"));
  const folder = environmentFlag("TATAMI_CACHE") || join(base, "tatami");
  try {
    fs.mkdirSync(base, { recursive: true });
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new EngineError(
      `native: the cache folder ${folder} cannot be made; name another in TATAMI_CACHE`,
      {},
      { cause },
    );
  }
  const { uid, mode } = fs.statSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new EngineError(
      `native: others can write to the cache folder ${folder}; run chmod 700 on it, or name another in TATAMI_CACHE`,
    );
  }
  return folder;
}

function hashOf(path: string): string {
  const bytes = required("node:fs").readFileSync(path);
  return required("node:crypto").createHash("sha256").update(bytes).digest("hex");
}

/** Whether an object is there and still what the compiler made. */
function isIntact(object: string): boolean {
  try {
    return required("node:fs").readFileSync(`${object}.sha256`, "utf8") === hashOf(object);
  } catch {
    return false;
  }
}

/** Removes the objects that were made first, if there are too many, and what processes that were ended left behind. */
function makeRoom(folder: string): void {
  const fs = required("node:fs");
  const { join } = required("node:path");
  const names = fs.readdirSync(folder);
  const age = (name: string): number =>
    fs.statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  for (const name of names.filter((n) => n.includes(".tmp"))) {
    if (age(name) < Date.now() - 2 * compileTimeout) fs.rmSync(join(folder, name), { force: true });
  }
  const objects = names.filter((name) => name.endsWith(".so"));
  if (objects.length < mostObjects) return;
  const byAge = objects.map((name) => ({ name, age: age(name) })).sort((a, b) => a.age - b.age);
  for (const { name } of byAge.slice(0, objects.length - mostObjects + mostObjects / 10)) {
    // A program that is loaded lives on without its name.
    fs.rmSync(join(folder, name), { force: true });
    fs.rmSync(join(folder, `${name}.sha256`), { force: true });
  }
}
