"""Runs exported models in PyTorch, for pytorch-export.test.ts.

In each folder given: model.py, model.pt and batch.pt ({"x", "y"}). Prints a line of JSON for each: outputs in evaluation
and training mode, and losses of two steps of SGD, in float64, and in float32 several times: with the parameters as they
are, and with their last bits changed at random. Batch norm over a few pixels of four samples makes much of them.
"""

import importlib.util
import json
import sys
from pathlib import Path

import torch
from torch import nn


SAMPLES = 8


def measure(module, folder, dtype, seed=0):
    net = module.load()
    if seed > 0:
        torch.manual_seed(seed)
        with torch.no_grad():
            for p in net.parameters():
                p.mul_(1 + torch.finfo(torch.float32).eps * torch.randn_like(p))
    # Other random numbers than ours: compared without.
    for layer in net.modules():
        if isinstance(layer, (nn.Dropout, nn.Dropout2d)):
            layer.p = 0.0
    net.to(dtype)
    batch = torch.load(folder / "batch.pt")
    x, y = batch["x"].to(dtype), batch["y"].long()
    net.eval()
    with torch.no_grad():
        evaluated = net(x).flatten().tolist()
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    losses, trained = [], []
    for _ in range(2):
        optimizer.zero_grad()
        output = net(x)
        loss = nn.functional.cross_entropy(output, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        trained = trained or output.flatten().tolist()
    keys = {key: list(value.shape) for key, value in net.state_dict().items()}
    return {"evaluated": evaluated, "trained": trained, "losses": losses, "keys": keys}


for name in sys.argv[1:]:
    folder = Path(name)
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    truth = measure(module, folder, torch.float64)
    print(json.dumps({"float64": truth, "float32": [measure(module, folder, torch.float32, i) for i in range(SAMPLES)]}))
