/**
 * Reads stack traces: which function of the library was called, and from where.
 */

/** Folder of the library's own files. A bundle has none that can be told from the user's: then it is null. */
const libraryFolder: string | null = ((): string | null => {
  const { pathname } = new URL("../", import.meta.url);
  return pathname.length > 1 ? pathname : null;
})();

interface Frame {
  readonly text: string;
  readonly name: string | null;
  readonly isLibrary: boolean;
}

function framesOf(error: Error): Frame[] {
  const lines = (error.stack ?? "").split("\n").filter((line) => /^\s+at |@/.test(line));
  return lines.map((line) => {
    const [, name] = /^\s+at (?:new |async )?([^ (]+) \(/.exec(line) ?? [];
    // Tests stand beside the files that they test, but are users.
    const isLibrary = libraryFolder !== null && line.includes(libraryFolder) && !line.includes(".test.");
    return { text: line, name: name ?? null, isLibrary };
  });
}

/** The frames inside the library, up to the call from outside, innermost first; and those of the caller. */
function parts(error: Error): { readonly inside: readonly Frame[]; readonly outside: readonly Frame[] } {
  const frames = framesOf(error);
  const first = frames.findIndex((f) => f.isLibrary);
  const rest = first < 0 ? [] : frames.slice(first);
  const border = rest.findIndex((f) => !f.isLibrary);
  if (border < 0) return { inside: rest, outside: frames };
  return { inside: rest.slice(0, border), outside: rest.slice(border) };
}

/** The library's function that was called, such as "Tensor.log", or a layer's; null where the trace does not tell. */
export function nameOfCall(error: Error): string | null {
  const { inside } = parts(error);
  const layer = inside.find((f) => f.name?.endsWith(".forward") === true)?.name;
  return layer?.replace(/\.forward$/, "") ?? inside.at(-1)?.name ?? null;
}

/** Frames shown of the caller. */
const shownFrames = 6;

/** Where the library was called from, as lines of a stack trace. */
export function callOf(error: Error): string {
  const { outside } = parts(error);
  const own = outside.filter((f) => !f.isLibrary && !/node:internal|node_modules/.test(f.text));
  return (own.length > 0 ? own : outside)
    .slice(0, shownFrames)
    .map((f) => f.text)
    .join("\n");
}
