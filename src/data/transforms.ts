/**
 * Changes to one image before it joins a batch, and to whole batches (`MixUp`, `CutMix`). See `transforms/transform.ts`
 * for what a transform is.
 */
export {
  ColorJitter,
  type ColorJitterOptions,
  Grayscale,
  type GrayscaleOptions,
} from "./transforms/color.ts";
export { Compose, ToTensor } from "./transforms/compose.ts";
export { CenterCrop, RandomCrop, type RandomCropOptions } from "./transforms/crop.ts";
export { type FlipOptions, RandomHorizontalFlip, RandomVerticalFlip } from "./transforms/flip.ts";
export { type BatchTransform, CutMix, type MixOptions, MixUp } from "./transforms/mix.ts";
export { Normalize } from "./transforms/normalize.ts";
export { RandomErasing, type RandomErasingOptions } from "./transforms/random-erasing.ts";
export { RandomRotation, type RandomRotationOptions } from "./transforms/random-rotation.ts";
export { Resize, type ResizeOptions } from "./transforms/resize.ts";
export {
  applyTransform,
  type ImageSize,
  type ImageTransform,
  type Transform,
} from "./transforms/transform.ts";
