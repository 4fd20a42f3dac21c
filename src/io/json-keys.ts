/**
 * Finds a key that a JSON object names twice. `JSON.parse` silently keeps the last one, so a format that
 * forbids duplicates needs this look at the text itself.
 */

/** A repeated key and where its second occurrence begins, in UTF-16 units of the text. */
export interface DuplicateKey {
  readonly key: string;
  readonly index: number;
}

/**
 * @param text A JSON text that `JSON.parse` accepts; anything else gives an undefined answer.
 * @returns The first key that any object in it repeats (after unescaping), or undefined.
 */
export function findDuplicateKey(text: string): DuplicateKey | undefined {
  // In valid JSON a string is a key exactly when a colon follows it; braces outside strings open and close
  // objects. Scanned by hand, since a regular expression for strings overflows the stack on a hostile text.
  const objects: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "{") objects.push(new Set());
    else if (char === "}") objects.pop();
    else if (char === '"') {
      const end = endOfString(text, i);
      if (startsWithColon(text, end)) {
        const key = JSON.parse(text.slice(i, end)) as string;
        const seen = objects.at(-1);
        if (seen?.has(key)) return { key, index: i };
        seen?.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** A number as it is written. */
export interface OddNumber {
  readonly text: string;
  readonly index: number;
}

/**
 * A number that is no whole one of 0 or more, written with digits only: `JSON.parse` takes `1.0`, `1e2` and `-0` for whole ones.
 *
 * @param text A JSON text that `JSON.parse` accepts.
 */
export function findOddNumber(text: string): OddNumber | undefined {
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (char === '"') i = endOfString(text, i) - 1;
    else if (char === "-" || (char >= "0" && char <= "9")) {
      let end = i + 1;
      while ("0123456789+-.eE".includes(text[end] ?? "x")) end++;
      const number = text.slice(i, end);
      if (/[^0-9]/.test(number)) return { text: number, index: i };
      i = end - 1;
    }
  }
  return undefined;
}

/** Index just after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i + 1;
}

function startsWithColon(text: string, index: number): boolean {
  let i = index;
  while (" \t\r\n".includes(text[i] ?? "x")) i++;
  return text[i] === ":";
}
