#!/usr/bin/python3
"""tools/run-fuzzers on made-up fuzz targets: executions passed on, results counted, a crash shown."""
import os
import pathlib
import subprocess
import tempfile
import unittest

RUN_FUZZERS = pathlib.Path(os.environ["EDGEOPT_SOURCE_DIR"]) / "tools" / "run-fuzzers"
GOOD = 'echo "stat::number_of_executed_units: ${1#-runs=}"\n'
BAD = 'echo "ERROR: AddressSanitizer: heap-buffer-overflow"\nexit 77\n'


class RunFuzzersTest(unittest.TestCase):
    def run_targets(self, **scripts):
        """(exit code, output) with one fuzz program per keyword."""
        with tempfile.TemporaryDirectory() as folder:
            for name, script in scripts.items():
                program = pathlib.Path(folder, f"fuzz_{name}")
                program.write_text("#!/bin/bash\n" + script)
                program.chmod(0o755)
            done = subprocess.run([RUN_FUZZERS, folder, "700"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            return done.returncode, done.stdout

    def test_all_good(self):
        code, output = self.run_targets(made_up=GOOD, another=GOOD)
        self.assertEqual((code, output.splitlines()[-1]), (0, "2 passed, 0 failed"))
        self.assertIn("ok     made_up: 700 executions", output)

    def test_a_crash_is_shown(self):
        code, output = self.run_targets(made_up=GOOD, bad=BAD)
        self.assertEqual((code, output.splitlines()[-1]), (1, "1 passed, 1 failed"))
        self.assertIn("heap-buffer-overflow", output)
        self.assertIn("FAILED bad", output)

    def test_no_target_is_a_failure(self):
        code, output = self.run_targets()
        self.assertEqual((code, output.splitlines()[-1]), (1, "0 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
