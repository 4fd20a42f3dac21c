/** `tatamijs/node`: what needs a file system. */
export type { DownloadProgress } from "./data/node/download.ts";
export { FashionMNIST, KMNIST, MNIST, type MnistOptions } from "./data/node/mnist.ts";
export {
  loadCheckpointFile,
  loadSafetensorsFile,
  saveCheckpointFile,
  saveSafetensorsFile,
} from "./io/node/files.ts";
export {
  type CreateRunOptions,
  type Json,
  listRuns,
  type Metrics,
  RunDirectory,
  type RunInfo,
  type RunRecord,
  type RunStatus,
  readRun,
} from "./train/run-dir.ts";
