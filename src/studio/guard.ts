/**
 * Which requests are answered at all. The server is for the browser on this machine: a page from elsewhere must not read
 * runs through it, by a name that leads here (DNS rebinding) or otherwise.
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ErrorCode } from "./protocol.ts";

/** Why a request is refused. */
export interface Refusal {
  readonly status: 400 | 403 | 405 | 414;
  readonly error: ErrorCode;
  readonly message: string;
}

/** The parts of a request that decide. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

const methods: readonly string[] = ["GET", "HEAD", "POST", "PATCH", "DELETE"];
const longestUrl = 2000;

/** @param port The one that the server listens at. */
export function refusalOf({ method = "", url = "", headers }: RequestHead, port: number): Refusal | null {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? "")) {
    return {
      status: 403,
      error: "foreign-host",
      message: `The studio answers at http://${hosts[0]} only; open that address.`,
    };
  }
  const { origin } = headers;
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) {
    return {
      status: 403,
      error: "foreign-origin",
      message: "A page from elsewhere asked; the studio answers its own page only.",
    };
  }
  if (url.length > longestUrl) {
    return {
      status: 414,
      error: "bad-request",
      message: `The address is longer than ${longestUrl} characters.`,
    };
  }
  if (!url.startsWith("/")) {
    return { status: 400, error: "bad-request", message: "The address must begin with a slash." };
  }
  if (!methods.includes(method)) {
    return { status: 405, error: "bad-request", message: `There are ${methods.join(", ")}.` };
  }
  // Browsers send it with everything; a link from elsewhere may open the page, but reads nothing.
  if (headers["sec-fetch-site"] === "cross-site" && headers["sec-fetch-mode"] !== "navigate") {
    return {
      status: 403,
      error: "foreign-origin",
      message: "A page from elsewhere asked; the studio answers its own page only.",
    };
  }
  return null;
}

/** Whether a header holds the token. Takes as long whatever is wrong with it. */
export function isToken(given: string | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** On every answer. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; " +
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
