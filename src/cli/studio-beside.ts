/**
 * The studio beside a training, in a process of its own: it reads what the training writes, so nothing that it does, and
 * not its end either, reaches the training; and serving and drawing cost the training's event loop nothing.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { watchSignals } from "./signals.ts";
import type { StudioReady } from "./studio.ts";

/** Longer than any start takes; the training does not wait for ever to say where the studio is. */
const startMs = 8000;

/** A studio that ends with this process. */
export class StudioBeside {
  readonly #child: ChildProcess;
  /** Its address; null where it could not be started. */
  readonly url: Promise<string | null>;

  /**
   * @param out Folder of all runs.
   * @param data Folder of datasets.
   */
  constructor(out: string, data: string) {
    const words = ["studio", "--out", out, "--data", data];
    this.#child = fork(fileURLToPath(new URL("../cli/main.js", import.meta.url)), words, {
      execArgv: [],
      // What it says would run into the line of the training's progress.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.url = this.#ready();
    // A training that is done does not wait for it.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  #ready(): Promise<string | null> {
    const child = this.#child;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), startMs);
      const end = (url: string | null): void => {
        clearTimeout(timer);
        resolve(url);
      };
      child.once("message", ({ url }: StudioReady) => end(url));
      child.once("exit", () => end(null));
      child.on("error", () => end(null));
    });
  }

  /** Waits until Ctrl-C, or until the studio has ended. */
  async stay(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const interruption = watchSignals();
    this.#child.ref();
    await new Promise<void>((resolve) => {
      interruption.signal.addEventListener("abort", () => resolve());
      this.#child.once("exit", () => resolve());
    });
    interruption.stop();
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

/** Opens an address in the user's browser; a machine without one does nothing. BROWSER=none leaves it. */
export function openBrowser(url: string): void {
  if (process.env.BROWSER === "none") return;
  const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
    darwin: ["open"],
    win32: ["cmd", "/c", "start", '""'],
  };
  const [command, ...words] = commands[process.platform] ?? ["xdg-open"];
  spawn(command, [...words, url], { detached: true, stdio: "ignore" })
    .on("error", () => {})
    .unref();
}
