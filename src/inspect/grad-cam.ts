/**
 * Where in an image a network looks: heat maps over the input, from the features of a convolutional layer.
 */
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { formatShape } from "../base/shape.ts";
import { hostSource } from "../graph/build.ts";
import { Linear, type Module } from "../nn/index.ts";
import { argExtreme, gatherAlong, matmul, reshape } from "../ops/index.ts";
import { enableGrad, grad, noGrad } from "../tensor/grad-mode.ts";
import { Tensor } from "../tensor/tensor.ts";
import { layerAt, type ModelOfTensor, watchedPass } from "./evaluation-pass.ts";

/** Class of each image, one for all, or by default that with the largest logit. */
export type CamTarget = number | readonly number[] | Tensor;

/** Which layer, and which class. */
export interface GradCamOptions {
  /** Path of the layer whose features are weighed, such as the last convolution: (N, K, h, w). */
  readonly layer: string;
  /** Default: the class that the model predicts for each image. */
  readonly target?: CamTarget;
}

/** Which layers, and which class. */
export interface ClassActivationMapOptions extends GradCamOptions {
  /** Path of the linear layer that follows the global average pooling. Default: the last linear layer. */
  readonly head?: string;
}

/**
 * Gradient-weighted class activation maps: ReLU(sum over k of a[k] * A[k]), where A[k] is a feature map and a[k] the mean
 * over it of the gradient of the class's logit. Bilinearly enlarged to the size of the input; not normalised.
 * R. R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", 2017.
 *
 * The model runs in evaluation mode; no gradient of its parameters is touched.
 *
 * @param x Images (N, C, H, W).
 * @returns Heat maps (N, H, W), 0 or more.
 * @throws ArgumentError for a layer that the model does not have; ShapeError when its output is no (N, K, h, w), or the
 * model's is no (N, classes).
 * @example
 * const heat = inspect.gradCam(model, images, { layer: "2" });
 * heat.shape; // [16, 8, 8]
 */
export function gradCam(model: ModelOfTensor, x: Tensor, options: GradCamOptions): Tensor {
  const owner = "gradCam";
  checkOptions(options, ["layer", "target"], owner);
  const { layer, target } = options;
  const { features, logits } = enableGrad(() => featuresAndLogits(model, x, layer, owner));
  const score = enableGrad(() => Tensor.of(scoreOf(logits, target, owner).node).sum());
  const [gradient] = grad([score], [features], { allowUnused: true });
  if (gradient === null || gradient === undefined) {
    throw new ArgumentError(`${owner}: the logits do not depend on layer "${layer}"`, { layer });
  }
  return noGrad(() => {
    const weights = gradient.mean([2, 3], { keepdim: true });
    return enlarged(features.detach().mul(weights).sum(1).relu(), x);
  });
}

/**
 * Class activation maps of networks whose last features are averaged and go into one linear layer: sum over k of
 * w[class, k] * A[k], enlarged to the size of the input. B. Zhou et al., "Learning deep features for discriminative
 * localization", 2016.
 *
 * @param x Images (N, C, H, W).
 * @returns Heat maps (N, H, W); negative where the features speak against the class.
 * @throws ArgumentError when a layer does not exist, or the linear layer does not take the features' channels.
 * @example
 * const cnn = new models.Cnn({ widths: [4, 8] });
 * inspect.classActivationMap(cnn, images, { layer: "features.6" }).shape; // [16, 8, 8]
 */
export function classActivationMap(
  model: ModelOfTensor,
  x: Tensor,
  options: ClassActivationMapOptions,
): Tensor {
  const owner = "classActivationMap";
  checkOptions(options, ["layer", "head", "target"], owner);
  const { layer, head, target } = options;
  const linear = headOf(model, head, owner);
  return noGrad(() => {
    const { features, logits } = featuresAndLogits(model, x, layer, owner);
    const channels = features.size(1);
    if (linear.weight.size(1) !== channels) {
      throw new ArgumentError(
        `${owner}: layer "${layer}" gives ${channels} channels, the linear layer takes ${linear.weight.size(1)}; the map is ` +
          "defined where a global average pooling lies between them, use gradCam elsewhere",
        { channels, features: linear.weight.size(1) },
      );
    }
    const classes = classesOf(logits, target, owner);
    const weights = linear.weight.indexSelect(0, classes).reshape([-1, channels, 1, 1]);
    return enlarged(features.mul(weights).sum(1), x);
  });
}

