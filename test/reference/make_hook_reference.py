"""The order in which PyTorch calls hooks, and what they see, for nested modules. Run it to write it again:
python3 test/reference/make_hook_reference.py  (writes hooks.json beside this file)
src/nn/hooks.test.ts registers the same hooks and compares every call.
"""

import json
import pathlib
import torch
from torch import nn

folder = pathlib.Path(__file__).resolve().parent
log = []


def numbers(value):
    if value is None:
        return None
    if isinstance(value, torch.Tensor):
        return value.detach().flatten().tolist()
    return [numbers(v) for v in value]


class Times(nn.Module):
    """Multiplies by a weight."""

    def __init__(self, name, weight):
        super().__init__()
        self.title = name
        self.weight = nn.Parameter(torch.tensor([float(weight)]))

    def forward(self, x):
        log.append([f"{self.title} forward", numbers(x)])
        return x * self.weight


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.title = "outer"
        self.first = Times("first", 2)
        self.second = Times("second", 3)

    def forward(self, x):
        log.append(["outer forward", numbers(x)])
        return self.second(self.first(x))


def pre(name, change=None):
    def hook(module, inputs):
        log.append([f"{name} of {module.title}", numbers(inputs)])
        return change(*inputs) if change else None

    return hook


def post(name, change=None):
    def hook(module, inputs, output):
        log.append([f"{name} of {module.title}", numbers(inputs), numbers(output)])
        return change(output) if change else None

    return hook


def back(name, change=None):
    def hook(module, grad_input, grad_output):
        log.append([f"{name} of {module.title}", numbers(grad_input), numbers(grad_output)])
        return (change(grad_input[0]),) if change else None

    return hook


def run(model, *steps):
    """Calls the model once; gradients of the input and of all parameters end the sequence."""
    log.clear()
    for step in steps:
        step()
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = model(x)
    y.sum().backward()
    log.append(["output", numbers(y)])
    log.append(["gradients", numbers([x.grad, *(p.grad for p in model.parameters())])])
    model.zero_grad()
    return [*log]


def order():
    model = Outer()
    handles = [
        nn.modules.module.register_module_forward_pre_hook(pre("global pre")),
        nn.modules.module.register_module_forward_hook(post("global post")),
    ]
    for module in (model, model.first, model.second):
        for i in (1, 2):
            module.register_forward_pre_hook(pre(f"pre {i}"))
            module.register_forward_hook(post(f"post {i}"))
            module.register_full_backward_hook(back(f"back {i}"))
    result = run(model)
    for h in handles:
        h.remove()
    return result


def replaced():
    model = Outer()
    model.register_forward_pre_hook(pre("pre 1", lambda x: x + 1))
    model.register_forward_pre_hook(pre("pre 2", lambda x: (x * 10,)))
    model.first.register_forward_hook(post("post 1", lambda y: y * 2))
    model.first.register_forward_hook(post("post 2", lambda y: y + 5))
    model.first.register_full_backward_hook(back("back 1", lambda g: g * 3))
    model.first.register_full_backward_hook(back("back 2", lambda g: g + 1))
    model.second.register_full_backward_hook(back("back", lambda g: g * 7))
    model.register_full_backward_hook(back("back"))
    return run(model)


def removed():
    """Hooks that take themselves, or one that comes later, off while they run; and one that adds another."""
    model = Outer()
    handles = {}

    def removing(*names):
        def change(*_):
            for n in names:
                handles[n].remove()

        return change

    first = model.first
    handles["a"] = first.register_forward_pre_hook(pre("pre a", removing("a", "b")))
    handles["b"] = first.register_forward_pre_hook(pre("pre b"))
    handles["c"] = first.register_forward_hook(post("post c", removing("c", "d")))
    handles["d"] = first.register_forward_hook(post("post d"))
    handles["e"] = first.register_full_backward_hook(back("back e"))
    handles["f"] = first.register_full_backward_hook(back("back f"))

    def adding(*_):
        handles["e"].remove()
        first.register_forward_pre_hook(pre("pre late"))
        first.register_forward_hook(post("post late"))

    handles["g"] = first.register_forward_pre_hook(pre("pre g", adding))
    one = run(model)
    handles["g"].remove()
    return [*one, ["second call"], *run(model)]


def registered_inside():
    """A forward that registers hooks on the module that is being called: the first call has none yet."""

    class Late(Times):
        def forward(self, x):
            if not self._forward_hooks:
                self.register_forward_hook(post("post late"))
            return super().forward(x)

    model = Late("late", 2)
    return [*run(model), ["second call"], *run(model)]


result = {"order": order(), "replaced": replaced(), "removed": removed(), "registered inside": registered_inside()}
lines = [f"{json.dumps(k)}: [\n" + ",\n".join("  " + json.dumps(c) for c in v) + "\n]" for k, v in result.items()]
(folder / "hooks.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
