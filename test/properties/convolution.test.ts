/** Convolutions and pools of random geometry, against loops over windows. */
import * as F from "../../src/nn/functional.ts";
import { fromCoordinates, type Plain, read } from "../conformance/plain.ts";
import {
  type Draw,
  drawFrom,
  type Expected,
  numbers,
  properties,
  refused,
  seeds,
  tensorOf,
} from "./harness.test-helper.ts";

type Pair = [number, number];

const pair = (draw: Draw, least: number, most: number): Pair => [
  least + draw(most - least + 1),
  least + draw(most - least + 1),
];

interface Windows {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

/** Sizes of an output, PyTorch's formula; with `ceil` no window starts in the padding at the end. */
function outputs(input: Pair, w: Windows, ceil = false): Pair {
  return input.map((size, d) => {
    const [k, s, p, l] = [w.kernel[d], w.stride[d], w.padding[d], w.dilation[d]] as [
      number,
      number,
      number,
      number,
    ];
    const steps = (size + 2 * p - l * (k - 1) - 1) / s;
    const count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    return ceil && (count - 1) * s >= size + p ? count - 1 : count;
  }) as Pair;
}

const fits = (input: Pair, w: Windows): boolean =>
  input.every(
    (size, d) =>
      size + 2 * (w.padding[d] as number) > (w.dilation[d] as number) * ((w.kernel[d] as number) - 1),
  );

/** Rows and columns of the elements of window (y, x), and which element each is. */
function places(w: Windows, y: number, x: number): { row: number; column: number; k: Pair }[] {
  const out: { row: number; column: number; k: Pair }[] = [];
  for (let i = 0; i < w.kernel[0]; i++) {
    for (let j = 0; j < w.kernel[1]; j++) {
      out.push({
        row: y * w.stride[0] - w.padding[0] + i * w.dilation[0],
        column: x * w.stride[1] - w.padding[1] + j * w.dilation[1],
        k: [i, j],
      });
    }
  }
  return out;
}

function geometry(draw: Draw): { size: Pair; w: Windows } {
  return {
    size: pair(draw, 1, 9),
    w: {
      kernel: pair(draw, 1, 4),
      stride: pair(draw, 1, 3),
      padding: pair(draw, 0, 2),
      dilation: pair(draw, 1, 2),
    },
  };
}

properties("convolution", (holds) => {
  holds("conv2d", seeds, (seed) => {
    const draw = drawFrom(seed);
    const { size, w } = geometry(draw);
    const [groups, perIn, perOut] = [1 + draw(3), 1 + draw(3), 1 + draw(3)];
    const x = numbers([1 + draw(3), groups * perIn, ...size], draw, -3, 3);
    const weight = numbers([groups * perOut, perIn, ...w.kernel], draw, -3, 3);
    const bias = draw(2) === 0 ? null : numbers([groups * perOut], draw);
    const options = {
      stride: w.stride,
      padding: w.padding,
      dilation: w.dilation,
      groups,
      bias: bias === null ? null : tensorOf(bias),
    };
    const [tx, tw] = [tensorOf(x), tensorOf(weight)];
    const call = (): Expected["got"] => F.conv2d(tx, tw, options);
    refused(() => F.conv2d(tx.narrow(1, 0, 1).repeat([1, groups * perIn + 1, 1, 1]), tw, options), "conv2d");
    if (!fits(size, w)) {
      refused(call, "conv2d");
      return [];
    }
    const want = fromCoordinates(
      [x.shape[0] as number, groups * perOut, ...outputs(size, w)],
      ([n, o, y, c]) => {
        const first = Math.floor((o as number) / perOut) * perIn;
        let sum = bias?.data[o as number] ?? 0;
        for (const { row, column, k } of places(w, y as number, c as number)) {
          for (let i = 0; i < perIn; i++) {
            sum += read(x, [n as number, first + i, row, column]) * read(weight, [o as number, i, ...k]);
          }
        }
        return sum;
      },
    );
    return [{ got: call(), want }];
  });

  holds("convTranspose2d", seeds, (seed) => {
    const draw = drawFrom(seed);
    const { size, w } = geometry(draw);
    const [groups, perIn, perOut] = [1 + draw(2), 1 + draw(3), 1 + draw(3)];
    const x = numbers([1 + draw(2), groups * perIn, ...size], draw, -3, 3);
    const weight = numbers([groups * perIn, perOut, ...w.kernel], draw, -3, 3);
    const outputPadding = w.stride.map((s, d) => draw(Math.max(s, w.dilation[d] as number))) as Pair;
    const options = { stride: w.stride, padding: w.padding, dilation: w.dilation, groups, outputPadding };
    const out = size.map(
      (s, d) =>
        (s - 1) * (w.stride[d] as number) -
        2 * (w.padding[d] as number) +
        (w.dilation[d] as number) * ((w.kernel[d] as number) - 1) +
        (outputPadding[d] as number) +
        1,
    ) as Pair;
    const call = (): Expected["got"] => F.convTranspose2d(tensorOf(x), tensorOf(weight), options);
    if (out.some((s) => s < 1)) {
      refused(call, "convTranspose2d");
      return [];
    }
    const want = fromCoordinates([x.shape[0] as number, groups * perOut, ...out], ([n, o, y, c]) => {
      const group = Math.floor((o as number) / perOut);
      let sum = 0;
      fromCoordinates(size, ([row, column]) => {
        for (const at of places(w, row as number, column as number)) {
          if (at.row !== y || at.column !== c) continue;
          for (let i = group * perIn; i < (group + 1) * perIn; i++) {
            const factor = read(weight, [i, (o as number) % perOut, ...at.k]);
            sum += read(x, [n as number, i, row as number, column as number]) * factor;
          }
        }
        return 0;
      });
      return sum;
    });
    return [{ got: call(), want }];
  });

  holds("conv1d", seeds, (seed) => {
    const draw = drawFrom(seed);
    const [length, kernel, stride, padding, dilation] = [
      1 + draw(12),
      1 + draw(4),
      1 + draw(3),
      draw(3),
      1 + draw(3),
    ];
    const x = numbers([1 + draw(2), 2, length], draw, -3, 3);
    const weight = numbers([3, 2, kernel], draw, -3, 3);
    const call = (): Expected["got"] =>
      F.conv1d(tensorOf(x), tensorOf(weight), { stride, padding, dilation });
    const room = length + 2 * padding - dilation * (kernel - 1) - 1;
    if (room < 0) {
      refused(call, "conv1d");
      return [];
    }
    const want = fromCoordinates([x.shape[0] as number, 3, Math.floor(room / stride) + 1], ([n, o, p]) => {
      let sum = 0;
      for (let i = 0; i < 2; i++) {
        for (let k = 0; k < kernel; k++) {
          const at = (p as number) * stride - padding + k * dilation;
          sum += read(x, [n as number, i, at]) * read(weight, [o as number, i, k]);
        }
      }
      return sum;
    });
    return [{ got: call(), want }];
  });
});

/** Geometry that pools take: padding of at most half the kernel. */
function poolGeometry(draw: Draw): { size: Pair; w: Windows } {
  const { size, w } = geometry(draw);
  const padding = w.kernel.map((k) => draw(Math.floor(k / 2) + 1)) as Pair;
  return { size, w: { ...w, padding } };
}

function plane(draw: Draw, size: Pair): Plain {
  return numbers([...(draw(3) === 0 ? [] : [1 + draw(2)]), 1 + draw(3), ...size], draw, -9, 9);
}

const inside = (size: Pair, row: number, column: number): boolean =>
  row >= 0 && row < size[0] && column >= 0 && column < size[1];

properties("pools", (holds) => {
  holds("maxPool2d", seeds, (seed) => {
    const draw = drawFrom(seed);
    const { size, w } = poolGeometry(draw);
    const x = plane(draw, size);
    const ceilMode = draw(2) === 0;
    const { stride, padding, dilation } = w;
    const options = { stride, padding, dilation, ceilMode, returnIndices: true } as const;
    const out = outputs(size, w, ceilMode);
    if (out.some((s) => s < 1)) {
      refused(() => F.maxPool2d(tensorOf(x), w.kernel, options), "maxPool2d");
      return [];
    }
    const lead = x.shape.slice(0, -2);
    const best = (i: readonly number[]): { value: number; at: number } => {
      const [y, c] = i.slice(-2) as Pair;
      let found = { value: Number.NEGATIVE_INFINITY, at: -1 };
      for (const { row, column } of places(w, y, c)) {
        if (!inside(size, row, column)) continue;
        const value = read(x, [...i.slice(0, -2), row, column]);
        if (value > found.value) found = { value, at: row * size[1] + column };
      }
      return found;
    };
    const [values, indices] = F.maxPool2d(tensorOf(x), w.kernel, options);
    const want = fromCoordinates([...lead, ...out], (i) => best(i).value);
    const maxima = { got: values, want };
    // With dilation a window may lie between the elements; where its maximum is has no answer then.
    if (!want.data.every(Number.isFinite)) return [maxima];
    return [maxima, { got: indices, want: fromCoordinates([...lead, ...out], (i) => best(i).at) }];
  });

  holds("avgPool2d", seeds, (seed) => {
    const draw = drawFrom(seed);
    const drawn = poolGeometry(draw);
    const { size } = drawn;
    const w: Windows = { ...drawn.w, dilation: [1, 1] };
    const x = plane(draw, size);
    const [ceilMode, countIncludePad] = [draw(2) === 0, draw(2) === 0];
    const divisorOverride = draw(4) === 0 ? 1 + draw(5) : null;
    const { stride, padding } = w;
    const options = { stride, padding, ceilMode, countIncludePad, divisorOverride };
    const out = outputs(size, w, ceilMode);
    if (out.some((s) => s < 1)) {
      refused(() => F.avgPool2d(tensorOf(x), w.kernel, options), "avgPool2d");
      return [];
    }
    const want = fromCoordinates([...x.shape.slice(0, -2), ...out], (i) => {
      const [y, c] = i.slice(-2) as Pair;
      let [sum, covered, real] = [0, 0, 0];
      for (const { row, column } of places(w, y, c)) {
        if (row < size[0] + padding[0] && column < size[1] + padding[1]) covered++;
        if (!inside(size, row, column)) continue;
        real++;
        sum += read(x, [...i.slice(0, -2), row, column]);
      }
      return sum / (divisorOverride ?? (countIncludePad ? covered : real));
    });
    return [{ got: F.avgPool2d(tensorOf(x), w.kernel, options), want, tolerance: 1e-5 }];
  });

  holds("adaptive pools", seeds, (seed) => {
    const draw = drawFrom(seed);
    const size = pair(draw, 1, 9);
    const out = pair(draw, 1, 9);
    const x = plane(draw, size);
    const over = (i: readonly number[]): number[] => {
      const [y, c] = i.slice(-2) as Pair;
      const list: number[] = [];
      const [top, bottom] = [Math.floor((y * size[0]) / out[0]), Math.ceil(((y + 1) * size[0]) / out[0])];
      const [left, right] = [Math.floor((c * size[1]) / out[1]), Math.ceil(((c + 1) * size[1]) / out[1])];
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++)
          list.push(read(x, [...i.slice(0, -2), row, column]));
      }
      return list;
    };
    const shape = [...x.shape.slice(0, -2), ...out];
    const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    const t = tensorOf(x);
    return [
      { got: F.adaptiveMaxPool2d(t, out), want: fromCoordinates(shape, (i) => Math.max(...over(i))) },
      {
        got: F.adaptiveAvgPool2d(t, out),
        want: fromCoordinates(shape, (i) => mean(over(i))),
        tolerance: 1e-5,
      },
    ];
  });
});
