#!/usr/bin/python3
"""A variant below the accuracy floor: the run stops, packages nothing, and goes on as the user decides."""
import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import make_fashion


class ViolationTest(CliTest):
    """Agreement with the baseline must be nearly perfect: simplification keeps it, int8 can't."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        make_fashion(cls.shared / "data", validation=100)
        for name, target in (("fashion_resnet10.onnx", "net.onnx"), ("fashion_mnist.toml", "pre.toml")):
            shutil.copy(EXAMPLES / name, cls.shared / target)
        cls.process = subprocess.run(
            [EDGEOPT, "optimize", "net.onnx", "--data", "data:t10k", "--calibration", "data:train", "--preprocessing",
             "pre.toml", "--metric", "cosine", "--tolerance", "0.0001%", "--threads", "1", "--quiet"],
            cwd=cls.shared, capture_output=True, text=True, check=False, timeout=250, stdin=subprocess.DEVNULL)
        cls.work = cls.shared / "net_edgeopt"

    def setUp(self):
        self.folder = self.shared
        self.told = self.process.stdout + self.process.stderr
        self.assertEqual(self.process.returncode, GATE_FAILED, self.told)

    def copy(self):
        """The stopped run in a folder of its own."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        copy = pathlib.Path(folder.name) / "copy"
        shutil.copytree(self.work, copy)
        return copy

    def test_the_exact_numbers_are_told(self):
        self.assertRegex(self.process.stderr,
                         r"error: step 'static-int8' is below the accuracy floor: cosine 0\.\d{4} against 1\.0000 "
                         r"\(-0\.\d\d % relative; the tolerance is 0\.000100 %\)")
        self.assertIn("FAIL: Do not ship `static-int8`", self.process.stdout)

    def test_nothing_is_packaged(self):
        self.assertFalse(list(self.work.glob("*_package*")))
        before = contents(self.folder)
        process = self.run_edgeopt("package", "net_edgeopt")
        self.assertEqual(process.returncode, GATE_FAILED)
        self.assertEqual(before, contents(self.folder))

    def test_what_waits_for_a_decision_needs_no_host(self):
        """resume without an alternative runs nothing: the machine that measures may be away."""
        work = self.copy()
        state = json.loads((work / "state.json").read_text())
        state["record"]["measuring"]["host"] = "board.invalid"
        (work / "state.json").write_text(json.dumps(state))
        process = self.run_edgeopt("resume", work)
        self.assertEqual(process.returncode, GATE_FAILED, process.stderr)
        self.assertIn("is below the accuracy floor", process.stderr)

    def test_status_names_the_blocker(self):
        block = self.done("status").stdout
        self.assertIn("\nphase: VALIDATE\n", block)
        self.assertIn("\nblockers: 'static-int8' is below the accuracy floor\n", block)
        # On a busy machine the simplified model may look slower, and is reverted.
        self.assertRegex(block, r"\noptimizations_applied: (?:simplify|none)\n")

    def test_resuming_without_a_decision_stops_again(self):
        process = self.run_edgeopt("resume", self.copy(), "--quiet")
        self.assertEqual(process.returncode, GATE_FAILED)

    def test_alternatives_are_commands_ready_to_run(self):
        self.run_edgeopt("report", "net_edgeopt")
        alternatives = json.loads((self.work / "report.json").read_text())["alternatives"]
        commands = [entry["command"] for entry in alternatives]
        for wanted in ("--calibrator", "--exclude", "--revert"):
            self.assertTrue(any(wanted in command for command in commands), commands)
        # One of them, on a copy: it is tried, measured and judged like any step.
        command = next(command for command in commands if "--exclude" in command)
        copy = self.copy()
        words = [str(copy) if word == "net_edgeopt" else word for word in shlex.split(command)[1:]]
        process = self.run_edgeopt(*words, "--quiet")
        self.assertEqual(process.returncode, GATE_FAILED, process.stderr)
        steps = json.loads((copy / "state.json").read_text())["record"]["steps"]
        self.assertEqual([(step["id"], step["decision"]) for step in steps[2:]],
                         [("static-int8", "reverted"), ("static-int8-2", "violated")])
        self.assertTrue(steps[3]["parameters"]["exclude"])

    def test_reverting_ships_the_best_without_it(self):
        copy = self.copy()
        document = self.json("resume", copy, "--revert")
        self.assertTrue(document["verdict"]["pass"])
        # The simplified model, unless it was measured to be a little slower than the original.
        names = {"simplify": "net_simplified.onnx", "baseline": "net.onnx"}
        self.assertTrue((copy / "net_package" / names[document["verdict"]["variant"]]).exists())

    def test_an_accepted_violation_is_recorded_in_the_package(self):
        copy = self.copy()
        self.assertEqual(self.run_edgeopt("accept", "simplify", "--reason", "x", "--work", copy).returncode, USAGE)
        self.assertEqual(self.run_edgeopt("accept", "static-int8", "--work", copy).returncode, USAGE)
        document = self.json("accept", "static-int8", "--reason", "a preview | build", "--work", copy)
        self.assertFalse(document["verdict"]["pass"])
        accuracy = json.loads((copy / "net_package" / "manifest.json").read_text())["accuracy"]
        self.assertEqual(accuracy["accepted_because"], "a preview | build")
        self.assertFalse(accuracy["pass"])
        self.assertIn("accepted by the user", (copy / "report.md").read_text())

    def test_choices_that_make_no_sense(self):
        copy = self.copy()
        before = contents(copy)
        for arguments in (["--revert", "--calibrator", "mse"], ["--calibrator", "guess"], ["--precision", "int3"],
                          ["--samples", "0"]):
            self.assertEqual(self.run_edgeopt("resume", copy, *arguments).returncode, USAGE, arguments)
        self.assertEqual(before, contents(copy))


if __name__ == "__main__":
    unittest.main()
