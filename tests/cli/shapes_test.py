#!/usr/bin/python3
"""--shape and --batch of ONNX and TFLite sources: what convert writes, what a run measures, what is refused. The truth is
the original, run sample by sample."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

CLASSES = 5


def network(batch=1, side=16, axis=1, target=1):
    """Convolution, pooling over the image, a Reshape that holds the batch, scores. Fully convolutional."""
    weights, dense = normal(8 * 3 * 9, seed=1), normal(8 * CLASSES, seed=2)
    return Model([node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]), node("Relu", ["c"], ["r"]),
                  node("GlobalAveragePool", ["r"], ["g"]), node("Reshape", ["g", "flat"], ["f"], name="flatten"),
                  node("MatMul", ["f", "dense"], ["m"]), node("Softmax", ["m"], ["y"], axis=axis)],
                 [value_info("x", [batch, 3, side, side])], [value_info("y", [batch, CLASSES])],
                 [tensor("w", [8, 3, 3, 3], weights), tensor("flat", [2], [target, 8], INT64),
                  tensor("dense", [8, CLASSES], dense)]).bytes()


class ShapesTest(CliTest):
    def setUp(self):
        super().setUp()
        self.fixed = self.write("fixed.onnx", network())
        self.open = self.write("open.onnx", network("n", "s", target=-1))

    def data(self, name, count, side=16):
        labels = [i % CLASSES for i in range(count)]
        save_npz(self.folder / name, x=npy([count, 3, side, side], normal(count * 3 * side * side, seed=3)),
                 label=npy([count], labels, "<i8"))
        return name

    def inputs(self, path):
        return {one["name"]: one["type"] for one in self.json("inspect", path)["inputs"]}

    def test_convert_gives_onnx_another_batch(self):
        data = self.data("d.npz", 10)
        truth = self.json("evaluate", self.fixed, "--data", data, "--metric", "top1")
        for batch, name in (("4", "4"), ("dynamic", "batch")):
            with self.subTest(batch):
                document = self.json("convert", self.fixed, "-o", f"b{batch}.onnx", "--batch", batch)
                sizes = document["sizes"]
                self.assertEqual(sizes["verified"]["against"], "the original")
                self.assertEqual(sizes["asked"], f"--batch {batch}")
                (followed,) = sizes["nodes"]
                self.assertIn("flatten", followed)
                self.assertIn(f"[{name}, 3, 16, 16]", str(self.inputs(f"b{batch}.onnx")))
                # Ten samples are two batches and a half: the padding does not count.
                found = self.json("evaluate", f"b{batch}.onnx", "--data", data, "--metric", "top1")
                self.assertEqual((found["samples"], found["value"]), (10, truth["value"]))

    def test_convert_gives_another_resolution(self):
        document = self.json("convert", self.fixed, "-o", "big.onnx", "--shape", "x=1x3x32x24")
        self.assertIsNone(document["sizes"]["verified"]["against"])
        self.assertIn("[1, 3, 32, 24]", str(self.inputs("big.onnx")))
        self.json("bench", "big.onnx", "--threads", "1")
        # As the model with open sizes has it.
        save_npz(self.folder / "i.npz", x=npy([2, 3, 32, 24], normal(2 * 3 * 32 * 24)))
        for output in self.json("compare", self.open, "big.onnx", "--data", "i.npz")["outputs"]:
            self.assertGreater(output["cosine"], 0.99999)

    def test_to_tflite_and_from_it(self):
        document = self.json("convert", self.fixed, "-o", "b2.tflite", "--batch", "2")
        self.assertEqual(document["sizes"]["asked"], "--batch 2")
        self.assertEqual(self.inputs("b2.tflite")["x"], "float32[2, 3, 16, 16]")
        self.json("convert", "b2.tflite", "-o", "b3.tflite", "--batch", "3")
        self.assertEqual(self.inputs("b3.tflite")["x"], "float32[3, 3, 16, 16]")

    def test_what_computes_across_the_batch_is_refused_with_numbers(self):
        across = self.write("across.onnx", network(axis=0))
        process = self.fails(GATE_FAILED, "in a batch than alone", "convert", across, "-o", "no.onnx", "--batch", "4")
        self.assertRegex(process.stderr, r"output 'y' differs by [\d.]+, its range is 1")
        self.assertFalse((self.folder / "no.onnx").exists())

    def test_what_does_not_fit_is_refused_with_a_remedy(self):
        for code, told, line in ((USAGE, "no input 'z'", ["--shape", "z=1x2"]), (USAGE, "not [1, 3]", ["--shape", "x=1x3"]),
                                 (USAGE, "neither a size nor", ["--batch", "many"]), (USAGE, "ONNX already", []),
                                 (UNSUPPORTED, "does not run at these sizes", ["--shape", "x=1x4x16x16"])):
            with self.subTest(line):
                self.fails(code, told, "convert", self.fixed, "-o", "no.onnx", *line)
                self.assertFalse((self.folder / "no.onnx").exists())
        process = self.fails(UNSUPPORTED, "", "convert", self.fixed, "-o", "no.onnx", "--shape", "x=1x4x16x16")
        self.assertIn("export the model again", process.stderr)

    def test_a_run_at_sizes_that_the_original_takes(self):
        data, before = self.data("d.npz", 31), pathlib.Path(self.open).read_bytes()
        record = self.json("optimize", self.open, "--data", data, "--metric", "top1", "--threads", "1", "--policy", "continue",
                           "--work", "work", "--batch", "4", "--shape", "x=4x3x16x16")["record"]
        self.assertEqual(pathlib.Path(self.open).read_bytes(), before)
        self.assertTrue(record["original_unchanged"])
        baseline, sized = record["steps"][:2]
        self.assertTrue(baseline["output"].endswith("open.onnx"))
        self.assertEqual((sized["id"], sized["decision"]), ("set-sizes", "kept"))
        self.assertTrue(record["resized"]["original_takes_them"])
        # Whatever is timed has batches of 4; all of the samples are validated, no padding.
        for step in record["steps"]:
            if step["latency"]:
                settings = step["measured_under"]["settings"]
                self.assertEqual((settings["batch"], settings["sizes"]), (4, {"x": [4, 3, 16, 16]}), step["id"])
            if step["accuracy"]:
                self.assertEqual(step["accuracy"]["samples"], 25)
        self.assertEqual(sized["accuracy"]["value"], baseline["accuracy"]["value"])
        text = (self.folder / "work/report.md").read_text()
        self.assertIn("latencies are of a batch of 4", text)
        self.assertIn("verified against the original", text)
        self.done("verify", "work/open_package.tar.zst")

    def test_what_the_baseline_of_a_run_will_be(self):
        for model, side, level, first in ((self.open, 16, "pass", "set-sizes"), (self.fixed, 24, "warn", "simplify")):
            with self.subTest(model):
                line = [model, "--data", self.data("d.npz", 30, side), "--metric", "top1", "--shape", f"x=1x3x{side}x{side}"]
                items = {item["name"]: item for item in self.json("preflight", *line)["items"]}
                self.assertEqual(items["sizes"]["level"], level)
                if level == "warn":
                    self.assertIn("the original does not run at these sizes", items["sizes"]["finding"])
                self.assertEqual(self.json("optimize", *line, "--dry-run")["plan"][0]["kind"], first)

    def test_preflight_tells_what_a_target_does_with_open_sizes(self):
        data = self.data("d.npz", 30)
        line = ["preflight", self.open, "--data", data, "--metric", "top1"]
        for device, level, told in (("cpu-generic", "pass", "ONNX Runtime takes any size"),
                                    ("raspberry-pi-5", "warn", "LiteRT prepares the model again"),
                                    ("jetson-orin-nano", "warn", "fixed sizes, the batch alone may vary")):
            with self.subTest(device):
                items = {item["name"]: item for item in self.json(*line, "--device", device)["items"]}
                self.assertEqual(items["dynamic sizes"]["level"], level)
                self.assertIn(told, items["dynamic sizes"]["finding"])
                self.assertIn("measured at x [1, 3, 16, 16]", items["dynamic sizes"]["finding"])
        items = {item["name"]: item for item in self.json(*line, "--shape", "x=1x3x16x16")["items"]}
        self.assertNotIn("dynamic sizes", items)
        self.assertEqual(items["sizes"]["level"], "pass")


if __name__ == "__main__":
    unittest.main()
