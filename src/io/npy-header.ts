/**
 * The header of NumPy's `.npy` format: the text of a Python dictionary with exactly the keys descr, fortran_order and
 * shape. Parsed as that and nothing else; no Python is evaluated.
 */

/** What a header says. */
export interface NpyHeader {
  /** NumPy's name of the element type, such as `<f4`. */
  readonly descr: string;
  /** Whether the first dimension varies fastest. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** Called with the reason and the position in the text; must throw. */
export type HeaderFail = (reason: string, at: number) => never;

/** NumPy's own limit of dimensions is 32, from version 2 on 64. */
const mostDimensions = 64;

/** Room for the first dimension to grow in place, as NumPy leaves it. */
const growthDigits = 21;

/** Header text as NumPy writes it, without padding. */
export function formatNpyHeader({ descr, fortranOrder, shape }: NpyHeader): string {
  const sizes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? "True" : "False"}, 'shape': ${sizes}, }`;
  const growing = fortranOrder ? shape.at(-1) : shape[0];
  return growing === undefined ? text : text + " ".repeat(growthDigits - String(growing).length);
}

/** Reads a header. */
export function parseNpyHeader(text: string, fail: HeaderFail): NpyHeader {
  const parser = new Parser(text, fail);
  const found = new Map<string, unknown>();
  parser.expect("{");
  while (!parser.accept("}")) {
    const at = parser.at;
    const key = parser.text();
    if (found.has(key)) fail(`the header names "${key}" twice`, at);
    parser.expect(":");
    found.set(key, parser.valueOf(key, at));
    if (!parser.accept(",")) {
      parser.expect("}");
      break;
    }
  }
  parser.end();
  const missing = ["descr", "fortran_order", "shape"].filter((key) => !found.has(key));
  if (missing.length > 0) fail(`the header lacks ${missing.join(" and ")}`, 0);
  return {
    descr: found.get("descr") as string,
    fortranOrder: found.get("fortran_order") as boolean,
    shape: found.get("shape") as number[],
  };
}

class Parser {
  at = 0;
  readonly #text: string;
  readonly #fail: HeaderFail;

  constructor(text: string, fail: HeaderFail) {
    this.#text = text;
    this.#fail = fail;
  }

  /** What the pattern, which is sticky, matches here, behind white space. */
  #match(pattern: RegExp): RegExpExecArray | null {
    while (" \t\r\n".includes(this.#text[this.at] ?? "x")) this.at++;
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.#text);
    this.at += match?.[0].length ?? 0;
    return match;
  }

  accept(token: string): boolean {
    return this.#match(token === "{" ? /\{/y : token === "}" ? /\}/y : token === "," ? /,/y : /:/y) !== null;
  }

  expect(token: string): void {
    if (!this.accept(token))
      this.#fail(`the header should have "${token}" here, not ${this.#here()}`, this.at);
  }

  #here(): string {
    return JSON.stringify(this.#text.slice(this.at, this.at + 12));
  }

  text(): string {
    const match = this.#match(/'([^'\\\n]*)'|"([^"\\\n]*)"/y);
    if (match === null)
      return this.#fail(`the header should have a quoted text here, not ${this.#here()}`, this.at);
    return match[1] ?? match[2] ?? "";
  }

  valueOf(key: string, at: number): unknown {
    if (key === "descr") return this.#descr();
    if (key === "fortran_order") return this.#boolean();
    if (key === "shape") return this.#shape();
    return this.#fail(`the header has a key "${key}", which the format does not know`, at);
  }

  #descr(): string {
    if (this.#match(/\[/y) !== null) {
      this.#fail(
        "the array has several fields (a structured dtype); save each field as an array: np.save(path, a['x'])",
        this.at,
      );
    }
    return this.text();
  }

  #boolean(): boolean {
    const match = this.#match(/True|False/y);
    return match === null
      ? this.#fail(`the header should have True or False here, not ${this.#here()}`, this.at)
      : match[0] === "True";
  }

  #shape(): number[] {
    const sizes: number[] = [];
    if (this.#match(/\(/y) === null)
      this.#fail(`the header should have a tuple here, not ${this.#here()}`, this.at);
    while (this.#match(/\)/y) === null) {
      // Python 2 wrote large sizes with an L.
      const match = this.#match(/(\d{1,16})L?/y);
      const size = Number(match?.[1] ?? Number.NaN);
      if (!Number.isSafeInteger(size))
        this.#fail(`the header should have a size here, not ${this.#here()}`, this.at);
      sizes.push(size);
      if (sizes.length > mostDimensions)
        this.#fail(`the array has more than ${mostDimensions} dimensions`, this.at);
      if (this.#match(/,/y) !== null) continue;
      // In Python (3) is a number, and only (3,) a tuple.
      if (this.#match(/\)/y) === null || sizes.length === 1) this.#fail("the shape is no tuple", this.at);
      break;
    }
    return sizes;
  }

  end(): void {
    if (this.#match(/$/y) === null)
      this.#fail(`the header goes on with ${this.#here()} behind its end`, this.at);
  }
}
