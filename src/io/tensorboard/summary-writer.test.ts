import { inflateSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { arange, tensor, zeros } from "../../tensor/create.ts";
import { type EventValue, readEvents, type TensorBoardEvent } from "./read-events.ts";
import { SummaryWriter, type SummaryWriterOptions } from "./summary-writer.ts";

/** CRC-32C bit by bit, as its definition says, masked as TFRecord says. */
function masked(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A record from bytes in hexadecimal. */
function recordFrom(hex: string): Buffer {
  const data = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const out = Buffer.alloc(data.length + 16);
  out.writeBigUInt64LE(BigInt(data.length), 0);
  out.writeUInt32LE(masked(out.subarray(0, 8)), 8);
  data.copy(out, 12);
  out.writeUInt32LE(masked(data), 12 + data.length);
  return out;
}

const ascii = (text: string): string => Buffer.from(text).toString("hex");

let files: Map<string, Uint8Array>;
let appended: number;
beforeEach(() => {
  files = new Map();
  appended = 0;
});

function writer(options: SummaryWriterOptions = {}): SummaryWriter {
  return new SummaryWriter({
    ...options,
    sink: {
      append(path, bytes) {
        appended++;
        files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), bytes]));
      },
    },
  });
}

/** The bytes of the only file, behind the record of the version. */
function onlyFile(): Uint8Array {
  const [bytes = new Uint8Array()] = files.values();
  expect(files.size).toBe(1);
  return bytes.subarray(16 + 9 + 2 + "brain.Event:2".length);
}

const events = (run = ""): TensorBoardEvent[] => {
  const found = [...files].find(([path]) => (run === "" ? !path.includes("/") : path.startsWith(`${run}/`)));
  return readEvents(found?.[1] ?? new Uint8Array()).slice(1);
};
const value = (run = ""): EventValue | undefined => events(run)[0]?.values[0];

