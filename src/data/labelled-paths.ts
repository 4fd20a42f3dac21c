/** Paths of image files that are sorted into one folder for each class, in the order in which torchvision has them. */

/** Endings of image files where none are given. */
export const imageExtensions: readonly string[] = [".jpg", ".jpeg", ".png", ".webp"];

/** Whether a name ends so, in any case. */
export function endsInOneOf(name: string, extensions: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return extensions.some((extension) => lower.endsWith(extension.toLowerCase()));
}

/** By code point, as Python sorts, and the same on every machine. */
export function inOrder(names: Iterable<string>): string[] {
  return [...names].sort(compareCodePoints);
}

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Halves of characters behind everything else: what they are halves of comes last. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Paths folder by folder, each in the order of its names. */
export function folderByFolder(
  files: readonly (readonly [folder: string, name: string])[],
): [string, string][] {
  const byFolder = new Map<string, string[]>();
  for (const [folder, name] of files) {
    const names = byFolder.get(folder);
    if (names === undefined) byFolder.set(folder, [name]);
    else names.push(name);
  }
  return inOrder(byFolder.keys()).flatMap((folder) =>
    inOrder(byFolder.get(folder) ?? []).map((name): [string, string] => [folder, name]),
  );
}
