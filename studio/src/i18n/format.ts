/** Numbers, times and dates as text. Numbers of measurements look the same in every language, so that they compare. */

/** Four significant digits, and an exponent where plain digits would be long. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e6 || size < 1e-3 ? value.toExponential(2).replace("e+", "e") : trimmed(value.toPrecision(4));
  return text.replaceAll("-", "−");
}

/** A value in seven signs at most, for the narrow place beside a strip. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) return formatValue(value);
  const isPlain = size >= 0.01 && size < 1e4;
  const text = isPlain ? String(Number(value.toPrecision(3))) : value.toExponential(1).replace("e+", "e");
  return text.replaceAll("-", "−");
}

/** As `formatValue`, without zeros at the end: for numbers that were set rather than measured. */
export function formatPlain(value: number): string {
  return formatValue(value).replace(/(\.\d*?)0+(?=e|$)/, (_, digits: string) =>
    digits === "." ? "" : digits,
  );
}

/** A share along an axis: as many digits as it needs. */
export const formatShareTick = (value: number): string => `${Number((100 * value).toFixed(3))}%`;

const trimmed = (digits: string): string => (digits.includes("e") ? String(Number(digits)) : digits);

/** A share as per cent with one digit behind the point. */
export const formatShare = (value: number): string =>
  Number.isFinite(value) ? `${(100 * value).toFixed(1)}%` : formatValue(value);

/** A whole number with the thousands apart. */
export const formatCount = (value: number): string => Math.round(value).toLocaleString("en");

/** A rate: whole where it is large enough. */
export const formatRate = (value: number): string =>
  Number.isFinite(value) ? (value >= 100 ? formatCount(value) : value.toFixed(1)) : "–";

/** 7 s, 3:05, 2:04:09. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** 2026-03-09 14:05, in the reader's time zone. */
export function formatDate(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** One step, or the first and last of several. */
export const formatSteps = (first: number, last: number): string =>
  first === last ? formatCount(first) : `${formatCount(first)}–${formatCount(last)}`;
