/**
 * `tatami doctor`: which engine this machine gets, and why.
 */
import { hostFeatures, zeros } from "../index.ts";
import { textTable } from "../train/index.ts";
import { chooseEngine, type EngineChoice } from "./engine.ts";
import type { Output } from "./output.ts";
import { packageVersion } from "./package-version.ts";

export async function doctor(options: EngineChoice, output: Output): Promise<void> {
  const { device } = chooseEngine(options);
  const features = hostFeatures();
  // One sum through the whole engine: that it starts is the best evidence that it works.
  const works = (await zeros([4]).add(1).sum().item()) === 4;
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
    works,
  };
  output.event("doctor", { ...facts, notes: device.notes });
  const yes = (value: unknown): string =>
    typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  for (const row of textTable(Object.entries(facts).map(([name, value]) => [name, yes(value)])))
    output.line(row);
  if (device.notes.length > 0) output.line();
  for (const note of device.notes) output.line(note);
}
