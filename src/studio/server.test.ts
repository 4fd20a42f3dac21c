/** The server against those who ask for what they should not have: refused, nothing told, and still there. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { generateRun } from "./generated-run.test-helper.ts";
import { LookError, type Looker } from "./looker.ts";
import type { Maps, RunEvent, Topic } from "./protocol.ts";
import { type Studio, startStudio } from "./server.ts";

let folder = "";
let root = "";
let id = "";
let studio: Studio;
const onError = vi.fn();

const maps: Maps = {
  step: 0,
  layer: "features.0",
  maps: { count: 1, height: 1, width: 1, low: 0, high: 0, nonFinite: 0, data: "AA==" },
  filters: null,
  probabilities: [1],
};
const looker: Looker = {
  probe: () => Promise.resolve({ count: 0, images: [] }),
  images: () => Promise.reject(new LookError("no-dataset", 409, "no images")),
  maps: (_path, { layer }) => {
    if (layer === "features.0") return Promise.resolve(maps);
    return Promise.reject(new LookError("no-such-layer", 404, "no such layer"));
  },
  cam: () => Promise.reject(new Error(`a secret of ${folder}`)),
  close: () => Promise.resolve(),
};

const topics = (): Promise<Topic[]> => Promise.resolve([]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-server-"));
  root = join(folder, "runs");
  id = await generateRun(root);
  await writeFile(join(folder, "secret.txt"), "TOP-SECRET");
  await mkdir(join(folder, "outside"));
  await writeFile(join(folder, "outside", "run.json"), "TOP-SECRET");
  await symlink(join(folder, "outside"), join(root, "linked"));
  await mkdir(join(folder, "page", "assets"), { recursive: true });
  await writeFile(join(folder, "page", "index.html"), '<head><meta name="tatami-token" content="" /></head>');
  await writeFile(join(folder, "page", "assets", "page.js"), "1");
  await writeFile(join(folder, "page", "server.js"), "TOP-SECRET");
  studio = await startStudio({
    root,
    pageFolder: join(folder, "page"),
    looker,
    topics,
    port: 46_100,
    onError,
  });
});
afterAll(async () => {
  await studio.close();
  await rm(folder, { recursive: true });
});

/** Sends bytes as they are, and gives everything that comes back until the connection ends or falls silent. */
function raw(text: string | Uint8Array, silentMs = 2000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(studio.port, "127.0.0.1");
    let found = "";
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on("connect", () => socket.write(text));
    socket.on("data", (data) => {
      found += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(found));
  });
}

