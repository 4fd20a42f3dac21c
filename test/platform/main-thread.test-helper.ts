/** What a page does with the library on its own main thread, where nothing may block. */
import { createEngine, tensor, useEngine } from "../../src/index.ts";

/** What came of reading values in both ways. */
export interface ReadingReport {
  readonly threads: number;
  readonly array: unknown;
  /** The error of a blocking read as "name: message", or its value. */
  readonly blocking: string;
  /** A value read after that. */
  readonly after: number;
}

/** Reads with await, then blocking, then with await again. */
export async function readValues(threads: number): Promise<ReadingReport> {
  const engine = createEngine({ engine: "wasm", threads });
  useEngine(engine);
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const array = await x.matmul(x).array();
  const pending = x.sum();
  let blocking: string;
  try {
    blocking = String(pending.itemSync());
  } catch (error) {
    blocking = String(error);
  }
  const after = await x.mul(2).sum().item();
  await engine.close();
  return { threads: engine.device.threads, array, blocking, after };
}
