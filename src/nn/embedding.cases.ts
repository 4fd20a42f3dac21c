import { type BadInput, integers, type OpCases, values } from "../ops/op-cases.test-helper.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { Embedding } from "./embedding.ts";
import { moduleCases } from "./module-cases.test-helper.ts";

const bad = (
  name: string,
  call: () => unknown,
  message: string,
  error: BadInput["error"] = "ArgumentError",
): BadInput => ({ name, call, message, error });

export const cases: OpCases = moduleCases(
  "Embedding",
  [
    {
      name: "sentences",
      make: () => new Embedding(7, 5),
      torch: "nn.Embedding(7, 5)",
      inputs: [integers([3, 11], 0, 7)],
    },
    {
      name: "one word, one number",
      make: () => new Embedding(3, 1),
      torch: "nn.Embedding(3, 1)",
      inputs: [values([], [2], "int32")],
    },
    {
      name: "three axes of the same row",
      make: () => new Embedding(1, 3),
      torch: "nn.Embedding(1, 3)",
      inputs: [values([2, 1, 5], [0], "int32")],
    },
    {
      name: "row of padding",
      make: () => new Embedding(5, 3, { paddingIdx: 2 }),
      torch: "nn.Embedding(5, 3, padding_idx=2)",
      inputs: [values([2, 7], [2, 0, 4, 2, 3], "int32")],
      // The row has no gradient, although the result depends on it.
      kinks: true,
    },
    {
      name: "row of padding from the end",
      make: () => new Embedding(5, 3, { paddingIdx: -1 }),
      torch: "nn.Embedding(5, 3, padding_idx=-1)",
      inputs: [values([6], [4, 0, 4, 2, 3], "int32")],
      kinks: true,
    },
  ],
  [
    bad(
      "row",
      () => new Embedding(5, 3)(tensor([0, 5], { dtype: "int32" })),
      "Embedding(5, 3): input 5 at position 1 is out of range for 5 rows (use 0 to 4)",
    ),
    bad(
      "negative row",
      () => new Embedding(5, 3)(tensor([[-1]], { dtype: "int32" })),
      "Embedding(5, 3): input -1 at position 0 is out of range for 5 rows (use 0 to 4)",
    ),
    bad(
      "type",
      () => new Embedding(5, 3)(zeros([2])),
      'Embedding(5, 3): input is float32, expected row numbers; convert with .to("int32")',
      "DTypeError",
    ),
    bad(
      "padding",
      () => new Embedding(5, 3, { paddingIdx: 5 }),
      "Embedding: paddingIdx must be an integer from -5 to 4; got 5",
    ),
    bad("rows", () => new Embedding(0, 3), "Embedding: numEmbeddings must be an integer of 1 or more; got 0"),
  ],
);