const head = (line: string, headers: readonly string[] = []): string =>
  `${[line, `Host: 127.0.0.1:${studio.port}`, "Connection: close", ...headers].join("\r\n")}\r\n\r\n`;
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
const api = (path: string): string => `${studio.url}api/${path}`;
const write = (
  method: string,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(api(path), {
    method,
    ...(body === "" ? {} : { body }),
    headers: { "content-type": "application/json", "x-tatami-token": studio.token, ...headers },
  });
const alive = async (): Promise<boolean> => (await fetch(api("runs"))).ok;

describe("what is answered", () => {
  it("gives runs, columns and strips, and says where there is none", async () => {
    expect(await (await fetch(api("runs"))).json()).toMatchObject({ runs: [{ id }], damaged: [] });
    expect(await (await fetch(api(`runs/${id}/steps?from=38`))).json()).toMatchObject({ step: [39, 40] });
    const wanted = ["gradients:features.0", "updates:features.1", "updates:x"]
      .map((of) => `of=${of}`)
      .join("&");
    const answer = await fetch(api(`runs/${id}/strips?${wanted}&columns=2`));
    expect(await answer.json()).toMatchObject({
      strips: [
        { layer: "features.0", kind: "gradients", first: [1, 21] },
        { layer: "features.1", kind: "updates", first: [1, 21] },
        null,
      ],
    });
    for (const [path, status, error] of [
      ["runs/nothing", 404, "no-such-run"],
      [`runs/${id}/strips`, 400, "bad-request"],
      [`runs/${id}/strips?of=y:x`, 400, "bad-request"],
      [`runs/${id}/strips?of=updates:x${"&of=updates:x".repeat(24)}`, 400, "bad-request"],
      [`runs/${id}/steps?from=-1`, 400, "bad-request"],
      [`runs/${id}/strips?of=updates:features.0&columns=999999`, 400, "bad-request"],
      [`runs/${id}/errors`, 404, "no-errors"],
      ["elsewhere", 404, "not-found"],
    ] as const) {
      const answer = await fetch(api(path));
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([status, error]);
    }
  });

  it("gives mistakes without their images where these cannot be read", async () => {
    const path = join(root, id, "errors.json");
    const topLosses = [{ index: 3, label: 0, predicted: 1, loss: 4 }];
    await writeFile(
      path,
      JSON.stringify({
        epoch: 1,
        confusion: [
          [1, 1],
          [0, 2],
        ],
        topLosses,
      }),
    );
    const answer = await fetch(api(`runs/${id}/errors`));
    await rm(path);
    expect(await answer.json()).toMatchObject({
      confusion: [
        [1, 1],
        [0, 2],
      ],
      topLosses: [{ index: 3, png: "" }],
      imagesMissing: "no-dataset",
    });
  });

  it("sends events as they happen", async () => {
    const other = await generateRun(root, { id: "20260131-094502-other" });
    const answer = await fetch(api(`events?of=${id}:39&of=${other}:38&of=20260131-094503-none:0`));
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    const reader = answer.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    const events = [...new TextDecoder().decode(value).matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(
      ([, type, data = ""]) => ({ type, ...(JSON.parse(data) as RunEvent) }),
    );
    for (const { type, event } of events) expect(event.type).toBe(type);
    const steps = events.filter(({ type }) => type === "steps");
    expect(steps.map((one) => [one.id, one.event])).toMatchObject([
      [id, { from: 39 }],
      [other, { from: 38 }],
    ]);
    expect(events.filter(({ type }) => type === "gone")).toEqual([
      { type: "gone", id: "20260131-094503-none", event: { type: "gone" } },
    ]);
    await reader?.cancel();
    await rm(join(root, other), { recursive: true });
  });

  it("ends the events of runs that are gone", async () => {
    const answer = await fetch(api("events?of=20260131-094503-none:0"));
    expect(await answer.text()).toMatch(/^event: gone\n.*\n\n$/);
    for (const query of ["", "of=x", "of=x:-1", "of=:0", Array(65).fill("of=x:0").join("&")]) {
      expect((await fetch(api(`events?${query}`))).status).toBe(400);
    }
  });

  it("gives the page its token, and only the page's own files", async () => {
    const page = await fetch(studio.url);
    expect(await page.text()).toContain(`<meta name="tatami-token" content="${studio.token}" />`);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'self';/);
    expect(page.headers.get("access-control-allow-origin")).toBeNull();
    expect((await fetch(`${studio.url}assets/page.js`)).headers.get("content-type")).toContain(
      "text/javascript",
    );
    expect((await fetch(`${studio.url}server.js`)).status).toBe(404);
  });

  it("changes and removes with the token", async () => {
    const other = await generateRun(root, { id: "20260131-094501-other" });
    const changed = await write("PATCH", `runs/${other}`, '{"name":"mine","tags":["a"]}');
    expect(await changed.json()).toMatchObject({ name: "mine", tags: ["a"] });
    expect((await write("DELETE", `runs/${other}`, "")).status).toBe(204);
    expect((await fetch(api(`runs/${other}`))).status).toBe(404);
    const computed = await write(
      "POST",
      `runs/${id}/maps`,
      '{"layer":"features.0","step":0,"image":{"index":0}}',
    );
    expect(await computed.json()).toEqual(maps);
  });

  it("finds another port where the first is taken", async () => {
    const options = { root, pageFolder: join(folder, "nowhere"), looker, topics, port: studio.port };
    const second = await startStudio(options);
    expect(second.port).toBeGreaterThan(studio.port);
    expect(second.token).not.toBe(studio.token);
    const page = await fetch(second.url);
    expect([page.status, await page.text()]).toEqual([503, expect.stringContaining("npm run build")]);
    await second.close();
    expect(await alive()).toBe(true);
  });
});

describe("what is refused", () => {
  it.each([
    "/api/runs/..%2f..%2fsecret.txt",
    "/api/runs/../../secret.txt",
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/assets/../server.js",
    "/assets/..%2fserver.js",
    "/assets/%2e%2e/server.js",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/api/runs/linked",
    "/api/runs/linked/steps",
    "/api/runs/%00",
    "/api/runs/..",
    "/api/runs/....//",
    "/api/runs/..%5c..%5csecret.txt",
    "/api/runs/%c0%ae%c0%ae%c0%afsecret.txt",
    "/api/runs/%",
  ])("a way out of the folder: %s", async (path) => {
    const answer = await raw(head(`GET ${path} HTTP/1.1`));
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
    expect(statusOf(answer)).toBeLessThan(500);
    expect(answer).not.toContain("TOP-SECRET");
    expect(answer).not.toContain(folder);
    expect(answer).not.toContain("root:");
  });

  it.each([
    ["another host", ["Host: evil.example:46100"]],
    ["another host at our port", ["Host: rebound.example"]],
    ["no host", []],
    ["another port", ["Host: 127.0.0.1:1"]],
    ["two hosts", ["Host: evil.example", "Host: 127.0.0.1"]],
  ])("%s", async (_, headers) => {
    const answer = await raw(
      `GET /api/runs HTTP/1.1\r\n${[...headers, "Connection: close"].join("\r\n")}\r\n\r\n`,
    );
    expect([400, 403]).toContain(statusOf(answer));
    expect(answer).not.toContain(id);
  });

  it.each(["http://evil.example", "null", "https://127.0.0.1:46100", "http://127.0.0.1"])(
    "a page of another origin: %s",
    async (origin) => {
      for (const line of [
        "GET /api/runs HTTP/1.1",
        `DELETE /api/runs/${id} HTTP/1.1`,
        "OPTIONS /api/runs HTTP/1.1",
      ]) {
        const answer = await raw(head(line, [`Origin: ${origin}`, `x-tatami-token: ${studio.token}`]));
        expect(statusOf(answer)).toBe(403);
        expect(answer.toLowerCase()).not.toContain("access-control-allow");
        expect(answer).not.toContain(id);
      }
      const image = await raw(
        head("GET /api/runs HTTP/1.1", ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"]),
      );
      expect(statusOf(image)).toBe(403);
    },
  );

  it("a wrong or missing token, whatever is asked for", async () => {
    for (const token of ["", "x", `${studio.token}x`, studio.token.slice(1)]) {
      for (const [method, path] of [
        ["DELETE", `runs/${id}`],
        ["PATCH", `runs/${id}`],
        ["POST", `runs/${id}/maps`],
        ["POST", `runs/${id}/cam`],
      ] as const) {
        const answer = await write(method, path, method === "DELETE" ? "" : "{}", {
          "x-tatami-token": token,
        });
        expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
          403,
          "wrong-token",
        ]);
      }
    }
    expect(await readdir(root)).toContain(id);
  });

  it("bodies that are too large, no JSON or of another kind", async () => {
    const large = await write("PATCH", `runs/${id}`, JSON.stringify({ name: "x".repeat(100_000) }));
    expect(large.status).toBe(413);
    for (const body of [
      "{",
      "[]",
      "null",
      '{"name":7}',
      '{"name":"a\\nb"}',
      '{"status":"done"}',
      '{"tags":[""]}',
    ]) {
      expect((await write("PATCH", `runs/${id}`, body)).status).toBe(400);
    }
    expect((await write("PATCH", `runs/${id}`, "{}", { "content-type": "text/plain" })).status).toBe(400);
    for (const body of [
      '{"layer":"features.0","step":-1,"image":{"index":0}}',
      '{"layer":"features.0","step":0,"image":{"path":"/etc/passwd"}}',
      '{"layer":"features.0","step":0,"image":{"file":"../x"}}',
      '{"layer":7,"step":0,"image":{"index":0}}',
    ]) {
      expect((await write("POST", `runs/${id}/maps`, body)).status).toBe(400);
    }
  });

  it("to tell what went wrong inside", async () => {
    onError.mockClear();
    const answer = await write("POST", `runs/${id}/cam`, '{"step":0,"image":{"index":0}}');
    const text = await answer.text();
    expect([answer.status, text]).toEqual([500, expect.not.stringContaining("secret")]);
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it("to wait for a request that does not come", { timeout: 30_000 }, async () => {
    const start = performance.now();
    const body = head(`PATCH /api/runs/${id} HTTP/1.1`, [
      `x-tatami-token: ${studio.token}`,
      "content-type: application/json",
      "content-length: 100",
    ]);
    const answers = await Promise.all([
      raw("GET /api/runs HTTP/1.1\r\nHost: ", 25_000),
      raw(`${body}{`, 25_000),
    ]);
    expect(performance.now() - start).toBeLessThan(22_000);
    for (const answer of answers) expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d|$)/);
    expect(await alive()).toBe(true);
  });
});

