/** A training that goes on from a saved state computes the bits of one that was never stopped, from every step. */
import { afterEach, describe, expect, it } from "vitest";
import { RandomStream } from "../../src/data/index.ts";
import { createEngine, useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { saveCheckpoint } from "../../src/io/index.ts";
import { findCompiler } from "../setup/neighbours.ts";
import { goingOver } from "./going-over.test-helper.ts";
import { epochs, type Outcome, type Recipe, stepsPerEpoch, train } from "./resumable.test-helper.ts";

let engine: Engine | null = null;

afterEach(async () => {
  await engine?.close();
  engine = null;
});

type EngineName = "wasm" | "native" | "auto";

/** As a new process has it: nothing is compiled, nothing has run. */
async function freshEngine(name: EngineName): Promise<void> {
  await engine?.close();
  engine = name === "auto" ? goingOver(2) : createEngine({ engine: name, threads: 2 });
  useEngine(engine);
}

const recipes: readonly Recipe[] = [
  { optimizer: "adam", schedulerInterval: "step", ownGenerator: false, mixes: false },
  { optimizer: "sgd", schedulerInterval: "epoch", ownGenerator: true, mixes: true },
];
const wholeSteps = epochs * stepsPerEpoch;

/** Saves the state after each of some steps, as it would be saved there for a training that ends. */
async function statesAfter(
  recipe: Recipe,
  steps: ReadonlySet<number>,
): Promise<[Map<number, Uint8Array>, Outcome]> {
  const states = new Map<number, Uint8Array>();
  const outcome = await train(recipe, {
    callback: {
      onCheckpoint: async ({ when, epoch, step }, context) => {
        const done = epoch * stepsPerEpoch + step;
        if (when !== "step" || !steps.has(done)) return;
        states.set(done, await saveCheckpoint(await context.state()));
      },
    },
  });
  return [states, outcome];
}

describe.each(["wasm", "native", "auto"] as const)("%s", (name) => {
  for (const recipe of recipes) {
    const { optimizer, schedulerInterval } = recipe;
    const title = `goes on from 20 random steps bit for bit: ${optimizer}, a schedule by ${schedulerInterval}`;
    it(title, { timeout: 120_000 }, async (context) => {
      const { missing } = findCompiler();
      context.skip(name !== "wasm" && missing !== undefined, missing);
      const random = new RandomStream(name.length, recipe.optimizer.length);
      // The last step of an epoch, before its validation, is always among them.
      const steps = new Set([2 * stepsPerEpoch]);
      while (steps.size < 20) steps.add(1 + random.below(wholeSteps - 1));
      await freshEngine(name);
      const whole = await train(recipe);
      expect(whole.losses.size).toBe(wholeSteps);
      await freshEngine(name);
      const [states, saved] = await statesAfter(recipe, steps);
      expect(saved).toEqual(whole);
      expect(states.size).toBe(20);
      for (const [done, state] of states) {
        await freshEngine(name);
        const rest = await train(recipe, { resume: state });
        expect([done, rest.losses.size]).toEqual([done, wholeSteps - done]);
        for (const [step, loss] of rest.losses) expect([step, loss]).toEqual([step, whole.losses.get(step)]);
        expect(rest.results).toEqual(whole.results.slice(Math.floor((done - 1) / stepsPerEpoch)));
        expect(rest.end).toEqual(whole.end);
      }
    });
  }
});
