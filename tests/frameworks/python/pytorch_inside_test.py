#!/usr/bin/env python3
"""The values inside PyTorch models, as the worker tells them. The truth is each layer by itself, in PyTorch in this
process."""

import os
import pathlib
import sys
import textwrap
import unittest

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from worker_client import Refused, Worker, WorkerTest, encode, noise  # noqa: E402

sys.setdlopenflags(os.RTLD_LAZY)  # see torch_framework.py
try:
    import torch
except ImportError:
    torch = None

NETS = """
    import torch

    class Small(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 4, 3, stride=2, padding=1)
            self.norm = torch.nn.BatchNorm2d(4)
            self.drop = torch.nn.Dropout(0.5)
            self.fc = torch.nn.Linear(4, 3)
            torch.nn.init.uniform_(self.norm.running_mean)
            torch.nn.init.uniform_(self.norm.running_var, 0.1, 1)

        def forward(self, x):
            y = torch.relu(self.norm(self.conv(x)))
            return self.fc(self.drop(y.mean((2, 3))))

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(4, 4)
            self.act = torch.nn.ReLU(inplace=True)

        def forward(self, x):
            return self.act(self.fc(x)).add_(x)

    class Ways(torch.nn.Module):
        def __init__(self):
            super().__init__()
            block = Block()
            self.body = torch.nn.Sequential(block, block)
            self.table = torch.nn.Parameter(torch.ones(4))

        def forward(self, x):
            unused = x - 1
            y = self.body(x.reshape(1, 4))
            y[:, 0] = 7
            return {"left": y * self.table.exp(), "right": torch.argmax(y, 1)}
"""


