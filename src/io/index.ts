/** `tatamijs/io`: formats as bytes, for every host. Reading and writing files: `tatamijs/node`. */
export { type CheckpointValue, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
export { loadNpy, loadNpz, saveNpy } from "./npy.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsEntry,
  type SafetensorsFile,
} from "./safetensors.ts";
export { loadSafetensors, saveSafetensors, type TensorDict } from "./tensor-dict.ts";
export { loadTorch, type TorchValue } from "./torch-file.ts";
