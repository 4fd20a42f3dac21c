/**
 * A profile as a timeline for chrome://tracing and Perfetto.
 */
import type { Profile } from "../engine/profile.ts";

/** An event of Chrome's trace format: a span ("X", times in microseconds), or the name of a process or track ("M"). */
export interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly args: Readonly<Record<string, string | number>>;
}

/** The JSON object form of Chrome's trace format. */
export interface ChromeTrace {
  readonly displayTimeUnit: "ms";
  readonly otherData: Readonly<Record<string, string | number>>;
  readonly traceEvents: readonly TraceEvent[];
}

const pid = 1;
/** Two tracks: runs of programs as the caller sees them, and the kernels in them. */
const tracks = { programs: 1, kernels: 2 } as const;

/**
 * The timeline of a profile: a track for the runs of programs and one for their kernels. Between two runs the caller's
 * thread builds graphs. `JSON.stringify` of it is a file for chrome://tracing or https://ui.perfetto.dev;
 * `saveTraceFile` of `tatamijs/node` writes one.
 *
 * @param profile from `Engine.profile`
 * @example
 * const profile = await currentEngine().profile(() => images.mul(2).sum().item());
 * const { traceEvents } = inspect.chromeTrace(profile);
 * traceEvents.some((event) => event.ph === "X"); // true
 */
export function chromeTrace(profile: Profile): ChromeTrace {
  const { device, threads, launches, kernels, peak } = profile;
  const called = (kind: "process_name" | "thread_name", tid: number, name: string): TraceEvent => ({
    name: kind,
    ph: "M",
    pid,
    tid,
    args: { name },
  });
  return {
    displayTimeUnit: "ms",
    otherData: { device, threads, peakGflops: peak.gflops, peakGigabytes: peak.gigabytes },
    traceEvents: [
      called("process_name", tracks.programs, `tatami, ${device} engine, ${threads} threads`),
      called("thread_name", tracks.programs, "programs"),
      called("thread_name", tracks.kernels, "kernels"),
      ...launches.map((launch, i) =>
        span("program", `program run ${i + 1}`, tracks.programs, launch.startMs, launch.ms, {}),
      ),
      ...kernels.map(({ name, launch, startMs, ms, flops, bytes }) => {
        const start = (launches[launch]?.startMs ?? 0) + startMs;
        const rates = ms > 0 ? { gflops: flops / ms / 1e6, gigabytes: bytes / ms / 1e6 } : {};
        return span("kernel", name, tracks.kernels, start, ms, { flops, bytes, ...rates });
      }),
    ],
  };
}

function span(
  cat: string,
  name: string,
  tid: number,
  startMs: number,
  ms: number,
  args: TraceEvent["args"],
): TraceEvent {
  return { name, cat, ph: "X", pid, tid, ts: startMs * 1000, dur: ms * 1000, args };
}
