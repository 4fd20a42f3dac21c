/**
 * PyTorch in a process of its own that runs training steps on request, so that both sides can take turns.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A Python with PyTorch, or null. Debian's lies at /usr/bin, where a version manager may hide it. */
export function findTorchPython(): string | null {
  for (const python of [process.env.TATAMI_PYTHON, "/usr/bin/python3", "python3"]) {
    if (python === undefined) continue;
    if (spawnSync(python, ["-c", "import torch"], { stdio: "ignore" }).status === 0) return python;
  }
  return null;
}

export class TorchPeer {
  readonly version: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, version: string) {
    this.#process = child;
    this.#lines = lines;
    this.version = version;
  }

  static async start(python: string, threads: number, batch: number): Promise<TorchPeer> {
    // The script is not compiled: it lies beside the sources, two folders above the compiled bench.
    const script = fileURLToPath(new URL("../../bench/nets.py", import.meta.url));
    const child = spawn(python, [script, String(threads), String(batch)]);
    child.stderr.pipe(process.stderr);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new TorchPeer(child, lines, String(value));
  }

  /** Milliseconds per step over `steps` steps of one network. */
  async step(net: string, steps: number): Promise<number> {
    this.#process.stdin.write(`${net} ${steps}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("bench: PyTorch ended unexpectedly");
    return Number(value);
  }

  close(): void {
    this.#process.stdin.end();
  }
}
