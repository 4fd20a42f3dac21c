/** `tatamijs/node`: what needs a file system. */
export { CIFAR10, CIFAR100, type Cifar100Options, type CifarOptions } from "./data/node/cifar.ts";
export type { DownloadProgress } from "./data/node/download.ts";
export {
  type ImageFile,
  ImageFolder,
  type ImageFolderOptions,
  type SkippedFile,
} from "./data/node/image-folder.ts";
export { FashionMNIST, KMNIST, MNIST, type MnistOptions } from "./data/node/mnist.ts";
export { saveTraceFile } from "./inspect/node/trace-file.ts";
export {
  exportOnnxFile,
  importOnnxFile,
  loadCheckpointFile,
  loadNpyFile,
  loadNpzFile,
  loadSafetensorsFile,
  loadTorchFile,
  saveCheckpointFile,
  saveNpyFile,
  saveSafetensorsFile,
} from "./io/node/files.ts";
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
