/** Files that a page gives to its user. */
import { ArgumentError } from "../base/errors.ts";

/**
 * Gives bytes to the user of a page as a file, such as a trained model: the browser saves it where downloads go.
 *
 * @param name What the file is called.
 * @param options.type Its media type. Default "application/octet-stream".
 * @throws ArgumentError where there is no page: in a worker, which sends the bytes to its page, and under Node
 * @example
 * async function save() {
 *   io.download(await io.saveSafetensors(model.stateDict()), "model.safetensors");
 * }
 * // In a page: button.onclick = save;
 */
export function download(
  content: Uint8Array | string,
  name: string,
  { type = "application/octet-stream" }: { type?: string } = {},
): void {
  if (typeof document === "undefined") {
    throw new ArgumentError(
      `download: there is no page here to give ${JSON.stringify(name)} to its user; in a worker send the bytes to the page ` +
        "(postMessage), under Node write a file, as saveSafetensorsFile of tatamijs/node does",
      { name },
    );
  }
  const url = URL.createObjectURL(new Blob([content as Uint8Array<ArrayBuffer> | string], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the bytes after this call; a minute later it has them, or has asked its user where to.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
