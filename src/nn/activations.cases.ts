import { away, type BadInput, type CaseInput, type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  CELU,
  ELU,
  GELU,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  Mish,
  ReLU,
  SELU,
  Sigmoid,
  SiLU,
  Softplus,
  Tanh,
} from "./activations.ts";
import type { GeluOptions } from "./functional/activations.ts";
import type { Layer } from "./module.ts";
import { type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";

const shapes = [[], [7], [3, 5], [2, 3, 1, 5], [1, 1, 37]] as const;

type Input = (shape: readonly number[]) => CaseInput;
const smooth: Input = (shape) => uniform(shape, -5, 5);
const kinked: Input = (shape) => away(shape, -5, 5);

/** A layer over the function `fn`: without options on odd shapes, and with each list of options on one. */
function casesOf(
  name: string,
  fn: string,
  make: () => Layer,
  input: Input,
  configured: readonly { make: () => Layer; torch: string }[] = [],
  bad: readonly BadInput[] = [],
): OpCases {
  const samples: ModuleSample[] = [
    ...shapes.map((shape) => ({
      name: `[${shape}]`,
      make,
      torch: `nn.${name}()`,
      inputs: [input(shape)],
    })),
    { name: "evaluation", make, torch: `nn.${name}()`, inputs: [input([3, 5])], mode: "eval" },
    ...configured.map((c) => ({ ...c, name: c.torch, inputs: [input([3, 2, 5])] })),
  ];
  return moduleCases(name, samples, [
    {
      name: "input that is no tensor",
      call: () => make()([1, 2] as unknown as Tensor),
      error: "ArgumentError",
      message: `${fn}: input must be a tensor, got Array; make one with tensor(...)`,
    },
    ...bad,
  ]);
}

const wrong = (
  name: string,
  call: () => unknown,
  message: string,
  error: BadInput["error"] = "ArgumentError",
): BadInput => ({ name, call, message, error });

/** A bare number, as PyTorch takes it and JavaScript may pass it. */
const bare = <T extends object>(value: number): T => value as unknown as T;

export const cases: readonly OpCases[] = [
  casesOf("ReLU", "relu", () => new ReLU(), kinked),
  casesOf("Sigmoid", "sigmoid", () => new Sigmoid(), smooth),
  casesOf("Tanh", "tanh", () => new Tanh(), smooth),
  casesOf(
    "GELU",
    "gelu",
    () => new GELU(),
    smooth,
    [
      { make: () => new GELU({ approximate: "none" }), torch: "nn.GELU()" },
      { make: () => new GELU({ approximate: "tanh" }), torch: 'nn.GELU(approximate="tanh")' },
    ],
    [
      wrong(
        "another form",
        () => new GELU({ approximate: "erf" } as unknown as GeluOptions),
        'GELU: approximate must be one of "none", "tanh"; got "erf"',
      ),
    ],
  ),
  casesOf(
    "LeakyReLU",
    "leakyRelu",
    () => new LeakyReLU(),
    kinked,
    [
      { make: () => new LeakyReLU({ negativeSlope: 0.3 }), torch: "nn.LeakyReLU(0.3)" },
      { make: () => new LeakyReLU({ negativeSlope: -1 }), torch: "nn.LeakyReLU(-1)" },
      { make: () => new LeakyReLU({ negativeSlope: 0 }), torch: "nn.LeakyReLU(0)" },
    ],
    [
      wrong(
        "slope",
        () => new LeakyReLU({ negativeSlope: Number.NaN }),
        "LeakyReLU: negativeSlope must be a finite number; got NaN",
      ),
      wrong(
        "a bare number",
        () => new LeakyReLU(bare(0.2)),
        "LeakyReLU: options are given as an object, { negativeSlope }; got 0.2",
      ),
      wrong(
        "a name that there is not",
        () => new LeakyReLU({ slope: 0.2 } as object),
        'LeakyReLU: there is no option "slope"; there are { negativeSlope }',
      ),
    ],
  ),
  casesOf(
    "ELU",
    "elu",
    () => new ELU(),
    kinked,
    [
      { make: () => new ELU({ alpha: 0.5 }), torch: "nn.ELU(0.5)" },
      { make: () => new ELU({ alpha: 2 }), torch: "nn.ELU(2)" },
    ],
    [
      wrong(
        "alpha",
        () => new ELU({ alpha: Number.POSITIVE_INFINITY }),
        "ELU: alpha must be a finite number; got Infinity",
      ),
    ],
  ),
  casesOf(
    "CELU",
    "celu",
    () => new CELU(),
    kinked,
    [
      { make: () => new CELU({ alpha: 0.5 }), torch: "nn.CELU(0.5)" },
      { make: () => new CELU({ alpha: 2 }), torch: "nn.CELU(2)" },
    ],
    [wrong("alpha", () => new CELU({ alpha: 0 }), "CELU: alpha must be a finite number above 0; got 0")],
  ),
  casesOf("SELU", "selu", () => new SELU(), kinked),
  casesOf("SiLU", "silu", () => new SiLU(), smooth),
  casesOf("Mish", "mish", () => new Mish(), smooth),
  casesOf("Hardswish", "hardswish", () => new Hardswish(), kinked),
  casesOf("Hardsigmoid", "hardsigmoid", () => new Hardsigmoid(), kinked),
  casesOf(
    "Hardtanh",
    "hardtanh",
    () => new Hardtanh(),
    kinked,
    [
      { make: () => new Hardtanh({ minVal: -2, maxVal: 3 }), torch: "nn.Hardtanh(-2, 3)" },
      { make: () => new Hardtanh({ minVal: 0 }), torch: "nn.Hardtanh(0)" },
    ],
    [
      wrong(
        "bounds in the wrong order",
        () => new Hardtanh({ minVal: 2 }),
        "Hardtanh: minVal must be below maxVal; got 2 and 1",
      ),
    ],
  ),
  casesOf(
    "Softplus",
    "softplus",
    () => new Softplus(),
    smooth,
    [
      { make: () => new Softplus({ beta: 3 }), torch: "nn.Softplus(3)" },
      { make: () => new Softplus({ beta: 0.5, threshold: 30 }), torch: "nn.Softplus(0.5, 30)" },
    ],
    [
      wrong("beta", () => new Softplus({ beta: 0 }), "Softplus: beta must be a finite number above 0; got 0"),
      wrong(
        "threshold",
        () => new Softplus({ threshold: Number.NaN }),
        "Softplus: threshold must be a finite number; got NaN",
      ),
    ],
  ),
];
