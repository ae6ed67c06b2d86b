#!/usr/bin/python3
"""A run that is killed or interrupted goes on where it was, and repeats nothing that was finished."""
import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import make_run

INTERRUPTED = 130


def finished_parts(state):
    """What a state says is finished: (step, part) -> value."""
    parts = {}
    for step in state["record"]["steps"]:
        for part in ("sha256", "latency", "vs_baseline", "accuracy"):
            if step[part]:
                parts[step["id"], part] = step[part]
        if step["decision"] != "pending":
            parts[step["id"], "decision"] = step["decision"]
    return parts


class KillTest(CliTest):
    def setUp(self):
        super().setUp()
        make_run(self.folder, validation=200)
        self.optimize = ["optimize", "net.onnx", "--data", "data:t10k", "--calibration", "data:train",
                         "--preprocessing", "pre.toml", "--metric", "top1", "--threads", "1", "--quiet"]
        self.state = self.folder / "net_edgeopt" / "state.json"

    def start(self, arguments):
        return subprocess.Popen([EDGEOPT, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_killed_again_and_again(self):
        known, kills, patience = {}, 0, 1.0
        while True:
            process = self.start(["resume", "--quiet"] if self.state.exists() else self.optimize)
            try:
                out, err = process.communicate(timeout=patience)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            kills += 1
            patience *= 1.3  # in the end long enough for the longest part
            self.assertLess(kills, 20)
            if self.state.exists():
                now = finished_parts(json.loads(self.state.read_text()))
                self.assertEqual(known, {key: now.get(key) for key in known}, "something finished was done again")
                known = now
        self.assertEqual(process.returncode, DONE, out + err)
        self.assertGreater(kills, 2)
        final = json.loads(self.state.read_text())
        now = finished_parts(final)
        self.assertEqual(known, {key: now.get(key) for key in known})
        self.assertTrue(final["finished"])
        self.kept_but_for_simplify(final["record"])
        self.assertFalse(list(self.folder.glob("net_edgeopt/**/.making*")) + list(self.folder.glob("**/*.making")))
        self.done("verify", "net_edgeopt/net_package.tar.zst")

    def test_interrupted_by_ctrl_c(self):
        process = self.start(self.optimize)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.state.exists() and json.loads(self.state.read_text())["record"]["steps"]:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED, out + err)
        self.assertTrue(err.endswith("error: interrupted\nhint: go on with 'edgeopt resume'\n"), err)
        self.assertNotIn("failed", [step["decision"] for step in json.loads(self.state.read_text())["record"]["steps"]])
        # Meanwhile another run may look, but not work there; afterwards it may.
        first = self.start(["resume", "--quiet"])
        time.sleep(0.5)
        self.done("status")
        second = self.run_edgeopt("resume")
        if first.poll() is None:
            self.assertEqual(second.returncode, UNAVAILABLE)
            self.assertIn("another edgeopt is working", second.stderr)
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=60)


if __name__ == "__main__":
    unittest.main()
