/** Reads files as a page does: chosen by its user, and from a server. */
import { readBytes } from "../../src/base/byte-source.ts";
import { cifar10Spec, imagesFromCifar } from "../../src/data/cifar.ts";
import { readCsv } from "../../src/data/csv.ts";
import { readIdx } from "../../src/data/idx.ts";
import { decodeImage } from "../../src/data/image-decoder.ts";
import { ImageFiles } from "../../src/data/image-files.ts";
import { ParquetImages } from "../../src/data/parquet-images.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/io/checkpoint.ts";
import { download } from "../../src/io/download.ts";
import { loadNpy, loadNpz } from "../../src/io/npy.ts";
import { exportOnnx } from "../../src/io/onnx/export-onnx.ts";
import { importOnnx } from "../../src/io/onnx/import-onnx.ts";
import { loadPretrained } from "../../src/io/pretrained.ts";
import { openSafetensors } from "../../src/io/safetensors-reader.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/tensor-dict.ts";
import { readEvents } from "../../src/io/tensorboard/read-events.ts";
import { loadTorch } from "../../src/io/torch-file.ts";
import { Linear } from "../../src/nn/linear.ts";
import { ones, tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const numbers = async (t: Tensor | undefined): Promise<number[]> => [...((await t?.data()) ?? [])];
const bytesOf = (pixels: ArrayLike<number>): number[] => Array.from(pixels, (v) => Math.round(v * 255));

/** What each reader makes of the server's files in `/files/`, once as a chosen file and once as an answer. */
export async function readEverything(): Promise<Record<string, unknown>> {
  const answer = (name: string): Promise<Response> => fetch(`/files/${name}`);
  const chosen = async (name: string): Promise<File> => new File([await (await answer(name)).blob()], name);
  const out: Record<string, unknown> = {};
  for (const [way, get] of Object.entries({ answer, chosen })) {
    const bytes = (name: string): Promise<Uint8Array> => readBytes(get(name));
    const torch = await loadTorch<{ epoch: number }>(await bytes("checkpoint.pt"));
    const { x, y } = await loadNpz(await bytes("arrays.npz"));
    const table = await readCsv(get("table.csv"));
    const dataset = table.dataset({ target: "kind", missing: "drop" });
    const checkpoint = loadCheckpoint(await bytes("state.safetensors")) as { epoch: number; w: Tensor };
    out[way] = {
      torch: torch.epoch,
      npz: [await numbers(x), await numbers(y)],
      npy: await numbers(loadNpy(await bytes("array.npy"))),
      csv: [
        table.types,
        dataset.classes,
        await numbers(dataset.tensors[0]),
        await numbers(dataset.tensors[1]),
      ],
      safetensors: await numbers(loadSafetensors(await bytes("model.safetensors")).w),
      checkpoint: [checkpoint.epoch, await numbers(checkpoint.w)],
      idx: [...(await readIdx(await bytes("labels.idx"), "labels")).data],
      cifar: [...imagesFromCifar([{ source: "cifar", bytes: await bytes("cifar.bin") }], cifar10Spec).labels],
      events: readEvents(await bytes("pytorch.tfevents")).length,
      onnx: await numbers(importOnnx(await bytes("model.onnx"))(ones([1, 1, 4, 4]))),
    };
  }
  const reader = await openSafetensors(await chosen("model.safetensors"));
  const address = await openSafetensors(new URL("/files/model.safetensors", location.href));
  const pretrained = await loadPretrained(new URL("/files/", location.href));
  const files = await loadPretrained([await chosen("config.json"), await chosen("model.safetensors")]);
  const missing = await readCsv(answer("none.csv")).catch(
    (error: Error) => `${error.name}: ${error.message}`,
  );
  return {
    ...out,
    opened: [reader.keys(), await numbers(await address.getTensor("w"))],
    pretrained: [pretrained.config, await numbers(pretrained.stateDict.w), await numbers(files.stateDict.w)],
    missing: String(missing).replace(location.origin, ""),
    sets: await readSets(chosen),
  };
}

/** Sets of images, with each compression, decoded by the browser. */
async function readSets(chosen: (name: string) => Promise<File>): Promise<unknown> {
  const sets: Record<string, unknown> = {};
  for (const name of ["none", "gzip", "zstd", "nodict"]) {
    const set = await ParquetImages.load([await chosen(`${name}.parquet`)]);
    const [[image], [last]] = [await set.get(1), await set.get(set.length - 1)];
    sets[name] = [set.classes, [...set.labels], image.shape, bytesOf(image.data), bytesOf(last.data)];
  }
  const lenient = await ParquetImages.load([await chosen("holes.parquet")], { onCorrupt: "skip" });
  return { ...sets, holes: [lenient.length, lenient.skipped.map(({ path }) => path)] };
}

/** The folder that the page's user chose in its only input: classes, paths, labels, and an image of each. */
export async function readChosenFolder(): Promise<unknown> {
  const input = document.querySelector("input") as HTMLInputElement;
  const set = await ImageFiles.load([...(input.files ?? [])], { onCorrupt: "skip" });
  const images: unknown[] = [];
  for (let i = 0; i < set.length; i++) images.push(bytesOf((await set.get(i))[0].data));
  return [set.classes, set.paths, [...set.labels], set.skipped.map(({ path }) => path), images];
}

/** A file of ONNX made here: its bytes, and what it gives when it is read again. */
export async function exportedModel(): Promise<[number[], number[]]> {
  const model = new Linear(2, 1);
  model.loadStateDict({ weight: tensor([[2, 3]]), bias: tensor([4]) });
  const bytes = await exportOnnx(model, ones([1, 2]));
  return [[...bytes], await numbers(importOnnx(bytes)(tensor([[1, 10]])))];
}

/** An image of the server as bytes, or what is said about it. */
export async function decodeFile(name: string, channels: 1 | 3): Promise<unknown> {
  try {
    const image = await decodeImage(await readBytes(fetch(`/files/${name}`)), { channels, source: name });
    return [image.channels, image.height, image.width, bytesOf(image.data)];
  } catch (error) {
    return String(error);
  }
}

/** Downloads a model and a checkpoint, as a page does after training. */
export async function downloadModel(): Promise<void> {
  download(await saveSafetensors({ w: tensor([1, 2, 3]) }), "model.safetensors");
}

/** The bytes of a checkpoint, which are the same everywhere. */
export async function checkpointBytes(): Promise<number[]> {
  return [...(await saveCheckpoint({ epoch: 3, w: ones([2]) }))];
}
