"""Writes files of NumPy with what stands in them, for the tests of src/io.

    /usr/bin/python3 test/reference/make_numpy_files.py [FOLDER]

`arrays.npz` is what an example in the documentation reads. A folder as an argument is where everything is written instead:
arrays of all types, orders and versions, `arrays.json` with their values, and files that are refused.
"""
import json
import math
import pathlib
import sys

import numpy as np

here = pathlib.Path(__file__).resolve().parent
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "testdata" / "files"
folder.mkdir(parents=True, exist_ok=True)
np.savez(folder / "arrays.npz", x=np.eye(2), y=np.arange(3))

if len(sys.argv) > 1:
    grid = np.arange(24).reshape(2, 3, 4)
    arrays = {name: (grid % 2 == 0 if name == "bool" else grid).astype(name) for name in (
        "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split()
    )}
    arrays["floats"] = np.array([1.5, -0.0, math.inf, -math.inf, math.nan, 1e-40], dtype=np.float32)
    arrays["wide"] = np.array([-(2**31), 2**31 - 1], dtype=np.int64)
    arrays["scalar"] = np.array(3.5)
    arrays["empty"] = np.zeros((0, 3), dtype=np.float32)
    arrays["line"] = np.arange(5, dtype=np.float32)
    for name in ("float16", "float32", "float64", "int16", "int32", "int64", "uint32", "bool"):
        swapped = arrays[name].dtype.newbyteorder(">")
        arrays[f"{name}_big"] = arrays[name].astype(swapped)
        arrays[f"{name}_fortran"] = np.asfortranarray(arrays[name])
        arrays[f"{name}_big_fortran"] = np.asfortranarray(arrays[name].astype(swapped))
    versions = {}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
        for version in ((2, 0), (3, 0)):
            with open(folder / f"{name}-{version[0]}.npy", "wb") as file:
                np.lib.format.write_array(file, array, version=version)
    np.savez(folder / "all.npz", **arrays)
    np.savez_compressed(folder / "packed.npz", **arrays)

    def plain(x):
        return {"$number": str(x)} if isinstance(x, float) and not math.isfinite(x) else x

    (folder / "arrays.json").write_text(json.dumps({
        name: {"dtype": array.dtype.name, "shape": list(array.shape), "data": [plain(x) for x in array.flatten().tolist()]}
        for name, array in arrays.items()
    }))
    np.save(folder / "object.npy", np.array([{"a": 1}], dtype=object))
    np.save(folder / "text.npy", np.array(["a", "b"]))
    np.save(folder / "complex.npy", np.array([1j]))
    np.save(folder / "date.npy", np.array(["2026-01-01"], dtype="datetime64[D]"))
    np.save(folder / "fields.npy", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))
    np.save(folder / "large.npy", np.array([0, 2**31], dtype=np.uint32))
    np.savez(folder / "object.npz", a=np.array([None]))
