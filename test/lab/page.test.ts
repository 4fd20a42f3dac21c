/** A page of the lab in a real browser: everything is drawn, from the file alone, and nothing is fetched. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Digits } from "../../src/data/index.ts";
import { experiment, runExperiment, writePage } from "../../src/lab/index.ts";
import { linspace, tensor } from "../../src/tensor/create.ts";
import { findChromium } from "../setup/neighbours.ts";

const found = findChromium();
const folder = mkdtempSync(join(tmpdir(), "tatami-lab-"));
let browser: Browser | undefined;

/** One of everything that a page can hold, with texts that HTML must not take for markup. */
const everything = experiment({
  title: { en: "<b>All</b> & </script>", ja: "すべて" },
  question: { en: "What is there?", ja: "何があるか。" },
  async run(lab) {
    const image = linspace(0, 1, 35).reshape([5, 7]);
    lab.curves("Curves", {
      x: "</script><script>throw 1</script>",
      y: "loss",
      logY: true,
      series: [
        { label: "falls", points: [4, 2, 1, 1e-9, 0, Number.NaN] },
        { label: "beside", points: [4, 2], style: "dashed" },
        { label: "dots", points: [[1, 1]], style: "dots" },
      ],
      background: { image, colours: "heat" },
    });
    lab.bars("Bars", { categories: ["a", "b"], y: "value", series: [{ label: "s", values: [1, 2] }] });
    const [images] = await lab.batch(1);
    await lab.pictures("Pictures", [
      { label: "digit", image: images.select(0, 0) },
      { label: "signed", image: image.sub(0.5), colours: "signed" },
      { label: "not finite", image: tensor([[0, Number.NaN]]) },
    ]);
    lab.table(
      "Table",
      ["a", "b"],
      [
        ["x", 0.123456],
        ["y", 1e-9],
      ],
    );
    lab.note({ en: "A note.", ja: "注。" });
    return { see: { en: "It is here.", ja: "ある。" }, values: { one: 1 } };
  },
});

beforeAll(async () => {
  if (found.path === undefined) return;
  browser = await chromium.launch({ executablePath: found.path, args: ["--no-sandbox", "--disable-gpu"] });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach((context) => context.skip(found.path === undefined, found.missing));

it("draws everything without a network and without complaints", { timeout: 60_000 }, async () => {
  const digits = new Digits({ split: "test" });
  const options = { dataset: "digits", train: digits, test: digits, language: "en" } as const;
  const path = join(folder, "deep", "page.html");
  await writePage(await runExperiment(everything, options), path);

  const page = await (browser as Browser).newPage({ viewport: { width: 360, height: 800 } });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => requests.push(request.url().slice(0, 20)));
  await page.goto(pathToFileURL(path).href);
  await page.waitForTimeout(300);
  expect(complaints).toEqual([]);
  expect(requests.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
  expect(await page.textContent("h1")).toBe("<b>All</b> & </script>");
  expect(await page.textContent(".see")).toBe("It is here.");

  const drawn = await page.$$eval("canvas", (canvases) =>
    canvases.map((canvas) => {
      const { width, height } = canvas;
      const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
        0,
        0,
        width,
        height,
      );
      return new Set(new Uint32Array(data.buffer)).size;
    }),
  );
  expect(drawn).toHaveLength(2);
  for (const colours of drawn) expect(colours).toBeGreaterThan(20);
  // A dashed curve has the colour of the one before it; a logarithmic axis names powers of ten.
  const { looks, ticks } = await page.evaluate(() => {
    type Drawn = {
      data: { datasets: { borderColor: string; borderDash: number[] }[] };
      scales: { y: { ticks: { label: string }[] } };
    };
    const { Chart } = globalThis as unknown as { Chart: { getChart(of: Element | null): Drawn } };
    const { data, scales } = Chart.getChart(document.querySelector("canvas"));
    return {
      looks: data.datasets.map((set) => [set.borderColor, set.borderDash.length > 0]),
      ticks: scales.y.ticks.map(({ label }) => label).filter((label) => label !== ""),
    };
  });
  expect(looks.map(([, dashed]) => dashed)).toEqual([false, true, false]);
  expect(new Set(looks.map(([colour]) => colour)).size).toBe(2);
  expect(looks[1]?.[0]).toBe(looks[0]?.[0]);
  expect(ticks).toContain("1e-6");
  for (const tick of ticks) expect(tick).toMatch(/^(1e-\d|0\.0*1|10*)$/);
  const sizes = await page.$$eval(".pictures img", (images) =>
    (images as HTMLImageElement[]).map((i) => [i.naturalWidth, i.naturalHeight]),
  );
  expect(sizes).toEqual([
    [8, 8],
    [7, 5],
    [2, 1],
  ]);
  expect(await page.$$eval("details table tr", (rows) => rows.length)).toBe(8 + 3);
  // On a narrow screen nothing sticks out but what scrolls by itself.
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});
