"""Losses of 30 SGD steps of two small networks in PyTorch, from weights and data given by formulas.

    /usr/bin/python3 test/reference/make_training_references.py

writes training.json beside this script: for each network the losses in float64, which serve as the truth, and in
float32, which show how far rounding alone leads away from it. test/training/pytorch-losses.test.ts compares.

The gradient of ReLU jumps at 0, and an input that rounding moves across it changes all later losses. So the data is the
first whose ReLU inputs stay away from 0, by more than rounding could move them, at every step.
"""

import json
import pathlib
import sys

import torch
from torch import nn

sys.dont_write_bytecode = True
from formula_values import fill, images  # noqa: E402
from make_model_references import Residual  # noqa: E402

STEPS, BATCH, CLASSES, SIZE = 30, 6, 5, 8
MARGIN = 1e-5


class SmallResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6)
        self.layer1 = Residual(6, 6, 1, False)
        self.layer2 = Residual(6, 10, 2, False)
        self.layer3 = Residual(10, 4, 2, True)
        self.fc = nn.Linear(16, CLASSES)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class Relu(nn.Module):
    def forward(self, x):
        return x.relu()


def conv_net():
    return nn.Sequential(
        nn.Conv2d(3, 7, 3, padding=1), nn.BatchNorm2d(7), Relu(), nn.MaxPool2d(2),
        nn.Conv2d(7, 11, 3, padding=1), nn.BatchNorm2d(11), Relu(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(11, CLASSES),
    )


plain_relu = torch.Tensor.relu
nearest = [1.0]


def watched_relu(x):
    nearest[0] = min(nearest[0], x.detach().abs().min().item())
    return plain_relu(x)


torch.Tensor.relu = watched_relu


def losses(make, dtype, stream):
    model = fill(make()).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    found = []
    for step in range(STEPS):
        y = (torch.arange(BATCH) * 3 + step) % CLASSES
        # Each class is brighter than the one before, so that there is something to learn.
        x = images((BATCH, 3, SIZE, SIZE), stream + step) + (y.float() / 4)[:, None, None, None]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x.to(dtype)), y)
        loss.backward()
        optimizer.step()
        found.append(float(f"{loss.item():.10g}"))
    return found


result = {"torch": torch.__version__}
for name, make in (("conv", conv_net), ("residual", SmallResNet)):
    for stream in range(2000, 10000, STEPS):
        nearest[0] = 1.0
        exact = losses(make, torch.float64, stream)
        if nearest[0] > MARGIN:
            break
    result[name] = {"stream": stream, "float64": exact, "float32": losses(make, torch.float32, stream)}
    worst = max(abs(a / b - 1) for a, b in zip(result[name]["float32"], exact))
    print(name, stream, nearest[0], exact[0], exact[-1], "float32 deviates by", worst)
pathlib.Path(__file__).with_name("training.json").write_text(json.dumps(result) + "\n")
