"""Speaks the agent protocol to the worker as a process, as measure::AgentClient does; and what the tests share."""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[3]
PYTHON_FOLDER = ROOT / "src" / "frameworks" / "python"
WORKER = PYTHON_FOLDER / "edgeopt_worker"
PLAN = {"warm_up": {"min_runs": 3, "min_seconds": 0.01, "max_seconds": 2, "tolerance": 0.5},
        "min_runs": 25, "min_seconds": 0.05, "max_runs": 1000}


class Refused(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.message, self.hint = error["code"], error["message"], error.get("hint", "")


class Worker:
    """Used as a context: the process is ended behind it."""

    def __init__(self, framework, kind, folder=None, greet=True, exchange="", **source):
        self.runtime, self._id, self.progress = framework, 0, []
        self._errors = tempfile.TemporaryFile()
        argument = json.dumps({"framework": framework, "kind": kind, **source})
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-u", str(WORKER), argument], cwd=folder, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._errors)
        if greet:
            params = {"protocol": 2, "client": "test"}
            self.hello = self.call("hello", **params, **({"exchange": exchange} if exchange else {}))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self._errors.close()

    def error_output(self):
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")

    def say(self, line):
        """Sends a raw line and returns the answer's object."""
        self.process.stdin.write(line if isinstance(line, bytes) else line.encode())
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the worker ended with {self.process.wait()}: {self.error_output()[-3000:]}")
        return json.loads(line)

    def call(self, method, **params):
        self._id += 1
        answer = self.say(json.dumps({"id": self._id, "method": method, "params": params}))
        while "progress" in answer:
            self.progress.append(answer["progress"])
            answer = self.hear()
        if answer["id"] != self._id:
            raise AssertionError(f"an answer to another request: {answer}")
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def load(self, threads=1):
        return self.call("load", model={"path": "/source"}, runtime=self.runtime, options={
            "threads": threads, "optimization": "all", "spin": True, "arena": True, "kernels": "xnnpack"})

    def run(self, **inputs):
        result = self.call("run", inputs=[encode(name, array) for name, array in inputs.items()])
        return {tensor["name"]: decode(tensor) for tensor in result["outputs"]}

    def inside(self, max_bytes=1 << 30, **inputs):
        """[(name, kind, array, names of what it is made of)], and whether that is all."""
        result = self.call("inside", inputs=[encode(name, array) for name, array in inputs.items()],
                           max_bytes=max_bytes)
        names = [tensor["name"] for tensor in result["tensors"]]
        rows = [(tensor["name"], kind, decode(tensor), [names[place] for place in made_of])
                for tensor, kind, made_of in zip(result["tensors"], result["kinds"], result["made_of"], strict=True)]
        return rows, result["complete"]

    def export(self, output, exporter, opset=17, dynamic_axes=None):
        return self.call("export", format="tflite" if exporter == "tflite" else "onnx", output=str(output),
                         exporter=exporter, opset=opset, dynamic_axes=dynamic_axes or {})


class WorkerTest(unittest.TestCase):
    """What the tests of the frameworks' models share: a folder for the files of a class."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def path(self, name):
        return str(self.folder / name)

    def assert_refused(self, worker, code, *words):
        """Loading fails with that exit code, and message and hint have the words."""
        with worker:
            with self.assertRaises(Refused) as caught:
                worker.load()
        self.assertEqual(caught.exception.code, code, caught.exception.message)
        for word in words:
            self.assertIn(word, caught.exception.message + " " + caught.exception.hint)


def encode(name, array):
    return {"name": name, "type": str(array.dtype), "dims": list(array.shape),
            "data": base64.b64encode(array.tobytes()).decode()}


def decode(tensor):
    content = base64.b64decode(tensor["data"])
    return numpy.frombuffer(content, dtype=tensor["type"]).reshape(tensor["dims"])


def run_onnx(path, inputs):
    """By ONNX's own reference implementation, {name: array}."""
    from onnx.reference import ReferenceEvaluator
    evaluator = ReferenceEvaluator(str(path))
    return dict(zip(evaluator.output_names, evaluator.run(None, inputs)))


def noise(*dims):
    return numpy.random.default_rng(3).standard_normal(dims).astype(numpy.float32)
