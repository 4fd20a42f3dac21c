/**
 * How torchvision's models start: convolutions normal with the spread that keeps that of gradients, norms as the
 * identity, and linear layers normal where the model's authors wanted them so.
 */
import * as nn from "../nn/index.ts";

/**
 * Draws the weights of all layers below a model.
 *
 * @param linearStd Standard deviation of linear layers, whose biases become 0. Undefined: they stay as PyTorch's
 * layers start.
 */
export function initializeModel(model: nn.Module, linearStd?: number): void {
  for (const module of model.modules()) {
    if (module instanceof nn.Conv2d) {
      nn.init.kaimingNormal_(module.weight, { mode: "fan_out", nonlinearity: "relu" });
      if (module.bias !== null) nn.init.zeros_(module.bias);
    } else if (module instanceof nn.Linear && linearStd !== undefined) {
      nn.init.normal_(module.weight, { std: linearStd });
      if (module.bias !== null) nn.init.zeros_(module.bias);
    }
  }
}
