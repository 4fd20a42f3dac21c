/**
 * `tatami doctor`: which engines this machine gets, and why.
 */
import { createEngine, EngineError, hostFeatures, zeros } from "../index.ts";
import { textTable } from "../train/index.ts";
import { chooseEngine, type EngineChoice } from "./engine.ts";
import type { Output } from "./output.ts";
import { packageVersion } from "./package-version.ts";

export async function doctor(options: EngineChoice, output: Output): Promise<void> {
  const { device } = chooseEngine(options);
  const features = hostFeatures();
  // One sum through the whole engine: that it starts is the best evidence that it works.
  const works = (await zeros([4]).add(1).sum().item()) === 4;
  const native = await findNative();
  const facts = {
    tatami: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cores: features.cores,
    engine: device.name,
    threads: device.threads,
    simd: features.simd,
    relaxedSimd: features.relaxedSimd,
    sharedMemory: features.sharedMemory,
    native: native.works,
    works,
  };
  const notes = [...new Set([...device.notes, native.note])];
  output.event("doctor", { ...facts, notes });
  const yes = (value: unknown): string =>
    typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  for (const row of textTable(Object.entries(facts).map(([name, value]) => [name, yes(value)])))
    output.line(row);
  output.line();
  for (const note of notes) output.line(note);
}

/** Whether programs that come again and again can go over to native code; with which compiler, or what is missing. */
async function findNative(): Promise<{ works: boolean; note: string }> {
  try {
    const engine = createEngine({ engine: "native", threads: 1 });
    const note = engine.device.notes.join(" ");
    await engine.close();
    return { works: true, note };
  } catch (error) {
    if (error instanceof EngineError) return { works: false, note: error.message };
    throw error;
  }
}
