/**
 * What layers give out for given inputs.
 */
import { ArgumentError } from "../base/errors.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { layerAt, type ModelOfTensor, watchedPass } from "./evaluation-pass.ts";

/**
 * Outputs of some layers for an input: for a convolution, its feature maps (N, C, H, W). The model runs in evaluation
 * mode and without gradients, and is as before afterwards. Of a layer that is called more than once the last output is
 * given.
 *
 * @param layers Path of a layer such as "features.0", or several.
 * @returns The outputs by path. They stay readable after the model has been trained further.
 * @throws ArgumentError for a path that the model does not have, or a layer that was not called.
 * @example
 * const maps = inspect.featureMaps(model, images, ["0", "3"]);
 * maps["0"]?.shape; // [16, 8, 8, 8]
 * maps["3"]?.shape; // [16, 8, 4, 4]
 */
export function featureMaps(
  model: ModelOfTensor,
  x: Tensor,
  layers: string | readonly string[],
): Record<string, Tensor> {
  const names = typeof layers === "string" ? [layers] : layers;
  const watched = names.map((name) => [name, layerAt(model, name, "featureMaps")] as const);
  const found = new Map<string, Tensor>();
  noGrad(() =>
    watchedPass(model, x, watched, (name, output) => {
      found.set(name, output);
      return null;
    }),
  );
  return Object.fromEntries(
    names.map((name) => {
      const output = found.get(name);
      if (output === undefined) {
        throw new ArgumentError(`featureMaps: layer "${name}" gave no tensor for this input`, {
          layer: name,
        });
      }
      return [name, output.keep()];
    }),
  );
}
