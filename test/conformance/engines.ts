/**
 * The engines that must agree. In all of them every program is verified before it is compiled.
 */
import { useEngine } from "../../src/engine/default.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { EngineSettings } from "../../src/engine/settings.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Program } from "../../src/kernel/program.ts";
import { verifyProgram } from "../../src/kernel/verify.ts";
import type { Device } from "../../src/runtime/device.ts";
import { createInterpreterDevice } from "../../src/runtime/interpreter-device.ts";
import { createNativeDevice } from "../../src/runtime/native/device.ts";
import { createWasmDevice } from "../../src/runtime/wasm/device.ts";
import { findCompiler } from "../setup/neighbours.ts";

/** The device, with a look at every program before it is compiled. */
export function watched(device: Device, look: (program: Program) => void): Device {
  const compile = device.compile.bind(device);
  device.compile = (program) => {
    look(program);
    return compile(program);
  };
  return device;
}

/** The device, refusing programs that break the rules of the kernel IR. */
export const verified = (device: Device): Device => watched(device, verifyProgram);

/**
 * An engine that gathers: what is asked for in one turn of the event loop is computed by one program. A compilation by
 * a C compiler takes a tenth of a second or more, however small the program, and there are thousands of samples: so
 * their tests start many of them at a time (`together.ts`), each of which goes its own way in everything else.
 */
class GatheringEngine extends Engine {
  #asked: Node[] = [];
  #turn: Promise<void> | null = null;

  override flush(extra: readonly Node[] = []): Promise<void> {
    this.#asked.push(...extra);
    this.#turn ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      const asked = this.#asked;
      this.#asked = [];
      this.#turn = null;
      return super.flush(asked);
    });
    return this.#turn;
  }
}

/** The native device, on which programs are verified; where there is no compiler, the test skips. */
export const nativeDevice = (threads = 2): Device =>
  verified(createNativeDevice(createWasmDevice({ threads })));

/** The native engine with two threads. */
export const nativeEngine = (): Engine => new GatheringEngine(nativeDevice());

/** Every device that compiles at once: the interpreter scheduled for several vector widths, wasm on one thread and on two. */
export const devices: Readonly<Record<string, () => Device>> = {
  "wasm, 1 thread": () => verified(createWasmDevice({ threads: 1 })),
  "wasm, 2 threads": () => verified(createWasmDevice({ threads: 2 })),
  "interpreter, 1 lane": () => verified(createInterpreterDevice({ lanes: 1 })),
  "interpreter, 4 lanes": () => verified(createInterpreterDevice({ lanes: 4 })),
  "interpreter, 16 lanes": () => verified(createInterpreterDevice({ lanes: 16 })),
};

const { missing } = findCompiler();

/** Those and native code, which lacks something where there is no compiler. */
export const devicesAndNative: readonly { label: string; make: () => Device; lacks?: string | undefined }[] =
  [
    ...Object.entries(devices).map(([label, make]) => ({ label, make })),
    { label: "native", make: nativeDevice, lacks: missing },
  ];

/** The engine of a device by its name. */
export function engineOn(label: string, settings?: EngineSettings): Engine {
  const make = devices[label];
  if (make === undefined) throw new Error(`no device "${label}"`);
  return new Engine(make(), settings);
}

/** What is computed on an engine that nobody needs any more then. */
export async function onEngine<T>(engine: Engine, compute: () => Promise<T>): Promise<T> {
  const before = useEngine(engine);
  try {
    return await compute();
  } finally {
    await engine.close();
    if (before !== null) useEngine(before);
  }
}

/** An engine on each of them. */
export const engines: Readonly<Record<string, () => Engine>> = Object.fromEntries(
  Object.keys(devices).map((label) => [label, () => engineOn(label)]),
);
