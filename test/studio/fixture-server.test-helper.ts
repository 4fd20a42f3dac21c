/**
 * A server that speaks the studio's protocol over the fixture's runs and serves the built page under a strict
 * Content-Security-Policy. The run "running" grows while somebody listens to it, up to a number of steps.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type {
  MapsRequest,
  RunChange,
  RunDetail,
  RunEvent,
  StepColumns,
  StripKind,
  StudioEvent,
} from "../../src/studio/protocol.ts";
import {
  classes,
  epochMetrics,
  type FixtureRun,
  lossAt,
  lrAt,
  makeRuns,
  secondsAt,
  snapshotsOf,
  topics,
  verdictsOf,
} from "./fixture-runs.test-helper.ts";
import { camOf, errorsOf, mapsOf, probeImage, stripOf } from "./fixture-strips.test-helper.ts";

const token = "token-of-the-fixture";
const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface FixtureServer {
  readonly origin: string;
  /** Strips that were asked for so far, as "updates:features.0". */
  readonly strips: readonly string[];
  /** Whether the API answers; without, every request is an error 503. */
  answers: boolean;
  /** Whether there are any runs. */
  empty: boolean;
  /** The run that has been deleted behind the page's back. */
  gone: string;
  /** How many listen to a run. */
  listeners(): number;
  /** Breaks the connections of those who listen to a run. */
  dropStreams(): void;
  close(): Promise<void>;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function columnsOf(run: FixtureRun, from: number, to = run.steps): StepColumns {
  const step = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i + 1);
  return {
    step,
    epoch: step.map((s) => Math.ceil(s / run.stepsPerEpoch)),
    loss: step.map((s) => lossAt(run, s)),
    lr: step.map((s) => lrAt(run, s)),
    seconds: step.map((s) => secondsAt(s)),
    samples: step.map(() => 64),
  };
}

function detailOf(run: FixtureRun): RunDetail {
  const epochs = Math.floor(run.steps / run.stepsPerEpoch);
  const count = Math.ceil(run.steps / run.recordEvery);
  return {
    ...run.summary,
    layers: run.layers,
    verdicts: verdictsOf(run),
    epochs: Array.from({ length: epochs }, (_, i) => epochMetrics(run, i + 1)),
    stepCount: run.steps,
    stepsTotal: run.stepsTotal,
    stepsPerEpoch: run.stepsPerEpoch,
    recorded: { first: 1, last: 1 + (count - 1) * run.recordEvery, count },
    snapshots: snapshotsOf(run),
    classes,
  };
}

async function bodyOf<T>(request: IncomingMessage): Promise<T> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()) as T;
}

