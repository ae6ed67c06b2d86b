#!/usr/bin/python3
"""Data that is broken, empty, or does not fit the model: one clear error, exit code 3, nothing written."""
import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

COUNT = 24


def labels(values):
    return npy([len(values)], values, "<i8")


class BadDataTest(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("model.onnx", classifier())

    def refused(self, text, data, commands=("evaluate", "quantize"), code=BAD_INPUT):
        lines = {"evaluate": ["evaluate", self.model, "--data", data, "--metric", "top1"],
                 "quantize": ["quantize", self.model, "-o", "out.onnx", "--calibration", data, "--calibrator", "minmax"],
                 "simplify": ["simplify", self.model, "-o", "out.onnx", "--data", data],
                 "bench": ["bench", self.model, "--data", data],
                 "profile": ["profile", self.model, "--data", data],
                 "optimize": ["optimize", self.model, "--data", data, "--metric", "top1"]}
        for command in commands if commands != "all" else lines:
            with self.subTest(command=command):
                self.fails(code, text, *lines[command])

    def test_shapes_that_do_not_fit(self):
        data = self.save_data("data.npz", x=npy([COUNT, 3, 8, 16], [0.0] * COUNT * 384))
        self.refused("expects shape [1, 3, 16, 16], the data has [3, 8, 16]", data, "all")

    def test_types_that_do_not_fit(self):
        data = self.save_data("data.npz", x=npy([COUNT, 3, 16, 16], [128] * COUNT * 768, "|u1"))
        self.refused("expects float32, the data has uint8", data, "all")
        data = self.save_data("data.npz", x=npy([COUNT, 3, 16, 16], images(COUNT), "<f8"))
        self.refused("expects float32, the data has float64", data)

    def test_no_samples(self):
        self.refused("is empty", self.save_data("data.npz", x=npy([0, 3, 16, 16], []), labels=labels([])), "all")

    def test_labels_out_of_range(self):
        for wrong in (-1, CLASSES, 1 << 40):
            data = self.save_data("data.npz", labels=labels([0] * (COUNT - 1) + [wrong]))
            self.refused(f"{wrong} ", data, ("evaluate", "optimize"))

    def test_labels_that_are_no_integers(self):
        data = self.save_data("data.npz", labels=npy([COUNT], [0.5] * COUNT, "<f8"))
        self.refused("float64", data, ("evaluate",))

    def test_fewer_labels_than_samples(self):
        data = self.save_data("data.npz", labels=labels([0] * (COUNT - 1)))
        self.refused("23", data, ("evaluate", "quantize", "optimize"))

    def test_no_labels(self):
        data = self.save_data("data.npz", labels=None)
        self.refused("label", data, ("evaluate", "optimize"))

    def test_arrays_for_other_inputs(self):
        data = self.save_data("data.npz", x=None, z=npy([COUNT, 3, 16, 16], images(COUNT)))
        self.refused("no array for a model input", data, ("evaluate", "quantize", "optimize"))

    def test_damaged_files(self):
        whole = pathlib.Path(self.save_data("whole.npz")).read_bytes()
        self.refused("not a whole .npz file", self.write("data.npz", whole[:len(whole) // 2]), ("evaluate", "bench"))
        self.refused("not a whole .npz file", self.write("data.npz", b""))
        array = npy([COUNT, 3, 16, 16], images(COUNT))
        self.refused("its shape [24, 3, 16, 16] needs", self.write("data.npy", array[:1000]))

    def test_no_data_set(self):
        self.refused("nowhere' does not exist", "nowhere", "all")
        (self.folder / "empty").mkdir()
        self.refused("no data set", "empty")

    def test_nan_in_outputs(self):
        self.model = self.write("model.onnx", Model(
            [node("Log", ["x"], ["l"]), node("MatMul", ["l", "w"], ["y"])],
            [value_info("x", [1, 4])], [value_info("y", [1, 3])], [tensor("w", [4, 3], normal(12))]))
        negative = npy([COUNT, 4], [-1.0] * COUNT * 4)
        data = self.save_data("data.npz", x=negative, labels=labels([0] * COUNT))
        self.refused("NaN", data, ("evaluate", "quantize"))
        last = npy([COUNT, 4], [1.0] * (COUNT - 1) * 4 + [-1.0] * 4)
        data = self.save_data("data.npz", x=last, labels=labels([0] * COUNT))
        self.refused("'y'", data, ("evaluate", "quantize"))

    def test_optimize_leaves_nothing_but_its_state_when_outputs_are_nan(self):
        model = self.write("nan.onnx", elementwise(node("Log", ["x"], ["y"])))
        data = self.save_data("data.npz", x=npy([COUNT, 4], [-1.0] * COUNT * 4), labels=labels([0] * COUNT))
        process = self.run_edgeopt("optimize", model, "--data", data, "--metric", "top1", "--work", "work")
        self.assertEqual(process.returncode, BAD_INPUT, process.stderr)
        self.assertIn("output 'y' of sample", process.stderr)
        self.assertEqual([path for path in (self.folder / "work").rglob("*") if path.suffix in (".onnx", ".zst")], [])

    def test_nan_in_one_calibration_sample_is_told(self):
        values = images(COUNT)
        values[7 * 768] = math.nan
        data = self.save_data("data.npz", x=npy([COUNT, 3, 16, 16], values))
        process = self.done("quantize", self.model, "-o", "out.onnx", "--calibration", data, "--calibrator", "minmax")
        self.assertRegex(process.stderr, "warning: .*'x'.* NaN")


if __name__ == "__main__":
    unittest.main()
