#!/usr/bin/python3
"""The main job end to end on a small part of Fashion-MNIST: optimize, status, report, package, verify."""
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import make_run

BLOCK = [
    ("phase", r"PROFILE|OPTIMIZE|BENCHMARK|VALIDATE|PACKAGE"), ("model_name", r"net"), ("source_format", r"onnx"),
    ("target_device", r"cpu-generic"), ("baseline_latency_ms", r"[0-9.]+"), ("baseline_accuracy", r"0\.\d{4}"),
    ("accuracy_tolerance", r"2%"), ("optimizations_applied", r"(?:simplify, )?static-int8"),
    ("current_best_latency_ms", r"[0-9.]+"), ("current_best_accuracy", r"0\.\d{4}"),
    ("original_model_path", r"/.*/net\.onnx"), ("last_action", r".+"), ("next_action", r".+"), ("blockers", r"none")]
HEADINGS = ["## Model Optimization Report: net", "### Baseline vs Optimized", "### Optimization Steps Applied",
            "### Verdict", "### Deployment Artifact", "### Trade-offs"]


class WorkflowTest(CliTest):
    """One run serves all tests; each leaves it as it was."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        make_run(cls.shared)
        (cls.shared / "net.onnx").chmod(0o444)
        cls.before = contents(cls.shared)
        cls.process = subprocess.run(
            [EDGEOPT, "optimize", "net.onnx", "--device", "cpu-generic", "--data", "data:t10k", "--calibration",
             "data:train", "--preprocessing", "pre.toml", "--metric", "top1", "--threads", "1", "--json"],
            cwd=cls.shared, capture_output=True, text=True, check=False, timeout=250, stdin=subprocess.DEVNULL)

    def setUp(self):
        self.folder = self.shared
        self.assertEqual(self.process.returncode, DONE, self.process.stdout + self.process.stderr)
        self.work = self.folder / "net_edgeopt"

    def test_the_original_and_the_data_are_untouched(self):
        after = contents(self.folder)
        self.assertEqual(self.before, {name: after[name] for name in self.before})
        new = {name.split("/")[0] for name in set(after) - set(self.before)}
        self.assertEqual(new, {"net_edgeopt"})

    def test_the_answer_is_one_document_on_stdout(self):
        document = json.loads(self.process.stdout)
        self.assertEqual(document["schema_version"], 1)
        self.assertTrue(document["verdict"]["pass"])
        self.assertEqual(document["record"]["model_sha256"], hashlib.sha256(self.before["net.onnx"]).hexdigest())
        self.assertEqual(document["record"]["device"], "cpu-generic")
        self.assertTrue(document["record"]["original_unchanged"])
        self.assertEqual([row["variant"] for row in document["trade_offs"]], ["baseline", "simplify", "static-int8"])

    def test_the_simplified_model_is_the_one_that_simplify_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            again = pathlib.Path(folder) / "again.onnx"
            subprocess.run([EDGEOPT, "simplify", "net.onnx", "-o", str(again)], cwd=self.folder, check=True,
                           capture_output=True, timeout=100)
            # Types that inference learnt would make it larger, and slower where they lead the runtime's fusions astray.
            self.assertEqual((self.work / "variants" / "net_simplified.onnx").stat().st_size, again.stat().st_size)

    def test_progress_goes_to_stderr_in_plain_lines(self):
        self.assertIn("'static-int8' kept: ", self.process.stderr)
        self.assertNotIn("\x1b", self.process.stderr)
        self.assertNotIn("\r", self.process.stderr)

    def test_latencies_have_percentiles_intervals_and_sample_counts(self):
        record = json.loads((self.work / "state.json").read_text())["record"]
        for step in record["steps"]:
            latency = step["latency"]
            self.assertGreaterEqual(latency["samples"], 100)
            self.assertEqual(latency["threads"], 1)
            self.assertLessEqual(latency["p50_ms"], latency["p90_ms"])
            self.assertLessEqual(latency["p90_ms"], latency["p95_ms"])
            self.assertLessEqual(latency["p95_ms"], latency["p99_ms"])
            self.assertGreater(latency["peak_memory_bytes"], 0)
            self.assertEqual(step["accuracy"]["samples"], 400)
            self.assertLess(step["accuracy"]["interval"]["low"], step["accuracy"]["interval"]["high"])
        simplified, quantized = record["steps"][1:3]
        # On a busy machine the simplified model may look slower, and is reverted.
        self.assertEqual(quantized["input"], "simplify" if simplified["decision"] == "kept" else "baseline")
        self.assertGreater(quantized["vs_baseline"]["interval"]["low"], 1)
        self.assertIn("against_baseline", quantized["accuracy"])
        self.assertEqual(quantized["parameters"]["samples"], 100)

    def test_variants_have_descriptive_names(self):
        names = sorted(path.name for path in (self.work / "variants").iterdir())
        self.assertRegex(" ".join(names), r"net_int8_static_\w+\.onnx")
        self.assertIn("net_simplified.onnx", names)

    def test_status_prints_the_block(self):
        lines = self.done("status").stdout.splitlines()
        self.assertEqual((lines[0], lines[-1]), ("<model-opt-state>", "</model-opt-state>"))
        self.assertEqual(len(lines) - 2, len(BLOCK))
        for line, (name, pattern) in zip(lines[1:], BLOCK):
            self.assertRegex(line, rf"^{name}: (?:{pattern})$")
        self.assertTrue(self.json("status", "net_edgeopt")["finished"])

    def test_the_report_has_exactly_these_parts(self):
        text = self.done("report").stdout
        self.assertEqual([line for line in text.splitlines() if line.startswith("#")], HEADINGS)
        self.assertIn("**PASS**", text)
        self.assertRegex(text, r"\*\*Recommendation\*\*: Ship `static-int8`: .*\.\n$")
        self.assertEqual(text, (self.work / "report.md").read_text())

    def test_resuming_a_finished_run_does_nothing(self):
        before = contents(self.folder)
        self.done("resume")
        self.assertEqual(before, contents(self.folder))

    def test_a_run_is_not_overwritten(self):
        self.fails(USAGE, "holds a run already", "optimize", "net.onnx", "--data", "data:t10k", "--preprocessing",
                   "pre.toml", "--metric", "top1", "--quiet")

    def test_the_package_verifies(self):
        archive = self.work / "net_package.tar.zst"
        for package in (archive, self.work / "net_package"):
            document = self.json("verify", package)
            self.assertTrue(document["pass"])
            self.assertEqual(len(document["golden"]), 3)
        manifest = json.loads((self.work / "net_package" / "manifest.json").read_text())
        self.assertEqual(manifest["source"]["sha256"], hashlib.sha256(self.before["net.onnx"]).hexdigest())
        self.assertEqual(manifest["accuracy"]["shipped"]["samples"], 400)
        self.assertEqual({entry["role"] for entry in manifest["files"]},
                         {"model", "golden", "report", "preprocessing", "calibration_table"})

    def test_a_package_elsewhere_is_reproducible_and_never_overwrites(self):
        with tempfile.TemporaryDirectory() as folder:
            first, second = pathlib.Path(folder, "a", "net"), pathlib.Path(folder, "b", "net")
            for target in (first, second):
                target.parent.mkdir()
                self.done("package", "net_edgeopt", "-o", target)
            self.assertEqual(pathlib.Path(f"{first}.tar.zst").read_bytes(), pathlib.Path(f"{second}.tar.zst").read_bytes())
            self.fails(USAGE, "exists already", "package", "net_edgeopt", "-o", first)

    def test_a_tampered_package_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder, "package")
            shutil.copytree(self.work / "net_package", package)
            (package / "preprocessing.toml").write_text("[input]\n")
            process = self.run_edgeopt("verify", package)
            self.assertEqual(process.returncode, BAD_INPUT)
            self.assertIn("'preprocessing.toml' has", process.stderr)
            self.assertNotIn("golden/0", process.stdout)

    def test_other_outputs_than_recorded_fail_the_gate(self):
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder, "package")
            shutil.copytree(self.work / "net_package", package)
            golden = package / "golden"
            for name in ("0_outputs.npz", "1_outputs.npz"):  # swapped, with hashes that fit
                shutil.move(golden / name, golden / (name + ".old"))
            shutil.move(golden / "0_outputs.npz.old", golden / "1_outputs.npz")
            shutil.move(golden / "1_outputs.npz.old", golden / "0_outputs.npz")
            manifest = json.loads((package / "manifest.json").read_text())
            for entry in manifest["files"]:
                entry["sha256"] = hashlib.sha256((package / entry["path"]).read_bytes()).hexdigest()
                entry["size_bytes"] = (package / entry["path"]).stat().st_size
            (package / "manifest.json").write_text(json.dumps(manifest))
            process = self.run_edgeopt("verify", package)
            self.assertEqual(process.returncode, GATE_FAILED, process.stdout + process.stderr)
            self.assertIn("fail  golden/0_inputs.npz", process.stdout)

    def test_a_state_of_another_version_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            state = json.loads((self.work / "state.json").read_text())
            state["schema_version"] = 99
            pathlib.Path(folder, "state.json").write_text(json.dumps(state))
            self.assertEqual(self.run_edgeopt("status", folder).returncode, UNSUPPORTED)
            pathlib.Path(folder, "state.json").write_text(json.dumps(state)[:1000])
            self.assertEqual(self.run_edgeopt("resume", folder).returncode, BAD_INPUT)


if __name__ == "__main__":
    unittest.main()
