#!/usr/bin/python3
"""TensorFlow's models as sources: a real SavedModel becomes what its makers' own ONNX and TFLite files are."""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

CACHE = pathlib.Path(os.environ.get("EDGEOPT_CACHE") or pathlib.Path.home() / ".cache/edgeopt")
MODELS = CACHE / "basic-pitch-0.4.0"
SAMPLES = 43844  # two seconds of sound


class TensorflowTest(CliTest):
    def same(self, own, name, converted):
        """As their file, whose input has that name."""
        save_npz(self.folder / "inputs.npz", **{name: npy([2, SAMPLES, 1], normal(2 * SAMPLES, scale=0.1))})
        document = self.json("compare", own, converted, "--data", "inputs.npz")
        self.assertEqual(len(document["outputs"]), 3)
        for output in document["outputs"]:
            self.assertGreater(output["cosine"], 0.99999, output)

    def converted(self, output):
        imported = self.json("convert", MODELS / "nmp", "-o", output)["imported"]
        self.assertEqual((imported["framework"], imported["kind"]), ("tensorflow", "saved_model"))
        self.assertEqual([attempt["result"] for attempt in imported["attempts"]], ["taken"])
        for result in imported["verified"]["outputs"]:
            self.assertLess(result["max_abs_error"], 1e-3 * result["range"])
        return imported["way"]

    def test_to_onnx(self):
        self.assertEqual(self.converted("out.onnx"), "by tf2onnx, opset 17")
        self.same(MODELS / "nmp.tflite", "input_2", "out.onnx")

    def test_to_tflite_without_a_detour(self):
        self.assertEqual(self.converted("out.tflite"), "by tflite")
        self.same(MODELS / "nmp.onnx", "serving_default_input_2:0", "out.tflite")


if __name__ == "__main__":
    unittest.main()
