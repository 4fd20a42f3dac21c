/**
 * Builds the studio's page: hashed files beside `index.html`, addressed relative to it, and nothing inline, so that
 * the server's Content-Security-Policy can allow its own files alone.
 */
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  plugins: [svelte()],
  build: {
    target: ["chrome123", "firefox125", "safari17.5"],
    // A file as a data URL would need the policy to allow it where it is used.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The package's compiled server stands in the same folder.
    emptyOutDir: false,
  },
});

export default config;
