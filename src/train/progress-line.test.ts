import { describe, expect, it } from "vitest";
import { formatDuration, formatNumber, ProgressLine, type ProgressOptions } from "./progress-line.ts";
import { cutToWidth, textWidth } from "./text-width.ts";

/** A stream that keeps what is written, and a clock that is set by hand. */
function setup(
  stream: { isTTY?: boolean; columns?: number } = { isTTY: true, columns: 120 },
  options: Partial<ProgressOptions> = {},
) {
  const written: string[] = [];
  const clock = { time: 1000 };
  const line = new ProgressLine({
    stream: { ...stream, write: (text: string) => written.push(text) },
    epochs: 2,
    stepsPerEpoch: 10,
    now: () => clock.time,
    env: { NO_COLOR: "1" },
    ...options,
  });
  /** Runs steps of 100 ms and 64 images. */
  const run = (from: number, to: number, loss?: number): void => {
    for (let step = from; step <= to; step++) {
      clock.time += 100;
      line.step({ step, images: 64, loss });
    }
  };
  return { line, written, clock, run };
}

describe("ProgressLine on a terminal", () => {
  it("rewrites one line, and keeps one per epoch", () => {
    const { line, written, run } = setup();
    line.startEpoch(1);
    run(1, 5, 0.5);
    expect(written).toHaveLength(5);
    expect(written[4]).toBe(
      "\repoch 1/2 ━━━━━━━━━━──────────  50% 5/10  loss 0.5000  640 images/s  ETA 0:02\u001b[K",
    );
    run(6, 10);
    line.endEpoch({ loss: 0.25, accuracy: 0.9 });
    expect(written.slice(10)).toEqual([
      "\r\u001b[K",
      "epoch 1/2  loss 0.2500  accuracy 0.9000  640 images/s  0:01\n",
    ]);
  });

  it("draws no oftener than every 80 ms, but always the last step", () => {
    const { line, written, clock } = setup();
    line.startEpoch(1);
    for (let step = 1; step <= 10; step++) {
      clock.time += 10;
      line.step({ step, images: 1 });
    }
    expect(written.map((text) => /(\d+)\/10 /.exec(text)?.[1])).toEqual(["1", "9", "10"]);
  });

  it("estimates from a smoothed rate, pauses included, steps without a report counted", () => {
    const { line, written, clock, run } = setup(undefined, { stepsPerEpoch: 1000, epochs: 1 });
    line.startEpoch(1);
    run(1, 100);
    expect(written.at(-1)).toContain("ETA 1:30");
    clock.time += 400;
    line.step({ step: 105, images: 320 });
    expect(written.at(-1)).toMatch(/ETA 1:2\d/);
    clock.time += 60_000;
    line.step({ step: 106, images: 64 });
    const minutes = Number(/ETA (\d+):/.exec(written.at(-1) ?? "")?.[1]);
    // Slower, but far from the 15 hours that this one step alone would mean.
    expect(minutes).toBeGreaterThan(10);
    expect(minutes).toBeLessThan(60);
    run(107, 500);
    expect(written.at(-1)).toContain("ETA 0:50");
  });

  it("cuts to the terminal's width, the bar first", () => {
    const { line, written, run } = setup({ isTTY: true, columns: 40 });
    line.startEpoch(1);
    run(1, 1, 2.34567);
    const text = (written[0] ?? "").replace("\r", "").replace("\u001b[K", "");
    expect(text).toBe("epoch 1/2 10% 1/10  loss 2.3457  640 i…");
    expect(textWidth(text)).toBe(39);
  });

  it("lets a message stand above the line", () => {
    const { line, written, run } = setup();
    line.startEpoch(1);
    line.message("early");
    run(1, 1);
    line.message("loss is NaN");
    expect([written[0], ...written.slice(2)]).toEqual(["early\n", "\r\u001b[K", "loss is NaN\n"]);
  });
});

describe("ProgressLine elsewhere", () => {
  it.each<[string, { isTTY?: boolean }, Record<string, string>]>([
    ["a file", {}, {}],
    ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }],
  ])("writes one line per epoch to %s, without escapes", (_, stream, env) => {
    const { line, written, run } = setup(stream, { env });
    line.startEpoch(1);
    run(1, 10, 1);
    line.endEpoch({ loss: 1 });
    expect(written).toEqual(["epoch 1/2  loss 1.0000  640 images/s  0:01\n"]);
  });

  it.each<[Record<string, string>, boolean, boolean]>([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "" }, true, true],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ TERM: "dumb" }, true, false],
  ])("with %j, terminal %s: colour %s", (env, isTTY, colour) => {
    const { line, written } = setup({ isTTY }, { env });
    line.startEpoch(1);
    line.endEpoch({});
    expect(written.join("").includes("\u001b[1m")).toBe(colour);
  });
});

describe("text", () => {
  it("counts columns", () => {
    const cases: [string, number][] = [
      ["", 0],
      ["loss", 4],
      ["畳み込み", 8],
      ["ﾊﾝｶｸ", 4],
      ["Ａ", 2],
      ["한국", 4],
      ["e\u0301", 1],
      ["🚀", 2],
      ["👩‍🔬", 2],
      ["🇩🇪", 2],
      ["❤️", 2],
      ["…━─", 3],
      ["\u200b", 0],
      ["𠮷", 2],
    ];
    for (const [text, width] of cases) expect([text, textWidth(text)]).toEqual([text, width]);
  });

  it("cuts between characters", () => {
    expect(cutToWidth("畳み込み", 8)).toBe("畳み込み");
    expect(cutToWidth("畳み込み", 7)).toBe("畳み込…");
    expect(cutToWidth("畳み込み", 6)).toBe("畳み…");
    expect(cutToWidth("abc", 1)).toBe("…");
    expect(cutToWidth("abc", 0)).toBe("");
  });

  it("formats numbers and times", () => {
    expect([0, 59.6, 3599, 3661, Infinity].map(formatDuration)).toEqual([
      "0:00",
      "1:00",
      "59:59",
      "1:01:01",
      "-:--",
    ]);
    expect([0, 0.00012345, 2.34567, 12.3456, 1234.5, 1e7, Number.NaN].map(formatNumber)).toEqual([
      "0.0000",
      "1.234e-4",
      "2.3457",
      "12.35",
      "1235",
      "1.000e+7",
      "NaN",
    ]);
  });
});
