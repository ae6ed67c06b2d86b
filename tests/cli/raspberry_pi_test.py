#!/usr/bin/python3
"""The main job for a Raspberry Pi on a small part of Fashion-MNIST: TFLite, with its proof."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import make_run

LABEL = "Host Estimate (not target hardware)"
DATA = ["--data", "data:t10k", "--calibration", "data:train", "--preprocessing", "pre.toml", "--metric", "top1",
        "--threads", "1"]


class RaspberryPiTest(CliTest):
    """One run serves all tests; each leaves it as it was."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        make_run(cls.shared)
        cls.process = subprocess.run(
            [EDGEOPT, "optimize", "net.onnx", "--device", "raspberry-pi-5", *DATA, "--json"],
            cwd=cls.shared, capture_output=True, text=True, check=False, timeout=250, stdin=subprocess.DEVNULL)

    def setUp(self):
        self.folder = self.shared
        self.assertEqual(self.process.returncode, DONE, self.process.stdout + self.process.stderr)
        self.document = json.loads(self.process.stdout)
        self.package = self.shared / "net_edgeopt/net_package"

    def test_the_plan(self):
        steps = {step["id"]: step for step in self.document["record"]["steps"]}
        self.assertEqual(list(steps), ["baseline", "tflite-fp32", "tflite-fp16", "tflite-int8"])
        self.assertEqual(steps["tflite-fp32"]["decision"], "kept")
        # A float conversion changes no label here; a baseline of another format is no yardstick for speed.
        self.assertEqual(steps["tflite-fp32"]["accuracy"]["value"], steps["baseline"]["accuracy"]["value"])
        self.assertIn("the first in the format of raspberry-pi-5", steps["tflite-fp32"]["reason"])
        self.assertGreaterEqual(steps["tflite-int8"]["latency"]["samples"], 100)
        self.assertEqual(steps["tflite-int8"]["parameters"]["rules"], "litert")
        runtime = steps["tflite-int8"]["measured_under"]["settings"]["runtime"]
        self.assertEqual((runtime["name"], runtime["kernels"]), ("litert", "xnnpack"))

    def test_latencies_are_host_estimates(self):
        self.assertEqual(self.document["record"]["latency_label"], LABEL)
        self.assertIn(LABEL, (self.package / "report.md").read_text())

    def test_the_package_is_tflite_and_verifies(self):
        manifest = json.loads((self.package / "manifest.json").read_text())
        model = manifest["model"]
        self.assertEqual(model["format"], "tflite")
        self.assertEqual(manifest["runtime"]["name"], "litert")
        content = (self.package / model["file"]).read_bytes()
        self.assertEqual(content[4:8], b"TFL3")
        for text in (b"TFLITE_METADATA", b"min_runtime_version", b"M001", self.document["record"]["model_sha256"].encode()):
            self.assertIn(text, content)
        # The preprocessing follows the model's order of axes.
        self.assertEqual(model["inputs"][0]["dims"], [-1, 28, 28, 1])
        self.assertIn('layout = "nhwc"', (self.package / "preprocessing.toml").read_text())
        answer = self.json("verify", self.package)
        self.assertTrue(answer["pass"])
        score = self.json("evaluate", self.package / model["file"], "--data", "data:t10k", "--metric", "top1",
                          "--preprocessing", self.package / "preprocessing.toml")
        shipped = manifest["accuracy"]["shipped"]
        self.assertEqual(score["value"], shipped["value"])

    def test_another_format_is_refused_with_the_reason(self):
        self.fails(UNSUPPORTED, "LiteRT with XNNPACK runs TFLite fastest", "optimize", "net.onnx", "--device",
                   "raspberry-pi-4", "--format", "onnx", *DATA, "--work", "other")
        self.assertFalse((self.folder / "other").exists())

    def test_any_format_on_a_cpu(self):
        plan = self.json("optimize", "net.onnx", "--format", "any", *DATA, "--dry-run")["plan"]
        kinds = [step["kind"] for step in plan]
        self.assertEqual(kinds, ["simplify", "dynamic-int8", "static-int8", "fp16", "tflite-fp32", "tflite-fp16", "tflite-int8"])


if __name__ == "__main__":
    unittest.main()
