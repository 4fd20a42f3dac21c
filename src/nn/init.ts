/**
 * Initialisers: functions that fill a tensor in place, record no gradient, and return it.
 */
export {
  constant_,
  type NormalOptions,
  normal_,
  ones_,
  type RandomInitOptions,
  type UniformOptions,
  uniform_,
  zeros_,
} from "./init/fill.ts";
export { calculateGain, type Nonlinearity } from "./init/gain.ts";
export { dirac_, eye_ } from "./init/identity.ts";
export { type KaimingOptions, kaimingNormal_, kaimingUniform_ } from "./init/kaiming.ts";
export { type LsuvOptions, type LsuvResult, lsuv_ } from "./init/lsuv.ts";
export { type OrthogonalOptions, orthogonal_ } from "./init/orthogonal.ts";
export { type TruncNormalOptions, truncNormal_ } from "./init/trunc-normal.ts";
export { type XavierOptions, xavierNormal_, xavierUniform_ } from "./init/xavier.ts";
