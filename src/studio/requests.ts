/**
 * What requests may say: their values read and checked, and what is wrong with them in words.
 */
import { checkChange } from "./notes.ts";
import type { CamRequest, ImageChoice, MapsRequest, RunChange, StripKind, StripName } from "./protocol.ts";

/** A request that cannot be carried out as it is; goes to the page as it is. */
export class RequestError extends Error {}

/** A whole number of the query. */
export function wholeNumber(
  query: Readonly<Record<string, string>>,
  name: string,
  options: { readonly most?: number; readonly otherwise: number },
): number {
  const { most = Number.MAX_SAFE_INTEGER, otherwise } = options;
  const text = query[name];
  if (text === undefined) return otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value <= most) return value;
  throw new RequestError(`"${name}" must be a whole number from 0 to ${most}`);
}

const kinds: readonly StripKind[] = ["activations", "gradients", "updates"];

/** Strips of one request: a page has no more in view. */
const mostStrips = 24;

/** @param texts As `KIND:LAYER`. */
export function stripNames(texts: readonly string[] = []): readonly StripName[] {
  if (texts.length === 0 || texts.length > mostStrips) {
    throw new RequestError(`"of" must be there 1 to ${mostStrips} times; it is there ${texts.length} times`);
  }
  return texts.map((text) => {
    const kind = kinds.find((one) => text.startsWith(`${one}:`));
    if (kind !== undefined) return { kind, layer: text.slice(kind.length + 1) };
    throw new RequestError(
      `"of" must be a kind and a layer, such as ${kinds[0]}:features.0; kinds: ${kinds.join(", ")}`,
    );
  });
}

/** Runs that one page follows. */
const mostFollowed = 64;

/** @param texts As `ID:FROM`, the row that comes next. */
export function followedRuns(
  texts: readonly string[] = [],
): readonly { readonly id: string; readonly from: number }[] {
  if (texts.length === 0 || texts.length > mostFollowed) {
    throw new RequestError(
      `"of" must be there 1 to ${mostFollowed} times; it is there ${texts.length} times`,
    );
  }
  return texts.map((text) => {
    const colon = text.lastIndexOf(":");
    if (colon < 1) throw new RequestError('"of" must be a run and a row, such as 20260131-094501-digits:0');
    return {
      id: text.slice(0, colon),
      from: wholeNumber({ of: text.slice(colon + 1) }, "of", { otherwise: 0 }),
    };
  });
}

export function runChange(body: unknown): RunChange {
  const change = checkChange(body);
  if (typeof change === "string") throw new RequestError(change);
  return change;
}

export function mapsRequest(body: unknown): MapsRequest {
  const { layer, filters = false, ...rest } = record(body);
  if (typeof layer !== "string" || layer.length > 500)
    throw new RequestError('"layer" must be a path in the model');
  if (typeof filters !== "boolean") throw new RequestError('"filters" must be true or false');
  return { layer, filters, ...stepAndImage(rest) };
}

export function camRequest(body: unknown): CamRequest {
  const { target, ...rest } = record(body);
  if (target !== undefined && !isIndex(target))
    throw new RequestError('"target" must be the index of a class');
  return { ...stepAndImage(rest), ...(isIndex(target) ? { target } : {}) };
}

function stepAndImage({ step, image }: Readonly<Record<string, unknown>>): {
  readonly step: number;
  readonly image: ImageChoice;
} {
  if (!isIndex(step)) throw new RequestError('"step" must be a whole number of 0 or more');
  return { step, image: imageChoice(image) };
}

function imageChoice(value: unknown): ImageChoice {
  const { index, file } = record(value);
  if (isIndex(index) && file === undefined) return { index };
  if (typeof file === "string" && index === undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(file)) return { file };
  throw new RequestError(
    '"image" must be {"index": N}, or {"file": "..."} with a PNG, JPEG or WebP file in base64',
  );
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new RequestError("expected an object");
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
