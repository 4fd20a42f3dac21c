/**
 * Programs of others that some tests compare with or run in. None of them is needed: a test that finds none skips
 * and says why, as `context.skip(torch.missing)`.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Compiler } from "../../src/runtime/native/compiler.ts";
import { requireKoffi } from "../../src/runtime/native/library.ts";

/** A program's path, or what to do to have it. */
export type Neighbour =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

const install = "scripts/install-neighbours.sh installs it on Debian";

/** A Python that has PyTorch: $TATAMI_PYTHON, the first python3 in PATH, or the system's own. */
export function findTorch(): Neighbour {
  return findPython("torch", `no python3 with PyTorch; ${install}`);
}

/** A Python that has NumPy, found as PyTorch's is. */
export function findNumpy(): Neighbour {
  return findPython("numpy", `no python3 with NumPy; ${install}, with PyTorch`);
}

/** A Python that has the reference implementation of safetensors, found as PyTorch's is. */
export function findSafetensors(): Neighbour {
  return findPython("safetensors", "no python3 with safetensors; python3 -m pip install safetensors numpy");
}

/** A Python that has TensorBoard, found as PyTorch's is. */
export function findTensorBoard(): Neighbour {
  return findPython("tensorboard", "no python3 with TensorBoard; python3 -m pip install tensorboard");
}

/** A Python that has the package onnx, with the standard's tests as code; found as PyTorch's is. */
export function findOnnx(): Neighbour {
  return findPython("onnx", `no python3 with onnx; ${install}`);
}

/** A Python that has Pillow, with which torchvision reads images; found as PyTorch's is. */
export function findPillow(): Neighbour {
  return findPython("PIL", `no python3 with Pillow; ${install}`);
}

/** A Python that has a module, found as PyTorch's is; `missing` is what to say without. */
export function findPython(module: string, missing: string): Neighbour {
  // Looking the module up takes milliseconds; importing it would take seconds.
  const probe = `import sys, importlib.util; sys.exit(importlib.util.find_spec('${module}') is None)`;
  const candidates = [process.env.TATAMI_PYTHON, "python3", "/usr/bin/python3"];
  const path = candidates.find((python) => python && spawnSync(python, ["-c", probe]).status === 0);
  return path ? { path } : { missing };
}

/** Chromium, for playwright-core's `executablePath`: $TATAMI_CHROMIUM, or where systems put it. */
export function findChromium(): Neighbour {
  const candidates = [
    process.env.TATAMI_CHROMIUM,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ];
  const path = candidates.find((file) => file && existsSync(file));
  return path ? { path } : { missing: `no Chromium; ${install}` };
}

/** Switches of a Chromium that asks nobody for anything. */
export const chromiumArguments: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What the native engine needs: koffi and a C compiler. */
export function findCompiler(): Neighbour {
  try {
    requireKoffi();
    return { path: new Compiler().description };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}

/** onnxruntime for Node: $TATAMI_ONNXRUNTIME, a folder with the package in its node_modules, or where install-peers.mjs puts it. */
export function findOnnxRuntime(): Neighbour {
  const own = ["bench/peers", "build/peers"].map((at) =>
    fileURLToPath(new URL(`../../${at}`, import.meta.url)),
  );
  const folders = [process.env.TATAMI_ONNXRUNTIME, ...own];
  const path = folders.find((folder) => folder && existsSync(`${folder}/node_modules/onnxruntime-node`));
  return path
    ? { path: `${path}/node_modules/onnxruntime-node` }
    : { missing: "no onnxruntime-node; node bench/install-peers.mjs onnxruntime-node installs it" };
}
