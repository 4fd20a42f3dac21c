/**
 * `tatami studio`: serves the page that shows runs, until Ctrl-C; or, as a process beside `tatami train`, until that ends.
 */
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { type Studio, startStudio, type Topic } from "../studio/index.ts";
import type { SourceOptions } from "./datasets.ts";
import { exitCodes } from "./errors.ts";
import { experiments } from "./experiments.ts";
import { LookProcess } from "./look-process.ts";
import type { Output } from "./output.ts";
import { checkRunsFolder } from "./runs.ts";
import { watchSignals } from "./signals.ts";

/** The command's options. */
export interface StudioCommandOptions {
  /** Folder of all runs. */
  readonly out: string;
  /** The port to try first. */
  readonly port?: number | undefined;
  /** Folder of the built page. Default: that of the package. */
  readonly page?: string | undefined;
  readonly source: SourceOptions;
}

/** Of 19: whoever trains comes first. */
const niceness = 10;

/** What the process beside a training tells it. */
export interface StudioReady {
  readonly url: string;
}

/**
 * @returns The exit code.
 * @throws UsageError when the folder of all runs is a file.
 */
export async function studioCommand(options: StudioCommandOptions, output: Output): Promise<number> {
  const besideTraining = process.send !== undefined;
  // A training says itself what is wrong with it.
  if (!besideTraining) checkRunsFolder(options.out);
  const interruption = watchSignals();
  const ended = new Promise<void>((resolve) => {
    if (besideTraining) process.once("disconnect", () => resolve());
    // The training gets the terminal's Ctrl-C as well, and this process ends with it.
    else interruption.signal.addEventListener("abort", () => resolve());
  });
  const studio = await open(options);
  try {
    if (besideTraining) process.send?.({ url: studio.url } satisfies StudioReady);
    output.event("studio", { url: studio.url });
    output.line(`The studio shows the runs in ${options.out}: ${studio.url}\nCtrl-C ends it.`);
    await ended;
    return exitCodes.done;
  } finally {
    interruption.stop();
    await studio.close();
  }
}

/** The experiments of `tatami lab`: title and question of each. */
async function topics(): Promise<readonly Topic[]> {
  const all = await experiments();
  return all.map(({ name, experiment: { title, question } }) => ({ name, title, question }));
}

async function open({ out, port, page, source }: StudioCommandOptions): Promise<Studio> {
  try {
    setPriority(niceness);
  } catch {
    // Some systems do not let processes step back.
  }
  return startStudio({
    root: out,
    pageFolder: page ?? fileURLToPath(new URL("../studio/", import.meta.url)),
    // Images that are not there are not worth a download that nobody asked for.
    looker: new LookProcess({ source: { root: String(source.root), download: false } }),
    topics,
    port,
    onError: (error) => {
      process.stderr.write(`studio: ${error instanceof Error ? error.stack : String(error)}\n`);
    },
  });
}
