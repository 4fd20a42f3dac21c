/**
 * Tensors and checkpoints in files. Node only. A file is either the old or the new version, whole, whenever the
 * process or the machine stops.
 */
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { TypedArray } from "../../base/dtype.ts";
import { FileFormatError } from "../../base/errors.ts";
import { writeAtomic, writeFileAtomic } from "../../base/node/atomic-file.ts";
import { openFile } from "../../base/node/open-file.ts";
import { checkOptions } from "../../nn/arguments.ts";
import type { Module } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CheckpointValue, readCheckpoint, takeApart } from "../checkpoint.ts";
import { loadNpy, loadNpz, saveNpy } from "../npy.ts";
import { type ExportOnnxOptions, exportOnnx } from "../onnx/export-onnx.ts";
import { importOnnx, type OnnxModule } from "../onnx/import-onnx.ts";
import { externalFiles } from "../onnx/read-model.ts";
import { safetensorsBytes, safetensorsLayout } from "../safetensors.ts";
import { SafetensorsReader } from "../safetensors-reader.ts";
import { checkSaving, type SaveSafetensorsOptions, type TensorDict } from "../tensor-dict.ts";
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
  options: SaveSafetensorsOptions = {},
): Promise<void> {
  checkSaving(tensors, options, "saveSafetensorsFile");
  const { metadata = {}, half = false } = options;
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
 * Writes a nested state with tensors in it, tensor by tensor; see `io.saveCheckpoint`.
 *
 * @throws ArgumentError naming the path of a value that is none of the accepted kinds
 * @example
 * await saveCheckpointFile({ model: model.stateDict(), epoch: 3 }, "checkpoint.safetensors");
 */
export async function saveCheckpointFile(state: unknown, path: string): Promise<void> {
  const { tensors, metadata } = takeApart(state);
  await saveSafetensorsFile(tensors, path, { metadata });
}

/**
 * Reads what {@link saveCheckpointFile} wrote, tensor by tensor; a file may be larger than what can be read at once.
 *
 * @throws FileFormatError when the file is damaged, or is a safetensors file but no checkpoint
 * @example
 * await saveCheckpointFile({ weight: tensor([1, 2]), epoch: 3 }, "state.safetensors");
 * await loadCheckpointFile("state.safetensors"); // { weight: [1, 2], epoch: 3 }
 */
export async function loadCheckpointFile(path: string): Promise<CheckpointValue> {
  return readCheckpoint(await openSafetensorsFile(path));
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
 * Reads an ONNX file as a module; see `io.importOnnx`. Files that hold weights beside the model, as large models have them, are
 * read from its folder and the folders below, and from nowhere else.
 *
 * @throws FileFormatError when a file is missing or damaged, or weights should lie elsewhere; ArgumentError naming all operators
 * of it that are not supported
 * @example
 * await exportOnnxFile(model, images, "network.onnx");
 * (await importOnnxFile("network.onnx")).parameters().length; // 6
 */
export async function importOnnxFile<Output = Tensor>(path: string): Promise<OnnxModule<Output>> {
  const bytes = await readWhole(path);
  const files: [string, Uint8Array][] = [];
  for (const location of externalFiles(bytes)) files.push([location, await readBeside(path, location)]);
  return importOnnx<Output>(bytes, { source: path, externalData: Object.fromEntries(files) });
}

/** A file that a model says its weights are in. It says where, and must not be able to say anywhere. */
async function readBeside(model: string, location: string): Promise<Uint8Array> {
  const folder = dirname(model);
  const file = resolve(folder, location);
  const within = relative(folder, file);
  const leaves = within === ".." || within.startsWith(`..${sep}`) || isAbsolute(within);
  if (location === "" || within === "" || isAbsolute(location) || leaves) {
    throw new FileFormatError(
      `importOnnx: ${model} says that weights lie in ${JSON.stringify(location)}; they are read from files in the folder of the ` +
        "model and below it only: save it with a relative location",
      { source: model, location },
    );
  }
  return readWhole(file).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(
      `importOnnx: ${model} has weights in the file ${JSON.stringify(location)} beside it. ${reason}; keep both together`,
      { source: model, location },
      { cause },
    );
  });
}
