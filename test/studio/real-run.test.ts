/** The page against the real thing: a training with its studio, from the built package, watched in a browser. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildPackage, type Serving, tatamiServing, temporaryFolder } from "../cli/command.test-helper.ts";
import { chromiumFound, launchChromium, listen } from "./studio.test-helper.ts";

let browser: Browser | undefined;
const complaints: string[] = [];

beforeAll(async () => {
  if (chromiumFound.path === undefined) return;
  await buildPackage();
  browser = await launchChromium(chromiumFound.path);
}, 180_000);

afterAll(() => browser?.close());

beforeEach((context) => context.skip(chromiumFound.path === undefined, chromiumFound.missing));

async function opened(url: string): Promise<Page> {
  const viewport = { width: 1280, height: 900 };
  const page = await (browser as Browser).newPage({ viewport, locale: "en", reducedMotion: "reduce" });
  page.setDefaultTimeout(20_000);
  listen(page, complaints);
  await page.goto(url);
  return page;
}

/** Ends a command that a failed test has left. */
async function ended({ child, ended: code }: Serving): Promise<void> {
  child.kill("SIGKILL");
  await code;
}

const figure = (page: Page, name: string) =>
  page
    .locator(".figures div", { hasText: new RegExp(`^${name}`) })
    .locator("dd")
    .first();
const stepOf = async (page: Page): Promise<number> =>
  Number.parseInt(((await figure(page, "Step").textContent()) ?? "").replace(/,/g, ""), 10);
const until = (check: () => Promise<unknown>): Promise<void> =>
  expect.poll(check, { timeout: 20_000, interval: 50 }).toBeTruthy() as unknown as Promise<void>;

/** Shares of the pixels of a canvas that differ from the one before them: 0 where nothing is drawn. */
const drawn = (page: Page, canvas: string): Promise<number> =>
  page
    .locator(canvas)
    .first()
    .evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const { data } = (element as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? {
        data: new Uint8ClampedArray(),
      };
      const pixels = new Uint32Array(data.buffer);
      return (
        pixels.filter((pixel, i) => i > 0 && pixel !== pixels[i - 1]).length / Math.max(1, pixels.length)
      );
    });

async function curvesMoveAndPause(page: Page): Promise<void> {
  const chart = page.getByRole("slider", { name: "Loss" });
  await chart.waitFor();
  await until(async () => (await stepOf(page)) > 60);
  const [step, last] = [await stepOf(page), Number(await chart.getAttribute("aria-valuemax"))];
  const legend = page.locator(".legend").first();
  const said = await legend.textContent();
  expect(said).toMatch(/training[^\d]*\d/);
  await until(async () => (await stepOf(page)) > step);
  await until(async () => Number(await chart.getAttribute("aria-valuemax")) > last);
  await until(async () => (await legend.textContent()) !== said);

  await page.getByRole("button", { name: "Pause" }).click();
  const held = await stepOf(page);
  const heldLegend = await legend.textContent();
  await page.getByText(/Paused; [\d,]+ new steps? waiting/).waitFor();
  await page.waitForTimeout(800);
  expect([await stepOf(page), await legend.textContent()]).toEqual([held, heldLegend]);
  // Another view and back is the same run, as it was.
  await page.getByRole("link", { name: "Mistakes" }).click();
  await page.getByRole("link", { name: "Curves" }).click();
  await page.getByText(/Paused; [\d,]+ new steps? waiting/).waitFor();
  expect(await stepOf(page)).toBe(held);
  await page.getByRole("button", { name: "Resume" }).click();
  await until(async () => (await stepOf(page)) > held);
}

/** @returns The step at which the maps are. */
async function clickOpensMaps(page: Page): Promise<number> {
  await page.getByRole("link", { name: "Layers" }).click();
  const strip = page.getByRole("slider", { name: "Activations of features.0" });
  // Several recorded steps, so that there is a choice.
  await until(async () => Number(await strip.getAttribute("aria-valuemax")) > 6);
  expect(await drawn(page, '[aria-label="Activations of features.0"] canvas')).toBeGreaterThan(0.05);
  const box = await strip.boundingBox();
  if (box === null) throw new Error("the strip has no box");
  await strip.click({ position: { x: box.width / 2, y: 30 } });
  const maps = page.locator("section[data-step]");
  await maps.waitFor();
  const clicked = Number(new URL(page.url()).searchParams.get("step"));
  const shown = Number(await maps.getAttribute("data-step"));
  expect(await maps.getAttribute("data-layer")).toBe("features.0");
  // The weights that were stored last before the step.
  expect(clicked).toBeGreaterThan(1);
  expect(shown).toBeGreaterThan(0);
  expect(shown).toBeLessThanOrEqual(clicked);
  expect(await maps.textContent()).toContain(`Weights of step ${shown.toLocaleString("en")}`);
  await until(async () => (await drawn(page, "section[data-step] canvas")) > 0.05);
  return shown;
}

describe("a training that is watched", { timeout: 120_000 }, () => {
  it("moves, is paused, looked into, read in Japanese, and interrupted", async () => {
    await using folder = await temporaryFolder();
    const words = ["train", "digits", "--epochs", "2000", "--threads", "1", "--studio", "--json"];
    const training = await tatamiServing(folder.path, words);
    // The training's own studio ends with it; who wants to see the end looks from another one.
    const studio = await tatamiServing(folder.path, ["studio", "--port", "47300"]);
    try {
      const page = await opened(training.url);
      await page.getByRole("link", { name: "digits-cnn" }).click();
      await curvesMoveAndPause(page);
      const shown = await clickOpensMaps(page);

      await page.getByRole("button", { name: "日本語" }).click();
      await page.getByRole("heading", { name: "特徴マップ" }).waitFor();
      expect(await page.locator("html").getAttribute("lang")).toBe("ja");
      expect(await page.locator("section[data-step]").getAttribute("data-step")).toBe(String(shown));

      const run = new URL(page.url()).searchParams.get("run");
      const witness = await opened(`${studio.url}?run=${run}`);
      await witness.getByText("running", { exact: true }).waitFor();
      training.child.kill("SIGINT");
      expect(await training.ended).toBe(130);
      // Told by the server: nobody loads the page anew.
      await witness.getByText("interrupted", { exact: true }).waitFor();
      await witness.getByText("running", { exact: true }).waitFor({ state: "detached" });
      await page.getByText("サーバーとの接続が切れました", { exact: false }).waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await Promise.all([ended(training), ended(studio)]);
    }
  });
});
