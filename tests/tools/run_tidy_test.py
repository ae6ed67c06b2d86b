#!/usr/bin/python3
"""tools/run-tidy with a made-up clang-tidy, which fails for files that hold the word BAD and notes what it looked at."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

RUN_TIDY = pathlib.Path(os.environ["EDGEOPT_SOURCE_DIR"]) / "tools" / "run-tidy"
TIDY = """#!/bin/bash
if [[ $1 == --version ]]; then echo "version 1"; exit; fi
echo "${@: -1}" >>"$LOOKED_AT"
if grep BAD "${@: -1}"; then exit 1; fi
"""


class RunTidyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("bin/clang-tidy-14", TIDY).chmod(0o755)
        self.write("tools/run-tidy", "")
        shutil.copy(RUN_TIDY, self.root / "tools")
        self.write(".clang-tidy", "Checks: all")
        self.write("src/a.cc", '#include "b.h"\n')
        self.write("src/b.h", '#include "c.h"\n')
        self.write("src/c.h", "")
        self.write("src/d.cc", "")
        self.flag("-O1")
        for command in (["init", "--quiet"], ["add", "src"]):
            subprocess.run(["git", *command], cwd=self.root, check=True)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def flag(self, flag):
        self.write("build/compile_commands.json", json.dumps(
            [{"file": f"{self.root}/src/{name}.cc", "command": f"c++ {flag} {name}.cc"} for name in ("a", "d")]))

    def run_tidy(self):
        """(exit code, output, files that clang-tidy looked at)"""
        looked_at = self.write("looked_at", "")
        done = subprocess.run(
            [self.root / "tools/run-tidy", "build"], stdout=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "EDGEOPT_CACHE": str(self.root / "cache"),
                 "LOOKED_AT": str(looked_at)})
        return done.returncode, done.stdout, sorted(looked_at.read_text().split())

    def test_what_passed_is_not_looked_at_again(self):
        self.assertEqual(self.run_tidy(), (0, "2 passed, 0 failed\n", ["src/a.cc", "src/d.cc"]))
        self.assertEqual(self.run_tidy(), (0, "2 passed, 0 failed\n", []))

    def test_a_change_of_what_a_file_includes_counts(self):
        self.run_tidy()
        self.write("src/c.h", "// changed\n")
        self.assertEqual(self.run_tidy()[2], ["src/a.cc"])
        self.write("src/d.cc", "// changed\n")
        self.assertEqual(self.run_tidy()[2], ["src/d.cc"])

    def test_other_checks_and_flags_count(self):
        self.run_tidy()
        self.flag("-O2")
        self.assertEqual(self.run_tidy()[2], ["src/a.cc", "src/d.cc"])
        self.write(".clang-tidy", "Checks: some")
        self.assertEqual(self.run_tidy()[2], ["src/a.cc", "src/d.cc"])

    def test_a_finding_is_shown_each_time(self):
        self.write("src/d.cc", "BAD\n")
        for _ in range(2):
            code, output, _ = self.run_tidy()
            self.assertEqual(code, 1)
            self.assertIn("BAD\n\nFAILED src/d.cc", output)
            self.assertEqual(output.splitlines()[-1], "1 passed, 1 failed")


if __name__ == "__main__":
    unittest.main()
