#!/usr/bin/env python3
"""PyTorch models in all their forms behind the worker. The truth is PyTorch in this process, and ONNX's own
reference implementation for what is exported."""

import io
import json
import os
import pathlib
import sys
import tempfile
import textwrap
import time
import unittest
import zipfile

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from worker_client import PLAN, Refused, Worker, WorkerTest, encode, noise, run_onnx  # noqa: E402

sys.setdlopenflags(os.RTLD_LAZY)  # see torch_framework.py
try:
    import torch
except ImportError:
    torch = None

NETS = """
    import collections
    import torch

    print("a message of user code")

    class Small(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 4, 3, stride=2, padding=1)
            self.norm = torch.nn.BatchNorm2d(4)
            self.drop = torch.nn.Dropout(0.5)
            self.fc = torch.nn.Linear(4, 3)

        def forward(self, x):
            print("forward", flush=True)
            y = torch.relu(self.norm(self.conv(x)))
            return self.fc(self.drop(y.mean((2, 3))))

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(4, 2)

        def forward(self, a, scale: float, b=None):
            y = self.fc(a) * scale
            return {"sum": y if b is None else y + b, "parts": (y, None, -y)}

    class Stubborn(torch.nn.Module):
        def train(self, mode=True):
            return super().train(True)

        def forward(self, x):
            return x

    class Noisy(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.dropout(x, 0.5)

    class Attentive(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

        def forward(self, x):
            return self.layer(x)

    class Hungry(torch.nn.Module):
        def forward(self, x):
            return (x.reshape(-1, 1) * torch.ones(1, 1 << 28)).sum(1)

    def no_module():
        return 7
"""


def small(nets):
    """Small with weights and statistics that are not the initial ones."""
    torch.manual_seed(5)
    model = nets.Small()
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) + 0.1)
    return model.eval()


class Hostile:
    """Its pickle makes a file as soon as it is loaded."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (self.mark, "w")


def rewritten(source, target, change):
    """The zip archive with each entry passed through change(name, bytes) -> bytes."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))


@unittest.skipIf(torch is None, "this Python has no torch")
class PytorchTest(WorkerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.folder / "nets.py").write_text(textwrap.dedent(NETS))
        sys.path.insert(0, str(cls.folder))
        cls.addClassCleanup(sys.path.remove, str(cls.folder))
        import nets
        cls.nets = nets
        cls.model = small(nets)
        cls.x = noise(1, 1, 8, 8)
        with torch.no_grad():
            cls.expected = cls.model(torch.from_numpy(cls.x)).numpy()
        torch.save(cls.model.state_dict(), cls.folder / "small.pth")

    def module(self, name="nets:Small", inputs=({"name": "x", "dims": [1, 1, 8, 8]},), **source):
        source.setdefault("trust_code", True)
        return Worker("pytorch", "module", folder=self.folder, callable=name, inputs=list(inputs), **source)

    def check_export(self, worker, exporter, inputs, expected, **options):
        output = self.folder / f"{exporter}.onnx"
        result = worker.export(output, exporter, **options)
        self.assertEqual(result["exporter"], exporter)
        self.assertEqual(result["producer"], "pytorch " + str(torch.__version__))
        results = run_onnx(output, inputs)
        self.assertEqual(list(results), list(expected))
        for name, value in expected.items():
            numpy.testing.assert_allclose(results[name], value, rtol=1e-4, atol=1e-5)
        return result


