/** Every scalar function on every type it takes, with every number of lanes. */
import { binaryFns, compareFns, unaryFns } from "../base/scalar.ts";
import { add, binary, compare, constant, int, Locals, load, splat, store, unary } from "../kernel/build.ts";
import { binaryDomain, compareDomain, unaryDomain } from "../kernel/scalar-math.ts";
import {
  dtypeOf,
  type Element,
  elementwise,
  ints,
  lanesFor,
  samplesOf,
} from "./elementwise-sample.test-helper.ts";
import { buffer, type Case, programOf, type RendererUnderTest, type Sample } from "./render.test-helper.ts";

/** Functions of float64 that renderers leave to a library; those of float32 are expansions that err by some ulp. */
const transcendental: ReadonlySet<string> = new Set([
  ...["exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "erf", "pow"],
]);

/** sin and cos of float32 are accurate up to here, as their expansion says. */
const isModerate = (x: number): boolean => Math.abs(x) <= 8192;

/** Every pair of two lists. */
function pairsOf(list: readonly number[]): [number[], number[]] {
  return [list.flatMap((a) => list.map(() => a)), list.flatMap(() => list)];
}

export function functionCases({ lanes, libraryTolerance }: RendererUnderTest): Case[] {
  const tolerance = (fn: string, type: string): number =>
    !transcendental.has(fn) ? 0 : type === "f32" ? 1e-6 : libraryTolerance;
  const eachWidth = (name: string, type: Element, make: (n: number) => Sample): Case[] =>
    lanesFor(type, lanes).map((n) => ({ name: `${name} of ${type}, ${n} lanes`, samples: [make(n)] }));

  const ofOne = unaryFns.flatMap((fn) =>
    unaryDomain[fn].flatMap((type) =>
      eachWidth(fn, type, (n) => {
        const periodic = type === "f32" && (fn === "sin" || fn === "cos");
        const values = periodic ? samplesOf[type].filter(isModerate) : samplesOf[type];
        const dtype = dtypeOf[type];
        const make = (i: Parameters<typeof load>[2]) => unary(fn, load(1, dtype, i, n));
        return elementwise(n, dtype, [[dtype, values]], make, tolerance(fn, type));
      }),
    ),
  );

  const ofTwo = binaryFns.flatMap((fn) =>
    binaryDomain[fn].flatMap((type) =>
      eachWidth(fn, type, (n) => {
        // A quotient that rounds to a whole number is beyond the formula of the f64 remainder.
        const isFit = (x: number): boolean => x % 0.25 === 0 || !Number.isFinite(x);
        const [a, b] = pairsOf(fn === "fmod" ? samplesOf[type].filter(isFit) : samplesOf[type]);
        const divides = fn === "idiv" || fn === "mod";
        const divisors = divides ? b.map((x) => (x === 0 ? 5 : x)) : b;
        const dtype = dtypeOf[type];
        const inputs = [
          [dtype, a],
          [dtype, divisors],
        ] as const;
        return elementwise(
          n,
          dtype,
          inputs,
          (i) => binary(fn, load(1, dtype, i, n), load(2, dtype, i, n)),
          tolerance(fn, type),
        );
      }),
    ),
  );

  const comparisons = compareFns.flatMap((fn) =>
    (compareDomain[fn] as readonly Element[]).flatMap((type) =>
      eachWidth(fn, type, (n) => {
        const [a, b] = pairsOf(samplesOf[type]);
        const dtype = dtypeOf[type];
        const inputs = [
          [dtype, a],
          [dtype, b],
        ] as const;
        return elementwise(n, "bool", inputs, (i) => compare(fn, load(1, dtype, i, n), load(2, dtype, i, n)));
      }),
    ),
  );

  return [...ofOne, ...ofTwo, ...comparisons, ...integerCases(lanes)];
}

function integerCases(lanes: readonly number[]): Case[] {
  const inputs = [["int32", ints]] as const;
  const byConstant = (["idiv", "mod"] as const).map((fn) => ({
    name: `${fn} by a constant`,
    samples: [1, 2, 3, 8, 10, -1, -4, -7].flatMap((divisor) =>
      lanes.flatMap((n) => [
        elementwise(n, "int32", inputs, (i) =>
          binary(fn, load(1, "int32", i, n), constant(divisor, "i32", n)),
        ),
        elementwise(n, "int32", inputs, (i) => {
          const result = binary(fn, add(i, int(100)), int(divisor));
          return n === 1 ? result : splat(result, n);
        }),
      ]),
    ),
  }));
  const shifts = (["shl", "shr"] as const).flatMap((fn) =>
    lanes
      .filter((n) => n > 1)
      .flatMap((n) => [
        elementwise(n, "int32", inputs, (i) =>
          binary(fn, load(1, "int32", i, n), splat(load(1, "int32", int(5)), n)),
        ),
        elementwise(n, "int32", inputs, (i) => binary(fn, load(1, "int32", i, n), constant(13, "i32", n))),
      ]),
  );
  return [
    ...byConstant,
    { name: "shift of a vector by one count", samples: shifts },
    {
      name: "integer division never traps",
      samples: [divided(7, 0, [0, 0]), divided(-(2 ** 31), -1, [-(2 ** 31), 0])],
    },
  ];
}

/** Quotient and remainder of two numbers that the interpreter does not divide. */
function divided(a: number, b: number, expected: readonly number[]): Sample {
  const chunk = new Locals().local("chunk", "i32");
  const at = (index: number) => load(1, "int32", int(index));
  const buffers = [buffer("int32", 2, "write"), buffer("int32", 2)];
  const program = programOf(buffers, chunk, [
    store(0, int(0), binary("idiv", at(0), at(1))),
    store(0, int(1), binary("mod", at(0), at(1))),
  ]);
  return { program, contents: [undefined, [a, b]], expected };
}
