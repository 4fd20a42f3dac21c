"""State-dict keys, shapes and outputs of the models in src/models.

    /usr/bin/python3 test/reference/make_model_references.py

writes models.json beside this script. The models here are written after torchvision's structure (0.14), whose names
of children decide the keys; the counts of parameters below are those that torchvision documents. The CIFAR network is
written after the paper (He et al., 2016, section 4.2, shortcuts of option A).
"""

import json
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True
from formula_values import fill, images  # noqa: E402


def conv(a, b, size, stride=1, groups=1):
    return nn.Conv2d(a, b, size, stride, (size - 1) // 2, groups=groups, bias=False)


class Residual(nn.Module):
    def __init__(self, inputs, planes, stride, bottleneck):
        super().__init__()
        out = planes * (4 if bottleneck else 1)
        self.bottleneck = bottleneck
        if bottleneck:
            self.conv1, self.bn1 = conv(inputs, planes, 1), nn.BatchNorm2d(planes)
            self.conv2, self.bn2 = conv(planes, planes, 3, stride), nn.BatchNorm2d(planes)
            self.conv3, self.bn3 = conv(planes, out, 1), nn.BatchNorm2d(out)
        else:
            self.conv1, self.bn1 = conv(inputs, planes, 3, stride), nn.BatchNorm2d(planes)
            self.conv2, self.bn2 = conv(planes, planes, 3), nn.BatchNorm2d(planes)
        self.downsample = None
        if stride != 1 or inputs != out:
            self.downsample = nn.Sequential(conv(inputs, out, 1, stride), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if self.bottleneck:
            y = self.bn3(self.conv3(y.relu()))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class ResNet(nn.Module):
    def __init__(self, bottleneck, counts, classes=1000, channels=3):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inputs = 64
        for i, count in enumerate(counts):
            blocks = []
            for b in range(count):
                blocks.append(Residual(inputs, 64 * 2**i, 2 if b == 0 and i > 0 else 1, bottleneck))
                inputs = 64 * 2**i * (4 if bottleneck else 1)
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(x.mean((2, 3)))


class CifarBlock(nn.Module):
    def __init__(self, inputs, planes):
        super().__init__()
        self.stride = 1 if inputs == planes else 2
        self.added = (planes - inputs) // 2
        self.conv1, self.bn1 = conv(inputs, planes, 3, self.stride), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes, 3), nn.BatchNorm2d(planes)

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if self.stride == 2:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.added, self.added))
        return (y + x).relu()


class CifarResNet(nn.Module):
    def __init__(self, blocks=3, classes=10, channels=3):
        super().__init__()
        self.conv1, self.bn1 = conv(channels, 16, 3), nn.BatchNorm2d(16)
        for i, (a, b) in enumerate(((16, 16), (16, 32), (32, 64))):
            layers = [CifarBlock(a if k == 0 else b, b) for k in range(blocks)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class VGG(nn.Module):
    def __init__(self, norm, classes=1000, channels=3, hidden=4096):
        super().__init__()
        layers = []
        for v in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
            if v == "M":
                layers.append(nn.MaxPool2d(2, 2))
                continue
            layers += [nn.Conv2d(channels, v, 3, padding=1), *([nn.BatchNorm2d(v)] if norm else []), nn.ReLU()]
            channels = v
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, hidden), nn.ReLU(), nn.Dropout(),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes),
        )

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, ratio):
        super().__init__()
        hidden = inputs * ratio
        self.adds = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            *([] if ratio == 1 else [activated(inputs, hidden, 1)]),
            activated(hidden, hidden, 3, stride, hidden), conv(hidden, outputs, 1), nn.BatchNorm2d(outputs),
        )

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


def activated(a, b, size, stride=1, groups=1):
    return nn.Sequential(conv(a, b, size, stride, groups), nn.BatchNorm2d(b), nn.ReLU6())


class MobileNetV2(nn.Module):
    def __init__(self, classes=1000, channels=3):
        super().__init__()
        layers, inputs = [activated(channels, 32, 3, 2)], 32
        for ratio, planes, count, stride in (
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ):
            for i in range(count):
                layers.append(Inverted(inputs, planes, stride if i == 0 else 1, ratio))
                inputs = planes
        self.features = nn.Sequential(*layers, activated(320, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


# Name here, counts of parameters as published, the model as published, and a small one whose outputs are compared.
MODELS = (
    ("resnet18", 11_689_512, lambda: ResNet(False, (2, 2, 2, 2)), lambda: ResNet(False, (2, 2, 2, 2), 10, 1)),
    ("resnet34", 21_797_672, lambda: ResNet(False, (3, 4, 6, 3)), None),
    ("resnet50", 25_557_032, lambda: ResNet(True, (3, 4, 6, 3)), lambda: ResNet(True, (3, 4, 6, 3), 10, 1)),
    ("resnet20", 269_722, CifarResNet, lambda: CifarResNet(3, 10, 1)),
    ("vgg11", 132_863_336, lambda: VGG(False), lambda: VGG(False, 10, 1, 64)),
    ("vgg11Bn", 132_868_840, lambda: VGG(True), lambda: VGG(True, 10, 1, 64)),
    ("mobilenetV2", 3_504_872, MobileNetV2, lambda: MobileNetV2(10, 1)),
)
INPUT = (3, 1, 45, 37)


def outputs(make):
    """Of evaluation, and of training without dropout; and how far PyTorch's own float32 is from that."""
    model = fill(make())
    x = images(INPUT, 1000)
    found = {}
    for mode in ("eval", "train"):
        values = []
        for dtype in (torch.float64, torch.float32):
            m = make()
            m.load_state_dict(model.state_dict())
            m.to(dtype).train(mode == "train")
            for layer in m.modules():
                if isinstance(layer, nn.Dropout):
                    layer.p = 0.0
            with torch.no_grad():
                values.append(m(x.to(dtype)).double().flatten())
        found[mode] = [float(f"{v:.10g}") for v in values[0].tolist()]
        found[mode + "Error"] = float(f"{(values[1] - values[0]).abs().max():.3g}")
    return found


def main():
    result = {"torch": torch.__version__, "inputShape": INPUT, "models": {}}
    for name, count, published, small in MODELS:
        model = published()
        assert sum(p.numel() for p in model.parameters()) == count, name
        state = [f"{key} {'x'.join(map(str, v.shape))}".strip() for key, v in model.state_dict().items()]
        result["models"][name] = {"parameters": count, "state": state, **(outputs(small) if small else {})}
        print(name, {k: v for k, v in result["models"][name].items() if k.endswith("Error")})
    target = pathlib.Path(__file__).with_name("models.json")
    target.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
