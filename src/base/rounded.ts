/**
 * Rounding to significant digits.
 */

/** Powers of ten that are exact. */
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * A number to so many significant digits. `toPrecision`, whose text has to be read again, takes five times as long.
 *
 * @param digits Of 1 to 15.
 */
export function rounded(value: number, digits: number): number {
  if (value === 0) return value;
  const scale = powers[digits - 1 - Math.floor(Math.log10(Math.abs(value)))];
  // Very large or small, or no number.
  return scale === undefined ? Number(value.toPrecision(digits)) : Math.round(value * scale) / scale;
}
