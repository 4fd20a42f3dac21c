import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readEvents, SummaryWriter } from "../io/index.ts";
import { TensorBoardLogger } from "./tensorboard-logger.ts";

it("gives an epoch's numbers tags that TensorBoard groups, and has them on the disk at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tatami-"));
  const writer = new SummaryWriter(folder);
  const logger = new TensorBoardLogger(writer);
  const shared = { samples: 10, seconds: 1, lr: 0.5 };
  await logger.onEpochEnd({ ...shared, epoch: 1, train: { loss: 2, accuracy: 0.25 } });
  await logger.onEpochEnd({ ...shared, epoch: 2, train: { loss: 1 }, validation: { loss: 1.5 } });
  const [name = ""] = await readdir(folder);
  expect(name).toContain("tfevents");
  const events = readEvents(await readFile(join(folder, name)));
  const seen = events.flatMap(({ step, values }) =>
    values.map((v) => `${step} ${v.tag} ${v.kind === "scalar" ? v.value : v.kind}`),
  );
  expect(seen).toEqual([
    "1 loss/train 2",
    "1 accuracy/train 0.25",
    "1 lr 0.5",
    "2 loss/train 1",
    "2 loss/validation 1.5",
    "2 lr 0.5",
  ]);
  await writer.close();
  await rm(folder, { recursive: true });
});
