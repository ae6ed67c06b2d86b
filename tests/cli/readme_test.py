#!/usr/bin/python3
"""README.md's commands, run as they are printed, in the order in which they are printed, where the files that they name
exist: a small model, and data as folders of images."""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import make_image_folders

README = (EXAMPLES.parent / "README.md").read_text()


def code_blocks(language):
    """Texts between ```LANGUAGE and ```."""
    parts = re.split(r"^```(.*)\n", README, flags=re.MULTILINE)  # text, language, code, "", text, ...
    return [code for name, code in zip(parts[1::4], parts[2::4]) if name == language]


def commands():
    """Command lines of the blocks without a language; a backslash continues a line, # begins a remark."""
    text = "".join(code_blocks("")).replace("\\\n", " ")
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


class ReadmeTest(CliTest):
    def setUp(self):
        super().setUp()
        shutil.copy(EXAMPLES / "fashion_mbv2.onnx", self.folder / "model.onnx")
        shutil.copy(EXAMPLES / "fashion_mnist.toml", self.folder / "input.toml")
        make_image_folders(self.folder / "validation", "t10k", 200)
        make_image_folders(self.folder / "calibration", "train", 100)
        (block,) = code_blocks("toml")
        # Two threads that wait for each other take very long when other tests keep the machine busy.
        self.write("edgeopt.toml", b"threads = 1\n" + block.encode())

    def test_the_commands_work_as_printed(self):
        lines = commands()
        self.assertGreater(len(lines), 8)
        before = contents(self.folder)
        for line in lines:
            with self.subTest(command=" ".join(line)):
                self.assertEqual(line[0], "edgeopt")
                # Paths in README are short names; nothing may be written elsewhere than below the folder.
                process = self.run_edgeopt(*line[1:])
                self.assertEqual(process.returncode, DONE, process.stdout + process.stderr)
                self.assertTrue(process.stdout.strip())
        after = contents(self.folder)
        self.assertEqual(before, {name: after.get(name) for name in before})

    def test_every_command_of_the_help_is_in_the_readme(self):
        listed = re.findall(r"^(?:[A-Z]\w+)? +([a-z]+)  +[A-Z].*$", self.done("--help").stdout, re.MULTILINE)
        for name in listed:
            self.assertRegex(README, rf"edgeopt {name}\b")

    def test_its_files_exist(self):
        for link in re.findall(r"\]\(([^)#]+)\)", README):
            if "://" not in link:
                self.assertTrue((EXAMPLES.parent / link).exists(), link)

    def test_make_knows_its_targets(self):
        makefile = (EXAMPLES.parent / "Makefile").read_text()
        for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
            self.assertRegex(makefile, rf"(?m)^{target}:")


if __name__ == "__main__":
    unittest.main()