class Module(PytorchTest):
    def test_runs_measures_and_exports_as_pytorch_does(self):
        with self.module(weights=self.path("small.pth")) as worker:
            loaded = worker.load()
            self.assertEqual([(spec["name"], spec["type"], spec["dims"]) for spec in loaded["inputs"]],
                             [("x", "float32", [1, 1, 8, 8])])
            self.assertEqual([(spec["name"], spec["dims"]) for spec in loaded["outputs"]], [("output", [1, 3])])
            numpy.testing.assert_array_equal(worker.run(x=self.x)["output"], self.expected)
            described = worker.call("describe")
            self.assertEqual((described["class"], described["parameters"], described["warnings"]),
                             ("Small", sum(p.numel() for p in self.model.parameters()), []))
            self.assertEqual(worker.call("inputs", samples=[[encode("x", self.x)], [encode("x", -self.x)]])["count"], 2)
            timings = worker.call("bench", **PLAN)
            self.assertGreaterEqual(len(timings["latencies_ns"]), 25)
            self.assertTrue(all(isinstance(value, int) and value > 0 for value in timings["latencies_ns"]))
            self.assertGreaterEqual(timings["warm_up"]["runs"], 3)
            memory = worker.call("memory")
            self.assertGreaterEqual(memory["peak_bytes"], memory["now_bytes"])
            self.assertGreater(memory["empty_bytes"], 50 << 20)
            for exporter in ("torchscript", "dynamo"):
                result = self.check_export(worker, exporter, {"x": self.x}, {"output": self.expected})
                self.assertEqual(result["opset"], 17)
            # What the model printed went to standard error, past the protocol.
            self.assertIn("a message of user code", worker.error_output())
            worker.call("unload")
            worker.load()

    def test_a_benchmark_tells_its_progress_and_ends_with_the_client(self):
        with self.module(weights=self.path("small.pth")) as worker:
            worker.load()
            worker.call("inputs", samples=[[encode("x", self.x)]])
            begin = time.monotonic()
            worker.call("bench", **{**PLAN, "min_seconds": 2.5, "max_runs": 1_000_000})
            self.assertGreaterEqual(len(worker.progress), 1)
            self.assertLessEqual(len(worker.progress), time.monotonic() - begin)  # at most one a second
            self.assertTrue(all(told["done"] <= told["total"] for told in worker.progress))
            request = {"id": 99, "method": "bench", "params": {**PLAN, "min_seconds": 600, "max_runs": 1_000_000}}
            worker.process.stdin.write(json.dumps(request).encode() + b"\n")
            worker.process.stdin.flush()
            time.sleep(1)
            worker.process.stdin.close()
            self.assertEqual(worker.process.wait(30), 0)

    def test_exchange_files(self):
        with tempfile.TemporaryDirectory() as exchange, \
                self.module(weights=self.path("small.pth"), exchange=exchange) as worker:
            worker.load()
            (pathlib.Path(exchange) / "inputs").write_bytes(bytes(64) + self.x.tobytes())
            tensor = {"name": "x", "type": "float32", "dims": [1, 1, 8, 8], "offset": 64}
            answer = worker.call("run", inputs=[tensor])["outputs"][0]
            content = (pathlib.Path(exchange) / "outputs").read_bytes()[answer["offset"]:]
            numpy.testing.assert_array_equal(
                numpy.frombuffer(content, "float32")[:3].reshape(1, 3), self.expected)
            for wrong in ({"offset": 63}, {"offset": 128}, {"offset": -64}, {"data": "AAAA"}, {"data": "?"},
                          {"offset": 64, "dims": [1, 1, 8, 9]}, {"offset": 64, "type": "float64"},
                          {"offset": 64, "name": "y"}, {"offset": 64, "extra": 1}):
                broken = {key: value for key, value in tensor.items() if key != "offset"}
                with self.assertRaises(Refused, msg=str(wrong)) as caught:
                    worker.call("run", inputs=[{**broken, **wrong}])
                self.assertEqual(caught.exception.code, 3)
            worker.call("run", inputs=[tensor])

    def test_the_batch_stays_dynamic_where_it_is_asked_for(self):
        batch = noise(3, 1, 8, 8)
        with torch.no_grad():
            expected = self.model(torch.from_numpy(batch)).numpy()
        with self.module(weights=self.path("small.pth"), inputs=[{"name": "", "dims": [-1, 1, 8, 8]}]) as worker:
            loaded = worker.load()
            self.assertEqual(loaded["inputs"][0]["dims"], [-1, 1, 8, 8])
            self.assertEqual(loaded["outputs"][0]["dims"], [-1, 3])
            numpy.testing.assert_allclose(worker.run(x=batch)["output"], expected, rtol=1e-5)
            self.assertEqual(worker.call("describe")["dynamic"], {"x": [0]})
            for exporter in ("torchscript", "dynamo"):
                self.check_export(worker, exporter, {"x": batch}, {"output": expected}, dynamic_axes={"x": [0]})

    def test_names_of_outputs_and_numbers_of_a_sample(self):
        a = noise(2, 4)
        numpy.savez(self.path("sample.npz"), a=a, scale=numpy.float64(2.5))
        with self.module("nets:Two", inputs=[], sample=self.path("sample.npz")) as worker:
            loaded = worker.load()
            self.assertEqual([spec["name"] for spec in loaded["inputs"]], ["a"])
            names = ["sum", "parts_0", "parts_2"]
            self.assertEqual([spec["name"] for spec in loaded["outputs"]], names)
            results = worker.run(a=a)
            numpy.testing.assert_array_equal(results["parts_0"], -results["parts_2"])
            for exporter in ("torchscript", "dynamo"):
                self.check_export(worker, exporter, {"a": a}, {name: results[name] for name in names})

    def test_layers_that_pytorch_fuses(self):
        x = noise(2, 5, 8)
        with self.module("nets:Attentive", inputs=[{"name": "x", "dims": [2, 5, 8]}]) as worker:
            worker.load()
            expected = worker.run(x=x)["output"]
            for exporter in ("torchscript", "dynamo"):
                self.check_export(worker, exporter, {"x": x}, {"output": expected})

    def test_forms_of_checkpoints(self):
        state = self.model.state_dict()
        header, content = {}, b""
        for key, value in state.items():
            kind = "F32" if value.dtype == torch.float32 else "I64"
            part = value.numpy().tobytes()
            header[key] = {"dtype": kind, "shape": list(value.shape),
                           "data_offsets": [len(content), len(content) + len(part)]}
            content += part
        text = json.dumps(header).encode()
        (self.folder / "small.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + content)
        torch.save({"epoch": 3, "state_dict": {"module." + key: value for key, value in state.items()}},
                   self.path("wrapped.pth"))
        for name in ("wrapped.pth", "small.safetensors"):
            with self.module(self.path("nets.py") + ":Small", weights=self.path(name)) as worker:
                worker.load()
                numpy.testing.assert_array_equal(worker.run(x=self.x)["output"], self.expected)

    def test_weights_of_another_model_are_named(self):
        state = dict(self.model.state_dict())
        del state["fc.bias"]
        torch.save({**state, "extra.weight": torch.zeros(1)}, self.path("other.pth"))
        self.assert_refused(self.module(weights=self.path("other.pth")), 3, "1 missing: fc.bias",
                            "not of the module: extra.weight")
        torch.save({**self.model.state_dict(), "fc.bias": torch.zeros(7)}, self.path("size.pth"))
        self.assert_refused(self.module(weights=self.path("size.pth")), 3, "fc.bias")

    def test_what_it_can_not_take(self):
        self.assert_refused(self.module(trust_code=False), 2, "--trust-code", "nets:Small")
        self.assert_refused(self.module(inputs=[]), 3, "forward() takes x", "--shape x=")
        self.assert_refused(self.module(inputs=[{"name": "y", "dims": [1]}]), 3, "no parameter 'y'")
        self.assert_refused(self.module(inputs=[{"name": "x", "dims": [1, 3, 8, 8]}]), 3, "channels", "--shape")
        self.assert_refused(self.module("nets:no_module"), 3, "made a int")
        self.assert_refused(self.module("nets:Absent"), 3, "no 'Absent'", "Small")
        self.assert_refused(self.module("absent:Small"), 3, "can't import 'absent'")
        self.assert_refused(self.module("nets:Two", inputs=[{"name": "a", "dims": [2, 4]}]), 3, "float 'scale'", ".npz")
        self.assert_refused(self.module("nets:Stubborn"), 3, "training mode")

    def test_randomness_is_told(self):
        with self.module("nets:Noisy") as worker:
            worker.load()
            self.assertTrue(any("two runs on the same inputs differ" in text
                                for text in worker.call("describe")["warnings"]))

    def test_the_memory_limit_is_an_answer(self):
        limit = 1 << 30
        worker = self.module("nets:Hungry", inputs=[{"name": "x", "dims": [2]}], memory_limit_bytes=limit)
        self.assert_refused(worker, 5, "limit of 1024 MiB")


class Files(PytorchTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        example = (torch.from_numpy(cls.x),)
        torch.jit.save(torch.jit.trace(cls.model, example), cls.folder / "small.torchscript.pt")
        torch.jit.save(torch.jit.script(cls.nets.Stubborn()), cls.folder / "stubborn.pt")
        torch.jit.save(torch.jit.trace(small(cls.nets).train(), example, check_trace=False), cls.folder / "training.pt")
        torch.save(cls.model, cls.folder / "whole.pth")

    def pt2(self, name="small.pt2", model=None, dynamic_shapes=None):
        example = (torch.from_numpy(self.x).repeat(2, 1, 1, 1),)
        torch.export.save(torch.export.export(model or Quiet(self.model), example, dynamic_shapes=dynamic_shapes),
                          self.path(name))
        return self.path(name)

    def test_a_program_tells_its_inputs(self):
        path = self.pt2(dynamic_shapes={"x": {0: torch.export.Dim("n", min=1, max=16)}})
        batch = noise(3, 1, 8, 8)
        with torch.no_grad():
            expected = self.model(torch.from_numpy(batch)).numpy()
        with Worker("pytorch", "pt2", path=path) as worker:
            loaded = worker.load()
            self.assertEqual([(spec["name"], spec["dims"]) for spec in loaded["inputs"]], [("x", [-1, 1, 8, 8])])
            self.assertEqual([(spec["name"], spec["dims"]) for spec in loaded["outputs"]], [("output", [-1, 3])])
            numpy.testing.assert_allclose(worker.run(x=batch)["output"], expected, rtol=1e-5)
            self.check_export(worker, "dynamo", {"x": batch}, {"output": expected}, dynamic_axes={"x": [0]}, opset=18)
            with self.assertRaises(Refused) as caught:
                worker.export(self.path("no.onnx"), "dynamo", dynamic_axes={"x": [2]})
            self.assertEqual(caught.exception.code, 4)
            self.assertIn("axis 2 of 'x' is fixed", caught.exception.message)

    def test_a_program_in_training_mode_is_refused(self):
        path = self.pt2("training.pt2", Quiet(small(self.nets).train()))
        self.assert_refused(Worker("pytorch", "pt2", path=path), 3, "training mode", "eval()")

    def test_torchscript(self):
        shape = [{"name": "x", "dims": [1, 1, 8, 8]}]
        with Worker("pytorch", "torchscript", path=self.path("small.torchscript.pt"), inputs=shape) as worker:
            worker.load()
            numpy.testing.assert_allclose(worker.run(x=self.x)["output"], self.expected, rtol=1e-6)
            self.check_export(worker, "torchscript", {"x": self.x}, {"output": self.expected})
            self.check_export(worker, "dynamo", {"x": self.x}, {"output": self.expected}, opset=18)
            with self.assertRaises(Refused) as caught:
                worker.export(self.path("no.onnx"), "tf2onnx")
            self.assertEqual(caught.exception.code, 4)
        self.assert_refused(Worker("pytorch", "torchscript", path=self.path("small.torchscript.pt")), 3, "--shape x=")
        self.assert_refused(Worker("pytorch", "torchscript", path=self.path("training.pt"), inputs=shape), 3,
                            "traced in training mode")
        self.assert_refused(Worker("pytorch", "torchscript", path=self.path("nets.py")), 3, "can't load")

    def test_torchscript_of_dynamic_sizes_is_not_followed_through_one_run(self):
        shape = [{"name": "x", "dims": [-1, 1, 8, 8]}]
        with Worker("pytorch", "torchscript", path=self.path("small.torchscript.pt"), inputs=shape) as worker:
            worker.load()
            with self.assertRaises(Refused) as caught:
                worker.export(self.path("no.onnx"), "dynamo", dynamic_axes={"x": [0]})
        self.assertEqual(caught.exception.code, 4)
        self.assertIn("fixed sizes", caught.exception.message)

    def test_a_pickled_module_needs_consent(self):
        shape = [{"name": "x", "dims": [1, 1, 8, 8]}]
        self.assert_refused(Worker("pytorch", "pickle", path=self.path("whole.pth"), inputs=shape), 2,
                            "runs code", "--trust-code")
        with Worker("pytorch", "pickle", folder=self.folder, path=self.path("whole.pth"), inputs=shape,
                    trust_code=True) as worker:
            worker.load()
            numpy.testing.assert_array_equal(worker.run(x=self.x)["output"], self.expected)
        with tempfile.TemporaryDirectory() as elsewhere:
            self.assert_refused(Worker("pytorch", "pickle", folder=elsewhere, path=self.path("whole.pth"),
                                       inputs=shape, trust_code=True), 3, "nets", "--weights")
        self.assert_refused(Worker("pytorch", "pickle", path=self.path("small.pth")), 3, "--weights small.pth")


class Quiet(torch.nn.Module if torch else object):
    """Without what torch.export can't follow: printing."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        y = torch.relu(self.model.norm(self.model.conv(x)))
        return self.model.fc(self.model.drop(y.mean((2, 3))))


class HostileFiles(PytorchTest):
    def setUp(self):
        self.mark = self.path("executed")
        if os.path.exists(self.mark):
            os.remove(self.mark)

    def test_the_mark_is_one(self):
        torch.save(Hostile(self.mark), self.path("hostile.pth"))
        torch.load(self.path("hostile.pth"), weights_only=False)
        self.assertTrue(os.path.exists(self.mark))

    def test_a_pickle_is_not_run(self):
        torch.save(Hostile(self.mark), self.path("hostile.pth"))
        self.assert_refused(Worker("pytorch", "pickle", path=self.path("hostile.pth")), 2, "runs code")
        self.assertFalse(os.path.exists(self.mark))

    def test_archives_are_not_run(self):
        example = (torch.from_numpy(self.x).repeat(2, 1, 1, 1),)
        program = torch.export.export(Quiet(self.model), example, dynamic_shapes={"x": {0: torch.export.Dim("n")}})
        torch.export.save(program, self.path("good.pt2"))
        hostile = io.BytesIO()
        torch.save(Hostile(self.mark), hostile)
        call = f"open('{self.mark}', 'w')"

        def size(name, content):
            return content.replace(b'"expr_str":', b'"expr_str":' + json.dumps(call).encode() + b',"was":') \
                if name.endswith(".json") and b"expr_str" in content else content

        def target(name, content):
            relu = b"torch.ops.aten.relu.default"
            return content.replace(relu, b"torch.os.system") if name.endswith(".json") else content

        def weights(name, content):
            if name.endswith(".json") and b"use_pickle" in content:
                return content.replace(b'"use_pickle": false', b'"use_pickle": true').replace(
                    b'"use_pickle":false', b'"use_pickle":true')
            return hostile.getvalue() if "/data/weights/weight" in name else content

        def guards(name, content):
            if not name.endswith("model.json"):
                return content
            document = json.loads(content)
            document["guards_code"] = [call]
            return json.dumps(document).encode()

        def example_inputs(name, content):
            return hostile.getvalue() if "sample_inputs" in name else content

        for change in (size, target, weights, guards, example_inputs):
            with self.subTest(change.__name__):
                changed = []
                path = self.path(change.__name__ + ".pt2")
                rewritten(self.path("good.pt2"), path,
                          lambda name, old: changed.append(change(name, old) != old) or change(name, old))
                self.assertTrue(any(changed), "the attack is not in the file")
                with Worker("pytorch", "pt2", path=path) as worker:
                    try:
                        worker.load()
                        worker.run(x=self.x)
                    except Refused as error:
                        self.assertIn(error.code, (2, 3), error.message)
                self.assertFalse(os.path.exists(self.mark))

    def test_compiled_code_is_not_loaded(self):
        with zipfile.ZipFile(self.path("compiled.pt2"), "w") as archive:
            archive.writestr("model/archive_format", "pt2")
            archive.writestr("model/data/aotinductor/model/model.so", "")
        self.assert_refused(Worker("pytorch", "pt2", path=self.path("compiled.pt2")), 2, "compiled code")


if __name__ == "__main__":
    unittest.main()
