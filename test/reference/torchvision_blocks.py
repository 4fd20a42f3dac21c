"""Small networks made of the blocks of torchvision's classification models, written with PyTorch alone, for export_onnx.py.

Each computes what torchvision's blocks compute in evaluation, by the same calls (views, chunks, permutations), since these
are what an exported file consists of.
"""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn


def conv_bn(inside, outside, kernel=3, stride=1, groups=1, act=nn.ReLU, dilation=1, eps=1e-5):
    """Conv2dNormActivation: padding that keeps the size."""
    padding = (kernel - 1) // 2 * dilation
    layers = [
        nn.Conv2d(inside, outside, kernel, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(outside, eps=eps),
    ]
    return nn.Sequential(*layers, *([act(inplace=True)] if act else []))


def head(channels, classes=7):
    return [nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(1), nn.Linear(channels, classes)]


def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 8, 11, 4, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 12, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Conv2d(12, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(1),
        nn.Dropout(), nn.Linear(8, 16), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(16, 7),
    )


def vgg_bn():
    layers, inside = [], 3
    for size in (8, "M", 8, "M", 12, 12, "M"):
        layers += [nn.MaxPool2d(2, 2)] if size == "M" else [nn.Conv2d(inside, size, 3, padding=1), nn.BatchNorm2d(size), nn.ReLU(inplace=True)]
        inside = inside if size == "M" else size
    # As torchvision has it, for images of any size; here the plane has it already, or is a multiple of it.
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d((4, 4)), nn.Flatten(1), nn.Linear(12 * 16, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, 7))


class Bottleneck(nn.Module):
    """Of ResNet-50, ResNeXt and Wide ResNet: groups, dilation, a block that scales."""

    def __init__(self, inside, width, stride=1, groups=1, dilation=1):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, dilation, dilation, groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 16, 1, bias=False), nn.BatchNorm2d(16)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential(nn.Conv2d(inside, 16, 1, stride, bias=False), nn.BatchNorm2d(16)) if stride != 1 or inside != 16 else None

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(out)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


def resnext():
    stem = [nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, Bottleneck(8, 8, groups=4), Bottleneck(16, 8, 2, groups=4), Bottleneck(16, 8, dilation=2), *head(16))


class Fire(nn.Module):
    def __init__(self, inside, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(inside, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.activation(self.squeeze(x))
        return torch.cat([self.activation(self.expand1x1(x)), self.activation(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """Pools with ceil_mode, and a convolution as the classifier."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(8, 4, 6), Fire(12, 4, 6), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(12, 4, 8),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(16, 7, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1)))

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


class DenseLayer(nn.Module):
    def __init__(self, inside, growth):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inside), nn.Conv2d(inside, 2 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(2 * growth), nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features):
        x = self.conv1(self.relu(self.norm1(torch.cat(features, 1))))
        return self.conv2(self.relu(self.norm2(x)))


class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.block = nn.ModuleList([DenseLayer(8 + 4 * i, 4) for i in range(3)])
        self.transition = nn.Sequential(nn.BatchNorm2d(20), nn.ReLU(inplace=True), nn.Conv2d(20, 10, 1, bias=False), nn.AvgPool2d(2, 2))
        self.norm5, self.classifier = nn.BatchNorm2d(10), nn.Linear(10, 7)

    def forward(self, x):
        features = [self.stem(x)]
        for layer in self.block:
            features.append(layer(features))
        x = F.relu(self.norm5(self.transition(torch.cat(features, 1))), inplace=True)
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


class InceptionBlock(nn.Module):
    """GoogLeNet's branches, with a pool of stride 1 that looks over the edge."""

    def __init__(self, inside):
        super().__init__()
        basic = partial(conv_bn, eps=0.001)
        self.branches = nn.ModuleList([
            basic(inside, 4, 1),
            nn.Sequential(basic(inside, 3, 1), basic(3, 4, 3)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), basic(inside, 4, 1)),
        ])

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class InceptionC(nn.Module):
    """Inception v3: 1 x 7 and 7 x 1, averages over padding, channels split in two ways, a grid made smaller by a pool."""

    def __init__(self, inside):
        super().__init__()
        self.one = nn.Conv2d(inside, 4, (1, 7), padding=(0, 3))
        self.two = nn.Conv2d(4, 4, (7, 1), padding=(3, 0))
        self.pool = nn.Conv2d(inside, 4, 1)
        self.down = nn.Conv2d(8, 4, 3, 2)

    def forward(self, x):
        pooled = self.pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        x = torch.cat([self.two(self.one(x)), pooled], 1)
        return torch.cat([self.down(x), F.max_pool2d(x, kernel_size=3, stride=2)], 1)


class GoogLeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, 8, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True))
        self.inception = nn.Sequential(InceptionBlock(8), nn.MaxPool2d(2, 2, ceil_mode=True), InceptionC(12))
        self.even = nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False)
        self.fc = nn.Linear(12, 7)

    def forward(self, x):
        # transform_input of torchvision: channel by channel, from one normalisation to another.
        channels = [torch.unsqueeze(x[:, i], 1) * (0.4 + 0.05 * i) + 0.01 * i for i in range(3)]
        x = self.even(self.inception(self.stem(torch.cat(channels, 1))))
        return self.fc(F.dropout(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1), training=self.training))


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, inner, scale):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1, self.fc2 = nn.Conv2d(channels, inner, 1), nn.Conv2d(inner, channels, 1)
        self.activation, self.scale_activation = nn.ReLU() if scale is not nn.Sigmoid else nn.SiLU(inplace=True), scale()

    def forward(self, x):
        return self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(x))))) * x


