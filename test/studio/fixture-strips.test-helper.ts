/** Strips, feature maps, images and mistakes of the fixture's runs. */
import { crc32, deflateSync } from "node:zlib";
import type {
  Cam,
  Errors,
  Loose,
  Maps,
  Planes,
  ProbeImage,
  Strip,
  StripKind,
} from "../../src/studio/protocol.ts";
import { classes, type FixtureRun, lossAt, noiseOf } from "./fixture-runs.test-helper.ts";

const bins = 48;

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly dead: number;
}

/** Distribution of a layer's values at a step. */
function momentsOf(run: FixtureRun, layer: number, kind: StripKind, step: number): Moments {
  const progress = step / run.steps;
  const isRelu = run.layers[layer]?.type === "ReLU";
  const wave = 0.06 * Math.sin(step / 35 + layer) + 0.05 * noiseOf(run.noise, step, layer);
  if (run.breaksAt !== null) {
    const growth = Math.exp((3 * step) / run.breaksAt);
    const dead = isRelu ? Math.min(0.62, step / 100) : 0;
    return { mean: wave * growth, std: (0.2 + 0.02 * layer) * growth, dead };
  }
  if (kind === "gradients") {
    return { mean: 0.02 * wave, std: (0.012 + 0.002 * layer) * (0.35 + Math.exp(-4 * progress)), dead: 0 };
  }
  const std = 0.75 + 0.5 * (1 - Math.exp(-6 * progress)) + wave;
  return {
    mean: (isRelu ? 0.45 : 0.1 * Math.sin(layer)) + wave,
    std,
    dead: isRelu ? 0.04 + 0.05 * progress : 0,
  };
}

function column(moments: Moments, low: number, high: number, isRelu: boolean): number[] {
  const counts = Array.from({ length: bins }, (_, bin) => {
    const value = low + ((bin + 0.5) / bins) * (high - low);
    if (isRelu && value < -(high - low) / bins) return 0;
    const z = (value - moments.mean) / moments.std;
    const spike = isRelu && Math.abs(value) <= (high - low) / bins ? 4000 : 0;
    return 3000 * Math.exp(-0.5 * z * z) + spike;
  });
  return counts.map((count) => Math.round((255 * Math.log1p(count)) / Math.log1p(7000)));
}

/** One layer over time; recorded steps are brought to at most `most` columns. */
export function stripOf(
  run: FixtureRun,
  query: { layer: string; kind: StripKind; from: number; to: number; columns: number },
): Strip {
  const index = run.layers.findIndex((info) => info.layer === query.layer);
  const isRelu = run.layers[index]?.type === "ReLU" && query.kind === "activations";
  const recorded: number[] = [];
  for (let step = 1; step <= Math.min(run.steps, query.to); step += run.recordEvery) {
    if (step >= query.from) recorded.push(step);
  }
  const width = Math.min(query.columns, recorded.length);
  const edges = Array.from({ length: width + 1 }, (_, i) =>
    Math.round((i * recorded.length) / Math.max(width, 1)),
  );
  const first = edges.slice(0, -1).map((edge) => recorded[edge] as number);
  const last = edges.slice(1).map((edge) => recorded[edge - 1] as number);
  const moments = first.map((step) => momentsOf(run, index, query.kind, step));
  const isBroken = last.map((step) => run.breaksAt !== null && step >= run.breaksAt + 2 - index);
  const finite = moments.filter((_, i) => !isBroken[i]);
  const reach = Math.max(1e-6, ...finite.map((m) => Math.abs(m.mean) + 3 * m.std));
  const [low, high] = [isRelu ? -reach / 8 : -reach, reach];
  const bytes = moments.flatMap((m, i) =>
    isBroken[i] ? new Array<number>(bins).fill(0) : column(m, low, high, isRelu),
  );
  const loose = (value: (m: Moments) => number): Loose[] =>
    moments.map((m, i) => (isBroken[i] ? "NaN" : value(m)));
  return {
    layer: query.layer,
    kind: query.kind,
    first,
    last,
    mean: loose((m) => m.mean),
    std: loose((m) => m.std),
    min: loose((m) => m.mean - 3 * m.std),
    max: loose((m) => m.mean + 3 * m.std),
    zeros: moments.map((m) => (isRelu ? 0.4 + m.dead : 0)),
    dead: query.kind === "updates" ? [] : moments.map((m) => m.dead),
    nonFinite: isBroken.map((broken) => (broken ? 0.37 : 0)),
    ratio:
      query.kind === "updates"
        ? moments.map((m, i) => ratioAt(run, index, first[i] ?? 0, m, isBroken[i]))
        : [],
    low,
    high,
    bins,
    histogram: Buffer.from(bytes).toString("base64"),
  };
}

