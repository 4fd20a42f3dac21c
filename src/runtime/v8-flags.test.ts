import { execFileSync } from "node:child_process";
import v8 from "node:v8";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hostFeatures } from "./features.ts";
import { optimizedAtOnce, withoutOptimizer } from "./v8-flags.ts";

const set = vi.spyOn(v8, "setFlagsFromString").mockImplementation(() => {});

afterEach(() => {
  set.mockClear();
  vi.unstubAllEnvs();
});

/** The flags that were set, in order, without the one with which a process looks at its host. */
const flags = (): string[] =>
  set.mock.calls.map(([flag]) => flag).filter((flag) => !flag.includes("relaxed-simd"));

describe("flags of V8 hold while something compiles", () => {
  test("and are set back, also when it throws", () => {
    vi.stubEnv("NODE_OPTIONS", "--enable-source-maps");
    const seen = withoutOptimizer(() => [...flags(), "body"]);
    expect(seen).toEqual(["--no-opt", "body"]);
    expect(flags()).toEqual(["--no-opt", "--opt"]);
    set.mockClear();
    const failing = (): never => {
      throw new RangeError("mine");
    };
    expect(() => optimizedAtOnce(failing)).toThrow(new RangeError("mine"));
    expect(flags()).toEqual([
      "--no-liftoff",
      "--no-wasm-lazy-compilation",
      "--wasm-lazy-compilation",
      "--liftoff",
    ]);
  });

  test("for the first second of a process", () => {
    vi.stubEnv("NODE_OPTIONS", "");
    const clock = vi.spyOn(performance, "now");
    for (const now of [0, 600, 600, 1100, 1100, 1100]) clock.mockReturnValueOnce(now);
    for (let again = 0; again < 3; again++) withoutOptimizer(() => {});
    clock.mockRestore();
    expect(flags()).toEqual(["--no-opt", "--opt", "--no-opt", "--opt"]);
  });

  test.each(["--no-opt", "--jitless", "--no_opt", "--max-old-space-size=64 --no-turbofan"])(
    "but not where the process was started with %s",
    (options) => {
      vi.stubEnv("NODE_OPTIONS", options);
      expect(withoutOptimizer(() => "done")).toBe("done");
      expect(flags()).toEqual([]);
    },
  );
});

describe("V8 optimises later where programs take all cores", () => {
  const { cores } = hostFeatures();

  /** As in a new process. */
  async function optimizeLater(...threads: number[]): Promise<void> {
    vi.resetModules();
    const fresh = await import("./v8-flags.ts");
    for (const count of threads) fresh.optimizeLater(count);
  }

  test.each([
    ["20.19.0", "--interrupt-budget=400000"],
    ["22.4.1", "--invocation-count-for-turbofan=18000"],
  ])("once, by the flag that Node %s knows", async (node, flag) => {
    vi.stubEnv("NODE_OPTIONS", "");
    vi.stubGlobal("process", { ...process, execArgv: [], versions: { ...process.versions, node } });
    await optimizeLater(cores, cores + 1);
    vi.unstubAllGlobals();
    expect(flags()).toEqual([flag]);
  });

  test("but not where a core is free", async () => {
    vi.stubEnv("NODE_OPTIONS", "");
    await optimizeLater(cores - 1);
    expect(flags()).toEqual([]);
  });

  test.each(["--invocation-count-for-turbofan=100", "--interrupt_budget=1", "--no-opt"])(
    "nor where the process was started with %s",
    async (options) => {
      vi.stubEnv("NODE_OPTIONS", options);
      await optimizeLater(cores);
      expect(flags()).toEqual([]);
    },
  );

  test("and this Node knows the flag", async () => {
    vi.stubEnv("NODE_OPTIONS", "");
    await optimizeLater(cores);
    const [name] = (flags()[0] ?? "none").split("=");
    const known = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
    expect(known).toContain(`${name} (`);
  });
});
