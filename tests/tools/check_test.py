#!/usr/bin/python3
"""tools/check on small trees: each rule fires on its offence, and is silent beside it."""
import os
import pathlib
import subprocess
import tempfile
import unittest

CHECK = pathlib.Path(os.environ["EDGEOPT_SOURCE_DIR"]) / "tools" / "check"
MARKER = "TO" + "DO"
HOME = "/ho" + "me/somebody/models"


class CheckTest(unittest.TestCase):
    def check(self, files):
        """The offences of a tree made of {path: text}."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q", folder], check=True)
            for path, text in files.items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            done = subprocess.run([CHECK, "--root", folder], capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "")
            self.assertEqual(done.returncode, 1 if done.stdout else 0)
            return done.stdout.splitlines()

    def test_includes_that_go_down_or_sideways_are_fine(self):
        self.assertEqual(self.check({
            "src/cli/main.cc": '#include "pipeline/plan.h"\n#include "base/result.h"\n#include <ir/x.h>\n',
            "src/devices/pi.cc": '#include "report/table.h"\n',
            "src/ir/graph.cc": '#include "ir/graph.h"\n#include "google/protobuf/message.h"\n',
        }), [])

    def test_an_include_that_goes_up(self):
        self.assertEqual(self.check({"src/ir/graph.cc": '#include "base/a.h"\n#include "ops/conv.h"\n'}),
                         ['src/ir/graph.cc:2: ir includes "ops/conv.h", which is a higher layer'])

    def test_a_circle_within_a_layer(self):
        self.assertEqual(self.check({
            "src/package/a.cc": '#include "report/b.h"\n',
            "src/report/b.cc": '#include "devices/c.h"\n',
            "src/devices/c.cc": '#include "package/a.h"\n',
        }), ["src/report/b.cc:1: circle between folders: devices > package > report > devices"])

    def test_an_unknown_folder(self):
        self.assertRegex(self.check({"src/misc/a.cc": "int a;\n"})[0], r"^src/misc/a\.cc:1: folder src/misc is in no layer")

    def test_long_files(self):
        self.assertEqual(self.check({"src/base/a.cc": "//\n" * 500, "docs/a.md": "x\n" * 900}), [])
        self.assertRegex(self.check({"src/base/a.cc": "//\n" * 501})[0], r"^src/base/a\.cc:501: 501 lines")

    def test_markers(self):
        self.assertRegex(self.check({"src/base/a.cc": f"\n// {MARKER}: more\n"})[0], r"^src/base/a\.cc:2: ")
        self.assertEqual(self.check({"src/base/a.cc": f"int k{MARKER}s;\n", "docs/a.md": MARKER + "\n"}), [])

    def test_scripts_that_would_not_run(self):
        self.assertRegex(self.check({"tests/cli/a_test.sh": "#!/bin/bash\n"})[0], r"^tests/cli/a_test\.sh:1: ")
        self.assertEqual(self.check({"tests/cli/helpers.sh": "# Sourced.\n"}), [])

    def test_paths_of_one_machine(self):
        self.assertRegex(self.check({"tools/x.sh": f"cd {HOME}\n"})[0], r"^tools/x\.sh:1: a path of one machine")
        self.assertEqual(self.check({"tools/x.sh": "cd ~/models; ls /usr/share /home\n"}), [])

    def test_binary_files_are_left_alone(self):
        self.assertEqual(self.check({"examples/m.onnx": "\0" + HOME}), [])


if __name__ == "__main__":
    unittest.main()
