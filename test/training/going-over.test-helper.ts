import { Engine } from "../../src/engine/engine.ts";
import { createNativeDevice } from "../../src/runtime/native/device.ts";
import { createWasmDevice } from "../../src/runtime/wasm/device.ts";

/** The automatic engine, whose programs go over to native code at their twentieth run however quick they are. */
export function goingOver(threads: number): Engine {
  const device = createWasmDevice({ threads });
  const native = () => {
    try {
      return createNativeDevice(device);
    } catch {
      return null;
    }
  };
  return new Engine(device, native, () => 20);
}
