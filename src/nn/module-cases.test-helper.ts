/**
 * Cases of layers (`<layer>.cases.ts`, beside the layer): a configuration is the layer here, the same in PyTorch, and
 * inputs. All parameters become inputs of the case too, so that results, the gradient of every input and that of every
 * parameter are compared on every engine, and differentiated numerically, as those of operations are.
 */
import { type DType, isFloat } from "../base/dtype.ts";
import type { Node } from "../graph/node.ts";
import {
  type BadInput,
  type CaseInput,
  type OpCases,
  type Sample,
  uniform,
} from "../ops/op-cases.test-helper.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** One configuration of a layer. */
export interface ModuleSample extends Pick<Sample, "name" | "inputs" | "floor" | "kinks" | "firstOrderOnly"> {
  /** Makes the layer; called anew for each use. */
  readonly make: () => Module;
  /** Python expression for the same layer, with `nn`, `torch` and `math`. */
  readonly torch: string;
  /** "eval" for what the layer does in evaluation; "train" by default. */
  readonly mode?: "train" | "eval";
  /** What to call with: the inputs, by default. Both in Python and here for layers that take more than tensors. */
  readonly call?: {
    readonly run: (module: Module, inputs: readonly Tensor[]) => unknown;
    readonly torch: string;
  };
  /** Values of parameters, by name; uniform in [-1, 1) by default. */
  readonly parameters?: Readonly<Record<string, CaseInput>>;
}

/** The cases of a layer. */
export function moduleCases(
  name: string,
  samples: readonly ModuleSample[],
  bad: readonly BadInput[] = [],
): OpCases {
  return { op: name, samples: samples.map(sampleOf), bad };
}

function sampleOf(sample: ModuleSample): Sample {
  const { name, make, inputs, parameters = {}, call, mode = "train", ...rest } = sample;
  const shapes = make()
    .namedParameters()
    .map(([path, p]) => ({ path, input: parameters[path] ?? uniform(p.shape, -1, 1) }));
  const letter = (i: number): string => String.fromCharCode("a".charCodeAt(0) + i);
  const given = inputs.map((_, i) => letter(i));
  const state = shapes.map(({ path }, i) => `"${path}": ${letter(inputs.length + i)}`);
  const module = mode === "eval" ? `${sample.torch}.eval()` : sample.torch;
  return {
    ...rest,
    name,
    inputs: [...inputs, ...shapes.map(({ input }) => input)],
    torch: `call(${module}, {${state.join(", ")}}, ${call?.torch ?? `[${given.join(", ")}]`})`,
    run: (...nodes) => {
      const layer = buffersAs((nodes[0] as Node).dtype, make().train(mode === "train"));
      shapes.forEach(({ path }, i) => void substitute(layer, path, nodes[inputs.length + i] as Node));
      const tensors = nodes.slice(0, inputs.length).map((node) => new Tensor(node));
      const apply = layer as unknown as (...inputs: readonly Tensor[]) => unknown;
      const output = call === undefined ? apply(...tensors) : call.run(layer, tensors);
      return [output].flat().map((t) => (t as Tensor).node);
    },
  };
}

/** The module with its float buffers in the type of a case's inputs, which is float64 for finite differences. */
export function buffersAs<M extends Module>(dtype: DType, module: M): M {
  for (const part of module.modules()) {
    for (const [name, buffer] of part.namedBuffers("", { recurse: false }))
      if (isFloat(buffer.dtype)) part.registerBuffer(name, buffer.to(dtype));
  }
  return module;
}

/** Puts a tensor over the node in the place of a parameter. */
function substitute(module: Module, path: string, node: Node): void {
  const names = path.split(".");
  const owner = names.slice(0, -1).reduce<object>((m, name) => Reflect.get(m, name) as object, module);
  if (!Reflect.set(owner, names.at(-1) as string, new Tensor(node))) throw new Error(`cannot set ${path}`);
}
