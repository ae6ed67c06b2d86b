#!/usr/bin/env python3
"""Records what ONNX Runtime's quantizer, ONNX's reference and numpy compute: expected.json beside this file.

Needs numpy, onnx 1.23.2, onnxruntime 1.31.1. The input arrays are not stored: tests/quant/test_data.h makes
the same ones from the same integers.
"""
import json
import math
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from onnxruntime.quantization import calibrate, quant_utils
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

TYPES = {
    "int8": TensorProto.INT8,
    "uint8": TensorProto.UINT8,
    "int16": TensorProto.INT16,
    "uint16": TensorProto.UINT16,
    "int4": TensorProto.INT4,
    "uint4": TensorProto.UINT4,
}


def bell(count, seed):
    """Sums of four 16-bit numbers of a linear congruential generator, in about [-4, 4]: exact in float32."""
    values = np.empty(count, np.float32)
    state = seed
    for i in range(count):
        total = 0
        for _ in range(4):
            state = (state * 1664525 + 1013904223) % 2**32
            total += state >> 16
        values[i] = (total - 131070) / 32768.0
    return values


def tails(count, seed):
    """Heavy tails: x^3 / 16, rounded once to float32."""
    x = bell(count, seed).astype(np.float64)
    return (x * x * x / 16).astype(np.float32)


ARRAYS = {
    "bell": lambda: bell(20000, 1),
    "relu": lambda: np.maximum(bell(20000, 2), 0),
    "relu6": lambda: np.clip(bell(20000, 3) * 3 + 1, 0, 6),
    "tails": lambda: tails(20000, 4),
    "shifted": lambda: bell(20000, 5) * np.float32(0.25) + np.float32(0.75),
}
RANGES = [(-1, 1), (0, 6), (-0.2785, 10.5), (-3.0, 0), (0.5, 2.5), (-7.5, -2.5), (-1e-3, 1e5), (0, 0), (-1e-40, 1e-40),
          (-3e38, 3e38), (-128, 127), (0, 255), (-0.1, 0.3)]


def limits_and_params():
    rows = []
    for name, kind in TYPES.items():
        for reduced in (False, True):
            for symmetric in (False, True):
                qmin, qmax = quant_utils.get_qmin_qmax_for_qType(kind, reduced, symmetric)
                row = {"type": name, "reduced": reduced, "symmetric": symmetric, "qmin": int(qmin), "qmax": int(qmax),
                       "params": []}
                for low, high in RANGES:
                    zero_point, scale = quant_utils.compute_scale_zp(
                        np.array(low, np.float32), np.array(high, np.float32), qmin, qmax, symmetric)
                    row["params"].append([float(scale), int(zero_point)])
                rows.append(row)
    return {"ranges": RANGES, "rows": rows}


def quantize_linear():
    """ONNX's reference and ONNX Runtime, on ties, saturation and infinities."""
    rows = []
    for name in ("int8", "uint8", "int16", "uint16"):
        for scale, zero_point in ((0.5, 0), (0.1, 3), (2.0, 120 if name != "int8" else -128), (1 / 3, 1)):
            x = [-1e30, -300.25, -128.5, -64.25, -1.25, -0.75, -0.25, 0.0, 0.05, 0.15, 0.25, 0.35, 0.75, 1.25, 1.5, 2.5,
                 3.0, 5.0, 63.75, 127.5, 128.5, 300.0, 40000.0, 1e30, math.inf, -math.inf]
            model = helper.make_model(
                helper.make_graph(
                    [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"])], "q",
                    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [len(x)])],
                    [helper.make_tensor_value_info("y", TYPES[name], [len(x)])],
                    [helper.make_tensor("s", TensorProto.FLOAT, [], [scale]),
                     helper.make_tensor("z", TYPES[name], [], [zero_point])]),
                opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
            feed = {"x": np.array(x, np.float32)}
            session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            runtime = session.run(None, feed)[0]
            finite = np.isfinite(feed["x"]) & (np.abs(feed["x"]) < 1e9)
            reference = ReferenceEvaluator(model).run(None, feed)[0]
            assert np.array_equal(runtime[finite], reference[finite]), (name, scale, runtime, reference)
            rows.append({"type": name, "scale": float(np.float32(scale)), "zero_point": zero_point,
                         "x": [str(v) for v in x], "y": [int(v) for v in runtime]})
    return rows


def neighbours(data, percent):
    """The values one rank below and one above the percentile."""
    step = 100 / data.size
    return [float(np.percentile(data, min(max(p, 0), 100))) for p in (percent - step, percent + step)]


def percentiles():
    rows = []
    for name, make in ARRAYS.items():
        data = make()
        for percent in (99.9, 99.0, 90.0):
            cut = (100 - percent) / 2
            row = {"array": name, "percentile": percent,
                   "low": neighbours(data, cut), "high": neighbours(data, 100 - cut),
                   "magnitude": neighbours(np.abs(data), percent)}
            collector = calibrate.HistogramCollector("percentile", False, 4096, 128, percent, "same")
            collector.collect({"t": data})
            low, high = collector.compute_percentile()["t"][:2]
            row["onnxruntime"] = [float(low), float(high)]
            # Its bins span [-max|x|, max|x|].
            row["onnxruntime_bin"] = float(2 * np.abs(data).max() / 4096)
            rows.append(row)
    return rows


