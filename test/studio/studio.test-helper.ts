/**
 * What the tests of the studio's page stand on: the page, built once for all of them, and the fixture's server behind it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { chromiumArguments, findChromium } from "../setup/neighbours.ts";
import { type FixtureServer, serveFixture } from "./fixture-server.test-helper.ts";

const studio = fileURLToPath(new URL("../../studio", import.meta.url));

export interface Stage {
  readonly server: FixtureServer;
  readonly browser: Browser;
  /** Folder of the built page. */
  readonly folder: string;
  /** Opens the page at an address from "?" on; what it complains of is in `complaints`. */
  open(search: string, options?: { width?: number; colorScheme?: "light" | "dark" }): Promise<Page>;
  /** Errors of scripts, and what the Content-Security-Policy refused. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export const chromiumFound: ReturnType<typeof findChromium> = findChromium();

export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...chromiumArguments] });

/** Writes down errors of a page's scripts, and what the Content-Security-Policy refused. */
export function listen(page: Page, complaints: string[]): void {
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Uncaught/.test(message.text())) complaints.push(message.text());
  });
}

export async function setStage(executablePath: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "tatami-studio-"));
  await build({
    root: studio,
    configFile: join(studio, "vite.config.ts"),
    logLevel: "error",
    build: { outDir: folder },
  });
  const server = await serveFixture(folder);
  const browser = await launchChromium(executablePath);
  const complaints: string[] = [];
  return {
    server,
    browser,
    folder,
    complaints,
    async open(search, { width = 1280, colorScheme = "light" } = {}) {
      const viewport = { width, height: 800 };
      const page = await browser.newPage({ viewport, colorScheme, locale: "en", reducedMotion: "reduce" });
      page.setDefaultTimeout(10_000);
      listen(page, complaints);
      await page.goto(`${server.origin}/${search}`);
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
