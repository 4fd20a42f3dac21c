/** Files that the page makes by itself: a chart as PNG with its title and legend, and its points as CSV. */
import { colorNamed } from "../state/theme.svelte.ts";
import { type ChartSpec, columnsOf, dashOf, hueOf } from "./chart-spec.ts";
import { toCsv } from "./csv.ts";
import { beforeName, type LegendEntry, layLegend, lineHeight } from "./legend-layout.ts";

function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const fileName = (spec: ChartSpec, run: string, ending: string): string =>
  `${`${run}-${spec.title}`.replace(/[\\/:*?"<>|,\s]+/g, "-")}.${ending}`;

export function saveCsv(spec: ChartSpec, run: string): void {
  download(new Blob([toCsv(columnsOf(spec))], { type: "text/csv" }), fileName(spec, run, "csv"));
}

function drawLegend(
  context: CanvasRenderingContext2D,
  entries: readonly LegendEntry[],
  x: number,
  top: number,
): void {
  for (const { series, x: from, line } of entries) {
    const [left, y] = [x + from, top + line * lineHeight];
    context.strokeStyle = colorNamed(hueOf(series.style));
    context.lineWidth = 2;
    context.setLineDash([...dashOf(series.style)]);
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(left + 24, y);
    context.stroke();
    context.fillStyle = colorNamed("--ink-soft");
    context.fillText(series.label, left + beforeName, y + 4);
  }
}

export function savePng(spec: ChartSpec, run: string, plot: HTMLCanvasElement): void {
  const ratio = devicePixelRatio;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (context === null) return;
  const family = getComputedStyle(document.documentElement).fontFamily;
  context.font = `12px ${family}`;
  const entries = layLegend(spec.series, (text) => context.measureText(text).width, plot.width / ratio - 24);
  const head = (52 + lineHeight * (entries.at(-1)?.line ?? 0)) * ratio;
  // What was set of the context before is forgotten with this.
  canvas.width = plot.width;
  canvas.height = plot.height + head;
  context.fillStyle = colorNamed("--panel");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(plot, 0, head);
  context.scale(ratio, ratio);
  context.fillStyle = colorNamed("--ink");
  context.font = `600 14px ${family}`;
  context.fillText(`${spec.title} · ${run}`, 12, 22);
  context.font = `12px ${family}`;
  drawLegend(context, entries, 12, 40);
  canvas.toBlob((blob) => blob && download(blob, fileName(spec, run, "png")), "image/png");
}
