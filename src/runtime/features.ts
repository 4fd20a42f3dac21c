/**
 * What the host can do, found by trying rather than by name or version. The only side effect is on Node:
 * where relaxed SIMD is missing, V8's flag for it is set, which must come before the first WebAssembly
 * compilation.
 */
import { environmentFlag } from "../base/env.ts";
import { nodeModule } from "./node-module.ts";

/** Abilities of the host that decide how programs are run. */
export interface HostFeatures {
  /** A WebAssembly memory can be shared between threads (in a browser: the page is cross-origin isolated). */
  readonly sharedMemory: boolean;
  /** 128-bit SIMD in WebAssembly. */
  readonly simd: boolean;
  /** Relaxed SIMD, whose multiply-add is one instruction on most processors. */
  readonly relaxedSimd: boolean;
  /** `Atomics.waitAsync`: waiting for another thread without blocking. */
  readonly waitAsync: boolean;
  /** `Atomics.wait` is allowed on the calling thread; a browser's main thread forbids it. */
  readonly canBlock: boolean;
  /** Processor cores that this process may use; 1 where the host does not tell. */
  readonly cores: number;
}

const moduleHeader = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module with one function without parameters that returns the v128 which `code` leaves on the stack. */
function vectorModule(code: readonly number[]): Uint8Array<ArrayBuffer> {
  const body = [0, ...code, 0x0b];
  const type = [1, 5, 1, 0x60, 0, 1, 0x7b];
  const functions = [3, 2, 1, 0];
  return new Uint8Array([
    ...moduleHeader,
    ...type,
    ...functions,
    10,
    body.length + 2,
    1,
    body.length,
    ...body,
  ]);
}

/** i32.const 0, i8x16.splat */
const zeroVector = [0x41, 0, 0xfd, 0x0f];

const validates = (code: readonly number[]): boolean => WebAssembly.validate(vectorModule(code));

/** f32x4.relaxed_madd of three zero vectors. */
const probeRelaxed = (): boolean =>
  validates([...zeroVector, ...zeroVector, ...zeroVector, 0xfd, 0x85, 0x02]);

function hasRelaxedSimd(): boolean {
  if (environmentFlag("TATAMI_RELAXED") === "0") return false;
  if (probeRelaxed()) return true;
  // Node 20 has relaxed SIMD behind this flag; it holds for the whole process, its worker threads included.
  nodeModule("node:v8")?.setFlagsFromString("--experimental-wasm-relaxed-simd");
  return probeRelaxed();
}

function hasSharedMemory(): boolean {
  // Without isolation a browser may create the memory and then refuse to send it to a worker.
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (typeof SharedArrayBuffer === "undefined" || isolated === false) return false;
  try {
    return (
      new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer instanceof SharedArrayBuffer
    );
  } catch {
    return false;
  }
}

function canBlockHere(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  try {
    // The value differs, so this returns at once where waiting is allowed and throws where it is not.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

function countCores(): number {
  const os = nodeModule("node:os");
  if (os !== undefined) return os.availableParallelism();
  return typeof navigator === "undefined" ? 1 : (navigator.hardwareConcurrency ?? 1);
}

let found: HostFeatures | undefined;

/**
 * The host's features; probed on the first call, the same object afterwards.
 *
 * @example
 * const { simd, sharedMemory, cores } = hostFeatures();
 * console.log(simd, sharedMemory);
 * cores >= 1; // true
 */
export function hostFeatures(): HostFeatures {
  found ??= {
    sharedMemory: hasSharedMemory(),
    simd: validates(zeroVector),
    relaxedSimd: hasRelaxedSimd(),
    waitAsync: "waitAsync" in Atomics,
    canBlock: canBlockHere(),
    cores: countCores(),
  };
  return found;
}
