#!/usr/bin/python3
"""What is written, and where: never over the original, never over another file unasked, and no part of it when the disk
is full or the folder read-only."""
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary


def can_mount():
    """Whether this user may make a name space with file systems of its own."""
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


class OutputsTest(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("model.onnx", classifier())
        self.data = self.save_data("data.npz")

    def writers(self, output):
        """Command lines that write `output`."""
        return (["simplify", self.model, "-o", output], ["quantize", self.model, "-o", output, "--precision", "fp16"],
                ["quantize", self.model, "-o", output, "--calibration", self.data, "--calibrator", "minmax"])

    def test_the_original_is_never_the_output(self):
        (self.folder / "alias.onnx").symlink_to(self.model)
        (self.folder / "twin.onnx").hardlink_to(self.model)
        for output in ("model.onnx", self.model, "./model.onnx", "alias.onnx", "twin.onnx"):
            for line in self.writers(output):
                self.fails(USAGE, "is the model itself", *line, "--force")

    def test_other_files_are_replaced_only_when_asked(self):
        other = pathlib.Path(self.write("out.onnx", b"something else"))
        for line in self.writers("out.onnx"):
            other.write_bytes(b"something else")
            self.fails(USAGE, "exists already", *line)
            self.done(*line, "--force")
            self.json("inspect", "out.onnx")

    def test_folders(self):
        self.fails(USAGE, "is a folder", *self.writers(self.folder)[0])
        self.fails(UNAVAILABLE, "there is no folder", *self.writers("nowhere/out.onnx")[0])
        self.fails(UNAVAILABLE, "there is no folder", *self.writers("model.onnx/out.onnx")[0])
        self.fails(UNAVAILABLE, "out", *self.writers("x" * 300 + "out.onnx")[0])

    def test_the_table_and_the_model_appear_together(self):
        line = self.writers("out.onnx")[2]
        self.done(*line, "--table", "table.json")
        self.assertIn("tensors", json.loads((self.folder / "table.json").read_text()))
        (self.folder / "out.onnx").unlink()
        self.fails(USAGE, "'table.json' exists already", *line, "--table", "table.json")
        self.fails(USAGE, "fp16 needs no calibration", *self.writers("out.onnx")[1], "--table", "other.json")

    def test_the_original_keeps_its_bytes_and_its_time(self):
        path = pathlib.Path(self.model)
        path.chmod(0o444)
        before = (path.read_bytes(), path.stat().st_mtime_ns)
        for index, line in enumerate(self.writers("unused")):
            line[line.index("unused")] = f"out{index}.onnx"
            self.done(*line)
        self.done("bench", self.model, "--seconds", "0.01")
        self.assertEqual(before, (path.read_bytes(), path.stat().st_mtime_ns))

    def test_the_same_input_gives_the_same_bytes(self):
        for line in self.writers("out.onnx"):
            self.done(*line, "--force")
            first = (self.folder / "out.onnx").read_bytes()
            self.done(*line, "--force")
            self.assertEqual(first, (self.folder / "out.onnx").read_bytes())

    def run_mounted(self, options, line):
        """Runs with `disk` below the folder being a file system of its own; lists it afterwards on the last lines."""
        (self.folder / "disk").mkdir(exist_ok=True)
        script = f"mount -t tmpfs -o {options} tmpfs disk && {{ \"$@\"; code=$?; echo; echo LEFT; ls -A disk; exit $code; }}"
        process = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", EDGEOPT, *line], cwd=self.folder, text=True,
                                 capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
        return process.returncode, process.stderr, process.stdout.split("LEFT\n")[-1]

    @unittest.skipUnless(can_mount(), "no right to mount")
    def test_a_full_disk(self):
        large = classifier()
        large.initializers.append(tensor("table", [1000, 100], normal(100000)))
        large.nodes.append(node("ReduceSum", ["table"], ["sum"], keepdims=0))
        large.nodes.append(node("Add", ["y", "sum"], ["z"]))
        large.nodes.append(node("Gather", ["table", "index"], ["row"]))
        large.inputs.append(value_info("index", [1], INT64))
        large.outputs.append(value_info("row", [1, 100]))
        self.model = self.write("large.onnx", large)
        line = ["simplify", self.model, "-o", "disk/out.onnx"]
        self.assertEqual(self.run_mounted("size=16k", line), (
            UNAVAILABLE, "error: can't write 'disk/out.onnx': No space left on device\n"
            "hint: free disk space or choose another folder\n", ""))
        code, errors, left = self.run_mounted("size=16k", ["optimize", "model.onnx", "--data", self.data, "--metric", "top1",
                                                           "--work", "disk/work"])
        self.assertEqual((code, left), (UNAVAILABLE, ""), errors)

    @unittest.skipUnless(can_mount(), "no right to mount")
    def test_a_read_only_folder(self):
        for line in self.writers("disk/out.onnx"):
            code, errors, left = self.run_mounted("size=16k,ro", line)
            self.assertEqual((code, left), (UNAVAILABLE, ""), errors)
            self.assertIn("error: can't write", errors)
        code, errors, left = self.run_mounted("size=16k,ro", ["optimize", self.model, "--data", self.data, "--metric", "top1",
                                                              "--work", "disk/work"])
        self.assertEqual((code, left), (UNAVAILABLE, ""), errors)

    def test_results_that_can_not_be_written(self):
        with open("/dev/full", "wb") as full:
            process = subprocess.run([EDGEOPT, "inspect", self.model], stdout=full, stderr=subprocess.PIPE, text=True,
                                     check=False)
        self.assertEqual((process.returncode, process.stderr), (UNAVAILABLE, "error: can't write to the standard output\n"))


if __name__ == "__main__":
    unittest.main()
