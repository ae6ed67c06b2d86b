#!/usr/bin/env python3
"""TorchScript that is more than a trace, behind the worker: numbers for parameters, branches, a state. The truth is the
module in PyTorch's eager mode, in this process, and ONNX's reference implementation for what is exported."""

import importlib
import os
import pathlib
import sys
import textwrap
import unittest

import numpy
import onnx

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from worker_client import Refused, Worker, WorkerTest, noise, run_onnx  # noqa: E402

sys.setdlopenflags(os.RTLD_LAZY)  # see torch_framework.py
try:
    import torch
except ImportError:
    torch = None

NETS = """
    import torch

    class Choosing(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fast = torch.nn.Linear(4, 2)
            self.slow = torch.nn.Linear(4, 2)

        def forward(self, x, rate: int, scale: float = 2.0, both: bool = False):
            if rate not in [8, 16]:
                raise ValueError("no such rate: {}".format(rate))
            y = self.fast(x) if rate == 16 else self.slow(x)
            if both:
                y = y + self.slow(x)
            return y * scale

    class Streaming(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(6, 3)
            self.context = torch.zeros(0)
            self.rate = 0
            self.picture = torch.zeros(0)

        def forward(self, x, rate: int):
            if rate != self.rate:
                self.context = torch.zeros(0)
            if self.context.numel() == 0:
                self.context = torch.zeros(x.shape[0], 2)
            joined = torch.cat([self.context, x], 1)
            self.context = joined[:, -2:]
            self.rate = rate
            y = self.fc(joined)
            self.picture = y
            return y if rate == 16 else -y

    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.count = 0

        def forward(self, x):
            self.count += 1
            return x * self.count

    class Growing(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.cache = torch.zeros(0, 4)

        def forward(self, x):
            self.cache = torch.cat([self.cache, x])
            return self.cache.sum(0)

    class Attention(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = torch.nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x):
            return self.attention(x, x, x)[0]

    class Deciding(torch.nn.Module):
        def forward(self, x):
            if float(x.sum()) > 0:
                return x
            return -x

    def part():
        return torch.jit.load("choosing.pt").slow
"""


