/**
 * What the user writes beside a run: `notes.json` in its folder, a name and tags. A file of its own, since the training
 * replaces run.json as a whole.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../base/node/atomic-file.ts";
import { readSmall } from "./confined-files.ts";
import type { RunChange } from "./protocol.ts";

export const notesFile = "notes.json";

export interface Notes {
  /** In place of the run's own name. */
  readonly name?: string;
  readonly tags: readonly string[];
}

/** A file that is missing or damaged says nothing. */
export async function readNotes(path: string): Promise<Notes> {
  const text = await readSmall(join(path, notesFile));
  if (text === null) return { tags: [] };
  try {
    const change = checkChange(JSON.parse(text));
    return typeof change === "string" ? { tags: [] } : { tags: [], ...change };
  } catch {
    return { tags: [] };
  }
}

/** Changes what is given. */
export async function changeNotes(path: string, change: RunChange): Promise<void> {
  const notes = { ...(await readNotes(path)), ...change };
  await writeFileAtomic(join(path, notesFile), `${JSON.stringify(notes)}\n`);
}

const longestName = 200;
const longestTag = 60;
const mostTags = 50;

/** A change as it came in: either sound, or what is wrong with it. */
export function checkChange(value: unknown): RunChange | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return 'expected an object such as {"name": "my run", "tags": ["good"]}';
  }
  const { name, tags, ...others } = value as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return `"${unknown.slice(0, 40)}" cannot be changed; there are "name" and "tags"`;
  if (name !== undefined && !isLine(name, longestName)) {
    return `"name" must be a line of 1 to ${longestName} characters`;
  }
  const sound =
    tags === undefined ||
    (Array.isArray(tags) && tags.length <= mostTags && tags.every((tag) => isLine(tag, longestTag)));
  if (!sound) return `"tags" must be at most ${mostTags} lines of 1 to ${longestTag} characters`;
  return {
    ...(name === undefined ? {} : { name: (name as string).trim() }),
    ...(tags === undefined
      ? {}
      : { tags: [...new Set((tags as readonly string[]).map((tag) => tag.trim()))] }),
  };
}

function isLine(value: unknown, longest: number): boolean {
  // Control characters would act on the terminal that lists the runs.
  return (
    typeof value === "string" &&
    /^[^\p{Cc}\p{Cs}]+$/u.test(value) &&
    value.trim() !== "" &&
    value.length <= longest
  );
}
