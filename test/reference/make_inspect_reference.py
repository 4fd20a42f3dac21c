"""What the inspection of a small network must give, computed by PyTorch. Run it to write it again:
python3 test/reference/make_inspect_reference.py  (writes inspect.json beside this file)
Weights and images are simple functions of the index, which the tests repeat: wave(n)[i] = sin(0.7 i + phase).
"""

import json
import pathlib
import torch
import torch.nn.functional as F
from torch import nn

folder = pathlib.Path(__file__).resolve().parent


def wave(shape, phase=0.0):
    n = int(torch.tensor(shape).prod())
    return torch.sin(torch.arange(n, dtype=torch.float64) * 0.7 + phase).to(torch.float32).reshape(shape)


def flat(t):
    return [float(f"{v:.7g}") for v in t.detach().double().flatten().tolist()]


def statistics(t, bins, span=None):
    low, high = span or (0, 0)
    over = [d for d in range(t.ndim) if d != 1]
    return {
        "mean": float(t.double().mean()),
        "std": float(t.double().std()),
        "min": float(t.min()),
        "max": float(t.max()),
        "zeros": float((t == 0).double().mean()),
        "nonFinite": float((~torch.isfinite(t)).double().mean()),
        "dead": float((t.abs().amax(over) == 0).double().mean()),
        "counts": torch.histc(t, bins, low, high).tolist(),
    }


def build():
    """The third channel of the convolution is dead: its bias is far below zero."""
    model = nn.Sequential(
        nn.Conv2d(1, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3)
    )
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(wave(tuple(p.shape), i + 0.5))
        model[0].bias[2] = -99
    return model


model = build()
x = wave((3, 1, 6, 10), 0.2)
target = torch.tensor([2, 0, 1])
outputs, gradients = {}, {}


def watch(name):
    def hook(_module, _inputs, output):
        outputs[name] = output
        output.register_hook(lambda g: gradients.__setitem__(name, g))

    return hook


for name, layer in model.named_children():
    layer.register_forward_hook(watch(name))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
updates = []
result = {}
for step in range(3):
    optimizer.zero_grad()
    F.cross_entropy(model(x), target).backward()
    if step == 0:
        result["activations"] = {n: statistics(t, 7) for n, t in outputs.items()}
        result["fixed"] = {n: statistics(t, 4, (-0.5, 1.5)) for n, t in outputs.items()}
        result["gradients"] = {n: statistics(t, 7) for n, t in gradients.items()}
    old = [p.detach().clone() for p in model.parameters()]
    optimizer.step()
    updates.append({n: float((p - o).std() / o.std()) for (n, p), o in zip(model.named_parameters(), old)})
result["updates"] = updates

model = build()
features, chosen = None, [2, 0, 1]


def keep(_module, _inputs, output):
    global features
    features = output
    features.retain_grad()


handle = model[2].register_forward_hook(keep)
logits = model(x)
logits[torch.arange(3), chosen].sum().backward()
cam = (features * features.grad.mean((2, 3), keepdim=True)).sum(1).relu()
up = lambda m: F.interpolate(m[:, None], size=x.shape[2:], mode="bilinear", align_corners=False)[:, 0]
result["predicted"] = logits.argmax(1).tolist()
result["gradCam"] = flat(up(cam))
result["classActivationMap"] = flat(up((features * model[5].weight[chosen][:, :, None, None]).sum(1)))
(folder / "inspect.json").write_text(json.dumps(result, indent=1) + "\n")
