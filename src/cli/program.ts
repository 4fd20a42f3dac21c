/**
 * The command line: which commands and options there are, and what becomes of errors.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Language } from "../lab/index.ts";
import { type BenchOptions, benchCommand } from "./bench.ts";
import { integer, oneOf, positiveNumber, unknownChoice } from "./choices.ts";
import { type DatasetName, datasetNames, type SourceOptions } from "./datasets.ts";
import { doctor } from "./doctor.ts";
import { deviceNames, type EngineChoice } from "./engine.ts";
import { exitCodeOf, exitCodes, messageOf } from "./errors.ts";
import { evalCommand } from "./eval.ts";
import { type ExportTarget, exportCommand, exportTargets } from "./export.ts";
import { lab } from "./lab.ts";
import { createOutput, type Output } from "./output.ts";
import { packageVersion } from "./package-version.ts";
import { predict } from "./predict.ts";
import { type ProfileOptions, profileCommand } from "./profile.ts";
import { runs } from "./runs.ts";
import { type ChosenSettings, initNames, modelNames, normNames, optimizerNames } from "./settings.ts";
import { type StudioCommandOptions, studioCommand } from "./studio.ts";
import { summaryCommand } from "./summary.ts";
import { train } from "./train.ts";

/**
 * Carries out a command line.
 *
 * @param words Without Node and the script.
 * @returns The exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.
 */
export async function run(words: readonly string[]): Promise<number> {
  let code: number = exitCodes.done;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    // Commander has printed its message itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const message = messageOf(error);
    createOutput(words.includes("--json")).event("error", { message });
    process.stderr.write(`error: ${message}\n`);
    return exitCodeOf(error);
  }
}

/** Options as the parser gives them. It knows no types; the readers of their values have checked them. */
type Raw = Readonly<Record<string, unknown>>;

function createProgram(finish: (code: number) => void): Command {
  const program = new Command("tatami")
    .description("Trains neural networks and shows what they do.")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError("Run with --help for all options.");
  addTrain(program, finish);
  addEval(program);
  addPredict(program);
  withModel(command(program, "summary", "show a model's layers")).action(
    (dataset: DatasetName | undefined, raw: Raw) => summaryCommand(chosenOf(dataset, raw), outputOf(raw)),
  );
  withFolder(command(program, "runs", "list all runs", false)).action(
    (folder: string | undefined, raw: Raw) => runs(placeOf(raw, folder), outputOf(raw)),
  );
  addExport(program);
  addStudio(program, finish);
  addProfile(program);
  addBench(program);
  addLab(program);
  withEngine(command(program, "doctor", "show which engine runs here, and why", false)).action((raw: Raw) =>
    doctor(engineOf(raw), outputOf(raw)),
  );
  return program;
}

function addTrain(program: Command, finish: (code: number) => void): void {
  withEngine(withSource(withModel(command(program, "train", "train a model"))))
    .addOption(new Option("--epochs <n>", "passes over the training images").argParser(integer(1)))
    .addOption(batchSize())
    .addOption(new Option("--lr <rate>", "learning rate at the start").argParser(positiveNumber))
    .addOption(choice("--optimizer <name>", optimizerNames))
    .addOption(new Option("--seed <n>", "of weights and order; default 0").argParser(integer(0)))
    .option("--resume <run>", "go on with a run that was interrupted, bit for bit")
    .addOption(
      new Option(
        "--checkpoint-every <n>",
        "save every so many steps, besides after each epoch (Lightning's every_n_train_steps, Hugging Face's save_steps)",
      ).argParser(integer(1)),
    )
    .option("--studio", "open the studio in the browser")
    .option("--no-studio", "neither record nor serve what the studio shows")
    .action(async (dataset: DatasetName | undefined, raw: Raw) => {
      const options = {
        ...engineOf(raw),
        ...placeOf(raw),
        chosen: chosenOf(dataset, raw),
        source: sourceOf(raw),
        resume: raw.resume as string | undefined,
        checkpointEvery: raw.checkpointEvery as number | undefined,
        studio: raw.studio as boolean | undefined,
      };
      finish(await train(options, outputOf(raw)));
    });
}

