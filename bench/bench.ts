/** What every section of the bench works with. */
import type { Figures } from "./figures.ts";
import type { Library } from "./libraries.ts";
import type { Network } from "./networks.ts";
import type { Job } from "./protocol.ts";
import type { Report } from "./report.ts";

export interface Bench {
  readonly report: Report;
  readonly figures: Figures;
  /** Chosen libraries, our engines first. */
  readonly libraries: readonly Library[];
  readonly networks: readonly Network[];
  /** Chosen batches, or null: each section's own. */
  readonly batches: readonly number[] | null;
  readonly rounds: number;
  /** Seconds that a library may take to answer. */
  readonly patience: number;
  /** Whether everything is measured, or what a few minutes allow. */
  readonly all: boolean;
  /** A file with weights of a network that has been trained a little. */
  weights(network: Network): Promise<string>;
}

/** The same job for all of some libraries. */
export const same = (libraries: readonly Library[], job: Job): Map<Library, Job> =>
  new Map(libraries.map((library) => [library, job]));

/** Our engines, of those chosen. */
export const ours = ({ libraries }: Bench): Library[] => libraries.filter((l) => l.ours);

/** Our engines and PyTorch in its usual mode. */
export const besideTorch = ({ libraries }: Bench): Library[] =>
  libraries.filter((l) => l.ours || l.id === "torch" || l.id === "torch-own");
