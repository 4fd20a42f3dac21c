/** `tatamijs/lab`: experiments on real images, and running them. Node only. */
export {
  type Bars,
  type Curves,
  type Experiment,
  experiment,
  type Finding,
  inLanguage,
  type Lab,
  type Label,
  type Language,
  type Picture,
  percent,
  type Series,
  type Text,
} from "./experiment.ts";
export { pageOf, writePage } from "./page.ts";
export { type Block, type DrawnSeries, type Report, type RunOptions, runExperiment } from "./report.ts";
