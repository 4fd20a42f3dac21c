/**
 * What the formats of `tatami export` are made of.
 */
import { io } from "../index.ts";
import type { BuiltModel } from "./build.ts";
import type { TrainSettings } from "./settings.ts";

/** A run as it is exported. */
export interface ExportedRun {
  /** Its folder. */
  readonly path: string;
  readonly settings: TrainSettings;
  /** With the learned weights. */
  readonly model: BuiltModel;
  /** The whole state of the training that these weights belong to; undefined where none is left. */
  readonly state: io.CheckpointValue | undefined;
}

/** The files of a format, by name. */
export type ExportedFiles = Readonly<Record<string, string | Uint8Array>>;

/** The weights under PyTorch's names, as Hugging Face's tools expect them. */
export function weightsFile(model: BuiltModel): Promise<Uint8Array> {
  return io.saveSafetensors(model.stateDict(), { metadata: { format: "pt" } });
}
