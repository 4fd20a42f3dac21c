/**
 * Passes through a model that is looked at: in evaluation mode, with the outputs of some layers noted, and everything
 * as it was afterwards.
 */
import { ArgumentError } from "../base/errors.ts";
import type { Module } from "../nn/index.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A module that takes one tensor. */
export type ModelOfTensor = Module & ((x: Tensor) => unknown);

/** Runs `body` with every module in evaluation mode; each gets its own mode back. */
export function inEvaluation<T>(model: Module, body: () => T): T {
  const modes = model.modules().map((module) => [module, module.training] as const);
  model.eval();
  try {
    return body();
  } finally {
    // One by one: parts may have been in evaluation mode before, as a frozen batch norm is.
    for (const [module, training] of modes) module.training = training;
  }
}

/** The module at a path. @throws ArgumentError naming the layers that there are. */
export function layerAt(model: Module, path: string, owner: string): Module {
  const found = model.namedModules().find(([name]) => name === path);
  if (found !== undefined) return found[1];
  const names = model.namedModules().flatMap(([name]) => (name === "" ? [] : [name]));
  throw new ArgumentError(`${owner}: there is no layer "${path}"; the model has ${names.join(", ")}`, {
    layer: path,
    names,
  });
}

/**
 * Passes `x` through the model while `see` gets the outputs of layers; a tensor that it returns takes the output's place.
 */
export function watchedPass(
  model: ModelOfTensor,
  x: Tensor,
  layers: readonly (readonly [string, Module])[],
  see: (name: string, output: Tensor) => Tensor | null,
): unknown {
  const handles = layers.map(([name, layer]) =>
    layer.registerForwardHook((_module, _inputs, output: unknown): never | null => {
      const replaced = output instanceof Tensor ? see(name, output) : null;
      // The type of a module's output is not known here; a tensor takes the place of a tensor.
      return replaced as never | null;
    }),
  );
  try {
    return inEvaluation(model, () => model(x));
  } finally {
    for (const handle of handles) handle.remove();
  }
}
