/** That onnxruntime takes our files: wherever it is installed, the tests beside this one ask it as well. */
import { expect, it } from "vitest";
import { LeNet5 } from "../../src/models/index.ts";
import { randn } from "../../src/tensor/create.ts";
import { expectExchange } from "./exchange.test-helper.ts";
import { missingRuntime } from "./runtime.test-helper.ts";

it("onnxruntime computes what the network computes", async (context) => {
  context.skip(missingRuntime !== undefined, missingRuntime);
  const network = new LeNet5();
  network.eval();
  const bytes = await expectExchange(network, {
    examples: [randn([1, 1, 28, 28])],
    inputs: [randn([3, 1, 28, 28])],
  });
  expect(bytes.length).toBeGreaterThan(200_000);
});
