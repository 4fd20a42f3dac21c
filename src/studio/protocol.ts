/**
 * What the studio's server and its page say to each other. Types only; both sides are compiled against them.
 *
 * Reading needs nothing but the right Host. Whatever writes or computes sends the token of this start of the server in
 * the header `x-tatami-token`; the page finds it in `<meta name="tatami-token">`.
 *
 *     GET    /api/runs                                RunList
 *     GET    /api/topics                              Topics: what verdicts point to
 *     GET    /api/events?of=ID:N&of=...               server-sent events of runs, of each from row N on: RunEvent
 *     GET    /api/runs/:id                            RunDetail
 *     GET    /api/runs/:id/steps?from=N               StepColumns: rows from the N-th on (0 is the first)
 *     GET    /api/runs/:id/strips?of=KIND:LAYER&of=...&from&to&columns   Strips: up to 24, each as wide as asked
 *     GET    /api/runs/:id/probe?image=N              ProbeImages: images of the dataset that can be looked at, N among them
 *     POST   /api/runs/:id/maps                       MapsRequest -> Maps
 *     POST   /api/runs/:id/cam                        CamRequest -> Cam
 *     GET    /api/runs/:id/errors                     Errors: confusion matrix and top losses of the last saved epoch
 *     GET    /api/runs/:id/export.csv, export.json    every point, never sampled; csv of steps, or ?table=layers
 *     PATCH  /api/runs/:id                            RunChange -> RunSummary
 *     DELETE /api/runs/:id                            204; 409 while it is running
 *
 * An error is a status of 400 or more with {@link ApiError} as its body.
 */

/** A number that may be NaN or infinite: JSON has none of these, so they travel as strings. */
export type Loose = number | "NaN" | "Infinity" | "-Infinity";

/** What can be wrong; the page has a sentence for each in every language. */
export type ErrorCode =
  | "bad-request"
  | "busy"
  | "closed"
  | "damaged"
  | "foreign-host"
  | "foreign-origin"
  | "internal"
  | "lost"
  | "no-convolution"
  | "no-dataset"
  | "no-errors"
  | "no-network"
  | "no-snapshot"
  | "no-such-layer"
  | "no-such-run"
  | "not-an-image"
  | "not-found"
  | "running"
  | "too-large"
  | "too-many"
  | "too-slow"
  | "wrong-token";

export interface ApiError {
  readonly error: ErrorCode;
  /** A sentence in English: what was asked, what was found, the fix. */
  readonly message: string;
}

export type RunStatus = "running" | "done" | "failed" | "interrupted";

export interface RunSummary {
  readonly id: string;
  readonly name: string;
  /** A run whose process has died without a word is "interrupted". */
  readonly status: RunStatus;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly seed: number;
  /** Dataset, model, epochs, batchSize, lr, optimizer, init, norm and whatever else the run was given. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly error?: string;
  /** testAccuracy, testLoss, seconds of a finished run. */
  readonly result?: Readonly<Record<string, Loose>>;
  /** The newest epoch's metrics: epoch, loss, accuracy, validation_loss, validation_accuracy, lr, seconds, samples. */
  readonly last?: Readonly<Record<string, Loose>>;
  /** Loss of training, epoch by epoch or of some of the epochs: 32 points at most. */
  readonly curve?: readonly Loose[];
}

export interface RunList {
  /** Folder of all runs, as the studio was told of it. */
  readonly folder: string;
  /** Newest first. */
  readonly runs: readonly RunSummary[];
  /** Folders whose run.json cannot be read, with the reason. */
  readonly damaged: readonly { readonly id: string; readonly reason: string }[];
}

export type StripKind = "activations" | "gradients" | "updates";

export interface LayerInfo {
  /** Path in the model, such as "features.0". */
  readonly layer: string;
  /** Class, such as "Conv2d". */
  readonly type: string;
  /** Shape of its output, batch included. */
  readonly shape: readonly number[];
  readonly kinds: readonly StripKind[];
}

/** A verdict in every language of the page: the sentence with its numbers, the cure and the topic that explains it. */
export interface VerdictText {
  readonly rule: string;
  readonly layer?: string;
  readonly severity: "error" | "warning";
  readonly value: Loose;
  readonly threshold: number;
  /** Epoch and step at which it was found first. */
  readonly epoch: number;
  readonly step: number;
  /** Whether the newest epoch still shows it. */
  readonly current: boolean;
  readonly text: Readonly<Record<"en" | "ja", { readonly message: string; readonly cure: string }>>;
  /** Name of the topic that explains it, one of {@link Topics}. */
  readonly topic: string;
}

/** What can be read and tried about what goes wrong: the experiments of `tatami lab`. */
export interface Topics {
  readonly topics: readonly Topic[];
}

export interface Topic {
  /** As `tatami lab` takes it. */
  readonly name: string;
  readonly title: Readonly<Record<"en" | "ja", string>>;
  /** The question that the experiment answers. */
  readonly question: Readonly<Record<"en" | "ja", string>>;
}

export interface RunDetail extends RunSummary {
  readonly layers: readonly LayerInfo[];
  readonly verdicts: readonly VerdictText[];
  /** Metrics of every epoch. */
  readonly epochs: readonly Readonly<Record<string, Loose>>[];
  /** Rows of `steps` there are now. */
  readonly stepCount: number;
  /** Steps of the whole training, where that is known: for the ETA. */
  readonly stepsTotal: number | null;
  readonly stepsPerEpoch: number | null;
  /** Steps at which statistics of layers were recorded: the first, the last, and how many. */
  readonly recorded: { readonly first: number; readonly last: number; readonly count: number } | null;
  /** Steps of which weights are stored, ascending. */
  readonly snapshots: readonly number[];
  /** Names of the classes; empty where the dataset is not known. */
  readonly classes: readonly string[];
}

