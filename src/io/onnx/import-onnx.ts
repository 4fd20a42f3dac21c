/**
 * ONNX files as modules. The graph is run node by node with this library's operations whenever forward is called, so that
 * everything works on it that works on modules: gradients, training, hooks on its state, exporting it again.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { Module } from "../../nn/module.ts";
import { Parameter } from "../../nn/parameter.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkBytes, plainBytes } from "../bytes.ts";
import { type Plan, planOf, runNode } from "./import/plan.ts";
import { asTensor, tensorOfFile, type Value } from "./import/values.ts";
import { decodeModel, type ExternalData } from "./read-model.ts";

/** Options of `io.importOnnx`. */
export interface ImportOnnxOptions {
  /** Where the bytes come from, for errors; "the file" by default. */
  readonly source?: string | undefined;
  /** Contents of the files that hold weights beside the model, by the location that the model gives. None by default. */
  readonly externalData?: ExternalData | undefined;
}

/** A part of a path such as `layer1.0.conv1`: holds parameters and buffers under the names of a state dict. */
class Scope extends Module {
  forward(): never {
    throw new ArgumentError(
      "importOnnx: a part of an imported network cannot be called, only the network itself",
    );
  }
}

/**
 * A network that `io.importOnnx` read. Weights are parameters under their names in the file, running statistics of batch
 * normalisations are buffers.
 *
 * One result is given as a tensor, several as a record by name.
 *
 * @example
 * const network: io.OnnxModule = io.importOnnx(await io.exportOnnx(model, images));
 * [network.inputNames, network.outputNames]; // [["input"], ["output"]]
 * network.training; // false
 */
export class OnnxModule<Output = Tensor> extends Module {
  private readonly plan: Plan;
  /** Where the state is: the path of the module and the name there, by the name in the file. */
  private readonly places: ReadonlyMap<string, readonly string[]>;

  /** @internal Made by `importOnnx`. */
  constructor(plan: Plan) {
    super();
    this.plan = plan;
    const places = new Map<string, readonly string[]>();
    for (const { tensor, learned } of plan.state)
      places.set(tensor.name, place(this, tensor.name, tensorOfFile(tensor), learned));
    this.places = places;
    this.train(plan.training);
  }

  /** Names of forward's arguments, in order. */
  get inputNames(): readonly string[] {
    return this.plan.inputs.map((input) => input.name);
  }

  /** Names of the results, in order. */
  get outputNames(): readonly string[] {
    return this.plan.outputs;
  }

  /** @throws ArgumentError for another number of inputs, or where an operator is used in a way that is not supported */
  forward(...inputs: Tensor[]): Output {
    const { plan } = this;
    const values = new Map<string, Value>(plan.constants);
    this.checkInputs(inputs);
    plan.inputs.forEach(({ name }, i) => void values.set(name, inputs[i] as Tensor));
    for (const [name, path] of this.places) values.set(name, this.stateAt(path));
    for (const node of plan.nodes) {
      const operands = node.inputs.map((name) => (name === "" ? null : (values.get(name) as Value)));
      const results = runNode(node, plan.opset, operands, this.training);
      node.outputs.forEach((name, i) => {
        const value = results[i] ?? null;
        if (name !== "" && value !== null) values.set(name, value);
      });
    }
    const outputs = plan.outputs.map((name): [string, Tensor] => [name, this.result(values, name)]);
    const [only] = outputs;
    return (outputs.length === 1 && only !== undefined ? only[1] : Object.fromEntries(outputs)) as Output;
  }

  private result(values: ReadonlyMap<string, Value>, name: string): Tensor {
    const value = values.get(name);
    if (value !== undefined) return asTensor(value);
    throw new ArgumentError(`importOnnx: the output "${name}" of its operator is not supported`, {
      output: name,
    });
  }

