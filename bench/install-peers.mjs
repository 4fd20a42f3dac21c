/**
 * `node bench/install-peers.mjs`: puts the libraries that the bench compares with into bench/peers/node_modules, some
 * 750 MB; `node bench/install-peers.mjs onnxruntime-node` puts that one alone into build/peers, as tests of ONNX files
 * need it. The package depends on none of them, and a bench without them says what it lacks.
 *
 * No package runs scripts of its own: onnxruntime-node would fetch CUDA libraries, its code for processors is in the
 * package. PyTorch comes from the system (scripts/install-neighbours.sh), or from $TATAMI_PYTHON.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("./peers", import.meta.url));
const options = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"];
// Those that are named go to a folder of their own: npm would add all others to one that has a package.json.
const { dependencies } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
const chosen = process.argv.slice(2).map((name) => `${name}@${dependencies[name]}`);
const alone = chosen.length > 0 ? ["--prefix", "../../build/peers", ...chosen] : [];
const { status } = spawnSync("npm", ["install", ...options, ...alone], {
  cwd: folder,
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;
