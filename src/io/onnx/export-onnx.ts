/**
 * Networks as ONNX files. Forward is followed at several sizes of the input without computing anything; operations become
 * operators of the standard, and sizes that differ between the traces are computed from those of the input.
 */
import { ArgumentError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { checkChoice, checkOptions } from "../../nn/arguments.ts";
import { Module } from "../../nn/module.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { takesCall, writeGraph } from "./export/export-graph.ts";
import { GraphWriter } from "./export/graph-writer.ts";
import { type Dim, mergeTapes, type Program, sameDim, Varying } from "./export/merge.ts";
import { type InputSpec, Ref, type StateNodes, stateOf, type Tape, traceModule } from "./export/trace.ts";
import type { OnnxNode, OnnxTensor, OnnxValueInfo } from "./schema.ts";
import { encodeModel } from "./write-model.ts";

/** Axes whose size is left open: their numbers, or a name for each. */
export type DynamicAxes = Readonly<Record<string, readonly number[] | Readonly<Record<number, string>>>>;

/** Options of `io.exportOnnx`; names and meaning are those of `torch.onnx.export`. */
export interface ExportOnnxOptions {
  /**
   * "eval" (the default) and "training" set the mode while exporting, "preserve" takes each module as it is. onnxruntime
   * runs batch normalisation in training mode only with `graphOptimizationLevel: "disabled"`.
   */
  readonly training?: "eval" | "training" | "preserve" | undefined;
  /** Version of the operator set, 17 to 21; 17 by default, which every current runtime reads. */
  readonly opsetVersion?: number | undefined;
  /** Names of forward's arguments; "input", or "input_0", "input_1" and so on, by default. */
  readonly inputNames?: readonly string[] | undefined;
  /** Names of what forward gives; the keys of a record, else "output" or "output_0" and so on, by default. */
  readonly outputNames?: readonly string[] | undefined;
  /** Axes of any size by input, such as `{ input: { 2: "height", 3: "width" } }`. Axes of one name have one size. */
  readonly dynamicAxes?: DynamicAxes | undefined;
  /** Whether axis 0 of every input is a batch of any size; true by default. */
  readonly dynamicBatch?: boolean | undefined;
}

const optionNames = ["training", "opsetVersion", "inputNames", "outputNames", "dynamicAxes", "dynamicBatch"];

/** The version of the file format that came with an operator set. */
const irVersions: Readonly<Record<number, number>> = { 17: 8, 18: 8, 19: 9, 20: 9, 21: 10 };

/**
 * Writes a network as an ONNX file, which onnxruntime, browsers and phones run and Netron shows. Layers and functions become
 * the operators of the same name; weights keep their names of the state dict, and nodes are called after their module.
 *
 * Nothing is computed: forward is followed for inputs of the example's shape. It must not read values (`item`, `data`), and has
 * to do the same for inputs of every size that is left open. Random operations draw other numbers in other runtimes.
 *
 * @param model any module whose arguments are tensors
 * @param exampleInputs one tensor, or a list of forward's arguments; only shapes and types count
 * @param options.training the mode: "eval" by default
 * @param options.opsetVersion 17 to 21; 17 by default
 * @param options.dynamicBatch whether axis 0 of inputs is of any size; true by default
 * @param options.dynamicAxes further axes of any size, by the input's name
 * @returns the bytes of the file
 * @throws ArgumentError naming operation and module where something cannot be expressed
 * @example
 * const bytes = await io.exportOnnx(model, images);
 * const network = io.importOnnx(bytes);
 * network(zeros([2, 1, 8, 8])).shape; // [2, 10]
 */
export async function exportOnnx(
  model: Module,
  exampleInputs: Tensor | readonly Tensor[],
  options: ExportOnnxOptions = {},
): Promise<Uint8Array> {
  const given = checkArguments(model, exampleInputs, options);
  const opset = checkOpset(options.opsetVersion ?? 17);
  const training = checkChoice(
    options.training ?? "eval",
    ["eval", "training", "preserve"],
    "training",
    "exportOnnx",
  );
  const inputNames = namesOf(options.inputNames, given.length, "input");
  const { nodes, tensors } = await stateOf(model);
  const state = await encodedState(tensors);
  const axes = symbolsOf(given, inputNames, options);
  const program = mergeTapes(tapesOf(model, given, axes, { state: nodes, opset, training }));
  const outputNames = outputNamesOf(program, options.outputNames);
  const inputs = given.map((_, i) => ({
    name: inputNames[i] as string,
    dims: program.steps[i]?.results[0]?.dims ?? [],
  }));
  const g = new GraphWriter(opset, inputs, outputNames, state);
  await writeGraph(g, program);
  const outputs = program.outputs.map(({ id }, i) => outputOf(g, id, outputNames[i] as string, axes));
  return encodeModel({
    irVersion: irVersions[opset] as number,
    producer: "tatamijs",
    opsets: new Map([["", opset]]),
    graph: {
      name: model.constructor.name,
      nodes: renamed(g, outputs),
      initializers: [...g.initializers.values()],
      inputs: given.map(({ dtype }, i) =>
        infoOf(inputNames[i] as string, dtype, inputs[i]?.dims ?? [], axes),
      ),
      outputs: outputs.map((o) => o.info),
    },
  });
}

function checkArguments(model: unknown, inputs: unknown, options: ExportOnnxOptions): readonly Tensor[] {
  checkOptions(options, optionNames, "exportOnnx", { flags: ["dynamicBatch"] });
  if (!(model instanceof Module)) {
    throw new ArgumentError("exportOnnx: the first argument is the model, a module; got something else", {
      model,
    });
  }
  const list: readonly unknown[] = Array.isArray(inputs) ? inputs : [inputs];
  if (list.length > 0 && list.every((t) => t instanceof Tensor)) return list;
  throw new ArgumentError(
    "exportOnnx: the second argument is an example of the input, such as zeros([1, 3, 32, 32]), or a list with one tensor for " +
      "each argument of forward",
    { inputs },
  );
}

function checkOpset(version: number): number {
  if (Object.hasOwn(irVersions, version)) return version;
  throw new ArgumentError(`exportOnnx: opsetVersion must be 17, 18, 19, 20 or 21; got ${version}`, {
    opsetVersion: version,
  });
}

function namesOf(names: readonly string[] | undefined, count: number, fallback: string): readonly string[] {
  if (names === undefined)
    return count === 1 ? [fallback] : Array.from({ length: count }, (_, i) => `${fallback}_${i}`);
  if (names.length === count && new Set(names).size === count && !names.includes("")) return names;
  throw new ArgumentError(
    `exportOnnx: ${fallback}Names must be ${count} different names; got ${names.join(", ")}`,
    { names },
  );
}

function outputNamesOf(program: Program, names: readonly string[] | undefined): readonly string[] {
  const own = program.outputs.map((o) => o.name);
  if (names === undefined && own.every((name) => name !== null)) return own;
  return namesOf(names, own.length, "output");
}

// Sizes that are left open

/** A name for sizes, and the axes that have it. */
interface OpenSize {
  readonly name: string;
  readonly axes: readonly { readonly input: number; readonly axis: number }[];
  /** The size in the first trace, and in the one that changes it. */
  readonly sizes: readonly [number, number];
}

function symbolsOf(
  given: readonly Tensor[],
  names: readonly string[],
  options: ExportOnnxOptions,
): OpenSize[] {
  const found = new Map<string, { input: number; axis: number }[]>();
  const note = (name: string, input: number, axis: number): void =>
    void found.set(name, [...(found.get(name) ?? []), { input, axis }]);
  const { dynamicAxes = {}, dynamicBatch = true } = options;
  for (const name of Object.keys(dynamicAxes)) {
    if (names.includes(name)) continue;
    // PyTorch takes outputs too; their sizes follow from the inputs.
    if (options.outputNames?.includes(name) === true) continue;
    throw new ArgumentError(
      `exportOnnx: dynamicAxes names "${name}", which is no input; inputs are ${names.join(", ")}`,
      {
        name,
      },
    );
  }
  given.forEach((tensor, input) => {
    const open = axisNames(dynamicAxes[names[input] as string] ?? {}, names[input] as string, tensor);
    if (dynamicBatch && tensor.ndim > 0 && !open.has(0)) open.set(0, "batch");
    for (const [axis, name] of [...open].sort(([a], [b]) => a - b)) note(name, input, axis);
  });
  return [...found].map(([name, axes]) => ({ name, axes, sizes: triedSizes(name, axes, given) }));
}

function axisNames(
  given: readonly number[] | Readonly<Record<number, string>>,
  input: string,
  tensor: Tensor,
): Map<number, string> {
  const entries: [number, string][] = Array.isArray(given)
    ? given.map((axis: number) => [axis, `${input}_dim_${axis}`])
    : Object.entries(given).map(([axis, name]) => [Number(axis), String(name)]);
  return new Map(
    entries.map(([axis, name]) => {
      const at = axis < 0 ? axis + tensor.ndim : axis;
      if (Number.isInteger(at) && at >= 0 && at < tensor.ndim) return [at, name];
      throw new ArgumentError(
        `exportOnnx: dynamicAxes: ${input} has no axis ${axis}; its shape is ${formatShape(tensor.shape)}`,
        {
          input,
          axis,
        },
      );
    }),
  );
}

/** Sizes of 1 are taken for axes that broadcast, so that they are none to try. */
function triedSizes(
  name: string,
  axes: OpenSize["axes"],
  given: readonly Tensor[],
): readonly [number, number] {
  const sizes = axes.map(({ input, axis }) => given[input]?.shape[axis] as number);
  if (new Set(sizes).size > 1) {
    throw new ArgumentError(
      `exportOnnx: axes called "${name}" have sizes ${sizes.join(" and ")} in the example; they must be one`,
      {
        name,
        sizes,
      },
    );
  }
  const isBatch = axes.every(({ axis }) => axis === 0);
  const size = Math.max(1, sizes[0] as number);
  return isBatch ? [2, 3] : [2 * size, 3 * size];
}

interface Setting {
  readonly state: StateNodes;
  readonly opset: number;
  readonly training: "eval" | "training" | "preserve";
}

/** One trace with all open sizes at their first value, and one for each with that size changed. */
function tapesOf(
  model: Module,
  given: readonly Tensor[],
  symbols: readonly OpenSize[],
  setting: Setting,
): Tape[] {
  const trace = (specs: readonly InputSpec[]): Tape =>
    inMode(model, setting.training, () =>
      traceModule(model, specs, setting.state, (call) => takesCall(call, setting.opset)),
    );
  const specsFor = (changed: OpenSize | null): InputSpec[] =>
    given.map(({ shape, dtype }, input) => ({
      dtype,
      shape: shape.map((size, axis) => {
        const symbol = symbols.find((s) => s.axes.some((a) => a.input === input && a.axis === axis));
        return symbol === undefined ? size : symbol.sizes[symbol === changed ? 1 : 0];
      }),
    }));
  return [null, ...symbols].map((symbol) => {
    const specs = specsFor(symbol);
    try {
      return trace(specs);
    } catch (error) {
      // Where forward fails for the example itself, that is what is wrong.
      trace(given.map(({ shape, dtype }) => ({ shape, dtype })));
      throw new ArgumentError(
        `exportOnnx: forward takes the example but no input of shape ${specs.map((s) => formatShape(s.shape)).join(", ")}: ` +
          `${(error as Error).message}. Axes of any size are ${symbols.map((s) => s.name).join(", ")}: leave those out of ` +
          "dynamicAxes that must not change, or set dynamicBatch: false",
        { shapes: specs.map((s) => s.shape) },
        { cause: error },
      );
    }
  });
}

/** Runs `body` with the model in a mode; modes and buffers are afterwards as they were. */
function inMode<T>(model: Module, training: Setting["training"], body: () => T): T {
  const modes = model.modules().map((module) => [module, module.training] as const);
  const buffers = model.buffers().map((buffer) => [buffer, buffer.node] as const);
  if (training !== "preserve") model.train(training === "training");
  try {
    return body();
  } finally {
    for (const [module, mode] of modes) module.training = mode;
    // Running statistics were moved towards those of a batch that there never was.
    for (const [buffer, node] of buffers) if (buffer.node !== node) buffer.assignNode(node);
  }
}

// The file's values

async function encodedState(tensors: ReadonlyMap<string, Tensor>): Promise<Map<string, OnnxTensor>> {
  const state = new Map<string, OnnxTensor>();
  for (const [name, tensor] of tensors) {
    const data = await tensor.data();
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    state.set(name, { name, type: tensor.dtype, shape: tensor.shape, bytes });
  }
  return state;
}

function infoOf(
  name: string,
  type: OnnxValueInfo["type"],
  dims: readonly Dim[],
  symbols: readonly OpenSize[],
): OnnxValueInfo {
  const sizeOf = (dim: Dim): number | string | null => {
    if (typeof dim === "number") return dim;
    const own = (s: OpenSize): Dim =>
      new Varying([s.sizes[0], ...symbols.map((other) => s.sizes[other === s ? 1 : 0])]);
    return symbols.find((s) => sameDim(own(s), dim))?.name ?? null;
  };
  return { name, type, shape: dims.map(sizeOf) };
}

interface Output {
  /** What the value is called so far. */
  readonly from: string;
  readonly info: OnnxValueInfo;
}

function outputOf(g: GraphWriter, id: number, name: string, symbols: readonly OpenSize[]): Output {
  const ref = new Ref(id);
  const { dtype, dims } = g.peek(ref);
  return { from: g.use(ref), info: infoOf(name, dtype, dims, symbols) };
}

/** The nodes, with the outputs under their names. What no node gives, or two outputs are, is copied. */
function renamed(g: GraphWriter, outputs: readonly Output[]): OnnxNode[] {
  const names = new Map<string, string>();
  const made = new Set(g.nodes.flatMap((node) => node.outputs));
  const copies: OnnxNode[] = [];
  for (const { from, info } of outputs) {
    if (made.has(from) && !names.has(from)) names.set(from, info.name);
    else copies.push(copyNode(names.get(from) ?? from, info.name));
  }
  const nameOf = (name: string): string => names.get(name) ?? name;
  return [
    ...g.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    })),
    ...copies,
  ];
}

function copyNode(from: string, to: string): OnnxNode {
  return {
    name: `/${to}/Identity`,
    opType: "Identity",
    domain: "",
    inputs: [from],
    outputs: [to],
    attributes: new Map(),
  };
}
