"""Values that the tests of nn and optim compare with, computed by PyTorch. Run it to write them again:
python3 test/reference/make_nn_references.py  (writes nn.json and optim.json beside this file)
Inputs are simple functions of the index, which the tests repeat: wave(n)[i] = sin(0.7 i + phase).
"""

import functools
import json
import pathlib
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
nadam = functools.partial(o.NAdam, foreach=True)
trajectories = {
    "SGD": trajectory(lambda p: o.SGD(p, lr=0.1)),
    "SGD momentum": trajectory(lambda p: o.SGD(p, lr=0.1, momentum=0.9)),
    "SGD dampening": trajectory(lambda p: o.SGD(p, lr=0.1, momentum=0.8, dampening=0.3, weight_decay=0.01)),
    "SGD nesterov": trajectory(lambda p: o.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    "SGD maximize": trajectory(lambda p: o.SGD(p, lr=0.01, momentum=0.5, maximize=True)),
    "SGD groups": trajectory(lambda p: o.SGD([{"params": p[:1]}, {"params": p[1:], "lr": 0.02}], lr=0.1)),
    "Adam": trajectory(lambda p: o.Adam(p, lr=0.05)),
    "Adam weightDecay": trajectory(lambda p: o.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    "Adam amsgrad": trajectory(lambda p: o.Adam(p, lr=0.05, amsgrad=True)),
    "Adam maximize": trajectory(lambda p: o.Adam(p, lr=0.01, maximize=True)),
    "Adam groups": trajectory(
        lambda p: o.Adam([{"params": p[:1], "betas": (0.5, 0.9)}, {"params": p[1:], "lr": 0.02, "weight_decay": 0.3}], lr=0.05)
    ),
    "AdamW": trajectory(lambda p: o.AdamW(p, lr=0.05, weight_decay=0.2)),
    "AdamW amsgrad": trajectory(lambda p: o.AdamW(p, lr=0.05, amsgrad=True)),
    "AdamW maximize": trajectory(lambda p: o.AdamW(p, lr=0.01, maximize=True)),
    "RMSprop": trajectory(lambda p: o.RMSprop(p)),
    "RMSprop centered": trajectory(lambda p: o.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3, centered=True)),
    "RMSprop momentum": trajectory(lambda p: o.RMSprop(p, lr=0.005, alpha=0.9, momentum=0.8, weight_decay=0.1)),
    "RMSprop all": trajectory(lambda p: o.RMSprop(p, lr=0.002, eps=1e-2, momentum=0.5, centered=True, maximize=True)),
    "RMSprop groups": trajectory(
        lambda p: o.RMSprop([{"params": p[:1], "momentum": 0.5}, {"params": p[1:], "lr": 0.003, "alpha": 0.8}], lr=0.01)
    ),
    "Adagrad": trajectory(lambda p: o.Adagrad(p)),
    "Adagrad options": trajectory(
        lambda p: o.Adagrad(p, lr=0.2, lr_decay=0.1, initial_accumulator_value=0.3, eps=1e-2, weight_decay=0.1)
    ),
    "Adagrad maximize": trajectory(lambda p: o.Adagrad(p, lr=0.05, maximize=True)),
    "Adagrad groups": trajectory(
        lambda p: o.Adagrad([{"params": p[:1]}, {"params": p[1:], "lr": 0.05, "lr_decay": 0.2}], lr=0.2)
    ),
    "Adadelta": trajectory(lambda p: o.Adadelta(p)),
    "Adadelta options": trajectory(lambda p: o.Adadelta(p, lr=0.5, rho=0.7, eps=1e-2, weight_decay=0.1)),
    "Adadelta maximize": trajectory(lambda p: o.Adadelta(p, lr=0.2, eps=1e-3, maximize=True)),
    "Adadelta groups": trajectory(lambda p: o.Adadelta([{"params": p[:1]}, {"params": p[1:], "lr": 0.3, "rho": 0.5}])),
    # The one for single tensors multiplies once too often in this PyTorch.
    "NAdam": trajectory(lambda p: nadam(p)),
    "NAdam options": trajectory(
        lambda p: nadam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1, momentum_decay=0.1)
    ),
    "NAdam maximize": trajectory(lambda p: nadam(p, lr=0.01), upwards),
    "NAdam decoupled": trajectory(lambda p: nadam(p, lr=0.05), decoupled(0.2)),
    "NAdam groups": trajectory(lambda p: nadam([{"params": p[:1]}, {"params": p[1:], "momentum_decay": 0.1}], lr=0.05)),
    "RAdam": trajectory(lambda p: o.RAdam(p)),
    "RAdam options": trajectory(lambda p: o.RAdam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    # Averages so short that the steps are never rectified.
    "RAdam plain": trajectory(lambda p: o.RAdam(p, lr=0.05, betas=(0.8, 0.6))),
    "RAdam maximize": trajectory(lambda p: o.RAdam(p, lr=0.01), upwards),
    "RAdam decoupled": trajectory(lambda p: o.RAdam(p, lr=0.05), decoupled(0.2)),
    "RAdam groups": trajectory(lambda p: o.RAdam([{"params": p[:1]}, {"params": p[1:], "betas": (0.5, 0.9)}], lr=0.05)),
    "Adamax": trajectory(lambda p: o.Adamax(p)),
    "Adamax options": trajectory(lambda p: o.Adamax(p, lr=0.05, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.1)),
    "Adamax maximize": trajectory(lambda p: o.Adamax(p, lr=0.01, maximize=True)),
    "Adamax groups": trajectory(lambda p: o.Adamax([{"params": p[:1]}, {"params": p[1:], "betas": (0.5, 0.7)}], lr=0.05)),
    "Lion": trajectory(lambda p: Lion(p)),
    "Lion options": trajectory(lambda p: Lion(p, lr=0.02, betas=(0.8, 0.95), weight_decay=0.5)),
    "Lion maximize": trajectory(lambda p: Lion(p, lr=0.01), upwards),
    "Lion groups": trajectory(lambda p: Lion([{"params": p[:1]}, {"params": p[1:], "lr": 0.05}], lr=0.01)),
}


def schedule(make, steps=25, optimizer=lambda groups: o.SGD(groups, lr=0.1, momentum=0.9), metric=None):
    """Learning rates of two groups, of which the second starts with 0.02, from the start on; and the momenta."""
    opt = optimizer([{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)], "lr": 0.02}])
    scheduler = make(opt)
    lrs, momenta = [], []
    for step in range(steps + 1):
        lrs.append([g["lr"] for g in opt.param_groups])
        momenta.append([g["betas"][0] if "betas" in g else g["momentum"] for g in opt.param_groups])
        if step == steps:
            break
        opt.step()
        if metric is None:
            scheduler.step()
        else:
            scheduler.step(metric[step % len(metric)])
    return {"lrs": lrs, "momenta": momenta}


