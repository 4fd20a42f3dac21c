/**
 * PyTorch's SummaryWriter: writes what TensorBoard shows. Values of tensors are read at the call, so a later change of a
 * parameter is not seen; events stand in the file in the order of the calls.
 */
import { ArgumentError } from "../../base/errors.ts";
import { written } from "../../base/options.ts";
import { encodePng } from "../../base/png.ts";
import { checkOptions } from "../../nn/arguments.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { join } from "../protobuf.ts";
import {
  eventOf,
  type HparamValue,
  histogramValue,
  hparamsValues,
  imageValue,
  scalarValue,
  sessionStartContent,
  summaryContent,
  textValue,
  versionContent,
} from "./event.ts";
import { type EventSink, folderSink, writerName } from "./event-folder.ts";
import { type Bins, checkBins, histogramOf } from "./histogram.ts";
import { type ImageFormat, imageLayout, pixelsOf } from "./image-pixels.ts";
import { recordOf } from "./records.ts";

/** Options of `SummaryWriter`. */
export interface SummaryWriterOptions {
  /** Folder of the event files. Default `runs/<date>_<time>_<host><comment>`. */
  readonly logDir?: string;
  /** Behind the default folder's name. Default "". */
  readonly comment?: string;
  /** What an earlier run wrote to the same folder of this step and later ones is hidden. Default: nothing is. */
  readonly purgeStep?: number;
  /** Events that wait before they are written to the file. Default 10. */
  readonly maxQueue?: number;
  /** Seconds after which the next event is written with all that wait. Default 120. */
  readonly flushSecs?: number;
  /** Behind the files' names. Default "". */
  readonly filenameSuffix?: string;
  /** Takes the bytes instead of a folder, for hosts without a file system. Default: files in `logDir`. */
  readonly sink?: EventSink;
}

/** When an event was. */
export interface EventTime {
  /** Step of training. Default 0. */
  readonly globalStep?: number;
  /** Seconds since 1970. Default: now. */
  readonly walltime?: number;
}

/** A step alone, or with a time. */
export type At = number | EventTime;

/** Values for a histogram. */
export type HistogramValues = Tensor | ArrayLike<number>;

/** One event file. */
interface EventFile {
  readonly path: string;
  readonly waiting: Uint8Array[];
}

const now = (): number => Date.now() / 1000;

const optionNames = ["logDir", "comment", "purgeStep", "maxQueue", "flushSecs", "filenameSuffix", "sink"];
const timeNames = ["globalStep", "walltime"];

/** Counts files of this process, so that two of one second differ. */
let files = 0;

/**
 * Writes event files for TensorBoard: `tensorboard --logdir runs` shows them. Methods resolve when the event stands in
 * the queue; `flush` and `close` write what waits. Where there is no file system, a `sink` takes the bytes.
 *
 * @param options A folder, or {@link SummaryWriterOptions}.
 *
 * @throws ArgumentError for an option that is wrong
 * @example
 * const writer = new io.SummaryWriter({ logDir: "runs/first" });
 * for (let step = 0; step < 3; step++) await writer.addScalar("loss/train", 1 / (step + 1), step);
 * await writer.addHistogram("weights", model.parameters()[0], { globalStep: 3 });
 * await writer.close();
 */
