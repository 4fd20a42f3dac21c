/** Bytes that a reader is given. */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../nn/arguments.ts";

/**
 * The same bytes as a plain Uint8Array, without a copy. A Buffer of Node is one by type, but its `slice` shares memory
 * where that of every other array copies.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Checks what a reader is called with: a path or a response is not its bytes.
 *
 * @param file What reads a file of this name, under Node.
 * @throws ArgumentError naming what was given and how to come by the bytes
 */
export function checkBytes(
  bytes: unknown,
  options: object,
  names: readonly string[],
  owner: string,
  file: string,
): void {
  checkOptions(options, names, owner);
  if (bytes instanceof Uint8Array) return;
  throw new ArgumentError(`${owner}: bytes is ${given(bytes)}; ${fixFor(bytes, file)}`, { bytes });
}

function given(value: unknown): string {
  if (value instanceof ArrayBuffer) return "an ArrayBuffer";
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 80))}`;
  if (typeof value !== "object" || value === null)
    return value === undefined ? "undefined" : `a ${typeof value}`;
  return `a ${value.constructor?.name ?? "plain object"}`;
}

function fixFor(value: unknown, file: string): string {
  if (value instanceof ArrayBuffer) return "pass new Uint8Array(buffer)";
  if (value instanceof Promise) return "await it first";
  if (value instanceof Blob) return "pass await readBytes(file)";
  return `pass the file's bytes as a Uint8Array; ${file}`;
}
