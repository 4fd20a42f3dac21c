/**
 * Every experiment of the lab, on the digits: it runs, its page stands alone, both languages are complete, and what it
 * says is to be seen is there to be seen.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Digits } from "../../src/data/index.ts";
import { type Block, type Experiment, pageOf, type Report, runExperiment } from "../../src/lab/index.ts";
import { japanese } from "../../src/lab/terms.ts";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const files = readdirSync(folder).filter((file) => /^\d\d-/.test(file));
const [train, test] = [new Digits({ split: "train" }), new Digits({ split: "test" })];

/** What must hold of the numbers in an experiment's sentence. */
const claims: Readonly<Record<string, (v: Record<string, number>) => readonly boolean[]>> = {
  convolution: (v) => [at(v, "largest") < 1e-6, at(v, "blurred") < 1, at(v, "sharpened") > 1],
  padding: (v) => [v.wrong === 0, at(v, "zeros") < 0.8, at(v, "replicate") > at(v, "zeros") + 0.2],
  cnn: (v) => [at(v, "plain") > 0.85, at(v, "shifted") > at(v, "mlpShifted")],
  pooling: (v) => [
    v.difference === 0,
    at(v, "max2") < at(v, "conv"),
    at(v, "max4") < at(v, "max2"),
    at(v, "global") < 0.1,
  ],
  "global-average-pooling": (v) => [at(v, "trained") > 0.85, at(v, "small") > 0.5, at(v, "larger") > 0.2],
  regularisation: (v) => [
    at(v, "none") > 10 * at(v, "l2"),
    at(v, "dropout") < at(v, "none"),
    at(v, "both") < at(v, "dropout"),
    at(v, "both loss") < at(v, "none loss"),
  ],
  normalisation: (v) => [at(v, "batch") > at(v, "none") + 0.2, at(v, "layer") > at(v, "none")],
  hooks: (v) => [v.calls === 7, at(v, "silenced") < 1e-6, at(v, "back") > 1e-3],
  activations: (v) => [at(v, "collapsed") < 0.2, at(v, "zeros") > 0.95, at(v, "best") > 0.8],
  gradients: (v) => [
    at(v, "sigmoid") < 1e-8,
    at(v, "small") < 1e-3,
    at(v, "right") > 0.1,
    at(v, "large") > 1e3,
  ],
  initialisation: (v) => [at(v, "naive") < 1e-6, at(v, "kaiming") > 0.2, at(v, "worst") < 2],
  momentum: (v) => [v.better === 4],
  "bias-correction": (v) => [Math.abs(at(v, "factor") - Math.sqrt(10)) < 0.01, at(v, "difference") < 1e-4],
  optimizers: (v) => [
    at(v, "best") < 0.5,
    at(v, "momentum") < at(v, "sgd"),
    at(v, "adam") < at(v, "momentum"),
    at(v, "suggestion") > 1e-5,
  ],
};

function at(values: Record<string, number>, name: string): number {
  const value = values[name];
  if (value === undefined) throw new Error(`no value ${name}; there are ${Object.keys(values)}`);
  return value;
}

/** All words of a block that come from the experiment's labels. */
function labelsOf(block: Block): readonly string[] {
  switch (block.kind) {
    case "note":
      return [block.text];
    case "table":
      return [block.title, ...(block.rows[0] ?? []), ...block.rows.map((row) => row[0] ?? "")];
    case "pictures":
      return [block.title, ...block.pictures.map((p) => p.label)];
    case "curves":
      return [block.title, block.x, block.y, ...block.series.map((s) => s.label)];
    case "bars":
      return [block.title, block.y, ...block.categories, ...block.series.map((s) => s.label)];
  }
}

/** Names are the same in all languages: of layers, options, optimizers, settings such as "lr 0.1, batch 32". */
const names = new Set(
  "kernel stride padding dilation groups constant reflect replicate circular nesterov sigmoid tanh relu".split(
    " ",
  ),
);

describe.each(files)("%s", (file) => {
  const name = file.slice(3, -3);
  let report: Report;

  it("shows what it says", { timeout: 180_000 }, async () => {
    const { default: experiment } = (await import(`${folder}${file}`)) as { default: Experiment };
    report = await runExperiment(experiment, { dataset: "digits", train, test, language: "ja" });
    const claim = claims[name];
    if (claim === undefined) throw new Error(`no claim for ${name}`);
    expect(claim(report.values), JSON.stringify(report.values)).not.toContain(false);
    for (const [key, value] of Object.entries(report.values)) expect(value, key).toSatisfy(Number.isFinite);
    expect(report.blocks.some((block) => block.kind !== "note" && block.kind !== "table")).toBe(true);
  });

  it("speaks Japanese throughout", () => {
    const said = [report.title, report.question, report.see, ...report.blocks.flatMap(labelsOf)];
    const english = said.filter(
      (text) => /[a-z]{3}/.test(text) && !/[\u3041-\u30ff\u4e00-\u9fff]/.test(text),
    );
    const unknown = english.filter(
      (text) => !names.has(text) && !/^[A-Z0-9.]|^floor\(|^lr |^optim\.|^normal\(/.test(text),
    );
    expect([...new Set(unknown)]).toEqual([]);
    // Nor is a term left in English inside a title or the sentence.
    const titles = report.blocks.flatMap((block) => (block.kind === "note" ? [] : [block.title]));
    const terms = Object.keys(japanese).filter((term) => /^[a-z]{4}/.test(term));
    const left = terms.filter((term) =>
      [report.see, ...titles.filter((title) => !title.startsWith("floor("))].some((text) =>
        new RegExp(`\\b${term}\\b`).test(text),
      ),
    );
    expect(left).toEqual([]);
  });

  it("makes a page that needs nothing else", async () => {
    const page = await pageOf(report);
    expect(page).toContain(`<html lang="ja">`);
    const markup = page.replace(/<script>[\s\S]*?<\/script>/g, "");
    expect(markup).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(page.match(/<canvas/g)?.length ?? 0).toBe(
      report.blocks.filter((b) => b.kind === "curves" || b.kind === "bars").length,
    );
  });

  it("is short enough to read", () => {
    const lines = readFileSync(`${folder}${file}`, "utf8").trimEnd().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(30);
    expect(lines.length).toBeLessThanOrEqual(80);
  });
});
