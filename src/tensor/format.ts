/**
 * Tensors as text, the way PyTorch prints them.
 */
import { type DType, isFloat, type TypedArray } from "../base/dtype.ts";
import { type Shape, sizeOf } from "../base/shape.ts";

/** Tensors of more elements than this are shortened. */
const summarizeFrom = 1000;
/** Elements shown at each end of a shortened axis. */
const edge = 3;
/** Columns of a line, and those that `tensor(` takes. */
const lineWidth = 80;
const opening = 7;

/** `tensor([[1., 2.], [3., 4.]])`, or the shape alone while the value is not known. */
export function formatTensor(
  data: TypedArray | null,
  shape: Shape,
  dtype: DType,
  requiresGrad: boolean,
): string {
  const notes = [
    ...(data === null ? [`shape=[${shape.join(", ")}]`] : []),
    ...(dtype === "float32" || (dtype === "bool" && data !== null) ? [] : [`dtype=${dtype}`]),
    ...(requiresGrad ? ["requiresGrad=true"] : []),
  ];
  const body = data === null ? "<not computed yet>" : formatElements(data, shape, dtype);
  return `tensor(${[body, ...notes].join(", ")})`;
}

function formatElements(data: TypedArray, shape: Shape, dtype: DType): string {
  if (data.length === 0) return shape.length === 1 ? "[]" : `[], size=(${shape.join(", ")})`;
  const short = data.length > summarizeFrom;
  const shown = visible(data, shape, short);
  const text = elementFormatter(shown, dtype);
  const width = Math.max(
    1,
    ...shown.filter((v) => !isFloat(dtype) || countsForWidth(v)).map((v) => text(v).length),
  );
  const perLine = Math.max(1, Math.floor((lineWidth - opening - shape.length) / (width + 2)));
  const render = (depth: number, start: number): string => {
    const element = (v: number): string => text(v).padStart(width);
    if (depth === shape.length) return text(data[start] as number);
    const step = sizeOf(shape.slice(depth + 1));
    const last = depth === shape.length - 1;
    const parts = positions(shape[depth] as number, short).map((i) => {
      if (i === null) return last ? " ..." : "...";
      return last ? element(data[start + i] as number) : render(depth + 1, start + i * step);
    });
    const margin = " ".repeat(opening + depth + 1);
    if (!last) return `[${parts.join(`,${"\n".repeat(shape.length - depth - 1)}${margin}`)}]`;
    const lines = Array.from({ length: Math.ceil(parts.length / perLine) }, (_, l) =>
      parts.slice(l * perLine, (l + 1) * perLine).join(", "),
    );
    return `[${lines.join(`,\n${margin}`)}]`;
  };
  return render(0, 0);
}

/** Zeros, infinities and NaN take the width of the others, as in PyTorch. */
const countsForWidth = (v: number): boolean => v !== 0 && Number.isFinite(v);

/** Positions shown along an axis; null stands for those left out. */
function positions(size: number, short: boolean): (number | null)[] {
  if (!short || size <= 2 * edge) return Array.from({ length: size }, (_, i) => i);
  const ends = Array.from({ length: edge }, (_, i) => i);
  return [...ends, null, ...ends.map((i) => size - edge + i)];
}

/** The elements that are printed, which decide how. */
function visible(data: TypedArray, shape: Shape, short: boolean): number[] {
  if (!short) return Array.from(data);
  let starts = [0];
  shape.forEach((size, d) => {
    const step = sizeOf(shape.slice(d + 1));
    const along = positions(size, short).filter((i) => i !== null);
    starts = starts.flatMap((start) => along.map((i) => start + i * step));
  });
  return starts.map((at) => data[at] as number);
}

/** How elements are written: whole numbers with a point, fractions with 4 digits, a wide range with exponents. */
function elementFormatter(shown: readonly number[], dtype: DType): (v: number) => string {
  if (dtype === "bool") return (v) => (v === 0 ? "false" : "true");
  if (!isFloat(dtype)) return String;
  const sizes = shown.filter(countsForWidth).map(Math.abs);
  const largest = Math.max(...sizes);
  const smallest = Math.min(...sizes);
  const whole = sizes.every(Number.isInteger);
  const scientific =
    sizes.length > 0 && (largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4));
  return (v) => {
    if (Number.isNaN(v)) return "nan";
    if (!Number.isFinite(v)) return v > 0 ? "inf" : "-inf";
    if (scientific) return v.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");
    return whole ? `${v}.` : v.toFixed(4);
  };
}