export class SummaryWriter {
  readonly #logDir: string;
  readonly #sink: EventSink;
  readonly #maxQueue: number;
  readonly #flushSecs: number;
  readonly #suffix: string;
  #purgeStep: number | undefined;
  /** Open files, by the run's folder inside of `logDir`. */
  readonly #files = new Map<string, EventFile>();
  #lastFlush: number = now();
  /** Settles when all earlier calls are done. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: string | SummaryWriterOptions = {}) {
    const given = typeof options === "string" ? { logDir: options } : options;
    checkOptions(given, optionNames, "SummaryWriter");
    const { comment = "", purgeStep, maxQueue = 10, flushSecs = 120, filenameSuffix = "", sink } = given;
    checkNumber("SummaryWriter", "maxQueue", maxQueue, 0);
    checkNumber("SummaryWriter", "flushSecs", flushSecs, 0);
    if (purgeStep !== undefined) checkStep("SummaryWriter", "purgeStep", purgeStep);
    checkText("SummaryWriter", "filenameSuffix", filenameSuffix);
    this.#logDir = given.logDir || `runs/${timeStamp()}_${writerName().host}${comment}`;
    checkText("SummaryWriter", "logDir", this.#logDir);
    if (sink !== undefined && typeof sink.append !== "function") {
      throw wrong("SummaryWriter", "sink", sink, "an object with a method append(path, bytes)");
    }
    this.#sink = sink ?? folderSink(this.#logDir);
    this.#maxQueue = maxQueue;
    this.#flushSecs = flushSecs;
    this.#suffix = filenameSuffix;
    this.#purgeStep = purgeStep;
  }

  /** The folder of the event files. */
  getLogdir(): string {
    return this.#logDir;
  }

  /**
   * Adds a number.
   *
   * @param scalarValue A number, or a tensor of one element.
   */
  addScalar(tag: string, scalarValue: number | Tensor, at: At = {}): Promise<void> {
    checkText("addScalar", "tag", tag);
    checkAt("addScalar", at);
    return this.#add("", at, scalarContent("addScalar", tag, scalarValue));
  }

  /** Adds numbers to one plot. Each is a run of its own, in the folder `<mainTag>_<tag>`, with slashes as underscores. */
  addScalars(
    mainTag: string,
    tagScalarDict: Readonly<Record<string, number | Tensor>>,
    at: At = {},
  ): Promise<void> {
    checkText("addScalars", "mainTag", mainTag);
    checkAt("addScalars", at);
    const values = Object.entries(checkDictionary("addScalars", "tagScalarDict", tagScalarDict));
    const contents = values.map(([, value]) =>
      scalarContent("addScalars", mainTag, value as number | Tensor),
    );
    return all(
      values.map(([tag], i) => {
        const run = `${mainTag}_${tag}`.replace(/[/\\]/g, "_");
        return this.#add(run, at, contents[i] as Uint8Array);
      }),
    );
  }

  /**
   * Adds a histogram.
   *
   * @param values A tensor of any shape, or numbers.
   * @param at.bins "tensorflow", the default, for buckets that grow by a tenth; a number of equal buckets; or their rising ends.
   * @param at.maxBins Neighbours are joined until there are about as many. Default: no limit.
   */
  addHistogram(
    tag: string,
    values: HistogramValues,
    at: number | (EventTime & { readonly bins?: Bins; readonly maxBins?: number }) = {},
  ): Promise<void> {
    checkText("addHistogram", "tag", tag);
    checkAt("addHistogram", at, ["bins", "maxBins"]);
    const { bins = "tensorflow", maxBins } = typeof at === "number" ? {} : at;
    checkBins(bins, maxBins);
    const numbers = valuesOf(values);
    const make = async (): Promise<Uint8Array> =>
      histogramValue(tag, histogramOf(await numbers, { bins, maxBins }));
    return this.#add("", at, make());
  }

  /**
   * Adds an image.
   *
   * @param imgTensor One image of 1, 3 or 4 channels: uint8, or 0 to 1 of another type.
   * @param at.dataformats "CHW", the default, "HWC" or "HW".
   */
  addImage(
    tag: string,
    imgTensor: Tensor,
    at: number | (EventTime & { readonly dataformats?: ImageFormat }) = {},
  ): Promise<void> {
    checkText("addImage", "tag", tag);
    checkAt("addImage", at, ["dataformats"]);
    const { dataformats = "CHW" } = typeof at === "number" ? {} : at;
    if (!(imgTensor instanceof Tensor)) throw wrong("addImage", "imgTensor", imgTensor, "a tensor");
    const layout = imageLayout(imgTensor, dataformats);
    const make = async (): Promise<Uint8Array> => {
      const pixels = await pixelsOf(imgTensor, layout);
      return imageValue(tag, pixels, await encodePng(pixels));
    };
    return this.#add("", at, make());
  }

