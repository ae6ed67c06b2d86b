"""Writes npy.json: .npy files as NumPy 2 writes them, in hexadecimal, with the values they hold."""
import io
import json
import pathlib

import numpy as np

ramp = np.arange(6).reshape(2, 3)
arrays = {
    "float32": ramp.astype("f4") / 4,
    "float64_scalar": np.array(-2.5),
    "int64_vector": np.array([1, -2, 3]),
    "bool": np.array([[True, False]]),
    "uint8_empty": np.zeros((0, 4), "u1"),
    "float16": ramp.astype("f2"),
    "complex128": np.array([1 + 2j]),
    "int32_fortran": np.asfortranarray(np.arange(24, dtype="i4").reshape(2, 3, 4)),
    "int16_big_endian": ramp.astype(">i2"),
    "strings": np.array(["a", "\u00e9\u20ac", "\U0001f600xyz"]),
}
out = {}
for name, array in arrays.items():
    for version in ((1, 0), (2, 0), (3, 0)) if name == "float32" else ((1, 0),):
        file = io.BytesIO()
        np.lib.format.write_array(file, array, version=version)
        key = name + ("" if version == (1, 0) else f"_v{version[0]}")
        values = [] if array.dtype.kind == "c" else array.ravel(order="C").tolist()
        out[key] = {"file": file.getvalue().hex(), "shape": array.shape, "values": values}
path = pathlib.Path(__file__).parent / "npy.json"
path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items()) + "\n}\n")
