/**
 * `tatami export RUN --to FORMAT`: a run's network for other programs. A format is an entry of `exportTargets`: what the
 * help says of it, and the files that it consists of.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { io, zeros } from "../index.ts";
import { CheckpointFolder } from "../node.ts";
import type { BuiltModel } from "./build.ts";
import { datasets } from "./datasets.ts";
import { type ExportedFiles, type ExportedRun, weightsFile } from "./exported-run.ts";
import { loadRun } from "./load-run.ts";
import type { Output } from "./output.ts";
import { makeOutputFolder } from "./output-folder.ts";
import { pytorchFiles } from "./pytorch-files.ts";

/** The command's options. */
export interface ExportOptions {
  readonly run: string;
  readonly to: ExportTarget;
  /** Folder of all runs. */
  readonly runs: string;
  /** Folder for the files. Default: a folder of the format's name in that of the run. */
  readonly out?: string | undefined;
}

interface Target {
  /** For the help. */
  readonly about: string;
  readonly files: (run: ExportedRun) => Promise<ExportedFiles>;
}

/** A format's name on the command line. */
export type ExportTarget = "pytorch" | "onnx" | "safetensors";

/** All formats. */
export const exportTargets: Readonly<Record<ExportTarget, Target>> = {
  pytorch: {
    about: "model.py and its weights, to go on training in PyTorch",
    files: pytorchFiles,
  },
  onnx: {
    about: "the network as one file for ONNX Runtime and others, for batches of any size",
    files: async ({ model, settings }) => {
      const example = zeros([1, ...datasets[settings.dataset].imageShape]);
      return {
        "model.onnx": await io.exportOnnx(model, example, {
          inputNames: ["images"],
          outputNames: ["logits"],
        }),
      };
    },
  },
  safetensors: {
    about: "the weights alone",
    files: async ({ model }) => ({ "model.safetensors": await weightsFile(model) }),
  },
};

export async function exportCommand({ run, to, runs, out }: ExportOptions, output: Output): Promise<void> {
  const loaded = await loadRun(run, runs, "--runs");
  const state = await restoreNewest(loaded.path, loaded.model);
  const files = await exportTargets[to].files({ ...loaded, state });
  const folder = out ?? join(loaded.path, to);
  await makeOutputFolder(folder, "--out");
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  output.event("export", { run: loaded.path, to, folder, files: Object.keys(files) });
  output.line(`Exported ${loaded.path} to ${folder}:`);
  for (const [name, content] of Object.entries(files)) {
    const kilobytes = Math.max(1, Math.round(Buffer.byteLength(content) / 1000));
    output.line(`  ${name}  ${kilobytes.toLocaleString("en-US")} kB`);
  }
}

/** The newest state of the training, whose weights may be newer than those that were saved after an epoch. */
async function restoreNewest(path: string, model: BuiltModel): Promise<io.CheckpointValue | undefined> {
  const { state } = (await new CheckpointFolder(join(path, "checkpoints")).load()) ?? {};
  if (state === undefined) return undefined;
  const { model: weights } = state as { readonly model: Parameters<BuiltModel["loadStateDict"]>[0] };
  model.loadStateDict(weights);
  return state;
}
