/** Elements of raw bytes brought into row-major order, whatever their type. */
import { type Shape, sizeOf } from "../base/shape.ts";

/** Where elements lie: offset and strides count elements of `itemSize` bytes. */
export interface StridedLayout {
  readonly itemSize: number;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

type Items = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

function itemsOver(itemSize: number, buffer: ArrayBufferLike, byteOffset: number, length: number): Items {
  if (itemSize === 1) return new Uint8Array(buffer, byteOffset, length);
  if (itemSize === 2) return new Uint16Array(buffer, byteOffset, length);
  if (itemSize === 4) return new Uint32Array(buffer, byteOffset, length);
  return new BigUint64Array(buffer, byteOffset, length);
}

/**
 * The elements in row-major order. The caller has checked that they all lie inside of `bytes`, which begin at a multiple
 * of the element size in their buffer.
 */
export function gather(bytes: Uint8Array, { itemSize, offset, shape, strides }: StridedLayout): Uint8Array {
  const from = itemsOver(itemSize, bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / itemSize));
  const length = sizeOf(shape);
  const out = new Uint8Array(length * itemSize);
  const to = itemsOver(itemSize, out.buffer, 0, length);
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < length; i++) {
    to[i] = from[at] as never;
    for (let d = shape.length - 1; d >= 0; d--) {
      const stride = strides[d] as number;
      const next = (index[d] as number) + 1;
      at += stride;
      if (next < (shape[d] as number)) {
        index[d] = next;
        break;
      }
      index[d] = 0;
      at -= next * stride;
    }
  }
  return out;
}
