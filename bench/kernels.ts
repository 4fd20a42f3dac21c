/**
 * Single operations whose limit is arithmetic: a square matrix product and a convolution. Operands stay in device
 * memory; the result is summed to one number, so that no copy to the host is timed.
 */
import { currentEngine } from "../src/engine/default.ts";
import { randn, type Tensor } from "../src/index.ts";
import * as F from "../src/nn/functional.ts";
import { clock, type Timed } from "./timing.ts";

export interface KernelBench {
  readonly name: string;
  readonly flops: number;
  readonly run: Timed;
}

async function onDevice(t: Tensor): Promise<Tensor> {
  t.persist();
  await currentEngine().flush();
  return t;
}

async function timeOf(make: () => Tensor): Promise<number> {
  const result = make().sum();
  return clock(() => result.item());
}

/** 1024 x 1024 times 1024 x 1024. */
export async function matmul1024(): Promise<KernelBench> {
  const a = await onDevice(randn([1024, 1024]));
  const b = await onDevice(randn([1024, 1024]));
  return { name: "matmul 1024", flops: 2 * 1024 ** 3, run: () => timeOf(() => a.matmul(b)) };
}

/** 32 images of 128 channels and 16 x 16 pixels, 128 kernels of 3 x 3, padding 1. */
export async function conv128(): Promise<KernelBench> {
  const x = await onDevice(randn([32, 128, 16, 16]));
  const w = await onDevice(randn([128, 128, 3, 3]));
  const flops = 2 * 32 * 16 * 16 * 128 * 128 * 9;
  return {
    name: "conv N32 C128 16x16 O128 3x3",
    flops,
    run: () => timeOf(() => F.conv2d(x, w, { padding: 1 })),
  };
}
