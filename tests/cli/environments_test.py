#!/usr/bin/python3
"""`edgeopt frameworks`, and what other commands say of environments and workers: with a uv and a Python that replay what the
real ones do, so that nothing is fetched."""
import calendar
import os
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

ROOT = EXAMPLES.parent
PT2 = EXAMPLES / "fashion_mbv2.pt2"
OLD = "pytorch-0123456789abcdef"
UV = """#!/bin/sh
if [ "$1" = venv ]; then
  for folder; do :; done  # the last argument
  mkdir -p "$folder/bin" "$folder/lib/python3.11/site-packages/torch-9.8.7.dist-info"
  cp /bin/true "$folder/bin/python"
  exit
fi
"""


class EnvironmentsTest(CliTest):
    def setUp(self):
        super().setUp()
        cache = pathlib.Path(os.environ.get("EDGEOPT_CACHE") or pathlib.Path.home() / ".cache/edgeopt")
        self.cache = self.folder / "cache"
        self.frameworks = self.cache / "frameworks"
        self.frameworks.mkdir(parents=True)
        for part in cache.iterdir() if cache.is_dir() else []:
            if part.name != "frameworks":
                (self.cache / part.name).symlink_to(part)
        self.put_uv(UV)

    def put_uv(self, script):
        (version,) = re.findall(r"(?m)^uv==([\d.]+)", (ROOT / "src/frameworks/locks/uv.txt").read_text())
        uv = self.frameworks / f"uv-{version}" / "uv"
        uv.parent.mkdir(exist_ok=True)
        uv.write_text(script)
        uv.chmod(0o755)

    def put_old(self):
        folder = self.frameworks / OLD
        (folder / "lib/python3.11/site-packages/torch-2.1.0.dist-info").mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / "bin/python").write_bytes(b"x" * 3_000_000)
        (folder / "edgeopt-stamp").touch()
        return folder

    def run_edgeopt(self, *arguments, **options):
        return super().run_edgeopt(*arguments, env={**os.environ, "EDGEOPT_CACHE": str(self.cache)}, **options)

    def test_nothing_is_there(self):
        self.assertEqual(self.done("frameworks", "list").stdout, f"There is no environment of a framework in {self.frameworks}\n")
        self.assertEqual(self.json("frameworks", "list")["environments"], [])
        self.assertEqual(self.done("frameworks", "clean").stdout, "Nothing was removed.\n")

    def test_installed_ahead(self):
        process = self.done("frameworks", "install", "pytorch")
        self.assertRegex(process.stdout, r"^PyTorch 9\.8\.7 is now in ")
        self.assertRegex(process.stderr, r"installing PyTorch [\d.]+ into '.*' \(once, about \d+ MB\)")
        document = self.json("frameworks", "install", "pytorch")
        self.assertFalse(document["installed"])
        self.assertTrue(document["current"])
        self.assertEqual(document["python"], document["folder"] + "/bin/python")
        used = calendar.timegm(time.strptime(document["last_used"], "%Y-%m-%dT%H:%M:%SZ"))
        self.assertLess(abs(time.time() - used), 120)
        (row,) = self.json("frameworks", "list")["environments"]
        self.assertEqual((row["framework"], row["version"], row["current"], row["in_use"]), ("pytorch", "9.8.7", True, False))

    def test_the_old_go_and_the_current_stay(self):
        self.done("frameworks", "install", "pytorch")
        old = self.put_old()
        text = self.done("frameworks", "list").stdout
        self.assertRegex(text, rf"(?m)^  {OLD} +2\.1\.0 +3 .* old$")
        self.assertRegex(text, r"(?m)^  pytorch-\w{16} +9\.8\.7 .* current$")
        self.assertIn("'edgeopt frameworks clean' frees 3 MB", text)
        document = self.json("frameworks", "clean")
        self.assertEqual([row["folder"] for row in document["removed"]], [str(old)])
        self.assertEqual((document["bytes"], document["left_in_use"]), (3_000_000, []))
        self.assertFalse(old.exists())
        self.assertEqual(len(self.json("frameworks", "list")["environments"]), 1)
        self.assertIn("Removed ", self.done("frameworks", "clean", "--all").stdout)
        self.assertEqual(self.json("frameworks", "list")["environments"], [])

    def test_usage(self):
        self.fails(USAGE, "needs a framework", "frameworks", "install")
        self.fails(USAGE, "caffe", "frameworks", "install", "caffe")
        self.fails(USAGE, "--all", "frameworks", "list", "--all")
        self.fails(USAGE, "lists all", "frameworks", "list", "pytorch")

    def test_every_command_tells_what_it_installs(self):
        self.put_uv(UV + "echo 'error: no network' >&2; exit 2\n")
        self.write("data.npz", b"")
        for line in (["bench", PT2], ["evaluate", PT2, "--data", "data.npz", "--metric", "top1"], ["convert", PT2, "-o", "out.onnx"]):
            process = self.run_edgeopt(*line)
            self.assertEqual(process.returncode, UNAVAILABLE, process.stderr)
            self.assertRegex(process.stderr, r"(?m)^installing PyTorch [\d.]+ into '.*' \(once, about \d+ MB\)$")
            self.assertIn("no network", process.stderr)

    def test_a_worker_that_dies_leaves_its_words(self):
        python = self.folder / "python"
        python.write_text("#!/bin/sh\nseq 1 30000 >&2\nexit 3\n")
        python.chmod(0o755)
        process = self.run_edgeopt("convert", PT2, "-o", "out.onnx", "--python", python)
        self.assertEqual(process.returncode, UNAVAILABLE, process.stderr)
        (log,) = re.findall(r"29999 30000 \(all of it: '(.*)'\)", process.stderr)
        self.assertEqual(pathlib.Path(log).parent, self.frameworks / "logs")
        self.assertEqual(pathlib.Path(log).read_text(), "".join(f"{i}\n" for i in range(1, 30001)))


if __name__ == "__main__":
    unittest.main()
