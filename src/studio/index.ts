/** What the command uses of the studio: the list of runs, and the server with what it computes. */
export { LookError, type Looker } from "./looker.ts";
export { toPlanes } from "./planes.ts";
export { type Planar, pngDataUrl } from "./png.ts";
export type {
  Cam,
  CamRequest,
  ErrorCode,
  Filters,
  ImageChoice,
  Maps,
  MapsRequest,
  Planes,
  ProbeImage,
  ProbeImages,
  RunSummary,
  Topic,
} from "./protocol.ts";
export { RunStore } from "./run-store.ts";
export { type Studio, type StudioOptions, startStudio } from "./server.ts";
export { differingSettings } from "./settings.ts";
export { nearestWeights } from "./stored-weights.ts";
