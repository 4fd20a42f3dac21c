"""Values that the tests of nn and optim compare with, computed by PyTorch. Run it to write them again:
python3 test/reference/make_nn_references.py  (writes nn.json and optim.json beside this file)
Inputs are simple functions of the index, which the tests repeat: wave(n)[i] = sin(0.7 i + phase). Optimizers and
schedulers come from the *.cases.ts beside them.
"""

import functools
import json
import pathlib
import subprocess

import torch
import torch.nn.functional as F
from torch import nn

folder = pathlib.Path(__file__).resolve().parent


def wave(shape, phase=0.0):
    n = int(torch.tensor(shape).prod()) if shape else 1
    return torch.sin(torch.arange(n, dtype=torch.float64) * 0.7 + phase).to(torch.float32).reshape(shape)


def flat(t):
    return [float(f"{v:.7g}") for v in t.detach().double().flatten().tolist()]


def entry(make, *shapes):
    """Output, and gradients of sum(output * wave) with respect to all inputs."""
    inputs = [wave(s, i + 0.1).requires_grad_() for i, s in enumerate(shapes)]
    y = make(*inputs)
    (y * wave(tuple(y.shape), 0.3)).sum().backward()
    return {
        "shapes": [list(s) for s in shapes],
        "output": flat(y),
        "shape": list(y.shape),
        "gradients": [None if i.grad is None else flat(i.grad) for i in inputs],
    }


target = torch.tensor([1, 3, 0, 2])
masked = torch.tensor([1, -1, 0, 2])
weight = torch.tensor([0.5, 1.0, 2.0, 0.25])
yes = (wave((4, 3), 2.0) + 1) / 2
functions = {
    "conv2d": entry(lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=(1, 2), dilation=(1, 2)), (2, 3, 7, 8), (4, 3, 3, 2), (4,)),
    "conv2d groups": entry(lambda x, w: F.conv2d(x, w, padding=1, groups=2), (1, 4, 5, 5), (6, 2, 3, 3)),
    "conv2d same": entry(lambda x, w: F.conv2d(x, w, padding="same", dilation=2), (1, 2, 6, 6), (3, 2, 2, 4)),
    "conv2d single": entry(lambda x, w: F.conv2d(x, w), (2, 5, 5), (3, 2, 3, 3)),
    "conv1d": entry(lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=1), (2, 3, 9), (4, 3, 3), (4,)),
    "linear": entry(lambda x, w, b: F.linear(x, w, b), (2, 3, 5), (4, 5), (4,)),
    "maxPool2d": entry(lambda x: F.max_pool2d(x, 3, stride=2, padding=1), (2, 2, 7, 6)),
    "maxPool2d ceil": entry(lambda x: F.max_pool2d(x, 2, dilation=2, stride=3, ceil_mode=True), (1, 2, 7, 8)),
    "avgPool2d": entry(lambda x: F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False), (1, 2, 6, 7)),
    "avgPool2d ceil": entry(lambda x: F.avg_pool2d(x, (2, 3), ceil_mode=True), (1, 2, 5, 7)),
    "avgPool2d divisor": entry(lambda x: F.avg_pool2d(x, 2, divisor_override=3), (1, 1, 4, 4)),
    "adaptiveAvgPool2d": entry(lambda x: F.adaptive_avg_pool2d(x, (3, 4)), (2, 2, 7, 10)),
    "adaptiveAvgPool2d larger": entry(lambda x: F.adaptive_avg_pool2d(x, (5, None)), (1, 2, 3, 2)),
    "adaptiveAvgPool2d even": entry(lambda x: F.adaptive_avg_pool2d(x, 2), (1, 2, 6, 4)),
    "adaptiveAvgPool2d single": entry(lambda x: F.adaptive_avg_pool2d(x, 1), (2, 3, 3)),
    "pad reflect": entry(lambda x: F.pad(x, (2, 1, 1, 3), mode="reflect"), (1, 2, 4, 5)),
    "pad replicate": entry(lambda x: F.pad(x, (2, 0, 1, 3), mode="replicate"), (1, 2, 3, 4)),
    "pad circular": entry(lambda x: F.pad(x, (2, 1, 0, 3), mode="circular"), (1, 2, 3, 4)),
    "pad constant": entry(lambda x: F.pad(x, (1, -1, 0, 2), value=0.5), (2, 3, 4)),
    "gelu": entry(lambda x: F.gelu(x * 3), (3, 5)),
    "gelu tanh": entry(lambda x: F.gelu(x * 3, approximate="tanh"), (3, 5)),
    "softmax": entry(lambda x: F.softmax(x, 1), (2, 4, 3)),
    "logSoftmax": entry(lambda x: F.log_softmax(x, -1), (2, 4)),
    "batchNorm": entry(lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), (4, 3, 2, 2), (3,), (3,)),
    "batchNorm eval": entry(
        lambda x, w, b: F.batch_norm(x, wave((3,)), wave((3,)) ** 2 + 0.1, w, b), (4, 3, 2, 2), (3,), (3,)
    ),
    "crossEntropy": entry(lambda x: F.cross_entropy(x, target), (4, 4)),
    "crossEntropy all": entry(
        lambda x: F.cross_entropy(x, masked, weight=weight, ignore_index=-1, label_smoothing=0.1), (4, 4)
    ),
    "crossEntropy none": entry(
        lambda x: F.cross_entropy(x, masked, ignore_index=-1, label_smoothing=0.2, reduction="none"), (4, 4)
    ),
    "crossEntropy planes": entry(
        lambda x: F.cross_entropy(x, torch.arange(12).reshape(2, 2, 3) % 5, reduction="sum"), (2, 5, 2, 3)
    ),
    "crossEntropy probabilities": entry(
        lambda x, t: F.cross_entropy(x, F.softmax(t, 1), weight=weight, label_smoothing=0.1), (3, 4), (3, 4)
    ),
    "crossEntropy single": entry(lambda x: F.cross_entropy(x, torch.tensor(2)), (5,)),
    "nllLoss": entry(lambda x: F.nll_loss(x, target, weight=weight), (4, 4)),
    "mseLoss": entry(lambda x, y: F.mse_loss(x, y), (3, 4), (3, 4)),
    "l1Loss": entry(lambda x, y: F.l1_loss(x, y, reduction="sum"), (3, 4), (3, 4)),
    "bce": entry(lambda x: F.binary_cross_entropy_with_logits(x * 20, yes), (4, 3)),
    "bce weights": entry(
        lambda x: F.binary_cross_entropy_with_logits(
            x, yes, weight=wave((3,)) + 2, pos_weight=torch.tensor([1.0, 2.0, 3.0]), reduction="none"
        ),
        (4, 3),
    ),
}


