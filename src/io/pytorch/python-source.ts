/**
 * A model as a file of Python, in the form in which one would write it in PyTorch: a class with the layers' real names and
 * a `forward` that can be read and changed. The state dict of the model fits it key by key.
 */
import { ArgumentError } from "../../base/errors.ts";
import * as nn from "../../nn/index.ts";
import { blockCall, blockDefinition, forwardOf } from "./python-blocks.ts";
import { type Call, layerCall } from "./python-layers.ts";

/** Columns of a line. */
const columns = 110;
const indent = "    ";

/**
 * The text of `model.py`: a class `Net` that is this model in PyTorch, and `load`, which gives it with the weights of
 * `model.pt` beside the file (see `io.saveTorch`).
 *
 * @param model One of the library's models, or an `nn.Sequential` of the library's layers, also nested.
 * @param options.title First line of the file's description. Default: "Exported from Tatami."
 *
 * @throws ArgumentError for a class of the user's own: its `forward` is TypeScript
 * @example
 * const text = io.pytorchSource(new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10)));
 * text.includes("nn.Linear(784, 10)"); // true
 */
export function pytorchSource(
  model: nn.Module,
  { title = "Exported from Tatami." }: { readonly title?: string } = {},
): string {
  const definitions = new Set(model.modules().flatMap((module) => blockDefinition(module) ?? []));
  const parts = [
    header(title),
    ...definitions,
    model instanceof nn.Sequential ? sequentialClass(model) : modelClass(model),
    loader,
  ];
  const text = `${parts.join("\n\n\n")}\n`;
  return text.includes("OrderedDict(")
    ? text.replace("from pathlib", "from collections import OrderedDict\nfrom pathlib")
    : text;
}

const header = (title: string): string => `"""${title.replaceAll('"""', "'''")}

    from model import load

    net = load()
"""

from pathlib import Path

import torch
from torch import nn`;

const loader = `def load(path=Path(__file__).with_name("model.pt"), device="cpu"):
    """The network with its learned weights, in training mode."""
    net = Net()
    net.load_state_dict(torch.load(path, map_location=device))
    return net.to(device)`;

/** A Sequential's keys are numbers, which are no names of attributes: the class is one itself. */
function sequentialClass(model: nn.Sequential): string {
  const call = { name: "super().__init__", args: sequentialArgs(model, "the model") };
  const body = write(call, 2).split("\n");
  return [
    "class Net(nn.Sequential):",
    `${indent}def __init__(self):`,
    `${indent}${indent}${body.join("\n")}`,
  ].join("\n");
}

function modelClass(model: nn.Module): string {
  const forward = forwardOf(model);
  if (forward === undefined) throw unknown(model, "the model");
  const layers = model.namedChildren().map(([name, child]) => {
    const assignment = `self.${name} = `;
    return `${indent}${indent}${assignment}${write(callOf(child, name), 2, assignment.length)}`;
  });
  return [
    "class Net(nn.Module):",
    `${indent}def __init__(self):`,
    `${indent}${indent}super().__init__()`,
    ...layers,
    "",
    `${indent}def forward(self, x):`,
    ...forward.map((line) => `${indent}${indent}${line}`),
  ].join("\n");
}

function callOf(module: nn.Module, path: string): Call {
  if (module.constructor === nn.Sequential) {
    return { name: "nn.Sequential", args: sequentialArgs(module as nn.Sequential, path) };
  }
  const call = blockCall(module) ?? layerCall(module);
  if (call === undefined) throw unknown(module, path);
  return call;
}

function sequentialArgs(module: nn.Sequential, path: string): (string | Call)[] {
  const children = module.namedChildren();
  if (children.every(([name], i) => name === String(i))) {
    return children.map(([name, child]) => callOf(child, `${path}.${name}`));
  }
  const pairs = children.map(([name, child]): Call => {
    return { name: "", args: [JSON.stringify(name), callOf(child, `${path}.${name}`)] };
  });
  return [{ name: "OrderedDict", args: [{ name: "[]", args: pairs }] }];
}

function unknown(module: nn.Module, path: string): ArgumentError {
  return new ArgumentError(
    `pytorchSource: ${path} is a ${module.constructor.name}, whose forward is TypeScript; only the library's models, ` +
      "nn.Sequential and the library's layers have a form in Python. Write the class there by hand: saveTorch gives its weights",
    { path, kind: module.constructor.name },
  );
}

/** Arguments of a Sequential that stand on one line, where they fit. */
const mostInLine = 3;

/**
 * A call on one line where it fits and is no long list of layers, else with a line for each argument.
 *
 * @param depth How deep the line is indented. @param used Columns that stand before the call.
 */
function write(call: Call, depth: number, used = 0): string {
  const line = inLine(call);
  const isLong = call.args.length > mostInLine && call.args.some((a) => typeof a !== "string");
  if (!isLong && depth * indent.length + used + line.length <= columns) return line;
  const [open, close] = brackets(call);
  const pad = indent.repeat(depth + 1);
  const lines = call.args.map((a) => `${pad}${typeof a === "string" ? a : write(a, depth + 1)},`);
  return `${open}\n${lines.join("\n")}\n${indent.repeat(depth)}${close}`;
}

function inLine(call: Call): string {
  const [open, close] = brackets(call);
  return `${open}${call.args.map((a) => (typeof a === "string" ? a : inLine(a))).join(", ")}${close}`;
}

/** A list is a call by the name of its brackets. */
function brackets({ name }: Call): readonly [string, string] {
  return name === "[]" ? ["[", "]"] : [`${name}(`, ")"];
}
