/**
 * Progress of a training on a terminal: one line that is rewritten while an epoch runs, and one that stays
 * when it has ended. Without a terminal only the lines that stay are written. Writes to the given stream and
 * nowhere else.
 *
 *     epoch 3/20 ━━━━━━━━━━━━━━──────  68% 640/938  loss 0.2153  41,200 images/s  ETA 0:12
 *     epoch 3/20  loss 0.2087  accuracy 0.9321  40,950 images/s  0:15
 */
import { cutToWidth, textWidth } from "./text-width.ts";

/** What progress is written to: `process.stderr`, or a stand-in. */
export interface ProgressStream {
  write(text: string): unknown;
  /** Whether it is a terminal. */
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal. Default 80. */
  readonly columns?: number | undefined;
}

/** Options of {@link ProgressLine}. */
export interface ProgressOptions {
  readonly stream: ProgressStream;
  /** Epochs of the whole training. */
  readonly epochs: number;
  /** Steps of one epoch. */
  readonly stepsPerEpoch: number;
  /** Milliseconds, of any origin, that only grow. Default `performance.now`. */
  readonly now?: () => number;
  /** Environment variables: `NO_COLOR`, `FORCE_COLOR` and `TERM` are looked at. Default: none set. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** State after a step. */
export interface StepProgress {
  /** Steps done in this epoch, 1 to `stepsPerEpoch`. */
  readonly step: number;
  /** Images of this step. */
  readonly images: number;
  /** Loss, when it has been read. */
  readonly loss?: number | undefined;
}

/** Milliseconds between two writings of the line: quicker cannot be read and costs the training time. */
const redrawInterval = 80;

/** How long the rate looks back: its average forgets with this time constant, in milliseconds. */
const rateMemory = 5000;

const barWidth = 20;

/**
 * Writes the progress of a training: on a terminal one line that is rewritten, everywhere one line for each epoch.
 *
 * @example
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text) };
 * const line = new train.ProgressLine({ stream, epochs: 3, stepsPerEpoch: 2 });
 * line.startEpoch(1);
 * line.step({ step: 1, images: 64, loss: 2.3 });
 * line.endEpoch({ loss: 2.25 }, 83);
 * lines.length; // 1
 */
export class ProgressLine {
  readonly #stream: ProgressStream;
  readonly #epochs: number;
  readonly #stepsPerEpoch: number;
  readonly #now: () => number;
  readonly #rewrites: boolean;
  readonly #colour: boolean;
  readonly #rate = new SmoothedRate();
  #epoch = 0;
  #epochStart = 0;
  #epochImages = 0;
  #loss: number | undefined;
  #lastStepEnd = 0;
  #lastStep = 0;
  #lastDraw = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor({ stream, epochs, stepsPerEpoch, now = () => performance.now(), env = {} }: ProgressOptions) {
    this.#stream = stream;
    this.#epochs = epochs;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#now = now;
    this.#rewrites = stream.isTTY === true && env.TERM !== "dumb";
    this.#colour = wantsColour(this.#rewrites, env);
  }

