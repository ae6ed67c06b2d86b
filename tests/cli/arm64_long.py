#!/usr/bin/python3
"""The arm64 agent under qemu-user, with the arm64 runtimes: its outputs are those of this machine's agent. Skipped (77) where
`make arm64` was not run."""
import base64
import json
import os
import pathlib
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import EDGEOPT  # noqa: E402

SOURCE = pathlib.Path(os.environ.get("EDGEOPT_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
CACHE = pathlib.Path(os.environ.get("EDGEOPT_CACHE", pathlib.Path.home() / ".cache" / "edgeopt"))
AGENT = SOURCE / "build-arm64" / "edgeopt-agent"
QEMU = shutil.which("qemu-aarch64-static")
CROSS_LIBRARIES = pathlib.Path("/usr/aarch64-linux-gnu/lib")
# ONNX Runtime 1.29 and newer crash where /proc/cpuinfo is another architecture's: this is a Cortex-A76's.
CPUINFO = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1
"""
OPTIONS = {"threads": 1, "optimization": "all", "spin": False, "arena": True, "kernels": "xnnpack"}
SHAPE = [1, 1, 28, 28]


def libraries():
    return [str(next(CACHE.glob(pattern)).parent) for pattern in
            ("onnxruntime-*/aarch64/lib/libonnxruntime.so.1", "litert-*/aarch64/lib/libLiteRt.so")]


def arm64_agent(sysroot):
    """`sysroot`: an empty folder. Paths that exist below it are taken from there."""
    (sysroot / "lib").symlink_to(CROSS_LIBRARIES)
    (sysroot / "proc").mkdir()
    (sysroot / "proc" / "cpuinfo").write_text(CPUINFO)
    return [QEMU, "-L", str(sysroot), "-E", "LD_LIBRARY_PATH=" + ":".join(libraries()), str(AGENT), "agent"]


def image(number):
    """Smooth and different each time; not the data set's, whose values matter to neither side."""
    return [((x * (number + 3) + y * 7) % 29) / 29 for y in range(28) for x in range(28)]


def ask(command, model, runtime, images):
    """The hello and the outputs of each image, from a new agent."""
    requests = [{"method": "hello", "params": {"protocol": 2, "client": "test"}},
                {"method": "load", "params": {"model": {"path": str(model)}, "runtime": runtime, "options": OPTIONS}}]
    for pixels in images:
        data = base64.b64encode(struct.pack(f"<{len(pixels)}f", *pixels)).decode()
        requests.append({"method": "run", "params": {"inputs": [
            {"name": "", "type": "float32", "dims": SHAPE, "data": data}]}})
    requests.append({"method": "shutdown"})
    lines = "".join(json.dumps({"id": i, **request}) + "\n" for i, request in enumerate(requests))
    process = subprocess.run(command, input=lines, capture_output=True, text=True, check=False, timeout=1200)
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    answers = [answer for answer in answers if "progress" not in answer]
    wrong = [answer["error"] for answer in answers if "error" in answer]
    if process.returncode != 0 or wrong or len(answers) != len(requests):
        raise AssertionError(f"{command[0]}: exit {process.returncode}, {wrong}, {process.stderr[-2000:]}")
    outputs = []
    for answer in answers[2:-1]:
        raw = base64.b64decode(answer["result"]["outputs"][0]["data"])
        outputs.append(struct.unpack(f"<{len(raw) // 4}f", raw))
    return answers[0]["result"], outputs


class Arm64AgentTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def same(self, model, runtime):
        sysroot = self.folder / "sysroot"
        sysroot.mkdir()
        images = [image(number) for number in range(3)]
        hello, there = ask(arm64_agent(sysroot), model, runtime, images)
        _, here = ask([EDGEOPT, "agent"], model, runtime, images)
        self.assertEqual(hello["machine"]["architecture"], "aarch64")
        for expected, found in zip(here, there, strict=True):
            self.assertEqual(len(found), 10)
            reach = max(expected) - min(expected)
            self.assertGreater(reach, 0.1)
            for a, b in zip(expected, found, strict=True):
                self.assertLess(abs(a - b), 1e-4 * reach)

    def test_onnx_runtime(self):
        self.same(SOURCE / "examples" / "fashion_resnet10.onnx", "onnxruntime")

    def test_litert(self):
        model = self.folder / "m.tflite"
        subprocess.run([EDGEOPT, "convert", SOURCE / "examples" / "fashion_resnet10.onnx", "-o", model, "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)
        self.same(model, "litert")

    def test_it_needs_no_library_that_a_board_lacks(self):
        """DT_NEEDED of the file, and the newest glibc that it asks for (docs/measuring.md)."""
        readelf = subprocess.run(["readelf", "-dVW", AGENT], capture_output=True, text=True, check=True).stdout
        needed = {line.split("[")[1].split("]")[0] for line in readelf.splitlines() if "(NEEDED)" in line}
        self.assertLessEqual(needed, {"libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6",
                                      "ld-linux-aarch64.so.1"})
        versions = {tuple(map(int, word[6:].split("."))) for word in readelf.split() if word.startswith("GLIBC_2.")}
        self.assertLessEqual(max(versions), (2, 34))


if __name__ == "__main__":
    if not AGENT.exists() or QEMU is None or platform.machine() != "x86_64":
        print("no build-arm64/edgeopt-agent or no qemu-aarch64-static: run make arm64")
        sys.exit(77)
    unittest.main()
