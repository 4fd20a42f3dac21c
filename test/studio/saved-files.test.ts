/** Files that the page saves: every point of a chart as CSV, and the chart as it is seen as PNG. */
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { expect, test } from "vitest";
import { epochMetrics, type FixtureRun, lossAt, makeRuns, secondsAt } from "./fixture-runs.test-helper.ts";
import { useStage } from "./studio.test-helper.ts";

const on = useStage();

async function saved(button: string): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([
    on.page.waitForEvent("download"),
    on.page.getByRole("button", { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** Rows of a CSV file without quoted fields. */
function rowsOf(bytes: Buffer): string[][] {
  const lines = bytes.toString().split("\r\n");
  expect(lines.pop()).toBe("");
  return lines.map((line) => line.split(","));
}

const pixelsOf = (png: Buffer) => sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });

const fixture = (id: string): FixtureRun => {
  const found = makeRuns().find((run) => run.summary.id === id);
  if (found === undefined) throw new Error(`the fixture has no run ${id}`);
  return found;
};

test.each([
  ["healthy", "step"],
  ["broken", "time"],
])("the CSV file of %s over %s has every point as the server has it", async (id, axis) => {
  await on.open(`?run=${id}&smooth=0&x=${axis}`);
  const { name, bytes } = await saved("Loss: Save CSV");
  expect(name).toBe(`${id}-Loss.csv`);
  const [header, ...rows] = rowsOf(bytes);
  const run = fixture(id);
  expect(header).toEqual([axis === "time" ? "seconds" : "step", "training", "validation"]);
  expect(rows.length).toBe(run.steps);
  rows.forEach(([x, loss, validation], i) => {
    const step = i + 1;
    const epoch = step / run.stepsPerEpoch;
    expect(Number(x)).toBe(axis === "time" ? secondsAt(step) : step);
    expect(loss).toBe(String(lossAt(run, step)));
    const atEnd = Number.isInteger(epoch) ? String(epochMetrics(run, epoch).validation_loss) : "";
    expect(validation).toBe(atEnd);
  });
});

test("smoothing adds a column and takes none away", async () => {
  await on.open("?run=healthy&smooth=0.9");
  const [header, ...rows] = rowsOf((await saved("Loss: Save CSV")).bytes);
  // A name with a comma is quoted.
  expect(header?.join()).toBe('step,training,"training, smoothed",validation');
  const run = fixture("healthy");
  expect(rows.map(([, loss]) => loss)).toEqual(rows.map((_, i) => String(lossAt(run, i + 1))));
  const last = rows.slice(-200);
  const spread = (column: number): number => {
    const values = last.map((row) => Number(row[column]));
    return Math.max(...values) - Math.min(...values);
  };
  expect(spread(2)).toBeLessThan(spread(1));
});

test.each(["light", "dark"] as const)(
  "the PNG file is the chart as it is seen, in %s",
  async (colorScheme) => {
    await on.open("?run=healthy", { colorScheme });
    const { name, bytes } = await saved("Loss: Save PNG");
    expect(name).toBe("healthy-Loss.png");
    const drawn = on.page.locator(".u-wrap canvas").first();
    const picture = await drawn.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const seen = await pixelsOf(Buffer.from(picture.split(",")[1] ?? "", "base64"));
    const { data, info } = await pixelsOf(bytes);
    // The title and the legend are above it.
    const head = info.height - seen.info.height;
    expect([info.width, head]).toEqual([seen.info.width, 52]);
    const background = [...data.subarray(0, 4)];
    expect(background[0]).toSatisfy((red: number) => (colorScheme === "light" ? red > 230 : red < 60));
    const above = new Uint32Array(
      data.buffer.slice(data.byteOffset, data.byteOffset + 4 * info.width * head),
    );
    expect(above.filter((pixel) => pixel !== above[0]).length).toBeGreaterThan(200);
    const below = data.subarray(4 * info.width * head);
    let [opaque, wrong] = [0, 0];
    for (let at = 0; at < below.length; at += 4) {
      if (seen.data[at + 3] !== 255) continue;
      opaque++;
      if ([0, 1, 2].some((c) => seen.data[at + c] !== below[at + c])) wrong++;
    }
    expect(opaque).toBeGreaterThan(1000);
    expect(wrong).toBe(0);
  },
);
