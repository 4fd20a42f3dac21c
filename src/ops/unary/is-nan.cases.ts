import { elementwise, fixed, integers, type OpCases, values } from "../op-cases.test-helper.ts";
import { isnan } from "./is-nan.ts";

export const cases: OpCases = {
  op: "isnan",
  samples: [
    ...elementwise(isnan, "torch.isnan(a)", (s) => fixed(values(s, [NaN, 1, Infinity, -Infinity, 0]))),
    { name: "int32", inputs: [integers([3], -2, 3)], run: isnan, torch: "torch.isnan(a)" },
  ],
};
