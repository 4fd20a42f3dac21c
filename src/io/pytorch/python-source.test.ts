/** Models as Python; that they compute the same is tested in test/training/pytorch-export.test.ts. */
import { expect, it } from "vitest";
import { Cnn, MobileNetV2, resnet18 } from "../../models/index.ts";
import * as nn from "../../nn/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pytorchSource } from "./python-source.ts";

it("writes a class with the layers' names, and a forward that can be read", () => {
  const text = pytorchSource(new Cnn({ widths: [8, 16], poolSize: 2 }), { title: "A small network." });
  expect(text).toBe(`"""A small network.

    from model import load

    net = load()
"""

from pathlib import Path

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
        )
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = self.features(x)
        return self.head(x.flatten(1))


def load(path=Path(__file__).with_name("model.pt"), device="cpu"):
    """The network with its learned weights, in training mode."""
    net = Net()
    net.load_state_dict(torch.load(path, map_location=device))
    return net.to(device)
`);
});

it("writes the class of a block once, and calls for its blocks", () => {
  const text = pytorchSource(resnet18({ numClasses: 7 }));
  expect(text.match(/^class BasicBlock\(nn\.Module\):$/gm)).toHaveLength(1);
  expect(text).toContain(
    "        self.layer2 = nn.Sequential(BasicBlock(64, 128, stride=2), BasicBlock(128, 128))\n",
  );
  expect(text).toContain("        self.fc = nn.Linear(512, 7)\n");
  expect(pytorchSource(new MobileNetV2())).toContain("            InvertedResidual(32, 16, 1, 1),\n");
});

it("writes a Sequential with numbers and one with names", () => {
  const text = pytorchSource(new nn.Sequential(new nn.Flatten(), new nn.Linear(4, 2, { bias: false })));
  expect(text).toContain(`class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(4, 2, bias=False))
`);
  const named = pytorchSource(new nn.Sequential({ flat: new nn.Flatten(), head: new nn.Linear(4, 2) }));
  expect(named).toContain("from collections import OrderedDict\n");
  expect(named).toContain(
    'super().__init__(OrderedDict([("flat", nn.Flatten()), ("head", nn.Linear(4, 2))]))',
  );
});

it("refuses what has a forward of its own, naming where it is", () => {
  class Own extends nn.Module {
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  class Louder extends nn.ReLU {}
  expect(() => pytorchSource(new Own())).toThrow(
    "pytorchSource: the model is a Own, whose forward is TypeScript",
  );
  expect(() => pytorchSource(new nn.Sequential(new nn.Sequential(new Louder())))).toThrow(
    "the model.0.0 is a Louder",
  );
});
