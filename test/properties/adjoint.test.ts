/**
 * Gradients of random compositions. Each step is linear, or picks elements of its input, so the gradient must be what
 * the adjoint says: <f(x), v> = <x, f'(v)>. Numbers are whole and in float64, so both sides are exact.
 */
import * as fc from "fast-check";
import * as F from "../../src/nn/functional.ts";
import { cat, einsum, stack, where } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  type Draw,
  drawFrom,
  fullShapes,
  numbers,
  pick,
  properties,
  seeds,
  tensorOf,
} from "./harness.test-helper.ts";

/** A step, or null where it does not fit the tensor. */
type Step = (x: Tensor, draw: Draw) => Tensor | null;

const axisOf = (x: Tensor, draw: Draw): number => draw(x.ndim);
const sizeAt = (x: Tensor, axis: number): number => x.shape[axis] as number;

function indexOf(shape: readonly number[], below: number, draw: Draw): Tensor {
  return tensorOf(numbers(shape, draw, 0, below - 1), "int32");
}

/** Steps for tensors of one dimension or more. */
const steps: Readonly<Record<string, Step>> = {
  permute: (x, draw) => {
    const left = x.shape.map((_, d) => d);
    return x.permute(x.shape.map(() => left.splice(draw(left.length), 1)[0] as number));
  },
  flatten: (x, draw) => x.flatten(draw(x.ndim)),
  narrow: (x, draw) => {
    const axis = axisOf(x, draw);
    const start = draw(sizeAt(x, axis));
    return x.narrow(axis, start, 1 + draw(sizeAt(x, axis) - start));
  },
  slice: (x, draw) => x.slice(axisOf(x, draw), draw(2) === 0 ? null : -3, null, { step: 1 + draw(3) }),
  select: (x, draw) => {
    const axis = axisOf(x, draw);
    return x.select(axis, draw(sizeAt(x, axis)));
  },
  index: (x, draw) => {
    const lists = x.shape.map((s) => (draw(2) === 0 ? null : numbers([3], draw, -s, s - 1).data));
    return x.index(lists);
  },
  gather: (x, draw) => {
    const axis = axisOf(x, draw);
    const shape = x.shape.map((s, d) => (d === axis ? 1 + draw(5) : s));
    return x.gather(axis, indexOf(shape, sizeAt(x, axis), draw));
  },
  indexSelect: (x, draw) => {
    const axis = axisOf(x, draw);
    return x.indexSelect(axis, indexOf([1 + draw(5)], sizeAt(x, axis), draw));
  },
  scatterAdd: (x, draw) => {
    const axis = axisOf(x, draw);
    return x.mul(3).scatterAdd(axis, indexOf(x.shape, sizeAt(x, axis), draw), x);
  },
  scatter: (x, draw) => {
    const axis = axisOf(x, draw);
    return x.mul(2).scatter(axis, indexOf(x.shape, sizeAt(x, axis), draw), x.flip([axis]));
  },
  flip: (x, draw) => x.flip([axisOf(x, draw)]),
  roll: (x, draw) => x.roll(draw(7) - 3, axisOf(x, draw)),
  repeat: (x, draw) => x.repeat(x.shape.map(() => 1 + draw(2))),
  expand: (x, draw) => {
    const axis = axisOf(x, draw);
    const shape = [...x.shape.slice(0, axis), 1 + draw(3), ...x.shape.slice(axis)];
    return x.unsqueeze(axis).expand(shape);
  },
  cat: (x, draw) => cat([x, x.mul(2), x.neg()], axisOf(x, draw)),
  stack: (x, draw) => stack([x, x.mul(-3)], draw(x.ndim + 1)),
  unfold: (x, draw) => {
    const axis = axisOf(x, draw);
    return x.unfold(axis, 1 + draw(sizeAt(x, axis)), 1 + draw(3));
  },
  pad: (x, draw) => {
    const mode = pick(["constant", "reflect", "replicate", "circular"] as const, draw);
    const last = sizeAt(x, x.ndim - 1);
    const most = mode === "constant" ? 3 : Math.min(3, mode === "reflect" ? last - 1 : last);
    return x.pad([draw(most + 1), draw(most + 1)], { mode });
  },
  sum: (x, draw) => x.sum(axisOf(x, draw), { keepdim: draw(2) === 0 }),
  cumsum: (x, draw) => x.cumsum(axisOf(x, draw)),
  max: (x, draw) => x.max(axisOf(x, draw)).values,
  sort: (x, draw) => x.sort({ dim: axisOf(x, draw), descending: draw(2) === 0 }).values,
  topk: (x, draw) => {
    const dim = axisOf(x, draw);
    return x.topk(1 + draw(sizeAt(x, dim)), { dim }).values;
  },
  relu: (x) => x.relu(),
  where: (x, draw) => where(x.gt(draw(3)), x, x.mul(2)),
  "add its mirror": (x, draw) => x.add(x.flip([axisOf(x, draw)])),
  "minus its sum": (x, draw) => x.sub(x.sum(axisOf(x, draw), { keepdim: true })),
  "write in a copy": (x, draw) => {
    const axis = axisOf(x, draw);
    const y = x.clone();
    y.select(axis, draw(sizeAt(x, axis))).mul_(2);
    y.slice(axis, null, null, { step: 2 }).add_(x.select(axis, 0).unsqueeze(axis));
    return y;
  },
  linear: (x, draw) =>
    F.linear(x, tensorOf(numbers([1 + draw(3), sizeAt(x, x.ndim - 1)], draw, -2, 2), "float64")),
  einsum: (x, draw) => {
    if (x.ndim !== 2) return null;
    const m = tensorOf(numbers([x.shape[0] as number, 1 + draw(3)], draw, -2, 2), "float64");
    return einsum("ij,ik->kj", x, m);
  },
  conv2d: (x, draw) => {
    if (x.ndim !== 3) return null;
    const w = tensorOf(
      numbers([1 + draw(3), sizeAt(x, 0), 1 + draw(2), 1 + draw(3)], draw, -2, 2),
      "float64",
    );
    return F.conv2d(x, w, { padding: 1, stride: 1 + draw(2) });
  },
  "conv2d of a group each": (x, draw) => {
    if (x.ndim !== 3) return null;
    const w = tensorOf(numbers([2 * sizeAt(x, 0), 1, 3, 2], draw, -2, 2), "float64");
    return F.conv2d(x, w, { padding: [2, 1], dilation: [1 + draw(2), 1], groups: sizeAt(x, 0) });
  },
  maxPool2d: (x, draw) => (x.ndim === 3 ? F.maxPool2d(x, 2, { padding: 1, stride: 1 + draw(3) }) : null),
  "sums of windows": (x, draw) =>
    x.ndim === 3 ? F.avgPool2d(x, 2, { padding: 1, stride: 1 + draw(3), divisorOverride: 1 }) : null,
};

/** Largest number of elements, and magnitude of the sum of weights, that a chain may reach. */
const mostElements = 400;

properties("gradients", (holds) => {
  const chains = fc.tuple(fullShapes(1, 4), seeds, fc.array(seeds, { minLength: 1, maxLength: 6 }));
  holds(
    "are the adjoint",
    chains,
    ([shape, seed, chain]) => {
      const draw = drawFrom(seed);
      const x = tensorOf(numbers(shape, draw), "float64").requiresGrad_();
      let y = x.mul(1);
      for (const link of chain) {
        const next = drawFrom(link);
        if (y.ndim === 0) break;
        const z = steps[pick(Object.keys(steps), next)]?.(y, next) ?? null;
        if (z !== null && z.numel() > 0 && z.numel() <= mostElements && z.ndim < 6) y = z;
      }
      const v = tensorOf(numbers(y.shape, draw), "float64");
      y.backward({ gradient: v });
      const back = (x.grad as Tensor).mul(x.detach()).sum();
      return [{ got: y.mul(v).sum().sub(back), want: { shape: [], data: [0] } }];
    },
    { runs: 300, onWasm: 100 },
  );
});
