/**
 * What the studio's process and the one that computes for it say to each other.
 */
import type { CamRequest, ErrorCode, MapsRequest } from "../studio/index.ts";

/** Where images are; sent first. */
export interface LookSetup {
  readonly source: { readonly root: string; readonly download: boolean };
}

export type LookQuestion =
  | { readonly kind: "probe"; readonly path: string; readonly image?: number }
  | { readonly kind: "images"; readonly path: string; readonly indices: readonly number[] }
  | { readonly kind: "maps"; readonly path: string; readonly request: MapsRequest }
  | { readonly kind: "cam"; readonly path: string; readonly request: CamRequest };

/** A question with the number that its answer has. */
export interface LookMessage {
  readonly id: number;
  readonly question: LookQuestion;
}

export type LookAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: ErrorCode; readonly status: number; readonly message: string };
