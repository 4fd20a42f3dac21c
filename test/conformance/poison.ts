/** Devices that hold NaN wherever nobody has written yet. */
import { constant, int, Locals, loop, store, use } from "../../src/kernel/build.ts";
import type { Kernel, Stmt } from "../../src/kernel/ir.ts";
import { launchBytes } from "../../src/kernel/program.ts";
import type { Device } from "../../src/runtime/device.ts";

/** The device, on which every program finds NaN in its arena and its scratch memory. */
export function withPoisonedMemory(device: Device): Device {
  const run = device.run.bind(device);
  device.run = (executable, arena, slots) => {
    device.view("float32", arena, launchBytes(executable.program, device.threads) / 4).fill(Number.NaN);
    return run(executable, arena, slots);
  };
  return device;
}

/** The device, on which also every chunk finds NaN in its scratch memory. */
export function withPoisonedChunks(device: Device): Device {
  const compile = device.compile.bind(device);
  device.compile = (program) =>
    compile({ ...program, kernels: program.kernels.map((kernel) => withPoisonedScratch(kernel)) });
  return withPoisonedMemory(device);
}

/** Locals of a kernel have lower numbers. */
const firstLocal = 1_000_000;

function withPoisonedScratch(kernel: Kernel): Kernel {
  const locals = new Locals(firstLocal);
  const fills = kernel.buffers.flatMap(({ access, size }, buffer): Stmt[] => {
    if (access !== "scratch") return [];
    const i = locals.local("i", "i32");
    return [loop(i, int(0), int(size), 1, [store(buffer, use(i), constant(Number.NaN, "f32"))])];
  });
  return { ...kernel, body: [...fills, ...kernel.body] };
}
