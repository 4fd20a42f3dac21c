/** The folder that a command writes to, as its user named it. */
import { makeFolder } from "../base/node/make-folder.ts";
import { UsageError } from "./errors.ts";

/**
 * Makes a folder and those above it that are missing.
 *
 * @throws UsageError naming the option and what stands in the way
 */
export async function makeOutputFolder(path: string, option: string): Promise<void> {
  await makeFolder(path, ({ folder, reason }) => {
    const why =
      reason === null
        ? `${folder} is a file; name another folder, or move the file`
        : `the folder cannot be made (${reason}); name one where you may write`;
    return new UsageError(`${option} ${path}: ${why}`);
  });
}
