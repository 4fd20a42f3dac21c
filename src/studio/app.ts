/**
 * The studio's answers, as `protocol.ts` lists them. Who may ask at all is decided before, by `guard.ts`.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { FileFormatError } from "../base/errors.ts";
import { RunFollower } from "./events.ts";
import { csvOf, csvTables, jsonOf } from "./exports.ts";
import { isToken, securityHeaders } from "./guard.ts";
import { LookError, type Looker } from "./looker.ts";
import { type PageFile, withToken } from "./page-files.ts";
import type { ApiError, ErrorCode, Errors, ProbeImage, RunEvent, Strips, Topic, Topics } from "./protocol.ts";
import {
  camRequest,
  followedRuns,
  mapsRequest,
  RequestError,
  runChange,
  stripNames,
  wholeNumber,
} from "./requests.ts";
import type { RunReader } from "./run-reader.ts";
import type { RunStore } from "./run-store.ts";
import { makeStrip } from "./strips.ts";

/** What the answers are made from. */
export interface AppParts {
  readonly store: RunStore;
  readonly looker: Looker;
  readonly topics: () => Promise<readonly Topic[]>;
  readonly token: string;
  /** The built page; empty where there is none. */
  readonly page: () => Promise<ReadonlyMap<string, PageFile>>;
  /** Told of errors that nobody foresaw. */
  readonly onError: (error: unknown) => void;
}

const smallBody = 16 * 1024;
/** An image of 8 MB in base64. */
const imageBody = 11 * 2 ** 20;
const mostColumns = 4000;
/** Pages that listen at the same time. */
const mostListeners = 64;
/** New rows are sent at most this often; a run that is over is looked at less often. */
const eventsMs = 900;
const quietMs = 1500;
/** A line that means nothing keeps the connection open. */
const pingMs = 15_000;

export function createApp(parts: AppParts): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) c.res.headers.set(name, value);
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
  });
  app.use("/api/*", async (c, next) => {
    const reads = c.req.method === "GET" || c.req.method === "HEAD";
    if (reads || isToken(c.req.header("x-tatami-token"), parts.token)) return next();
    return refuse(
      c,
      403,
      "wrong-token",
      "The token is not that of this start of the studio; reload the page.",
    );
  });
  addReading(app, parts);
  addExports(app, parts);
  addEvents(app, parts);
  addLooking(app, parts);
  addWriting(app, parts);
  addPage(app, parts);
  app.onError((error, c) => answerError(c, error, parts.onError));
  app.notFound((c) => refuse(c, 404, "not-found", "There is nothing at this address."));
  return app;
}

function refuse(c: Context, status: ContentfulStatusCode, error: ErrorCode, message: string): Response {
  const body: ApiError = { error, message };
  return c.json(body, status);
}

function answerError(c: Context, error: unknown, onError: (error: unknown) => void): Response {
  if (error instanceof RequestError) return refuse(c, 400, "bad-request", error.message);
  if (error instanceof LookError) return refuse(c, error.status, error.code, error.message);
  if (error instanceof FileFormatError) return refuse(c, 422, "damaged", error.message);
  onError(error);
  return refuse(
    c,
    500,
    "internal",
    "The studio could not answer this; what went wrong stands in its terminal.",
  );
}

const noSuchRun = (c: Context): Response =>
  refuse(c, 404, "no-such-run", "There is no such run; it may have been deleted. Open the list of runs.");

/** Opens the run that the address names; a glance will do for what a page asks for often. */
async function withRun(
  c: Context,
  store: RunStore,
  answer: (reader: RunReader) => Response | Promise<Response>,
  how: "open" | "glance" = "open",
): Promise<Response> {
  const reader = await store[how](c.req.param("id") ?? "");
  return reader === null ? noSuchRun(c) : answer(reader);
}

