import { checkOptions } from "./arguments.ts";
import { Module } from "./module.ts";

/** Base of layers without options: refuses those that PyTorch's have, such as `inplace`, instead of passing over them. */
export abstract class Optionless extends Module {
  /**
   * @param options none
   * @throws ArgumentError for any option.
   */
  constructor(options: Readonly<Record<string, never>> = {}) {
    super();
    checkOptions(options, [], this.constructor.name);
  }
}
