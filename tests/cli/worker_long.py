#!/usr/bin/python3
"""The tests of the frameworks' workers (tests/frameworks/python), each with the Python of its environment, which
tools/prepare-tests made."""
import os
import pathlib
import subprocess
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1] / "frameworks" / "python"
CACHE = pathlib.Path(os.environ.get("EDGEOPT_CACHE") or pathlib.Path.home() / ".cache/edgeopt")


class WorkerTest(unittest.TestCase):
    def passes(self, framework, file):
        pythons = [folder / "bin/python" for folder in (CACHE / "frameworks").glob(f"{framework}-*") if (folder / "edgeopt-stamp").exists()]
        self.assertTrue(pythons, f"no environment of {framework}; run tools/prepare-tests")
        newest = max(pythons, key=lambda python: python.parent.stat().st_mtime)
        run = subprocess.run([newest, "-B", TESTS / file], capture_output=True, text=True, check=False, timeout=1500)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertNotIn("skipped", run.stderr.splitlines()[-1])

    def test_the_protocol(self):
        self.passes("pytorch", "protocol_test.py")

    def test_pytorch(self):
        self.passes("pytorch", "pytorch_worker_test.py")

    def test_inside_pytorch(self):
        self.passes("pytorch", "pytorch_inside_test.py")

    def test_torchscript(self):
        self.passes("pytorch", "torchscript_worker_test.py")

    def test_tensorflow(self):
        self.passes("tensorflow", "tensorflow_worker_test.py")


if __name__ == "__main__":
    unittest.main()
