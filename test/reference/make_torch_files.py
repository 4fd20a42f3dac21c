"""Writes files of PyTorch with what stands in them, for the tests of src/io: test/reference/testdata/files/.

    /usr/bin/python3 test/reference/make_torch_files.py [FOLDER]

`values.pt` holds every kind of value that is read, and `values.json` says what each is. `checkpoint.pt` is a checkpoint of
the model that examples in the documentation use. A folder as an argument is where they are written instead; then
files come along that are refused, or that only another reader of the same bytes would read differently.
"""
import collections
import json
import math
import pathlib
import sys

import torch
from torch import nn

here = pathlib.Path(__file__).resolve().parent
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "testdata" / "files"
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)

grid = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) / 8 - 1
shared = torch.arange(6, dtype=torch.float32)
values = collections.OrderedDict(
    float32=grid,
    float64=grid.double() / 3,
    float16=torch.tensor([1.0, -2.5, 65504.0, 6e-8, math.inf, math.nan]).half(),
    bfloat16=torch.tensor([1.0, -3.0, 1e38, -math.inf]).bfloat16(),
    int64=torch.tensor([-(2**31), 2**31 - 1, 0]),
    int32=torch.tensor([[-1], [7]], dtype=torch.int32),
    int16=torch.tensor([-32768, 32767], dtype=torch.int16),
    int8=torch.tensor([-128, 127], dtype=torch.int8),
    uint8=torch.tensor([0, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]),
    scalar=torch.tensor(3),
    empty=torch.zeros(0, 3),
    transposed=grid.transpose(0, 2),
    permuted_half=grid.half().permute(2, 0, 1),
    channels_last=torch.arange(16, dtype=torch.float32).reshape(1, 2, 2, 4).to(memory_format=torch.channels_last),
    window=grid[1, 1:, ::2],
    tail=shared[4:],
    head=shared[:2],
    expanded=torch.tensor([[1.5], [2.5]]).expand(2, 3),
    column=torch.arange(4, dtype=torch.int64).reshape(2, 2).t(),
    parameter=nn.Parameter(torch.tensor([0.5])),
)
values["again"] = values["float32"]
values["nested"] = {
    "epoch": 3,
    "lr": 1e-3,
    "best": -math.inf,
    "name": "\u7a7a \U0001f600",
    "nothing": None,
    "flags": [True, False],
    "betas": (0.9, 0.999),
    "deep": {"a": [{"b": torch.tensor([7.0])}]},
    "size": torch.Size([2, 3]),
    "dtype": torch.float32,
    "device": torch.device("cpu"),
    "milestones": collections.Counter([30, 80]),
    "negative": -5,
    "medium": 70000,
    "wide": 2**40,
    "__proto__": {"polluted": True},
    "constructor": "text",
    0: "first",
}
values["only_here"] = {"bytes": b"\x00\xff", "huge": 2**63, "set": {5}}


def plain(value):
    """As JSON has it; what it lacks is a list with a mark."""
    if isinstance(value, torch.Tensor):
        data = value.detach().double().flatten().tolist()
        return {"$tensor": str(value.dtype), "shape": list(value.shape), "data": [plain(x) for x in data]}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$number": str(value)}
    if isinstance(value, dict):
        return {"$dict": [[str(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return {"$bytes": list(value)}
    if isinstance(value, int) and abs(value) >= 2**53:
        return {"$bigint": str(value)}
    if isinstance(value, (torch.dtype, torch.device)):
        return str(value)
    return value


torch.save(values, folder / "values.pt")
(folder / "values.json").write_text(json.dumps(plain(values)) + "\n")

model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(8 * 4 * 4, 10),
)
torch.save({"state_dict": model.state_dict(), "epoch": 3}, folder / "checkpoint.pt")

if len(sys.argv) > 1:
    import os

    class Hostile:
        def __reduce__(self):
            return os.system, ("touch hostile",)

    class Plain:
        def __init__(self):
            self.value = 1

    optimizer = torch.optim.Adam(model.parameters())
    model(torch.zeros(2, 1, 8, 8)).sum().backward()
    optimizer.step()
    torch.save(values, folder / "protocol-4.pt", pickle_protocol=4)
    torch.save(optimizer.state_dict(), folder / "optimizer.pt")
    (folder / "optimizer.json").write_text(json.dumps(plain(optimizer.state_dict())) + "\n")
    torch.save(model.state_dict(), folder / "old.pt", _use_new_zipfile_serialization=False)
    torch.save(Hostile(), folder / "hostile.pt")
    torch.save(Plain(), folder / "class.pt")
    torch.save(model, folder / "module.pt")
    torch.save(torch.tensor([1 + 2j]), folder / "complex.pt")
    torch.save(torch.eye(2).to_sparse(), folder / "sparse.pt")
    torch.save(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), folder / "quantized.pt")
    torch.save({"count": torch.tensor([1, 2**31])}, folder / "wide.pt")
    torch.save({"big": torch.zeros(1).expand(10**9)}, folder / "expanded.pt")
    torch.save({(1, 2): 3}, folder / "tuple-key.pt")
    torch.save({1: 2, "1": 3}, folder / "same-key.pt")
    torch.save(torch.tensor([1.0]).numpy(), folder / "numpy.pt")
    torch.jit.save(torch.jit.script(nn.ReLU()), str(folder / "script.pt"))
