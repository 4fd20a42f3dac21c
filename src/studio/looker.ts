/**
 * Looking into a run's network: what computes it, apart from the server, and what it may refuse.
 */
import type { Cam, CamRequest, ErrorCode, Maps, MapsRequest, ProbeImage, ProbeImages } from "./protocol.ts";

/** Computes with stored weights. @throws LookError */
export interface Looker {
  /** Images that can be looked at: the first ones, and the given one where it is not among them. */
  probe(path: string, image?: number): Promise<ProbeImages>;
  /** Single images; those that there are none of are left out. */
  images(path: string, indices: readonly number[]): Promise<readonly ProbeImage[]>;
  maps(path: string, request: MapsRequest): Promise<Maps>;
  cam(path: string, request: CamRequest): Promise<Cam>;
  close(): Promise<void>;
}

/** Why something cannot be computed; goes to the page as it is. */
export class LookError extends Error {
  readonly code: ErrorCode;
  readonly status: 400 | 404 | 409 | 503 | 504;

  constructor(code: ErrorCode, status: 400 | 404 | 409 | 503 | 504, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
