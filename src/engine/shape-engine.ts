/**
 * An engine that computes nothing: operations are recorded and their shapes known, which is enough to follow a model.
 */
import { EngineError } from "../base/errors.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { Engine } from "./engine.ts";

/** Refuses to compute. Put it in use only as long as shapes are asked for. */
export class ShapeEngine extends Engine {
  constructor() {
    super(createInterpreterDevice({}));
  }

  override made(): void {}

  override initialize(): void {}

  override flush(): Promise<void> {
    return Promise.reject(noValues());
  }

  override flushSync(): void {
    throw noValues();
  }
}

function noValues(): EngineError {
  return new EngineError(
    "nothing is computed here, only shapes are followed: a model that reads values in forward cannot be summarised",
  );
}
