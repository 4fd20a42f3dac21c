"""Losses of five epochs of LeNet-5 in PyTorch, from weights and images given by formulas.

Tanh and average pooling, as published: where the slope of a network jumps, as at zero of a ReLU or between equal elements of a
window, the last bit of a sum decides which way a training goes. Weights that differ by 1e-5 give losses that differ by 6e-6 here,
in double precision, and by more than half with ReLU and max pooling.

    /usr/bin/python3 test/reference/make_lenet_reference.py

writes lenet-epochs.json beside this script; test/training/lenet.test.ts computes the same losses.
"""

import json
import pathlib

import numpy as np
import torch
from torch import nn

EPOCHS, BATCHES, BATCH = 5, 10, 32


def spread(count, scale, phase):
    h = 43758.5453 * np.sin(np.arange(count, dtype=np.float64) * 12.9898 + phase)
    return scale * (2 * (h - np.floor(h)) - 1)


def images(batch):
    n, y, x = np.meshgrid(np.arange(BATCH), np.arange(28), np.arange(28), indexing="ij")
    label = (n * 3 + batch) % 10
    return 0.5 + 0.5 * np.sin((label + 1) * (x * 0.11 + y * 0.07) + (n + batch) * 0.7)


def labels(batch):
    return (np.arange(BATCH) * 3 + batch) % 10


model = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
    nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
    nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
)
with torch.no_grad():
    for i, p in enumerate(model.parameters()):
        fan_in = p[0].numel() if p.dim() > 1 else p.numel()
        values = spread(p.numel(), 2 / np.sqrt(fan_in) if p.dim() > 1 else 0.01, i)
        p.copy_(torch.from_numpy(values.astype(np.float32)).reshape(p.shape))

optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
losses = []
for _ in range(EPOCHS):
    for batch in range(BATCHES):
        x = torch.from_numpy(images(batch).astype(np.float32))[:, None]
        y = torch.from_numpy(labels(batch))
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

target = pathlib.Path(__file__).with_name("lenet-epochs.json")
target.write_text(json.dumps({"torch": torch.__version__, "losses": losses}) + "\n")
print(losses[0], losses[9], losses[-1])
