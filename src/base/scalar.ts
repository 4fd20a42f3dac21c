/**
 * The vocabulary of scalar functions: what one element of an elementwise operation computes. The graph names
 * these functions, the kernel IR contains them, every renderer emits them. A table of type `Record<UnaryFn, ...>`
 * anywhere makes the compiler list what is missing there.
 */

/** Functions of one argument. `not` is logical on bool and bitwise on integers; `round` is half to even. */
export const unaryFns = [
  "neg",
  "abs",
  "sign",
  "floor",
  "ceil",
  "round",
  "trunc",
  "sqrt",
  "reciprocal",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sin",
  "cos",
  "tanh",
  "erf",
  "not",
] as const;
export type UnaryFn = (typeof unaryFns)[number];

/**
 * Functions of two arguments of one type. `idiv` and `mod` are integer division and remainder, rounded towards
 * minus infinity; `fmod` is the float remainder with the sign of the divisor (Python's %). `and`, `or`, `xor`,
 * `shl`, `shr` (logical) and `mulhi` (high word of the unsigned product) take int32 or, for the first three, bool.
 * `max` and `min` give NaN when either argument is NaN.
 */
export const binaryFns = [
  "add",
  "sub",
  "mul",
  "div",
  "max",
  "min",
  "pow",
  "fmod",
  "idiv",
  "mod",
  "and",
  "or",
  "xor",
  "shl",
  "shr",
  "mulhi",
] as const;
export type BinaryFn = (typeof binaryFns)[number];

/** Comparisons; the result is bool. The missing two are these with swapped arguments. */
export const compareFns = ["eq", "ne", "lt", "le"] as const;
export type CompareFn = (typeof compareFns)[number];

/**
 * Ways of combining elements in a reduction. `argmax` and `argmin` give the first winning index as int32. `fmax` and `fmin`
 * pass over NaN, and of zeros give either; what they give of nothing but NaN is left open.
 */
export const reduceFns = ["sum", "prod", "max", "min", "argmax", "argmin", "fmax", "fmin"] as const;
export type ReduceFn = (typeof reduceFns)[number];
