import { nativeOrNull } from "../../src/engine/default.ts";
import { Engine } from "../../src/engine/engine.ts";
import { createWasmDevice } from "../../src/runtime/wasm/device.ts";

/** The automatic engine, whose programs go over to native code at their twentieth run however quick they are. */
export function goingOver(threads: number): Engine {
  const device = createWasmDevice({ threads });
  return new Engine(device, { faster: () => nativeOrNull(device), fasterAt: () => 20 });
}