function headOf(model: Module, head: string | undefined, owner: string): Linear {
  const found =
    head === undefined ? model.modules().findLast((m) => m instanceof Linear) : layerAt(model, head, owner);
  if (found instanceof Linear) return found;
  throw new ArgumentError(
    `${owner}: ${head === undefined ? "the model has no Linear" : `layer "${head}" is no Linear`}`,
    {
      head,
    },
  );
}

/** The layer's output, cut off from what lies before it, and the logits computed from it. */
function featuresAndLogits(
  model: ModelOfTensor,
  x: Tensor,
  layer: string,
  owner: string,
): { readonly features: Tensor; readonly logits: Tensor } {
  if (x.ndim !== 4) {
    throw new ShapeError(`${owner}: the input must be images (N, C, H, W); got ${formatShape(x.shape)}`, {
      shape: x.shape,
    });
  }
  const module = layerAt(model, layer, owner);
  const seen: { features: Tensor | null } = { features: null };
  const logits = watchedPass(model, x, [[layer, module]], (_, output) => {
    // A leaf of its own: the gradient is wanted here and goes no further, whether or not parameters are learned.
    seen.features = new Tensor(output.detach().node).requiresGrad_();
    return seen.features;
  });
  const { features } = seen;
  if (features === null || features.ndim !== 4) {
    const found =
      features === null ? "was not called or gave no tensor" : `gives ${formatShape(features.shape)}`;
    throw new ShapeError(`${owner}: layer "${layer}" ${found}; choose one whose output is (N, K, h, w)`, {
      layer,
    });
  }
  if (!(logits instanceof Tensor) || logits.ndim !== 2) {
    const found = logits instanceof Tensor ? formatShape(logits.shape) : "no tensor";
    throw new ShapeError(`${owner}: the model must give logits (N, classes); it gives ${found}`, { found });
  }
  return { features, logits };
}

/** The logit of each image's class: (N). */
function scoreOf(logits: Tensor, target: CamTarget | undefined, owner: string): Tensor {
  const classes = classesOf(logits, target, owner);
  return new Tensor(gatherAlong(logits.node, 1, reshape(classes.node, [logits.size(0), 1])));
}

function classesOf(logits: Tensor, target: CamTarget | undefined, owner: string): Tensor {
  const [n, classes] = logits.shape as [number, number];
  if (target === undefined) return new Tensor(argExtreme(logits.detach().node, "argmax", { dim: 1 }));
  if (target instanceof Tensor) {
    if (target.ndim === 1 && target.size(0) === n && target.dtype === "int32") return target;
    throw new ShapeError(
      `${owner}: target must be int32 of shape [${n}]; got ${target.dtype} of ${formatShape(target.shape)}`,
      { shape: target.shape },
    );
  }
  const list = typeof target === "number" ? new Array<number>(n).fill(target) : target;
  if (list.length !== n || list.some((c) => !Number.isInteger(c) || c < 0 || c >= classes)) {
    throw new ArgumentError(
      `${owner}: target must be a class from 0 to ${classes - 1}, or ${n} of them; got ${String(target)}`,
      { target },
    );
  }
  return new Tensor(hostSource(Int32Array.from(list), [n], "int32"));
}

/** (N, h, w) -> (N, H, W) of the images, bilinearly: a matrix from the left and one from the right. */
function enlarged(maps: Tensor, images: Tensor): Tensor {
  const [, h, w] = maps.shape as [number, number, number];
  const [, , height, width] = images.shape as [number, number, number, number];
  const rows = interpolation(height, h);
  const columns = interpolation(width, w);
  return Tensor.of(matmul(matmul(rows.node, maps.node), columns.t().node));
}

/** A matrix (to, from) that interpolates linearly between the centres of cells, as PyTorch with align_corners=False. */
function interpolation(to: number, from: number): Tensor {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(at);
    const high = Math.min(low + 1, from - 1);
    data[i * from + low] = (data[i * from + low] as number) + 1 - (at - low);
    data[i * from + high] = (data[i * from + high] as number) + at - low;
  }
  return new Tensor(hostSource(data, [to, from], "float32"));
}