@unittest.skipIf(torch is None, "this Python has no torch")
class PytorchInsideTest(WorkerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.folder / "nets.py").write_text(textwrap.dedent(NETS))
        sys.path.insert(0, str(cls.folder))
        cls.addClassCleanup(sys.path.remove, str(cls.folder))
        import nets
        cls.nets = nets
        torch.manual_seed(0)  # as the worker begins
        cls.model = nets.Small().eval()
        cls.x = noise(1, 1, 8, 8)
        with torch.no_grad():
            cls.expected = cls.model(torch.from_numpy(cls.x)).numpy()

    def module(self, name="nets:Small", inputs=({"name": "x", "dims": [1, 1, 8, 8]},)):
        return Worker("pytorch", "module", folder=self.folder, callable=name, inputs=list(inputs), trust_code=True)

    def layers(self):
        """What Small's layers give, worked one by one in PyTorch."""
        with torch.no_grad():
            conv = self.model.conv(torch.from_numpy(self.x))
            norm = self.model.norm(conv)
            relu = torch.relu(norm)
            mean = relu.mean((2, 3))
            return [value.numpy() for value in (conv, norm, relu, mean, self.model.fc(mean))]

    def check(self, rows, named):
        """`named`: (name, kind) of each; each is made of the one before it."""
        self.assertEqual([(name, kind) for name, kind, _, _ in rows], named)
        for (_, _, array, _), expected in zip(rows, self.layers(), strict=True):
            numpy.testing.assert_allclose(array, expected, rtol=1e-6)
        self.assertEqual([made_of for _, _, _, made_of in rows], [[]] + [[name] for name, _ in named[:-1]])

    def test_of_a_module(self):
        with self.module() as worker:
            worker.load()
            rows, complete = worker.inside(x=self.x)
            self.assertTrue(complete)
            self.check(rows, [("conv", "Conv2d"), ("norm", "BatchNorm2d"), ("relu", "torch.relu"),
                              ("mean", "torch.Tensor.mean"), ("fc", "Linear")])
            # It leaves nothing behind in the model.
            numpy.testing.assert_array_equal(worker.run(x=self.x)["output"], self.expected)
            rows, complete = worker.inside(x=self.x, max_bytes=2 * 4 * 4 * 4 * 4)
            self.assertFalse(complete)
            self.assertEqual([name for name, _, _, _ in rows], ["conv", "norm"])

    def test_calls_views_and_writes_in_place(self):
        torch.manual_seed(0)  # as the worker begins
        model, x = self.nets.Ways().eval(), noise(2, 2)
        with torch.no_grad():
            first = model.body[0].fc(torch.from_numpy(x).reshape(1, 4))
            added = torch.relu(first) + torch.from_numpy(x).reshape(1, 4)
            second = model.body[0].fc(added)
            summed = torch.relu(second) + added
            written = summed.clone()
            written[:, 0] = 7
            expected = [first, torch.relu(first), added, second, torch.relu(second), summed, written,
                        written * torch.e]
        with self.module("nets:Ways", inputs=[{"name": "x", "dims": [2, 2]}]) as worker:
            worker.load()
            rows, _ = worker.inside(x=x)
        # Neither the view of x nor what no output is made of, nor what is made of the weights alone.
        self.assertEqual([(name, made_of) for name, _, _, made_of in rows], [
            ("body.0.fc", []), ("body.0.act", ["body.0.fc"]), ("body.0.add", ["body.0.act"]),
            ("body.0.fc#2", ["body.0.add"]), ("body.0.act#2", ["body.0.fc#2"]),
            ("body.0.add#2", ["body.0.add", "body.0.act#2"]), ("setitem", ["body.0.add#2"]), ("mul", ["setitem"])])
        for (name, _, array, _), value in zip(rows, expected, strict=True):
            numpy.testing.assert_allclose(array, value.numpy(), rtol=1e-6, err_msg=name)

    def test_of_a_program(self):
        torch.export.save(torch.export.export(self.model, (torch.from_numpy(self.x),)), self.path("in.pt2"))
        with Worker("pytorch", "pt2", path=self.path("in.pt2")) as worker:
            worker.load()
            rows, _ = worker.inside(x=self.x)
        rows = [row for row in rows if row[0] != "dropout"]  # in eval mode, what it is given
        rows[-1][3][:] = ["mean"]
        self.check(rows, [("conv2d", "aten.conv2d.default of conv"),
                          ("batch_norm", "aten.batch_norm.default of norm"), ("relu", "aten.relu.default"),
                          ("mean", "aten.mean.dim"), ("linear", "aten.linear.default of fc")])

    def test_of_torchscript(self):
        shape = [{"name": "x", "dims": [1, 1, 8, 8]}]
        torch.jit.save(torch.jit.trace(self.model, torch.from_numpy(self.x)), self.path("in.torchscript.pt"))
        with Worker("pytorch", "torchscript", path=self.path("in.torchscript.pt"), inputs=shape) as worker:
            worker.load()
            rows, _ = worker.inside(x=self.x)
            numpy.testing.assert_allclose(worker.run(x=self.x)["output"], self.expected, rtol=1e-6)
        rows = [row for row in rows if row[1] != "aten::dropout"]
        rows[-1][3][:] = ["mean"]
        kinds = [kind for _, kind, _, _ in rows]
        self.check(rows, list(zip(["conv", "norm", "relu", "mean", "fc"], kinds)))

    def test_of_torchscript_that_writes_in_place(self):
        block, x = self.nets.Block().eval(), noise(2, 4)
        torch.jit.save(torch.jit.script(block), self.path("block.torchscript.pt"))
        shape = [{"name": "x", "dims": [2, 4]}]
        with Worker("pytorch", "torchscript", path=self.path("block.torchscript.pt"), inputs=shape) as worker:
            worker.load()
            rows, _ = worker.inside(x=x)
        self.assertEqual([(name, made_of) for name, _, _, made_of in rows],
                         [("fc", []), ("relu", ["fc"]), ("add", ["relu"])])
        with torch.no_grad():
            fc = block.fc(torch.from_numpy(x))
        for (name, _, array, _), value in zip(rows, (fc, torch.relu(fc), torch.relu(fc) + torch.from_numpy(x))):
            numpy.testing.assert_allclose(array, value.numpy(), rtol=1e-6, err_msg=name)

    def test_its_requests_are_checked(self):
        with self.module() as worker:
            with self.assertRaisesRegex(Refused, "no model is loaded"):
                worker.inside(x=self.x)
            worker.load()
            for wrong in ({"max_bytes": 0}, {"max_bytes": 1.5}, {"more": 1}):
                with self.assertRaises(Refused) as caught:
                    worker.call("inside", **{"inputs": [encode("x", self.x)], "max_bytes": 9, **wrong})
                self.assertEqual(caught.exception.code, 3)
            with self.assertRaisesRegex(Refused, "'x' is missing"):
                worker.inside()


if __name__ == "__main__":
    unittest.main()
