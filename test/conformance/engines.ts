/**
 * The engines that must agree. In all of them every program is verified before it is compiled.
 */
import { Engine } from "../../src/engine/engine.ts";
import { verifyProgram } from "../../src/kernel/verify.ts";
import type { Device } from "../../src/runtime/device.ts";
import { createInterpreterDevice } from "../../src/runtime/interpreter-device.ts";
import { createWasmDevice } from "../../src/runtime/wasm/device.ts";

/** The device, refusing programs that break the rules of the kernel IR. */
function verified(device: Device): Device {
  const compile = device.compile.bind(device);
  device.compile = (program) => {
    verifyProgram(program);
    return compile(program);
  };
  return device;
}

/** Every engine: the interpreter scheduled for several vector widths, wasm on one thread and on two. */
export const engines: Readonly<Record<string, () => Engine>> = {
  "wasm, 1 thread": () => new Engine(verified(createWasmDevice({ threads: 1 }))),
  "wasm, 2 threads": () => new Engine(verified(createWasmDevice({ threads: 2 }))),
  "interpreter, 1 lane": () => new Engine(verified(createInterpreterDevice({ lanes: 1 }))),
  "interpreter, 4 lanes": () => new Engine(verified(createInterpreterDevice({ lanes: 4 }))),
  "interpreter, 16 lanes": () => new Engine(verified(createInterpreterDevice({ lanes: 16 }))),
};
