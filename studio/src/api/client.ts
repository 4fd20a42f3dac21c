/**
 * Every request of the page, typed by the protocol. A failure is always an {@link ApiFailure}, whose message is the
 * server's own sentence; `offline` tells that no server answered at all.
 */
import type {
  ApiError,
  Cam,
  CamRequest,
  Errors,
  Maps,
  MapsRequest,
  ProbeImages,
  RunChange,
  RunDetail,
  RunList,
  RunSummary,
  StepColumns,
  Strip,
  StripKind,
  Topics,
} from "../../../src/studio/protocol.ts";

export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, { error, message }: ApiError) {
    super(message);
    this.name = "ApiFailure";
    this.status = status;
    this.code = error;
  }

  /** No server answered. */
  get offline(): boolean {
    return this.status === 0;
  }
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

async function failureOf(response: Response): Promise<ApiFailure> {
  const fallback: ApiError = {
    error: "unreadable-answer",
    message: `${response.url} answered ${response.status} ${response.statusText} without a reason.`,
  };
  try {
    const body = (await response.json()) as Partial<ApiError>;
    if (typeof body.message !== "string") return new ApiFailure(response.status, fallback);
    return new ApiFailure(response.status, { error: body.error ?? "unknown", message: body.message });
  } catch {
    return new ApiFailure(response.status, fallback);
  }
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiFailure(0, { error: "offline", message: String(error) });
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

export interface StripQuery {
  readonly layer: string;
  readonly kind: StripKind;
  readonly columns: number;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export const api = {
  runs: (): Promise<RunList> => get("api/runs"),
  topics: (): Promise<Topics> => get("api/topics"),
  run: (id: string): Promise<RunDetail> => get(runPath(id)),
  steps: (id: string, from: number): Promise<StepColumns> => get(runPath(id, `/steps?from=${from}`)),
  strip(id: string, { layer, kind, columns, from, to }: StripQuery, signal: AbortSignal): Promise<Strip> {
    const query = new URLSearchParams({ layer, kind, columns: String(columns) });
    if (from !== undefined) query.set("from", String(from));
    if (to !== undefined) query.set("to", String(to));
    return get(runPath(id, `/strips?${query}`), signal);
  },
  probe: (id: string): Promise<ProbeImages> => get(runPath(id, "/probe")),
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
  exportPath: (id: string, format: "csv" | "json"): string => runPath(id, `/export.${format}`),
  eventsPath: (id: string, from: number): string => runPath(id, `/events?from=${from}`),
};

export { isAbort };
