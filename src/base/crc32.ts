/**
 * Cyclic redundancy checks of 32 bits, reflected, as files use them: that of zip and PNG, and Castagnoli's, which
 * TensorBoard's records carry.
 */

/** One table for each byte position: four bytes go in at a time. */
type Tables = readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/** @param polynomial its bits reversed, as usual for reflected checks */
function makeTables(polynomial: number): Tables {
  const first = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    first[i] = value;
  }
  const after = (table: Uint32Array): Uint32Array =>
    table.map((value) => (value >>> 8) ^ (first[value & 0xff] as number));
  const second = after(first);
  const third = after(second);
  return [first, second, third, after(third)];
}

const zipTables = makeTables(0xedb88320);
const castagnoliTables = makeTables(0x82f63b78);

/** The check of zip and PNG (ISO 3309). Parts: pass the check of what came before. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return update(zipTables, bytes, before);
}

/** CRC-32C (Castagnoli et al., 1993). */
export function crc32c(bytes: Uint8Array): number {
  return update(castagnoliTables, bytes, 0);
}

function update([t0, t1, t2, t3]: Tables, bytes: Uint8Array, before: number): number {
  let crc = ~before;
  let i = 0;
  for (const whole = bytes.length - 3; i < whole; i += 4) {
    crc ^= (bytes[i] as number) | ((bytes[i + 1] as number) << 8);
    crc ^= ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24);
    crc =
      (t3[crc & 0xff] as number) ^
      (t2[(crc >>> 8) & 0xff] as number) ^
      (t1[(crc >>> 16) & 0xff] as number) ^
      (t0[crc >>> 24] as number);
  }
  for (; i < bytes.length; i++) crc = (t0[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
