/**
 * `recording.json` in the folder of a run: what readers have to know about a recording beside its numbers.
 */
export const recordingFile = "recording.json";

/** What recording.json says. */
export interface RecordingInfo {
  readonly version: 1;
  /** Epochs of the whole training. */
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Every how many steps layers are recorded. */
  readonly every: number;
  /** Names of the classes; empty where there are none. */
  readonly classes: readonly string[];
}

/** Reads recording.json; null where it is none. */
export function parseRecording(text: string): RecordingInfo | null {
  try {
    const value = JSON.parse(text) as Partial<RecordingInfo> | null;
    const { epochs, stepsPerEpoch, every, classes } = value ?? {};
    const sound =
      value?.version === 1 &&
      [epochs, stepsPerEpoch, every].every((n) => Number.isSafeInteger(n) && Number(n) >= 0) &&
      Array.isArray(classes) &&
      classes.every((name) => typeof name === "string");
    return sound ? (value as RecordingInfo) : null;
  } catch {
    return null;
  }
}
