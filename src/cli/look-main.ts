/**
 * The process that computes for the studio: on one thread and behind everything else, so that a training beside it keeps
 * the processor. It ends with the process that started it.
 */
import { setPriority } from "node:os";
import { createEngine, FileFormatError, useEngine } from "../index.ts";
import { LookError } from "../studio/index.ts";
import { Look } from "./look.ts";
import type { LookAnswer, LookMessage, LookQuestion, LookSetup } from "./look-messages.ts";

/** Of 19, the largest: who trains comes first. */
const niceness = 15;

let look: Look | null = null;
/** Questions are answered one after the other. */
let busy: Promise<void> = Promise.resolve();

try {
  setPriority(niceness);
} catch {
  // Some systems do not let processes step back.
}
useEngine(createEngine({ engine: "wasm", threads: 1 }));
process.on("disconnect", () => process.exit());
// Ctrl-C goes to all processes of a terminal; this one ends with its parent.
process.on("SIGINT", () => {});
process.on("message", (message: LookSetup | LookMessage) => {
  if ("source" in message) look = new Look(message.source);
  else busy = busy.then(() => reply(message));
});

async function reply({ id, question }: LookMessage): Promise<void> {
  const answer = await answerTo(question).then(
    (value): LookAnswer => ({ id, value }),
    (error: unknown): LookAnswer => refusal(id, error),
  );
  process.send?.(answer);
}

function answerTo(question: LookQuestion): Promise<unknown> {
  if (look === null) return Promise.reject(new Error("look: the setup comes first"));
  switch (question.kind) {
    case "probe":
      return look.probe(question.path, question.image);
    case "images":
      return look.images(question.path, question.indices);
    case "maps":
      return look.maps(question.path, question.request);
    case "cam":
      return look.cam(question.path, question.request);
  }
}

function refusal(id: number, error: unknown): LookAnswer {
  if (error instanceof LookError)
    return { id, code: error.code, status: error.status, message: error.message };
  if (error instanceof FileFormatError) return { id, code: "damaged", status: 409, message: error.message };
  process.stderr.write(`studio: ${error instanceof Error ? error.stack : String(error)}\n`);
  return {
    id,
    code: "internal",
    status: 503,
    message: "The network could not be run; the terminal says why.",
  };
}
