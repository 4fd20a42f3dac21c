/**
 * How quick the page is, in figures that hold on a machine that does other things as well: processor time of the page's
 * main thread rather than the clock's, and how much of the long frames the page's own scripts make.
 */
import type { CDPSession } from "playwright-core";
import { describe, expect, test } from "vitest";
import { useStage } from "./studio.test-helper.ts";

const on = useStage();
let debug: CDPSession;

/** Seconds of processor time that the page's main thread has spent, by what. */
interface Spent {
  readonly scripts: number;
  readonly layout: number;
  readonly all: number;
}

async function open(search: string): Promise<void> {
  const page = await on.open(search);
  debug = await page.context().newCDPSession(page);
  await debug.send("Performance.enable", { timeDomain: "threadTicks" });
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const fixed = (ms: number): string => ms.toFixed(1);

async function spent(): Promise<Spent> {
  const { metrics } = await debug.send("Performance.getMetrics");
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return {
    scripts: of("ScriptDuration"),
    layout: of("LayoutDuration") + of("RecalcStyleDuration"),
    all: of("TaskDuration"),
  };
}

interface Scrolled {
  readonly frames: number;
  readonly medianMs: number;
  readonly slowestMs: number;
  /** Milliseconds by which scripts of the page alone went beyond a frame, in long frames. */
  readonly blocked: readonly number[];
}

/** Scrolls to the end of the page, 1200 pixels a second at 60 frames. */
const scrollDown = (): Promise<Scrolled> =>
  on.page.evaluate(async () => {
    interface LongFrame extends PerformanceEntry {
      readonly scripts: readonly { readonly duration: number }[];
    }
    const blocked: number[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as LongFrame[])
        blocked.push(entry.scripts.reduce((sum, { duration }) => sum + duration, 0));
    });
    observer.observe({ type: "long-animation-frame" });
    const frame = (): Promise<number> => new Promise(requestAnimationFrame);
    const times = [await frame()];
    const end = document.documentElement.scrollHeight - innerHeight;
    for (let y = 0; y < end; y += 20) {
      scrollTo(0, y);
      times.push(await frame());
    }
    await frame();
    observer.disconnect();
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    gaps.sort((a, b) => a - b);
    return {
      frames: gaps.length,
      medianMs: gaps[gaps.length >> 1] as number,
      slowestMs: gaps.at(-1) as number,
      blocked,
    };
  });

const stripsFetched = (from: number): number => on.stage.server.strips.length - from;

describe("20,000 steps and 30 layers", () => {
  test("open in a second", async () => {
    await open("?");
    await on.page.getByRole("link", { name: "long" }).waitFor();
    const before = await spent();
    const clock = performance.now();
    await on.page.getByRole("link", { name: "long" }).click();
    await on.page.locator(".u-over").first().waitFor();
    const opened = (performance.now() - clock) / 1000;
    const after = await spent();
    const busy = after.all - before.all;
    say(`opened in ${opened.toFixed(2)} s, of which the page's main thread was busy ${busy.toFixed(2)} s`);
    expect(busy).toBeLessThan(0.5);
  });

  test("scroll without frames that the page's scripts hold up, while strips come in and after it", async () => {
    const asked = on.stage.server.strips.length;
    await open("?run=long&tab=layers");
    await on.page.getByRole("slider", { name: "Activations of blocks.0" }).waitFor();
    for (const pass of ["coming in", "there"]) {
      const before = await spent();
      const scrolled = await scrollDown();
      const after = await spent();
      const perFrame = (ms: keyof Spent): number => (1000 * (after[ms] - before[ms])) / scrolled.frames;
      const [scripts, layout, all] = [perFrame("scripts"), perFrame("layout"), perFrame("all")];
      const { frames, medianMs, slowestMs, blocked } = scrolled;
      say(`strips ${pass}: ${frames} frames, median ${fixed(medianMs)} ms, slowest ${fixed(slowestMs)} ms`);
      say(`  of each, scripts ${fixed(scripts)}, layout ${fixed(layout)}, in all ${fixed(all)} ms`);
      expect(frames).toBeGreaterThan(80);
      // Of the 16.7 ms that a frame has, half is left to the browser's drawing.
      expect(scripts + layout).toBeLessThan(pass === "there" ? 1.5 : 5);
      const held = blocked.filter((ms) => ms > 50);
      expect(held.length / frames).toBeLessThan(0.05);
      await expect.poll(() => stripsFetched(asked), { timeout: 15_000 }).toBe(80);
      await on.page.waitForTimeout(300);
    }
  });
});
