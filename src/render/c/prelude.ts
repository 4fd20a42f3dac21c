/**
 * What every rendered C file begins with: names of types, and the scalar functions that are more than an operator.
 * Vectors are those of GCC and Clang, which spell every instruction set alike.
 */

/** Types and functions on one element. They mean what `kernel/scalar-math.ts` says, to the last bit on integers. */
export const scalarPrelude = `
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float f32;
typedef double f64;
typedef int32_t i32;
typedef uint32_t u32;
typedef const char *ptr;

#define INLINE static inline __attribute__((always_inline, unused))

/* Lanes of two vectors, by their place in both side by side. */
#if defined(__clang__)
#define SHUFFLE(a, b, T, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, T, ...) __builtin_shuffle(a, b, (T){__VA_ARGS__})
#endif

/* Integers wrap around. */
INLINE i32 add_i32(i32 a, i32 b) { return (i32)((u32)a + (u32)b); }
INLINE i32 sub_i32(i32 a, i32 b) { return (i32)((u32)a - (u32)b); }
INLINE i32 mul_i32(i32 a, i32 b) { return (i32)((u32)a * (u32)b); }
INLINE i32 neg_i32(i32 a) { return (i32)(0u - (u32)a); }
INLINE i32 abs_i32(i32 a) { return a < 0 ? neg_i32(a) : a; }
INLINE i32 sign_i32(i32 a) { return (a > 0) - (a < 0); }
INLINE i32 max_i32(i32 a, i32 b) { return a > b ? a : b; }
INLINE i32 min_i32(i32 a, i32 b) { return a < b ? a : b; }
INLINE i32 shl_i32(i32 a, i32 b) { return (i32)((u32)a << (b & 31)); }
INLINE i32 shr_i32(i32 a, i32 b) { return (i32)((u32)a >> (b & 31)); }
INLINE i32 mulhi_i32(i32 a, i32 b) { return (i32)(((uint64_t)(u32)a * (u32)b) >> 32); }

/* Rounded towards minus infinity; by 0 both are 0, without a trap. */
INLINE i32 idiv_i32(i32 a, i32 b) {
  if (b == 0) return 0;
  if (b == -1) return neg_i32(a);
  return a / b - (a % b != 0 && ((a % b) ^ b) < 0);
}
INLINE i32 mod_i32(i32 a, i32 b) {
  if (b == 0 || b == -1) return 0;
  return a % b + ((a % b != 0 && ((a % b) ^ b) < 0) ? b : 0);
}

/* NaN if either argument is; 0 is greater than -0. */
#define EXTREMES(T) \\
  INLINE T max_##T(T a, T b) { return a != a ? a : a == b ? (signbit(a) ? b : a) : a > b ? a : b; } \\
  INLINE T min_##T(T a, T b) { return a != a ? a : a == b ? (signbit(a) ? a : b) : a < b ? a : b; } \\
  INLINE T sign_##T(T a) { return a != a ? a : (T)((a > 0) - (a < 0)); } \\
  INLINE i32 i32_of_##T(T a) { \\
    return a != a ? 0 : a >= (T)2147483648.0 ? INT32_MAX : a < (T)-2147483648.0 ? INT32_MIN : (i32)a; \\
  }
EXTREMES(f32)
EXTREMES(f64)

/* The remainder with the sign of the divisor. */
INLINE f64 fmod_f64(f64 x, f64 y) {
  if (isinf(y)) return (x < 0) == (y < 0) || x == 0 ? x + (x - x) : y + (x - x);
  return x - floor(x / y) * y;
}
INLINE f32 fmod_f32(f32 x, f32 y) { return (f32)fmod_f64(x, y); }

INLINE i32 bits_i32(f32 a) { i32 r; memcpy(&r, &a, 4); return r; }
INLINE f32 bits_f32(i32 a) { f32 r; memcpy(&r, &a, 4); return r; }
`;

