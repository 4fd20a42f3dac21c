import { expect, it } from "vitest";
import { chromeTrace } from "./chrome-trace.ts";
import { madeUpProfile } from "./profile.test-helper.ts";

const trace = chromeTrace(
  madeUpProfile([
    [2, 1, 3, 0],
    [4, 1, 3, 0],
  ]),
);
const spans = trace.traceEvents.filter((event) => event.ph === "X");

it("names the process and both tracks", () => {
  const names = trace.traceEvents.filter((event) => event.ph === "M");
  expect(names.map((event) => [event.name, event.tid, event.args.name])).toEqual([
    ["process_name", 1, "tatami, wasm engine, 2 threads"],
    ["thread_name", 1, "programs"],
    ["thread_name", 2, "kernels"],
  ]);
});

it("has runs and kernels where they were, in microseconds", () => {
  const programs = spans.filter((event) => event.tid === 1);
  expect(programs.map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
    ["program run 1", 2000, 10_000],
    ["program run 2", 22_000, 10_000],
  ]);
  const kernels = spans.filter((event) => event.tid === 2);
  expect(kernels).toHaveLength(8);
  expect(kernels[1]).toEqual({
    name: "map 8x8: add",
    cat: "kernel",
    ph: "X",
    pid: 1,
    tid: 2,
    ts: 2000 + 250 + 2000,
    dur: 1000,
    args: { flops: 1e6, bytes: 12e6, gflops: 1, gigabytes: 12 },
  });
  // A kernel of no measurable time has no rates: JSON knows no infinity.
  expect(kernels[3]?.args).toEqual({ flops: 0, bytes: 0 });
});

it("survives JSON", () => {
  expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
});
