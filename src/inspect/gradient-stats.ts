/**
 * Statistics of gradients, recorded while the model trains.
 */
import { ArgumentError } from "../base/errors.ts";
import type { Node } from "../graph/node.ts";
import type { Module } from "../nn/index.ts";
import { makeHandle, type RemovableHandle } from "../tensor/tensor.ts";
import { LayerRecords, type RecordOptions } from "./layer-records.ts";

/** What to record, when, and of what. */
export interface GradientStatsOptions extends RecordOptions {
  /** Gradients of layers' outputs, or of parameters (then a layer's name is that of the parameter). Default "outputs". */
  readonly of?: "outputs" | "parameters";
}

/**
 * Records of gradients what `ActivationStats` records of outputs: of the gradient of the loss with respect to every
 * layer's output, or to every parameter. They show where a gradient vanishes or explodes on its way back.
 *
 * @example
 * const stats = new inspect.GradientStats(model, { of: "parameters" });
 * F.crossEntropy(model(images), labels).backward();
 * const { "0.weight": weight } = await stats.latest();
 * stats.remove();
 * console.log(weight?.std);
 */
export class GradientStats extends LayerRecords {
  /**
   * @throws ArgumentError for options out of range, or when no layer is chosen.
   */
  constructor(model: Module, options: GradientStatsOptions = {}) {
    super(model, options, ["of"]);
    const { of = "outputs" } = options;
    if (of !== "outputs" && of !== "parameters") {
      throw new ArgumentError(`GradientStats: of must be "outputs" or "parameters"; got ${String(of)}`, {
        of,
      });
    }
    if (of === "parameters") this.#watchParameters(model);
    else {
      this.watchOutputs(model, (name, type, node, axis) => {
        // The node lives no longer than the step, and the hook with it.
        if (node.requiresGrad && this.recording) onGradient(node, (g) => this.record(name, type, g, axis));
      });
    }
  }

  #watchParameters(model: Module): void {
    const watched = new Map(this.watched(model).map(([, module]) => [module, module.constructor.name]));
    for (const [path, parameter] of model.namedParameters()) {
      const owner = [...watched.keys()].find((m) => m.parameters({ recurse: false }).includes(parameter));
      if (owner === undefined) continue;
      const type = watched.get(owner) ?? "";
      this.own(onGradient(parameter.node, (g) => this.record(path, type, g, 0)));
    }
  }
}

/**
 * Calls `see` with the gradient of a node in every backward pass. Unlike `Tensor.registerHook` it makes no tensor of
 * the gradient: the engine would keep a copy of every small one.
 */
function onGradient(node: Node, see: (gradient: Node) => void): RemovableHandle {
  node.hooks ??= [];
  const { hooks } = node;
  const hook = (gradient: Node): null => {
    see(gradient);
    return null;
  };
  hooks.push(hook);
  return makeHandle(() => {
    const at = hooks.indexOf(hook);
    if (at >= 0) hooks.splice(at, 1);
  });
}