class InvertedResidual(nn.Module):
    """Of MobileNetV2 and V3, MNASNet and EfficientNet, which differ in activation and gate."""

    def __init__(self, inside, outside, kernel=3, stride=1, act=nn.ReLU6, gate=None):
        super().__init__()
        hidden = 3 * inside
        gates = [SqueezeExcitation(hidden, 4, gate)] if gate else []
        self.use_res_connect = stride == 1 and inside == outside
        self.conv = nn.Sequential(
            conv_bn(inside, hidden, 1, act=act), conv_bn(hidden, hidden, kernel, stride, hidden, act), *gates, conv_bn(hidden, outside, 1, act=None)
        )

    def forward(self, x):
        # Stochastic depth adds nothing in evaluation.
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


def mobilenet_v2():
    return nn.Sequential(conv_bn(3, 8, stride=2, act=nn.ReLU6), InvertedResidual(8, 8), InvertedResidual(8, 12, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Dropout(0.2), nn.Linear(12, 7))


def mobilenet_v3():
    blocks = [InvertedResidual(8, 8, act=nn.ReLU, gate=nn.Hardsigmoid), InvertedResidual(8, 12, 5, 2, nn.Hardswish, nn.Hardsigmoid)]
    tail = [nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(12, 16), nn.Hardswish(inplace=True), nn.Dropout(0.2), nn.Linear(16, 7)]
    return nn.Sequential(conv_bn(3, 8, stride=2, act=nn.Hardswish), *blocks, conv_bn(12, 12, 1, act=nn.Hardswish), *tail)


def efficientnet():
    blocks = [InvertedResidual(8, 8, 3, 1, nn.SiLU, nn.Sigmoid), InvertedResidual(8, 12, 5, 2, nn.SiLU, nn.Sigmoid)]
    return nn.Sequential(conv_bn(3, 8, stride=2, act=nn.SiLU), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Dropout(0.2, inplace=True), nn.Linear(12, 7))


class Mean(nn.Module):
    """MNASNet and ShuffleNet average by mean over the last two axes."""

    def forward(self, x):
        return x.mean([2, 3])


def mnasnet():
    blocks = [InvertedResidual(8, 8, 3, 1, nn.ReLU), InvertedResidual(8, 12, 5, 2, nn.ReLU)]
    return nn.Sequential(conv_bn(3, 8, stride=2), *blocks, Mean(), nn.Dropout(0.2, inplace=True), nn.Linear(12, 7))


def regnet():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.proj = conv_bn(8, 12, 1, 2, act=None)
            self.f = nn.Sequential(conv_bn(8, 12, 1), conv_bn(12, 12, 3, 2, 3), SqueezeExcitation(12, 2, nn.Sigmoid), conv_bn(12, 12, 1, act=None))

        def forward(self, x):
            return F.relu(self.proj(x) + self.f(x))

    return nn.Sequential(conv_bn(3, 8, 3, 2), Block(), *head(12))


def channel_shuffle(x, groups):
    batchsize, num_channels, height, width = x.size()
    x = x.view(batchsize, groups, num_channels // groups, height, width)
    x = torch.transpose(x, 1, 2).contiguous()
    return x.view(batchsize, num_channels, height, width)


class ShuffleUnit(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        half = outside // 2
        self.stride = stride
        self.branch1 = nn.Sequential(conv_bn(inside, inside, 3, 2, inside, None), conv_bn(inside, half, 1)) if stride > 1 else None
        first = inside if stride > 1 else half
        self.branch2 = nn.Sequential(conv_bn(first, half, 1), conv_bn(half, half, 3, stride, half, None), conv_bn(half, half, 1))

    def forward(self, x):
        if self.stride == 1:
            x1, x2 = x.chunk(2, dim=1)
            out = torch.cat((x1, self.branch2(x2)), dim=1)
        else:
            out = torch.cat((self.branch1(x), self.branch2(x)), dim=1)
        return channel_shuffle(out, 2)


def shufflenet():
    return nn.Sequential(conv_bn(3, 8, 3, 2), nn.MaxPool2d(3, 2, 1), ShuffleUnit(8, 12, 2), ShuffleUnit(12, 12, 1), conv_bn(12, 16, 1), Mean(), nn.Linear(16, 7))


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


class Permute(nn.Module):
    def __init__(self, *dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return torch.permute(x, self.dims)


class CNBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, 7, padding=3, groups=dim), Permute(0, 2, 3, 1), nn.LayerNorm(dim, eps=1e-6),
            nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), Permute(0, 3, 1, 2),
        )
        self.layer_scale = nn.Parameter(torch.ones(dim, 1, 1) * 0.5)

    def forward(self, x):
        return x + self.layer_scale * self.block(x)


def convnext():
    down = nn.Sequential(LayerNorm2d(8, eps=1e-6), nn.Conv2d(8, 12, 2, 2))
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, 4), LayerNorm2d(8, eps=1e-6), CNBlock(8), down, CNBlock(12),
        nn.AdaptiveAvgPool2d(1), LayerNorm2d(12, eps=1e-6), nn.Flatten(1), nn.Linear(12, 7),
    )


