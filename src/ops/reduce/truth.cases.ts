import { bools, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { truth } from "./truth.ts";

export const cases: OpCases = {
  op: "truth",
  samples: [
    {
      name: "bool",
      inputs: [bools([7, 3])],
      run: (x) => [
        truth(x, "any"),
        truth(x, "all"),
        truth(x, "any", { dim: 0 }),
        truth(x, "all", { dim: 1 }),
      ],
      torch: "(torch.any(a), torch.all(a), torch.any(a, 0), torch.all(a, 1))",
    },
    {
      name: "float",
      inputs: [fixed(values([2, 3], [0, 0, 0, 0.5, NaN, -1]))],
      run: (x) => [truth(x, "any", { dim: 1, keepdim: true }), truth(x, "all", { dim: 1 })],
      torch: "(torch.any(a != 0, 1, keepdim=True), torch.all(a != 0, 1))",
    },
    {
      name: "nothing",
      inputs: [bools([0, 3])],
      run: (x) => [
        truth(x, "any"),
        truth(x, "all"),
        truth(x, "any", { dim: 0 }),
        truth(x, "all", { dim: 0 }),
      ],
      torch: "(torch.any(a), torch.all(a), torch.any(a, 0), torch.all(a, 0))",
    },
  ],
};
