"""Networks of PyTorch as ONNX files, and what PyTorch gives for an input, for test/onnx/pytorch.test.ts.

    python3 test/reference/export_onnx.py FOLDER [NAME ...]

For each network, or those named, and each operator set there are NAME-SET.onnx and NAME-SET.json with the shape of the
input and the result. Element i of an input is (37 i mod 101) / 50 - 1. The files in test/reference/testdata/onnx are those
of the network "tiny". Blocks of torchvision's models are in torchvision_blocks.py.
"""

import json
import math
import os
import sys
import warnings

import torch
import torch.nn.functional as F
from torch import nn

sys.dont_write_bytecode = True
from torchvision_blocks import blocks  # noqa: E402

warnings.filterwarnings("ignore")


class Block(nn.Module):
    """The block of a residual network."""

    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.downsample = None
        if stride != 1 or inside != outside:
            self.downsample = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Inverted(nn.Module):
    """The inverted residual of MobileNetV2, with squeeze and excitation as in V3."""

    def __init__(self, channels, act):
        super().__init__()
        hidden = 4 * channels
        self.expand = nn.Sequential(nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), act())
        self.depth = nn.Sequential(
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden, bias=False), nn.BatchNorm2d(hidden), act()
        )
        self.fc1 = nn.Conv2d(hidden, 8, 1)
        self.fc2 = nn.Conv2d(8, hidden, 1)
        self.project = nn.Sequential(nn.Conv2d(hidden, channels, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.depth(self.expand(x))
        gate = F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(y, 1)))))
        return x + self.project(y * gate)


class Shuffle(nn.Module):
    """Channel shuffle, as in ShuffleNet: sizes are taken from the input."""

    def forward(self, x):
        n, c, h, w = x.size()
        y = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        a, b = y.chunk(2, dim=1)
        return torch.cat((a, b * 2), dim=1)


class Attention(nn.Module):
    """Self-attention over pixels, with everything that shapes are computed with."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.norm = nn.LayerNorm(8)
        self.out = nn.Linear(8, 8)

    def forward(self, x):
        n, c, h, w = x.shape
        rows = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm(rows)).reshape(n, h * w, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-2, -1) * 0.5).softmax(-1)
        rows = rows + self.out((weights @ v).transpose(1, 2).reshape(n, h * w, c))
        return F.gelu(rows).transpose(1, 2).reshape(n, c, h, w)


def resize(mode, **options):
    class Resize(nn.Module):
        def forward(self, x):
            return F.interpolate(x, mode=mode, **options)

    return Resize()


def networks():
    head = lambda channels: [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    yield "tiny", nn.Sequential(nn.Conv2d(3, 4, 3, 4), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), *head(4))
    yield "resnet", nn.Sequential(
        nn.Conv2d(3, 16, 7, 2, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        Block(16, 16, 1), Block(16, 32, 2), *head(32),
    )
    yield "mobilenet", nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), Inverted(8, nn.ReLU6), Inverted(8, nn.Hardswish), Inverted(8, nn.SiLU), nn.Dropout(0.2), *head(8)
    )
    yield "shuffle", nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), Shuffle(), nn.PReLU(8), *head(8))
    yield "attention", nn.Sequential(nn.Conv2d(3, 8, 4, 4), Attention(), *head(8))
    yield "vgg", nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2, ceil_mode=True), nn.AvgPool2d(3, 2, 1),
        nn.AdaptiveAvgPool2d((4, 4)), nn.Flatten(1), nn.Linear(128, 16), nn.Dropout(), nn.LogSoftmax(1),
    )
    yield "decoder", nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.GroupNorm(2, 8), nn.ELU(), nn.ConvTranspose2d(8, 8, 3, 2, 1, output_padding=1),
        nn.InstanceNorm2d(8, affine=True), nn.LeakyReLU(0.2), nn.ReflectionPad2d(1), nn.Conv2d(8, 12, 3), nn.PixelShuffle(2), nn.Tanh(),
    )
    yield "alexnet", nn.Sequential(
        nn.Conv2d(3, 8, 5, 2), nn.Softplus(), nn.ZeroPad2d(1), nn.MaxPool2d(2), nn.Sigmoid(), *head(8)
    )
    yield "nearest", resize("nearest", scale_factor=2)
    yield "bilinear", resize("bilinear", size=(20, 23), align_corners=False)
    yield "corners", resize("bilinear", size=(20, 23), align_corners=True)
    yield "bicubic", resize("bicubic", scale_factor=1.5, align_corners=False)


def formula(shape):
    count = math.prod(shape)
    return ((torch.arange(count) * 37 % 101).float() / 50 - 1).reshape(shape)


def all_networks():
    """Names, networks, and the side of their images."""
    for name, model in networks():
        yield name, model, 32
    yield from blocks()


def settle(model):
    """Running statistics as after a training, and every bias and scale a value of its own."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
        # Weights that are equal would become one in the file.
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d)):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
        if isinstance(module, nn.MultiheadAttention):
            nn.init.normal_(module.in_proj_bias, 0, 0.1)
            nn.init.normal_(module.out_proj.bias, 0, 0.1)
    return model.eval()


# PyTorch has no form of the other ones for old operator sets.
old = ("tiny", "resnet", "alexnet", "nearest", "alexnet-like", "resnext", "densenet", "mobilenet-v2", "mnasnet")


def gradients(model, x):
    """Of the sum of squares of what the model gives: the norm for each parameter, by its name."""
    if not list(model.parameters()):
        return {}
    model.zero_grad()
    model(x).square().sum().backward()
    return {name: p.grad.double().norm().item() for name, p in model.named_parameters()}


def main(folder, chosen):
    torch.manual_seed(0)
    for name, model, side in all_networks():
        if chosen and name not in chosen:
            continue
        settle(model)
        for opset in (9, 11, 13, 16):
            if (opset < 11 and name not in old) or (opset < 12 and name == "maxvit"):
                continue
            label = f"{name}-{opset}"
            path = os.path.join(folder, label)
            axes = {"image": {0: "batch"}, "result": {0: "batch"}}
            options = {"input_names": ["image"], "output_names": ["result"], "dynamic_axes": axes}
            options["do_constant_folding"] = opset < 13
            if opset == 16:
                # Normalisations stay, and every parameter keeps its name.
                options["training"] = torch.onnx.TrainingMode.PRESERVE
            torch.onnx.export(model, formula((2, 3, side, side)), path + ".onnx", opset_version=opset, **options)
            shape = (3, 3, side, side)
            y = model(formula(shape)).detach()
            expected = {"input": shape, "shape": list(y.shape), "result": y.flatten().tolist()}
            if opset == 16:
                expected["gradients"] = gradients(model, formula(shape))
            with open(path + ".json", "w") as file:
                json.dump(expected, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
