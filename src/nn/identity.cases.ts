import type { OpCases } from "../ops/op-cases.test-helper.ts";
import { uniform } from "../ops/op-cases.test-helper.ts";
import { Identity } from "./identity.ts";
import { moduleCases } from "./module-cases.test-helper.ts";

export const cases: OpCases = moduleCases("Identity", [
  { name: "[3, 5]", make: () => new Identity(), torch: "nn.Identity()", inputs: [uniform([3, 5])] },
]);
