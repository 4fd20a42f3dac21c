/** Damaged and hostile files: a typed error that says why, or a network; never a crash, a hang or all memory. */
import { beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, EngineError, FileFormatError, ShapeError } from "../../base/errors.ts";
import { manualSeed, nn, randn, zeros } from "../../index.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import { damaged, numbersFrom, survives } from "../files.test-helper.ts";
import { bytesField, intField, intsField, join, messageField, textField } from "../protobuf.ts";
import { exportOnnx } from "./export-onnx.ts";
import { importOnnx, type OnnxModule } from "./import-onnx.ts";

const typed = [FileFormatError, ArgumentError, DTypeError, ShapeError, EngineError];

let file: Uint8Array;

beforeAll(async () => {
  manualSeed(0);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 2, 3, { padding: 1 }),
    new nn.BatchNorm2d(2),
    new nn.ReLU(),
    new nn.AdaptiveAvgPool2d([2, 1]),
    new nn.Upsample({ scaleFactor: 2 }),
    new nn.Flatten(),
    new nn.Linear(16, 3),
  );
  file = await exportOnnx(model, zeros([1, 1, 4, 4]));
});

const opset = messageField(8, intField(2, 17));
const model = (...graph: Uint8Array[]): Uint8Array => join(intField(1, 8), messageField(7, ...graph), opset);
const value = (field: number, name: string): Uint8Array => messageField(field, textField(1, name));
const node = (opType: string, inputs: string[], outputs: string[], ...more: Uint8Array[]): Uint8Array =>
  messageField(
    1,
    ...inputs.map((name) => textField(1, name, true)),
    ...outputs.map((name) => textField(2, name)),
    textField(4, opType),
    ...more,
  );
const tensor = (name: string, shape: number[], type: number, ...more: Uint8Array[]): Uint8Array =>
  messageField(5, intsField(1, shape), intField(2, type), textField(8, name), ...more);

describe("refuses", () => {
  const bad: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
    ["an empty file", () => new Uint8Array(), /the file is no ONNX model: there is no graph in it/],
    ["a picture", () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47), /no ONNX model/],
    [
      "a file that is cut off",
      () => file.subarray(0, file.length - 40),
      /no ONNX model: field \d+ takes \d+ bytes, but/,
    ],
    ["a graph without outputs", () => model(value(11, "x")), /the graph has no outputs/],
    [
      "an output that nothing gives",
      () => model(value(11, "x"), value(12, "y")),
      /nothing gives the output "y"/,
    ],
    [
      "an operand that nothing gives",
      () => model(node("Relu", ["x"], ["y"]), value(12, "y")),
      /Relu "y" reads "x", which nothing before it gives/,
    ],
    [
      "a value that is given twice",
      () => model(value(11, "x"), node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"]), value(12, "y")),
      /"y" is given twice, the second time by Tanh "y"/,
    ],
    [
      "operators that are not known, all of them",
      () => model(value(11, "x"), node("NonZero", ["x"], ["a"]), node("Loop", ["a"], ["y"]), value(12, "y")),
      /operators of this file that are not supported: Loop, NonZero/,
    ],
    [
      "operators of others",
      () => model(value(11, "x"), node("Relu", ["x"], ["y"], textField(7, "com.example")), value(12, "y")),
      /not supported: com\.example\.Relu/,
    ],
    [
      "a tensor with fewer bytes than its shape needs",
      () => model(tensor("w", [2, 3], 1, bytesField(9, new Uint8Array(8)))),
      /tensor "w" of shape \[2, 3\] needs 24 bytes as float32, and has 8/,
    ],
    [
      "a tensor of an absurd shape",
      () => model(tensor("w", [2 ** 40, 2 ** 40], 1)),
      /tensor "w" has no possible shape/,
    ],
    ["a negative size", () => model(tensor("w", [-1], 1)), /has size -1 along an axis/],
    ["an unknown type", () => model(tensor("w", [1], 99)), /elements of type 99/],
    [
      "weights in another file",
      () =>
        model(
          tensor(
            "w",
            [1],
            1,
            messageField(13, textField(1, "location"), textField(2, "w.bin")),
            intField(14, 1),
          ),
        ),
      /tensor "w" lies in another file, "w\.bin"; give its bytes with externalData/,
    ],
    [
      "a constant that would take all memory",
      () => {
        const size = messageField(5, intsField(1, [2]), intField(2, 7), intsField(7, [2 ** 30, 2 ** 30]));
        const shape = messageField(5, textField(1, "value"), size, intField(20, 4));
        return model(
          node("Constant", [], ["s"], shape),
          node("ConstantOfShape", ["s"], ["y"]),
          value(12, "y"),
        );
      },
      /ConstantOfShape "y": a constant of shape \[1073741824, 1073741824\] is too large/,
    ],
  ];
  for (const [name, make, message] of bad) {
    it(name, () => {
      expect(() => importOnnx(make())).toThrow(message);
    });
  }

  it("text in place of bytes", () => {
    expect(() => importOnnx("model.onnx" as unknown as Uint8Array)).toThrow(
      /importOnnx: bytes is the text "model.onnx"/,
    );
  });
});

it("reads weights from files beside the model", async () => {
  const place = (key: string, text: string): Uint8Array =>
    messageField(13, textField(1, key), textField(2, text));
  const bytes = model(
    value(11, "x"),
    tensor(
      "w",
      [2],
      1,
      place("location", "w.bin"),
      place("offset", "4"),
      place("length", "8"),
      intField(14, 1),
    ),
    node("Mul", ["x", "w"], ["y"]),
    value(12, "y"),
  );
  const data = new Uint8Array(Float32Array.of(7, 2, 3).buffer);
  const network = importOnnx(bytes, { externalData: { "w.bin": data } });
  expect(await network(randn([1, 2]).mul(0).add(1)).array()).toEqual([[2, 3]]);
  expect(() => importOnnx(bytes, { externalData: { "w.bin": data.subarray(0, 8) } })).toThrow(
    /lies at 4 to 12 of "w.bin", which has 8/,
  );
});

/** What a reader may say of a damaged file: that it is one, or that it asks for something that is not supported. */
function readOrNull(bytes: Uint8Array): OnnxModule | null {
  try {
    return importOnnx(bytes);
  } catch (error) {
    if (error instanceof FileFormatError || !typed.some((type) => error instanceof type)) throw error;
    return null;
  }
}

/** `TATAMI_FUZZ=100000` makes as many as for the other readers. */
const count = Number(process.env.TATAMI_FUZZ ?? 20_000);

it(`survives ${count.toLocaleString("en-US")} damaged files`, { timeout: 120_000 + 6 * count }, async () => {
  const { accepted, refused } = await survives(
    count,
    (next) => damaged(file, next),
    (bytes) => readOrNull(bytes)?.stateDict() ?? null,
  );
  expect(accepted).toBeGreaterThan(count / 20);
  expect(refused).toBeGreaterThan(count / 20);
});

it("runs damaged files that it reads, or says why not", { timeout: 120_000 }, async () => {
  const next = numbersFrom(11);
  const x = zeros([1, 1, 4, 4]);
  for (let i = 0; i < 2000; i++) {
    try {
      const y = noGrad(() => importOnnx(damaged(file, next))(x));
      // What is read is computed now and then; compiling every one takes too long.
      if (i % 100 === 0) await y.data();
    } catch (error) {
      if (!typed.some((type) => error instanceof type)) throw error;
    }
  }
});
