"""Numbers for weights and data by a formula, the same bits as in src/models/formula-values.test-helper.ts."""

import numpy as np
import torch


def noise(count, stream):
    """`count` numbers of [-1, 1), evenly spread; every `stream` has others."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1)
        x += np.uint32((stream * 0x85EBCA77 + 1) % 2**32)
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
            x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2**31 - 1


def fill(model):
    """Replaces parameters and running statistics, each with the number of its place in the state dict as stream."""
    with torch.no_grad():
        for i, (key, value) in enumerate(model.state_dict().items()):
            if key.endswith("num_batches_tracked"):
                continue
            v = noise(value.numel(), i)
            if value.dim() > 1:
                v = v * np.sqrt(6 / value[0].numel())
            elif key.endswith("running_var"):
                v = 1 + 0.5 * v
            elif key.endswith("weight"):
                v = 1 + 0.2 * v
            else:
                v = 0.1 * v
            value.copy_(torch.from_numpy(v.astype(np.float32)).reshape(value.shape))
    return model


def images(shape, stream):
    """Images of -1 to 1."""
    v = noise(int(np.prod(shape)), stream)
    return torch.from_numpy(v.astype(np.float32)).reshape(shape)