def set_weights(model):
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(wave(tuple(p.shape), i * 0.9) * 0.2)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 3)
        self.fc1 = nn.Linear(8 * 5 * 5, 20)
        self.fc2 = nn.Linear(20, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2, ceil_mode=False)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def train_lenet():
    model = LeNet()
    set_weights(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    losses = []
    for step in range(5):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(wave((4, 1, 24, 24), step)), (torch.arange(4) * 3 + step) % 10)
        loss.backward()
        optimizer.step()
        losses.append(loss)
    model.eval()
    last = model(wave((2, 1, 24, 24), 9.0))
    return {
        "losses": flat(torch.stack(losses)),
        "eval": flat(last),
        "running_mean": flat(model.bn1.running_mean),
        "running_var": flat(model.bn1.running_var),
        "num_batches_tracked": int(model.bn1.num_batches_tracked),
    }


def cumulative_norm():
    bn = nn.BatchNorm1d(3, momentum=None)
    for i in range(3):
        bn(wave((5, 3), i))
    return {"mean": flat(bn.running_mean), "var": flat(bn.running_var)}


class Lion(torch.optim.Optimizer):
    """Lion as in the paper (Chen et al., 2023, algorithm 2): PyTorch has none."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                mean = state.setdefault("exp_avg", torch.zeros_like(p))
                direction = torch.sign(beta1 * mean + (1 - beta1) * p.grad)
                p -= group["lr"] * (direction + group["weight_decay"] * p)
                state["exp_avg"] = beta2 * mean + (1 - beta2) * p.grad


def upwards(optimizer):
    """`maximize` where this PyTorch does not have it yet: the gradient the other way round."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            if p.grad is not None:
                p.grad.neg_()


def decoupled(weight_decay):
    """`decoupled_weight_decay` where this PyTorch does not have it yet: AdamW's, ahead of the step."""

    def before(optimizer):
        with torch.no_grad():
            for group in optimizer.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.mul_(1 - group["lr"] * weight_decay)

    return before


