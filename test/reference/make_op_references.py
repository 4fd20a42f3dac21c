"""Asks PyTorch what every operation and layer gives, and writes test/reference/testdata/ops/<family>.json.

Run with a Python that has PyTorch: /usr/bin/python3 test/reference/make_op_references.py

Each sample is evaluated in float64, which counts as the truth, and in float32. A reference holds, for every result
and every gradient, the truth in 10 digits and the largest error of PyTorch's own float32 result.
"""

import json
import math
import pathlib
import subprocess

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.stateless import functional_call

here = pathlib.Path(__file__).parent
dtypes = {"int32": torch.int32, "uint8": torch.uint8, "bool": torch.bool}


def make_inputs(sample, float_type):
    """Tensors a, b, c, ... of a sample."""
    tensors = []
    for spec in sample["inputs"]:
        dtype = dtypes.get(spec["dtype"], float_type)
        data = [float(str(v).replace("Infinity", "inf")) for v in spec["data"]]
        tensor = torch.tensor(data, dtype=torch.float64).to(dtype).reshape(spec["shape"])
        tensors.append(tensor.requires_grad_(spec["grad"]))
    return tensors


def weights(count):
    """Where gradients start; the same numbers as `weightAt` in collect.ts."""
    return torch.tensor([((i * 37) % 64 - 31.5) / 32 for i in range(count)], dtype=torch.float64)


def call(module, parameters, inputs):
    """A module with other parameters than its own."""
    return functional_call(module, parameters, tuple(inputs))


def evaluate(sample, float_type):
    """Results and gradients (None for inputs without)."""
    torch.set_default_dtype(float_type)
    inputs = make_inputs(sample, float_type)
    names = {chr(ord("a") + i): tensor for i, tensor in enumerate(inputs)}
    results = eval(sample["torch"], {"torch": torch, "nn": nn, "F": F, "math": math, "call": call, **names})
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    total = None
    for result in results:
        if result.requires_grad:
            part = (result * weights(result.numel()).to(float_type).reshape(result.shape)).sum()
            total = part if total is None else total + part
    if total is not None:
        total.backward()
    gradients = []
    for tensor in inputs:
        if tensor.requires_grad:
            gradients.append(torch.zeros_like(tensor) if tensor.grad is None else tensor.grad)
        else:
            gradients.append(None)
    return [r.detach() for r in results], gradients


def number(value):
    """A number in 10 digits, as short as it goes; NaN and infinities as text."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    rounded = float(f"{value:.10g}")
    return int(rounded) if rounded == int(rounded) else rounded


def record(truth, single):
    """One tensor: shape, elements, and how far PyTorch's float32 is off."""
    if truth is None:
        return None
    flat = truth.to(torch.float64).flatten()
    other = single.to(torch.float64).flatten()
    same = torch.isfinite(flat) & torch.isfinite(other)
    error = (flat - other)[same].abs().max().item() if same.any() else 0.0
    return {"shape": list(truth.shape), "error": float(f"{error:.3g}"), "data": [number(v) for v in flat.tolist()]}


def reference(sample):
    """What the reference file holds of a sample."""
    results, gradients = evaluate(sample, torch.float64)
    results32, gradients32 = evaluate(sample, torch.float32)
    return {
        "hash": sample["hash"],
        "results": [record(*pair) for pair in zip(results, results32)],
        "gradients": [record(*pair) for pair in zip(gradients, gradients32)],
    }


def main():
    dumped = subprocess.run(["node", here / "dump-cases.mjs", "/test/conformance/dump.ts"], check=True, capture_output=True, text=True)
    (here / "testdata" / "ops").mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    failures = []
    for family, samples in json.loads(dumped.stdout).items():
        lines = []
        for sample in samples:
            try:
                entry = reference(sample)
            except Exception as error:
                failures.append(f"{sample['key']}: {sample['torch']}: {error}")
                continue
            lines.append(f"{json.dumps(sample['key'])}: {json.dumps(entry, separators=(',', ':'))}")
        (here / "testdata" / "ops" / f"{family}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(f"{family}: {len(lines)} samples")
    if failures:
        raise SystemExit("without a reference:\n" + "\n".join(failures))


main()
