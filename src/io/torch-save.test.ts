/** Files for `torch.load`. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findTorch } from "../../test/setup/neighbours.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { loadTorch } from "./torch-file.ts";
import { saveTorch, type TorchSaveValue } from "./torch-save.ts";
import { ZipArchive } from "./zip.ts";

const values = (): Record<string, TorchSaveValue> => ({
  tensors: {
    "layer.weight": tensor([
      [1.5, -2],
      [Number.NaN, Number.POSITIVE_INFINITY],
    ]),
    scalar: tensor(3),
    empty: tensor([]),
    wide: tensor([0.1, 1e300], { dtype: "float64" }),
    int: tensor([1, -2147483648], { dtype: "int32" }),
    byte: tensor([0, 255], { dtype: "uint8" }),
    flag: tensor([true, false]),
  },
  plain: [null, true, false, 0, 255, 256, -1, 2 ** 31, -(2 ** 40), 0.5, -0, 1e-320, "t\u00e4xt \u7573", ""],
  numbered: new Map<number, TorchSaveValue>([
    [0, "a"],
    [300, { nested: [] }],
  ]),
});

describe("saveTorch", () => {
  it("is read back by loadTorch, and gives equal bytes for equal content", async () => {
    const bytes = await saveTorch(values());
    expect(bytes).toEqual(await saveTorch(values()));
    const found = await loadTorch<{ tensors: Record<string, Tensor>; plain: unknown; numbered: unknown }>(
      bytes,
    );
    const { tensors, plain, numbered } = values();
    expect(found.plain).toEqual(plain);
    expect(found.numbered).toEqual(Object.fromEntries(numbered as Map<number, unknown>));
    expect(Object.keys(found.tensors)).toEqual(Object.keys(tensors as object));
    for (const [name, t] of Object.entries(tensors as Record<string, Tensor>)) {
      expect([name, found.tensors[name]?.dtype, found.tensors[name]?.shape]).toEqual([
        name,
        t.dtype,
        t.shape,
      ]);
      expect(await found.tensors[name]?.array()).toEqual(await t.array());
    }
  });

  it("puts every entry at a multiple of 64 bytes", async () => {
    const bytes = await saveTorch(values());
    const view = new DataView(bytes.buffer);
    const archive = new ZipArchive(bytes, "ours");
    for (const { offset } of archive.entries.values()) {
      expect((offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true)) % 64).toBe(
        0,
      );
    }
  });

  it("names what it cannot save", async () => {
    const wrong = (value: unknown): Promise<unknown> => saveTorch(value as TorchSaveValue);
    await expect(wrong({ a: [1, new Date()] })).rejects.toThrow("saveTorch: a.1 is a Date; give tensors");
    await expect(wrong(undefined)).rejects.toThrow("saveTorch: the value is undefined");
  });

  it("is read by PyTorch", async (context) => {
    const { path: python, missing } = findTorch();
    context.skip(python === undefined, missing);
    const folder = await mkdtemp(join(tmpdir(), "tatami-torch-"));
    try {
      await writeFile(join(folder, "ours.pt"), await saveTorch(values()));
      const script = `
import json, torch
found = torch.load("ours.pt")
tensors = {key: [str(value.dtype), str(value.tolist())] for key, value in found["tensors"].items()}
print(json.dumps([tensors, repr(found["plain"]), repr(found["numbered"])]))
`;
      const text = execFileSync(python as string, ["-c", script], { cwd: folder, encoding: "utf8" });
      expect(JSON.parse(text)).toEqual([
        {
          "layer.weight": ["torch.float32", "[[1.5, -2.0], [nan, inf]]"],
          scalar: ["torch.float32", "3.0"],
          empty: ["torch.float32", "[]"],
          wide: ["torch.float64", "[0.1, 1e+300]"],
          int: ["torch.int32", "[1, -2147483648]"],
          byte: ["torch.uint8", "[0, 255]"],
          flag: ["torch.bool", "[True, False]"],
        },
        "[None, True, False, 0, 255, 256, -1, 2147483648, -1099511627776, 0.5, -0.0, 1e-320, 't\u00e4xt \u7573', '']",
        "{0: 'a', 300: {'nested': []}}",
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
