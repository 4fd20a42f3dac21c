/**
 * The libraries that the bench compares, each started when it is first asked for something.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Cannot, type Command, Peer } from "./peer.ts";
import type { Answer, Request } from "./protocol.ts";

export const ourIds = ["native", "wasm"] as const;
export type OurId = (typeof ourIds)[number];

export class Library {
  readonly id: string;
  readonly name: string;
  readonly command: Command;
  /** Whether it is one of our engines. */
  readonly ours: boolean;
  /** What it said when it was started. */
  hello: Answer = {};
  #peer: Peer | null = null;
  #missing: Cannot | null = null;

  constructor(id: string, name: string, command: Command) {
    this.id = id;
    this.name = name;
    this.command = command;
    this.ours = (ourIds as readonly string[]).includes(id);
  }

  /**
   * @param seconds after which the process is ended; the next request starts another
   * @throws Cannot with the reason
   */
  async ask(request: Request, seconds: number): Promise<Answer> {
    return (await this.#running()).ask(request, seconds);
  }

  /** A second process, with nothing in its memory yet. */
  async fresh(env: Readonly<Record<string, string>> = {}): Promise<Peer> {
    return Peer.start({ ...this.command, env });
  }

  end(): void {
    this.#peer?.end();
  }

  async #running(): Promise<Peer> {
    if (this.#missing !== null) throw this.#missing;
    if (this.#peer !== null && !this.#peer.ended) return this.#peer;
    try {
      this.#peer = await Peer.start(this.command);
      this.hello = this.#peer.hello;
      return this.#peer;
    } catch (error) {
      // It is not tried again for every row.
      if (error instanceof Cannot) this.#missing = error;
      throw error;
    }
  }
}

/** A Python with PyTorch. Debian's lies at /usr/bin, where a version manager may hide it. */
export function findTorchPython(): string | null {
  const own = process.env.TATAMI_PYTHON;
  const candidates = ["/usr/bin/python3", "python3", ...(own === undefined ? [] : [own])];
  return candidates.find((python) => hasTorch(python)) ?? null;
}

function hasTorch(python: string): boolean {
  // Looking the module up takes milliseconds; importing it would take seconds.
  const probe = "import sys, importlib.util; sys.exit(importlib.util.find_spec('torch') is None)";
  return spawnSync(python, ["-c", probe], { stdio: "ignore" }).status === 0;
}

const script = (name: string): string => fileURLToPath(new URL(`./peers/${name}`, import.meta.url));

/** All that there may be here, our engines first. */
export function allLibraries(threads: number): Library[] {
  const count = String(threads);
  const node = (id: string, name: string, file: string, ...args: readonly string[]): Library =>
    new Library(id, name, { program: process.execPath, args: [script(file), ...args] });
  const torch = (id: string, name: string, python: string, mode: string): Library =>
    new Library(id, name, { program: python, args: [script("torch-peer.py"), mode, count] });
  const system = findTorchPython();
  const own = process.env.TATAMI_PYTHON;
  const another = own !== undefined && own !== system && hasTorch(own) ? own : null;
  const compiler = another ?? system;
  return [
    node("native", "Tatami native", "tatami.js", "native", count),
    node("wasm", "Tatami wasm", "tatami.js", "wasm", count),
    torch("torch", "PyTorch", system ?? "python3", "eager"),
    ...(another === null ? [] : [torch("torch-own", "PyTorch ($TATAMI_PYTHON)", another, "eager")]),
    torch("torch-compile", "PyTorch, torch.compile", compiler ?? "python3", "compile"),
    node("onnxruntime-node", "onnxruntime-node", "onnxruntime.js", "node", count),
    node("onnxruntime-web", "onnxruntime-web", "onnxruntime.js", "web", count),
    node("tfjs-wasm", "TensorFlow.js wasm", "tfjs.js", "wasm"),
    node("tfjs-cpu", "TensorFlow.js cpu", "tfjs.js", "cpu"),
    node("jax-js", "jax-js wasm", "jax.js"),
    node("deepbox", "Deepbox", "deepbox.js"),
  ];
}
