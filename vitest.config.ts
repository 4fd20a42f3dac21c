import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

const config: ViteUserConfig = defineConfig({
  resolve: {
    // Examples and documentation import the package by its name; tests run them on the sources.
    alias: [
      { find: /^tatamijs$/, replacement: source("index.ts") },
      { find: /^tatamijs\/node$/, replacement: source("node.ts") },
      { find: /^tatamijs\/(\w+)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    environment: "node",
    // Native code of tests stays out of the user's cache.
    env: { TATAMI_CACHE: fileURLToPath(new URL("./node_modules/.cache/tatami", import.meta.url)) },
    include: ["src/**/*.test.ts", "studio/src/**/*.test.ts", "test/**/*.test.ts"],
    // A process for each file: the engine owns threads and memory that a worker thread would share with its host.
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ["default", "./test/setup/summary-reporter.ts"],
  },
});

export default config;
