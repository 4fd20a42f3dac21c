/** The machine's measured peak, as a bench that takes turns with the kernels it is compared to. */
import { arithmeticKernel, makeProbe } from "../src/engine/machine-peak.ts";
import type { Device } from "../src/runtime/device.ts";
import { clock, type Timed } from "./timing.ts";

/** Runs of the probe in a row, some 30 milliseconds: after a pause the system takes some to give each thread a core. */
const runs = 10;

/** Several runs of the probe, and the operations that they do. */
export function peakProbe(device: Device, chains: number): { run: Timed; flops: number } {
  const kernel = arithmeticKernel(device, chains);
  const probe = makeProbe(device, kernel);
  const all = async (): Promise<void> => {
    for (let i = 0; i < runs; i++) await probe.run();
  };
  return { run: () => clock(all), flops: runs * kernel.flops };
}
