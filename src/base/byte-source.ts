/** Bytes from wherever a host has them: memory, a file that a user chose, the answer of a server. */
import { ArgumentError, FileFormatError } from "./errors.ts";

/** What bytes can be read from. A `File` is a `Blob`; a `Response` is what `fetch` gives. */
export type ByteSource = Uint8Array | ArrayBuffer | Blob | Response;

/** A value as messages name it. */
function described(value: unknown): string {
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 80))}`;
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name ?? "plain object"}`;
  return typeof value;
}

/** Name of a source for messages: that of the file, or the address. */
export function nameOfSource(source: unknown, fallback: string): string {
  if (typeof File !== "undefined" && source instanceof File && source.name !== "") return source.name;
  if (typeof Response !== "undefined" && source instanceof Response && source.url !== "") return source.url;
  return fallback;
}

/** @throws FileFormatError when the server's answer is an error page, which would be read as the file. */
export function checkResponse(response: Response, name: string): void {
  if (response.ok) return;
  throw new FileFormatError(
    `${name}: the server answered ${response.status} ${response.statusText}`.trimEnd() +
      "; check the address and that the file may be read from this page",
    { source: name, status: response.status },
  );
}

/**
 * All bytes of a file that a user chose (`File`), of a `Blob`, or of what `fetch` gave, for the readers that take bytes.
 *
 * @param source Bytes are given back as they are, without a copy.
 * @throws ArgumentError when it is none of these; FileFormatError when the server answered with an error
 * @example
 * const file = new File([await io.saveNpy(arange(3))], "numbers.npy"); // such as input.files[0], or await fetch(url)
 * io.loadNpy(await io.readBytes(file)); // [0, 1, 2]
 */
export async function readBytes(source: ByteSource | Promise<ByteSource>): Promise<Uint8Array> {
  const given = await source;
  if (given instanceof Uint8Array) return given;
  if (given instanceof ArrayBuffer) return new Uint8Array(given);
  if (typeof Blob !== "undefined" && given instanceof Blob) return new Uint8Array(await given.arrayBuffer());
  if (typeof Response !== "undefined" && given instanceof Response) {
    checkResponse(given, nameOfSource(given, "readBytes"));
    return new Uint8Array(await given.arrayBuffer());
  }
  throw new ArgumentError(
    `readBytes: source is ${described(given)}; give a Uint8Array, an ArrayBuffer, a File or Blob, or what fetch(url) gives ` +
      "(a path is read by the functions of tatamijs/node)",
    { source: given },
  );
}