function ratioAt(run: FixtureRun, layer: number, step: number, m: Moments, isBroken = false): Loose {
  if (isBroken) return "NaN";
  const size = run.breaksAt === null ? 2e-3 * Math.exp((-1.6 * step) / run.steps) : 0.05 * m.std;
  return size * (0.7 + 0.1 * layer) * (0.8 + 0.4 * noiseOf(run.noise, step, layer, 9));
}

const side = 28;

/** Brightness, 0 to 255, of an image: a shape that its label decides. */
function pixelsOf(index: number): Uint8Array {
  const label = index % 10;
  const tilt = (noiseOf(index, 4) - 0.5) * 0.5;
  return Uint8Array.from({ length: side * side }, (_, at) => {
    const x = ((at % side) - 13.5) / 13.5;
    const y = (Math.floor(at / side) - 13.5) / 13.5;
    const u = x * Math.cos(tilt) - y * Math.sin(tilt);
    const v = x * Math.sin(tilt) + y * Math.cos(tilt);
    const depth = shapeDepth(label, u, v);
    const texture = 0.75 + 0.25 * noiseOf(index, at);
    return Math.round(255 * Math.min(1, Math.max(0, depth * 7)) * texture);
  });
}

/** How far inside of the label's shape a point is. */
function shapeDepth(label: number, x: number, y: number): number {
  const body = 0.7 - Math.max(Math.abs(x) / 0.62, Math.abs(y) / 1.1);
  const sleeves = 0.55 - Math.max(Math.abs(x) / 1.6, Math.abs(y + 0.35) / 0.42);
  const legs = Math.min(
    0.85 - Math.abs(y),
    0.32 - Math.abs(Math.abs(x) - 0.34),
    y > -0.5 ? Math.abs(x) - 0.05 : 1,
  );
  const sole = Math.min(0.5 - Math.abs(y - 0.3) - 0.25 * (x + 1), 0.9 - Math.abs(x));
  const shaft = Math.min(0.35 - Math.abs(x - 0.45), 0.75 - Math.abs(y + 0.1));
  const bag = Math.min(0.65 - Math.abs(y - 0.25) * 1.2, 0.8 - Math.abs(x));
  const handle = 0.12 - Math.abs(Math.hypot(x, y + 0.3) - 0.42);
  const shapes = [
    Math.max(body, sleeves),
    legs,
    Math.max(body, sleeves + 0.1),
    Math.min(0.45 + 0.3 * y - Math.abs(x), 0.9 - Math.abs(y)),
  ];
  const others = [
    Math.max(body + 0.1, sleeves),
    sole - 0.1,
    Math.max(body, sleeves - 0.1),
    sole,
    Math.max(bag, handle),
    Math.max(sole, shaft),
  ];
  return [...shapes, ...others][label] ?? 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A greyscale PNG as a data URL. */
function pngOf(gray: Uint8Array): string {
  const head = Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 0, 0, 0, 0]);
  const rows = Buffer.concat(
    Array.from({ length: side }, (_, y) =>
      Buffer.concat([Buffer.from([0]), gray.subarray(y * side, (y + 1) * side)]),
    ),
  );
  const parts = [chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", new Uint8Array())];
  const file = Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...parts]);
  return `data:image/png;base64,${file.toString("base64")}`;
}

export const probeImage = (index: number): ProbeImage => ({
  index,
  label: index % 10,
  png: pngOf(pixelsOf(index)),
});

function planes(
  count: number,
  height: number,
  width: number,
  byte: (plane: number, x: number, y: number) => number,
): Planes {
  const data = Buffer.alloc(count * height * width);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    data[i] = Math.round(Math.min(255, Math.max(0, byte(Math.floor(i / (height * width)), x, y))));
  }
  return { count, height, width, low: -1.25, high: 3.5, nonFinite: 0, data: data.toString("base64") };
}

