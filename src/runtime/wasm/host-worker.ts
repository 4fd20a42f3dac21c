/**
 * A worker thread under Node or in a browser, started from source text. The differences between the two hosts
 * end here.
 */
import { EngineError } from "../../base/errors.ts";
import { nodeModule } from "../node-module.ts";
import { controlLayout, type WorkerMessage } from "./control.ts";
import { erf } from "./host-math.ts";
import { workerMain } from "./worker.ts";

/** A running worker thread, as the pool sees it. */
export interface HostWorker {
  post(message: WorkerMessage): void;
  /** Lets the process live on for this worker, or not. Has no meaning in a browser. */
  keepAlive(on: boolean): void;
  /** Ends the thread, wherever it is; resolves when it has ended. */
  terminate(): Promise<void>;
}

/** What a worker reports to the thread that started it. */
export interface WorkerEvents {
  /** A launch has ended (sent only on request). */
  onDone(): void;
  /** The thread could not start, or ended by itself. */
  onFailure(reason: string): void;
}

/** Source text of a worker; `host` is an expression for its `WorkerHost`. */
function workerSource(host: string): string {
  // A transpiler that keeps function names wraps functions in a helper of this name, which the text lacks.
  const helper = "var __name = (target) => target;\n";
  const layout = JSON.stringify(controlLayout);
  return `${helper}(${workerMain.toString()})(${host}, ${layout}, ${erf.toString()});\n`;
}

const nodeHost = `(() => {
  const { parentPort } = process.getBuiltinModule("node:worker_threads");
  return { post: (m) => parentPort.postMessage(m), listen: (f) => parentPort.on("message", f) };
})()`;

const browserHost = "{ post: (m) => postMessage(m), listen: (f) => { onmessage = (e) => f(e.data); } }";

/** Starts a worker. @throws EngineError where the host has no workers. */
export function startWorker(events: WorkerEvents): HostWorker {
  const threads = nodeModule("node:worker_threads");
  if (threads !== undefined) return startNodeWorker(threads, events);
  if (typeof Worker !== "undefined") return startBrowserWorker(events);
  throw new EngineError(
    "this host has no worker threads; use { threads: 1 } with a memory that is not shared",
  );
}

function startNodeWorker(threads: typeof import("node:worker_threads"), events: WorkerEvents): HostWorker {
  // Without the process's own options: loaders and preloaded modules are of no use to this code.
  const worker = new threads.Worker(workerSource(nodeHost), { eval: true, execArgv: [] });
  worker.on("message", () => events.onDone());
  worker.on("error", (error) => events.onFailure(String(error)));
  worker.on("exit", (code) => events.onFailure(`the thread ended with code ${code}`));
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    keepAlive: (on) => (on ? worker.ref() : worker.unref()),
    terminate: async () => {
      await worker.terminate();
    },
  };
}

function startBrowserWorker(events: WorkerEvents): HostWorker {
  const url = URL.createObjectURL(new Blob([workerSource(browserHost)], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "tatami" });
  worker.onmessage = () => events.onDone();
  worker.onerror = (event) => {
    const blocked = "its code could not be loaded (a content security policy must allow blob: in worker-src)";
    events.onFailure(event.message || blocked);
  };
  return {
    post: (message) => worker.postMessage(message),
    keepAlive: () => {},
    terminate: async () => {
      worker.terminate();
      // Not sooner: nothing tells when the browser has fetched the code.
      URL.revokeObjectURL(url);
    },
  };
}
