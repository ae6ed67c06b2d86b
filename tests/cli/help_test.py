#!/usr/bin/python3
"""What tells how the program is used: help that fits a screen, completion, man page, lists, version."""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

COMMANDS = {"accept", "bench", "compare", "completion", "convert", "device", "evaluate", "frameworks", "inspect", "list", "optimize",
            "package", "preflight", "profile", "quantize", "report", "resume", "simplify", "status", "verify", "version"}
ROWS, COLUMNS = 24, 80
TABLES = {"passes": "fold-batch-norm", "metrics": "top1", "calibrators": "entropy", "rules": "onnxruntime-x64",
          "datasets": "idx", "devices": "cpu-generic", "runtimes": "onnxruntime"}


class HelpTest(CliTest):
    def listed(self, text):
        """Commands of the main help: a group's name may stand before."""
        return set(re.findall(r"^(?:[A-Z]\w+)? +([a-z]+)  +[A-Z].*$", text, re.MULTILINE))

    def test_the_main_help_lists_every_command(self):
        text = self.done("--help").stdout
        self.assertEqual(self.listed(text), COMMANDS)
        self.assertEqual(self.done().stdout, text)

    def test_help_fits_a_screen_with_the_prompt(self):
        for command in [[], *([name] for name in sorted(COMMANDS))]:
            lines = self.done(*command, "--help").stdout.splitlines()
            self.assertLess(len(lines), ROWS, command)
            self.assertLess(max(map(len, lines)), COLUMNS, command)
            self.assertTrue(lines[0].startswith("Usage: edgeopt " + "".join(command)), lines[0])

    def test_the_examples_in_the_help_name_options_that_exist(self):
        for command in sorted(COMMANDS):
            text = self.done(command, "--help").stdout
            for line in re.findall(rf"^  edgeopt {command} .*$", text, re.MULTILINE):
                for option in re.findall(r"--[a-z-]+", line):
                    self.assertRegex(text, rf"(?m)^  (-\w, )?{option}\b")

    def test_misspelled(self):
        self.fails(USAGE, "there is no command 'optimise'", "optimise", "model.onnx")
        self.assertIn("did you mean 'edgeopt optimize'?", self.run_edgeopt("optimise").stderr)
        self.fails(USAGE, "unexpected argument '--prescision'", "quantize", "m.onnx", "-o", "o.onnx", "--prescision", "int8")
        self.assertIn("did you mean '--precision'?",
                      self.run_edgeopt("quantize", "m.onnx", "-o", "o.onnx", "--prescision", "int8").stderr)
        self.fails(USAGE, "unexpected argument 'b.onnx'", "inspect", "a.onnx", "b.onnx")
        self.fails(USAGE, "int7", "quantize", "m.onnx", "-o", "o.onnx", "--precision", "int7")
        self.fails(USAGE, "required", "simplify", "m.onnx")
        document = json.loads(self.run_edgeopt("optimise", "--json").stdout)
        self.assertEqual(document["error"]["code"], USAGE)

    def test_version(self):
        version = self.json("version")["version"]
        self.assertRegex(version, r"^\d+\.\d+\.\d+")
        self.assertEqual(self.done("--version").stdout, f"edgeopt {version}\n")

    def test_lists(self):
        for name, entry in TABLES.items():
            rows = self.json("list", name)[name]
            self.assertIn(entry, [row["name"] for row in rows])
            self.assertTrue(all(row["summary"] for row in rows), rows)
            self.assertIn(entry, self.done("list", name).stdout)
        self.fails(USAGE, "nonsense", "list", "nonsense")

    def test_a_runtime_that_can_not_be_loaded_is_listed_with_the_reason(self):
        library = self.write("lib.so", b"no library")
        row = self.json("list", "runtimes", "--runtime-library", library)["runtimes"][0]
        self.assertTrue(row["summary"].startswith("not available: "), row)
        model = self.write("model.onnx", classifier())
        self.fails(UNAVAILABLE, "lib.so", "bench", model, "--runtime-library", library)

    def complete(self, *words):
        """What bash offers for the last word."""
        script = ('source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _edgeopt; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        process = subprocess.run(["bash", "-c", script, EDGEOPT, *words], capture_output=True, text=True, check=True)
        self.assertEqual(process.stderr, "")
        return process.stdout.split()

    def test_bash_completes(self):
        self.assertEqual(set(self.complete("edgeopt", "")), COMMANDS)
        self.assertEqual(self.complete("edgeopt", "qu"), ["quantize"])
        self.assertEqual(self.complete("edgeopt", "quantize", "m.onnx", "--prec"), ["--precision"])
        self.assertEqual(self.complete("edgeopt", "quantize", "--precision", ""), ["int8", "dynamic-int8", "fp16"])
        self.assertEqual(self.complete("edgeopt", "quantize", "--precision", "f"), ["fp16"])
        self.assertEqual(self.complete("edgeopt", "list", "cal"), ["calibrators"])
        self.assertEqual(self.complete("edgeopt", "inspect", "m"), [])  # files are bash's own business
        self.assertIn("--json", self.complete("edgeopt", "inspect", "m.onnx", "--"))

    def test_bash_accepts_the_completion(self):
        subprocess.run(["bash", "-nc", self.done("completion", "bash").stdout], check=True)

    def test_other_shells(self):
        for shell, start in (("zsh", "#compdef edgeopt\n"), ("fish", "")):
            script = self.json("completion", shell)["script"]
            self.assertTrue(script.startswith(start))
            for command in COMMANDS:
                self.assertRegex(script, rf"\b{command}\b")
            if shutil.which(shell):
                subprocess.run([shell, "-n", self.write("script", script.encode())], check=True)

    def test_the_man_page(self):
        page = self.done("man").stdout
        self.assertTrue(page.startswith(".\\\""))
        sections = re.findall(r"^\.SH (.+)$", page, re.MULTILINE)
        for section in ("NAME", "SYNOPSIS", "COMMANDS", "EXIT STATUS", "FILES"):
            self.assertIn(section, sections)
        self.assertEqual(set(re.findall(r"^\.SS (\S+)$", page, re.MULTILINE)), COMMANDS)
        for tool in (["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "page.1"], ["groff", "-man", "-ww", "-z", "page.1"]):
            if shutil.which(tool[0]):
                self.write("page.1", page.encode())
                process = subprocess.run(tool, cwd=self.folder, capture_output=True, text=True, check=True)
                self.assertEqual(process.stderr, "")


if __name__ == "__main__":
    unittest.main()
