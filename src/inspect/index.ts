/** `tatamijs/inspect`: what a network consists of and does. */
export { type LayerSummary, type ModelSummary, summary } from "./summary.ts";
