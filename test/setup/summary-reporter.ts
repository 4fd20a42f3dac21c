/**
 * Ends a test run with why tests were skipped, and with one plain line that people and programs read alike:
 * `12 passed, 0 failed, 3 skipped`.
 */
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Outcome of a run, as the closing line counts it. */
export interface Summary {
  readonly passed: number;
  /** Failed tests, and whatever else made the run fail: a file that could not be loaded, an error outside a test. */
  readonly failed: number;
  readonly skipped: number;
  /** Number of tests for each reason given to `context.skip(reason)`. */
  readonly reasons: ReadonlyMap<string, number>;
}

export function summarize(modules: readonly TestModule[], strayErrors: number): Summary {
  const reasons = new Map<string, number>();
  const count = { passed: 0, failed: strayErrors, skipped: 0, pending: 0 };
  for (const module of modules) {
    let failedTests = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      count[result.state]++;
      if (result.state === "failed") failedTests++;
      if (result.state === "skipped" && result.note)
        reasons.set(result.note, (reasons.get(result.note) ?? 0) + 1);
    }
    if (module.state() === "failed" && failedTests === 0) count.failed++;
  }
  // A test that was still waiting when the run was cut off has not passed.
  return { passed: count.passed, failed: count.failed + count.pending, skipped: count.skipped, reasons };
}

export function closingLine({ passed, failed, skipped }: Summary): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const summary = summarize(modules, errors.length);
    const lines = [...summary.reasons].map(([reason, tests]) => `Skipped ${tests}: ${reason}`);
    process.stdout.write(`${[...lines, closingLine(summary)].join("\n")}\n`);
  }
}
