import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chromiumFound, type Stage, setStage } from "./studio.test-helper.ts";

let stage: Stage | undefined;
let page: Page;

beforeAll(async () => {
  if (chromiumFound.path !== undefined) stage = await setStage(chromiumFound.path);
}, 120_000);

afterAll(() => stage?.close());

beforeEach((context) => context.skip(chromiumFound.path === undefined, chromiumFound.missing));

afterEach(async () => {
  await page?.close();
  if (stage !== undefined) {
    expect(stage.complaints.splice(0)).toEqual([]);
    Object.assign(stage.server, { answers: true, empty: false });
  }
});

const open = async (...args: Parameters<Stage["open"]>): Promise<void> => {
  page = await (stage as Stage).open(...args);
};
const figure = (name: string) => page.locator(".figures div", { hasText: name }).locator("dd");
const stepShown = async (): Promise<number> =>
  Number.parseInt(((await figure("Step").textContent()) ?? "").replace(/,/g, ""), 10);
const until = (check: () => Promise<unknown>): Promise<void> =>
  expect.poll(check, { timeout: 8000, interval: 50 }).toBeTruthy() as unknown as Promise<void>;

describe("a run that is going on", () => {
  test("curves and numbers move; pause holds them and tells what waits", async () => {
    await open("?run=running");
    const chart = page.getByRole("slider", { name: "Loss" });
    await chart.waitFor();
    const before = await stepShown();
    const last = Number(await chart.getAttribute("aria-valuemax"));
    await until(async () => (await stepShown()) > before);
    await until(async () => Number(await chart.getAttribute("aria-valuemax")) > last);
    await page.getByRole("button", { name: "Pause" }).click();
    const held = await stepShown();
    await page.getByText(/Paused; \d+ new steps waiting/).waitFor();
    await page.waitForTimeout(400);
    expect(await stepShown()).toBe(held);
    await page.getByRole("button", { name: "Resume" }).click();
    await until(async () => (await stepShown()) > held);
    expect(await figure("Time left").textContent()).toMatch(/\d/);
  });

  test("a lost connection is told and mended", async () => {
    await open("?run=running");
    await page.getByRole("slider", { name: "Loss" }).waitFor();
    (stage as Stage).server.answers = false;
    (stage as Stage).server.dropStreams();
    await page.getByText(/No connection to the server/).waitFor();
    (stage as Stage).server.answers = true;
    await page.getByText(/No connection to the server/).waitFor({ state: "detached" });
  });
});

describe("verdicts", () => {
  test("a broken run has them, with number, cure and topic; NaN is loud", async () => {
    await open("?run=broken");
    const verdict = page.locator('[data-rule="numerics"]');
    await verdict.waitFor();
    expect(await verdict.textContent()).toMatch(
      /37\.0%.*NaN[\s\S]*Cure[\s\S]*--lr 0\.01[\s\S]*tatami lab gradients/,
    );
    const topic = verdict.getByText("Vanishing and exploding gradients");
    await topic.waitFor();
    expect(await verdict.getByText("tatami lab gradients").isVisible()).toBe(false);
    await topic.click();
    await verdict.getByText("Which scale of the weights lets gradients through?").waitFor();
    expect(await verdict.getByText("tatami lab gradients").isVisible()).toBe(true);
    // A topic that the server does not know keeps its name.
    await page.locator('[data-rule="dead-relu"]').getByText("activations", { exact: true }).waitFor();
    expect(await page.getByRole("alert").textContent()).toMatch(/not a finite number since step 212/);
    expect(await figure("Loss").textContent()).toBe("NaN");
  });

  test("a healthy run has none", async () => {
    await open("?run=healthy");
    await page.getByText("Nothing is wrong as far as the rules can tell.").waitFor();
    expect(await page.locator("[data-rule]").count()).toBe(0);
  });
});

describe("strips", () => {
  test("a click opens the feature maps of that layer and step, and the slider moves through training", async () => {
    await open("?run=healthy&tab=layers");
    const strip = page.getByRole("slider", { name: "Activations of features.4" });
    await until(async () => Number(await strip.getAttribute("aria-valuemax")) > 100);
    const box = await strip.boundingBox();
    if (box === null) throw new Error("the strip has no box");
    await strip.click({ position: { x: box.width / 2, y: 20 } });
    const maps = page.locator("section[data-step]");
    await maps.waitFor();
    const step = Number(new URL(page.url()).searchParams.get("step"));
    expect(step).toBeGreaterThan(400);
    expect(step).toBeLessThan(540);
    expect(await maps.getAttribute("data-layer")).toBe("features.4");
    // the weights are those stored last before the step: 940 * (8 / 12)^2
    expect(await maps.getAttribute("data-step")).toBe("418");
    await page.getByRole("button", { name: "Later weights" }).click();
    await until(async () => (await maps.getAttribute("data-step")) === "529");
    await page.goBack();
    await strip.waitFor();
  });

  test("what is NaN is marked from the step on where it begins", async () => {
    await open("?run=broken&tab=layers");
    await page.getByText("NaN or infinite from step 213").first().waitFor();
    const strip = page.getByRole("slider", { name: "Gradients of features.1" });
    await strip.focus();
    await strip.press("End");
    expect(await strip.getAttribute("aria-valuetext")).toMatch(/NaN or infinite/);
    // the last column is the loud red or its lines, whatever the theme
    const pixel = await strip.locator("canvas").evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const data = (canvas as HTMLCanvasElement)
        .getContext("2d")
        ?.getImageData(width - 20, height / 2, 16, 1).data;
      return [...(data ?? [])];
    });
    const reds = pixel.filter((_, i) => i % 4 === 0);
    expect(Math.min(...reds)).toBeGreaterThan(200);
  });
});

