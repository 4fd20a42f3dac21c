/**
 * FEATURES.md says which of PyTorch's names exist here. It is written from the code: after a change of the public
 * interface, `npx vitest run test/docs/features.test.ts -u` writes it again.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { publicNames } from "./public-api.test-helper.ts";

/** PyTorch's names that are in scope by where PyTorch has them: what a course on convolutional networks may use. */
const scope = JSON.parse(readFileSync(new URL("./pytorch-names.json", import.meta.url), "utf8")) as Record<
  string,
  readonly string[]
>;

/** Where the names of a group are found here, and the file that documents them. */
const places: Readonly<Record<string, string>> = {
  Tensor: "Tensor.",
  torch: "",
  "torch.autograd": "autograd.",
  "torch.nn": "nn.",
  "torch.nn.functional": "F.",
  "torch.nn.init": "nn.init.",
  "torch.nn.utils": "nn.utils.",
  "torch.optim": "optim.",
  "torch.optim.lr_scheduler": "optim.lrScheduler.",
  "torch.optim.swa_utils": "optim.swaUtils.",
  "torch.onnx": "io.",
  "torch.utils.data": "data.",
  "torch.utils.tensorboard": "io.",
  "torchvision.datasets": "",
  "torchvision.transforms": "data.transforms.",
  "torchvision.models": "models.",
};

/** Names whose form here is more than camelCase, with the reason. */
const renamed: Readonly<Record<string, string>> = {
  "Tensor.tolist": "Tensor.array",
  "torch.load": "io.loadTorch",
  "torch.save": "io.saveTorch",
  "torch.nn.functional.one_hot": "oneHot",
  "torch.onnx.export": "io.exportOnnx",
};

const names = new Set(publicNames().map((entry) => entry.name));

/** `conv_transpose2d` as `convTranspose2d`; a trailing underscore stays. */
function camelCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The name here, or undefined where there is none. */
function here(group: string, name: string): string | undefined {
  const place = places[group];
  const wanted = renamed[`${group}.${name}`] ?? `${place}${camelCase(name)}`;
  return [wanted, `data.${wanted}`].find((candidate) => names.has(candidate));
}

function section(group: string, list: readonly string[]): string {
  const rows = list.map((name) => ({ name, found: here(group, name) }));
  const count = rows.filter((row) => row.found !== undefined).length;
  const lines = rows.map(
    ({ name, found }) => `| \`${name}\` | ${found === undefined ? "no" : `\`${found}\``} |`,
  );
  return `## ${group}: ${count} of ${list.length}\n\n| PyTorch | here |\n|---|---|\n${lines.join("\n")}\n`;
}

it("lists what is here of PyTorch", async () => {
  const sections = Object.entries(scope).map(([group, list]) => section(group, list));
  const text =
    "# Features\n\nPyTorch's names that a course on convolutional networks may use, and what each is called here; written " +
    "from the code by\n`test/docs/features.test.ts`. What has a name here behaves as PyTorch's; differences are in its " +
    `documentation.\n\n${sections.join("\n")}`;
  await expect(text).toMatchFileSnapshot("../../FEATURES.md");
});

it("knows where every group of names is", () => {
  expect(Object.keys(places)).toEqual(Object.keys(scope));
});
