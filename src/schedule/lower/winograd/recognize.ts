/**
 * Finds the contractions that Winograd's algorithm computes: 3 x 3 convolutions of stride 1 (a convolution or its input
 * gradient, told by their form alone) and the weight gradients of such, where that takes fewer cycles.
 */
import type { Node } from "../../../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../../../graph/operation.ts";
import { contractionPlan } from "../../contraction-plan.ts";
import { factorOf, type Index, substitute } from "../../index-math.ts";
import type { Buffer, LoweredCall, LoweringContext } from "../../plan.ts";
import { type Access, accessOf, axisIndex } from "../access.ts";
import { lowerPack } from "../pack.ts";
import { type Dimensions, dimensionsOf, type Extent, slidingOperand, worthwhile } from "./form.ts";

/** An operand that lies over the image: what a step along each dimension is in its buffer. */
export interface ImageOperand {
  readonly buffer: Buffer;
  /** Element of the first image's first pixel and channel. */
  readonly start: number;
  readonly image: number;
  readonly y: number;
  readonly x: number;
}

/** Both directions of a 3 x 3 convolution: the sizes, and the operand that windows slide over. */
export interface Geometry extends Dimensions {
  readonly node: Node;
  readonly spec: ContractionSpec;
  readonly input: ImageOperand;
}

export interface Convolution extends Geometry {
  readonly kind: "convolution";
  readonly weight: Node;
  readonly weightMaps: readonly AxisMap[];
}

export interface WeightGradient extends Geometry {
  readonly kind: "weight gradient";
  readonly gradient: ImageOperand;
  /** The kernel that lays the gradient out, where its filters do not lie side by side. */
  readonly before: readonly LoweredCall[];
}

/** What Winograd's algorithm is used for, or null. */
export function recognize(node: Node, context: LoweringContext): Convolution | WeightGradient | null {
  if (context.strict || node.op.kind !== "contraction" || node.dtype !== "float32") return null;
  const { spec } = node.op;
  const sliding = slidingOperand(spec);
  if (sliding === null) return null;
  const found = dimensionsOf(spec, sliding === 0 ? [spec.a, spec.b] : [spec.b, spec.a]);
  if (found === null) return null;
  const operands = sliding === 0 ? node.inputs : [...node.inputs].reverse();
  const [input, other] = operands as [Node, Node];
  const [inputMaps, otherMaps] = sliding === 0 ? [spec.a, spec.b] : [spec.b, spec.a];
  const reached = accessOf(input, inputMaps, spec, context);
  const inputOperand = reached === null ? null : imageOperand(reached, found, found.channels);
  if (inputOperand === null) return null;
  const geometry = { node, spec, ...found, input: inputOperand };
  const { lanes } = context.target;
  if ((found.kernelY.dim as number) >= spec.outputs) {
    const weights = context.isSteady(other) ? "steady" : "changing";
    if (!worthwhile(found, lanes, { weights })) return null;
    if (contractionPlan(node, context).rowOperand !== sliding) return null;
    return { kind: "convolution", ...geometry, weight: other, weightMaps: otherMaps };
  }
  const weights = "gradient";
  if (!worthwhile(found, lanes, { weights })) return null;
  const access = accessOf(other, otherMaps, spec, context);
  const lies = access === null ? null : imageOperand(access, found, found.filters);
  if (lies === null && !worthwhile(found, lanes, { weights, share: shareToLayOut })) return null;
  const { gradient, before } =
    lies === null ? laidOut(other, otherMaps, geometry, context) : { gradient: lies, before: [] };
  return { kind: "weight gradient", ...geometry, gradient, before };
}

/** What may be left of the cycles where the gradient is laid out first. */
const shareToLayOut = 0.7;

/** The gradient in a buffer of its own, filters side by side. */
function laidOut(
  operand: Node,
  maps: readonly AxisMap[],
  { spec, images, height, width, filters }: Geometry,
  context: LoweringContext,
): { gradient: ImageOperand; before: readonly LoweredCall[] } {
  const around = [images, height, width];
  const size = around.reduce((n, e) => n * e.size, filters.size);
  const buffer = context.temporary(operand.dtype, size);
  const pack = lowerPack(
    {
      operand,
      target: buffer,
      batch: 1,
      columns: filters.size,
      width: filters.size,
      summed: around.map((e) => e.size),
      at: (_, filter, pixel) => {
        const places = new Map([[`x${filters.dim}`, filter]]);
        around.forEach((e, i) => {
          places.set(`x${e.dim}`, pixel[i] as Index);
        });
        return maps.map((m) => substitute(axisIndex(m, spec), places));
      },
    },
    context,
  );
  const [x, y] = [filters.size, width.size * filters.size];
  return { gradient: { buffer, start: 0, image: height.size * y, y, x }, before: [pack] };
}

/** The operand as memory, if its channels lie side by side. */
function imageOperand({ buffer, index }: Access, found: Dimensions, side: Extent): ImageOperand | null {
  const step = (e: Extent): number => stepOf(index, e);
  if (step(side) !== 1) return null;
  return {
    buffer,
    start: index.offset,
    image: step(found.images),
    y: step(found.height),
    x: step(found.width),
  };
}

const stepOf = (index: Index, { dim }: Extent): number => (dim === null ? 0 : factorOf(index, `x${dim}`));
