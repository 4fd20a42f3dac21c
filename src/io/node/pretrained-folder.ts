/** Models in a folder on disk. Node only. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { FileFormatError } from "../../base/errors.ts";
import { openFile } from "../../base/node/open-file.ts";
import type { RandomAccess } from "../../base/random-access.ts";
import { type Pretrained, type PretrainedOptions, readPretrained } from "../pretrained.ts";

/**
 * Reads a model in a folder as the Hugging Face hub lays it out; see `io.loadPretrained`. Files may be links, as they are in
 * the hub's cache.
 *
 * @param path The folder, such as `~/.cache/huggingface/hub/models--NAME/snapshots/HASH`, or what `git clone` made.
 * @throws FileFormatError when there is no such folder or no weights in it, or for shards that do not fit together
 * @example
 * // A folder with model.safetensors and config.json in it.
 * const { config, stateDict } = await loadPretrainedFolder("pretrained");
 * config; // { num_labels: 10 }
 * model.loadStateDict(stateDict).missingKeys; // []
 */
export async function loadPretrainedFolder(
  path: string,
  options: PretrainedOptions = {},
): Promise<Pretrained> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new FileFormatError(
      `loadPretrainedFolder: there is no folder ${path} that can be read; give the folder with the model's files`,
      { path },
    );
  }
  const open = async (name: string): Promise<RandomAccess | undefined> => {
    const file = join(path, name);
    const isThere = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    return isThere ? openFile(file) : undefined;
  };
  return readPretrained({ source: path, open }, options, "loadPretrainedFolder");
}