/** Types and functions on vectors of `n` lanes. A mask is a vector of integers, -1 for true. */
// long: it is one text.
export function vectorPrelude(n: number): string {
  const lanes = (element: string): string => Array.from({ length: n }, () => element).join(", ");
  const each = (type: string, name: string, parameters: string, element: string): string =>
    `INLINE ${type} ${name}(${parameters}) { ${type} r; for (int i = 0; i < ${n}; i++) r[i] = ${element}; return r; }`;
  const F = `f32x${n}`;
  const I = `i32x${n}`;
  const U = `u32x${n}`;
  const B = `u8x${n}`;
  return `
typedef f32 ${F} __attribute__((vector_size(${4 * n}), may_alias));
typedef i32 ${I} __attribute__((vector_size(${4 * n}), may_alias));
typedef u32 ${U} __attribute__((vector_size(${4 * n}), may_alias));
typedef f32 ${F}u __attribute__((vector_size(${4 * n}), aligned(4), may_alias));
typedef i32 ${I}u __attribute__((vector_size(${4 * n}), aligned(4), may_alias));
typedef uint8_t ${B} __attribute__((vector_size(${n}), aligned(1), may_alias));

${partialAccess(n)}
INLINE ${F} splat_${F}(f32 a) { return (${F}){${lanes("a")}}; }
INLINE ${I} splat_${I}(i32 a) { return (${I}){${lanes("a")}}; }
INLINE ${F} select_${F}(${I} m, ${F} a, ${F} b) { return (${F})((m & (${I})a) | (~m & (${I})b)); }
INLINE ${I} select_${I}(${I} m, ${I} a, ${I} b) { return (m & a) | (~m & b); }

${fusedMultiplyAdd(n)}

${floatExtreme(n, "larger", "max")}
${floatExtreme(n, "smaller", "min")}
INLINE ${F} max_${F}(${F} a, ${F} b) { return select_${F}((a != a) | (a > b), a, b); }
INLINE ${F} min_${F}(${F} a, ${F} b) { return select_${F}((a != a) | (a < b), a, b); }
INLINE ${F} abs_${F}(${F} a) { return (${F})((${I})a & 0x7fffffff); }
INLINE ${F} sign_${F}(${F} a) {
  return select_${F}(a != a, a, __builtin_convertvector((a < 0) - (a > 0), ${F}));
}
${each(F, `floor_${F}`, `${F} a`, "__builtin_floorf(a[i])")}
${each(F, `ceil_${F}`, `${F} a`, "__builtin_ceilf(a[i])")}
${each(F, `round_${F}`, `${F} a`, "__builtin_rintf(a[i])")}
${each(F, `trunc_${F}`, `${F} a`, "__builtin_truncf(a[i])")}
${each(F, `sqrt_${F}`, `${F} a`, "__builtin_sqrtf(a[i])")}
${each(F, `fmod_${F}`, `${F} a, ${F} b`, "fmod_f32(a[i], b[i])")}

INLINE ${I} add_${I}(${I} a, ${I} b) { return (${I})((${U})a + (${U})b); }
INLINE ${I} sub_${I}(${I} a, ${I} b) { return (${I})((${U})a - (${U})b); }
INLINE ${I} mul_${I}(${I} a, ${I} b) { return (${I})((${U})a * (${U})b); }
INLINE ${I} neg_${I}(${I} a) { return (${I})(-(${U})a); }
INLINE ${I} abs_${I}(${I} a) { return select_${I}(a < 0, neg_${I}(a), a); }
INLINE ${I} sign_${I}(${I} a) { return (a < 0) - (a > 0); }
${integerExtreme(n, "max", ">")}
${integerExtreme(n, "min", "<")}
INLINE ${I} shl_${I}(${I} a, ${I} b) { return (${I})((${U})a << ((${U})b & 31)); }
INLINE ${I} shr_${I}(${I} a, ${I} b) { return (${I})((${U})a >> ((${U})b & 31)); }
${each(I, `mulhi_${I}`, `${I} a, ${I} b`, "mulhi_i32(a[i], b[i])")}
${each(I, `idiv_${I}`, `${I} a, ${I} b`, "idiv_i32(a[i], b[i])")}
${each(I, `mod_${I}`, `${I} a, ${I} b`, "mod_i32(a[i], b[i])")}

INLINE ${I} i32_of_${F}(${F} a) {
  ${I} large = a >= 2147483648.0f, small = a < -2147483648.0f, none = a != a;
  ${I} r = __builtin_convertvector(select_${F}(large | small | none, splat_${F}(0), a), ${I});
  return select_${I}(large, splat_${I}(INT32_MAX), select_${I}(small, splat_${I}(INT32_MIN), r));
}
${each(I, `load_${B}`, "const uint8_t *a", "a[i]")}
INLINE void store_${B}(uint8_t *to, ${I} a) { *(${B} *)to = __builtin_convertvector(a, ${B}); }
`;
}

