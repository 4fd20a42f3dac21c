/** An ONNX model as the bytes of a file. */
import {
  bytesField,
  floatField,
  floatsField,
  intField,
  intsField,
  join,
  messageField,
  messagePieces,
  textField,
} from "../protobuf.ts";
import {
  elementTypes,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from "./schema.ts";

/** The whole file. Weights are copied once. */
export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const { graph } = model;
  const pieces = [
    ...graph.nodes.map((node) => messageField(1, nodeOf(node))),
    textField(2, graph.name),
    ...graph.initializers.flatMap((tensor) => messagePieces(5, tensorOf(tensor))),
    ...graph.inputs.map((value) => messageField(11, valueInfoOf(value))),
    ...graph.outputs.map((value) => messageField(12, valueInfoOf(value))),
  ];
  const opsets = [...model.opsets].map(([domain, version]) =>
    messageField(8, textField(1, domain), intField(2, version)),
  );
  return join(
    intField(1, model.irVersion),
    textField(2, model.producer),
    ...messagePieces(7, pieces),
    ...opsets,
  );
}

function nodeOf(node: OnnxNode): Uint8Array {
  return join(
    // An input that is left out is an empty name, which has to stand there.
    ...node.inputs.map((name) => textField(1, name, true)),
    ...node.outputs.map((name) => textField(2, name, true)),
    textField(3, node.name),
    textField(4, node.opType),
    ...[...node.attributes].map(([name, attribute]) => messageField(5, attributeOf(name, attribute))),
    textField(7, node.domain),
  );
}

/** The value's field and the code of its kind (AttributeProto.AttributeType). */
function attributeOf(name: string, attribute: OnnxAttribute): Uint8Array {
  const written = (value: Uint8Array, kind: number): Uint8Array =>
    join(textField(1, name), value, intField(20, kind));
  switch (attribute.kind) {
    case "float":
      return written(floatField(2, attribute.value), 1);
    case "int":
      return written(intField(3, attribute.value, true), 2);
    case "string":
      return written(textField(4, attribute.value, true), 3);
    case "tensor":
      return written(join(...messagePieces(5, tensorOf(attribute.value))), 4);
    case "floats":
      return written(floatsField(7, attribute.value), 6);
    case "ints":
      return written(intsField(8, attribute.value), 7);
    default:
      throw new Error(`onnx: attributes of kind ${attribute.kind} are not written`);
  }
}

function tensorOf(tensor: OnnxTensor): Uint8Array[] {
  return [
    intsField(1, tensor.shape),
    intField(2, elementTypes[tensor.type]),
    textField(8, tensor.name),
    ...(tensor.bytes.length === 0 ? [bytesField(9, tensor.bytes, true)] : messagePieces(9, [tensor.bytes])),
  ];
}

function valueInfoOf({ name, type, shape }: OnnxValueInfo): Uint8Array {
  const dims = (shape ?? []).map((size) =>
    messageField(
      1,
      typeof size === "number"
        ? intField(1, size, true)
        : size === null
          ? new Uint8Array()
          : textField(2, size),
    ),
  );
  const tensor = messageField(
    1,
    intField(1, type === null ? 0 : elementTypes[type]),
    messageField(2, ...dims),
  );
  return join(textField(1, name), messageField(2, tensor));
}
