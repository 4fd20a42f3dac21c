/** Every statement, and addresses of all kinds. */
import {
  add,
  address,
  binary,
  cast,
  compare,
  constant,
  define,
  int,
  Locals,
  load,
  loadAt,
  loop,
  mul,
  prefetch,
  select,
  set,
  splat,
  store,
  sub,
  use,
  when,
} from "../kernel/build.ts";
import type { Expr, Local, Stmt } from "../kernel/ir.ts";
import { buffer, type Case, programOf, type Sample } from "./render.test-helper.ts";
import { scratchProgram } from "./scratch-program.test-helper.ts";

/** Buffer 0 is the output, buffer 1 holds 0, 1, 2, ... as float32. */
function statements(
  size: number,
  build: (locals: Locals, chunk: Local) => readonly Stmt[],
  { chunks = 1 } = {},
): Sample {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const body = build(locals, chunk);
  const buffers = [buffer("float32", size, "readwrite"), buffer("float32", 256)];
  const contents = [undefined, Array.from({ length: 256 }, (_, i) => i)];
  return { program: programOf(buffers, chunk, body, chunks), contents };
}

const at = (index: Expr, lanes = 1): Expr => load(1, "float32", index, lanes);

// long: a list
const fixedCases = (): Case[] => [
  {
    name: "loops of no, one and many rounds, with bounds known and unknown",
    samples: [
      [0, 0, 1],
      [3, 2, 1],
      [0, 1, 4],
      [0, 7, 3],
      [-2, 2, 1],
    ].flatMap(([start = 0, end = 0, step = 1]) =>
      [false, true].map((hidden) =>
        statements(64, (locals) => {
          const i = locals.local("i", "i32");
          const zero = cast(at(int(0)), "i32");
          const bound = (value: number): Expr => (hidden ? add(int(value), zero) : int(value));
          return [
            loop(i, bound(start), bound(end), step, [store(0, add(use(i), int(2)), at(add(use(i), int(9))))]),
          ];
        }),
      ),
    ),
  },

  {
    name: "prefetches, which change nothing",
    samples: [
      statements(64, (locals) => {
        const i = locals.local("i", "i32");
        const ahead = binary("min", add(use(i), int(16)), int(63));
        return [
          loop(i, int(0), int(64), 1, [
            prefetch(1, ahead, "read"),
            prefetch(0, ahead, "write"),
            store(0, use(i), at(use(i))),
          ]),
        ];
      }),
    ],
  },

  {
    name: "nested loops with a sum carried through",
    samples: [
      statements(
        40,
        (locals, chunk) => {
          const [i, j] = [locals.local("i", "i32"), locals.local("j", "i32")];
          const sum = locals.variable("sum", "f32", 4);
          const row = add(mul(use(chunk), int(2)), use(i));
          return [
            loop(i, int(0), int(2), 1, [
              define(sum, constant(0, "f32", 4)),
              loop(j, use(i), int(5), 1, [
                set(sum, add(use(sum), at(add(mul(row, int(16)), mul(use(j), int(2))), 4))),
                set(sum, add(use(sum), splat(at(add(mul(row, int(16)), use(j))), 4))),
              ]),
              store(0, mul(row, int(4)), use(sum)),
            ]),
          ];
        },
        { chunks: 5 },
      ),
    ],
  },

  {
    name: "if with both branches, and locals that end with them",
    samples: [
      statements(32, (locals) => {
        const i = locals.local("i", "i32");
        const [a, b] = [locals.local("a", "f32"), locals.local("b", "f32")];
        return [
          loop(i, int(0), int(32), 1, [
            when(
              compare("lt", use(i), int(10)),
              [define(a, at(add(use(i), int(5)))), store(0, use(i), use(a))],
              [
                define(b, at(add(use(i), int(7)))),
                when(compare("ne", use(i), int(12)), [store(0, use(i), use(b))]),
              ],
            ),
          ]),
        ];
      }),
    ],
  },

  {
    name: "a value computed twice is computed again after its local or memory changed",
    samples: [
      statements(16, (locals) => {
        const x = locals.variable("x", "f32");
        const p = locals.variable("p", "i32");
        const twice = mul(add(use(x), constant(1, "f32")), add(use(x), constant(1, "f32")));
        const own = load(0, "float32", add(use(p), int(1)));
        return [
          define(x, constant(3, "f32")),
          define(p, int(4)),
          store(0, int(0), twice),
          set(x, twice),
          store(0, int(1), twice),
          store(0, use(p), at(add(use(p), int(8)))),
          store(0, add(use(p), int(1)), add(own, constant(2, "f32"))),
          store(0, int(2), own),
          set(p, add(use(p), int(3))),
          store(0, use(p), at(add(use(p), int(8)))),
          store(0, int(3), own),
        ];
      }),
    ],
  },

  {
    name: "an offset that a loop changes, inside the loop, after it and in a branch",
    samples: [
      statements(64, (locals) => {
        const [i, j] = [locals.local("i", "i32"), locals.local("j", "i32")];
        const p = locals.variable("p", "i32");
        const here = mul(use(p), int(2));
        return [
          define(p, int(1)),
          store(0, here, at(here)),
          loop(i, int(0), int(4), 1, [
            store(0, add(here, int(8)), at(add(here, use(i)))),
            loop(j, int(0), int(3), 1, [
              store(0, add(add(here, use(j)), int(20)), at(add(here, mul(use(j), int(3))))),
              when(compare("eq", use(j), int(1)), [set(p, add(use(p), int(1)))]),
            ]),
            store(0, add(here, int(40)), at(add(here, int(6)))),
          ]),
          store(0, here, at(add(here, int(1)))),
        ];
      }),
    ],
  },

  {
    name: "a value computed before and after a loop or branch that changes what it reads",
    samples: [
      statements(8, (locals) => {
        const i = locals.local("i", "i32");
        const x = locals.variable("x", "f32");
        const square = mul(add(use(x), constant(1, "f32")), add(use(x), constant(1, "f32")));
        return [
          define(x, constant(3, "f32")),
          store(0, int(0), square),
          loop(i, int(0), int(3), 1, [set(x, add(use(x), at(use(i))))]),
          store(0, int(1), square),
          when(compare("lt", use(x), constant(50, "f32")), [set(x, square)]),
          store(0, int(2), square),
        ];
      }),
    ],
  },

  {
    name: "an index read from memory that changes inside the loop",
    samples: [
      statements(16, (locals) => {
        const i = locals.local("i", "i32");
        const index = cast(load(0, "float32", int(0)), "i32");
        return [
          loop(i, int(0), int(6), 1, [
            store(0, add(index, int(1)), at(add(index, int(3)))),
            store(0, int(0), cast(mul(use(i), int(2)), "f32")),
          ]),
        ];
      }),
    ],
  },

  {
    name: "a constant does not go into the offset field where the rest is negative",
    samples: [
      statements(4096, (locals) => {
        const i = locals.local("i", "i32");
        const p = locals.variable("p", "i32");
        return [
          define(p, int(0)),
          loop(i, int(0), int(4), 1, [
            store(0, sub(int(4000), mul(use(i), int(1000))), constant(1, "f32")),
            store(0, add(sub(int(7), mul(use(i), int(1000))), int(3994)), constant(2, "f32")),
            store(0, add(use(p), int(4002)), cast(use(i), "f32")),
            set(p, sub(use(p), int(1000))),
          ]),
        ];
      }),
    ],
  },

  {
    name: "pointers to either of two buffers, with offsets on both sides",
    samples: [
      statements(24, (locals) => {
        const i = locals.local("i", "i32");
        const p = locals.local("p", "ptr");
        const q = locals.variable("q", "ptr");
        return [
          define(q, address(1, int(50))),
          loop(i, int(0), int(20), 1, [
            define(
              p,
              select(compare("lt", use(i), int(9)), address(1, mul(use(i), int(3))), address(0, int(0))),
            ),
            store(
              0,
              add(use(i), int(4)),
              add(loadAt(use(p), "float32", int(2)), loadAt(use(q), "float32", use(i))),
            ),
            when(compare("eq", use(i), int(6)), [set(q, address(1, sub(use(i), int(1))))]),
          ]),
        ];
      }),
    ],
  },

  {
    name: "indices of every kind, against padding and divisions",
    samples: [
      statements(6 * 7, (locals, chunk) => {
        const [y, x] = [locals.local("y", "i32"), locals.local("x", "i32")];
        const [row, column] = [sub(use(y), int(1)), add(use(x), int(-2))];
        const inside = binary("and", compare("le", int(0), row), compare("le", int(0), column));
        const flat = add(mul(use(y), int(7)), use(x));
        const turned = add(mul(binary("mod", flat, int(6)), int(7)), binary("idiv", flat, int(6)));
        return [
          loop(y, int(0), int(6), 1, [
            loop(x, int(0), int(7), 1, [
              store(0, flat, at(sub(int(100), turned))),
              when(inside, [store(0, flat, at(add(mul(add(row, use(chunk)), int(7)), column)))]),
            ]),
          ]),
        ];
      }),
    ],
  },
];