describe("SummaryWriter", () => {
  it("writes the format's bytes: numbers", async () => {
    const w = writer();
    await w.addScalar("loss", 0.5, { globalStep: 7, walltime: 1.5 });
    await w.addScalar("a", -2, { globalStep: 300, walltime: 0 });
    await w.addScalar("a", 0, { globalStep: -1, walltime: 2 });
    await w.close();
    const [first] = readEvents([...files.values()][0] ?? new Uint8Array());
    expect(first?.fileVersion).toBe("brain.Event:2");
    expect([...files.keys()][0]).toMatch(/^events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+$/);
    const records = [
      `09 000000000000f83f 10 07 2a 0d 0a 0b 0a 04 ${ascii("loss")} 15 0000003f`,
      `10 ac02 2a 0a 0a 08 0a 01 ${ascii("a")} 15 000000c0`,
      `09 0000000000000040 10 ffffffffffffffffff01 2a 0a 0a 08 0a 01 ${ascii("a")} 15 00000000`,
    ];
    expect(Buffer.from(onlyFile())).toEqual(Buffer.concat(records.map(recordFrom)));
  });

  it("writes the format's bytes: texts, histograms and the start of a session", async () => {
    const w = writer({ purgeStep: 5 });
    await w.addText("t", "hi", { walltime: 0 });
    await w.addHistogram("h", [0, 1, 1, 2], { walltime: 0, bins: [0, 1, 2] });
    await w.close();
    const double = (x: number): string => Buffer.from(new Float64Array([x]).buffer).toString("hex");
    const histogram = [
      `11 ${double(2)} 19 ${double(4)} 21 ${double(4)} 29 ${double(6)}`,
      `32 18 ${double(0)}${double(1)}${double(2)} 3a 18 ${double(0)}${double(1)}${double(3)}`,
    ].join(" ");
    const records = [
      `2a 2a 0a 28 0a 0e ${ascii("t/text_summary")} 42 0c 08 07 12 04 12 02 08 01 42 02 ${ascii("hi")} 4a 08 0a 06 0a 04 ${ascii("text")}`,
      `2a 5f 0a 5d 0a 01 ${ascii("h")} 2a 58 ${histogram}`,
    ];
    const bytes = Buffer.from(onlyFile());
    const tail = Buffer.concat(records.map(recordFrom));
    expect(bytes.subarray(-tail.length)).toEqual(tail);
    const start = readEvents([...files.values()][0] ?? new Uint8Array()).slice(1, 3);
    expect(start.map(({ step, fileVersion }) => [step, fileVersion])).toEqual([
      [5, "brain.Event:2"],
      [5, undefined],
    ]);
    expect(bytes.toString("hex")).toContain("10053a020801");
  });

  it("adds tensors as they are at the call, in the order of the calls", async () => {
    const w = writer();
    const weight = tensor([1, 2, 3], { requiresGrad: false });
    const one = w.addHistogram("w", weight, 1);
    weight.mul_(10);
    const all = [one, w.addScalar("sum", weight.sum(), 2), w.addScalar("n", 3, 3), w.flush()];
    await Promise.all(all);
    expect(events().map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(value()).toMatchObject({
      kind: "histogram",
      histogram: { min: 1, max: 3, num: 3, sum: 6, sumSquares: 14 },
    });
    expect(events()[1]?.values).toEqual([{ tag: "sum", kind: "scalar", value: 60 }]);
  });

  it("makes the buckets that PyTorch makes", async () => {
    const w = writer();
    await w.addHistogram("h", new Float32Array([-1, 0, 0, 0.5, 1e-13]), 0);
    await w.addHistogram("h", arange(10), { bins: 5 });
    await w.addHistogram("h", [3, 3], { bins: 2 });
    await w.addHistogram("h", arange(10), { bins: 10, maxBins: 3 });
    await w.close();
    const histograms = events().map(({ values: [v] }) => (v?.kind === "histogram" ? v.histogram : undefined));
    const [grown] = histograms;
    expect(grown?.bucket[0]).toBe(0);
    expect(grown?.bucket.reduce((a, b) => a + b, 0)).toBe(5);
    expect(grown?.bucket.length).toBe(grown?.bucketLimit.length);
    expect(grown?.bucketLimit[0]).toBeLessThanOrEqual(-1);
    expect(grown?.bucketLimit[1]).toBeGreaterThan(-1);
    expect(histograms.slice(1).map((h) => [h?.bucketLimit, h?.bucket])).toEqual([
      [
        [0, 1.8, 3.6, 5.4, 7.2, 9],
        [0, 2, 2, 2, 2, 2],
      ],
      [
        [3, 3.5],
        [0, 2],
      ],
      [
        [0, 2.7, 5.4, 8.1, 9],
        [0, 3, 3, 3, 1],
      ],
    ]);
  });

  it("writes images of every form as PNG", async () => {
    const w = writer();
    const rgb = tensor([[[0, 1]], [[0.5, 2]], [[-1, 0.999]]]);
    await w.addImage("rgb", rgb, 1);
    await w.addImage("hwc", rgb.permute([1, 2, 0]), { dataformats: "HWC" });
    await w.addImage("grey", tensor([[7, 255]], { dtype: "uint8" }), { dataformats: "HW" });
    await w.addImage("alpha", zeros([4, 2, 1]));
    await w.close();
    const images = events().map(({ values: [v] }) => (v?.kind === "image" ? v.image : undefined));
    const pixels = images.map((image) => {
      const png = Buffer.from(image?.encoded ?? []);
      const at = png.indexOf("IDAT");
      return [
        image?.height,
        image?.width,
        image?.colorspace,
        [...inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))],
      ];
    });
    expect(pixels).toEqual([
      [1, 2, 3, [0, 0, 127, 0, 255, 255, 254]],
      [1, 2, 3, [0, 0, 127, 0, 255, 255, 254]],
      [1, 2, 3, [0, 7, 7, 7, 255, 255, 255]],
      [2, 1, 4, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ]);
  });

  it("gives each of several numbers a run of its own", async () => {
    const w = writer();
    await w.addScalars("loss", { train: 1, "a/b": tensor(2) }, 4);
    await w.close();
    expect([...files.keys()].map((path) => path.split("/").slice(0, -1).join("/")).sort()).toEqual([
      "",
      "loss_a_b",
      "loss_train",
    ]);
    expect(value("loss_train")).toEqual({ tag: "loss", kind: "scalar", value: 1 });
    expect(value("loss_a_b")).toEqual({ tag: "loss", kind: "scalar", value: 2 });
  });

  it("adds hyperparameters with their results", async () => {
    const w = writer();
    await w.addHparams(
      { lr: 0.1, name: "adam", nesterov: true, skipped: null },
      { "hparam/accuracy": 0.5 },
      { runName: "r" },
    );
    await w.close();
    const values = events("r").flatMap((event) => event.values);
    expect(values.map(({ tag, kind }) => [tag, kind])).toEqual([
      ["_hparams_/experiment", "other"],
      ["_hparams_/session_start_info", "other"],
      ["_hparams_/session_end_info", "other"],
      ["hparam/accuracy", "scalar"],
    ]);
    expect(values[2]).toMatchObject({ plugin: "hparams", content: Uint8Array.of(0x22, 2, 8, 1) });
  });

  it("writes when enough waits, or at flush and close, and begins a new file after close", async () => {
    const w = writer({ maxQueue: 3 });
    for (let i = 0; i < 2; i++) await w.addScalar("a", i, i);
    expect(appended).toBe(0);
    await w.addScalar("a", 2, 2);
    expect(appended).toBe(1);
    await w.addScalar("a", 3, 3);
    await w.flush();
    await w.flush();
    expect(appended).toBe(2);
    await w.close();
    await w.addScalar("a", 4, 4);
    await w.close();
    expect([...files.values()].map((bytes) => readEvents(bytes).length)).toEqual([5, 2]);
    const soon = writer({ flushSecs: 0 });
    await soon.addScalar("a", 0);
    expect(appended).toBe(4);
  });

  it("is closed by the end of its block", async () => {
    const w = writer();
    await w.addScalar("a", 1);
    await w[Symbol.asyncDispose]();
    expect(events().length).toBe(1);
  });

  it("tells a failure to its call, and goes on", async () => {
    const w = writer();
    await expect(w.addHistogram("h", tensor([Number.NaN]))).rejects.toThrow(
      "addHistogram: of 1 values (min NaN, max NaN) none lies in a bucket; leave out what is empty or NaN, or pass other bins",
    );
    await w.addScalar("a", 1);
    await w.close();
    expect(value()).toEqual({ tag: "a", kind: "scalar", value: 1 });
    let broken = true;
    const kept: Uint8Array[] = [];
    const append = (_: string, bytes: Uint8Array): void => {
      if (broken) throw new Error("disk full");
      kept.push(bytes);
    };
    const v = new SummaryWriter({ sink: { append } });
    await v.addScalar("a", 1);
    await expect(v.flush()).rejects.toThrow("disk full");
    broken = false;
    await v.flush();
    expect(readEvents(Buffer.concat(kept)).length).toBe(2);
  });

  it.each<[string, (w: SummaryWriter) => unknown, RegExp]>([
    ["a tag that is none", (w) => w.addScalar(5 as never, 1), /^addScalar: tag is 5; pass a text/],
    [
      "a text as a number",
      (w) => w.addScalar("a", "1" as never),
      /^addScalar: a is "1"; pass a number or a tensor/,
    ],
    ["several numbers", (w) => w.addScalar("a", tensor([1, 2])), /^addScalar: a is \[2\]; pass a number or/],
    [
      "another name of the step",
      (w) => w.addScalar("a", 1, { step: 3 } as never),
      /^addScalar: there is no option "step"/,
    ],
    [
      "a step as a text",
      (w) => w.addText("a", "b", "3" as never),
      /^addText: options are given as an object/,
    ],
    [
      "a domain of nothing",
      (w) => w.addHparams({}, {}, { hparamDomainDiscrete: { a: [1] } }),
      /hparamDomainDiscrete\.a is \[1\]/,
    ],
    [
      "an unknown option",
      () => writer({ logdir: "x" } as never),
      /^SummaryWriter: there is no option "logdir"/,
    ],
    [
      "a sink that is none",
      () => new SummaryWriter({ sink: {} as never }),
      /^SummaryWriter: sink is \{\}; pass an object with/,
    ],
    ["half a step", (w) => w.addScalar("a", 1, 0.5), /^addScalar: globalStep is 0\.5; pass an integer/],
    ["no time", (w) => w.addScalar("a", 1, { walltime: Number.NaN }), /^addScalar: walltime is NaN/],
    [
      "a list of numbers",
      (w) => w.addScalars("a", [1] as never),
      /^addScalars: tagScalarDict is \[1\]; pass an object/,
    ],
    [
      "falling ends",
      (w) => w.addHistogram("a", [1], { bins: [2, 1] }),
      /^addHistogram: bins is \[2,1\]; pass "tensorflow"/,
    ],
    ["no buckets", (w) => w.addHistogram("a", [1], { maxBins: 0 }), /^addHistogram: maxBins is 0/],
    [
      "no numbers",
      (w) => w.addHistogram("a", ["x"] as never),
      /^addHistogram: values is \["x"\]; pass a tensor/,
    ],
    [
      "a batch",
      (w) => w.addImage("a", zeros([2, 3, 4, 4])),
      /^addImage: an image CHW has 3 dimensions.*x\.select\(0, i\)/,
    ],
    [
      "two channels",
      (w) => w.addImage("a", zeros([2, 4, 4])),
      /^addImage: an image CHW .* shape \[2, 4, 4\]/,
    ],
    [
      "another format",
      (w) => w.addImage("a", zeros([4, 4]), { dataformats: "NHW" as never }),
      /dataformats is "NHW"/,
    ],
    ["no image", (w) => w.addImage("a", [1] as never), /^addImage: imgTensor is \[1\]; pass a tensor/],
    ["a number as a text", (w) => w.addText("a", 5 as never), /^addText: textString is 5; pass a text/],
    [
      "a hyperparameter of a class",
      (w) => w.addHparams({ a: [1] as never }, {}),
      /^addHparams: hparamDict\.a is \[1\]/,
    ],
    ["a run outside", (w) => w.addHparams({}, {}, { runName: "../x" }), /^addHparams: runName is "\.\.\/x"/],
    [
      "a negative queue",
      () => writer({ maxQueue: -1 }),
      /^SummaryWriter: maxQueue is -1; pass a number from 0 on/,
    ],
    ["a folder of a number", () => new SummaryWriter({ logDir: 5 as never }), /^SummaryWriter: logDir is 5/],
  ])("refuses %s, at the call", (_, call, message) => {
    let error: unknown;
    try {
      call(writer());
    } catch (e) {
      error = e;
    }
    expect(error instanceof ArgumentError || error instanceof ShapeError).toBe(true);
    expect((error as Error).message).toMatch(message);
  });
});
