import { elementwise, fixed, integers, type OpCases, values } from "../op-cases.test-helper.ts";
import { isfinite } from "./is-finite.ts";

export const cases: OpCases = {
  op: "isfinite",
  samples: [
    ...elementwise(isfinite, "torch.isfinite(a)", (s) => fixed(values(s, [NaN, 1, Infinity, -Infinity, 0]))),
    { name: "int32", inputs: [integers([3], -2, 3)], run: isfinite, torch: "torch.isfinite(a)" },
  ],
};
