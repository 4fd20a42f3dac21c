/**
 * `tatami lab`: lists the experiments, or runs one on real images and writes its page.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Language, runExperiment, writePage } from "../lab/index.ts";
import { textTable } from "../train/index.ts";
import { unknownChoice } from "./choices.ts";
import { type DatasetName, datasets, type SourceOptions } from "./datasets.ts";
import { chooseEngine, type EngineChoice } from "./engine.ts";
import { UsageError } from "./errors.ts";
import { experiments, type Listed } from "./experiments.ts";
import type { Output } from "./output.ts";
import { makeOutputFolder } from "./output-folder.ts";

/** The command's options. */
export interface LabOptions extends EngineChoice {
  /** Name or number of an experiment, or "all"; without one they are listed. */
  readonly name?: string | undefined;
  readonly dataset: DatasetName;
  readonly source: SourceOptions;
  /** Folder that pages are written to. */
  readonly out: string;
  /** Default: Japanese where the host is set to it, else English. */
  readonly language?: Language | undefined;
}

/** The language that the host's settings ask for. */
export function hostLanguage(environment: NodeJS.ProcessEnv = process.env): Language {
  const { LC_ALL, LC_MESSAGES, LANG } = environment;
  return (LC_ALL || LC_MESSAGES || LANG || "").startsWith("ja") ? "ja" : "en";
}

/** Lists the experiments, or runs one or all of them. */
export async function lab(options: LabOptions, output: Output): Promise<void> {
  const { name, language = hostLanguage() } = options;
  const all = await experiments();
  if (name === undefined) {
    list(all, language, output);
    return;
  }
  const chosen =
    name === "all" ? all : all.filter((e) => e.name === name || Number(e.number) === Number(name));
  if (chosen.length === 0) {
    throw new UsageError(`lab: ${unknownChoice(name, [...all.map((e) => e.name), "all"])}`);
  }
  // Before an experiment has taken its time.
  await makeOutputFolder(options.out, "--out");
  const engine = await chooseEngine(options);
  try {
    const { load } = datasets[options.dataset];
    const [train, test] = [await load("train", options.source), await load("test", options.source)];
    for (const { name: file, number, experiment } of chosen) {
      const progress = progressOn(process.stderr);
      const report = await runExperiment(experiment, {
        dataset: options.dataset,
        train,
        test,
        language,
        print: (line) => {
          progress.clear();
          output.line(line);
        },
        progress: progress.show,
      });
      progress.clear();
      const page = join(options.out, `${number}-${file}.html`);
      await writePage(report, page);
      const { title, see, values, seconds } = report;
      output.event("experiment", { name: file, title, see, values, seconds, page });
      output.line(`${language === "ja" ? "図のページ" : "Page with plots"}: ${pathToFileURL(page).href}\n`);
    }
  } finally {
    await engine.close();
  }
}

function list(all: readonly Listed[], language: Language, output: Output): void {
  for (const { number, name, experiment } of all) {
    output.event("experiment", { number, name, title: experiment.title[language] });
  }
  for (const line of textTable(all.map((e) => [e.number, e.name, e.experiment.title[language]]))) {
    output.line(line);
  }
  output.line();
  output.line(language === "ja" ? "実行するには: tatami lab NAME" : "Run one with: tatami lab NAME");
}

/** One line that says what is being computed, where somebody watches. */
function progressOn(stream: NodeJS.WriteStream): { show: (what: string) => void; clear: () => void } {
  let shown = false;
  const clear = (): void => {
    if (shown) stream.write("\r\x1b[K");
    shown = false;
  };
  const show = (what: string): void => {
    clear();
    if (stream.isTTY !== true) return;
    stream.write(what);
    shown = true;
  };
  return { show, clear };
}
