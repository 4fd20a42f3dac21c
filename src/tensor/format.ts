/**
 * Tensors as text, the way PyTorch prints them.
 */
import { type DType, isFloat, type TypedArray } from "../base/dtype.ts";
import { type Shape, sizeOf } from "../base/shape.ts";

/** Tensors of more elements than this are shortened. */
const summarizeFrom = 1000;
/** Elements shown at each end of a shortened axis. */
const edge = 3;

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
  const short = sizeOf(shape) > summarizeFrom;
  const text = elementFormatter(data, dtype);
  const width =
    shape.length === 0 ? 0 : Math.max(0, ...visible(data, shape, short).map((v) => text(v).length));
  const render = (depth: number, start: number, count: number): string => {
    if (depth === shape.length) return text(data[start] as number).padStart(width);
    const size = shape[depth] as number;
    const step = size === 0 ? 0 : count / size;
    const parts: string[] = [];
    for (let i = 0; i < size; i++) {
      if (short && size > 2 * edge && i === edge) {
        parts.push("...");
        i = size - edge;
      }
      parts.push(render(depth + 1, start + i * step, step));
    }
    const last = depth === shape.length - 1;
    const gap = "\n".repeat(Math.max(1, shape.length - depth - 1)) + " ".repeat(depth + 8);
    return `[${parts.join(last ? ", " : `,${gap}`)}]`;
  };
  return render(0, 0, sizeOf(shape));
}

/** The elements that are printed, which decide the width of a column. */
function visible(data: TypedArray, shape: Shape, short: boolean): number[] {
  if (!short) return Array.from(data);
  const inner = shape[shape.length - 1] ?? 1;
  const out: number[] = [];
  const rows = data.length / Math.max(inner, 1);
  for (let r = 0; r < rows; r++) {
    if (rows > 2 * edge && r === edge) r = rows - edge;
    for (let i = 0; i < inner; i++) {
      if (inner > 2 * edge && i === edge) i = inner - edge;
      out.push(data[r * inner + i] as number);
    }
  }
  return out;
}

function elementFormatter(data: TypedArray, dtype: DType): (v: number) => string {
  if (dtype === "bool") return (v) => (v === 0 ? "false" : "true");
  if (!isFloat(dtype)) return String;
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let whole = true;
  for (const v of data) {
    if (!Number.isFinite(v) || v === 0) continue;
    largest = Math.max(largest, Math.abs(v));
    smallest = Math.min(smallest, Math.abs(v));
    if (!Number.isInteger(v)) whole = false;
  }
  const scientific = largest >= 1e8 || (smallest < 1e-4 && !whole) || (largest / smallest > 1000 && !whole);
  return (v) => {
    if (Number.isNaN(v)) return "nan";
    if (!Number.isFinite(v)) return v > 0 ? "inf" : "-inf";
    if (scientific) return v.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");
    return whole ? `${v}.` : v.toFixed(4);
  };
}
