"""Losses of fine-tuning a ResNet-18 in PyTorch, for test/training/finetuning.test.ts.

    /usr/bin/python3 test/reference/make_finetuning_reference.py

writes finetuning.json beside this script;

    /usr/bin/python3 test/reference/make_finetuning_reference.py FILE.pth

writes the state dict that is begun with, torchvision's keys and 1000 classes, as torch.save does. Its values are those of
formula_values.fill, since a trained model is too large to be committed.
"""

import json
import pathlib
import sys

import torch
from torch import nn

sys.dont_write_bytecode = True
from formula_values import fill, images, noise  # noqa: E402
from make_model_references import ResNet  # noqa: E402

CLASSES, BATCH, SIZE, STEPS = 5, 6, 64, 5


def pretrained():
    return fill(ResNet(False, (2, 2, 2, 2)))


def with_new_head(model):
    """The head for other classes, by the same formula, as streams 900 and 901."""
    head = nn.Linear(512, CLASSES)
    with torch.no_grad():
        for parameter, stream, scale in ((head.weight, 900, 0.05), (head.bias, 901, 0.01)):
            values = torch.from_numpy((noise(parameter.numel(), stream) * scale).astype("float32"))
            parameter.copy_(values.reshape(parameter.shape))
    model.fc = head
    return model


def batch(step):
    labels = torch.tensor([(n * 2 + step) % CLASSES for n in range(BATCH)])
    # Classes differ in brightness, so that there is something to learn.
    x = images((BATCH, 3, SIZE, SIZE), 1100 + step) + labels.reshape(-1, 1, 1, 1).float() / 4
    return x, labels


def losses(dtype):
    model = with_new_head(pretrained()).to(dtype)
    backbone = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    optimizer = torch.optim.SGD(
        [{"params": backbone, "lr": 2e-4}, {"params": model.fc.parameters(), "lr": 2e-3}],
        lr=0.01,
        momentum=0.9,
        weight_decay=1e-4,
    )
    found = []
    for step in range(STEPS):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x.to(dtype)), y)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def main():
    if len(sys.argv) > 1:
        torch.save(pretrained().state_dict(), sys.argv[1])
        return
    result = {"torch": torch.__version__, "float64": losses(torch.float64), "float32": losses(torch.float32)}
    print(result)
    pathlib.Path(__file__).with_name("finetuning.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
