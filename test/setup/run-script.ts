/**
 * Runs a script in a process of its own, bundled as a user's build would do it, in a folder that has no packages.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";

/** A bundled script; its folder goes at the end: `await using script = await bundleScript(text)`. */
export interface BundledScript {
  /** For Node. */
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Bundles a script in TypeScript that imports files by their whole paths. */
export async function bundleScript(script: string): Promise<BundledScript> {
  const folder = await mkdtemp(join(tmpdir(), "tatami-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true });
  try {
    await writeFile(join(folder, "script.ts"), script);
    await build({
      configFile: false,
      logLevel: "error",
      root: folder,
      build: {
        ...{ ssr: "script.ts", outDir: ".", emptyOutDir: false, minify: true },
        rolldownOptions: { output: { entryFileNames: "script.mjs" } },
      },
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { path: join(folder, "script.mjs"), [Symbol.asyncDispose]: remove };
}

/**
 * Standard output of a script in TypeScript that imports files by their whole paths.
 *
 * @param environments variables of each process to start, all of them at once
 */
export async function runScripts(
  script: string,
  environments: readonly Readonly<Record<string, string>>[],
): Promise<string[]> {
  await using bundled = await bundleScript(script);
  const start = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const options = { timeout: 60_000, env: { ...process.env, ...env } };
    return (await promisify(execFile)(process.execPath, [bundled.path], options)).stdout;
  };
  return await Promise.all(environments.map(start));
}

/** Standard output of one process. */
export async function runScript(script: string): Promise<string> {
  const [output = ""] = await runScripts(script, [{}]);
  return output;
}
