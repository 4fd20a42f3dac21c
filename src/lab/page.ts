/**
 * The page of an experiment: one file that holds everything, the plotting library too, so that it opens without a
 * network and can be kept or sent.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../base/node/atomic-file.ts";
import { makeFolder } from "../base/node/make-folder.ts";
import { inLanguage, type Text } from "./experiment.ts";
import { type Block, formatCell, type Report } from "./report.ts";

type Chart = Extract<Block, { kind: "curves" | "bars" }>;

/** Writes the page of a report, and the folder that it goes to. */
export async function writePage(report: Report, path: string): Promise<void> {
  await makeFolder(dirname(path));
  await writeFileAtomic(path, await pageOf(report));
}

/** A page as text. */
export async function pageOf(report: Report): Promise<string> {
  const [style, client, chartLibrary] = await Promise.all([
    readFile(new URL("../lab/page.css", import.meta.url), "utf8"),
    readFile(new URL("../lab/page-client.js", import.meta.url), "utf8"),
    readFile(chartLibraryFile(), "utf8"),
  ]);
  const say = (text: Text): string => inLanguage(text, report.language);
  const charts = report.blocks.flatMap((block, i) =>
    block.kind === "curves" || block.kind === "bars" ? [{ id: `chart${i}`, ...block }] : [],
  );
  const made = say({
    en: `Dataset: ${report.dataset}. Computed in ${report.seconds.toFixed(1)} s.`,
    ja: `データセット：${report.dataset}。計算時間 ${report.seconds.toFixed(1)} 秒。`,
  });
  return `<!doctype html>
<html lang="${report.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title>
<style>
${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(report.title)}</h1>
<p>${escapeHtml(report.question)}</p>
<p class="see">${escapeHtml(report.see)}</p>
${report.blocks.map((block, i) => section(block, `chart${i}`, say)).join("\n")}
</main>
<footer>${escapeHtml(made)}</footer>
<script type="application/json" id="charts">${JSON.stringify(charts).replaceAll("<", "\\u003c")}</script>
<script>${chartLibrary.replace(/\/\/# sourceMappingURL=.*$/m, "")}</script>
<script>${client}</script>
</body>
</html>
`;
}

/** The library as one script for pages, which its package has beside the file that `require` finds. */
function chartLibraryFile(): string {
  return join(dirname(createRequire(import.meta.url).resolve("chart.js")), "chart.umd.js");
}

function section(block: Block, id: string, say: (text: Text) => string): string {
  if (block.kind === "note") return `<p>${escapeHtml(block.text)}</p>`;
  const title = `<h2>${escapeHtml(block.title)}</h2>`;
  if (block.kind === "table") return `<section>${title}${tableOf(block.rows)}</section>`;
  if (block.kind === "pictures") return `<section>${title}${picturesOf(block.pictures)}</section>`;
  const numbers = say({ en: "The numbers", ja: "数値" });
  return `<section>${title}<div class="chart"><canvas id="${id}" role="img" aria-label="${escapeHtml(block.title)}"></canvas></div>
<details><summary>${numbers}</summary>${tableOf(numbersOf(block))}</details></section>`;
}

/** What a chart shows as a table, for those who cannot see it. Long curves are thinned to 50 points. */
function numbersOf(chart: Chart): string[][] {
  if (chart.kind === "bars") {
    const header = ["", ...chart.series.map((s) => s.label)];
    return [
      header,
      ...chart.categories.map((name, i) => [
        name,
        ...chart.series.map((s) => formatCell(s.values[i] ?? Number.NaN)),
      ]),
    ];
  }
  const rows = chart.series.flatMap(({ label, points }) => {
    const every = Math.ceil(points.length / 50);
    return points
      .filter((_, i) => i % every === 0 || i === points.length - 1)
      .map(([x, y]) => [label, formatCell(x), formatCell(y)]);
  });
  return [["", chart.x, chart.y], ...rows];
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[], tag: "th" | "td"): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const [header = [], ...body] = rows;
  return `<div class="scroll"><table><thead>${line(header, "th")}</thead><tbody>${body
    .map((row) => line(row, "td"))
    .join("")}</tbody></table></div>`;
}

function picturesOf(pictures: Extract<Block, { kind: "pictures" }>["pictures"]): string {
  const figures = pictures.map(({ label, url, width, height }) => {
    // All about as large as each other; long strips get twice the room.
    const room = (pictures.length > 8 ? 96 : 160) * (width > 2 * height ? 2 : 1);
    const scale = Math.max(1, Math.floor(room / Math.max(width, height)));
    const size = `width="${width * scale}" height="${height * scale}"`;
    return `<figure><img src="${url}" ${size} alt="${escapeHtml(label)}"><figcaption>${escapeHtml(label)}</figcaption></figure>`;
  });
  return `<div class="pictures">${figures.join("")}</div>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => entities[c] as string);
}
