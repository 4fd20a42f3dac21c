/**
 * Tensors and checkpoints in files. Node only. A file is either the old or the new version, whole, whenever the
 * process or the machine stops.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { writeFileAtomic } from "../../base/node/atomic-file.ts";
import type { Module } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CheckpointValue, loadCheckpoint, saveCheckpoint } from "../checkpoint.ts";
import { loadNpy, loadNpz, saveNpy } from "../npy.ts";
import { type ExportOnnxOptions, exportOnnx } from "../onnx/export-onnx.ts";
import { importOnnx, type OnnxModule } from "../onnx/import-onnx.ts";
import { externalFiles } from "../onnx/read-model.ts";
import { loadSafetensors, saveSafetensors, type TensorDict } from "../tensor-dict.ts";
import { loadTorch } from "../torch-file.ts";

/**
 * Writes tensors to a safetensors file.
 *
 * @param options.metadata Free text stored beside them. Default: none.
 * @example
 * await saveSafetensorsFile({ weight: tensor([1, 2]) }, "weight.safetensors");
 * await loadSafetensorsFile("weight.safetensors"); // { weight: [1, 2] }
 */
export async function saveSafetensorsFile(
  tensors: TensorDict,
  path: string,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  await writeFileAtomic(path, await saveSafetensors(tensors, options));
}

/**
 * Reads the tensors of a safetensors file.
 *
 * @throws FileFormatError when the file is damaged
 * @example
 * await saveSafetensorsFile(model.stateDict(), "model.safetensors");
 * model.loadStateDict(await loadSafetensorsFile("model.safetensors")).missingKeys; // []
 */
export async function loadSafetensorsFile(path: string): Promise<Record<string, Tensor>> {
  return loadSafetensors(await readFile(path), { source: path });
}

/**
 * Writes a nested state with tensors in it; see `io.saveCheckpoint`.
 *
 * @throws ArgumentError naming the path of a value that is none of the accepted kinds
 * @example
 * await saveCheckpointFile({ model: model.stateDict(), epoch: 3 }, "checkpoint.safetensors");
 */
export async function saveCheckpointFile(state: unknown, path: string): Promise<void> {
  await writeFileAtomic(path, await saveCheckpoint(state));
}

/**
 * Reads what {@link saveCheckpointFile} wrote.
 *
 * @throws FileFormatError when the file is damaged, or is a safetensors file but no checkpoint
 * @example
 * await saveCheckpointFile({ weight: tensor([1, 2]), epoch: 3 }, "state.safetensors");
 * await loadCheckpointFile("state.safetensors"); // { weight: [1, 2], epoch: 3 }
 */
export async function loadCheckpointFile(path: string): Promise<CheckpointValue> {
  return loadCheckpoint(await readFile(path), { source: path });
}

/**
 * Reads a file that PyTorch's `torch.save` wrote, weights only; see `io.loadTorch`.
 *
 * @throws FileFormatError when the file is damaged, or holds more than data
 * @example
 * // In Python: torch.save({"state_dict": model.state_dict(), "epoch": 3}, "checkpoint.pt")
 * const { epoch } = await loadTorchFile<{ epoch: number }>("checkpoint.pt");
 * console.log(epoch); // 3
 */
export async function loadTorchFile<T = Record<string, Tensor>>(path: string): Promise<T> {
  return loadTorch<T>(await readFile(path), { source: path });
}

/**
 * Writes a tensor to an `.npy` file of NumPy.
 *
 * @throws ArgumentError when it is no tensor
 * @example
 * await saveNpyFile(tensor([1, 2]), "numbers.npy"); // np.load("numbers.npy") reads it
 */
export async function saveNpyFile(tensor: Tensor, path: string): Promise<void> {
  await writeFileAtomic(path, await saveNpy(tensor));
}

/**
 * Reads an `.npy` file of NumPy; see `io.loadNpy`.
 *
 * @throws FileFormatError when the file is damaged, or holds more than numbers
 * @example
 * await saveNpyFile(tensor([1, 2]), "numbers.npy");
 * await loadNpyFile("numbers.npy"); // [1, 2]
 */
export async function loadNpyFile(path: string): Promise<Tensor> {
  return loadNpy(await readFile(path), { source: path });
}

/**
 * Reads an `.npz` file of NumPy, as `np.savez` writes it; see `io.loadNpz`.
 *
 * @throws FileFormatError when the file is damaged, or holds more than numbers
 * @example
 * const arrays = await loadNpzFile("arrays.npz"); // np.savez("arrays.npz", x=np.eye(2), y=np.arange(3))
 * arrays.x; // [[1, 0], [0, 1]]
 */
export async function loadNpzFile(path: string): Promise<Record<string, Tensor>> {
  return loadNpz(await readFile(path), { source: path });
}

/**
 * Writes a network to an ONNX file; see `io.exportOnnx`, whose options these are.
 *
 * @throws ArgumentError naming operation and module where something cannot be expressed
 * @example
 * await exportOnnxFile(model, images, "model.onnx");
 * const network = await importOnnxFile("model.onnx");
 * network(images).shape; // [16, 10]
 */
export async function exportOnnxFile(
  model: Module,
  exampleInputs: Tensor | readonly Tensor[],
  path: string,
  options: ExportOnnxOptions = {},
): Promise<void> {
  await writeFileAtomic(path, await exportOnnx(model, exampleInputs, options));
}

/**
 * Reads an ONNX file as a module; see `io.importOnnx`. Files beside it that hold weights are read, too.
 *
 * @throws FileFormatError when the file is damaged, ArgumentError naming all operators of it that are not supported
 * @example
 * await exportOnnxFile(model, images, "network.onnx");
 * (await importOnnxFile("network.onnx")).parameters().length; // 6
 */
export async function importOnnxFile<Output = Tensor>(path: string): Promise<OnnxModule<Output>> {
  const bytes = await readFile(path);
  const folder = dirname(path);
  const externalData: Record<string, Uint8Array> = {};
  for (const location of externalFiles(bytes)) {
    const file = resolve(folder, location);
    // A file says where its weights are, and must not be able to say anywhere.
    if (relative(folder, file).startsWith("..") || isAbsolute(location)) continue;
    if (existsSync(file)) externalData[location] = await readFile(file);
  }
  return importOnnx<Output>(bytes, { source: path, externalData });
}
