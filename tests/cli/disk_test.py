#!/usr/bin/python3
"""A disk that is full or read-only under every command that writes, and a package that is killed half-way: one clear error,
exit code 5, nothing half-written, the run still there."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

# A file system of its own in the folder `disk`, filled with what is in `seed`; then "$@" runs. The last lines list it.
MOUNTED = """
mount -t tmpfs -o size=$SIZE tmpfs disk && cp -a seed/. disk/ || exit 99
"""
FULL = "dd if=/dev/zero of=disk/filler bs=1M 2>/dev/null; "
READ_ONLY = "mount -o remount,ro disk; "
RUN_AND_LIST = """
before=$(cd disk && find . -type f ! -name filler ! -name lock -exec sha256sum {} + | sort)
"$@"; code=$?
after=$(cd disk && find . -type f ! -name filler ! -name lock -exec sha256sum {} + | sort)
[ "$before" = "$after" ] || { echo "CHANGED"; diff <(echo "$before") <(echo "$after"); }
exit $code
"""
# Fills the disk as soon as the run has its state, and makes room again when the run has given up.
FILL_DURING_THE_RUN = """
"$EDGEOPT" "$@" & run=$!
until [ -s disk/work/state.json ]; do sleep 0.01; done
dd if=/dev/zero of=disk/filler bs=1M 2>/dev/null
wait $run; code=$?
rm disk/filler
ls -A disk/work/variants; find disk -name '*.tmp.*'
"$EDGEOPT" resume disk/work --quiet >resumed.txt 2>&1; echo "RESUMED $?"; cat resumed.txt >&2
"$EDGEOPT" verify disk/work/m_package.tar.zst >verified.txt 2>&1; echo "VERIFIED $?"
exit $code
"""


def can_mount():
    """Whether this user may make a name space with file systems of its own."""
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


class DiskTest(CliTest):
    @classmethod
    def setUpClass(cls):
        """A finished run, m_edgeopt, and one that stopped at the accuracy floor, stopped."""
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        test = cls("run_edgeopt")
        test.folder = cls.shared
        test.write("m.onnx", classifier())
        test.save_data("d.npz", 200)
        cls.finished = test.run_edgeopt("optimize", "m.onnx", "--data", "d.npz", "--metric", "top1", "--threads", "1", "--quiet")
        if cls.finished.returncode == DONE:
            cls.stop_at_the_floor()

    @classmethod
    def stop_at_the_floor(cls):
        """The same run as if its last step had been below the floor."""
        shutil.copytree(cls.shared / "m_edgeopt", cls.shared / "stopped", ignore=shutil.ignore_patterns("m_package*"))
        path = cls.shared / "stopped" / "state.json"
        state = json.loads(path.read_text())
        state.update(finished=False, package_folder="", package_archive="", phase="VALIDATE")
        state["record"]["finished_at"] = ""
        state["record"]["steps"][-1]["decision"] = "violated"
        path.write_text(json.dumps(state))

    def setUp(self):
        super().setUp()
        self.assertEqual(self.finished.returncode, DONE, self.finished.stderr)
        shutil.copytree(self.shared, self.folder / "seed")
        (self.folder / "disk").mkdir()

    def mounted(self, script, line, size="120m"):
        environment = dict(os.environ, SIZE=size, EDGEOPT=EDGEOPT)
        return subprocess.run(["unshare", "-rm", "bash", "-c", MOUNTED + script, "bash", *line], cwd=self.folder, text=True,
                              capture_output=True, check=False, timeout=200, stdin=subprocess.DEVNULL, env=environment)

    def writers(self):
        """Command lines that write into `disk`."""
        model, data = "disk/m.onnx", "disk/d.npz"
        return [["simplify", model, "-o", "disk/o.onnx"], ["quantize", model, "-o", "disk/o.onnx", "--precision", "fp16"],
                ["quantize", model, "-o", "disk/o.onnx", "--calibration", data, "--calibrator", "minmax", "--table", "disk/t.json"],
                ["optimize", model, "--data", data, "--metric", "top1", "--work", "disk/work"],
                ["package", "disk/m_edgeopt"], ["package", "disk/m_edgeopt", "-o", "disk/release"], ["report", "disk/m_edgeopt"],
                ["resume", "disk/stopped", "--revert"], ["accept", "static-int8", "--reason", "x", "--work", "disk/stopped"]]

    @unittest.skipUnless(can_mount(), "no right to mount")
    def test_every_command_that_writes(self):
        for fault, told in ((FULL, "No space left on device|disk space"), (READ_ONLY, "Read-only file system|can't write")):
            for line in self.writers():
                with self.subTest(command=" ".join(line), fault=fault.split()[0]):
                    process = self.mounted(fault + RUN_AND_LIST, [EDGEOPT, *line, "--quiet"])
                    said = process.stdout + process.stderr
                    self.assertEqual(process.returncode, UNAVAILABLE, said)
                    errors = [text for text in process.stderr.splitlines() if text.startswith("error: ")]
                    self.assertEqual(len(errors), 1, said)
                    self.assertRegex(errors[0], told)
                    self.assertNotIn("CHANGED", process.stdout, said)

    @unittest.skipUnless(can_mount(), "no right to mount")
    def test_a_disk_that_fills_up_during_the_run(self):
        process = self.mounted(FILL_DURING_THE_RUN, ["optimize", "disk/m.onnx", "--data", "disk/d.npz", "--metric", "top1",
                                                     "--threads", "1", "--work", "disk/work"])
        said = process.stdout + process.stderr
        self.assertEqual(process.returncode, UNAVAILABLE, said)
        self.assertIn("No space left on device", process.stderr)
        self.assertNotIn(".tmp.", process.stdout)
        self.assertIn("RESUMED 0", process.stdout, said)
        self.assertIn("VERIFIED 0", process.stdout, said)

    def killed_while_packaging(self, line):
        """Starts `line` in `seed` and kills it as soon as it writes the package."""
        making = self.folder / "seed" / "m_edgeopt" / ".m_package.making"
        process = subprocess.Popen([EDGEOPT, *line, "--quiet"], cwd=self.folder / "seed", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not making.exists():
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertTrue(making.exists(), "it was too quick to be killed")
        return making

    def test_killed_while_packaging(self):
        self.folder = self.folder / "seed"
        work, package = self.folder / "m_edgeopt", self.folder / "m_edgeopt" / "m_package"
        self.folder = self.folder.parent
        # Packaging again: the earlier package stays as it is until the new one is whole.
        making = self.killed_while_packaging(["package", "m_edgeopt"])
        for whole in (package, str(package) + ".tar.zst"):
            self.done("verify", whole)
        # As if the run had been killed there: nothing is packaged yet.
        shutil.rmtree(package)
        os.remove(str(package) + ".tar.zst")
        state = json.loads((work / "state.json").read_text())
        state.update(finished=False, package_folder="", package_archive="")
        (work / "state.json").write_text(json.dumps(state))
        self.killed_while_packaging(["resume", "m_edgeopt"])
        self.assertFalse(package.exists())
        self.done("resume", work, "--quiet")
        self.assertFalse(making.exists())
        self.done("verify", str(package) + ".tar.zst")


if __name__ == "__main__":
    unittest.main()
