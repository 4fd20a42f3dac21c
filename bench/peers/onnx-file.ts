/**
 * A network as an ONNX file, for onnxruntime: the nodes that PyTorch's exporter would write, operator set 13.
 */
import type { Network } from "../networks.ts";
import { forward, type Operations, readWeights } from "./forward.ts";
import { load } from "./packages.ts";

/** What is used of the package onnx-proto: plain objects in the shape of onnx.proto. */
interface OnnxProto {
  readonly onnx: { readonly ModelProto: { encode(model: object): { finish(): Uint8Array } } };
}

const [float, int, ints] = [1, 2, 7];
const attribute = (name: string, value: number | readonly number[]): object =>
  typeof value === "number" ? { name, type: int, i: value } : { name, type: ints, ints: value };
const float32 = 1;

/** Nodes are collected in order; a value is known by its name. */
class GraphWriter implements Operations<string> {
  readonly nodes: object[] = [];

  private node(opType: string, input: readonly string[], attributes: readonly object[] = []): string {
    const output = `${opType}_${this.nodes.length}`;
    this.nodes.push({ opType, name: output, input, output: [output], attribute: attributes });
    return output;
  }

  conv(
    x: string,
    at: string,
    options: { stride: number; padding: number; bias: boolean; size: number },
  ): string {
    const { stride, padding, bias, size } = options;
    return this.node(
      "Conv",
      [x, `${at}.weight`, ...(bias ? [`${at}.bias`] : [])],
      [
        attribute("kernel_shape", [size, size]),
        attribute("strides", [stride, stride]),
        attribute("pads", [padding, padding, padding, padding]),
      ],
    );
  }

  norm(x: string, at: string): string {
    const parts = ["weight", "bias", "running_mean", "running_var"].map((name) => `${at}.${name}`);
    return this.node("BatchNormalization", [x, ...parts], [{ name: "epsilon", type: float, f: 1e-5 }]);
  }

  relu(x: string): string {
    return this.node("Relu", [x]);
  }

  pool(x: string): string {
    return this.node("MaxPool", [x], [attribute("kernel_shape", [2, 2]), attribute("strides", [2, 2])]);
  }

  means(x: string): string {
    return this.flatten(this.node("GlobalAveragePool", [x]));
  }

  flatten(x: string): string {
    return this.node("Flatten", [x], [attribute("axis", 1)]);
  }

  linear(x: string, at: string): string {
    return this.node("Gemm", [x, `${at}.weight`, `${at}.bias`], [attribute("transB", 1)]);
  }

  again(x: string): string {
    return x;
  }

  add(a: string, b: string): string {
    return this.node("Add", [a, b]);
  }
}

/** A value whose first dimension is the batch. */
function valueInfo(name: string, shape: readonly number[]): object {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: float32, shape: { dim } } } };
}

/** The bytes of the file; its input is called `images`. */
export function onnxFile(network: Network, batch: number, weights: string): Uint8Array {
  const graph = new GraphWriter();
  const output = forward(network, graph, "images");
  const initializer = [...readWeights(weights)].map(([name, { shape, data }]) => ({
    name,
    dims: shape,
    dataType: float32,
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }));
  const model = {
    irVersion: 7,
    producerName: "tatami bench",
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      name: network.id,
      node: graph.nodes,
      initializer,
      input: [valueInfo("images", [batch, ...network.input])],
      output: [valueInfo(output, [batch, 10])],
    },
  };
  return load<OnnxProto>("onnx-proto").onnx.ModelProto.encode(model).finish();
}