  /** Adds a text, which TensorBoard shows as Markdown. */
  addText(tag: string, textString: string, at: At = {}): Promise<void> {
    checkText("addText", "tag", tag);
    checkText("addText", "textString", textString);
    checkAt("addText", at);
    return this.#add("", at, textValue(tag, textString));
  }

  /**
   * Adds a run with its hyperparameters and what they led to, for comparison with others.
   *
   * @param hparamDict Numbers, texts, true or false; null is left out.
   * @param metricDict Results by a tag that no `addScalar` uses, such as "hparam/accuracy".
   * @param options.hparamDomainDiscrete All values that a hyperparameter can have. Default: unknown.
   * @param options.runName Folder of the run. Default: the time.
   */
  addHparams(
    hparamDict: Readonly<Record<string, HparamValue>>,
    metricDict: Readonly<Record<string, number | Tensor>>,
    options: EventTime & {
      readonly hparamDomainDiscrete?: Readonly<Record<string, readonly HparamValue[]>>;
      readonly runName?: string;
    } = {},
  ): Promise<void> {
    checkAt("addHparams", options, ["hparamDomainDiscrete", "runName"]);
    const given = Object.entries(checkDictionary("addHparams", "hparamDict", hparamDict)) as [
      string,
      HparamValue,
    ][];
    const metrics = Object.entries(checkDictionary("addHparams", "metricDict", metricDict));
    const domains = Object.entries(options.hparamDomainDiscrete ?? {});
    for (const [name, list] of domains) {
      if (Array.isArray(list) && Object.hasOwn(hparamDict, name)) continue;
      throw wrong(
        "addHparams",
        `hparamDomainDiscrete.${name}`,
        list,
        "a list of values for a name in hparamDict",
      );
    }
    for (const [name, value] of [
      ...given,
      ...domains.flatMap(([key, list]) => list.map((v) => [key, v] as const)),
    ]) {
      if (!["number", "string", "boolean"].includes(typeof value) && value !== null) {
        throw wrong("addHparams", `hparamDict.${name}`, value, "a number, a text, true, false or null");
      }
    }
    const run = options.runName ?? String(now());
    if (typeof run !== "string" || run === "" || /^[/\\]|(^|[/\\])\.\.?([/\\]|$)|:/.test(run)) {
      throw wrong("addHparams", "runName", run, "the name of a folder inside of logDir");
    }
    const hparams = new Map(given.filter(([, value]) => value !== null));
    const names = metrics.map(([name]) => name);
    const contents = [
      ...hparamsValues(hparams, names, new Map(domains)),
      ...metrics.map(([name, value]) => scalarContent("addHparams", name, value as number | Tensor)),
    ];
    return all(contents.map((content) => this.#add(run, options, content)));
  }

  /** Writes everything that waits. @throws What the system says where a file cannot be written */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeAll());
  }

