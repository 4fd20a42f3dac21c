/** Options that every image classifier here has. */
import { ArgumentError } from "../base/errors.ts";

/** Options of the models for images. */
export interface ImageModelOptions {
  /** Number of classes. Default 1000, those of ImageNet; 10 for the models made for CIFAR. */
  readonly numClasses?: number;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
}

/** @throws ArgumentError unless the value is an integer of 1 or more. */
export function checkModelCount(value: number, option: string, owner: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ArgumentError(`${owner}: ${option} must be an integer of 1 or more; got ${String(value)}`, {
    option,
    value,
  });
}
