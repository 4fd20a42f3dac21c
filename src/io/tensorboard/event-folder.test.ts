/** Event files on disk, and beside those of PyTorch. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { findTensorBoard } from "../../../test/setup/neighbours.ts";
import { arange, tensor } from "../../tensor/create.ts";
import { readEvents } from "./read-events.ts";
import { SummaryWriter } from "./summary-writer.ts";

const board = findTensorBoard();

describe("files in a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "tatami-board-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const python = (code: string): string =>
    execFileSync(board.path ?? "", ["-W", "ignore", "-c", code], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });

  it("go to logDir, which is made", async () => {
    const logDir = join(folder, "deep", "run");
    const w = new SummaryWriter(logDir);
    expect(w.getLogdir()).toBe(logDir);
    await w.addScalars("loss", { train: 1 }, 0);
    await w.close();
    expect(
      readdirSync(logDir)
        .sort()
        .map((name) => name.replace(/\.\d{10}\..*/, "")),
    ).toEqual(["events.out.tfevents", "loss_train"]);
    expect(new SummaryWriter({ comment: "_lr0.1" }).getLogdir()).toMatch(
      /^runs\/[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.*_lr0\.1$/,
    );
  });

  const at = { globalStep: 3, walltime: 1234.5 };
  const write = async (logDir: string): Promise<void> => {
    const w = new SummaryWriter({ logDir });
    await w.addScalar("loss/train", 0.1, at);
    await w.addHistogram("weights", new Float32Array([-2, -1, 0, 0, 1, 5, 7, 7]), at);
    await w.addText("note", "**hi** 空", at);
    await w.addHistogram("few", [1, 2, 2, 4], { ...at, bins: 3 });
    await w.addHistogram("joined", arange(10), { ...at, bins: 10, maxBins: 3 });
    await w.addImage(
      "image",
      tensor([
        [
          [0, 1],
          [0.5, 0.25],
        ],
      ]),
      at,
    );
    await w.addHparams(
      { lr: 0.5, name: "adam", flag: true },
      { "hparam/x": 2 },
      { runName: "h", hparamDomainDiscrete: { name: ["adam", "sgd"] } },
    );
    await w.close();
  };

  it("are read by TensorBoard", { timeout: 120_000 }, async (context) => {
    if (board.missing) context.skip(board.missing);
    const logDir = join(folder, "ours");
    await write(logDir);
    const code = `
import glob, json
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.plugins.hparams import plugin_data_pb2
from google.protobuf import json_format
out = []
for path in sorted(glob.glob("ours/events*")) + sorted(glob.glob("ours/h/events*")):
    for event in LegacyEventFileLoader(path).Load():
        for v in event.summary.value:
            data = plugin_data_pb2.HParamsPluginData.FromString(v.metadata.plugin_data.content) if v.tag.startswith("_hparams_") else v
            out.append([event.step, event.wall_time, v.tag, json_format.MessageToDict(data)])
print(json.dumps(out))`;
    type Row = [number, number, string, Record<string, unknown>];
    const rows = JSON.parse(python(code)) as Row[];
    const found = new Map(rows.map((row) => [row[2], row[3]]));
    expect(rows[0]?.slice(0, 3)).toEqual([3, 1234.5, "loss/train"]);
    expect(found.get("loss/train")?.simpleValue).toBeCloseTo(0.1, 6);
    expect(found.get("weights")?.histo).toMatchObject({ min: -2, max: 7, num: 8, sum: 17, sumSquares: 129 });
    expect(found.get("few")?.histo).toMatchObject({ bucketLimit: [1, 2, 3, 4], bucket: [0, 1, 2, 1] });
    expect(found.get("note/text_summary")).toMatchObject({
      tensor: {
        dtype: "DT_STRING",
        tensorShape: { dim: [{ size: "1" }] },
        stringVal: [Buffer.from("**hi** 空").toString("base64")],
      },
      metadata: { pluginData: { pluginName: "text" } },
    });
    expect(found.get("image")?.image).toMatchObject({ height: 2, width: 2, colorspace: 3 });
    expect(found.get("_hparams_/experiment")).toMatchObject({
      experiment: {
        hparamInfos: [
          { name: "lr", type: "DATA_TYPE_FLOAT64" },
          { name: "name", type: "DATA_TYPE_STRING", domainDiscrete: ["adam", "sgd"] },
          { name: "flag", type: "DATA_TYPE_BOOL" },
        ],
        metricInfos: [{ name: { tag: "hparam/x" } }],
      },
    });
    expect(found.get("_hparams_/session_start_info")).toEqual({
      sessionStartInfo: { hparams: { lr: 0.5, name: "adam", flag: true } },
    });
    expect(found.get("_hparams_/session_end_info")).toEqual({ sessionEndInfo: { status: "STATUS_SUCCESS" } });
  });

  /** Each record in hexadecimal. */
  const records = (bytes: Uint8Array): string[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const list: string[] = [];
    for (let i = 0; i < bytes.length; ) {
      const end = i + 16 + Number(view.getBigUint64(i, true));
      list.push(Buffer.from(bytes.subarray(i, end)).toString("hex"));
      i = end;
    }
    return list;
  };

  const compare = async (theirs: Uint8Array, logDir: string): Promise<void> => {
    await write(logDir);
    const name = readdirSync(logDir).find((file) => file.startsWith("events")) ?? "";
    // The first record, the version, holds the time at which the file was made.
    expect(records(readFileSync(join(logDir, name))).slice(1, 6)).toEqual(records(theirs).slice(1, 6));
    const events = readEvents(theirs);
    expect(events.at(-1)?.values).toEqual([{ tag: "new", kind: "scalar", value: 0.5 }]);
    expect(readEvents(theirs.subarray(0, theirs.length - 3), { partial: true })).toEqual(events.slice(0, -1));
  };
  const reference = fileURLToPath(new URL("../../../test/reference/", import.meta.url));

  it("are the bytes that PyTorch wrote, and PyTorch's are read", async () => {
    await compare(readFileSync(join(reference, "testdata/files/pytorch.tfevents")), join(folder, "mine"));
  });

  it("are the bytes of the PyTorch that is installed", { timeout: 120_000 }, async (context) => {
    if (board.missing) context.skip(board.missing);
    try {
      python("import torch.utils.tensorboard");
    } catch {
      context.skip("this python3 has TensorBoard, but not PyTorch");
    }
    execFileSync(board.path ?? "", [join(reference, "make_tensorboard_files.py"), folder], {
      stdio: "ignore",
    });
    await compare(readFileSync(join(folder, "pytorch.tfevents")), join(folder, "mine-too"));
  });
});