  /** An epoch begins. @param epoch Counts from 1. */
  startEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#epochStart = this.#now();
    this.#lastStepEnd = this.#epochStart;
    this.#epochImages = 0;
    this.#lastStep = 0;
    this.#loss = undefined;
  }

  /** A step has ended. Draws the line at most every 80 ms, but always at the epoch's last step. */
  step({ step, images, loss }: StepProgress): void {
    const now = this.#now();
    this.#rate.add(step - this.#lastStep, images, now - this.#lastStepEnd);
    this.#lastStepEnd = now;
    this.#lastStep = step;
    this.#epochImages += images;
    if (loss !== undefined) this.#loss = loss;
    if (!this.#rewrites) return;
    if (now - this.#lastDraw < redrawInterval && step < this.#stepsPerEpoch) return;
    this.#lastDraw = now;
    this.#draw(this.#runningLine(step));
  }

  /**
   * The epoch has ended: writes the line that stays.
   *
   * @param metrics What to show, in order: `{ loss: 0.21, accuracy: 0.93 }`.
   * @param seconds How long the training itself took. Default: the time since `startEpoch`.
   */
  endEpoch(
    metrics: Readonly<Record<string, number>>,
    seconds: number = (this.#now() - this.#epochStart) / 1000,
  ): void {
    const parts = [
      this.#paint("bold", this.#epochText()),
      ...Object.entries(metrics).map(([name, value]) => `${name} ${formatNumber(value)}`),
      `${formatCount(seconds > 0 ? this.#epochImages / seconds : 0)} images/s`,
      formatDuration(seconds),
    ];
    this.clear();
    this.#stream.write(`${parts.join("  ")}\n`);
  }

  /** Writes a line that stays, such as a warning, above the progress. */
  message(text: string): void {
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  /** Takes the rewritten line away, so that other text can be written. */
  clear(): void {
    if (this.#drawn) this.#stream.write("\r\u001b[K");
    this.#drawn = false;
    this.#lastDraw = Number.NEGATIVE_INFINITY;
  }

  #epochText(): string {
    return `epoch ${this.#epoch}/${this.#epochs}`;
  }

  #runningLine(step: number): { label: string; bar: number; rest: string } {
    const share = Math.min(1, step / this.#stepsPerEpoch);
    const stepsLeft = this.#stepsPerEpoch - step + (this.#epochs - this.#epoch) * this.#stepsPerEpoch;
    const parts = [`${String(Math.floor(share * 100)).padStart(3)}% ${step}/${this.#stepsPerEpoch}`];
    if (this.#loss !== undefined) parts.push(`loss ${formatNumber(this.#loss)}`);
    if (this.#rate.known) {
      parts.push(`${formatCount(this.#rate.images * 1000)} images/s`);
      parts.push(`ETA ${formatDuration(stepsLeft / (this.#rate.steps * 1000))}`);
    }
    return { label: this.#epochText(), bar: Math.floor(share * barWidth), rest: parts.join("  ") };
  }

  /** Overwrites the line. Its last column stays free, since writing there makes some terminals wrap. */
  #draw({ label, bar, rest }: { label: string; bar: number; rest: string }): void {
    const columns = (this.#stream.columns ?? 80) - 1;
    const [done, open] = ["━".repeat(bar), "─".repeat(barWidth - bar)];
    // On a narrow terminal the numbers say more than the bar.
    const fits = textWidth(`${label} ${done}${open} ${rest}`) <= columns;
    const line = fits
      ? `${this.#paint("bold", label)} ${this.#paint("green", done)}${this.#paint("dim", open)} ${rest}`
      : cutToWidth(`${label} ${rest.trimStart()}`, columns);
    this.#stream.write(`\r${line}\u001b[K`);
    this.#drawn = true;
  }

  #paint(style: keyof typeof styles, text: string): string {
    return this.#colour && text !== "" ? `\u001b[${styles[style]}m${text}\u001b[0m` : text;
  }
}

/** Select Graphic Rendition codes of ECMA-48. */
const styles = { bold: "1", dim: "2", green: "32" } as const;

/**
 * NO_COLOR wins (no-color.org: any value that is not empty), then FORCE_COLOR (0 or false: off), then the
 * terminal.
 */
function wantsColour(terminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if ((env.NO_COLOR ?? "") !== "") return false;
  const force = env.FORCE_COLOR;
  if (force !== undefined) return force !== "0" && force !== "false";
  return terminal;
}

/**
 * Steps and images per millisecond: what was done in the time that is remembered, by that time. The memory
 * fades with time, not with steps, so the rate does not depend on how often steps are reported; and one long
 * pause fades it only once, so the estimate stays sensible after a laptop has slept.
 */
class SmoothedRate {
  #steps = 0;
  #images = 0;
  #time = 0;

  get known(): boolean {
    return this.#time > 0 && this.#steps > 0;
  }

  get steps(): number {
    return this.#steps / this.#time;
  }

  get images(): number {
    return this.#images / this.#time;
  }

  add(steps: number, images: number, milliseconds: number): void {
    if (!(milliseconds > 0)) return;
    const keep = Math.exp(-Math.min(milliseconds, rateMemory) / rateMemory);
    this.#steps = keep * this.#steps + steps;
    this.#images = keep * this.#images + images;
    this.#time = keep * this.#time + milliseconds;
  }
}

/**
 * `1:02:03`, `2:03`; hours only when there are some, `-:--` for no finite number.
 *
 * @param seconds Not negative.
 * @example
 * train.formatDuration(3723); // "1:02:03"
 * train.formatDuration(5.4); // "0:05"
 */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/**
 * A number in few characters, with four significant digits for small values, so that a loss that falls is seen to fall.
 *
 * @example
 * train.formatNumber(0.123456); // "0.1235"
 * train.formatNumber(0.00004); // "4.000e-5"
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(3);
  return value.toFixed(size < 10 ? 4 : size < 1000 ? 2 : 0);
}

/** `41,200`: three significant digits, with commas. */
function formatCount(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 2 });
}