def trajectory(make, before=lambda optimizer: None):
    """Parameters after some steps of a small least-squares problem, and the state at the end. The second parameter has
    no gradient in steps 3 and 4."""
    a, b = wave((3, 2), 0.2).requires_grad_(), wave((3,), 1.2).requires_grad_()
    x, y = wave((4, 3), 0.5), wave((4, 2), 2.5)
    optimizer = make([a, b])
    out, steps = [], 25
    for step in range(steps):
        optimizer.zero_grad(set_to_none=True)
        scale = b.detach() if step in (3, 4) else b
        loss = ((x * scale) @ a - y).square().mean()
        loss.backward()
        before(optimizer)
        optimizer.step()
        if step in (0, 1, 5, steps - 1):
            out.append(flat(a) + flat(b))
    state = [{k: flat(torch.as_tensor(v)) for k, v in optimizer.state[p].items() if v is not None} for p in (a, b)]
    return {"values": out, "state": state}


o = torch.optim
# The one for single tensors multiplies once too often in this PyTorch.
nadam = functools.partial(o.NAdam, foreach=True)
dumped = subprocess.run(
    ["node", folder / "dump-cases.mjs", "/src/optim/optim-cases.test-helper.ts"], check=True, capture_output=True, text=True
)
cases = json.loads(dumped.stdout)
trajectories = {
    name: trajectory(eval(f"lambda p: {case['torch']}"), eval(case.get("before", "lambda optimizer: None")))
    for name, case in cases["optimizers"].items()
}


# Falls, stays, rises, falls again.
metric = [2.0, 1.5, 1.2, 1.19995, 1.3, 1.25, 1.21, 1.0, 0.99, 1.1, 1.2, 1.3, 1.0, 1.05, 0.989, 1.5, 0.5]


def schedule(make, steps=25, optimizer="sgd"):
    """Learning rates of two groups, of which the second starts with 0.02, from the start on; and the momenta."""
    groups = [{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)], "lr": 0.02}]
    opt = o.SGD(groups, lr=0.1, momentum=0.9) if optimizer == "sgd" else o.Adam(groups, lr=0.1, betas=(0.9, 0.99))
    scheduler = make(opt)
    lrs, momenta = [], []
    for step in range(steps + 1):
        lrs.append([g["lr"] for g in opt.param_groups])
        momenta.append([g["betas"][0] if "betas" in g else g["momentum"] for g in opt.param_groups])
        if step == steps:
            break
        opt.step()
        if isinstance(scheduler, l.ReduceLROnPlateau):
            scheduler.step(metric[step % len(metric)])
        else:
            scheduler.step()
    return {"lrs": lrs, "momenta": momenta}


l = o.lr_scheduler
schedules = {
    name: schedule(eval(f"lambda opt: {case['torch']}"), case.get("steps", 25), case.get("optimizer", "sgd"))
    for name, case in cases["schedulers"].items()
}


def averaged(avg_fn=None, use_buffers=False):
    """Weights, statistics and outputs of an averaged model, of which the first steps are left out."""
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    set_weights(model)
    optimizer = o.SGD(model.parameters(), lr=0.5)
    average = o.swa_utils.AveragedModel(model, avg_fn=avg_fn, use_buffers=use_buffers)
    for step in range(8):
        optimizer.zero_grad()
        (model(wave((5, 3), step)) - wave((5, 2), step)).square().mean().backward()
        optimizer.step()
        if step >= 2:
            average.update_parameters(model)
            if not use_buffers:
                # As PyTorch 2 does it: without averages of buffers, they are the model's.
                for mine, theirs in zip(average.module.buffers(), model.buffers()):
                    mine.copy_(theirs)
    average.eval()
    output = flat(average(wave((2, 3), 9.0)))
    state = {k: flat(v) for k, v in average.state_dict().items()}
    o.swa_utils.update_bn([wave((5, 3), i) for i in range(3)], average)
    return {
        "state": state,
        "output": output,
        "afterUpdateBn": {k: flat(v) for k, v in average.state_dict().items() if "running" in k},
    }


decay = lambda old, new, n: 0.9 * old + 0.1 * new
averages = {
    "AveragedModel": averaged(),
    "AveragedModel ema": averaged(decay),
    "AveragedModel buffers": averaged(decay, use_buffers=True),
}


def clip():
    a, b = wave((3, 2), 0.2).requires_grad_(), wave((3,), 1.2).requires_grad_()
    norms = []
    for p in (2, 1, float("inf")):
        for t in (a, b):
            t.grad = t.detach() * 3
        norms.append(nn.utils.clip_grad_norm_([a, b], 1.5, norm_type=p))
    return {"norms": flat(torch.stack(norms)), "last": flat(a.grad) + flat(b.grad)}


def write(path, value):
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
    path.write_text("{\n" + lines + "\n}\n")


write(folder / "nn.json", {**functions, "lenet": train_lenet(), "cumulative": cumulative_norm(), "clip": clip()})
write(folder / "optim.json", {**trajectories, **schedules, **averages})
