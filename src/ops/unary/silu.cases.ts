import { elementwise, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { silu } from "./silu.ts";

export const cases: OpCases = {
  op: "silu",
  samples: [
    ...elementwise(silu, "F.silu(a)", (s) => uniform(s, -6, 6)),
    { name: "far from zero", inputs: [values([4], [-200, -50, 50, 200])], run: silu, torch: "F.silu(a)" },
  ],
};