/** The curve of every step, by column; all columns have the same length. */
export interface StepColumns {
  /** Step of the whole training; counts from 1. */
  readonly step: readonly number[];
  readonly epoch: readonly number[];
  readonly loss: readonly Loose[];
  readonly lr: readonly Loose[];
  /** Seconds since the training began, pauses of a resumption left out. */
  readonly seconds: readonly number[];
  /** Images of each step. */
  readonly samples: readonly number[];
}

/**
 * One layer over time, brought to at most `columns` columns. Several recorded steps in one column are added up (counts),
 * averaged (mean, std, zeros, dead) or bounded (low, high, min, max): a single NaN among them is still seen.
 */
export interface Strip {
  readonly layer: string;
  readonly kind: StripKind;
  /** First and last recorded step of each column. */
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly mean: readonly Loose[];
  readonly std: readonly Loose[];
  readonly min: readonly Loose[];
  readonly max: readonly Loose[];
  /** Share of elements that are 0. */
  readonly zeros: readonly number[];
  /** Share of features that are 0 throughout; kind "activations" and "gradients". */
  readonly dead: readonly number[];
  /** Share of elements that are NaN or infinite. */
  readonly nonFinite: readonly number[];
  /** Kind "updates": size of the update beside that of the weight. Else empty. */
  readonly ratio: readonly Loose[];
  /** Value range of the histogram's rows, the same for all columns: row r covers low + r / bins * (high - low) upwards. */
  readonly low: number;
  readonly high: number;
  readonly bins: number;
  /** Base64 of `columns x bins` bytes, column by column, lowest row first: log of the counts, 255 is the largest. */
  readonly histogram: string;
}

/** Which strip. */
export interface StripName {
  readonly layer: string;
  readonly kind: StripKind;
}

/** In the order in which they were asked for; null where nothing was recorded of the layer. */
export interface Strips {
  readonly strips: readonly (Strip | null)[];
}

export interface ProbeImages {
  readonly count: number;
  readonly images: readonly ProbeImage[];
}

export interface ProbeImage {
  /** Position in the images that the run is validated on: the test images where none are held back. */
  readonly index: number;
  readonly label: number;
  /** A PNG as a data URL. */
  readonly png: string;
}

/** Which image: one of the dataset, or the page's own file (PNG, JPEG, WebP) in base64. */
export type ImageChoice = { readonly index: number } | { readonly file: string };

export interface MapsRequest {
  readonly layer: string;
  /** The snapshot at this step, or the nearest one before it, is used. */
  readonly step: number;
  readonly image: ImageChoice;
  /** Also give what the layer's filters look like. */
  readonly filters?: boolean;
}

/** Planes of one size: bytes from 0 (low) to 255 (high), base64, plane by plane. */
export interface Planes {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly low: number;
  readonly high: number;
  /** How many values are NaN or infinite; these have the byte of an end of the scale. */
  readonly nonFinite: number;
  readonly data: string;
}

/** Output by output the planes of its inputs. */
export interface Filters extends Planes {
  /** Planes of each output. */
  readonly inputs: number;
}

export interface Maps {
  /** Step of the snapshot that was used. */
  readonly step: number;
  readonly layer: string;
  /** Channels of the output; of a layer that gives a vector, one plane of 1 x D. */
  readonly maps: Planes;
  /** Of a convolution, and of a linear layer that sees the pixels of an image; null of other layers. */
  readonly filters: Filters | null;
  /** Class probabilities of the whole network for this image at this step. */
  readonly probabilities: readonly number[];
}

export interface CamRequest {
  readonly step: number;
  readonly image: ImageChoice;
  /** Class that is asked for; the most probable one by default. */
  readonly target?: number;
}

export interface Cam {
  readonly step: number;
  readonly target: number;
  /** Where the network looked: 0 to 1, one plane. */
  readonly heat: Planes;
  readonly probabilities: readonly number[];
}

export interface Errors {
  readonly epoch: number;
  readonly classes: readonly string[];
  /** confusion[truth][prediction]. */
  readonly confusion: readonly (readonly number[])[];
  /** Their `png` is empty where the images cannot be read. */
  readonly topLosses: readonly (ProbeImage & { readonly loss: Loose; readonly predicted: number })[];
  /** Why the images cannot be read; absent where they can. */
  readonly imagesMissing?: "no-dataset" | "no-network";
}

export interface RunChange {
  readonly name?: string;
  readonly tags?: readonly string[];
}

/** `data:` of a server-sent event, as JSON; its `event:` is the type. */
export interface RunEvent {
  /** Of the run. */
  readonly id: string;
  readonly event: StudioEvent;
}

/** What is new in a run. */
export type StudioEvent =
  /** New rows, from `from` on. Sent about once a second. */
  | { readonly type: "steps"; readonly from: number; readonly columns: StepColumns }
  /** Statistics of layers were recorded up to this step. */
  | { readonly type: "recorded"; readonly last: number; readonly count: number }
  | { readonly type: "epoch"; readonly metrics: Readonly<Record<string, Loose>> }
  | { readonly type: "verdicts"; readonly verdicts: readonly VerdictText[] }
  | { readonly type: "snapshot"; readonly step: number }
  | { readonly type: "status"; readonly run: RunSummary }
  /** There is no such run, or none any more; nothing comes after it. */
  | { readonly type: "gone" };
