/**
 * `node scripts/studio-screenshots.mjs FOLDER [ADDRESS]`: pictures of every screen of the studio for the documentation,
 * in both languages and both themes. Without an address they show the runs of the tests' fixture; with that of a studio
 * that runs (`tatami studio`), its newest runs. `--widths 1440,768,360` takes them at other widths than 1440 only.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { runnerImport } from "vite";
import { dist } from "./lib/compile.mjs";
import { root } from "./lib/files.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    widths: { type: "string", default: "1440" },
    languages: { type: "string", default: "en,ja" },
    themes: { type: "string", default: "light,dark" },
    screens: { type: "string" },
  },
});
const [folder, address] = positionals;
if (folder === undefined) {
  console.error("Name the folder for the pictures: node scripts/studio-screenshots.mjs FOLDER [ADDRESS]");
  process.exit(2);
}
const heightFor = (/** @type {number} */ width) => (width > 700 ? 900 : 740);
const list = (/** @type {string} */ text) => text.split(",");

/** The fixture's server is TypeScript, which Vite runs as it is. */
async function fixture() {
  const helper = join(root, "test", "studio", "fixture-server.test-helper.ts");
  const page = join(dist, "studio");
  if (!existsSync(join(page, "index.html")))
    throw new Error("The page is not built; run `npm run build` first.");
  /** @type {{ module: { serveFixture(page: string): Promise<{ origin: string, empty: boolean, close(): Promise<void> }> } }} */
  const { module } = await runnerImport(helper);
  return module.serveFixture(page);
}

/** Where the tests find Chromium, and what they start it with. */
async function neighbours() {
  /** @type {{ module: typeof import("../test/setup/neighbours.ts") }} */
  const { module } = await runnerImport(join(root, "test", "setup", "neighbours.ts"));
  return module;
}

/** @returns {Promise<Record<string, string>>} addresses of the screens, from "?" on */
async function screensOf(/** @type {string} */ origin) {
  const answer = await fetch(`${origin}/api/runs`);
  /** @type {{ runs: { id: string, status: string }[] }} */
  const { runs } = await answer.json();
  const byId = (/** @type {string} */ id) => runs.find((run) => run.id === id);
  const good = byId("healthy") ?? runs.find((run) => run.status === "done") ?? runs[0];
  const bad = byId("broken") ?? runs.find((run) => run.status === "failed");
  const live = runs.find((run) => run.status === "running");
  if (good === undefined) throw new Error("The studio has no runs; train one first.");
  const compared = runs.filter((run) => run.status === "done").slice(0, 4);
  const id = encodeURIComponent(good.id);
  return {
    runs: "?",
    curves: `?run=${id}`,
    layers: `?run=${id}&tab=layers`,
    point: `?run=${id}&tab=point`,
    errors: `?run=${id}&tab=errors`,
    ...(compared.length >= 2 ? { compare: `?compare=${compared.map((run) => run.id).join(",")}` } : {}),
    ...(live ? { live: `?run=${encodeURIComponent(live.id)}` } : {}),
    ...(bad
      ? {
          broken: `?run=${encodeURIComponent(bad.id)}`,
          "broken-layers": `?run=${encodeURIComponent(bad.id)}&tab=layers`,
        }
      : {}),
  };
}

const server = address === undefined ? await fixture() : undefined;
const origin = (address ?? server?.origin ?? "").replace(/\/$/, "");
const { chromiumArguments, findChromium } = await neighbours();
const { path: executablePath, missing } = findChromium();
if (executablePath === undefined) throw new Error(missing);
const browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
mkdirSync(folder, { recursive: true });
const screens = await screensOf(origin);
const wanted = values.screens === undefined ? Object.keys(screens) : list(values.screens);
for (const width of list(values.widths).map(Number)) {
  for (const theme of list(values.themes)) {
    const page = await browser.newPage({
      viewport: { width, height: heightFor(width) },
      colorScheme: theme === "dark" ? "dark" : "light",
      reducedMotion: "reduce",
    });
    for (const language of list(values.languages)) {
      for (const name of wanted) {
        const search = screens[name];
        if (search === undefined) continue;
        await page.setViewportSize({ width, height: heightFor(width) });
        await page.goto(`${origin}/${search}${search === "?" ? "" : "&"}lang=${language}`);
        await page.waitForSelector("main h1, main h2");
        // Strips are fetched when they come into view: the view takes in the whole page.
        const height = await page.evaluate("document.documentElement.scrollHeight");
        await page.setViewportSize({ width, height: Math.max(height, heightFor(width)) });
        // Strips and maps are drawn after their data has come; then nothing moves any more.
        await page.waitForTimeout(name === "live" ? 1500 : 700);
        const suffix = width === 1440 ? "" : `-${width}`;
        await page.screenshot({
          path: join(folder, `${name}-${language}-${theme}${suffix}.png`),
          fullPage: true,
        });
      }
    }
    await page.close();
  }
}
await browser.close();
await server?.close();
console.log(`Wrote pictures of ${wanted.join(", ")} into ${folder}.`);
