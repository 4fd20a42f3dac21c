/**
 * Renders a program as one C file for GCC or Clang: a function for each kernel, and `tatami_run`, which calls them. A
 * pure function of its argument: the same program gives the same text.
 */
import { EngineError } from "../../base/errors.ts";
import { expandMath } from "../../kernel/math.ts";
import type { Call, Place, Program } from "../../kernel/program.ts";
import {
  type CallChunks,
  countersOf,
  type Dealing,
  dealingOf,
  pieces,
  type RenderedC,
  tableArenaBase,
  tableFirstSlot,
  tablePresent,
} from "../rendered.ts";
import { type KernelText, renderKernel } from "./kernel-function.ts";
import { scalarPrelude, vectorPrelude } from "./prelude.ts";

/** Renders a program. @throws EngineError when a kernel asks for what C has no vectors for */
export function renderC(program: Program): RenderedC {
  const kernels = program.kernels.map((kernel, i) => renderKernel(expandMath(kernel), i));
  const lanes = [...new Set(kernels.flatMap((k) => [...k.lanes]))].sort((a, b) => a - b);
  const source = [
    scalarPrelude,
    ...lanes.map(vectorPrelude),
    ...kernels.map((k) => k.text),
    takeFunctions,
    runFunction(program, kernels),
  ];
  return { kind: "c", source: source.join("\n") };
}

/** Which chunks of a call a thread takes; see `render/wasm/take.ts`, whose twin this is. */
const takeFunctions = `
INLINE i32 bound(u32 chunks, u32 share, u32 threads) { return (i32)((chunks * share + threads - 1) / threads); }
/* Takes the next chunks of the thread's own share, then of the shares behind it; 0 where none are left. */
static i32 take(u32 *taken, u32 stride, u32 chunks, u32 thread, u32 threads, i32 *from, i32 *to) {
  for (u32 i = 0; i < threads; i++) {
    u32 share = (thread + i) % threads, *of = taken + stride * share;
    i32 first = bound(chunks, share, threads), count = bound(chunks, share + 1, threads) - first;
    i32 piece = (count + ${pieces - 1}) / ${pieces};
    if (__atomic_load_n(of, __ATOMIC_RELAXED) >= (u32)count) continue;
    i32 at = (i32)__atomic_fetch_add(of, (u32)piece, __ATOMIC_RELAXED);
    if (at >= count) continue;
    *from = first + at, *to = first + (at + piece < count ? at + piece : count);
    return 1;
  }
  return 0;
}
INLINE i32 some_missing(u32 *present, i32 threads) { return __atomic_load_n(present, __ATOMIC_RELAXED) < (u32)threads; }
/* Takes a whole share, unless it is empty or somebody has taken it. */
static i32 claim(u32 *taken, u32 stride, u32 chunks, u32 share, u32 threads, i32 *from, i32 *to) {
  share %= threads;
  *from = bound(chunks, share, threads), *to = bound(chunks, share + 1, threads);
  taken += stride * share;
  return *from < *to && __atomic_load_n(taken, __ATOMIC_RELAXED) == 0 && __atomic_fetch_add(taken, 1, __ATOMIC_RELAXED) == 0;
}
`;

/** What the functions that call kernels are given, and what they know from it. */
const runParameters =
  "char *memory, const u32 *table, i32 thread, i32 threads, void (*barrier)(void *, u32, u32, u32), void *pool";
const runArguments = "memory, table, thread, threads, barrier, pool";

/** Stages of one function: compilers take the square of its length for some of what they do. */
const stagesTogether = 16;

