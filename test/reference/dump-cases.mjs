/**
 * Prints cases as JSON for the scripts that ask PyTorch: what `dump` of a module gives, which is named from the root.
 * Vitest's own loader reads the TypeScript.
 */
import { fileURLToPath } from "node:url";
import { createViteServer } from "vitest/node";

const root = fileURLToPath(new URL("../..", import.meta.url));
const server = await createViteServer({
  root,
  configFile: false,
  logLevel: "error",
  server: { middlewareMode: true },
});
const { dump } = await server.ssrLoadModule(process.argv[2] ?? "");
process.stdout.write(JSON.stringify(dump()));
await server.close();
