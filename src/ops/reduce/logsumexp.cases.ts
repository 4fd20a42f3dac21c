import { fixed, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { logsumexp } from "./logsumexp.ts";
import { reductions } from "./reductions.test-helper.ts";

export const cases: OpCases = {
  op: "logsumexp",
  samples: [
    ...reductions(logsumexp, (axes) => `torch.logsumexp(a${axes || ", ()"})`, uniform),
    {
      name: "large and infinite",
      inputs: [
        fixed(
          values([4, 3], [1000, 1001, 999, -Infinity, -Infinity, -Infinity, Infinity, 1, 2, -1000, -999, 0]),
        ),
      ],
      run: (x) => logsumexp(x, { dim: 1 }),
      torch: "torch.logsumexp(a, 1)",
    },
  ],
};
