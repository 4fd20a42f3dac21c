"""PyTorch as a process of the bench: torch-peer.py MODE THREADS, where MODE is "eager" or "compile" (torch >= 2).

Requests and answers are those of bench/protocol.ts, one JSON object per line.
"""

import json
import math
import re
import sys
import time

import numpy
import torch
import torch.nn.functional as F
from torch import nn

mode, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
compared_steps, compared_elements = 2, 256


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        same = stride == 1 and inside == out
        self.shortcut = nn.Sequential() if same else nn.Sequential(
            nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Means(nn.Module):
    def forward(self, x):
        return F.adaptive_avg_pool2d(x, 1).flatten(1)


makers = {
    "conv": lambda d: nn.Conv2d(d["inside"], d["out"], d["size"], padding=d["padding"], bias=d["bias"]),
    "norm": lambda d: nn.BatchNorm2d(d["channels"]),
    "relu": lambda d: nn.ReLU(),
    "pool": lambda d: nn.MaxPool2d(2),
    "means": lambda d: Means(),
    "flatten": lambda d: nn.Flatten(),
    "linear": lambda d: nn.Linear(d["inside"], d["out"]),
    "block": lambda d: Block(d["inside"], d["out"], d["stride"]),
}


def read_safetensors(path):
    with open(path, "rb") as file:
        content = file.read()
    size = int.from_bytes(content[:8], "little")
    types = {"F32": numpy.float32, "I32": numpy.int32}
    state = {}
    for name, entry in json.loads(content[8:8 + size]).items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        values = numpy.frombuffer(content[8 + size + start:8 + size + end], types[entry["dtype"]])
        state[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return state


def sines(shape, seed=0.0):
    count = math.prod(shape)
    return torch.from_numpy(numpy.sin(numpy.arange(count) * 0.7 + seed).astype(numpy.float32).reshape(shape))


class Network:
    """Training steps with Adam, or outputs in evaluation mode."""

    def __init__(self, job):
        model = nn.Sequential(*[makers[layer["kind"]](layer) for layer in job["network"]["layers"]])
        if job["weights"] is not None:
            model.load_state_dict(read_safetensors(job["weights"]))
        self.batch = job["batch"]
        self.x = sines([self.batch, *job["network"]["input"]])
        # See labelsOf in networks.ts.
        self.labels = [(torch.arange(self.batch) + step) % 10 for step in range(10)]
        self.steps = 0
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        model.train(job["kind"] == "train")
        if mode == "compile":
            # Else what it has compiled for one batch makes it compile the next for any.
            torch._dynamo.reset()
        self.model = torch.compile(model, dynamic=False) if mode == "compile" else model
        self.step = self.train if job["kind"] == "train" else self.infer

    def train(self):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(self.x), self.labels[self.steps % 10])
        self.steps += 1
        loss.backward()
        self.optimizer.step()
        return loss

    def infer(self):
        with torch.inference_mode():
            return self.model(self.x)

    def values(self):
        if self.step == self.train:
            return [self.step().item() for _ in range(compared_steps)]
        return self.step().flatten().tolist()


operations = {
    "sum of rows": lambda x, w: x.sum(1),
    "sum of columns": lambda x, w: x.sum(0),
    "deviation of rows": lambda x, w: x.std(1),
    "softmax of rows": lambda x, w: x.softmax(1),
    "softmax of columns": lambda x, w: x.softmax(0),
    "log softmax of rows": lambda x, w: x.log_softmax(1),
    "sum of all": lambda x, w: x.sum().reshape(1),
    "running sum of rows": lambda x, w: x.cumsum(1),
    "running sum of columns": lambda x, w: x.cumsum(0),
    "transpose": lambda x, w: x.t().contiguous(),
    "layer norm": lambda x, w: F.layer_norm(x, x.shape[-1:], w, w),
    "group norm, 8 groups": lambda x, w: F.group_norm(x, 8, w, w),
    "batch norm": lambda x, w: F.batch_norm(x, None, None, w, w, True),
    "PReLU": F.prelu,
    "GELU": lambda x, w: F.gelu(x),
    "maximum of 3 x 3, stride 2": lambda x, w: F.max_pool2d(x, 3, 2, 1),
    "mean of 2 x 2": lambda x, w: F.avg_pool2d(x, 2),
    "mean of 3 x 3": lambda x, w: F.avg_pool2d(x, 3, 1, 1),
    "adaptive mean to 7 x 7": lambda x, w: F.adaptive_avg_pool2d(x, 7),
    "bilinear to twice the size": lambda x, w: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "concatenation with itself": lambda x, w: torch.cat([x, x], 1),
    "local response norm over 5": lambda x, w: F.local_response_norm(x, 5),
}


class Operation:
    """A single operation; a product's result is written to memory of its own as ours is."""

    def __init__(self, job):
        if mode == "compile":
            raise ValueError("single operations are the same as in eager mode")
        kinds = {"matmul": self.matmul, "conv": self.conv, "operation": self.single}
        self.step = kinds[job["kind"]](job)

    def single(self, job):
        apply, shape = operations[job["name"]], job["shape"]
        x, w = sines(shape, 0), sines([shape[1]], 1)
        if not job["gradient"]:
            return lambda: apply(x, w)
        x.requires_grad_()
        along = sines(list(apply(x, w).shape), 2)
        return lambda: torch.autograd.grad(apply(x, w), x, along)[0]

    def matmul(self, job):
        m, k, n = job["m"], job["k"], job["n"]
        first, second = job["transposed"]
        a = sines([k, m], 0).t() if first else sines([m, k], 0)
        b = sines([n, k], 1).t() if second else sines([k, n], 1)
        out = torch.empty(m, n)
        return lambda: torch.mm(a, b, out=out)

    def conv(self, job):
        stride, padding, size, groups = job["stride"], job["padding"], job["size"], job["groups"]
        edge = (job["image"] + 2 * padding - size) // stride + 1
        x = sines([job["batch"], job["inside"], job["image"], job["image"]], 0)
        w = sines([job["out"], job["inside"] // groups, size, size], 1)
        if job["pass"] == "forward":
            return lambda: F.conv2d(x, w, None, stride, padding, 1, groups)
        g = sines([job["batch"], job["out"], edge, edge], 2)
        mask = [job["pass"] == "input", job["pass"] == "weight", False]
        backward = torch.ops.aten.convolution_backward
        given = (g, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups, mask)
        return lambda: backward(*given)[0 if mask[0] else 1]

    def values(self):
        return self.step().flatten()[:compared_elements].tolist()


def prepare(job):
    if job["kind"] in ("train", "infer"):
        return Network(job)
    if job["kind"] in ("matmul", "conv", "operation"):
        return Operation(job)
    raise ValueError(f"no {job['kind']}")


def run(task, unmeasured, steps):
    for _ in range(unmeasured):
        task.step()
    start = time.perf_counter()
    for _ in range(steps):
        task.step()
    return (time.perf_counter() - start) * 1000 / steps


def answer(request, tasks):
    key = request.get("key")
    if request["do"] == "memory":
        with open("/proc/self/status", encoding="utf8") as status:
            return {"bytes": int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024}
    if request["do"] == "prepare":
        tasks[key] = prepare(request["job"])
        return {}
    if request["do"] == "values":
        return {"values": tasks[key].values()}
    if request["do"] == "run":
        return {"ms": run(tasks[key], request["unmeasured"], request["steps"])}
    if request["do"] == "drop":
        tasks.pop(key)
    return {}


def say(content):
    print(json.dumps(content), flush=True)


def main():
    if mode == "compile" and not hasattr(torch, "compile"):
        say({"cannot": f"torch {torch.__version__} has no torch.compile; it comes with 2.0"})
        return
    label = "torch.compile, " if mode == "compile" else ""
    say({"version": f"{label}torch {torch.__version__}, {threads} threads"})
    tasks = {}
    for line in sys.stdin:
        try:
            say(answer(json.loads(line), tasks))
        except Exception as error:
            say({"cannot": str(error).split("\n", 1)[0]})


main()
