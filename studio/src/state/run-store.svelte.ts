/**
 * A run that is open: its description, its curve, and what comes in while it is running. Events change plain data at
 * once; views hear of it once per animation frame, through `version`. Pausing stops what is shown, not what is kept. While
 * nobody sees the page nothing is followed, and what there is by then is loaded when it is seen again.
 */
import type { RunDetail, StudioEvent } from "../../../src/studio/protocol.ts";
import { ApiFailure, api } from "../api/client.ts";
import { followRun } from "../api/events.ts";
import { oncePerFrame } from "./frames.ts";
import type { OwnImage } from "./own-image.ts";
import { type SeriesView, StepSeries } from "./step-series.ts";

/** Between two looks at a run that was broken off, in milliseconds. */
const resumptionMs = 4000;

export class RunStore {
  readonly id: string;
  detail = $state.raw<RunDetail | null>(null);
  failure = $state.raw<ApiFailure | null>(null);
  connected = $state(true);
  /** Rises when rows have come that may be shown. */
  version = $state(0);
  /** Rows that wait while the display is paused. */
  waiting = $state(0);
  /** Rises when statistics of layers have been recorded. */
  recordedVersion = $state(0);
  /** The reader's own picture that the network is asked about; no address can hold it. */
  ownImage = $state.raw<OwnImage | null>(null);
  /** Row at which the display was paused, or null. */
  #pausedAt = $state<number | null>(null);
  #series = new StepSeries();
  #pending: RunDetail | null = null;
  #stop: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether a run that is going on is not followed, since nobody sees the page. */
  #isAway = false;
  #frame = oncePerFrame(() => this.#show());

  constructor(id: string) {
    this.id = id;
  }

  /** Loads the run, then follows it while it is running. */
  async load(): Promise<void> {
    this.close();
    this.failure = null;
    this.#isAway = false;
    document.addEventListener("visibilitychange", this.#onVisibility);
    try {
      const [detail, rows] = await Promise.all([api.run(this.id), api.steps(this.id, 0)]);
      this.#series = new StepSeries(Math.max(1024, rows.step.length));
      this.#series.put(0, rows);
      this.#pending = null;
      this.detail = detail;
      this.version++;
      this.recordedVersion++;
      if (detail.status === "running") this.#follow();
      else if (detail.status === "interrupted") this.#awaitResumption();
    } catch (error) {
      this.failure = ApiFailure.of(error);
    }
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#stop?.();
    this.#stop = undefined;
    clearTimeout(this.#timer);
    this.#frame.cancel();
  }

  get paused(): boolean {
    return this.#pausedAt !== null;
  }

  togglePause(): void {
    this.#pausedAt = this.paused ? null : this.#series.length;
    this.waiting = 0;
    this.#frame.ask();
  }

  /** The rows that are to be shown. */
  rows(): SeriesView {
    return this.#series.view(this.#pausedAt ?? this.#series.length);
  }

  /** What is followed costs the processor that trains. */
  #onVisibility = (): void => {
    if (document.hidden) {
      if (this.#stop === undefined) return;
      this.#stop();
      this.#stop = undefined;
      this.#isAway = true;
    } else if (this.#isAway) void this.load();
  };

  #follow(): void {
    this.#isAway = document.hidden;
    if (this.#isAway) return;
    this.#stop = followRun(this.id, {
      nextRow: () => this.#series.length,
      onConnection: (connected) => {
        this.connected = connected;
        if (!connected) void this.#look();
      },
      onEvent: (event) => this.#take(event),
    });
  }

  /** A training that was broken off may be resumed: its run is looked at again now and then. */
  #awaitResumption(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void (document.hidden ? Promise.resolve(null) : this.#look()).then((found) => {
        if (found?.status === "running") void this.load();
        else if (this.failure === null) this.#awaitResumption();
      });
    }, resumptionMs);
  }

  /** What the server says of the run by now; a stream that has ended may mean that the run was deleted. */
  async #look(): Promise<RunDetail | null> {
    try {
      return await api.run(this.id);
    } catch (error) {
      const failure = ApiFailure.of(error);
      if (failure.code === "no-such-run") this.#lose(failure);
      return null;
    }
  }

  #lose(failure: ApiFailure): void {
    this.close();
    this.connected = true;
    this.failure = failure;
  }

  #take(event: StudioEvent): void {
    if (event.type === "gone") {
      this.#lose(new ApiFailure("no-such-run", `There is no run ${this.id}.`));
      return;
    }
    const detail = this.#pending ?? this.detail;
    if (detail === null) return;
    this.#pending = withEvent(detail, event);
    if (event.type === "steps" && !this.#series.put(event.from, event.columns)) void this.#fillHole();
    if (event.type === "recorded" && detail.layers.length === 0) void this.#describe();
    this.#frame.ask();
    if (event.type === "status" && event.run.status !== "running") this.#finish();
  }

  /** Rows between what is here and what came were lost: they are asked for once. */
  async #fillHole(): Promise<void> {
    const from = this.#series.length;
    const rows = await api.steps(this.id, from).catch(() => null);
    if (rows !== null && this.#series.put(from, rows)) this.#frame.ask();
  }

  /** What no event tells: a page that is opened with the training's first step is there before layers and classes are. */
  async #describe(): Promise<void> {
    const found = await api.run(this.id).catch(() => null);
    const detail = this.#pending ?? this.detail;
    if (found === null || detail === null) return;
    const { layers, classes, stepsTotal, stepsPerEpoch } = found;
    this.#pending = { ...detail, layers, classes, stepsTotal, stepsPerEpoch };
    this.#frame.ask();
  }

  /** The last events of a run stand in its files as well; from there they are complete. */
  #finish(): void {
    this.#stop?.();
    this.#stop = undefined;
    void this.#fillHole();
    void api.run(this.id).then(
      (detail) => {
        this.#pending = detail;
        this.#frame.ask();
        if (detail.status === "interrupted") this.#awaitResumption();
      },
      () => undefined,
    );
  }

  #show(): void {
    if (this.paused) {
      this.waiting = this.#series.length - (this.#pausedAt ?? 0);
      return;
    }
    const before = this.detail?.recorded?.count;
    if (this.#pending !== null) this.detail = this.#pending;
    this.#pending = null;
    if (this.detail?.recorded?.count !== before) this.recordedVersion++;
    this.version++;
  }
}

/** A run's description after an event. */
function withEvent(detail: RunDetail, event: Exclude<StudioEvent, { type: "gone" }>): RunDetail {
  switch (event.type) {
    case "steps":
      return { ...detail, stepCount: event.from + event.columns.step.length };
    case "recorded": {
      const first = detail.recorded?.first ?? event.last;
      return { ...detail, recorded: { first, last: event.last, count: event.count } };
    }
    case "epoch":
      return {
        ...detail,
        // A new connection tells of the newest epoch again.
        epochs: [...detail.epochs.filter((old) => old.epoch !== event.metrics.epoch), event.metrics],
        last: event.metrics,
      };
    case "verdicts":
      return { ...detail, verdicts: event.verdicts };
    case "snapshot":
      return detail.snapshots.includes(event.step)
        ? detail
        : { ...detail, snapshots: [...detail.snapshots, event.step] };
    case "status":
      return { ...detail, ...event.run };
  }
}
