/** `tatamijs/node`: what needs a file system. */

export type { SkippedFile } from "./data/image-options.ts";
export { CIFAR10, CIFAR100, type Cifar100Options, type CifarOptions } from "./data/node/cifar.ts";
export { readCsvFile } from "./data/node/csv-file.ts";
export { decodeImageFile } from "./data/node/decode-image.ts";
export type { DownloadProgress } from "./data/node/download.ts";
export {
  type ImageFile,
  ImageFolder,
  type ImageFolderOptions,
} from "./data/node/image-folder.ts";
export { FashionMNIST, KMNIST, MNIST, type MnistOptions } from "./data/node/mnist.ts";
export { ParquetImageFolder, type ParquetImageFolderOptions } from "./data/node/parquet-image-folder.ts";
export { saveTraceFile } from "./inspect/node/trace-file.ts";
export {
  exportOnnxFile,
  importOnnxFile,
  loadCheckpointFile,
  loadNpyFile,
  loadNpzFile,
  loadSafetensorsFile,
  loadTorchFile,
  openSafetensorsFile,
  saveCheckpointFile,
  saveNpyFile,
  saveSafetensorsFile,
} from "./io/node/files.ts";
export { loadPretrainedFolder } from "./io/node/pretrained-folder.ts";
export {
  CheckpointFolder,
  type CheckpointFolderOptions,
  type CheckpointPosition,
  type DamagedCheckpoint,
  type LoadedCheckpoint,
} from "./train/checkpoint-folder.ts";
export { InspectionFile } from "./train/inspector-file.ts";
export { RunRecorder, type RunRecorderOptions } from "./train/recording/run-recorder.ts";
export {
  type CreateRunOptions,
  currentStatus,
  type Json,
  listRuns,
  type Metrics,
  RunDirectory,
  type RunInfo,
  type RunRecord,
  type RunStatus,
  readRun,
} from "./train/run-dir.ts";