def moving_average():
    """ONNX Runtime's calibrator on the identity: the mean inside one call, exponential between calls."""
    batches = [bell(50, seed) * np.float32(1 + seed % 3) for seed in range(10, 17)]
    model = helper.make_model(
        helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g",
                          [helper.make_tensor_value_info("x", TensorProto.FLOAT, [50])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, [50])]),
        opset_imports=[helper.make_opsetid("", 13)], ir_version=8)

    class Reader(calibrate.CalibrationDataReader):
        def __init__(self, arrays):
            self.arrays = iter(arrays)

        def get_next(self):
            array = next(self.arrays, None)
            return None if array is None else {"x": array}

    result = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "m.onnx"
        onnx.save(model, path)
        for name, calls in (("one_call", [batches]), ("call_for_each", [[batch] for batch in batches])):
            calibrator = calibrate.MinMaxCalibrater(path, augmented_model_path=str(pathlib.Path(folder) / "a.onnx"),
                                                    moving_average=True, averaging_constant=0.01)
            calibrator.augment_graph()
            calibrator.create_inference_session()
            for call in calls:
                calibrator.collect_data(Reader(call))
            low, high = calibrator.compute_data()["x"].range_value
            result[name] = [float(np.ravel(low)[0]), float(np.ravel(high)[0])]
    return result


def weights():
    rows = []
    for name, kind in (("int8", TensorProto.INT8), ("uint8", TensorProto.UINT8), ("int4", TensorProto.INT4)):
        for symmetric in (True, False):
            data = tails(64, 21)
            zero_point, scale, quantized = quant_utils.quantize_data(data, kind, symmetric)
            rows.append({"type": name, "symmetric": symmetric, "scale": float(scale), "zero_point": int(zero_point),
                         "values": [int(v) for v in np.asarray(quantized).ravel()]})
    packed = quant_utils.pack_bytes_to_4bit(np.arange(-8, 7, dtype=np.int8).tobytes())
    onnx_packed = helper.make_tensor("t", TensorProto.INT4, [15], np.arange(-8, 7)).raw_data
    if not onnx_packed:  # stored one byte to an int32 by some versions
        onnx_packed = bytes(helper.make_tensor("t", TensorProto.INT4, [15], np.arange(-8, 7)).int32_data)
    assert bytes(packed) == bytes(onnx_packed)
    return {"rows": rows, "int4_from_minus_8": list(packed)}


def bias_scales():
    rows = []
    quantizer = QDQQuantizer.__new__(QDQQuantizer)
    for input_scale, scales, bias in ((0.02, [1e-3, 1e-9, 5e-4, 1e-12], [0.5, 3.0, -2e4, 1e-4]), (1e-6, [1e-6], [7.0, -9.0])):
        weight_scale = np.array(scales if len(scales) > 1 else scales[0], np.float32)
        tensor = onnx.numpy_helper.from_array(np.array(bias, np.float32), "b")
        changed, new = quantizer._adjust_weight_scale_for_int32_bias(
            np.array(input_scale, np.float32), weight_scale.copy(), "w", tensor, len(scales) > 1)
        assert changed
        scale = np.float32(input_scale) * new
        quantized = np.clip(np.round(np.array(bias, np.float32).astype(np.float64) / scale.astype(np.float64)), -2**31, 2**31 - 1)
        rows.append({"input_scale": float(np.float32(input_scale)), "weight_scales": [float(v) for v in np.float32(scales)],
                     "bias": [float(v) for v in np.float32(bias)], "new_scales": [float(v) for v in np.ravel(new)],
                     "quantized": [int(v) for v in np.ravel(quantized)]})
    return rows


def similarity():
    a, b = bell(5001, 31), bell(5001, 31) + tails(5001, 32) * np.float32(0.125)
    x, y = a.astype(np.float64), b.astype(np.float64)
    return {"sqnr_db": float(10 * np.log10((x**2).sum() / ((x - y)**2).sum())),
            "cosine": float((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())),
            "max_abs_error": float(np.abs(x - y).max()), "rmse": float(np.sqrt(((x - y)**2).mean()))}


def main():
    expected = {
        "versions": {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__},
        "array_sums": {name: float(make().astype(np.float64).sum()) for name, make in ARRAYS.items()},
        "params": limits_and_params(),
        "quantize_linear": quantize_linear(),
        "percentiles": percentiles(),
        "moving_average": moving_average(),
        "weights": weights(),
        "bias_scales": bias_scales(),
        "similarity": similarity(),
    }
    path = pathlib.Path(__file__).with_name("expected.json")
    path.write_text(json.dumps(expected, separators=(",", ":")).replace('{"type"', '\n{"type"').replace('{"array"', '\n{"array"') + "\n")


if __name__ == "__main__":
    main()
