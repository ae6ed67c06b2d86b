#!/usr/bin/python3
"""tools/run-tests on made-up test programs: what it counts, and what it says of crashes, hangs and nothing at all."""
import os
import pathlib
import subprocess
import tempfile
import unittest

RUN_TESTS = pathlib.Path(os.environ["EDGEOPT_SOURCE_DIR"]) / "tools" / "run-tests"
LOG = r"""
echo '[ RUN      ] A.Good'
echo '[       OK ] A.Good (3 ms)'
echo '[ RUN      ] A/B.Bad/0'
echo 'expected 1, found 2'
echo '[  FAILED  ] A/B.Bad/0, where GetParam() = 7 (1 ms)'
echo '[ RUN      ] A.Later'
echo '[  SKIPPED ] A.Later (0 ms)'
echo '[  FAILED  ] A/B.Bad/0, where GetParam() = 7'
"""


class RunTestsTest(unittest.TestCase):
    def run_program(self, script, *arguments):
        """(exit code, output) of run-tests on a build folder with one test program."""
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "test_made_up")
            program.write_text("#!/bin/bash\n" + script)
            program.chmod(0o755)
            done = subprocess.run([RUN_TESTS, "--build", folder, "--filter", "made_up", *arguments],
                                  capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

    def last_line(self, output):
        return output.splitlines()[-1]

    def test_cases_are_counted_once(self):
        code, output = self.run_program(LOG + "exit 1\n")
        self.assertEqual((code, self.last_line(output)), (1, "1 passed, 1 failed, 1 skipped"))
        self.assertIn("expected 1, found 2", output)

    def test_success(self):
        code, output = self.run_program("echo '[ RUN      ] A.Good'\necho 'noise[       OK ] A.Good (3 ms)'\n")
        self.assertEqual((code, self.last_line(output)), (0, "1 passed, 0 failed"))

    def test_a_crash_is_one_failure_and_names_the_case(self):
        code, output = self.run_program("echo '[ RUN      ] A.Bad'\nkill -SEGV $$\n")
        self.assertEqual((code, self.last_line(output)), (1, "0 passed, 1 failed"))
        self.assertIn("signal 11 during A.Bad", output)

    def test_a_failing_exit_without_a_failing_case(self):
        code, output = self.run_program("echo '[ RUN      ] A.Good'\necho '[       OK ] A.Good (3 ms)'\nexit 23\n")
        self.assertEqual((code, self.last_line(output)), (1, "1 passed, 1 failed"))
        self.assertIn("exit code 23 outside of a test case", output)

    def test_a_hang_is_killed(self):
        code, output = self.run_program("sleep 100 &\necho '[ RUN      ] A.Slow'\nsleep 100\n", "--timeout", "0.5")
        self.assertEqual((code, self.last_line(output)), (1, "0 passed, 1 failed"))
        self.assertIn("killed after 0.5 s", output)

    def test_nothing_ran(self):
        code, output = self.run_program("true\n")
        self.assertEqual((code, self.last_line(output)), (1, "0 passed, 0 failed"))

    def test_long_suites_are_left_out_unless_asked_for(self):
        show = 'echo "[ RUN      ] A.B"; echo "$@"; echo "[  FAILED  ] A.B (0 ms)"; exit 1\n'
        self.assertIn("--gtest_filter=-*LongTest.*", self.run_program(show)[1])
        self.assertNotIn("--gtest_filter", self.run_program(show, "--long")[1])


if __name__ == "__main__":
    unittest.main()
