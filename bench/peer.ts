/**
 * One library in a process of its own, as the bench sees it.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Answer, Request } from "./protocol.ts";

/** What is to be started. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Why a library has no figure somewhere. */
export class Cannot extends Error {}

export class Peer {
  /** Version of the library, and how it runs. */
  readonly hello: Answer;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #ended = false;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, hello: Answer) {
    this.#process = child;
    this.#lines = lines;
    this.hello = hello;
  }

  /** @throws Cannot when the process ends before it has said what it is, or says that it cannot work here */
  static async start({ program, args, env }: Command): Promise<Peer> {
    const child = spawn(program, args, { env: { ...process.env, ...env } });
    child.on("error", () => {});
    child.stdin.on("error", () => {});
    let errors = "";
    child.stderr.on("data", (data: Buffer) => {
      errors = `${errors}${data.toString()}`.slice(-4000);
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    if (done === true) throw new Cannot(`the process ended: ${errors.trim().split("\n").at(-1) ?? ""}`);
    const hello = JSON.parse(value) as Answer;
    const peer = new Peer(child, lines, hello);
    if (hello.cannot === undefined) return peer;
    // It would wait for requests for ever, and the bench for its end.
    peer.end();
    throw new Cannot(hello.cannot);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * @param seconds after which the process is ended
   * @throws Cannot with the library's reason, or for want of time
   */
  async ask(request: Request, seconds: number): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.end();
        reject(new Cannot(`took more than ${seconds} s`));
      }, seconds * 1000);
    });
    try {
      const { value, done } = await Promise.race([this.#lines.next(), late]);
      if (done === true) {
        this.#ended = true;
        throw new Cannot("the process ended");
      }
      const answer = JSON.parse(value) as Answer;
      if (answer.cannot !== undefined) throw new Cannot(answer.cannot);
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    this.#ended = true;
    this.#process.kill("SIGKILL");
  }
}