  private checkInputs(inputs: readonly unknown[]): void {
    const { plan } = this;
    if (inputs.length !== plan.inputs.length || !inputs.every((t) => t instanceof Tensor)) {
      throw new ArgumentError(
        `OnnxModule: takes ${plan.inputs.length} tensor${plan.inputs.length === 1 ? "" : "s"}, ${this.inputNames.join(", ")}; got ` +
          `${inputs.length} argument${inputs.length === 1 ? "" : "s"}`,
        { inputs: inputs.length },
      );
    }
    plan.inputs.forEach(({ name, rank }, i) => {
      const { shape } = inputs[i] as Tensor;
      if (rank === null || rank === shape.length) return;
      throw new ShapeError(
        `OnnxModule: ${name} has shape ${formatShape(shape)}, expected ${rank} dimensions`,
        { shape, rank },
      );
    });
  }

  /** A parameter or buffer as it is now: another may have been put in its place, as `deepcopy` does. */
  private stateAt(path: readonly string[]): Tensor {
    let at: Module = this;
    for (const name of path.slice(0, -1)) at = Reflect.get(at, name) as Module;
    const name = path[path.length - 1] as string;
    return at.getBuffer(name) ?? (Reflect.get(at, name) as Tensor);
  }

  override extraRepr(): string {
    return `${this.inputNames.join(", ")} -> ${this.outputNames.join(", ")}`;
  }
}

/** Puts a tensor at the place that its name says, such as `layer1.0.weight`, and gives the path. */
function place(root: Module, name: string, tensor: Tensor, learned: boolean): string[] {
  const path: string[] = [];
  const parts = name.split(".").map((part) => (part === "" ? "_" : part));
  let at = root;
  for (const part of parts.slice(0, -1)) {
    const own = freeName(at, part, true);
    if (!Object.hasOwn(at, own))
      Object.defineProperty(at, own, {
        value: new Scope(),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    at = Reflect.get(at, own) as Module;
    path.push(own);
  }
  const last = freeName(at, parts[parts.length - 1] as string, false);
  if (learned) at.registerParameter(last, new Parameter(tensor));
  else {
    at.registerBuffer(last, tensor);
    Object.defineProperty(at, last, { value: tensor, writable: true, enumerable: true, configurable: true });
  }
  return [...path, last];
}

/** The name, or one made of it where a method or something else of the module is called so. */
function freeName(module: Module, name: string, scope: boolean): string {
  let own = name;
  const isTaken = (): boolean => {
    if (Object.hasOwn(module, own)) return !(scope && Reflect.get(module, own) instanceof Scope);
    return own in module || own === "prototype";
  };
  while (isTaken()) own = `${own}_`;
  return own;
}

/**
 * Reads an ONNX file as a module, to run and to train on: what PyTorch, TensorFlow, scikit-learn and others export of networks
 * of convolutions, linear layers and the like.
 *
 * Weights become parameters under their names in the file, and running statistics of batch normalisations buffers, so that
 * `stateDict`, optimizers and `requiresGrad_` work as on any module. Integers and what must be a plain number stay constants.
 * The module starts in evaluation mode, unless the file is one of training; after `train()` batch normalisation uses the batch and
 * dropout drops. Arguments are the graph's inputs in order, int64 ones as int32 tensors.
 *
 * @param options.source where the bytes come from, for errors
 * @param options.externalData contents of files beside the model, by location
 * @returns the network; its type argument says what forward gives: a tensor, or a record by name where there are several results
 * @throws FileFormatError when the file is damaged, ArgumentError naming all operators of it that are not supported
 * @example
 * const network = io.importOnnx(await io.exportOnnx(model, images));
 * network(images).shape; // [16, 10]
 * Object.keys(network.stateDict())[0]; // "0.weight"
 */
export function importOnnx<Output = Tensor>(
  bytes: Uint8Array,
  options: ImportOnnxOptions = {},
): OnnxModule<Output> {
  checkBytes(bytes, options, ["source", "externalData"], "importOnnx", "importOnnxFile reads a file");
  const { source = "the file", externalData = {} } = options;
  const plan = planOf(decodeModel(plainBytes(bytes), source, externalData), source);
  return new OnnxModule<Output>(plan);
}
