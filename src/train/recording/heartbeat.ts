/**
 * Whether the process that writes a run is still there: `heartbeat.json` in the run's folder says which one it is, and its
 * time is set anew every two seconds. The file goes when the run ends. Node only.
 */
import { readFileSync, statSync } from "node:fs";
import { rm, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/node/atomic-file.ts";

export const heartbeatFile = "heartbeat.json";

const beatMs = 2000;
/** Of a process that cannot be asked for, on another machine. */
const lostMs = 30_000;
/** Of one whose number is taken: by now another process may have it. */
const staleMs = 120_000;

/** Beats until it is stopped; does not keep the process alive. */
export class Heartbeat {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(path: string) {
    this.#path = path;
    this.#timer = setInterval(() => this.#beat(), beatMs);
    this.#timer.unref();
  }

  static async start(folder: string): Promise<Heartbeat> {
    const path = join(folder, heartbeatFile);
    await writeFileAtomic(path, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`);
    return new Heartbeat(path);
  }

  #beat(): void {
    const now = new Date();
    // The folder may be gone: that is not the run's concern.
    utimes(this.#path, now, now).catch(() => {});
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await rm(this.#path, { force: true });
  }
}

/**
 * Whether the process that began a heartbeat in this folder is there. Asked of the system at once, as the studio does every
 * other second: it takes microseconds, and turns of other threads would take more, from the processors that train.
 */
export function isBeating(folder: string): boolean {
  const path = join(folder, heartbeatFile);
  try {
    const [text, { mtimeMs }] = [readFileSync(path, "utf8"), statSync(path)];
    const { pid, host } = JSON.parse(text) as { readonly pid?: unknown; readonly host?: unknown };
    const age = Date.now() - mtimeMs;
    if (host !== hostname()) return age < lostMs;
    return typeof pid === "number" && age < staleMs && exists(pid);
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, but another user's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
