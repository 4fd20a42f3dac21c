/**
 * Every request of the page, typed by the protocol. A failure is always an {@link ApiFailure}: its code is what the page has
 * a sentence for, its message the server's own one in English.
 */
import type {
  ApiError,
  Cam,
  CamRequest,
  ErrorCode,
  Errors,
  Maps,
  MapsRequest,
  ProbeImages,
  RunChange,
  RunDetail,
  RunList,
  RunSummary,
  StepColumns,
  StripName,
  Strips,
  Topics,
} from "../../../src/studio/protocol.ts";

/** "offline": no server answered; "unreadable-answer": it gave no reason; "unexpected": a mistake of the page's own. */
export type FailureCode = ErrorCode | "offline" | "unreadable-answer" | "unexpected";

export class ApiFailure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string) {
    super(message);
    this.name = "ApiFailure";
    this.code = code;
  }

  /** Whatever was thrown, as a failure. */
  static of(error: unknown): ApiFailure {
    return error instanceof ApiFailure ? error : new ApiFailure("unexpected", String(error));
  }
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

async function failureOf(response: Response): Promise<ApiFailure> {
  const answered = `${response.url} answered ${response.status} ${response.statusText} without a reason.`;
  const fallback = new ApiFailure("unreadable-answer", answered);
  try {
    const body = (await response.json()) as Partial<ApiError>;
    const { error, message } = body;
    return error === undefined || typeof message !== "string" ? fallback : new ApiFailure(error, message);
  } catch {
    return fallback;
  }
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiFailure("offline", String(error));
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await send(path, signal ? { signal } : {});
  return (await response.json()) as T;
}

/** The token of this start of the server, which it wrote into the page. */
const token = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name="tatami-token"]')?.content ?? "";

function change(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown, signal?: AbortSignal) {
  return send(path, {
    method,
    headers: { "x-tatami-token": token(), "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
}

/** Address of a run, relative to the page, so that the studio works below any path. */
const runPath = (id: string, rest = ""): string => `api/runs/${encodeURIComponent(id)}${rest}`;

/** What several strips are asked for with. */
export interface StripsQuery {
  readonly names: readonly StripName[];
  readonly columns: number;
  readonly from: number | null;
  readonly to: number | null;
}

/** A strip as an address names it. */
export const nameOf = ({ kind, layer }: StripName): string => `${kind}:${layer}`;

export const api = {
  runs: (): Promise<RunList> => get("api/runs"),
  topics: (): Promise<Topics> => get("api/topics"),
  run: (id: string): Promise<RunDetail> => get(runPath(id)),
  steps: (id: string, from: number): Promise<StepColumns> => get(runPath(id, `/steps?from=${from}`)),
  async strips(
    id: string,
    { names, columns, from, to }: StripsQuery,
    signal: AbortSignal,
  ): Promise<Strips["strips"]> {
    const query = new URLSearchParams({ columns: String(columns) });
    if (from !== null) query.set("from", String(from));
    if (to !== null) query.set("to", String(to));
    for (const name of names) query.append("of", nameOf(name));
    return (await get<Strips>(runPath(id, `/strips?${query}`), signal)).strips;
  },
  /** @param image One that has to be among them. */
  probe: (id: string, image: number | null): Promise<ProbeImages> =>
    get(runPath(id, image === null ? "/probe" : `/probe?image=${image}`)),
  errors: (id: string): Promise<Errors> => get(runPath(id, "/errors")),
  async maps(id: string, request: MapsRequest, signal: AbortSignal): Promise<Maps> {
    return (await (await change("POST", runPath(id, "/maps"), request, signal)).json()) as Maps;
  },
  async cam(id: string, request: CamRequest, signal: AbortSignal): Promise<Cam> {
    return (await (await change("POST", runPath(id, "/cam"), request, signal)).json()) as Cam;
  },
  async edit(id: string, what: RunChange): Promise<RunSummary> {
    return (await (await change("PATCH", runPath(id), what)).json()) as RunSummary;
  },
  async remove(id: string): Promise<void> {
    await change("DELETE", runPath(id));
  },
  exportPath: (id: string, what: "csv" | "json" | "csv?table=layers"): string =>
    runPath(id, `/export.${what}`),
  /** @param runs Each with the row that comes next. */
  eventsPath: (runs: readonly (readonly [string, number])[]): string =>
    `api/events?${new URLSearchParams(runs.map(([id, from]) => ["of", `${id}:${from}`]))}`,
};

export { isAbort };
