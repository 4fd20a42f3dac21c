/** The machine's measured peak, as a bench that takes turns with the kernels it is compared to. */
import { arithmeticKernel, makeProbe } from "../src/engine/machine-peak.ts";
import type { Device } from "../src/runtime/device.ts";
import { clock, type Timed } from "./timing.ts";

/** One run of the probe, and the operations that it does. */
export function peakProbe(device: Device, chains: number): { run: Timed; flops: number } {
  const kernel = arithmeticKernel(device, chains);
  const probe = makeProbe(device, kernel);
  return { run: () => clock(() => probe.run()), flops: kernel.flops };
}
