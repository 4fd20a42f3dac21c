import { constant } from "../../graph/build.ts";
import { type OpCases, uniform } from "../op-cases.test-helper.ts";
import { mean } from "./mean.ts";
import { reductions } from "./reductions.test-helper.ts";

export const cases: OpCases = {
  op: "mean",
  samples: reductions(mean, (axes) => `torch.mean(a${axes})`, uniform),
  bad: [
    {
      name: "int32",
      call: () => mean(constant(1, [2], "int32")),
      error: "DTypeError",
      message: 'mean: needs a float tensor, got int32; convert with .to("float32")',
    },
  ],
};