l = o.lr_scheduler
adam = lambda groups: o.Adam(groups, lr=0.1, betas=(0.9, 0.99))
# Falls, stays, rises, falls again.
metric = [2.0, 1.5, 1.2, 1.19995, 1.3, 1.25, 1.21, 1.0, 0.99, 1.1, 1.2, 1.3, 1.0, 1.05, 0.989, 1.5, 0.5]


def in_turn(opt):
    first = l.LinearLR(opt, start_factor=0.25, total_iters=4)
    second = l.CosineAnnealingLR(opt, 6, eta_min=0.001)
    third = l.ConstantLR(opt, factor=0.5, total_iters=3)
    fourth = l.MultiStepLR(opt, [2, 5])
    return l.SequentialLR(opt, [first, second, third, fourth], milestones=[5, 11, 17])


def cycle_last(opt):
    first = l.ExponentialLR(opt, 0.8)
    second = l.CosineAnnealingWarmRestarts(opt, 3)
    third = l.LambdaLR(opt, lambda epoch: 1 / (1 + epoch))
    return l.SequentialLR(opt, [first, second, third], milestones=[4, 15])


schedules = {
    "StepLR": schedule(lambda opt: l.StepLR(opt, 3, gamma=0.5)),
    "MultiStepLR": schedule(lambda opt: l.MultiStepLR(opt, [3, 8, 8, 15], gamma=0.3)),
    "MultiStepLR default": schedule(lambda opt: l.MultiStepLR(opt, [0, 5])),
    "ConstantLR": schedule(lambda opt: l.ConstantLR(opt)),
    "ConstantLR options": schedule(lambda opt: l.ConstantLR(opt, factor=0.25, total_iters=9)),
    "LinearLR": schedule(lambda opt: l.LinearLR(opt)),
    "LinearLR options": schedule(lambda opt: l.LinearLR(opt, start_factor=1.0, end_factor=0.1, total_iters=11)),
    "ExponentialLR": schedule(lambda opt: l.ExponentialLR(opt, 0.9)),
    "LambdaLR": schedule(lambda opt: l.LambdaLR(opt, lambda epoch: 0.95**epoch)),
    "LambdaLR list": schedule(lambda opt: l.LambdaLR(opt, [lambda epoch: 1 / (1 + epoch), lambda epoch: 1 + epoch])),
    "CosineAnnealingLR": schedule(lambda opt: l.CosineAnnealingLR(opt, 8, eta_min=0.01)),
    "CosineAnnealingLR default": schedule(lambda opt: l.CosineAnnealingLR(opt, 25)),
    "CosineAnnealingWarmRestarts": schedule(lambda opt: l.CosineAnnealingWarmRestarts(opt, 4)),
    "CosineAnnealingWarmRestarts options": schedule(
        lambda opt: l.CosineAnnealingWarmRestarts(opt, 3, T_mult=2, eta_min=0.005)
    ),
    "OneCycleLR": schedule(lambda opt: l.OneCycleLR(opt, 0.3, total_steps=25)),
    "OneCycleLR epochs": schedule(lambda opt: l.OneCycleLR(opt, [0.3, 0.5], epochs=5, steps_per_epoch=4, pct_start=0.4), 20),
    "OneCycleLR linear": schedule(
        lambda opt: l.OneCycleLR(
            opt,
            0.2,
            total_steps=23,
            anneal_strategy="linear",
            base_momentum=[0.7, 0.6],
            max_momentum=0.99,
            div_factor=10.0,
            final_div_factor=100.0,
        ),
        23,
    ),
    "OneCycleLR three phases": schedule(lambda opt: l.OneCycleLR(opt, 0.3, total_steps=21, three_phase=True, pct_start=0.35), 21),
    "OneCycleLR betas": schedule(lambda opt: l.OneCycleLR(opt, 0.3, total_steps=12), 12, adam),
    "OneCycleLR no momentum": schedule(lambda opt: l.OneCycleLR(opt, 0.3, total_steps=12, cycle_momentum=False), 12),
    "SequentialLR": schedule(in_turn),
    "SequentialLR restarts": schedule(cycle_last),
    "SequentialLR cycle": schedule(
        lambda opt: l.SequentialLR(opt, [l.LinearLR(opt, total_iters=3), l.OneCycleLR(opt, 0.3, total_steps=20)], [4]), 23
    ),
    "ReduceLROnPlateau": schedule(lambda opt: l.ReduceLROnPlateau(opt, patience=2), 40, metric=metric),
    "ReduceLROnPlateau options": schedule(
        lambda opt: l.ReduceLROnPlateau(
            opt, mode="max", factor=0.5, patience=1, threshold=0.05, threshold_mode="abs", cooldown=2, min_lr=[0.01, 0.002]
        ),
        40,
        metric=metric,
    ),
    "ReduceLROnPlateau max": schedule(
        lambda opt: l.ReduceLROnPlateau(opt, mode="max", factor=0.3, patience=0, threshold=0.1, eps=1e-3), 40, metric=metric
    ),
    "ReduceLROnPlateau abs": schedule(
        lambda opt: l.ReduceLROnPlateau(opt, factor=0.5, patience=0, threshold=0.01, threshold_mode="abs", min_lr=1e-3),
        40,
        metric=metric,
    ),
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
