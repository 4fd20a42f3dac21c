/**
 * The experiments that came with the package, in the course's order.
 */
import { readdir } from "node:fs/promises";
import type { Experiment } from "../lab/index.ts";

/** An experiment, as it is asked for. */
export interface Listed {
  readonly number: string;
  readonly name: string;
  readonly experiment: Experiment;
}

/** Loads them all; they run only when they are told to. */
export async function experiments(): Promise<Listed[]> {
  const folder = new URL("../examples/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => /^\d\d-.*\.js$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const { default: experiment } = (await import(new URL(file, folder).href)) as { default: Experiment };
      return { number: file.slice(0, 2), name: file.slice(3, -3), experiment };
    }),
  );
}
