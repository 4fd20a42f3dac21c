/**
 * Checks of what a training or a measurement is made of, before anything runs: plain JavaScript may leave out a part, or
 * give a data set where batches are needed.
 */
import { ArgumentError } from "../base/errors.ts";
import { kindOf } from "../base/options.ts";
import type { BatchSource, Loss, Model, TrainingOptimizer } from "./contract.ts";

/** Options that are looked at here. */
export interface Parts {
  readonly loader: BatchSource;
  readonly loss: Loss;
  readonly optimizer: TrainingOptimizer;
  readonly epochs: number;
  readonly validation?: BatchSource | undefined;
}

/** What a part has to be, as messages say it, and whether something is one. */
interface Rule {
  readonly wanted: string;
  readonly fits: (value: unknown) => boolean;
}

const batches: Rule = {
  wanted: "an iterable of batches, such as new data.DataLoader(dataset, { batchSize: 64 })",
  fits: (value) => hasMethods(value, Symbol.asyncIterator) || hasMethods(value, Symbol.iterator),
};

const rules: Readonly<Record<keyof Parts | "model", Rule>> = {
  model: {
    wanted: "a module that can be called, such as new nn.Linear(2, 3)",
    fits: (value) => typeof value === "function" && hasMethods(value, "train"),
  },
  loader: batches,
  validation: batches,
  loss: {
    wanted: "a function of output and target, such as F.crossEntropy",
    fits: (value) => typeof value === "function",
  },
  optimizer: {
    wanted: "an optimizer, such as new optim.Adam(model.parameters(), { lr: 1e-3 })",
    fits: (value) => hasMethods(value, "step", "zeroGrad"),
  },
  epochs: { wanted: "the number of the last epoch, such as 10", fits: (value) => typeof value === "number" },
};

function hasMethods(value: unknown, ...names: (string | symbol)[]): boolean {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return names.every((name) => typeof (value as Record<string | symbol, unknown>)[name] === "function");
}

/**
 * @param needed options that there must be; others are looked at where they are given
 * @throws ArgumentError for a part that is missing, or is something else
 */
export function checkParts(
  owner: string,
  model: Model,
  options: Partial<Parts>,
  needed: readonly (keyof Parts)[],
): void {
  checkPart(owner, "model", model);
  for (const name of needed) {
    if (options[name] !== undefined) continue;
    const given = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [key]));
    throw new ArgumentError(
      `${owner}: the option ${name} is missing; ${listed(needed)} are needed, given ` +
        `${given.length === 0 ? "is none" : `are { ${given.join(", ")} }`}; pass ${rules[name].wanted}`,
      { option: name, given },
    );
  }
  for (const name of ["loader", "validation", "loss", "optimizer", "epochs"] as const) {
    if (options[name] !== undefined) checkPart(owner, name, options[name]);
  }
}

function checkPart(owner: string, name: keyof typeof rules, value: unknown): void {
  const { wanted, fits } = rules[name];
  if (fits(value)) return;
  const got = typeof value === "function" ? "a function" : kindOf(value);
  throw new ArgumentError(`${owner}: ${name} must be ${wanted}; got ${got}`, { [name]: value });
}

/** `a, b and c`. */
const listed = (names: readonly string[]): string => `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