/** What a layer makes of an image: edges in a direction of its own, clearer the further the training is. */
export function mapsOf(run: FixtureRun, layerName: string, step: number, index: number): Maps {
  const layer = run.layers.findIndex((info) => info.layer === layerName);
  const [, channels = 1, height = 1, width = 1] = run.layers[layer]?.shape ?? [];
  const gray = pixelsOf(index);
  const skill = Math.min(1, step / (run.steps * 0.5));
  const at = (x: number, y: number): number =>
    gray[Math.min(27, Math.max(0, y)) * side + Math.min(27, Math.max(0, x))] ?? 0;
  const isVector = run.layers[layer]?.shape.length === 2;
  const map = (plane: number, x: number, y: number): number => {
    const angle = (plane * 2.4 + layer) % (2 * Math.PI);
    const [px, py] = [Math.floor((x * side) / width), Math.floor((y * side) / height)];
    const [dx, dy] = [Math.round(1.6 * Math.cos(angle)), Math.round(1.6 * Math.sin(angle))];
    const edge = 90 + 0.8 * (at(px, py) - at(px + dx, py + dy)) + 0.25 * at(px, py);
    return skill * edge + (1 - skill) * 255 * noiseOf(plane, x, y, layer);
  };
  const vector = (_: number, x: number): number => 255 * noiseOf(index, x, layer, Math.round(skill * 20));
  const hasFilters = run.layers[layer]?.type === "Conv2d";
  const filter = (plane: number, x: number, y: number): number => {
    const angle = (plane * 2.4 + layer) % (2 * Math.PI);
    const edge = 128 + 55 * ((x - 2) * Math.cos(angle) + (y - 2) * Math.sin(angle));
    return skill * edge + (1 - skill) * 255 * noiseOf(plane, x, y, 3);
  };
  return {
    step,
    layer: layerName,
    maps: isVector ? planes(1, 1, channels, vector) : planes(channels, height, width, map),
    filters: hasFilters ? { ...planes(channels, 5, 5, filter), inputs: 1 } : null,
    probabilities: probabilitiesOf(index, skill),
  };
}

function probabilitiesOf(index: number, skill: number): number[] {
  const scores = classes.map((_, i) => Math.exp(noiseOf(index, i) + (i === index % 10 ? 5 * skill : 0)));
  const sum = scores.reduce((a, b) => a + b, 0);
  return scores.map((score) => score / sum);
}

export function camOf(run: FixtureRun, step: number, index: number, target?: number): Cam {
  const skill = Math.min(1, step / (run.steps * 0.5));
  const probabilities = probabilitiesOf(index, skill);
  const chosen = target ?? probabilities.indexOf(Math.max(...probabilities));
  const [cx, cy] = [4 + 6 * noiseOf(chosen, 1), 4 + 6 * noiseOf(chosen, 2)];
  const heat = planes(
    1,
    14,
    14,
    (_, x, y) => 255 * Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (8 + 40 * (1 - skill))),
  );
  return { step, target: chosen, heat: { ...heat, low: 0, high: 1 }, probabilities };
}

export function errorsOf(run: FixtureRun): Errors {
  const epoch = Math.floor(run.steps / run.stepsPerEpoch);
  const isBroken = typeof lossAt(run, run.steps) === "string";
  const confusion = classes.map((_, truth) =>
    classes.map((_, predicted) => {
      if (isBroken) return predicted === 3 ? 1000 : 0;
      const alike =
        [truth, predicted].every((c) => [0, 2, 4, 6].includes(c)) ||
        [truth, predicted].every((c) => [5, 7, 9].includes(c));
      return truth === predicted
        ? 880 + truth * 8
        : Math.round((alike ? 46 : 3) * noiseOf(truth, predicted, run.noise));
    }),
  );
  const topLosses = Array.from({ length: 12 }, (_, i) => ({
    ...probeImage(100 + i * 7),
    loss: isBroken ? ("NaN" as const) : 7.9 - i * 0.31,
    predicted: (100 + i * 7 + 2) % 10,
  }));
  return { epoch, classes, confusion, topLosses };
}