/** One instruction where the machine has it, of which GCC makes three from a comparison and a choice. */
function integerExtreme(n: number, fn: "max" | "min", comparison: string): string {
  const I = `i32x${n}`;
  const builtins: Record<number, readonly [string, string]> = {
    16: ["__AVX512F__", `__builtin_ia32_p${fn}sd512_mask(a, b, a, (unsigned short)-1)`],
    8: ["__AVX2__", `__builtin_ia32_p${fn}sd256(a, b)`],
    4: ["__SSE4_1__", `__builtin_ia32_p${fn}sd128(a, b)`],
  };
  return forGcc(
    `INLINE ${I} ${fn}_${I}(${I} a, ${I} b)`,
    builtins[n],
    `  return select_${I}(a ${comparison} b, a, b);`,
  );
}

/** `a < b ? b : a` or `b < a ? b : a`. The processor's instruction gives its second operand where it is in doubt. */
function floatExtreme(n: number, name: string, fn: "max" | "min"): string {
  const F = `f32x${n}`;
  const builtins: Record<number, readonly [string, string]> = {
    16: ["__AVX512F__", `__builtin_ia32_${fn}ps512_mask(b, a, b, (unsigned short)-1, 4)`],
    8: ["__AVX__", `__builtin_ia32_${fn}ps256(b, a)`],
    4: ["__SSE__", `__builtin_ia32_${fn}ps(b, a)`],
  };
  return forGcc(
    `INLINE ${F} ${name}_${F}(${F} a, ${F} b)`,
    builtins[n],
    `  return select_${F}(b ${fn === "max" ? ">" : "<"} a, b, a);`,
  );
}

/** A function whose body is one of GCC's builtins where the machine has the instruction. */
function forGcc(head: string, builtin: readonly [string, string] | undefined, otherwise: string): string {
  if (builtin === undefined) return `${head} {\n${otherwise}\n}`;
  const [feature, call] = builtin;
  return `${head} {
#if defined(${feature}) && !defined(__clang__)
  return ${call};
#else
${otherwise}
#endif
}`;
}

/** One instruction where the machine has it. Compilers would find it in the loop too, but take longer over it. */
function fusedMultiplyAdd(n: number): string {
  const builtins: Record<number, readonly [string, string]> = {
    16: ["__AVX512F__", "__builtin_ia32_vfmaddps512_mask(a, b, c, (unsigned short)-1, 4)"],
    8: ["__FMA__", "__builtin_ia32_vfmaddps256(a, b, c)"],
    4: ["__FMA__", "__builtin_ia32_vfmaddps(a, b, c)"],
  };
  const F = `f32x${n}`;
  const loop = `  ${F} r;
  for (int i = 0; i < ${n}; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return r;`;
  return forGcc(`INLINE ${F} fma_${F}(${F} a, ${F} b, ${F} c)`, builtins[n], loop);
}

/**
 * Loads and stores of the first `count` lanes. Through memory they would wait for each other: bytes that were stored in
 * pieces cannot be loaded as a whole until all of them have left the processor.
 */
function partialAccess(n: number): string {
  const [F, I] = [`f32x${n}`, `i32x${n}`];
  const mask = "(1u << count) - 1";
  return `#if defined(__AVX512VL__) && !defined(__clang__)
INLINE ${F} part_${F}(const f32 *a, int count) { return __builtin_ia32_loadups${32 * n}_mask(a, (${F}){0}, ${mask}); }
INLINE ${I} part_${I}(const i32 *a, int count) { return (${I})part_${F}((const f32 *)a, count); }
INLINE void put_${F}(f32 *to, ${F} a, int count) { __builtin_ia32_storeups${32 * n}_mask(to, a, ${mask}); }
INLINE void put_${I}(i32 *to, ${I} a, int count) { put_${F}((f32 *)to, (${F})a, count); }
#else
INLINE ${F} part_${F}(const f32 *a, int count) { ${F} r; for (int i = 0; i < ${n}; i++) r[i] = i < count ? a[i] : 0; return r; }
INLINE ${I} part_${I}(const i32 *a, int count) { ${I} r; for (int i = 0; i < ${n}; i++) r[i] = i < count ? a[i] : 0; return r; }
INLINE void put_${F}(f32 *to, ${F} a, int count) { for (int i = 0; i < count; i++) to[i] = a[i]; }
INLINE void put_${I}(i32 *to, ${I} a, int count) { for (int i = 0; i < count; i++) to[i] = a[i]; }
#endif`;
}
