/** Choices of the larger or smaller of two registers, which renderers have one instruction for. */
import { compare, constant, define, int, Locals, load, loop, select, store, use } from "../kernel/build.ts";
import type { Expr } from "../kernel/ir.ts";
import { floats, lanesFor } from "./elementwise-sample.test-helper.ts";
import { buffer, type Case, programOf, type RendererUnderTest, type Sample } from "./render.test-helper.ts";

type Choose = (a: Expr, b: Expr) => Expr;

/** Both ways round, and as they are not: with the operands of the comparison the other way, or other values to take. */
const choices: readonly Choose[] = [
  (a, b) => select(compare("lt", a, b), b, a),
  (a, b) => select(compare("lt", b, a), b, a),
  (a, b) => select(compare("lt", a, b), a, b),
  (a, b) => select(compare("le", a, b), b, a),
  (a, b) => select(compare("lt", a, b), b, b),
];

/** Every number beside every other; NaN and zeros of both signs are among them. */
function pairs(lanes: number, choose: Choose): Sample {
  const count = Math.ceil((floats.length * floats.length) / lanes) * lanes;
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const [a, b] = [locals.local("a", "f32", lanes), locals.local("b", "f32", lanes)];
  const body = [
    loop(i, int(0), int(count), lanes, [
      define(a, load(1, "float32", use(i), lanes)),
      define(b, load(2, "float32", use(i), lanes)),
      store(0, use(i), choose(use(a), use(b))),
      store(3, use(i), choose(use(a), constant(1, "f32", lanes))),
    ]),
  ];
  const buffers = [
    buffer("float32", count, "write"),
    buffer("float32", count),
    buffer("float32", count),
    buffer("float32", count, "write"),
  ];
  const listed = (of: (at: number) => number): number[] =>
    Array.from({ length: count }, (_, at) => floats[of(at) % floats.length] as number);
  const contents = [undefined, listed((at) => at), listed((at) => Math.floor(at / floats.length)), undefined];
  return { program: programOf(buffers, chunk, body), contents, tolerance: 0 };
}

export function extremeCases({ lanes }: RendererUnderTest): Case[] {
  const samples = lanesFor("f32", lanes).flatMap((n) => choices.map((choose) => pairs(n, choose)));
  return [{ name: "choices of the larger and the smaller", samples }];
}
