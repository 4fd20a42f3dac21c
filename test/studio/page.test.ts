import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { useStage } from "./studio.test-helper.ts";

const on = useStage();
const picture = (name: string, buffer: Buffer) => ({ name, mimeType: "image/png", buffer });
const pictureOf = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: "#c84" } })
    .png()
    .toBuffer();
const { open } = on;
const figure = (name: string) => on.page.locator(".figures div", { hasText: name }).locator("dd");
const stepShown = async (): Promise<number> =>
  Number.parseInt(((await figure("Step").textContent()) ?? "").replace(/,/g, ""), 10);
const until = (check: () => Promise<unknown>): Promise<void> =>
  expect.poll(check, { timeout: 8000, interval: 50 }).toBeTruthy() as unknown as Promise<void>;

describe("a run that is going on", () => {
  test("curves and numbers move; pause holds them and tells what waits", async () => {
    await open("?run=running");
    const chart = on.page.getByRole("slider", { name: "Loss" });
    await chart.waitFor();
    const before = await stepShown();
    const last = Number(await chart.getAttribute("aria-valuemax"));
    await until(async () => (await stepShown()) > before);
    await until(async () => Number(await chart.getAttribute("aria-valuemax")) > last);
    await on.page.getByRole("button", { name: "Pause" }).click();
    const held = await stepShown();
    await on.page.getByText(/Paused; \d+ new steps waiting/).waitFor();
    await on.page.waitForTimeout(400);
    expect(await stepShown()).toBe(held);
    await on.page.getByRole("button", { name: "Resume" }).click();
    await until(async () => (await stepShown()) > held);
    expect(await figure("Time left").textContent()).toMatch(/\d/);
  });

  test("a run that was deleted meanwhile is told, and not waited for", async () => {
    await open("?run=running");
    await on.page.getByRole("slider", { name: "Loss" }).waitFor();
    on.stage.server.gone = "running";
    on.stage.server.dropStreams();
    await on.page.getByText(/This run does not exist; it may have been deleted/).waitFor();
    await on.page.getByRole("main").getByRole("link", { name: "Runs" }).click();
    await on.page.getByRole("link", { name: "healthy" }).waitFor();
  });

  test("a run that was interrupted is live again when it is resumed", async () => {
    let resumed = false;
    const page = await open("?");
    await page.route("**/api/runs/long", async (route) => {
      const answer = await route.fetch();
      const status = resumed ? "running" : "interrupted";
      await route.fulfill({ response: answer, json: { ...(await answer.json()), status } });
    });
    await page.getByRole("link", { name: "long" }).click();
    await page.getByText("interrupted", { exact: true }).waitFor();
    resumed = true;
    await page.getByText("running", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Pause" }).waitFor();
  });

  test("nothing is followed while nobody sees the page, and nothing is missing when it is seen again", async () => {
    await open("?run=running");
    await on.page.getByRole("slider", { name: "Loss" }).waitFor();
    const { server } = on.stage;
    await until(async () => server.listeners() > 0);
    const others = server.listeners() - 1;
    const turn = (hidden: boolean): Promise<void> =>
      on.page.evaluate((is) => {
        Object.defineProperty(document, "hidden", { value: is, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await turn(true);
    await until(async () => server.listeners() === others);
    const held = await stepShown();
    await on.page.waitForTimeout(300);
    expect(await stepShown()).toBe(held);
    await turn(false);
    await until(async () => (await stepShown()) > held);
    expect(server.listeners()).toBe(others + 1);
  });

  test("strips stay while no server answers, and go on when one does", { timeout: 30_000 }, async () => {
    const page = await open("?run=running&tab=layers");
    await page.getByRole("slider", { name: "Activations of features.0" }).waitFor();
    const { strips } = on.stage.server;
    // Those in view have come by then.
    await page.waitForTimeout(1000);
    let refused = 0;
    await page.route("**/strips?*", (route) => {
      refused++;
      return route.abort("connectionrefused");
    });
    await until(async () => refused > 0);
    await page.waitForTimeout(200);
    expect(await page.getByRole("alert").count()).toBe(0);
    const before = strips.length;
    await page.unroute("**/strips?*");
    await until(async () => strips.length > before);
  });

  test("a lost connection is told and mended", async () => {
    await open("?run=running");
    await on.page.getByRole("slider", { name: "Loss" }).waitFor();
    on.stage.server.answers = false;
    on.stage.server.dropStreams();
    await on.page.getByText(/No connection to the server/).waitFor();
    on.stage.server.answers = true;
    await on.page.getByText(/No connection to the server/).waitFor({ state: "detached" });
  });
});

describe("verdicts", () => {
  test("a broken run has them, with number, cure and topic; NaN is loud", async () => {
    await open("?run=broken");
    const verdict = on.page.locator('[data-rule="numerics"]');
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
    await on.page.locator('[data-rule="dead-relu"]').getByText("activations", { exact: true }).waitFor();
    expect(await on.page.getByRole("alert").textContent()).toMatch(/not been a finite number since step 212/);
    expect(await figure("Loss").textContent()).toBe("NaN");
  });

  test("they are told of in every view, and found from there", async () => {
    await open("?run=broken&tab=layers");
    await on.page.getByRole("link", { name: "2 verdicts" }).click();
    await on.page.locator('[data-rule="numerics"]').waitFor();
    await until(() => on.page.evaluate("document.activeElement.id === 'verdicts'"));
  });

  test("a healthy run has none", async () => {
    await open("?run=healthy");
    await on.page.getByText("Nothing is wrong as far as the rules can tell.").waitFor();
    expect(await on.page.locator("[data-rule]").count()).toBe(0);
  });
});

describe("strips", () => {
  test("a click opens the feature maps of that layer and step, and the slider moves through training", async () => {
    await open("?run=healthy&tab=layers");
    const strip = on.page.getByRole("slider", { name: "Activations of features.4" });
    await until(async () => Number(await strip.getAttribute("aria-valuemax")) > 100);
    const box = await strip.boundingBox();
    if (box === null) throw new Error("the strip has no box");
    await strip.click({ position: { x: box.width / 2, y: 20 } });
    const maps = on.page.locator("section[data-step]");
    await maps.waitFor();
    const step = Number(new URL(on.page.url()).searchParams.get("step"));
    expect(step).toBeGreaterThan(400);
    expect(step).toBeLessThan(540);
    expect(await maps.getAttribute("data-layer")).toBe("features.4");
    // the weights are those stored last before the step: 940 * (8 / 12)^2
    expect(await maps.getAttribute("data-step")).toBe("418");
    await on.page.getByRole("button", { name: "Later weights" }).click();
    await until(async () => (await maps.getAttribute("data-step")) === "529");
    await on.page.goBack();
    await strip.waitFor();
  });

  test("what is NaN is marked from the step on where it begins", async () => {
    await open("?run=broken&tab=layers");
    await on.page.getByText("NaN or infinite from step 213").first().waitFor();
    const strip = on.page.getByRole("slider", { name: "Gradients of features.1" });
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
    await on.page.locator("section[data-step]").waitFor();
    await on.page.getByLabel("Evidence for").selectOption({ label: "Bag" });
    await on.page.getByRole("img", { name: "Where it looked: Bag" }).waitFor();
    await on.page.locator('input[type="file"]').setInputFiles(picture("own.png", await pictureOf(28, 28)));
    await on.page.getByRole("button", { name: "Own image …", pressed: true }).waitFor();
  });

  test("an own image is made small, and stays while one looks elsewhere in the run", async () => {
    await open("?run=healthy&tab=point");
    await on.page.locator("section[data-step]").waitFor();
    const chooser = on.page.locator('input[type="file"]');
    await chooser.setInputFiles(picture("写真 🎉.png", await pictureOf(5000, 2500)));
    const own = on.page.getByRole("img", { name: "Your own image" });
    await own.waitFor();
    await own.evaluate((image) => (image as HTMLImageElement).decode());
    const size = await own.evaluate((image) => {
      const { naturalWidth, naturalHeight } = image as HTMLImageElement;
      return [naturalWidth, naturalHeight];
    });
    expect(size).toEqual([512, 256]);
    // The truth of an image that nobody has labelled is not told.
    expect(await on.page.getByText("(Truth)").count()).toBe(0);
    await on.page.getByRole("link", { name: "Layers" }).click();
    await on.page.getByRole("link", { name: "Look inside" }).click();
    await own.waitFor();
    await on.page.getByRole("button", { name: "Image 1, Trouser" }).click();
    await own.waitFor({ state: "detached" });
    await on.page.getByText("(Truth)").waitFor();
  });

  test("what is no image is told, and what was shown stays", async () => {
    await open("?run=healthy&tab=point");
    await on.page.locator("section[data-step]").waitFor();
    const chooser = on.page.locator('input[type="file"]');
    for (let i = 0; i < 2; i++) {
      await chooser.setInputFiles(picture("notes.png", Buffer.from("not a picture")));
      await on.page.getByRole("alert").getByText("This file cannot be read as an image.").waitFor();
      expect(await chooser.inputValue()).toBe("");
    }
    expect(await on.page.locator("section[data-step]").count()).toBe(1);
    await on.page.getByRole("button", { name: "Image 1, Trouser" }).click();
    await on.page.getByRole("alert").waitFor({ state: "detached" });
  });

  test("a mistake leads to its image, with its truth, though it is not among those offered", async () => {
    await open("?run=healthy&tab=errors");
    await on.page.getByRole("button", { name: /Truth Bag Predicted T-shirt loss 6\.660/ }).click();
    await on.page.locator("section[data-step]").waitFor();
    expect(new URL(on.page.url()).searchParams.get("image")).toBe("128");
    await on.page.getByRole("button", { name: "Image 128, Bag", pressed: true }).waitFor();
    await on.page.locator(".heat img").waitFor();
    await until(async () => (await on.page.locator("li.truth").textContent())?.includes("Bag"));
  });
});

describe("the list of runs", () => {
  test("two runs are compared; seeds become one curve with a band", async () => {
    await open("?");
    for (const name of ["healthy", "slow-0", "slow-1"])
      await on.page.getByLabel(`Select ${name} to compare`).check();
    await on.page.getByRole("button", { name: "Compare 3" }).click();
    const names = on.page.locator(".legend li");
    await until(async () => (await names.count()) === 3);
    expect(await on.page.locator("tr.differs").allInnerTexts()).toEqual([
      expect.stringMatching(/^lr.*differs.*0\.01.*0\.002.*0\.002/s),
      expect.stringMatching(/^seed.*differs.*0.*0.*1/s),
    ]);
    await on.page.getByRole("button", { name: "Mean over seeds" }).click();
    await until(async () => (await names.allInnerTexts()).join().includes("lr=0.002 (2 seeds)"));
    expect(await names.count()).toBe(2);
  });

  test("what chosen runs differ in is seen in the list; the choice is there again after the comparison", async () => {
    await open("?");
    await on.page.getByRole("searchbox").fill("slow");
    await until(async () => (await on.page.locator("tbody tr").count()) === 3);
    for (const name of ["slow-0", "slow-1"]) await on.page.getByLabel(`Select ${name} to compare`).check();
    await on.page.getByText(/^The selected runs differ in seed$/).waitFor();
    expect(await on.page.locator("td .differs").allInnerTexts()).toEqual(["0", "1"]);
    await on.page.getByRole("button", { name: "Compare 2" }).click();
    await on.page.getByRole("heading", { name: "Comparison" }).waitFor();
    await on.page.goBack();
    await on.page.getByRole("button", { name: "Compare 2" }).waitFor();
    expect(await on.page.getByRole("searchbox").inputValue()).toBe("slow");
    await on.page.goForward();
    await on.page.getByRole("link", { name: "Runs", exact: true }).click();
    await on.page.getByRole("button", { name: "Compare 2" }).waitFor();
    await on.page.getByLabel("Select slow-1 to compare").uncheck();
    await on.page.getByLabel("Select healthy to compare").check();
    await on.page.getByText(/^The selected runs differ in lr$/).waitFor();
  });

  test("a comparison follows a run that is going on", async () => {
    await open("?compare=running,slow-0&metric=loss&grouped=1");
    const chart = on.page.getByRole("slider", { name: "Loss" });
    await chart.waitFor();
    await on.page.getByRole("button", { name: "Mean over seeds", pressed: true }).click();
    const cell = on.page.locator("tr.result", { hasText: "Loss (last)" }).locator("td").first();
    await until(async () => (await on.page.locator(".legend li").first().textContent())?.includes("running"));
    const said = await on.page.locator(".legend li").first().textContent();
    const loss = await cell.textContent();
    await until(async () => (await on.page.locator(".legend li").first().textContent()) !== said);
    await until(async () => (await cell.textContent()) !== loss);
    expect(new URL(on.page.url()).searchParams.get("grouped")).toBeNull();
  });

  test("runs are sorted by a column, and the address keeps the order", async () => {
    await open("?");
    const names = async (): Promise<string[]> => on.page.locator("tbody .name").allInnerTexts();
    await on.page.getByRole("button", { name: "Validation accuracy" }).click();
    await until(async () => (await names())[0] === "slow-2");
    expect((await names()).at(-1)).toBe("running");
    await on.page.getByRole("button", { name: "lr" }).click();
    await until(async () => (await names())[0]?.startsWith("slow"));
    await on.page.reload();
    await until(async () => (await names())[0]?.startsWith("slow"));
    expect(await on.page.locator("th[aria-sort]").allTextContents()).toEqual([
      expect.stringMatching(/^\s*lr ↑\s*$/),
    ]);
    expect(
      await on.page.locator("tr", { hasText: "healthy" }).locator("svg path").first().getAttribute("d"),
    ).toMatch(/^M/);
  });

  test("a run is renamed, tagged and deleted; a running one is not", async () => {
    await open("?");
    await on.page.getByRole("button", { name: "Edit slow-2" }).click();
    await on.page.getByLabel("Name", { exact: true }).fill("third seed");
    await on.page.getByLabel(/^Tags/).fill("a, b, a");
    await on.page.getByRole("button", { name: "Save" }).click();
    const row = on.page.locator("tr", { hasText: "third seed" });
    await until(async () => (await row.locator(".tag").allInnerTexts()).join() === "a,b");
    await row.getByRole("button", { name: "Delete: third seed" }).click();
    await on.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
    expect(await on.page.getByRole("button", { name: "Delete: running" }).isDisabled()).toBe(true);
  });

  test("says what to do where there is nothing, and what went wrong where there is an error", async () => {
    on.stage.server.empty = true;
    await open("?");
    await on.page.getByText('tatami train --out "other runs"', { exact: true }).waitFor();
    on.stage.server.answers = false;
    await on.page.reload();
    await on.page.getByText("Too many images are being computed").waitFor();
    await on.page.getByRole("button", { name: "日本語" }).click();
    await on.page.getByText("計算待ちの画像が多すぎます").waitFor();
    await on.page.getByRole("button", { name: "English" }).click();
    Object.assign(on.stage.server, { answers: true, empty: false });
    await on.page.getByRole("button", { name: "Try again" }).click();
    await on.page.getByRole("link", { name: "healthy" }).waitFor();
  });
});

describe("for people", () => {
  test("languages change at once, and stay in the address", async () => {
    await open("?run=broken");
    await on.page.getByRole("heading", { name: "Verdicts" }).waitFor();
    await on.page.getByRole("button", { name: "日本語" }).click();
    await on.page.getByRole("heading", { name: "診断" }).waitFor();
    await on.page.getByText("学習率を下げる").first().waitFor();
    expect(new URL(on.page.url()).searchParams.get("lang")).toBe("ja");
    expect(await on.page.locator("html").getAttribute("lang")).toBe("ja");
  });

  test("theme and what is shown of layers stay in the address", async () => {
    await open("?run=healthy&tab=layers");
    await on.page.getByRole("button", { name: "Gradients", exact: true }).click();
    await on.page.getByLabel("Theme").selectOption({ label: "Dark" });
    await on.page.getByRole("button", { name: "Gradients", exact: true, pressed: false }).waitFor();
    const address = new URL(on.page.url());
    expect(address.searchParams.get("strips")).toBe("activations,updates");
    expect(await on.page.locator("html").getAttribute("data-theme")).toBe("dark");
    await open(address.search);
    await on.page.getByRole("button", { name: "Gradients", exact: true, pressed: false }).waitFor();
    expect(await on.page.locator("html").getAttribute("data-theme")).toBe("dark");
    await on.page.goto(`${address.origin}/?theme=light`);
    expect(await on.page.locator("html").getAttribute("data-theme")).toBe("light");
  });

  test("axes and smoothing stay in the address, which shows the same view again", {
    timeout: 60_000,
  }, async () => {
    await open("?run=healthy");
    await on.page.getByRole("button", { name: "log y" }).click();
    await on.page.getByRole("button", { name: "Time" }).click();
    await on.page.getByLabel("Smoothing").fill("0.9");
    // A slider that is dragged changes it more often than browsers allow.
    for (let i = 0; i < 250; i++)
      await on.page.getByLabel("Smoothing").press(i % 2 === 0 ? "ArrowRight" : "ArrowLeft");
    await on.page.getByLabel("Smoothing").fill("0.9");
    await until(async () => new URL(on.page.url()).searchParams.get("smooth") === "0.9");
    await on.page.reload();
    await on.page.getByRole("button", { name: "log y", pressed: true }).waitFor();
    await on.page.getByRole("button", { name: "Time", pressed: true }).waitFor();
    expect(await on.page.getByLabel("Smoothing").inputValue()).toBe("0.9");
  });

  test("everything is reached by keyboard: run, tab, strip, step", async () => {
    await open("?");
    await on.page.getByRole("link", { name: "healthy" }).focus();
    await on.page.keyboard.press("Enter");
    const chart = on.page.getByRole("slider", { name: "Loss" });
    await chart.waitFor();
    await chart.focus();
    await on.page.keyboard.press("Home");
    expect(await chart.getAttribute("aria-valuetext")).toMatch(/^Step 1: training \d/);
    await on.page.keyboard.press("ArrowRight");
    expect(await chart.getAttribute("aria-valuetext")).toMatch(/^Step 2: /);
    await on.page.keyboard.press("+");
    await on.page.getByRole("button", { name: "Whole range" }).waitFor();
    await on.page.keyboard.press("-");
    await on.page.getByRole("button", { name: "Whole range" }).waitFor({ state: "detached" });
    await on.page.getByRole("link", { name: "Layers" }).focus();
    await on.page.keyboard.press("Enter");
    const strip = on.page.getByRole("slider", { name: "Activations of features.0" });
    await until(async () => Number(await strip.getAttribute("aria-valuemax")) > 100);
    await strip.focus();
    await on.page.keyboard.press("Home");
    for (let i = 0; i < 3; i++) await on.page.keyboard.press("Shift+ArrowRight");
    expect(await strip.getAttribute("aria-valuetext")).toMatch(/^Step 121: mean /);
    await on.page.keyboard.press("Enter");
    await on.page.locator('section[data-layer="features.0"]').waitFor();
    const maps = on.page.getByRole("slider", { name: /16 feature maps of features\.0/ });
    await maps.focus();
    await on.page.keyboard.press("ArrowRight");
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
      await on.page.locator("main h1").waitFor();
      await on.page.waitForTimeout(500);
      // evaluated by the debugger, which the page's policy does not bind
      await on.page.evaluate(axe);
      const found = await on.page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
        "axe.run().then((result) => result.violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })))",
      );
      const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious, colorScheme).toEqual([]);
    }
  });

  test.each(screens)("nothing is wider than a phone in %s", async (screen) => {
    await open(screen, { width: 360 });
    await on.page.locator("main h1").waitFor();
    await on.page.waitForTimeout(300);
    expect(await on.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  });
});

test("the page has no script or style in itself, which the policy would refuse", () => {
  const html = readFileSync(join(on.stage.folder, "index.html"), "utf8");
  expect(html).not.toMatch(/<style|\sstyle=|<script(?![^>]*\ssrc=)/);
  expect(html).toContain('<meta name="tatami-token" content="" />');
});
