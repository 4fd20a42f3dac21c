/**
 * What the bench does with a library's process.
 */
import { expect, it, vi } from "vitest";
import { Cannot, Peer } from "../../bench/peer.ts";

/** A process that says one thing and then waits for requests, as long as somebody could send one. */
const saying = (answer: string): Promise<Peer> =>
  Peer.start({
    program: process.execPath,
    args: ["-e", `console.log(JSON.stringify(${answer})); process.stdin.resume()`],
  });

it("ends the process of a library that is not there, so that the bench can end", async () => {
  const refused = await saying("{ cannot: String(process.pid) }").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Cannot);
  const pid = Number((refused as Cannot).message);
  expect(pid).toBeGreaterThan(0);
  // Signal 0 asks whether there is such a process.
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/), { timeout: 5000 });
});

it("keeps the process of one that is there", async () => {
  const peer = await saying("{ version: String(process.pid) }");
  expect(process.kill(Number(peer.hello.version), 0)).toBe(true);
  peer.end();
  expect(peer.ended).toBe(true);
});
