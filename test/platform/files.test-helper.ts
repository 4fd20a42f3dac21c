/** Reads and writes files of others: what only a host's own streams can do is compression. */

import { loadNpz } from "../../src/io/npy.ts";
import type { TensorDict } from "../../src/io/tensor-dict.ts";
import { readEvents } from "../../src/io/tensorboard/read-events.ts";
import { SummaryWriter } from "../../src/io/tensorboard/summary-writer.ts";
import { loadTorch } from "../../src/io/torch-file.ts";
import { tensor } from "../../src/tensor/create.ts";

export interface FilesReport {
  readonly weight: number[];
  readonly array: number[];
  /** Kinds of the values in an event file. */
  readonly events: string[];
  /** What is said about a folder where there is none. */
  readonly folder: string;
}

/** @param torch of torch.save, in base64 @param npz of np.savez_compressed, in base64 */
export async function exchangeFiles(torch: string, npz: string): Promise<FilesReport> {
  const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const { state_dict } = await loadTorch<{ state_dict: TensorDict }>(bytes(torch));
  const { y } = await loadNpz(bytes(npz));
  const files = new Map<string, Uint8Array>();
  const writer = new SummaryWriter({ sink: { append: (path, part) => void files.set(path, part) } });
  await writer.addScalar("loss", tensor(0.5), 1);
  await writer.addImage("image", tensor([[[0, 1]]]), 1);
  await writer.close();
  const [file = new Uint8Array()] = files.values();
  let folder = "";
  try {
    new SummaryWriter("runs/none").getLogdir();
  } catch (error) {
    folder = String(error);
  }
  return {
    weight: [...((await state_dict["5.bias"]?.data()) ?? [])],
    array: [...((await y?.data()) ?? [])],
    events: readEvents(file).flatMap((event) => event.values.map((value) => value.kind)),
    folder,
  };
}
