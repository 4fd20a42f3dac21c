/**
 * The same bytes as a plain Uint8Array, without a copy. A Buffer of Node is one by type, but its `slice` shares memory
 * where that of every other array copies.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
