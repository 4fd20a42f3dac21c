/**
 * Looks into networks in a process of its own, which is started at the first question and ends when nobody has asked for
 * a while: neither the server nor a training waits for it, and a file that brings it down brings nothing else down.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  type Cam,
  type CamRequest,
  LookError,
  type Looker,
  type Maps,
  type MapsRequest,
  type ProbeImage,
  type ProbeImages,
} from "../studio/index.ts";
import type { LookAnswer, LookMessage, LookQuestion, LookSetup } from "./look-messages.ts";

/** A question that takes longer is given up, and the process with it. */
const answerMs = 60_000;
/** Networks and data sets fill memory. */
const idleMs = 180_000;
/** Questions that may wait. */
const mostWaiting = 24;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: LookError): void;
  readonly timer: NodeJS.Timeout;
}

export class LookProcess implements Looker {
  readonly #setup: LookSetup;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | null = null;
  #idle: NodeJS.Timeout | null = null;
  #next = 0;

  constructor(setup: LookSetup) {
    this.#setup = setup;
  }

  probe(path: string, image?: number): Promise<ProbeImages> {
    const question = { kind: "probe", path, ...(image === undefined ? {} : { image }) } as const;
    return this.#ask(question) as Promise<ProbeImages>;
  }

  images(path: string, indices: readonly number[]): Promise<readonly ProbeImage[]> {
    return this.#ask({ kind: "images", path, indices }) as Promise<readonly ProbeImage[]>;
  }

  maps(path: string, request: MapsRequest): Promise<Maps> {
    return this.#ask({ kind: "maps", path, request }) as Promise<Maps>;
  }

  cam(path: string, request: CamRequest): Promise<Cam> {
    return this.#ask({ kind: "cam", path, request }) as Promise<Cam>;
  }

  async close(): Promise<void> {
    this.#end(new LookError("closed", 503, "The studio is closing."));
  }

  #ask(question: LookQuestion): Promise<unknown> {
    if (this.#waiting.size >= mostWaiting) {
      return Promise.reject(new LookError("busy", 503, "Too many images are being computed; ask again."));
    }
    if (this.#idle !== null) clearTimeout(this.#idle);
    const child = this.#child ?? this.#start();
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end(new LookError("too-slow", 504, `It took more than ${answerMs / 1000} seconds; ask again.`));
      }, answerMs);
      this.#waiting.set(id, { resolve, reject, timer });
      const message: LookMessage = { id, question };
      child.send(message);
    });
  }

  #start(): ChildProcess {
    const child = fork(fileURLToPath(new URL("../cli/look-main.js", import.meta.url)), [], {
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.on("message", (answer: LookAnswer) => this.#take(answer));
    child.on("error", () => this.#lost(child));
    child.on("exit", () => this.#lost(child));
    child.send(this.#setup);
    this.#child = child;
    return child;
  }

  #take(answer: LookAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    if ("value" in answer) waiting.resolve(answer.value);
    else waiting.reject(new LookError(answer.code, answer.status as LookError["status"], answer.message));
    if (this.#waiting.size > 0) return;
    this.#idle = setTimeout(() => this.#end(new LookError("closed", 503, "Ask again.")), idleMs);
    this.#idle.unref();
  }

  #lost(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#end(new LookError("lost", 503, "The process that computes has ended; ask again."));
  }

  #end(error: LookError): void {
    const child = this.#child;
    this.#child = null;
    if (this.#idle !== null) clearTimeout(this.#idle);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
    child?.kill("SIGKILL");
  }
}
