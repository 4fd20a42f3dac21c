/**
 * All runs below a folder: what the studio shows and what it may change. Numbers of the runs that were looked at last are
 * kept in memory, within a bound.
 */
import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { FileFormatError } from "../base/errors.ts";
import { confinedFolder, foundAt, isRunId, namesIn } from "./confined-files.ts";
import { changeNotes } from "./notes.ts";
import type { RunChange, RunList, RunSummary } from "./protocol.ts";
import { RunHeads } from "./run-head.ts";
import { RunReader } from "./run-reader.ts";

/** Bytes of numbers that are kept; the run that is being looked at stays however large it is. */
const mostBytes = 384 * 2 ** 20;

/** Folders that are read at the same time. */
const atOnce = 16;

/** How long a look at the disk serves, in milliseconds. */
const freshMs = 250;

export class RunStore {
  readonly root: string;
  /** The one that was used last comes last. */
  readonly #readers = new Map<string, RunReader>();
  /** Of all runs that were listed or opened. */
  readonly #heads = new Map<string, RunHeads>();

  /** @param root Folder of all runs; it may be missing. */
  constructor(root: string) {
    this.root = root;
  }

  /** All runs, the newest first. */
  async list(): Promise<RunList> {
    const names = (await namesIn(this.root)).filter(isRunId);
    const runs: RunSummary[] = [];
    const damaged: { id: string; reason: string }[] = [];
    const look = async (id: string): Promise<void> => {
      try {
        const summary = await this.#summary(id);
        if (summary !== null) runs.push(summary);
      } catch (error) {
        if (!(error instanceof FileFormatError)) throw error;
        damaged.push({ id, reason: error.message });
      }
    };
    this.#forgetHeads(names);
    for (let i = 0; i < names.length; i += atOnce) await Promise.all(names.slice(i, i + atOnce).map(look));
    const byAge = (a: RunSummary, b: RunSummary): number =>
      a.startedAt === b.startedAt ? compare(b.id, a.id) : compare(b.startedAt, a.startedAt);
    damaged.sort((a, b) => compare(a.id, b.id));
    return { folder: this.root, runs: runs.sort(byAge), damaged };
  }

  async #summary(id: string): Promise<RunSummary | null> {
    const path = this.#folder(id);
    if (path === null || foundAt(join(path, "run.json")) === null) return null;
    return (await this.#headsOf(id, path).get()).summary;
  }

  #headsOf(id: string, path: string): RunHeads {
    const known = this.#heads.get(id);
    const heads = known?.path === path ? known : new RunHeads(path);
    this.#heads.set(id, heads);
    return heads;
  }

  /** Those of runs that are gone. */
  #forgetHeads(names: readonly string[]): void {
    const there = new Set(names);
    for (const id of this.#heads.keys()) if (!there.has(id)) this.#heads.delete(id);
  }

  /**
   * As `open`, without another look at the disk where the last one was just now: a page asks for many strips at once.
   *
   * @throws FileFormatError when it is damaged.
   */
  async glance(id: string): Promise<RunReader | null> {
    const known = this.#readers.get(id);
    const isFresh = known !== undefined && performance.now() - known.readAt < freshMs;
    return isFresh ? known : this.open(id);
  }

  /**
   * A run with everything that is on the disk by now.
   *
   * @returns Null where there is no such run.
   * @throws FileFormatError when it is damaged.
   */
  async open(id: string): Promise<RunReader | null> {
    const path = this.#folder(id);
    if (path === null || foundAt(join(path, "run.json")) === null) {
      this.#readers.delete(id);
      return null;
    }
    const known = this.#readers.get(id);
    const reader = known?.path === path ? known : new RunReader(this.#headsOf(id, path));
    this.#readers.delete(id);
    this.#readers.set(id, reader);
    await reader.refresh();
    this.#forgetOldest();
    return reader;
  }

  /** @returns The run as it is then; null where there is no such run. */
  async change(id: string, change: RunChange): Promise<RunSummary | null> {
    const path = this.#folder(id);
    if (path === null || (await this.#summary(id)) === null) return null;
    await changeNotes(path, change);
    return this.#summary(id);
  }

  /** Removes a run's folder. */
  async remove(id: string): Promise<"removed" | "running" | "no-such-run"> {
    const path = this.#folder(id);
    const summary = path === null ? null : await this.#summary(id);
    if (path === null || summary === null) return "no-such-run";
    if (summary.status === "running") return "running";
    this.#readers.delete(id);
    // A name that no run has: nobody sees half of it while it is being removed.
    const doomed = join(this.root, `.removed-${randomBytes(6).toString("hex")}`);
    await rename(path, doomed);
    await rm(doomed, { recursive: true, force: true });
    return "removed";
  }

  #folder(id: string): string | null {
    if (!isRunId(id)) return null;
    const path = confinedFolder(this.root, id);
    // A link to another run would give one run two names, and removing it would remove the other.
    return path !== null && basename(path) === id ? path : null;
  }

  #forgetOldest(): void {
    let total = [...this.#readers.values()].reduce((sum, reader) => sum + reader.bytes, 0);
    for (const [id, reader] of this.#readers) {
      if (total <= mostBytes || this.#readers.size === 1) return;
      total -= reader.bytes;
      this.#readers.delete(id);
    }
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
