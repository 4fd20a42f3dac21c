import v8 from "node:v8";
import { afterEach, describe, expect, test, vi } from "vitest";
import { optimizedAtOnce, withoutOptimizer } from "./v8-flags.ts";

const set = vi.spyOn(v8, "setFlagsFromString").mockImplementation(() => {});

afterEach(() => {
  set.mockClear();
  vi.unstubAllEnvs();
});

/** The flags that were set, in order. */
const flags = (): string[] => set.mock.calls.map(([flag]) => flag);

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