function sendEvent(response: ServerResponse, id: string, event: StudioEvent): void {
  const data: RunEvent = { id, event };
  response.write(`event: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Sends what the run gains, ten steps ten times a second. */
function stream(run: FixtureRun & { steps: number }, response: ServerResponse, from: number): void {
  const send = (event: StudioEvent): void => sendEvent(response, run.summary.id, event);
  let sent = from;
  const timer = setInterval(() => {
    const before = run.steps;
    if (run.steps < run.stepsTotal) run.steps += 4;
    if (run.steps > sent) send({ type: "steps", from: sent, columns: columnsOf(run, sent) });
    sent = run.steps;
    const { recorded, snapshots } = detailOf(run);
    if (recorded !== null) send({ type: "recorded", last: recorded.last, count: recorded.count });
    const epoch = Math.floor(run.steps / run.stepsPerEpoch);
    if (epoch > Math.floor(before / run.stepsPerEpoch)) {
      send({ type: "epoch", metrics: epochMetrics(run, epoch) });
      send({ type: "snapshot", step: snapshots.at(-1) ?? run.steps });
      send({ type: "verdicts", verdicts: verdictsOf(run) });
    }
  }, 100);
  response.on("close", () => clearInterval(timer));
}

type Writable = FixtureRun & { steps: number };

interface Asked {
  readonly run: Writable;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
}

const numberOf = (query: URLSearchParams, name: string, fallback: number): number =>
  Number(query.get(name) ?? fallback);

const indexOf = (image: MapsRequest["image"]): number =>
  "index" in image ? image.index : image.file.length % 10;

const answers: Readonly<Record<string, (asked: Asked) => unknown>> = {
  "GET ": ({ run }) => detailOf(run),
  "GET steps": ({ run, query }) => columnsOf(run, numberOf(query, "from", 0)),
  "GET strips": ({ run, query }) => ({
    strips: query.getAll("of").map((of) => {
      const [kind, layer = ""] = of.split(":");
      return stripOf(run, {
        layer,
        kind: kind as StripKind,
        from: numberOf(query, "from", 1),
        to: numberOf(query, "to", Number.MAX_SAFE_INTEGER),
        columns: numberOf(query, "columns", 256),
      });
    }),
  }),
  "GET probe": ({ query }) => {
    const first = Array.from({ length: 40 }, (_, i) => i);
    const image = numberOf(query, "image", 0);
    return { count: 1000, images: (first.includes(image) ? first : [image, ...first]).map(probeImage) };
  },
  "GET errors": ({ run }) => errorsOf(run),
  "GET export.json": ({ run }) => columnsOf(run, 0),
  "POST maps": async ({ run, request }) => {
    const { layer, step, image } = await bodyOf<MapsRequest>(request);
    return mapsOf(run, layer, snapshotsOf(run).findLast((snapshot) => snapshot <= step) ?? 1, indexOf(image));
  },
  "POST cam": async ({ run, request }) => {
    const { step, image, target } = await bodyOf<MapsRequest & { target?: number }>(request);
    return camOf(run, step, indexOf(image), target);
  },
  "PATCH ": async ({ run, request }) => {
    run.summary = { ...run.summary, ...(await bodyOf<RunChange>(request)) };
    return run.summary;
  },
};

/** @param page Folder of the built page. */
export async function serveFixture(page: string): Promise<FixtureServer> {
  const runs: Writable[] = makeRuns();
  const strips: string[] = [];
  const streams = new Set<ServerResponse>();
  const state = { answers: true, empty: false, gone: "" };

  async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const [, , , id, ...rest] = url.pathname.split("/");
    const { method = "GET" } = request;
    if (!state.answers) throw new Refusal(503, "busy", "The fixture was told not to answer; tell it to.");
    if (method !== "GET" && request.headers["x-tatami-token"] !== token) {
      throw new Refusal(403, "wrong-token", "The token is not that of this start; load the page again.");
    }
    if (url.pathname === "/api/topics") return json(response, { topics });
    if (url.pathname === "/api/events") {
      streams.add(response);
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      for (const of of url.searchParams.getAll("of")) {
        const [id = "", from] = of.split(":");
        const run = runs.find((one) => one.summary.id === id && id !== state.gone);
        if (run === undefined) sendEvent(response, id, { type: "gone" });
        else stream(run, response, Number(from));
      }
      return;
    }
    if (id === undefined)
      return json(response, {
        folder: "other runs",
        runs: state.empty ? [] : runs.map((r) => r.summary),
        damaged: [],
      });
    const run = runs.find((candidate) => candidate.summary.id === id);
    if (run === undefined || id === state.gone)
      throw new Refusal(404, "no-such-run", `There is no run "${id}"; the list shows which there are.`);
    const name = rest.join("/");
    if (method === "DELETE") {
      if (run.summary.status === "running")
        throw new Refusal(409, "running", "The run is running; stop it first.");
      runs.splice(runs.indexOf(run), 1);
      response.writeHead(204).end();
      return;
    }
    const answer = answers[`${method} ${name}`];
    if (answer === undefined)
      throw new Refusal(404, "bad-request", `${method} ${url.pathname} is no address of the API.`);
    json(response, await answer({ run, query: url.searchParams, request }));
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    strips.push(...url.searchParams.getAll("of"));
    if (!url.pathname.startsWith("/api/")) return file(page, url.pathname, response);
    void api(request, response, url).catch((error: unknown) => {
      const { status = 500, code = "broken", message } = error as Refusal;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: code, message }));
    });
  });
  return listen(server, state, strips, streams);
}

async function listen(
  server: Server,
  state: Pick<FixtureServer, "answers" | "empty" | "gone">,
  strips: readonly string[],
  streams: Set<ServerResponse>,
): Promise<FixtureServer> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    strips,
    listeners: () => [...streams].filter(({ destroyed }) => !destroyed).length,
    dropStreams: () => {
      for (const response of streams) response.destroy();
      streams.clear();
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** A file of the page; the token is written into its start. */
function file(page: string, path: string, response: ServerResponse): void {
  const name = path === "/" ? "index.html" : path.slice(1);
  const isOfPage = /^(index\.html|[\w-]+\.svg|assets\/[\w.-]+)$/.test(name) && existsSync(join(page, name));
  if (!isOfPage) {
    response.writeHead(404).end();
    return;
  }
  const content = readFileSync(join(page, name));
  response.writeHead(200, {
    "content-type": types[extname(name)] ?? "text/plain",
    "content-security-policy": policy,
  });
  response.end(
    name === "index.html"
      ? content.toString().replace('name="tatami-token" content=""', `name="tatami-token" content="${token}"`)
      : content,
  );
}
