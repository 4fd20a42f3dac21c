"""Writes the ONNX standard's tests of single operators to a folder, for test/onnx/standard.test.ts.

    python3 test/reference/dump_onnx_tests.py FOLDER

The Python package onnx has the tests as code. For each one there is a folder with model.onnx and, in
test_data_set_0, input_0.pb, input_1.pb, ... and output_0.pb, ...: tensors, as the package itself once shipped them.
Tests with values other than tensors are left out.
"""

import inspect
import os
import sys

import numpy

# onnx 1.12, which Debian has, uses names that numpy has dropped since.
for alias in (bool, float, int, object):
    if alias.__name__ not in vars(numpy):
        setattr(numpy, alias.__name__, alias)

from onnx import TensorProto, numpy_helper  # noqa: E402
from onnx.backend.test.case.node import collect_testcases  # noqa: E402


def tensor(value, name):
    """The value as a TensorProto, or None where it is none."""
    if isinstance(value, TensorProto):
        return value
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return numpy_helper.from_array(numpy.asarray(value), name)
    return None


def is_typed(model, files):
    """Whether inputs have the types of the model: onnx 1.12 gives the bits of bfloat16 as whole numbers."""
    pairs = [(files.get(f"input_{i}.pb"), value.type.tensor_type) for i, value in enumerate(model.graph.input)]
    return all(given is None or given.data_type == declared.elem_type for given, declared in pairs)


def main(folder):
    arguments = [None] if inspect.signature(collect_testcases).parameters else []
    for case in collect_testcases(*arguments):
        data_sets = case.data_sets or []
        if case.model is None or not data_sets:
            continue
        inputs, outputs = data_sets[0]
        files = {f"input_{i}.pb": tensor(v, str(i)) for i, v in enumerate(inputs)}
        files.update({f"output_{i}.pb": tensor(v, str(i)) for i, v in enumerate(outputs)})
        if any(value is None for value in files.values()) or not is_typed(case.model, files):
            continue
        data = os.path.join(folder, case.name, "test_data_set_0")
        os.makedirs(data, exist_ok=True)
        with open(os.path.join(folder, case.name, "model.onnx"), "wb") as file:
            file.write(case.model.SerializeToString())
        for name, value in files.items():
            with open(os.path.join(data, name), "wb") as file:
                file.write(value.SerializeToString())


main(sys.argv[1])
