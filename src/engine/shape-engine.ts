/**
 * An engine that computes nothing: operations are recorded and their shapes known, which is enough to follow a model.
 */
import { EngineError } from "../base/errors.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { Engine } from "./engine.ts";

/** Refuses to compute. Put it in use only as long as shapes are asked for. */
export class ShapeEngine extends Engine {
  readonly #refusal: string;

  /** @param refusal what to say where a value is read */
  constructor(
    refusal = "nothing is computed here, only shapes are followed: a model that reads values in forward cannot be summarised",
  ) {
    super(createInterpreterDevice({}));
    this.#refusal = refusal;
  }

  override made(): void {}

  protected override elsewhere(): EngineError {
    return new EngineError(this.#refusal);
  }

  override initialize(): void {}

  override flush(): Promise<void> {
    return Promise.reject(new EngineError(this.#refusal));
  }

  override advance(): Promise<void> {
    return this.flush();
  }

  override flushSync(): void {
    throw new EngineError(this.#refusal);
  }
}