class EncoderBlock(nn.Module):
    """Of the vision transformer, with PyTorch's own attention."""

    def __init__(self, dim, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(dim, heads)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * dim, dim))

    def forward(self, input):
        # PyTorch 1.13 exports attention only where the batch is the second axis.
        x = self.ln_1(input).transpose(0, 1)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = x.transpose(0, 1) + input
        return x + self.mlp(self.ln_2(x))


class VisionTransformer(nn.Module):
    def __init__(self, dim=12, heads=3, patch=8, size=32):
        super().__init__()
        self.patch, self.dim = patch, dim
        self.conv_proj = nn.Conv2d(3, dim, patch, patch)
        self.class_token = nn.Parameter(torch.randn(1, 1, dim) * 0.2)
        self.pos_embedding = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, dim) * 0.2)
        self.layers = nn.Sequential(EncoderBlock(dim, heads), EncoderBlock(dim, heads))
        self.ln, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, 7)

    def forward(self, x):
        n, c, h, w = x.shape
        x = self.conv_proj(x).reshape(n, self.dim, (h // self.patch) * (w // self.patch)).permute(0, 2, 1)
        x = torch.cat([self.class_token.expand(n, -1, -1), x], dim=1)
        x = self.ln(self.layers(x + self.pos_embedding))
        return self.head(x[:, 0])


class WindowAttention(nn.Module):
    """Of Swin: windows that are shifted by a roll, a table of relative positions, and a mask for what the roll joins."""

    def __init__(self, dim, heads, window, shift):
        super().__init__()
        self.dim, self.heads, self.window, self.shift = dim, heads, window, shift
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.2)
        coords = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")).flatten(1)
        relative = (coords[:, :, None] - coords[:, None, :]).permute(1, 2, 0) + window - 1
        self.register_buffer("index", (relative[:, :, 0] * (2 * window - 1) + relative[:, :, 1]).flatten())

    def forward(self, x):
        B, H, W, C = x.shape
        size, shift = self.window, self.shift
        # To whole windows, as torchvision pads.
        x = F.pad(x, (0, 0, 0, (size - W % size) % size, 0, (size - H % size) % size))
        _, pad_H, pad_W, _ = x.shape
        if shift > 0:
            x = torch.roll(x, shifts=(-shift, -shift), dims=(1, 2))
        count = (pad_H // size) * (pad_W // size)
        x = x.view(B, pad_H // size, size, pad_W // size, size, C).permute(0, 1, 3, 2, 4, 5).reshape(B * count, size * size, C)
        qkv = self.qkv(x).reshape(x.size(0), x.size(1), 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0] * (C // self.heads) ** -0.5, qkv[1], qkv[2]
        bias = self.table[self.index].view(size * size, size * size, -1).permute(2, 0, 1).contiguous().unsqueeze(0)
        attn = q.matmul(k.transpose(-2, -1)) + bias
        if shift > 0:
            mask = x.new_zeros((pad_H, pad_W))
            slices = ((0, -size), (-size, -shift), (-shift, None))
            for i, (top, bottom) in enumerate(slices):
                for j, (left, right) in enumerate(slices):
                    mask[top:bottom, left:right] = 3 * i + j
            mask = mask.view(pad_H // size, size, pad_W // size, size).permute(0, 2, 1, 3).reshape(count, size * size)
            mask = mask.unsqueeze(1) - mask.unsqueeze(2)
            mask = mask.masked_fill(mask != 0, -100.0).masked_fill(mask == 0, 0.0)
            attn = attn.view(x.size(0) // count, count, self.heads, x.size(1), x.size(1)) + mask.unsqueeze(1).unsqueeze(0)
            attn = attn.view(-1, self.heads, x.size(1), x.size(1))
        x = F.softmax(attn, dim=-1).matmul(v).transpose(1, 2).reshape(x.size(0), x.size(1), C)
        x = self.proj(x).view(B, pad_H // size, pad_W // size, size, size, C).permute(0, 1, 3, 2, 4, 5).reshape(B, pad_H, pad_W, C)
        if shift > 0:
            x = torch.roll(x, shifts=(shift, shift), dims=(1, 2))
        return x[:, :H, :W, :].contiguous()


class PatchMerging(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm, self.reduction = nn.LayerNorm(4 * dim), nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x):
        H, W, _ = x.shape[-3:]
        x = F.pad(x, (0, 0, 0, W % 2, 0, H % 2))
        parts = [x[..., i::2, j::2, :] for i, j in ((0, 0), (1, 0), (0, 1), (1, 1))]
        return self.reduction(self.norm(torch.cat(parts, -1)))


class SwinBlock(nn.Module):
    def __init__(self, dim, shift):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = WindowAttention(dim, 2, 4, shift)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Dropout(0.0), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def swin():
    stem = [nn.Conv2d(3, 8, 3, 3), Permute(0, 2, 3, 1), nn.LayerNorm(8)]
    tail = [nn.LayerNorm(16), Permute(0, 3, 1, 2), *head(16)]
    return nn.Sequential(*stem, SwinBlock(8, 0), SwinBlock(8, 2), PatchMerging(8), SwinBlock(16, 0), *tail)


def maxvit():
    """MBConv with a padding of its own, and attention over a grid of distant pixels."""

    class Grid(nn.Module):
        def __init__(self, dim, p):
            super().__init__()
            self.p, self.norm, self.qkv, self.merge = p, nn.LayerNorm(dim), nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

        def forward(self, x):
            B, C, H, W = x.shape
            P = self.p
            x = x.reshape(B, C, H // P, P, W // P, P).permute(0, 2, 4, 3, 5, 1).reshape(B, (H // P) * (W // P), P * P, C)
            x = torch.swapaxes(x, -2, -3)
            q, k, v = torch.chunk(self.qkv(self.norm(x)), 3, dim=-1)
            weights = F.softmax(torch.einsum("B G I D, B G J D -> B G I J", q, k) * (1 / math.sqrt(C)), dim=-1)
            x = torch.swapaxes(x + self.merge(torch.einsum("B G I J, B G J D -> B G I D", weights, v)), -2, -3)
            return x.reshape(B, H // P, W // P, P, P, C).permute(0, 5, 1, 3, 2, 4).reshape(B, C, H, W)

    return nn.Sequential(conv_bn(3, 8, 3, 2, act=nn.SiLU), Grid(8, 4), *head(8))


def blocks():
    """Names and networks; each takes images of 3 x 32 x 32, or of the size that it is given."""
    yield "alexnet-like", alexnet(), 64
    yield "vgg-bn", vgg_bn(), 32
    yield "resnext", resnext(), 32
    yield "squeezenet", SqueezeNet(), 37
    yield "densenet", DenseNet(), 32
    yield "googlenet", GoogLeNet(), 37
    yield "mobilenet-v2", mobilenet_v2(), 32
    yield "mobilenet-v3", mobilenet_v3(), 32
    yield "efficientnet", efficientnet(), 32
    yield "mnasnet", mnasnet(), 32
    yield "regnet", regnet(), 32
    yield "shufflenet", shufflenet(), 32
    yield "convnext", convnext(), 32
    yield "vit", VisionTransformer(), 32
    yield "swin", swin(), 32
    yield "maxvit", maxvit(), 32
