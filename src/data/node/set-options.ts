/** The options that datasets read from files have in common. */
import { checkOptions } from "../../base/options.ts";

const names = ["root", "train", "download", "transform", "onProgress", "signal"];
const flags = ["train", "download"];

/** @throws ArgumentError for options that a dataset does not have; `more` are its own. */
export function checkSetOptions(options: object, owner: string, more: readonly string[] = []): void {
  checkOptions(options, [...names, ...more], owner, { flags });
}
