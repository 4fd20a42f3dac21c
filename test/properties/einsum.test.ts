/** `einsum` and `matmul` with random equations, against a loop over all names. */
import * as fc from "fast-check";
import { einsum } from "../../src/tensor/create.ts";
import { fromCoordinates, type Plain, read } from "../conformance/plain.ts";
import {
  type Draw,
  drawFrom,
  numbers,
  pick,
  properties,
  refused,
  seeds,
  tensorOf,
} from "./harness.test-helper.ts";

const letters = ["i", "j", "k", "l", "M"] as const;

interface Equation {
  readonly inputs: readonly string[];
  readonly output: string;
  readonly sizes: Readonly<Record<string, number>>;
}

/** One to three operands of up to three axes; a letter may come twice in an operand. */
function equation(draw: Draw): Equation {
  const sizes = Object.fromEntries(letters.map((l) => [l, draw(20) === 0 ? 0 : 1 + draw(4)]));
  const inputs = Array.from({ length: 1 + draw(3) }, () =>
    Array.from({ length: draw(4) }, () => pick(letters, draw)).join(""),
  );
  const present = letters.filter((l) => inputs.join("").includes(l));
  const left = [...present];
  const order = present.map(() => left.splice(draw(left.length), 1)[0]);
  return { inputs, output: order.slice(0, draw(present.length + 1)).join(""), sizes };
}

/** The sum over all letters that the result does not have, letter by letter. */
function byLoop({ inputs, output, sizes }: Equation, operands: readonly Plain[]): Plain {
  const summed = letters.filter((l) => inputs.join("").includes(l) && !output.includes(l));
  const sizeOfEach = (names: Iterable<string>): number[] => [...names].map((l) => sizes[l] as number);
  return fromCoordinates(sizeOfEach(output), (i) => {
    let total = 0;
    fromCoordinates(sizeOfEach(summed), (s) => {
      const at = (l: string): number =>
        output.includes(l) ? (i[output.indexOf(l)] as number) : (s[summed.indexOf(l as "i")] as number);
      total += operands.reduce((p, x, o) => p * read(x, [...(inputs[o] as string)].map(at)), 1);
      return 0;
    });
    return total;
  });
}

properties("einsum", (holds) => {
  holds(
    "of named axes",
    seeds,
    (seed) => {
      const draw = drawFrom(seed);
      const e = equation(draw);
      const operands = e.inputs.map((names) =>
        numbers(
          [...names].map((l) => e.sizes[l] as number),
          draw,
          -2,
          2,
        ),
      );
      const dtype = pick(["float32", "float64", "int32"] as const, draw);
      const tensors = operands.map((x) => tensorOf(x, dtype));
      const text = `${e.inputs.join(",")}->${e.output}`;
      refused(() => einsum(`${e.inputs.join(",")},i->`, ...tensors), "einsum");
      refused(() => einsum(`${e.inputs.join(",")}->z`, ...tensors), "einsum");
      refused(() => einsum(`${e.inputs.map((n) => `${n}i`).join(",")}->`, ...tensors), "einsum");
      return [{ got: einsum(text, ...tensors), want: byLoop(e, operands), dtype }];
    },
    { runs: 300, onWasm: 100 },
  );

  holds(
    "as a batch of matrix products",
    fc.tuple(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }), seeds),
    ([batch, seed]) => {
      const draw = drawFrom(seed);
      const [n, k, m] = [draw(5), draw(5), draw(5)];
      const some = (): number[] => batch.map((s) => (draw(3) === 0 ? 1 : s)).slice(draw(batch.length + 1));
      const [vectorA, vectorB] = [draw(5) === 0, draw(5) === 0];
      const a = numbers(vectorA ? [k] : [...some(), n, k], draw, -3, 3);
      const b = numbers(vectorB ? [k] : [...some(), k, m], draw, -3, 3);
      const [ta, tb] = [tensorOf(a), tensorOf(b)];
      refused(() => ta.matmul(tensorOf(numbers(vectorB ? [k + 1] : [k + 1, m], draw))), "matmul");
      const [la, lb] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
      const ndim = Math.max(la.length, lb.length);
      const lead = Array.from({ length: ndim }, (_, d) =>
        Math.max(la[d - ndim + la.length] ?? 1, lb[d - ndim + lb.length] ?? 1),
      );
      const within = (x: Plain, i: readonly number[]): number[] => {
        const own = x.shape.slice(0, -2);
        return i.slice(i.length - own.length).map((v, d) => (own[d] === 1 ? 0 : v));
      };
      const shape = [...lead, ...(vectorA ? [] : [n]), ...(vectorB ? [] : [m])];
      const want = fromCoordinates(shape, (i) => {
        const at = i.slice(0, ndim);
        const row = vectorA ? [] : [...within(a, at), i[ndim] as number];
        const column = vectorB ? [] : [i[i.length - 1] as number];
        let sum = 0;
        for (let j = 0; j < k; j++) {
          sum += read(a, [...row, j]) * read(b, vectorB ? [j] : [...within(b, at), j, ...column]);
        }
        return sum;
      });
      return [{ got: ta.matmul(tb), want }];
    },
  );
});
