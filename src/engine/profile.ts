/**
 * Where the time of programs goes: every kernel on its own, with its floating-point operations and the bytes of its
 * buffers, beside what the machine can do.
 */
import { bytesOf } from "../kernel/ir.ts";
import { launchBytes, type Program, timedProgram } from "../kernel/program.ts";
import type { Device, Executable } from "../runtime/device.ts";
import type { Form } from "./forms.ts";
import { type MachinePeak, measurePeak } from "./machine-peak.ts";

/** One kernel of one run. */
export interface KernelTiming {
  /** What it does, and the sizes of what it writes. */
  readonly name: string;
  /** Number of the program's run in the profile, from 0. */
  readonly launch: number;
  /** Milliseconds from the start of that run. */
  readonly startMs: number;
  readonly ms: number;
  /** Multiplications and additions of contractions, and one for each element of every other function. */
  readonly flops: number;
  /** Bytes of its buffers, each counted once. */
  readonly bytes: number;
}

/** What `Engine.profile` found. */
export interface Profile {
  readonly device: Device["name"];
  readonly threads: number;
  /** Milliseconds from start to end, compiling included. */
  readonly wallMs: number;
  /** Milliseconds of building and finding programs, and of scheduling and compiling new ones. */
  readonly lookupMs: number;
  readonly compileMs: number;
  /** Bytes of the largest arena of intermediate values, with the scratch memory of all threads. */
  readonly arenaBytes: number;
  /** All kernels, in the order they ran. */
  readonly kernels: readonly KernelTiming[];
  /** What the machine does at best with this engine. */
  readonly peak: MachinePeak;
}

/** Collects the timings of one profile. */
export class Profiler {
  readonly #timed = new Map<Executable, { form: Form; clock: number }>();
  readonly #kernels: KernelTiming[] = [];
  #device: Device | null = null;
  #launches = 0;
  #arenaBytes = 0;

  /** The form with its clock, and the address of the clock's slot. */
  timed(form: Form): { form: Form; clock: number } {
    const known = this.#timed.get(form.executable);
    if (known !== undefined) return known;
    const program = timedProgram(form.executable.program);
    const executable = form.device.compile(program);
    const clock = form.device.allocate(8 * (program.stages.length + 1));
    const made = { form: { ...form, executable }, clock };
    this.#timed.set(form.executable, made);
    return made;
  }

  /** Notes the times of a run that has just ended. */
  ended({ form, clock }: { form: Form; clock: number }): void {
    const { program } = form.executable;
    const times = form.device.view("float64", clock, program.stages.length + 1);
    const launch = this.#launches++;
    const start = times[0] as number;
    program.stages.forEach(({ calls }, i) => {
      const kernel = calls[0]?.kernel;
      if (kernel === undefined) return;
      const from = times[i] as number;
      const ms = (times[i + 1] as number) - from;
      this.#kernels.push({ launch, startMs: from - start, ms, ...describeKernel(program, kernel) });
    });
    this.#device = form.device;
    this.#arenaBytes = Math.max(this.#arenaBytes, launchBytes(program, form.device.threads));
  }

  /** Gives back what the clocks took. */
  dispose(): void {
    for (const { form, clock } of this.#timed.values()) {
      form.executable.dispose();
      form.device.free(clock);
    }
  }

  /** What was found; `device` is the one in question if nothing ran at all. */
  async result(device: Device, times: Pick<Profile, "wallMs" | "lookupMs" | "compileMs">): Promise<Profile> {
    const used = this.#device ?? device;
    return {
      device: used.name,
      threads: used.threads,
      ...times,
      arenaBytes: this.#arenaBytes,
      kernels: this.#kernels,
      peak: await measurePeak(used),
    };
  }
}

function describeKernel({ kernels }: Program, index: number): Pick<KernelTiming, "name" | "flops" | "bytes"> {
  const kernel = kernels[index];
  if (kernel === undefined) throw new RangeError(`no kernel ${index}`);
  const written = kernel.buffers
    .filter((b) => b.access !== "read" && b.access !== "scratch")
    .map((b) => b.size);
  return {
    name: `${kernel.name} -> ${written.join(", ")}`,
    flops: kernel.flops,
    bytes: bytesOf(kernel),
  };
}