function runFunction(program: Program, kernels: readonly KernelText[]): string {
  const { clock } = program;
  const stamp = (i: number): string =>
    clock === undefined ? "" : `  if (thread == 0) ${clockSlot(clock)}[${i}] = now();\n`;
  const counters = countersOf(program);
  let calls = 0;
  let waits = 0;
  const stages = program.stages.map((s, i) => {
    const firstCall = calls;
    calls += s.calls.length;
    const dealing = dealingOf(program, s);
    const isAwaited = dealing.chunks > 0 && (i < program.stages.length - 1 || clock !== undefined);
    const barrier = isAwaited ? `  barrier(pool, ${waits++}, ${dealing.chunks}, own);\n` : "";
    const text = stage(program, kernels, dealing, { ...counters, first: counters.first + firstCall });
    return `  own = 0;\n${text}${barrier}${stamp(i + 1)}`;
  });
  const known = `  char *arena = memory + table[${tableArenaBase}];
  char *scratch = arena + ${program.arenaBytes}u + (u32)thread * ${program.scratchBytes ?? 0}u;
  u32 *present = (u32 *)table + ${tablePresent};
  i32 first, end;
  u32 own;
  (void)arena, (void)scratch, (void)present, (void)first, (void)end, (void)own;
`;
  const parts = Array.from({ length: Math.ceil(stages.length / stagesTogether) }, (_, i) => {
    const text = stages.slice(i * stagesTogether, (i + 1) * stagesTogether).join("");
    return `static __attribute__((noinline)) void stages_${i}(${runParameters}) {\n${known}${text}}\n`;
  });
  const again = "  if (thread == 0) __atomic_fetch_add(present, 1, __ATOMIC_RELAXED);\n";
  return `${clock === undefined ? "" : clockFunctions}
${parts.join("")}
void tatami_run(${runParameters}) {
  u32 *present = (u32 *)table + ${tablePresent};
  __atomic_fetch_add(present, 1, __ATOMIC_RELAXED);
${clock === undefined ? "" : `  gather(present, thread, threads);\n${stamp(0)}${again}`}${parts.map((_, i) => `  stages_${i}(${runArguments});\n`).join("")}}
`;
}

const clockSlot = (slot: number): string => `((f64 *)(memory + table[${tableFirstSlot + slot}]))`;

/** A kernel that others have ended before thread 0, who tells the time, has come would seem to take none. */
const clockFunctions = `
#include <sched.h>
#include <time.h>
/* Waits until all threads have come, and for the others until thread 0 has counted itself twice. */
static void gather(u32 *present, i32 thread, i32 threads) {
  while (some_missing(present, threads + (thread > 0))) sched_yield();
}
static f64 now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (f64)t.tv_sec * 1e3 + (f64)t.tv_nsec * 1e-6;
}`;

/** The calls of a stage, as threads take them. The many chunks come last: they even out what the few have left uneven. */
function stage(
  program: Program,
  kernels: readonly KernelText[],
  { few, shared }: Dealing,
  counters: { readonly first: number; readonly stride: number },
): string {
  const invoke = ({ call }: CallChunks): string =>
    `${kernels[call.kernel]?.name}(first, end${pointers(program, call)});`;
  const taken = ({ index }: CallChunks): string => `(u32 *)(table + ${counters.first + index})`;
  let text = "";
  if (few.length > 0) {
    const claims = few.map(
      (it) =>
        `    if (claim(${taken(it)}, ${counters.stride}, ${it.chunks}, thread + pass + ${it.turn}, threads, &first, &end)) {
      own += (u32)(end - first);
      ${invoke(it)}
    }
`,
    );
    text += `  for (i32 pass = 0; pass == 0 || (pass < threads && some_missing(present, threads)); pass++) {
${claims.join("")}  }
`;
  }
  for (const it of shared) {
    text += `  for (; take(${taken(it)}, ${counters.stride}, ${it.chunks}, thread, threads, &first, &end); own += (u32)(end - first))
    ${invoke(it)}
`;
  }
  return text;
}

function pointers(program: Program, call: Call): string {
  const base = (place: Place): string =>
    place.kind === "slot"
      ? `memory + table[${tableFirstSlot + place.slot}]`
      : `${place.kind} + ${place.byteOffset}u`;
  if (program.kernels[call.kernel]?.buffers.length !== call.places.length) {
    throw new EngineError(`c: kernel ${call.kernel} is called with ${call.places.length} buffers`);
  }
  return call.places.map((place) => `, (void *)(${base(place)})`).join("");
}
