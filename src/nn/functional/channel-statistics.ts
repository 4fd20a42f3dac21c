/**
 * What normalisations with one statistic per channel share: vectors that fit the channels, and running statistics.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { cast, constant } from "../../graph/build.ts";
import { type Node, withGradMode } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloat, checkSameType } from "../arguments.ts";

/** Vectors of one element per channel, as far as there are any. */
export interface ChannelVectors {
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
}

/** Checks that all vectors fit the channels, which are axis `axis` of x. @throws ShapeError, DTypeError. */
export function checkChannels(x: Tensor, vectors: ChannelVectors, axis: 0 | 1, owner: string): void {
  checkFloat(x, owner);
  const { weight, bias, runningMean, runningVar } = vectors;
  const channels = x.shape[axis];
  for (const [name, vector] of Object.entries({ weight, bias, runningMean, runningVar })) {
    if (vector === null) continue;
    checkSameType(x, vector, owner, name);
    if (vector.ndim === 1 && vector.shape[0] === channels) continue;
    throw new ShapeError(
      `${owner}: input has ${channels ?? 0} channel${channels === 1 ? "" : "s"}, expected ${vector.shape.join(", ")} ` +
        `(input shape ${formatShape(x.shape)} is ${axis === 0 ? "C, H, W" : "N, C, ..."}; ${name} has shape ` +
        `${formatShape(vector.shape)})`,
      { input: x.shape, [name]: vector.shape },
    );
  }
}

/** running = (1 - momentum) * running + momentum * batch. */
export function moveTowards(running: Tensor | null, batch: Node, momentum: Node): void {
  if (running === null) return;
  withGradMode(false, () => running.assignNode(moved([running.node, batch, momentum])[0]));
}

type Operands = readonly [running: Node, batch: Node, momentum: Node];

const moved = composite("running statistics", ([running, batch, momentum]: Operands): [Node] => {
  const factor = cast(momentum, running.dtype);
  const old = ops.mul(ops.sub(constant(1, [], running.dtype), factor), running);
  return [ops.add(ops.mul(factor, batch), old)];
});
