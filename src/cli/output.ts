/**
 * What a command says on stdout: either lines for people, or with `--json` one object per line for programs, each
 * with an `event`.
 */

/** Where a command's results go. */
export interface Output {
  readonly json: boolean;
  /** For people; nothing with `--json`. */
  line(text?: string): void;
  /** For programs; nothing without `--json`. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void;
}

/** Numbers that JSON does not have become strings, as in the metrics of a run. */
const writable = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

export function createOutput(
  json: boolean,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): Output {
  return {
    json,
    line: (text = "") => {
      if (!json) write(`${text}\n`);
    },
    event: (event, fields) => {
      if (json) write(`${JSON.stringify({ event, ...fields }, writable)}\n`);
    },
  };
}

/** `97.8%` */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
