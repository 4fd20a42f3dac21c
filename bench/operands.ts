/**
 * Sizes and values of the operands of single operations, the same for every library.
 */
import type { ConvJob, MatmulJob } from "./protocol.ts";

/** Operands are sines, so that every library makes the same: element `i` of operand `seed`. */
export const operandAt = (i: number, seed: number): number => Math.sin(i * 0.7 + seed);

export function operand(shape: readonly number[], seed: number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: size }, (_, i) => operandAt(i, seed));
}

/** Shapes of both operands as they lie in memory. */
export function matmulShapes({ m, k, n, transposed }: MatmulJob): [[number, number], [number, number]] {
  return [transposed[0] ? [k, m] : [m, k], transposed[1] ? [n, k] : [k, n]];
}

export interface ConvShapes {
  readonly input: [number, number, number, number];
  readonly weight: [number, number, number, number];
  readonly output: [number, number, number, number];
}

export function convShapes({
  batch,
  inside,
  out,
  groups,
  image,
  size,
  stride,
  padding,
}: ConvJob): ConvShapes {
  const edge = Math.floor((image + 2 * padding - size) / stride) + 1;
  return {
    input: [batch, inside, image, image],
    weight: [out, inside / groups, size, size],
    output: [batch, out, edge, edge],
  };
}

/** Multiplications and additions. Both gradients of a convolution have as many as its output. */
export function flopsOf(job: MatmulJob | ConvJob): number {
  if (job.kind === "matmul") return 2 * job.m * job.k * job.n;
  const { output } = convShapes(job);
  return 2 * output.reduce((a, b) => a * b, 1) * (job.inside / job.groups) * job.size ** 2;
}