function addEval(program: Command): void {
  withEngine(withSource(command(program, "eval", "measure a run on the test images", false)))
    .argument("[run]", "folder or id of a run", "latest")
    .action((run: string, raw: Raw) =>
      evalCommand({ ...engineOf(raw), ...placeOf(raw), run, source: sourceOf(raw) }, outputOf(raw)),
    );
}

function addPredict(program: Command): void {
  withEngine(withSource(command(program, "predict", "say what image files show", false)))
    .argument("<files...>", "PNG or JPEG files")
    .option("--run <run>", "folder or id of a run", "latest")
    .option("--invert", "exchange dark and light", false)
    .action((files: string[], raw: Raw) => {
      const choices = { files, run: String(raw.run), invert: raw.invert === true };
      return predict({ ...engineOf(raw), ...placeOf(raw), ...choices, source: sourceOf(raw) }, outputOf(raw));
    });
}

function addExport(program: Command): void {
  const formats = Object.entries(exportTargets).map(([name, { about }]) => `${name} (${about})`);
  program
    .command("export")
    .description("write a run's model for other programs")
    .argument("[run]", "folder or id of a run", "latest")
    .addOption(
      new Option("--to <format>", formats.join(", "))
        .argParser(oneOf(Object.keys(exportTargets)))
        .makeOptionMandatory(),
    )
    .option("--out <folder>", "where to write; default: a folder in that of the run")
    .option("--runs <folder>", "folder of all runs", "runs")
    .option("--json", "write newline-delimited JSON to stdout", false)
    .action((run: string, raw: Raw) => {
      const { to, out, runs } = raw as { to: ExportTarget; out?: string; runs: string };
      return exportCommand({ run, to, out, runs }, outputOf(raw));
    });
}

function addStudio(program: Command, finish: (code: number) => void): void {
  withFolder(command(program, "studio", "show runs in the browser", false))
    .addOption(new Option("--port <n>", "port to try first; default 5757").argParser(integer(1, 65_535)))
    .option("--data <folder>", "folder of datasets", "data")
    .addOption(new Option("--page <folder>", "built page to serve, while it is being worked on").hideHelp())
    .action(async (folder: string | undefined, raw: Raw) => {
      const { port, page } = raw as Pick<StudioCommandOptions, "port" | "page">;
      const options = { ...placeOf(raw, folder), port, page, source: sourceOf(raw) };
      finish(await studioCommand(options, outputOf(raw)));
    });
}

function addProfile(program: Command): void {
  const made = program
    .command("profile")
    .description("show where the time of a training step goes")
    .argument("[dataset]", datasetList, datasetOf)
    .option("--json", "write newline-delimited JSON to stdout", false);
  withEngine(withSource(withModel(made)))
    .addOption(batchSize())
    .addOption(choice("--optimizer <name>", optimizerNames))
    .addOption(new Option("--steps <n>", "steps to measure").argParser(integer(1, 1000)).default(10))
    .addOption(new Option("--top <n>", "kernels to show; default 20, with --json all").argParser(integer(1)))
    .option("--trace <file>", "write a timeline for chrome://tracing and Perfetto")
    .action((dataset: DatasetName | undefined, raw: Raw) => {
      const { steps, top, trace } = raw as Pick<ProfileOptions, "steps" | "top" | "trace">;
      const choices = { steps, top, trace, chosen: chosenOf(dataset, raw), source: sourceOf(raw) };
      return profileCommand({ ...engineOf(raw), ...choices }, outputOf(raw));
    });
}

