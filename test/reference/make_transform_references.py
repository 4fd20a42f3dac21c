"""Resized, turned and coloured images by PyTorch and Python's colorsys.

    /usr/bin/python3 test/reference/make_transform_references.py

writes transforms.json beside this script; src/data/transforms/transforms.test.ts compares.
"""

import colorsys
import json
import math
import pathlib
import sys

import torch
from torch.nn import functional as F

sys.dont_write_bytecode = True
from formula_values import images  # noqa: E402

RESIZES = ((7, 5, 3, 4), (5, 7, 11, 13), (13, 11, 4, 17), (8, 8, 4, 4), (9, 6, 9, 1))
ANGLES = ((5, 7, 33.0), (6, 4, -75.5), (7, 7, 90.0), (4, 4, 180.0))


def rounded(t):
    return [float(f"{v:.8g}") for v in t.flatten().tolist()]


def turned(x, angle, mode):
    """As torchvision turns tensors: every pixel is looked up at the place that the inverse rotation gives."""
    h, w = x.shape[-2:]
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    ys, xs = torch.meshgrid(torch.arange(h) + 0.5 - h / 2, torch.arange(w) + 0.5 - w / 2, indexing="ij")
    grid = torch.stack(((c * xs - s * ys) / (w / 2), (s * xs + c * ys) / (h / 2)), -1)[None].double()
    return F.grid_sample(x[None].double(), grid, mode, "zeros", align_corners=False)[0]


def hue(x, turn):
    planes = x.reshape(3, -1).T.tolist()
    out = []
    for pixel in planes:
        h, s, v = colorsys.rgb_to_hsv(*pixel)
        out.append(colorsys.hsv_to_rgb((h + turn) % 1, s, v))
    return torch.tensor(out).T


result = {"resize": [], "rotation": [], "hue": []}
for h, w, to_h, to_w in RESIZES:
    x = images((2, h, w), 1)
    for antialias in (True, False):
        y = F.interpolate(x[None].double(), (to_h, to_w), mode="bilinear", align_corners=False, antialias=antialias)
        result["resize"].append({"from": [h, w], "to": [to_h, to_w], "antialias": antialias, "values": rounded(y)})
for h, w, angle in ANGLES:
    for mode in ("nearest", "bilinear"):
        y = turned(images((2, h, w), 2), angle, mode)
        result["rotation"].append({"size": [h, w], "angle": angle, "mode": mode, "values": rounded(y)})
for turn in (-0.5, -0.2, 0.1, 0.37):
    result["hue"].append({"turn": turn, "values": rounded(hue((images((3, 4, 5), 3) + 1) / 2, turn))})
pathlib.Path(__file__).with_name("transforms.json").write_text(json.dumps(result) + "\n")
