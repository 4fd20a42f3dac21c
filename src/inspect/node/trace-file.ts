/**
 * The timeline of a profile in a file. Node only.
 */
import { writeFileAtomic } from "../../base/node/atomic-file.ts";
import type { Profile } from "../../engine/profile.ts";
import { chromeTrace } from "../chrome-trace.ts";

/**
 * Writes a profile as a file for chrome://tracing or https://ui.perfetto.dev; see `inspect.chromeTrace`.
 *
 * @param path The file; its folder exists. It is replaced as a whole.
 * @throws What the system says where the file cannot be written.
 * @example
 * const profile = await currentEngine().profile(() => images.mul(2).sum().item());
 * await saveTraceFile(profile, "trace.json");
 */
export async function saveTraceFile(profile: Profile, path: string): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(chromeTrace(profile))}\n`);
}
