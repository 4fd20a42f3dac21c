/**
 * `tatami bench`: what it tells people and programs, and what it refuses.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { buildPackage, tatami, temporaryFolder } from "./command.test-helper.ts";

beforeAll(buildPackage, 120_000);

const quick = ["bench", "--device", "wasm", "--threads", "2", "--batch-size", "2", "--seconds", "0.01"];

describe("tatami bench", { timeout: 120_000 }, () => {
  it("tells programs the machine's peak, operations beside it, and networks in training and in use", async () => {
    await using folder = await temporaryFolder();
    const { code, stderr, events } = await tatami(folder.path, [...quick, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [machine, ...measured] = events;
    expect(machine).toMatchObject({ event: "machine", engine: "wasm", threads: 2 });
    const { gflops } = (machine as unknown as { peak: { gflops: number } }).peak;
    const operations = measured.filter((e) => e.event === "operation");
    expect(operations.map((e) => e.operation)).toContain("matmul 256x256 by 256x256");
    for (const { ms, gflops: rate, ofPeak } of operations) {
      expect(ms).toBeGreaterThan(0);
      expect(ofPeak).toBeCloseTo(Number(rate) / gflops, 6);
    }
    const networks = measured.filter((e) => e.event === "network");
    expect(networks.map((e) => e.model)).toEqual(["mlp", "lenet5", "cnn", "resnet20"]);
    for (const { trainingMs, inferenceMs, singleMs, batchSize } of networks) {
      for (const ms of [trainingMs, inferenceMs, singleMs]) expect(ms).toBeGreaterThan(0);
      expect(batchSize).toBe(2);
    }
    expect(operations.length + networks.length).toBe(measured.length);
  });

  it("shows people two tables", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await tatami(folder.path, quick);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^wasm engine, 2 threads: \d+ GFLOP\/s and \d+ GB\/s at best, measured just now\n/,
    );
    expect(stdout).toMatch(
      /\noperation +time +GFLOP\/s +of peak\nmatmul 256x256 by 256x256 +[\d.]+ ms +\d+ +\d+%\n/,
    );
    expect(stdout).toMatch(
      /\nnetwork +training, 2 +images\/s +in use, 2 +images\/s +in use, 1\nmlp +[\d.]+ ms/,
    );
  });

  it.each([
    ["--batch-size", "0"],
    ["--seconds", "-1"],
    ["--device", "gpu"],
  ])("%s %s gives 2", async (...words) => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await tatami(folder.path, ["bench", ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(words[0]);
  });
});