  /** Writes everything that waits and ends the files; what is added later begins new ones. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#open("");
      await this.#writeAll();
      this.#files.clear();
    });
  }

  /** `await using writer = new io.SummaryWriter()` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Adds a summary of one value behind all earlier calls; its content may still be on its way. */
  #add(run: string, at: At, content: Uint8Array | Promise<Uint8Array>): Promise<void> {
    const { globalStep = 0, walltime = now() } = typeof at === "number" ? { globalStep: at } : at;
    const ready = Promise.resolve(content);
    // Heard when its turn comes; until then a failure is nobody's.
    ready.catch(() => {});
    return this.#inTurn(async () => {
      const summary = summaryContent(await ready);
      const file = this.#open(run);
      file.waiting.push(recordOf(eventOf(walltime, globalStep, summary)));
      if (file.waiting.length > this.#maxQueue || now() - this.#lastFlush >= this.#flushSecs) {
        await this.#writeAll();
      }
    });
  }

  /** Runs work after that of all earlier calls, whether those failed or not. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #open(run: string): EventFile {
    const known = this.#files.get(run);
    if (known !== undefined) return known;
    const { host, process } = writerName();
    const seconds = String(Math.floor(now())).padStart(10, "0");
    const name = `events.out.tfevents.${seconds}.${host}.${process}.${files++}${this.#suffix}`;
    const file: EventFile = { path: run === "" ? name : `${run}/${name}`, waiting: [] };
    this.#files.set(run, file);
    file.waiting.push(recordOf(eventOf(now(), 0, versionContent())));
    if (this.#purgeStep !== undefined && run === "") {
      file.waiting.push(recordOf(eventOf(now(), this.#purgeStep, versionContent())));
      file.waiting.push(recordOf(eventOf(now(), this.#purgeStep, sessionStartContent())));
      this.#purgeStep = undefined;
    }
    return file;
  }

  async #writeAll(): Promise<void> {
    this.#lastFlush = now();
    for (const { path, waiting } of this.#files.values()) {
      if (waiting.length === 0) continue;
      const count = waiting.length;
      await this.#sink.append(path, join(...waiting));
      // Kept until it is written: where that fails, the next flush tries again.
      waiting.splice(0, count);
    }
  }
}

/** `Nov26_11-30-05`, as PyTorch names folders. */
function timeStamp(): string {
  const date = new Date();
  const month = date.toLocaleString("en-US", { month: "short" });
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${month}${two(date.getDate())}_${two(date.getHours())}-${two(date.getMinutes())}-${two(date.getSeconds())}`;
}

/** A scalar's bytes; of a tensor they come later. */
function scalarContent(
  operation: string,
  tag: string,
  value: number | Tensor,
): Uint8Array | Promise<Uint8Array> {
  if (typeof value === "number") return scalarValue(tag, value);
  if (!(value instanceof Tensor) || value.numel() !== 1) {
    throw wrong(
      operation,
      tag,
      value instanceof Tensor ? value.shape : value,
      "a number or a tensor of one element",
    );
  }
  return value.item().then((number) => scalarValue(tag, Number(number)));
}

/** The numbers now, before anybody changes them. */
function valuesOf(values: HistogramValues): ArrayLike<number> | Promise<ArrayLike<number>> {
  if (values instanceof Tensor) return values.data();
  const isTyped =
    ArrayBuffer.isView(values) && "length" in values && typeof (values as ArrayLike<unknown>)[0] !== "bigint";
  if (!isTyped && !(Array.isArray(values) && values.every((x) => typeof x === "number"))) {
    throw wrong("addHistogram", "values", values, "a tensor, a typed array or a list of numbers");
  }
  return Float64Array.from(values);
}

async function all(parts: readonly Promise<void>[]): Promise<void> {
  await Promise.all(parts);
}

function wrong(operation: string, name: string, value: unknown, expected: string): ArgumentError {
  const shown = typeof value === "function" || typeof value === "symbol" ? typeof value : written(value);
  return new ArgumentError(`${operation}: ${name} is ${shown}; pass ${expected}`, { [name]: value });
}

function checkText(operation: string, name: string, value: unknown): void {
  if (typeof value !== "string") throw wrong(operation, name, value, "a text");
}

/** What an event's last argument is: a step, or an object. */
function checkAt(operation: string, at: At, others: readonly string[] = []): void {
  const { globalStep = 0, walltime = 0 } = typeof at === "number" ? { globalStep: at } : (at ?? {});
  if (typeof at !== "number") checkOptions(at, [...timeNames, ...others], operation);
  checkStep(operation, "globalStep", globalStep);
  checkNumber(operation, "walltime", walltime);
}

function checkStep(operation: string, name: string, value: unknown): void {
  if (!Number.isSafeInteger(value)) throw wrong(operation, name, value, "an integer");
}

function checkNumber(
  operation: string,
  name: string,
  value: unknown,
  least = Number.NEGATIVE_INFINITY,
): void {
  if (typeof value !== "number" || !Number.isFinite(value) || value < least) {
    throw wrong(operation, name, value, least === 0 ? "a number from 0 on" : "a number");
  }
}

function checkDictionary(operation: string, name: string, value: unknown): object {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw wrong(operation, name, value, "an object from names to values");
}
