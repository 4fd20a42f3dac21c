/**
 * Tensors and checkpoints in files. Node only. A file is either the old or the new version, whole, whenever the
 * process or the machine stops.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import type { TypedArray } from "../../base/dtype.ts";
import { writeAtomic, writeFileAtomic } from "../../base/node/atomic-file.ts";
import { openFile } from "../../base/node/open-file.ts";
import { checkOptions } from "../../nn/arguments.ts";
import type { Module } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CheckpointValue, loadCheckpoint, saveCheckpoint } from "../checkpoint.ts";
import { loadNpy, loadNpz, saveNpy } from "../npy.ts";
import { type ExportOnnxOptions, exportOnnx } from "../onnx/export-onnx.ts";
import { importOnnx, type OnnxModule } from "../onnx/import-onnx.ts";
import { externalFiles } from "../onnx/read-model.ts";
import { safetensorsBytes, safetensorsLayout } from "../safetensors.ts";
import { SafetensorsReader } from "../safetensors-reader.ts";
import type { TensorDict } from "../tensor-dict.ts";
import { loadTorch } from "../torch-file.ts";

/**
 * Writes tensors to a safetensors file, with the values that they have now, one after the other: the file as a whole is never
 * in memory.
 *
 * @param options.metadata Free text stored beside them. Default: none.
 * @param options.half Store floats as 16-bit floats, which are read back as float32. Default false.
 * @example
 * await saveSafetensorsFile({ weight: tensor([1, 2]) }, "weight.safetensors");
 * await loadSafetensorsFile("weight.safetensors"); // { weight: [1, 2] }
 */
export async function saveSafetensorsFile(
  tensors: TensorDict,
  path: string,
  { metadata = {}, half = false }: { metadata?: Readonly<Record<string, string>>; half?: boolean } = {},
): Promise<void> {
  const plans = Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const { start, order } = safetensorsLayout(plans, metadata, half);
  // All are read now, so that a training that goes on meanwhile does not end up in a part of the file.
  const values = order.map(({ name }) => (tensors[name] as Tensor).data());
  await Promise.all(values);
  await writeAtomic(path, async (file) => {
    await file.writeFile(start);
    for (const { dtype } of order) {
      const data = await (values.shift() as Promise<TypedArray>);
      // On an open file this appends, all of it.
      await file.writeFile(safetensorsBytes({ dtype, data }, half));
    }
  });
}

/**
 * Reads the tensors of a safetensors file, one after the other; a file may be larger than what can be read at once.
 *
 * @param options.keys Names of the tensors to read. Default: all. The values of the others are not read.
 * @throws FileFormatError when the file is damaged; ArgumentError when it has no tensor of a name in `keys`
 * @example
 * await saveSafetensorsFile(model.stateDict(), "model.safetensors");
 * model.loadStateDict(await loadSafetensorsFile("model.safetensors")).missingKeys; // []
 * Object.keys(await loadSafetensorsFile("model.safetensors", { keys: ["5.bias"] })); // ["5.bias"]
 */
export async function loadSafetensorsFile(
  path: string,
  options: { readonly keys?: readonly string[] } = {},
): Promise<Record<string, Tensor>> {
  checkOptions(options, ["keys"], "loadSafetensorsFile");
  return (await openSafetensorsFile(path)).getTensors(options.keys);
}

/**
 * Opens a safetensors file of which only some tensors are wanted, as `safe_open` does in Python; see `io.openSafetensors`.
 * Nothing needs to be closed. A file that is replaced meanwhile is an error at the next read.
 *
 * @throws FileFormatError when there is no such file, or for anything that the format forbids
 * @example
 * await saveSafetensorsFile({ a: ones([2]), b: zeros([3]) }, "two.safetensors");
 * const reader = await openSafetensorsFile("two.safetensors");
 * reader.describe("b").shape; // [3]
 * await reader.getTensor("a"); // [1, 1]
 */
export async function openSafetensorsFile(path: string): Promise<SafetensorsReader> {
  return SafetensorsReader.open(await openFile(path));
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
  return loadTorch<T>(await readWhole(path), { source: path });
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
  return loadNpy(await readWhole(path), { source: path });
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
  return loadNpz(await readWhole(path), { source: path });
}

/** A whole file of any size; Node's own `readFile` ends at 2 GiB. */
async function readWhole(path: string): Promise<Uint8Array> {
  const file = await openFile(path);
  return file.read(0, file.byteLength);
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
