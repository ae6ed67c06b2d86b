#!/usr/bin/python3
"""--runtime tensorrt, here and over ssh, with the fake trtexec (tests/fakes/trtexec) and the stand-ins of TensorRT's
headers (tests/fakes/tensorrt_sdk) in the place of the real ones. Neither computes the model: what is looked at is what
they are documented to say, not whether it is right."""
import os
import pathlib
import shlex
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from sshd import HOST, SshdTest

FAKES = pathlib.Path(__file__).resolve().parents[1] / "fakes"
VERSIONS = ("8.6.2", "10.3.0", "10.16.2", "11.4.1")
MS = 4.0  # of a query of the fake's; query i takes 1 + 0.002 * (i % 5) of it
QUICK = ["--seconds", "0.5"]


def rows_model():
    """x [N, 2] -> y [N, 2]: the shapes of the stand-ins' engine, which doubles."""
    return Model([node("MatMul", ["x", "w"], ["y"], name="dense")], [value_info("x", ["N", 2])],
                 [value_info("y", ["N", 2])], [tensor("w", [2, 2], [2.0, 0.0, 0.0, 2.0])])


class TensorRtTest(SshdTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.device = pathlib.Path(folder.name)  # what a test's own folder must not show
        self.calls, self.bin, self.cache = (self.device / name for name in ("calls", "bin", "cache"))
        self.bin.mkdir()
        self.cache.mkdir()
        # The runtimes of the usual cache, with engines of its own.
        for entry in pathlib.Path(os.environ.get("EDGEOPT_CACHE") or "~/.cache/edgeopt").expanduser().iterdir():
            if entry.name not in ("engines", "agents", "clocks"):
                (self.cache / entry.name).symlink_to(entry)
        self.model = self.write("m.onnx", rows_model())
        self.become("10.3.0")

    def become(self, version, **settings):
        """trtexec of that version, here and there; it notes how it was called."""
        settings = {"FAKE_TRTEXEC_VERSION": version, "FAKE_TRTEXEC_LATENCY_MS": str(MS), **settings}
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        script = (f"echo \"$@\" >> {shlex.quote(str(self.calls))}\n"
                  f"exec env {words} {shlex.quote(str(FAKES / 'trtexec/trtexec'))} \"$@\"\n")
        (self.bin / "trtexec").write_text("#!/bin/sh\n" + script)
        (self.bin / "trtexec").chmod(0o755)
        self.sshd.tool("trtexec", script)

    def have_headers(self):
        """TensorRT's headers for 8.6.2, and libraries with nothing in them, where the compiler looks."""
        for name in ("nvinfer", "nvinfer_plugin", "cudart"):
            (self.device / f"lib{name}.a").write_bytes(b"!<arch>\n")
        self.headers = {"CPLUS_INCLUDE_PATH": str(FAKES / "tensorrt_sdk"), "LIBRARY_PATH": str(self.device)}

    headers = {}

    def run_edgeopt(self, *arguments, **options):
        environment = self.sshd.environment(EDGEOPT_CACHE=str(self.cache), **self.headers)
        environment["PATH"] = f"{self.bin}:{environment['PATH']}"
        return super().run_edgeopt(*arguments, env=environment, **options)

    def builds(self):
        return self.calls.read_text().count("--onnx=") if self.calls.exists() else 0

    def test_bench_tells_trtexecs_times(self):
        for version in VERSIONS:
            self.become(version)
            row = self.json("bench", self.model, "--runtime", "tensorrt", *QUICK)["models"][0]
            self.assertAlmostEqual(row["min_us"], MS * 1000, delta=0.01)
            self.assertAlmostEqual(row["max_us"], MS * 1000 * 1.008, delta=0.01)
            self.assertIn("trtexec", " ".join(row["remarks"]))
            self.assertIn("without the copies", " ".join(row["remarks"]))
        row = self.json("bench", self.model, "--runtime", "tensorrt:transfers=yes", *QUICK)["models"][0]
        self.assertAlmostEqual(row["min_us"], MS * 1000 + 100, delta=0.01)

    def test_in_turns(self):
        document = self.json("bench", self.model, "--against", self.write("other.onnx", rows_model()), "--runtime",
                             "tensorrt", *QUICK)
        # The fake takes the same time for any model.
        self.assertAlmostEqual(document["models"][1]["speedup"]["ratio"], 1, delta=1e-6)

    def test_an_engine_is_built_once(self):
        self.done("bench", self.model, "--runtime", "tensorrt", *QUICK)
        self.done("profile", self.model, "--runtime", "tensorrt")
        self.assertEqual(self.builds(), 1)
        self.become("10.16.2")
        self.done("profile", self.model, "--runtime", "tensorrt")
        self.assertEqual(self.builds(), 2)
        self.assertEqual(len(list((self.cache / "engines").glob("trt10.3.0-sm87-8-orin-*.engine"))), 1)

    def test_profile_names_layers_and_what_fell_back(self):
        document = self.json("profile", self.model, "--runtime", "tensorrt", "--runs", "5")
        self.assertEqual([(row["node"], row["provider"], row["precision"]) for row in document["nodes"]],
                         [("dense", "TensorRT", "float")])
        self.assertAlmostEqual(document["nodes"][0]["mean_us"], MS * 1000, delta=0.01)
        self.assertEqual(document["executes_by"], "trtexec")
        self.assertNotIn("int8_fallbacks", document)

    def evaluated(self):
        # Doubled, the larger of the two stays the larger: what the stand-ins' engine gives is all right.
        save_npz(self.folder / "d.npz", x=npy([4, 2], [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]),
                 labels=npy([4], [1, 0, 1, 0], "<i8"))
        return self.json("evaluate", self.model, "--data", "d.npz", "--metric", "top1", "--runtime", "tensorrt")

    def test_evaluate_says_what_executed(self):
        document = self.evaluated()
        self.assertEqual(document["executes_by"], "trtexec")
        self.assertIn("compile", document["executes_because"])
        self.assertEqual(document["samples"], 4)

    def test_evaluate_by_the_runner(self):
        self.become("8.6.2")
        self.have_headers()
        document = self.evaluated()
        self.assertEqual(document["executes_by"], "runner")
        self.assertEqual(document["value"], 1)
        # One engine, and no trtexec per sample.
        self.assertNotIn("--exportOutput", self.calls.read_text())

    def test_over_ssh(self):
        row = self.json("bench", self.model, "--runtime", "tensorrt", "--host", HOST, *QUICK)["models"][0]
        self.assertAlmostEqual(row["min_us"], MS * 1000, delta=0.01)
        engines = list((self.sshd.home / ".cache/edgeopt/agents/engines").glob("trt10.3.0-sm87-8-orin-*.engine"))
        self.assertEqual(len(engines), 1)
        runtimes = {row["name"]: row for row in self.json("device", "probe", HOST)["runtimes"]}
        self.assertEqual(runtimes["tensorrt"]["version"], "10.3.0")
        self.done("device", "clean", HOST)
        self.assertFalse(engines[0].exists())

    def test_a_dla_tells_what_fell_back(self):
        self.done("quantize", self.model, "-o", "half.onnx", "--precision", "fp16")
        row = self.json("bench", "half.onnx", "--runtime", "tensorrt:dla=1", *QUICK)["models"][0]
        self.assertIn("DLA core 1: 0 parts of the model run on it; 1 layer fell back to the GPU: 'MATMUL: dense'",
                      row["remarks"])
        self.assertIn("--useDLACore=1 --allowGPUFallback", self.calls.read_text())

    def test_failures_say_why(self):
        arguments = ["bench", self.model, "--runtime", "tensorrt", *QUICK]
        self.become("10.3.0", FAKE_TRTEXEC_FAIL="memory")
        self.fails(UNAVAILABLE, "not enough memory", *arguments)
        self.become("10.3.0", FAKE_TRTEXEC_FAIL="operator")
        self.fails(UNSUPPORTED, "operator that TensorRT lacks", *arguments)
        self.become("10.16.2")
        named = (self.bin / "trtexec").rename(self.device / "another")
        self.fails(UNAVAILABLE, "trtexec is not there", *arguments)
        self.fails(UNSUPPORTED, "no DLA", "bench", self.model, "--runtime", f"tensorrt:dla=0,trtexec={named}", *QUICK)

    def test_usage(self):
        for setting in ("tensorrt:", "tensorrt:dla=-1", "tensorrt:dla", "tensorrt:workspace=0", "tensorrt:speed=11",
                        "onnxruntime:dla=0", "cuda"):
            self.fails(USAGE, "--runtime", "bench", self.model, "--runtime", setting)
        self.fails(USAGE, "does not run", "bench", self.model, "--runtime", "litert")


if __name__ == "__main__":
    unittest.main()
