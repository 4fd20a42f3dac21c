/** Files of which only parts are read: in memory, chosen by a user, or on a server. */
import { checkResponse } from "./byte-source.ts";
import { ArgumentError, FileFormatError } from "./errors.ts";

/** A file whose parts can be read in any order. */
export interface RandomAccess {
  /** What messages call it, such as a path. */
  readonly source: string;
  readonly byteLength: number;
  /** Bytes from `start` up to `end`; both lie in the file. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Where such a file can be: in memory, in a `File` or `Blob`, or at an address whose server answers to ranges. */
export type RandomAccessSource = RandomAccess | Uint8Array | ArrayBuffer | Blob | URL;

/** @param name What messages call a source that has no name. */
export async function openSource(source: RandomAccessSource, name: string): Promise<RandomAccess> {
  if (source instanceof Uint8Array) return inMemory(source, name);
  if (source instanceof ArrayBuffer) return inMemory(new Uint8Array(source), name);
  if (source instanceof Blob) {
    const called = source instanceof File && source.name !== "" ? source.name : name;
    const read = async (start: number, end: number): Promise<Uint8Array> =>
      new Uint8Array(await source.slice(start, end).arrayBuffer());
    return { source: called, byteLength: source.size, read };
  }
  if (source instanceof URL) return openAddress(source);
  if (typeof source === "object" && source !== null && typeof source.read === "function") return source;
  throw new ArgumentError(
    `${name}: the source is ${typeof source === "string" ? `the text ${JSON.stringify(source)}` : typeof source}; give bytes, a File or ` +
      "Blob, or new URL(address); folders and paths are read by the functions of tatamijs/node",
    { source },
  );
}

function inMemory(bytes: Uint8Array, source: string): RandomAccess {
  return { source, byteLength: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** A file on a server, read range by range; a server that gives all of it at once is asked only once. */
async function openAddress(url: URL): Promise<RandomAccess> {
  const source = url.href;
  const first = await get(url, 0, 1);
  const total = /\/(\d+)$/.exec(first.headers.get("Content-Range") ?? "")?.[1];
  if (first.status !== 206 || total === undefined) {
    return inMemory(new Uint8Array(await first.arrayBuffer()), source);
  }
  await first.arrayBuffer();
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    if (start >= end) return new Uint8Array();
    const bytes = new Uint8Array(await (await get(url, start, end)).arrayBuffer());
    if (bytes.length === end - start) return bytes;
    throw new FileFormatError(
      `${source}: the server gave ${bytes.length} bytes where ${end - start} were asked for; try again`,
      { source, start, end },
    );
  };
  return { source, byteLength: Number(total), read };
}

async function get(url: URL, start: number, end: number): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { Range: `bytes=${start}-${end - 1}` } });
  } catch (cause) {
    throw new FileFormatError(
      `${url.href}: the server cannot be reached; check the address, and that it may be read from this page`,
      { source: url.href },
      { cause },
    );
  }
  checkResponse(response, url.href);
  return response;
}