/** The same numbers in every run of the test. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

it("10,000 malformed requests: refused, nothing told, and the studio goes on", {
  timeout: 120_000,
}, async () => {
  onError.mockClear();
  const next = random(7);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T;
  const noise = (length: number): string =>
    String.fromCharCode(...Array.from({ length }, () => Math.floor(next() * 256)));
  const makers: readonly (() => string)[] = [
    () => noise(1 + Math.floor(next() * 200)),
    () => head(`GET /api/runs/${encodeURIComponent(noise(20))} HTTP/1.1`),
    () => head(`${noise(3)} /api/runs HTTP/1.1`),
    () => head(`GET ${noise(10)} HTTP/1.1`),
    () => head(`GET /api/runs HTTP/${pick(["9.9", "x", ""])}`),
    () => head("GET /api/nothing HTTP/1.1", [`X: ${"a".repeat(20_000)}`]),
    () => head(`GET /${"%2e%2e%2f".repeat(50)}secret.txt HTTP/1.1`),
    () =>
      head(`PATCH /api/runs/${id} HTTP/1.1`, [
        `x-tatami-token: ${noise(8).replaceAll(/[^a-z]/g, "")}`,
        "Content-Length: 5",
      ]) + noise(5),
    () => head(`POST /api/runs/${id}/maps HTTP/1.1`, ["Content-Length: -1"]),
    () => `${head(`POST /api/runs/${id}/maps HTTP/1.1`, ["Transfer-Encoding: chunked"])}zz\r\n`,
    () => head(`GET /api/runs/${id}/steps?from=${encodeURIComponent(noise(6))}z HTTP/1.1`),
    () => `GET /api/runs HTTP/1.1\r\nHost: ${noise(8).replaceAll(/[\r\n]/g, "")}\r\n\r\n`,
  ];
  let answered = 0;
  // Many at once, so that there is time to wait for those that get no answer, on a busy machine too.
  for (let i = 0; i < 10_000; i += 250) {
    const answers = await Promise.all(
      Array.from({ length: 250 }, () => raw(Buffer.from(pick(makers)(), "latin1"), 1500)),
    );
    for (const answer of answers) {
      if (answer !== "") answered++;
      expect(answer).not.toMatch(/^HTTP\/1\.1 [25]/);
      expect(answer).not.toContain("TOP-SECRET");
      expect(answer).not.toContain(folder);
    }
  }
  expect(answered).toBeGreaterThan(5000);
  expect(onError).not.toHaveBeenCalled();
  expect(await alive()).toBe(true);
  expect(await readdir(root)).toContain(id);
});
