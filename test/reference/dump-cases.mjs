/**
 * Prints all cases as JSON for `make_op_references.py`: inputs, which of them need gradients, and the PyTorch
 * expression. Vitest's own loader reads the TypeScript.
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
const { dump } = await server.ssrLoadModule("/test/conformance/dump.ts");
process.stdout.write(JSON.stringify(dump()));
await server.close();
