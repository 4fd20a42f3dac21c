/** How an engine works beyond its first device. */
import type { Program } from "../kernel/program.ts";
import type { BackgroundDevice } from "../runtime/native/device.ts";

export interface EngineSettings {
  /** Makes the device for programs that come again and again; by default there is none. */
  readonly faster?: () => BackgroundDevice | null;
  /** The run from which on a program goes to it. */
  readonly fasterAt?: (program: Program) => number;
  /** Whether sums are to be formed term by term; false by default. */
  readonly strict?: boolean;
}