function addBench(program: Command): void {
  const made = program
    .command("bench")
    .description("measure how fast this machine is with networks and single operations")
    .option("--json", "write newline-delimited JSON to stdout", false)
    .addOption(new Option("--batch-size <n>", "images per step").argParser(integer(1)).default(64))
    .addOption(new Option("--seconds <n>", "for each measurement").argParser(positiveNumber).default(1));
  withEngine(made).action((raw: Raw) => {
    const { batchSize, seconds } = raw as Pick<BenchOptions, "batchSize" | "seconds">;
    return benchCommand({ ...engineOf(raw), batchSize, seconds }, outputOf(raw));
  });
}

function addLab(program: Command): void {
  const made = program
    .command("lab")
    .description("run an experiment of the course, or list them")
    .argument("[name]", "name or number of an experiment, or all")
    .option("--json", "write newline-delimited JSON to stdout", false)
    .option("--out <folder>", "folder that pages are written to", "lab")
    .option("--data <dataset>", datasetNames.join(", "), datasetOf, "digits")
    .option("--root <folder>", "folder of datasets", "data")
    .option("--no-download", "fail where a dataset is not there, rather than download it")
    .addOption(choice("--lang <language>", ["en", "ja"]));
  withEngine(made).action((name: string | undefined, raw: Raw) => {
    const options = {
      ...engineOf(raw),
      ...placeOf(raw),
      name,
      dataset: raw.data as DatasetName,
      source: sourceOf({ ...raw, data: raw.root }),
      language: raw.lang as Language | undefined,
    };
    return lab(options, outputOf(raw));
  });
}

function command(program: Command, name: string, description: string, takesDataset = true): Command {
  const made = program
    .command(name)
    .description(description)
    .option("--json", "write newline-delimited JSON to stdout", false)
    .option("--out <folder>", "folder of all runs", "runs");
  return takesDataset ? made.argument("[dataset]", datasetList, datasetOf) : made;
}

const withFolder = (made: Command): Command => made.argument("[folder]", "folder of all runs, as --out");

const datasetList = `${datasetNames.join(", ")}; default digits`;

function datasetOf(word: string): DatasetName {
  const found = datasetNames.find((name) => name === word.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(unknownChoice(word, datasetNames));
  return found;
}

const batchSize = (): Option => new Option("--batch-size <n>", "images per step").argParser(integer(1));

function withModel(made: Command): Command {
  return made
    .addOption(choice("--model <name>", modelNames))
    .addOption(
      choice(
        "--init <name>",
        initNames,
        "initial weights (zeros: a network that cannot learn, to see what the studio says of it)",
      ),
    )
    .addOption(choice("--norm <name>", normNames, "normalisation in the cnn"));
}

function withSource(made: Command): Command {
  return made
    .option("--data <folder>", "folder of datasets", "data")
    .option("--no-download", "fail where a dataset is not there, rather than download it");
}

function withEngine(made: Command): Command {
  return made
    .addOption(choice("--device <name>", deviceNames))
    .addOption(new Option("--threads <n>", "default: one per core, at most 8").argParser(integer(1, 256)));
}

function choice(flags: string, names: readonly string[], about = ""): Option {
  const listed = names.join(", ");
  return new Option(flags, about === "" ? listed : `${about}: ${listed}`).argParser(oneOf(names));
}

const outputOf = (raw: Raw): Output => createOutput(raw.json === true);
/** @param folder The runs' folder as an argument, which goes before the option. */
const placeOf = (raw: Raw, folder?: string): { out: string } => ({ out: folder ?? String(raw.out) });
const engineOf = (raw: Raw): EngineChoice => ({ device: raw.device, threads: raw.threads }) as EngineChoice;
const sourceOf = (raw: Raw): SourceOptions => ({ root: String(raw.data), download: raw.download !== false });

function chosenOf(dataset: DatasetName | undefined, raw: Raw): ChosenSettings {
  const { model, epochs, batchSize, lr, optimizer, init, norm, seed } = raw;
  return { dataset, model, epochs, batchSize, lr, optimizer, init, norm, seed } as ChosenSettings;
}
