/** `tatamijs/io`: formats as bytes, for every host. Reading and writing files: `tatamijs/node`. */
export { type ByteSource, readBytes } from "../base/byte-source.ts";
export type { RandomAccess, RandomAccessSource } from "../base/random-access.ts";
export { type CheckpointValue, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
export { download } from "./download.ts";
export { loadNpy, loadNpz, saveNpy } from "./npy.ts";
export { type DynamicAxes, type ExportOnnxOptions, exportOnnx } from "./onnx/export-onnx.ts";
export { type ImportOnnxOptions, importOnnx, OnnxModule } from "./onnx/import-onnx.ts";
export { loadPretrained, type Pretrained, type PretrainedOptions } from "./pretrained.ts";
export { pytorchSource } from "./pytorch/python-source.ts";
export {
  decodeSafetensors,
  type EncodeOptions,
  encodeSafetensors,
  type SafetensorsEntry,
  type SafetensorsFile,
} from "./safetensors.ts";
export { openSafetensors, type SafetensorsReader, type TensorDescription } from "./safetensors-reader.ts";
export {
  loadSafetensors,
  type SaveSafetensorsOptions,
  saveSafetensors,
  type TensorDict,
} from "./tensor-dict.ts";
export type { HparamValue } from "./tensorboard/event.ts";
export type { EventSink } from "./tensorboard/event-folder.ts";
export type { Bins, Histogram } from "./tensorboard/histogram.ts";
export type { ImageFormat } from "./tensorboard/image-pixels.ts";
export {
  type EventImage,
  type EventValue,
  readEvents,
  type TensorBoardEvent,
} from "./tensorboard/read-events.ts";
export {
  type At,
  type EventTime,
  type HistogramValues,
  SummaryWriter,
  type SummaryWriterOptions,
} from "./tensorboard/summary-writer.ts";
export { loadTorch, type TorchValue } from "./torch-file.ts";
export { saveTorch, type TorchSaveValue } from "./torch-save.ts";