function addReading(app: Hono, { store, looker, topics }: AppParts): void {
  app.get("/api/topics", async (c) => c.json({ topics: await topics() } satisfies Topics));
  app.get("/api/runs", async (c) => c.json(await store.list()));
  app.get("/api/runs/:id", (c) => withRun(c, store, async (run) => c.json(await run.detail())));
  app.get("/api/runs/:id/steps", (c) =>
    withRun(c, store, ({ steps }) => {
      const from = wholeNumber(c.req.query(), "from", { otherwise: 0 });
      return c.json(steps.rows(Math.min(from, steps.length)));
    }),
  );
  app.get("/api/runs/:id/strips", (c) =>
    withRun(
      c,
      store,
      ({ layers }) => {
        const query = c.req.query();
        const view = {
          from: wholeNumber(query, "from", { otherwise: 0 }),
          to: wholeNumber(query, "to", { otherwise: Number.MAX_SAFE_INTEGER }),
          columns: wholeNumber(query, "columns", { most: mostColumns, otherwise: 600 }),
        };
        const strips = stripNames(c.req.queries("of")).map((name) => makeStrip(layers, { ...view, ...name }));
        return c.json({ strips } satisfies Strips);
      },
      "glance",
    ),
  );
  app.get("/api/runs/:id/errors", (c) =>
    withRun(c, store, async (run) => {
      const recorded = await run.errors();
      if (recorded === null) {
        return refuse(
          c,
          404,
          "no-errors",
          "No epoch was validated yet; there will be one after the first epoch.",
        );
      }
      const indices = recorded.topLosses.map(({ index }) => index);
      const { images, missing } = await imagesWhereKnown(looker, run.path, indices);
      const pictures = new Map(images.map(({ index, png }) => [index, png]));
      const { classes } = run;
      const topLosses = recorded.topLosses.map((one) => ({ ...one, png: pictures.get(one.index) ?? "" }));
      const imagesMissing = missing === null ? {} : { imagesMissing: missing };
      return c.json({ ...recorded, classes, topLosses, ...imagesMissing } as Errors);
    }),
  );
}

/** Images, or why there can be none: the numbers beside them are shown all the same. */
async function imagesWhereKnown(
  looker: Looker,
  path: string,
  indices: readonly number[],
): Promise<{
  readonly images: readonly ProbeImage[];
  readonly missing: NonNullable<Errors["imagesMissing"]> | null;
}> {
  try {
    return { images: await looker.images(path, indices), missing: null };
  } catch (error) {
    const code = error instanceof LookError ? error.code : null;
    if (code !== "no-dataset" && code !== "no-network") throw error;
    return { images: [], missing: code };
  }
}

function addExports(app: Hono, { store }: AppParts): void {
  app.get("/api/runs/:id/export.csv", (c) =>
    withRun(c, store, (run) => {
      const name = c.req.query("table") ?? "steps";
      const table = csvTables.find((known) => known === name);
      if (table === undefined) throw new RequestError(`"table" must be one of ${csvTables.join(", ")}`);
      return download(csvOf(run, table), "text/csv", `${run.head.summary.id}-${table}.csv`);
    }),
  );
  app.get("/api/runs/:id/export.json", (c) =>
    withRun(c, store, (run) => download(jsonOf(run), "application/json", `${run.head.summary.id}.json`)),
  );
}