@unittest.skipIf(torch is None, "this Python has no torch")
class TorchScriptTest(WorkerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.folder / "scripted.py").write_text(textwrap.dedent(NETS))
        sys.path.insert(0, str(cls.folder))
        cls.addClassCleanup(sys.path.remove, str(cls.folder))
        cls.nets = importlib.import_module("scripted")

    def make(self, name):
        """The module in eager mode; its TorchScript is saved as the name in small letters."""
        torch.manual_seed(3)
        module = getattr(self.nets, name)().eval()
        torch.jit.save(torch.jit.script(module), self.path(name.lower() + ".pt"))
        return module

    def open(self, name, **sample):
        numpy.savez(self.path("sample.npz"), **sample)
        return Worker("pytorch", "torchscript", path=self.path(name.lower() + ".pt"), sample=self.path("sample.npz"))

    def export(self, worker, exporter):
        path = self.folder / f"{exporter}.onnx"
        worker.export(path, exporter, opset=18 if exporter == "dynamo" else 17)
        return path

    def refused(self, worker, exporter=None):
        with worker, self.assertRaises(Refused) as caught:
            worker.load()
            self.export(worker, exporter)
        self.assertEqual(caught.exception.code, 4, caught.exception.message)
        return caught.exception.message + " " + caught.exception.hint

    def test_numbers_are_constants_of_the_exported_model(self):
        module = self.make("Choosing")
        x = noise(3, 4)
        for numbers in ({"rate": 8}, {"rate": 16, "scale": 0.5, "both": True}):
            with torch.no_grad():
                expected = module(torch.from_numpy(x), **numbers).numpy()
            with self.open("Choosing", x=x, **{name: numpy.array(value) for name, value in numbers.items()}) as worker:
                self.assertEqual([spec["name"] for spec in worker.load()["inputs"]], ["x"])
                numpy.testing.assert_allclose(worker.run(x=x)["output"], expected, rtol=1e-5)
                for exporter in ("torchscript", "dynamo"):
                    with self.subTest(exporter=exporter, **numbers):
                        path = self.export(worker, exporter)
                        numpy.testing.assert_allclose(run_onnx(path, {"x": x})["output"], expected, rtol=1e-5)
                        self.assertNotIn("If", [node.op_type for node in onnx.load(path).graph.node])

    def test_a_state_is_inputs_and_outputs(self):
        module = self.make("Streaming")
        parts = noise(4, 2, 4)
        with self.open("Streaming", x=parts[0], rate=numpy.array(8)) as worker:
            loaded = worker.load()
            self.assertEqual([(spec["name"], spec["dims"]) for spec in loaded["inputs"]],
                             [("x", [2, 4]), ("context", [2, 2])])
            self.assertEqual([(spec["name"], spec["dims"]) for spec in loaded["outputs"]],
                             [("output", [2, 3]), ("context_out", [2, 2])])
            (warning,) = worker.call("describe")["warnings"]
            self.assertIn("keeps context from call to call", warning)
            self.assertIn("begin with zeros", warning)
            path = self.export(worker, "dynamo")
            with self.assertRaises(Refused) as caught:
                self.export(worker, "torchscript")
            self.assertIn("state", caught.exception.message)
            states = {"worker": numpy.zeros((2, 2), "float32"), "onnx": numpy.zeros((2, 2), "float32")}
            for x in parts:
                with torch.no_grad():
                    expected = module(torch.from_numpy(x), 8).numpy()
                results = {"worker": worker.run(x=x, context=states["worker"]),
                           "onnx": run_onnx(path, {"x": x, "context": states["onnx"]})}
                for where, result in results.items():
                    numpy.testing.assert_allclose(result["output"], expected, rtol=1e-5, atol=1e-6, err_msg=where)
                    states[where] = result["context_out"]

    def test_a_state_that_no_model_can_keep_is_named(self):
        for name, words in (("Counting", ("'count'", "int")), ("Growing", ("'cache'", "size changes"))):
            self.make(name)
            text = self.refused(self.open(name, x=noise(2, 4)))
            for word in words:
                self.assertIn(word, text)

    def test_fused_operators_of_torch_nn_are_not_taken(self):
        module = self.make("Attention")
        x = noise(2, 3, 4)
        with torch.no_grad():
            expected = module(torch.from_numpy(x)).numpy()
        with self.open("Attention", x=x) as worker:
            worker.load()
            path = self.export(worker, "dynamo")
        numpy.testing.assert_allclose(run_onnx(path, {"x": x})["output"], expected, rtol=1e-4, atol=1e-5)
        names = {tensor.name for tensor in onnx.load(path).graph.initializer}
        self.assertTrue(any("attention.out_proj" in name for name in names), names)

    def test_a_branch_that_hangs_on_an_element_is_not_followed(self):
        self.make("Deciding")
        self.assertIn("hangs on a tensor's elements", self.refused(self.open("Deciding", x=noise(2, 4)), "dynamo"))

    def test_a_callable_may_choose_a_part(self):
        module = self.make("Choosing")
        x = noise(3, 4)
        with Worker("pytorch", "module", folder=self.folder, callable="scripted:part", trust_code=True,
                    inputs=[{"name": "", "dims": [3, 4]}]) as worker:
            worker.load()
            path = self.export(worker, "torchscript")
            with torch.no_grad():
                expected = module.slow(torch.from_numpy(x)).numpy()
            name = worker.call("describe")["inputs"][0]["name"]
        numpy.testing.assert_allclose(run_onnx(path, {name: x})["output"], expected, rtol=1e-5)


if __name__ == "__main__":
    unittest.main()
