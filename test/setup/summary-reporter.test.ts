import { describe, expect, it } from "vitest";
import type { TestModule } from "vitest/node";
import { closingLine, summarize } from "./summary-reporter.ts";

interface Outcome {
  readonly state: "passed" | "failed" | "skipped" | "pending";
  readonly note?: string;
}

/** As much of a finished test file as the summary reads. */
function finished(state: "passed" | "failed" | "skipped", outcomes: readonly Outcome[]): TestModule {
  const tests = outcomes.map((outcome) => ({ result: () => outcome }));
  return { state: () => state, children: { allTests: () => tests } } as unknown as TestModule;
}

describe("the closing line of a test run", () => {
  it("counts tests over all files", () => {
    const modules = [
      finished("failed", [{ state: "passed" }, { state: "failed" }]),
      finished("passed", [{ state: "passed" }, { state: "skipped", note: "no Chromium" }]),
    ];
    expect(closingLine(summarize(modules, 0))).toBe("2 passed, 1 failed, 1 skipped");
  });

  it("leaves out what there is none of, except failures", () => {
    expect(closingLine(summarize([finished("passed", [{ state: "passed" }])], 0))).toBe("1 passed, 0 failed");
  });

  it("counts a file that could not be loaded, an error outside a test and a test cut short as failures", () => {
    const modules = [finished("failed", []), finished("passed", [{ state: "passed" }, { state: "pending" }])];
    expect(summarize(modules, 1)).toMatchObject({ passed: 1, failed: 3 });
  });

  it("groups skipped tests by their reason", () => {
    const skipped: Outcome = { state: "skipped", note: "no Chromium" };
    const { reasons } = summarize([finished("passed", [skipped, skipped, { state: "skipped" }])], 0);
    expect([...reasons]).toEqual([["no Chromium", 2]]);
  });
});
