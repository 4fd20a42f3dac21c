/**
 * The answer to the newest of several requests. A slider asks faster than a network computes: while one request is on
 * its way, only the newest of the others waits, and what was answered before stays in a small cache.
 */
import { ApiFailure, isAbort } from "../api/client.ts";

const cacheSize = 64;

export class Latest<Question, Answer> {
  answer = $state.raw<Answer | null>(null);
  failure = $state.raw<ApiFailure | null>(null);
  busy = $state(false);
  readonly #request: (question: Question, signal: AbortSignal) => Promise<Answer>;
  readonly #cache = new Map<string, Answer>();
  #wanted = "";
  #next: Question | null = null;
  #running = false;
  #abort = new AbortController();

  constructor(request: (question: Question, signal: AbortSignal) => Promise<Answer>) {
    this.#request = request;
  }

  ask(question: Question): void {
    const key = JSON.stringify(question);
    if (key === this.#wanted) return;
    this.#wanted = key;
    const known = this.#cache.get(key);
    if (known !== undefined) {
      this.#next = null;
      this.answer = known;
      this.failure = null;
      return;
    }
    this.#next = question;
    if (!this.#running) void this.#run();
  }

  retry(question: Question): void {
    this.#wanted = "";
    this.ask(question);
  }

  close(): void {
    this.#next = null;
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.busy = true;
    while (this.#next !== null) {
      const question = this.#next;
      this.#next = null;
      const key = JSON.stringify(question);
      try {
        const answer = await this.#request(question, this.#abort.signal);
        this.#remember(key, answer);
        if (key === this.#wanted) {
          this.answer = answer;
          this.failure = null;
        }
      } catch (error) {
        if (isAbort(error)) break;
        if (key === this.#wanted) this.failure = ApiFailure.of(error);
      }
    }
    this.#running = false;
    this.busy = false;
  }

  #remember(key: string, answer: Answer): void {
    this.#cache.set(key, answer);
    const oldest = this.#cache.keys().next().value;
    if (this.#cache.size > cacheSize && oldest !== undefined) this.#cache.delete(oldest);
  }
}