describe("looking inside", () => {
  test("own images and other classes can be asked for", async () => {
    await open("?run=healthy&tab=point");
    await page.locator("section[data-step]").waitFor();
    await page.getByLabel("Evidence for").selectOption({ label: "Bag" });
    await page.getByRole("img", { name: "Where it looked: Bag" }).waitFor();
    const icon = readFileSync(new URL("../../studio/public/tatami.svg", import.meta.url));
    await page
      .locator('input[type="file"]')
      .setInputFiles({ name: "own.png", mimeType: "image/png", buffer: icon });
    await page.getByRole("button", { name: "Own image …", pressed: true }).waitFor();
  });

  test("a mistake leads to its image", async () => {
    await open("?run=healthy&tab=errors");
    await page.getByRole("button", { name: /Truth T-shirt Predicted Pullover loss 7\.900/ }).click();
    await page.locator("section[data-step]").waitFor();
    expect(new URL(page.url()).searchParams.get("image")).toBe("100");
  });
});

describe("the list of runs", () => {
  test("two runs are compared; seeds become one curve with a band", async () => {
    await open("?");
    for (const name of ["healthy", "slow-0", "slow-1"])
      await page.getByLabel(`Select ${name} to compare`).check();
    await page.getByRole("button", { name: "Compare 3" }).click();
    const names = page.locator(".legend li");
    await until(async () => (await names.count()) === 3);
    expect(await page.locator("tr.differs").allInnerTexts()).toEqual([
      expect.stringMatching(/^lr.*differs.*0\.01.*0\.002.*0\.002/s),
      expect.stringMatching(/^seed.*differs.*0.*0.*1/s),
    ]);
    await page.getByRole("button", { name: "Mean over seeds" }).click();
    await until(async () => (await names.allInnerTexts()).join().includes("lr=0.002 (2 seeds)"));
    expect(await names.count()).toBe(2);
  });

  test("a comparison follows a run that is going on", async () => {
    await open("?compare=running,slow-0&metric=loss&grouped=1");
    const chart = page.getByRole("slider", { name: "Loss" });
    await chart.waitFor();
    await page.getByRole("button", { name: "Mean over seeds", pressed: true }).click();
    const cell = page.locator("tr.result", { hasText: "Loss (last)" }).locator("td").first();
    await until(async () => (await page.locator(".legend li").first().textContent())?.includes("running"));
    const said = await page.locator(".legend li").first().textContent();
    const loss = await cell.textContent();
    await until(async () => (await page.locator(".legend li").first().textContent()) !== said);
    await until(async () => (await cell.textContent()) !== loss);
    expect(new URL(page.url()).searchParams.get("grouped")).toBeNull();
  });

  test("runs are sorted by a column, and the address keeps the order", async () => {
    await open("?");
    const names = async (): Promise<string[]> => page.locator("tbody .name").allInnerTexts();
    await page.getByRole("button", { name: "Validation accuracy" }).click();
    await until(async () => (await names())[0] === "slow-2");
    expect((await names()).at(-1)).toBe("running");
    await page.getByRole("button", { name: "lr" }).click();
    await until(async () => (await names())[0]?.startsWith("slow"));
    await page.reload();
    await until(async () => (await names())[0]?.startsWith("slow"));
    expect(await page.locator("th[aria-sort]").allTextContents()).toEqual([
      expect.stringMatching(/^\s*lr ↑\s*$/),
    ]);
    expect(
      await page.locator("tr", { hasText: "healthy" }).locator("svg path").first().getAttribute("d"),
    ).toMatch(/^M/);
  });

  test("a run is renamed, tagged and deleted; a running one is not", async () => {
    await open("?");
    await page.getByRole("button", { name: "Edit slow-2" }).click();
    await page.getByLabel("Name", { exact: true }).fill("third seed");
    await page.getByLabel(/^Tags/).fill("a, b, a");
    await page.getByRole("button", { name: "Save" }).click();
    const row = page.locator("tr", { hasText: "third seed" });
    await until(async () => (await row.locator(".tag").allInnerTexts()).join() === "a,b");
    await row.getByRole("button", { name: "Delete: third seed" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
    expect(await page.getByRole("button", { name: "Delete: running" }).isDisabled()).toBe(true);
  });

  test("says what to do where there is nothing, and what went wrong where there is an error", async () => {
    (stage as Stage).server.empty = true;
    await open("?");
    await page.getByText("tatami train", { exact: true }).waitFor();
    (stage as Stage).server.answers = false;
    await page.reload();
    await page.getByText("Too many images are being computed").waitFor();
    await page.getByRole("button", { name: "日本語" }).click();
    await page.getByText("計算待ちの画像が多すぎます").waitFor();
    await page.getByRole("button", { name: "English" }).click();
    Object.assign((stage as Stage).server, { answers: true, empty: false });
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("link", { name: "healthy" }).waitFor();
  });
});

describe("for people", () => {
  test("languages change at once, and stay in the address", async () => {
    await open("?run=broken");
    await page.getByRole("heading", { name: "Verdicts" }).waitFor();
    await page.getByRole("button", { name: "日本語" }).click();
    await page.getByRole("heading", { name: "診断" }).waitFor();
    await page.getByText("学習率を下げる").first().waitFor();
    expect(new URL(page.url()).searchParams.get("lang")).toBe("ja");
    expect(await page.locator("html").getAttribute("lang")).toBe("ja");
  });

  test("theme and what is shown of layers stay in the address", async () => {
    await open("?run=healthy&tab=layers");
    await page.getByRole("button", { name: "Gradients", exact: true }).click();
    await page.getByLabel("Theme").selectOption({ label: "Dark" });
    await page.getByRole("button", { name: "Gradients", exact: true, pressed: false }).waitFor();
    const address = new URL(page.url());
    expect(address.searchParams.get("strips")).toBe("activations,updates");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    await page.close();
    await open(address.search);
    await page.getByRole("button", { name: "Gradients", exact: true, pressed: false }).waitFor();
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    await page.goto(`${address.origin}/?theme=light`);
    expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
  });

  test("axes and smoothing stay in the address, which shows the same view again", async () => {
    await open("?run=healthy");
    await page.getByRole("button", { name: "log y" }).click();
    await page.getByRole("button", { name: "Time" }).click();
    await page.getByLabel("Smoothing").fill("0.9");
    await page.reload();
    await page.getByRole("button", { name: "log y", pressed: true }).waitFor();
    await page.getByRole("button", { name: "Time", pressed: true }).waitFor();
    expect(await page.getByLabel("Smoothing").inputValue()).toBe("0.9");
  });

  test("everything is reached by keyboard: run, tab, strip, step", async () => {
    await open("?");
    await page.getByRole("link", { name: "healthy" }).focus();
    await page.keyboard.press("Enter");
    const chart = page.getByRole("slider", { name: "Loss" });
    await chart.waitFor();
    await chart.focus();
    await page.keyboard.press("Home");
    expect(await chart.getAttribute("aria-valuetext")).toMatch(/^Step 1: training \d/);
    await page.keyboard.press("ArrowRight");
    expect(await chart.getAttribute("aria-valuetext")).toMatch(/^Step 2: /);
    await page.getByRole("link", { name: "Layers" }).focus();
    await page.keyboard.press("Enter");
    const strip = page.getByRole("slider", { name: "Activations of features.0" });
    await until(async () => Number(await strip.getAttribute("aria-valuemax")) > 100);
    await strip.focus();
    await page.keyboard.press("Home");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowRight");
    expect(await strip.getAttribute("aria-valuetext")).toMatch(/^Step 121: mean /);
    await page.keyboard.press("Enter");
    await page.locator('section[data-layer="features.0"]').waitFor();
    const maps = page.getByRole("slider", { name: /16 feature maps of features\.0/ });
    await maps.focus();
    await page.keyboard.press("ArrowRight");
    expect(await maps.getAttribute("aria-valuetext")).toBe("channel 1");
  });

  const screens = [
    "?",
    "?run=running",
    "?run=broken",
    "?run=broken&tab=layers",
    "?run=healthy&tab=point",
    "?run=healthy&tab=errors",
    "?compare=healthy,slow-0",
  ];

  test.each(screens)("axe finds nothing serious in %s, in light and dark", async (screen) => {
    const axe = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");
    for (const colorScheme of ["light", "dark"] as const) {
      await open(screen, { colorScheme });
      await page.locator("main h1").waitFor();
      await page.waitForTimeout(500);
      // evaluated by the debugger, which the page's policy does not bind
      await page.evaluate(axe);
      const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
        "axe.run().then((result) => result.violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })))",
      );
      const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious, colorScheme).toEqual([]);
      if (colorScheme === "light") await page.close();
    }
  });

  test.each(screens)("nothing is wider than a phone in %s", async (screen) => {
    await open(screen, { width: 360 });
    await page.locator("main h1").waitFor();
    await page.waitForTimeout(300);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  });
});

test("the page has no script or style in itself, which the policy would refuse", () => {
  const html = readFileSync(join((stage as Stage).folder, "index.html"), "utf8");
  expect(html).not.toMatch(/<style|\sstyle=|<script(?![^>]*\ssrc=)/);
  expect(html).toContain('<meta name="tatami-token" content="" />');
});
