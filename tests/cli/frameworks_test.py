#!/usr/bin/python3
"""PyTorch's models as sources: each form of one network becomes what its ONNX export is, in real PyTorch; code runs by
consent alone; the baseline of a run is the framework's own."""
import json
import os
import pathlib
import pickle
import shutil
import sys
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import make_fashion

FORMS = EXAMPLES / "pytorch"
ONNX = EXAMPLES / "fashion_mbv2.onnx"
CALLABLE = ["--weights", FORMS / "fashion_mbv2.pt", "--shape", "x=1x1x28x28"]


# torch.export sees another factor in the layer `odd` than PyTorch computes with.
BENT = """
import torch


class Odd(torch.nn.Module):
    def forward(self, x):
        return x * (2.0 if torch.compiler.is_compiling() else 3.0)


class Bent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Conv2d(1, 4, 3)
        self.odd = Odd()
        self.fc = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(torch.tanh(self.odd(torch.relu(self.stem(x)))).mean((2, 3)))
"""


class Hostile:
    """Unpickled, it makes the file `mark`."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


class FrameworksTest(CliTest):
    def same_as_onnx(self, path):
        """The outputs on random inputs are those of the network's ONNX file."""
        save_npz(self.folder / "inputs.npz", input=npy([4, 1, 28, 28], normal(4 * 28 * 28)))
        document = self.json("compare", ONNX, path, "--data", "inputs.npz")
        for output in document["outputs"]:
            self.assertGreater(output["cosine"], 0.99999, output)

    def converted(self, *line):
        document = self.json("convert", *line, "-o", "out.onnx", "--force")
        imported = document["imported"]
        self.assertEqual(imported["framework"], "pytorch")
        self.assertEqual(imported["attempts"][-1]["result"], "taken")
        (output,) = imported["verified"]["outputs"]
        self.assertLess(output["max_abs_error"], 1e-3 * output["range"])
        self.same_as_onnx("out.onnx")
        return imported

    def test_an_archive_is_read_natively(self):
        imported = self.converted(EXAMPLES / "fashion_mbv2.pt2")
        self.assertEqual(imported["way"], "natively")
        self.assertEqual(len(imported["attempts"]), 1)

    def test_an_archive_by_the_exporter(self):
        imported = self.converted(EXAMPLES / "fashion_mbv2.pt2", "--exporter", "dynamo")
        self.assertEqual(imported["way"], "by dynamo, opset 18")

    def test_an_archive_without_pytorch(self):
        process = self.done("convert", EXAMPLES / "fashion_mbv2.pt2", "-o", "out.onnx", "--unverified", "--python", "/nowhere")
        self.assertIn("not verified against pytorch", process.stdout)
        self.same_as_onnx("out.onnx")
        text = self.done("inspect", EXAMPLES / "fashion_mbv2.pt2").stdout
        self.assertIn("Conv", text)

    def test_torchscript(self):
        imported = self.converted(FORMS / "fashion_mbv2.torchscript.pt", "--shape", "x=1x1x28x28")
        self.assertEqual(imported["way"], "by torchscript, opset 17")

    def test_batches(self):
        make_fashion(self.folder / "data", 200)
        shutil.copy(EXAMPLES / "fashion_mnist.toml", self.folder / "pre.toml")
        data = ["--data", "data:t10k", "--preprocessing", "pre.toml", "--metric", "top1"]
        truth = self.json("evaluate", ONNX, *data)["value"]
        for batch, size in (("4", "4"), ("dynamic", r"\w*[A-Za-z]\w*")):
            with self.subTest(batch):
                document = self.json("convert", FORMS / "fashion_mbv2.torchscript.pt", "--shape", "x=1x1x28x28", "--batch", batch,
                                     "-o", "out.onnx", "--force")
                self.assertEqual(document["imported"]["attempts"][-1]["result"], "taken")
                (one,) = self.json("inspect", "out.onnx")["inputs"]
                self.assertRegex(one["type"], rf"^float32\[{size}, 1, 28, 28\]$")
                self.assertEqual(self.json("evaluate", "out.onnx", *data)["value"], truth)

    def test_sizes_of_a_sample(self):
        save_npz(self.folder / "sample.npz", x=npy([1, 1, 28, 28], normal(28 * 28)))
        self.converted(FORMS / "fashion_mbv2.torchscript.pt", "--sample", "sample.npz")

    def test_torchscript_followed_through_one_run(self):
        imported = self.converted(FORMS / "fashion_mbv2.torchscript.pt", "--shape", "x=1x1x28x28", "--exporter", "dynamo")
        self.assertEqual(imported["way"], "by dynamo, opset 18")

    def test_a_callable_with_weights(self):
        self.converted(f"{FORMS}/fashion_nets.py:mbv2", *CALLABLE, "--trust-code", "--exporter", "torchscript")

    def test_where_an_export_begins_to_differ(self):
        (self.folder / "bent.py").write_text(BENT)
        line = ["bent.py:Bent", "--shape", "x=1x1x8x8", "--trust-code", "--opset", "17"]
        wrong, last = self.json("convert", *line, "-o", "out.onnx")["imported"]["attempts"]
        self.assertIn("agrees up to 'relu' (torch.relu) and differs from 'odd.mul' (torch.Tensor.mul) on", wrong["result"])
        self.assertEqual((wrong["way"], last["way"], last["result"]), ("dynamo", "torchscript", "taken"))
        start = wrong["difference_starts"]
        self.assertEqual(start["agrees_up_to"], {"name": "relu", "kind": "torch.relu"})
        self.assertEqual(start["differs_from"], {"name": "odd.mul", "kind": "torch.Tensor.mul"})
        # Two thirds of what it should be.
        self.assertEqual(start["closest"]["made_by"], "Mul")
        self.assertAlmostEqual(start["closest"]["max_abs_error"] / start["closest"]["range"], 1 / 3, places=4)
        self.assertNotIn("difference_starts", last)

    def test_code_needs_consent(self):
        for line in ([f"{FORMS}/fashion_nets.py:mbv2", *CALLABLE], [FORMS / "fashion_mbv2_full.pth"]):
            process = self.run_edgeopt("convert", *line, "-o", "out.onnx")
            self.assertEqual(process.returncode, USAGE, process.stderr)
            self.assertIn("with your rights", process.stderr)
            self.assertIn("--trust-code", process.stderr)
            self.assertFalse((self.folder / "out.onnx").exists())

    def test_a_hostile_pickle_does_not_run(self):
        mark = self.folder / "mark"
        with zipfile.ZipFile(self.folder / "hostile.pth", "w") as archive:
            archive.writestr("hostile/data.pkl", pickle.dumps(Hostile(mark)))
            archive.writestr("hostile/version", "3\n")
        for command in ("convert", "optimize", "inspect"):
            rest = ["-o", "out.onnx"] if command == "convert" else []
            process = self.run_edgeopt(command, "hostile.pth", *rest)
            self.assertNotEqual(process.returncode, DONE)
            self.assertFalse(mark.exists())

    def test_a_state_dict_alone_is_no_model(self):
        process = self.run_edgeopt("convert", FORMS / "fashion_mbv2.pt", "-o", "out.onnx")
        self.assertEqual(process.returncode, BAD_INPUT, process.stderr)
        self.assertIn("--weights", process.stderr)

    def test_a_python_without_the_framework(self):
        process = self.run_edgeopt("convert", EXAMPLES / "fashion_mbv2.pt2", "-o", "out.onnx", "--python", "/usr/bin/python3")
        self.assertEqual(process.returncode, UNAVAILABLE, process.stderr)
        self.assertRegex(process.stderr, "/usr/bin/python3 has no (numpy|torch)")

    def test_options_of_frameworks_are_for_these(self):
        for command, rest in (("convert", ["-o", "out.tflite"]), ("optimize", ["--data", "data", "--metric", "top1"])):
            self.fails(USAGE, "which edgeopt reads itself", command, ONNX, "--trust-code", *rest)

    def test_a_run_measures_the_framework_first(self):
        make_fashion(self.folder / "data", 200)
        shutil.copy(EXAMPLES / "fashion_mnist.toml", self.folder / "pre.toml")
        source = self.folder / "net.pt2"
        shutil.copy(EXAMPLES / "fashion_mbv2.pt2", source)
        source.chmod(0o444)
        before = source.read_bytes()
        python = self.folder / "python"
        python.write_text("#!/bin/sh\necho words of a worker >&2\n"
                          f"exec {self.json('frameworks', 'install', 'pytorch')['python']} \"$@\"\n")
        python.chmod(0o755)
        data = ["--data", "data:t10k", "--preprocessing", "pre.toml", "--metric", "top1"]
        document = self.json("optimize", "net.pt2", *data, "--calibration", "data:train", "--threads", "1", "--tolerance", "5%",
                             "--python", python)
        record = document["record"]
        baseline, exported = record["steps"][:2]
        self.assertEqual((baseline["framework"], record["source_format"]), ("pytorch", "pt2"))
        self.assertGreaterEqual(baseline["latency"]["samples"], 100)
        self.assertEqual((exported["id"], exported["decision"]), ("export-model", "kept"))
        self.assertEqual(exported["details"]["verified"]["data_samples"], 4)
        # The independent truth: the ONNX file that PyTorch's exporter wrote of the same network.
        truth = self.json("evaluate", ONNX, *data)["value"]
        self.assertEqual(baseline["accuracy"]["value"], truth)
        self.assertEqual(exported["accuracy"]["value"], truth)
        for step in record["steps"][2:]:
            self.assertIn(step["input"], ("export-model", "simplify"))
        self.assertEqual(source.read_bytes(), before)
        self.assertTrue(record["original_unchanged"])
        logs = [log.read_text() for log in (self.folder / "net_edgeopt/logs").iterdir()]
        self.assertGreaterEqual(len(logs), 3)  # of the import, the baseline's measurement and its validation
        for log in logs:
            self.assertTrue(log.startswith("words of a worker\n"), log)
        text = (self.folder / "net_edgeopt/report.md").read_text()
        self.assertIn("pytorch", text)
        self.done("verify", "net_edgeopt/net_package.tar.zst")

    def test_onnx_never_makes_an_environment(self):
        cache = pathlib.Path(os.environ.get("EDGEOPT_CACHE") or pathlib.Path.home() / ".cache/edgeopt")
        own = self.folder / "cache"
        own.mkdir()
        for part in cache.iterdir():
            if part.name != "frameworks":
                (own / part.name).symlink_to(part)
        process = self.run_edgeopt("convert", ONNX, "-o", "out.tflite", env={**os.environ, "EDGEOPT_CACHE": str(own)})
        self.assertEqual(process.returncode, DONE, process.stderr)
        self.assertFalse((own / "frameworks").exists())


if __name__ == "__main__":
    unittest.main()
