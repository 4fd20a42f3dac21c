/** `tatamijs/inspect`: what a network consists of and does. */
export { ActivationStats } from "./activation-stats.ts";
export { type ChromeTrace, chromeTrace, type TraceEvent } from "./chrome-trace.ts";
export { type DiagnoseOptions, diagnose, type Verdict } from "./diagnose.ts";
export type { EpochMeans, Language, Observations, Severity } from "./diagnosis-rules.ts";
export type { ModelOfTensor } from "./evaluation-pass.ts";
export { featureMaps } from "./feature-maps.ts";
export {
  type CamTarget,
  type ClassActivationMapOptions,
  classActivationMap,
  type GradCamOptions,
  gradCam,
} from "./grad-cam.ts";
export { GradientStats, type GradientStatsOptions } from "./gradient-stats.ts";
export type {
  LayerHistory,
  LayerRecords,
  LayerRecordsState,
  RecordOptions,
  StepStatistics,
} from "./layer-records.ts";
export {
  type KernelSummary,
  type ProfileTable,
  type ProfileTableOptions,
  profileTable,
} from "./profile-table.ts";
export type { Histogram, Statistics } from "./statistics.ts";
export { type LayerSummary, type ModelSummary, summary } from "./summary.ts";
export {
  type StepUpdate,
  type UpdateHistory,
  type UpdateRatioOptions,
  type UpdateRatios,
  type UpdateRatiosState,
  updateRatios,
} from "./update-ratios.ts";
