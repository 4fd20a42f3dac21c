import { expect, test } from "vitest";
import { randn } from "./create.ts";
import { Generator } from "./generator.ts";
import { hostNormal } from "./host-normal.ts";

test.each([0, 7, 2 ** 40 + 123])("the host draws the engine's numbers from seed %i", async (seed) => {
  const generator = new Generator(seed);
  generator.setState({ seed, draws: 3 });
  const state = generator.next();
  generator.setState({ seed, draws: 3 });
  const wanted = await randn([1001], { dtype: "float64", generator }).data();
  const drawn = hostNormal(state, 1001);
  const worst = drawn.reduce((w, v, i) => Math.max(w, Math.abs(v - (wanted[i] as number))), 0);
  expect(worst).toBeLessThan(1e-13);
});
