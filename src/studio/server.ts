/**
 * The studio's server: at 127.0.0.1 alone, at the first port that is free.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "./app.ts";
import { refusalOf, securityHeaders } from "./guard.ts";
import type { Looker } from "./looker.ts";
import { readPage } from "./page-files.ts";
import type { Topic } from "./protocol.ts";
import { RunStore } from "./run-store.ts";

/** What the studio is started with. */
export interface StudioOptions {
  /** Folder of all runs. */
  readonly root: string;
  /** Folder of the built page. */
  readonly pageFolder: string;
  readonly looker: Looker;
  /** What verdicts point to; asked for when a page shows one. */
  readonly topics: () => Promise<readonly Topic[]>;
  /** The port to try first. Default 5757. */
  readonly port?: number | undefined;
  /** Told of errors that nobody foresaw. Default: nothing. */
  readonly onError?: (error: unknown) => void;
}

/** A studio that is running. */
export interface Studio {
  readonly url: string;
  readonly port: number;
  /** What writing and computing needs; the page has it. */
  readonly token: string;
  close(): Promise<void>;
}

const address = "127.0.0.1";
const defaultPort = 5757;
/** Ports that are tried, one after the other, before the system chooses one. */
const attempts = 20;

/** For sending a request; answers may take as long as they do. */
const limits = {
  headersTimeout: 5000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 5000,
  maxHeaderSize: 16 * 1024,
};
const mostConnections = 256;
/** A connection on which nothing moves is closed; events keep theirs moving. */
const idleMs = 60_000;

export async function startStudio(options: StudioOptions): Promise<Studio> {
  const { root, pageFolder, looker, topics, port = defaultPort, onError = () => {} } = options;
  const token = randomBytes(32).toString("base64url");
  let page: ReturnType<typeof readPage> | null = null;
  const app = createApp({
    store: new RunStore(root),
    looker,
    topics,
    token,
    onError,
    page: async () => {
      page ??= readPage(pageFolder);
      const files = await page;
      // It may be built while the studio is open.
      if (files.size === 0) page = null;
      return files;
    },
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  let listening = 0;
  const server = createServer(limits, (request, response) => {
    answer(request, response, listening, listener).catch((error: unknown) => {
      onError(error);
      response.destroy();
    });
  });
  server.maxConnections = mostConnections;
  server.timeout = idleMs;
  server.on("clientError", refuseMalformed);
  listening = await listen(server, port);
  const close = async (): Promise<void> => {
    await looker.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://${address}:${listening}/`, port: listening, token, close };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<void> {
  const refusal = refusalOf(request, port);
  if (refusal === null) {
    await listener(request, response);
    return;
  }
  const { status, error, message } = refusal;
  response.writeHead(status, {
    ...securityHeaders,
    "content-type": "application/json",
    // What else was sent is not read.
    connection: "close",
  });
  response.end(JSON.stringify({ error, message }));
}

/** What is no HTTP at all. */
function refuseMalformed(_error: Error, socket: Socket): void {
  if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  else socket.destroy();
}

async function listen(server: Server, port: number): Promise<number> {
  for (let i = 0; i < attempts && port + i <= 65_535; i++) {
    const found = await tryPort(server, port + i);
    if (found !== null) return found;
  }
  const found = await tryPort(server, 0);
  if (found === null) throw new Error(`studio: no free port at ${address}, from ${port} on`);
  return found;
}

/** The port that is listened at; null where it is taken. */
function tryPort(server: Server, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off("listening", onListening);
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(null);
      else reject(error);
    };
    const onListening = (): void => {
      server.off("error", onError);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : null);
    };
    server.once("error", onError).once("listening", onListening);
    server.listen(port, address);
  });
}