/** Loads and stores that hit elements given by sums, products and divisions drawn at random. */
function randomSamples(): Sample[] {
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: 60 }, () =>
    statements(64, (locals, chunk) => {
      const [i, j, k] = ["i", "j", "k"].map((name) => locals.local(name, "i32")) as [Local, Local, Local];
      const variables = [chunk, i, j, k];
      const expression = (depth: number): Expr => {
        const pick = random(depth > 0 ? 7 : 2);
        if (pick === 0) return int(random(21) - 10);
        if (pick === 1) return use(variables[random(4)] as Local);
        const a = expression(depth - 1);
        if (pick === 2) return sub(a, expression(depth - 1));
        if (pick === 3) return mul(a, int(random(7) - 3));
        if (pick === 4) return binary(random(2) === 0 ? "idiv" : "mod", a, int(random(6) + 1));
        return add(a, expression(depth - 1));
      };
      // Bounded from outside, so that the sums themselves reach the address without a modulo in between.
      const bounded = (e: Expr, limit: number): Expr => binary("max", int(0), binary("min", e, int(limit)));
      const read = (): Expr => at(add(bounded(expression(3), 90), add(mul(use(j), int(5)), int(random(9)))));
      const target = add(add(mul(use(i), int(16)), mul(use(j), int(4))), use(k));
      return [
        loop(i, int(0), int(4), 1, [
          loop(j, int(random(2)), int(4), 1, [
            loop(k, int(0), int(4), 1, [
              store(0, target, add(read(), add(read(), load(0, "float32", target)))),
            ]),
          ]),
        ]),
      ];
    }),
  );
}

export function statementCases(): Case[] {
  return [
    ...fixedCases(),

    { name: "random index arithmetic", samples: randomSamples() },
    { name: "scratch memory", samples: [{ program: scratchProgram(), contents: [] }] },
  ];
}
