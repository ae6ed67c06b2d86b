"""Writes small_floats.txt: every code of the 8-, 6- and 4-bit float types and its value, by ml_dtypes.

Needs ml_dtypes==0.6.0. One line per type: its ONNX name, then the values in order of their codes.
"""
import ml_dtypes
import numpy as np

TYPES = {
    "float8e4m3fn": (ml_dtypes.float8_e4m3fn, 256),
    "float8e4m3fnuz": (ml_dtypes.float8_e4m3fnuz, 256),
    "float8e5m2": (ml_dtypes.float8_e5m2, 256),
    "float8e5m2fnuz": (ml_dtypes.float8_e5m2fnuz, 256),
    "float8e8m0": (ml_dtypes.float8_e8m0fnu, 256),
    "float6e2m3": (ml_dtypes.float6_e2m3fn, 64),
    "float6e3m2": (ml_dtypes.float6_e3m2fn, 64),
    "float4e2m1": (ml_dtypes.float4_e2m1fn, 16),
}

with open("small_floats.txt", "w", encoding="ascii") as out:
    for name, (dtype, count) in TYPES.items():
        values = np.arange(count, dtype=np.uint8).view(dtype).astype(np.float32)
        out.write(name + " " + " ".join(repr(float(v)) for v in values) + "\n")
