/**
 * Where the time of programs goes: every kernel on its own, with its floating-point operations and the bytes of its
 * buffers, beside what the machine can do.
 */
import { bytesOf, type Kernel } from "../kernel/ir.ts";
import { launchBytes, timedProgram } from "../kernel/program.ts";
import type { Device, Executable } from "../runtime/device.ts";
import { type MachinePeak, measurePeak } from "./machine-peak.ts";

/** One kernel of one run. */
export interface KernelTiming {
  /** What it does, the sizes of its loops and the functions in them: `contraction 64x32x28x28 over 16x3x3: add`. */
  readonly name: string;
  /** Number of the program's run in the profile, from 0; its time is in `Profile.launches`. */
  readonly launch: number;
  /** Milliseconds from the start of that run. */
  readonly startMs: number;
  readonly ms: number;
  /** Multiplications and additions of contractions, and one for each element of every other function. */
  readonly flops: number;
  /** Bytes of its buffers: each counts once, and twice if it is both read and written. */
  readonly bytes: number;
}

/** One run of a program. */
export interface LaunchTiming {
  /** Milliseconds from the start of the profile. */
  readonly startMs: number;
  /** Until the caller knew that it had ended. */
  readonly ms: number;
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
  /** All runs of programs, in their order. */
  readonly launches: readonly LaunchTiming[];
  /** All kernels, in the order they ran. */
  readonly kernels: readonly KernelTiming[];
  /** What the machine does at best with this engine: the better of two measurements, before and after. */
  readonly peak: MachinePeak;
}

/** A program with its clock. */
export interface Timed {
  readonly device: Device;
  readonly executable: Executable;
  /** Address of the clock. */
  readonly clock: number;
}

/** Collects the timings of one profile. */
export class Profiler {
  readonly #timed = new Map<Executable, Timed>();
  readonly #kernels: KernelTiming[] = [];
  readonly #launches: LaunchTiming[] = [];
  readonly #first: { readonly device: Device; readonly peak: MachinePeak };
  /** When it began, by `performance.now()`. */
  readonly begin: number = performance.now();
  #launched = 0;
  #device: Device | null = null;
  #arenaBytes = 0;

  private constructor(device: Device, peak: MachinePeak) {
    this.#first = { device, peak };
  }

  /** `device` is the one that programs run on at first; none may be running. */
  static async start(device: Device): Promise<Profiler> {
    return new Profiler(device, await measurePeak(device));
  }

  /** A program with its clock. */
  timed(device: Device, untimed: Executable): Timed {
    const known = this.#timed.get(untimed);
    if (known !== undefined) return known;
    const program = timedProgram(untimed.program);
    const executable = device.compile(program);
    const clock = device.allocate(8 * (program.stages.length + 1));
    const made = { device, executable, clock };
    this.#timed.set(untimed, made);
    return made;
  }

  /** Notes that a run begins now. */
  begins(): void {
    this.#launched = performance.now();
  }

  /** Notes the times of a run that has just ended. */
  ended({ device, executable: { program }, clock }: Timed): void {
    const times = device.view("float64", clock, program.stages.length + 1);
    const launch = this.#launches.length;
    this.#launches.push({ startMs: this.#launched - this.begin, ms: performance.now() - this.#launched });
    const start = times[0] as number;
    program.stages.forEach(({ calls }, i) => {
      const kernel = program.kernels[calls[0]?.kernel ?? -1];
      if (kernel === undefined) return;
      const from = times[i] as number;
      const ms = (times[i + 1] as number) - from;
      this.#kernels.push({ launch, startMs: from - start, ms, ...describeKernel(kernel) });
    });
    this.#device = device;
    this.#arenaBytes = Math.max(this.#arenaBytes, launchBytes(program, device.threads));
  }

  /** Gives back what the clocks took. */
  dispose(): void {
    for (const { device, executable, clock } of this.#timed.values()) {
      executable.dispose();
      device.free(clock);
    }
  }

  /** What was found. */
  async result(times: Pick<Profile, "wallMs" | "lookupMs" | "compileMs">): Promise<Profile> {
    const first = this.#first;
    const used = this.#device ?? first.device;
    const after = await measurePeak(used);
    const before = used === first.device ? first.peak : after;
    return {
      device: used.name,
      threads: used.threads,
      ...times,
      arenaBytes: this.#arenaBytes,
      launches: this.#launches,
      kernels: this.#kernels,
      peak: {
        gflops: Math.max(before.gflops, after.gflops),
        gigabytes: Math.max(before.gigabytes, after.gigabytes),
      },
    };
  }
}

function describeKernel(kernel: Kernel): Pick<KernelTiming, "name" | "flops" | "bytes"> {
  const { name, about, buffers, flops } = kernel;
  const changed = { ...kernel, buffers: buffers.filter((b) => b.access === "readwrite") };
  return {
    name: about === undefined ? name : `${name} ${about}`,
    flops,
    bytes: bytesOf(kernel) + bytesOf(changed),
  };
}
