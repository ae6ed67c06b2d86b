#!/usr/bin/python3
"""The main job for a Jetson on a small part of Fashion-MNIST: without a device, where ONNX Runtime stands in for
TensorRT; and with an engine that a fake trtexec builds behind a real sshd. The fake computes nothing: what is seen there
is which files and numbers go which way, not an accuracy."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import make_run
from sshd import HOST, Sshd

FAKE = pathlib.Path(__file__).resolve().parents[1] / "fakes/trtexec/trtexec"
LABEL = "Host Estimate (not target hardware)"
DATA = ["--data", "data:t10k", "--calibration", "data:train", "--preprocessing", "pre.toml", "--metric", "top1",
        "--threads", "1"]


def optimize(folder, *arguments, env=None, device="jetson-orin-nano"):
    return subprocess.run([EDGEOPT, "optimize", "net.onnx", "--device", device, *DATA, *arguments, "--json"],
                          cwd=folder, capture_output=True, text=True, check=False, timeout=400, stdin=subprocess.DEVNULL,
                          env=env)


class JetsonTest(CliTest):
    """Without a device. One run serves all tests; each leaves it as it was."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        make_run(cls.shared)
        cls.process = optimize(cls.shared)

    def setUp(self):
        self.folder = self.shared
        self.assertEqual(self.process.returncode, DONE, self.process.stdout + self.process.stderr)
        self.document = json.loads(self.process.stdout)
        self.steps = {step["id"]: step for step in self.document["record"]["steps"]}
        self.package = self.shared / "net_edgeopt/net_package"

    def test_the_plan(self):
        self.assertEqual(list(self.steps), ["baseline", "tensorrt-fp16", "tensorrt-int8"])
        for step in ("tensorrt-fp16", "tensorrt-int8"):
            self.assertEqual(self.steps[step]["decision"], "kept", self.steps[step]["reason"])
            self.assertIn("no engine was built", self.steps[step]["reason"])
        int8 = self.steps["tensorrt-int8"]
        self.assertEqual(int8["parameters"]["rules"], "tensorrt")
        self.assertFalse(int8["parameters"]["reduced_range"])
        # The Q/DQ model's own closeness to float is recorded beside its accuracy.
        self.assertGreater(int8["details"]["fidelity"]["outputs"][0]["sqnr_db"], 10)
        self.assertLess(int8["size_bytes"], self.steps["tensorrt-fp16"]["size_bytes"])
        runtime = int8["measured_under"]["settings"]["runtime"]
        # int8 is computed in float between Q and DQ: this CPU's int8 kernels may saturate.
        self.assertEqual((runtime["name"], runtime["graph_optimization"]), ("onnxruntime", "none"))
        self.assertIn("int8", self.document["record"]["not_tried"]["tensorrt-mixed"])

    def test_latencies_are_host_estimates(self):
        self.assertEqual(self.document["record"]["latency_label"], LABEL)
        report = (self.package / "report.md").read_text()
        self.assertIn(LABEL, report)
        self.assertIn("no engine was built", report)

    def test_the_package(self):
        manifest = json.loads((self.package / "manifest.json").read_text())
        self.assertEqual(manifest["model"]["variant"], "tensorrt-int8")
        roles = {file["path"]: file["role"] for file in manifest["files"]}
        for name, role in (("recipe.json", "build recipe"), ("build.sh", "build recipe"),
                           ("config.pbtxt", "Triton configuration")):
            self.assertEqual(roles[name], role)
        triton = (self.package / "config.pbtxt").read_text()
        self.assertIn('platform: "onnxruntime_onnx"', triton)
        self.assertIn(f'default_model_filename: "{manifest["model"]["file"]}"', triton)
        self.assertFalse((self.package / "engine").exists())
        document = self.json("verify", self.package)
        self.assertTrue(document["pass"])
        self.assertEqual(document["runtime"]["name"], "onnxruntime")
        self.assertIn("trtexec", document["runtime"]["stands_in_because"])
        self.assertIn("which stands in for TensorRT: ", self.done("verify", self.package).stdout)

    def test_verify_uses_tensorrt_where_it_is(self):
        """This machine gets a trtexec, which computes nothing: the outputs are others than ONNX Runtime recorded."""
        with tempfile.TemporaryDirectory() as folder:
            tool = pathlib.Path(folder) / "trtexec"
            tool.write_text(f'#!/bin/sh\nFAKE_TRTEXEC_VERSION=10.3.0 exec python3 "{FAKE}" "$@"\n')
            tool.chmod(0o755)
            environment = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", EDGEOPT_CACHE=f"{folder}/cache")
            process = self.run_edgeopt("verify", self.package, "--json", env=environment)
            document = json.loads(process.stdout)
            self.assertEqual((process.returncode, document["pass"]), (GATE_FAILED, False), process.stderr)
            self.assertEqual((document["runtime"]["name"], document["runtime"]["version"]), ("tensorrt", "10.3.0"))
            self.assertNotIn("stands_in_because", document["runtime"])

    def test_the_recipe_builds_an_engine_with_each_release(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["cp", "-r", self.package, folder], check=True)
            package = pathlib.Path(folder) / self.package.name
            for version in ("8.6.2", "10.3.0", "10.16.2", "11.4.1"):
                environment = dict(os.environ, TRTEXEC=str(FAKE), FAKE_TRTEXEC_VERSION=version)
                process = subprocess.run(["sh", str(package / "build.sh")], env=environment, capture_output=True,
                                         text=True, check=False)
                self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
                engines = list(package.glob("*.engine"))
                self.assertEqual(len(engines), 1)
                engines[0].unlink()

    def test_build_sh_refuses_what_it_does_not_know(self):
        other = self.package.parent / "other-trtexec"
        other.write_text('#!/bin/sh\necho "&&&& RUNNING TensorRT.trtexec [TensorRT v8503] # trtexec --help"\n')
        other.chmod(0o755)
        process = subprocess.run(["sh", str(self.package / "build.sh")], env=dict(os.environ, TRTEXEC=str(other)),
                                 capture_output=True, text=True, check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn("8503", process.stderr)

    def test_another_format_is_refused_with_the_reason(self):
        self.fails(UNSUPPORTED, "only a TensorRT engine", "optimize", "net.onnx", "--device", "jetson-agx-orin",
                   "--format", "onnx", *DATA, "--work", "other")

    def test_a_dla_is_refused_where_there_is_none(self):
        for device, code, words in (("jetson-orin-nano", UNSUPPORTED, "no deep learning accelerator"),
                                    ("cpu-generic", UNSUPPORTED, "no deep learning accelerator"),
                                    ("jetson-orin-nx", USAGE, "no DLA core 2")):
            self.fails(code, words, "optimize", "net.onnx", "--device", device, "--dla", "2" if code == USAGE else "0",
                       *DATA, "--work", "other")

    def test_a_dla_without_a_device_gets_float16_alone(self):
        plan = {row["kind"]: row for row in self.json("optimize", "net.onnx", "--device", "jetson-orin-nx", "--dla", "0",
                                                      *DATA, "--dry-run", "--work", "other")["plan"]}
        self.assertTrue(plan["tensorrt-fp16"]["applies"])
        self.assertFalse(plan["tensorrt-int8"]["applies"])
        self.assertIn("11.4.1", plan["tensorrt-int8"]["why"])

    def test_profiles_are_listed(self):
        rows = {row["name"]: row for row in self.json("device", "list")["devices"]}
        self.assertEqual(rows["jetson-agx-orin"]["dla_cores"], 2)
        self.assertEqual(rows["jetson-orin-nano"]["compute_capability"], "8.7")
        self.assertEqual(rows["jetson-orin-nano"]["calibration_samples"], {"usual": 500, "most": 1000})
        self.assertIn("MAXN", rows["jetson-orin-nx"]["power_modes"])
        self.assertIsNone(rows["cpu-generic"]["compute_capability"])


class JetsonEngineTest(CliTest):
    """With a trtexec on the other machine, which is no Jetson: the numbers stay host estimates."""

    def test_the_engine_is_built_there_and_packaged(self):
        with tempfile.TemporaryDirectory() as folder, Sshd(pathlib.Path(folder) / "sshd") as sshd:
            sshd.tool("trtexec", f'FAKE_TRTEXEC_VERSION=10.3.0 exec python3 "{FAKE}" "$@"\n')
            run = pathlib.Path(folder) / "run"
            run.mkdir()
            make_run(run, validation=40)
            # Constant answers are right for one class of ten: nearly all of the accuracy may be lost.
            process = optimize(run, "--host", HOST, "--tolerance", "99%", "--sustained", "0",
                               env=sshd.environment())
            self.assertEqual(process.returncode, DONE, process.stdout + process.stderr)
            record = json.loads(process.stdout)["record"]
            self.assertEqual(record["latency_label"], LABEL)
            steps = {step["id"]: step for step in record["steps"]}
            fp16 = steps["tensorrt-fp16"]
            runtime = fp16["measured_under"]["settings"]["runtime"]
            self.assertEqual((runtime["name"], runtime["version"]), ("tensorrt", "10.3.0"))
            self.assertIn("trtexec", runtime["executes_by"])
            self.assertNotIn("no engine was built", fp16["reason"])
            self.assertEqual(steps["baseline"]["measured_under"]["settings"]["runtime"]["name"], "onnxruntime")
            self.assertLess(fp16["accuracy"]["value"], 0.5)  # by the engine, which computes nothing
            self.assertGreater(steps["baseline"]["accuracy"]["value"], 0.5)
            package = run / "net_edgeopt/net_package"
            engines = list((package / "engine").glob("*.engine"))
            self.assertEqual(len(engines), 1)
            self.assertTrue(engines[0].name.startswith("trt10.3.0-sm87-8-orin-"), engines)
            origin = json.loads(engines[0].with_suffix(".json").read_text())
            self.assertEqual(origin["tensorrt"], "10.3.0")
            manifest = json.loads((package / "manifest.json").read_text())
            self.assertEqual(origin["model_sha256"], manifest["model"]["measured_sha256"])
            self.assertEqual(len(list((package / "engine").glob("*.timing"))), 1)
            triton = (package / "config.pbtxt").read_text()
            self.assertIn('platform: "tensorrt_plan"', triton)
            self.assertIn(engines[0].name, triton)
            process = subprocess.run([EDGEOPT, "verify", package, "--host", HOST, "--json"], env=sshd.environment(),
                                     capture_output=True, text=True, check=False, timeout=200, stdin=subprocess.DEVNULL)
            self.assertEqual(process.returncode, DONE, process.stdout + process.stderr)
            document = json.loads(process.stdout)
            self.assertEqual(document["host"]["name"], HOST)
            self.assertEqual((document["runtime"]["name"], document["runtime"]["version"]), ("tensorrt", "10.3.0"))
            self.assertIn("trtexec", document["runtime"]["executes_by"])

    def test_engines_for_a_dla(self):
        with tempfile.TemporaryDirectory() as folder, Sshd(pathlib.Path(folder) / "sshd") as sshd:
            sshd.tool("trtexec", f'FAKE_TRTEXEC_VERSION=10.3.0 exec python3 "{FAKE}" "$@"\n')
            run = pathlib.Path(folder) / "run"
            run.mkdir()
            make_run(run, validation=40)
            process = optimize(run, "--dla", "1", "--host", HOST, "--tolerance", "99%", "--sustained", "0",
                               env=sshd.environment(), device="jetson-orin-nx")
            self.assertEqual(process.returncode, DONE, process.stdout + process.stderr)
            record = json.loads(process.stdout)["record"]
            self.assertEqual(record["dla_core"], 1)
            self.assertEqual([step["id"] for step in record["steps"]], ["baseline", "tensorrt-fp16"])
            self.assertIn("does not support explicit quantization", record["not_tried"]["tensorrt-int8"])
            fp16 = record["steps"][1]
            dla = fp16["measured_under"]["settings"]["runtime"]["dla"]
            self.assertEqual((dla["core"], dla["known"]), (1, True))
            self.assertTrue(dla["on_dla"] and dla["on_gpu"], dla)  # the last layer is a matrix product
            self.assertTrue(any("fell back to the GPU" in warning for warning in fp16["warnings"]), fp16["warnings"])
            package = run / "net_edgeopt/net_package"
            self.assertIn("engines for DLA core 1", (package / "report.md").read_text())
            self.assertEqual(json.loads((package / "manifest.json").read_text())["device"]["dla_core"], 1)
            self.assertIn("KIND_NVDLA", (package / "config.pbtxt").read_text())
            for version, builds in (("8.6.2", True), ("10.3.0", True), ("10.16.2", False), ("11.4.1", True)):
                environment = dict(os.environ, TRTEXEC=str(FAKE), FAKE_TRTEXEC_VERSION=version)
                process = subprocess.run(["sh", str(package / "build.sh")], env=environment, capture_output=True,
                                         text=True, check=False)
                self.assertEqual(process.returncode, DONE if builds else 1, version + process.stdout + process.stderr)
                self.assertEqual("has no DLA" in process.stderr, not builds)


if __name__ == "__main__":
    unittest.main()