/** The next piece is made when the last one has been taken. */
function download(pieces: AsyncIterable<string>, type: string, name: string): Response {
  const iterator = pieces[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  const headers = {
    "content-type": `${type}; charset=utf-8`,
    "content-disposition": `attachment; filename="${name}"`,
  };
  return new Response(body, { headers });
}

function addEvents(app: Hono, { store, onError }: AppParts): void {
  let listeners = 0;
  app.get("/api/events", (c) => {
    const wanted = followedRuns(c.req.queries("of"));
    if (listeners >= mostListeners) {
      return refuse(c, 503, "too-many", `${mostListeners} pages listen already; close some.`);
    }
    const followers = wanted.map(({ id, from }) => new RunFollower(store, id, from));
    listeners++;
    return streamSSE(
      c,
      async (stream) => {
        stream.onAbort(() => {});
        try {
          await tell(stream, new Set(followers));
        } finally {
          listeners--;
        }
      },
      async (error) => onError(error),
    );
  });
}

/** Tells of what is new until nobody listens or no run is left. */
async function tell(stream: SSEStreamingApi, followers: Set<RunFollower>): Promise<void> {
  let pinged = performance.now();
  while (!stream.aborted && !stream.closed && followers.size > 0) {
    let text = "";
    for (const follower of followers) {
      const events = await follower.next();
      if (events === null) followers.delete(follower);
      for (const event of events ?? [{ type: "gone" } as const])
        text += eventText({ id: follower.id, event });
    }
    if (text === "" && performance.now() - pinged > pingMs) text = ": still here\n\n";
    if (text !== "") {
      // Together: each piece would be a packet, and wake the page.
      await stream.write(text);
      pinged = performance.now();
    }
    await stream.sleep([...followers].some(({ isLive }) => isLive) ? eventsMs : quietMs);
  }
}

/** JSON has no line ends. */
const eventText = (one: RunEvent): string => `event: ${one.event.type}\ndata: ${JSON.stringify(one)}\n\n`;

function addLooking(app: Hono, { store, looker }: AppParts): void {
  app.get("/api/runs/:id/probe", (c) =>
    withRun(c, store, async ({ path }) => {
      const image = wholeNumber(c.req.query(), "image", { otherwise: 0 });
      return c.json(await looker.probe(path, image));
    }),
  );
  app.post("/api/runs/:id/maps", limited(imageBody), (c) =>
    withRun(c, store, async ({ path }) => c.json(await looker.maps(path, mapsRequest(await bodyOf(c))))),
  );
  app.post("/api/runs/:id/cam", limited(imageBody), (c) =>
    withRun(c, store, async ({ path }) => c.json(await looker.cam(path, camRequest(await bodyOf(c))))),
  );
}

function addWriting(app: Hono, { store }: AppParts): void {
  app.patch("/api/runs/:id", limited(smallBody), async (c) => {
    const changed = await store.change(c.req.param("id"), runChange(await bodyOf(c)));
    return changed === null ? noSuchRun(c) : c.json(changed);
  });
  app.delete("/api/runs/:id", async (c) => {
    const outcome = await store.remove(c.req.param("id"));
    if (outcome === "removed") return c.body(null, 204);
    if (outcome === "no-such-run") return noSuchRun(c);
    return refuse(c, 409, "running", "The run is going on; end its training first.");
  });
}

const limited = (maxSize: number): ReturnType<typeof bodyLimit> =>
  bodyLimit({
    maxSize,
    onError: (c) => refuse(c, 413, "too-large", `A request may have ${Math.floor(maxSize / 1024)} KB.`),
  });

async function bodyOf(c: Context): Promise<unknown> {
  if (!/^application\/json\b/.test(c.req.header("content-type") ?? "")) {
    throw new RequestError("the body must be application/json");
  }
  const text = await c.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError("the body is no JSON");
  }
}

function addPage(app: Hono, { page, token }: AppParts): void {
  app.get("*", async (c) => {
    const files = await page();
    const path = c.req.path === "/" ? "/index.html" : c.req.path;
    const file = files.get(path);
    if (file === undefined) {
      if (path !== "/index.html") return c.notFound();
      return c.text(
        "The studio's page was not built. Run npm run build, then start the studio again.\n",
        503,
      );
    }
    if (path === "/index.html") return c.html(withToken(new TextDecoder().decode(file.content), token));
    const cache = file.hashed ? "max-age=31536000, immutable" : "no-store";
    return c.body(file.content, 200, { "content-type": file.type, "cache-control": cache });
  });
}
