"""Writes an event file with PyTorch's SummaryWriter, for the tests of src/io: test/reference/testdata/files/pytorch.tfevents.

    python3 test/reference/make_tensorboard_files.py [FOLDER]

It needs PyTorch and TensorBoard. A folder as an argument is where it is written instead.
"""
import glob
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

greater = np.greater
np.greater = lambda a, b, **_: greater(a, b)  # PyTorch 1.13 passes a dtype that NumPy refuses since 1.24

here = pathlib.Path(__file__).resolve().parent
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "testdata" / "files"
at = dict(global_step=3, walltime=1234.5)
with tempfile.TemporaryDirectory() as log_dir:
    with SummaryWriter(log_dir) as writer:
        writer.add_scalar("loss/train", 0.1, **at)
        writer.add_histogram("weights", torch.tensor([-2.0, -1, 0, 0, 1, 5, 7, 7]), **at)
        writer.add_text("note", "**hi** \u7a7a", **at)
        writer.add_histogram("few", torch.tensor([1.0, 2, 2, 4]), bins=3, **at)
        writer.add_histogram("joined", torch.arange(10.0), bins=10, max_bins=3, **at)
        writer.add_scalar("new", 0.5, new_style=True, **at)
    [path] = glob.glob(f"{log_dir}/events*")
    shutil.copy(path, folder / "pytorch.tfevents")
