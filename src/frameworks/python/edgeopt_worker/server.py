"""Answers requests in order until the end of the input or a shutdown."""

import importlib
import json
import os
import sys
import time
import traceback

from . import bench, machine, memory, tensors
from .channel import MAX_ID, TooLong
from .errors import (INTERNAL, UNAVAILABLE, WorkerError, bad_input, last_lines, ran_out_of_memory, unsupported)
from .fields import Fields, is_integer
from .values import Values

PROTOCOL = 2
MAX_SAMPLES, MAX_THREADS = 4096, 1024
MAX_INLINE_BYTES = 11_796_480  # of tensors in a line
FRAMEWORKS = {"pytorch": "torch_framework", "tensorflow": "tf_framework"}
# LiteRT's and ONNX Runtime's options travel with every `load`; a framework has none of them.
LOAD_OPTIONS = ("optimization", "spin", "arena", "kernels")


class Server:
    def __init__(self, source, channel):
        self._source, self._channel = source, channel
        self._framework, self._missing = None, ""
        self._exchange = tensors.Exchange("")
        self._model = None  # opened, by load or by the first describe or export
        self._loaded = False
        self._samples, self._empty_bytes = [], 0
        self._greeted = self._shut_down = False
        self._id = None
        self._methods = {
            "hello": self.hello, "load": self.load, "run": self.run, "inputs": self.inputs, "bench": self.bench,
            "memory": self.memory, "unload": self.unload, "shutdown": self.shutdown, "describe": self.describe,
            "export": self.export, "inside": self.inside}

    def serve(self):
        while not self._shut_down:
            self._id = None
            try:
                line = self._channel.read_line()
                if line is None:
                    return
                message = {"id": None, "result": self._answer(line)}
            except TooLong:
                message = refusal(bad_input("the line is longer than 16 MiB"))
            except WorkerError as error:
                message = refusal(error)
            except Exception as error:  # of the model or the framework: the worker goes on
                traceback.print_exc()
                message = refusal(self._explain(error))
            message["id"] = self._id
            self._channel.write(message)

    def _answer(self, line):
        method, params = self._read_request(line)
        if method not in self._methods:
            raise unsupported(f"a framework's worker has no method '{method}'")
        if not self._greeted and method != "hello":
            raise bad_input("the first request is not 'hello'")
        return self._methods[method](params)

    def _read_request(self, line):
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            raise bad_input("the request is not a JSON object on one line")
        if is_integer(request.get("id")) and 0 <= request["id"] <= MAX_ID:
            self._id = request["id"]
        fields = Fields(request, "the request")
        fields.integer("id", 0, MAX_ID)
        method = fields.text("method")
        params = fields.object("params", {})
        fields.finish()
        return method, params

    def _explain(self, error):
        if ran_out_of_memory(error):
            limit = self._source.memory_limit_bytes
            within = f" within the limit of {limit >> 20} MiB" if limit else ""
            return WorkerError(UNAVAILABLE, f"the model does not fit into memory{within}: {last_lines(error)}",
                               "use smaller inputs, or a larger limit" if limit else "use smaller inputs")
        return WorkerError(INTERNAL, f"the worker failed: {last_lines(error)}")

    def hello(self, params):
        fields = Fields(params, "hello")
        protocol = fields.integer("protocol", 0, MAX_ID)
        fields.text("client")
        exchange = fields.text("exchange", "")
        fields.finish()
        if exchange and not os.path.isabs(exchange):
            raise bad_input("hello: 'exchange' is not absolute")
        if protocol != PROTOCOL:
            raise WorkerError(UNAVAILABLE, f"this worker speaks version {PROTOCOL} of the protocol, not {protocol}",
                              "use the same edgeopt on both sides")
        self._exchange = tensors.Exchange(exchange)
        runtime = {"name": self._source.framework}
        self._import_framework()
        if self._missing:
            runtime["missing"] = self._missing
        else:
            runtime["version"] = self._framework.version()
        self._greeted = True
        return {"protocol": PROTOCOL, "edgeopt": os.environ.get("EDGEOPT_VERSION", ""), "pid": os.getpid(),
                "runtimes": [runtime], "machine": machine.facts()}

    def _import_framework(self):
        if self._framework is not None:
            return
        try:
            name = FRAMEWORKS[self._source.framework]
            self._framework = importlib.import_module("." + name, __package__)
            self._missing = ""
        except Exception as error:  # a framework's import may raise anything
            traceback.print_exc()
            why = "out of memory: " if ran_out_of_memory(error) else ""
            self._missing = f"{why}{last_lines(error)} (Python {sys.version.split()[0]}, {sys.executable})"

    def load(self, params):
        if self._loaded:
            raise bad_input("a model is loaded already", "unload it first")
        threads = self._read_load(params)
        self._model = None
        memory.release_freed()
        memory.reset_peak()
        self._empty_bytes, _ = memory.read()
        start = time.perf_counter_ns()
        self._open(threads)
        load_ns = time.perf_counter_ns() - start
        self._loaded = True
        return {"inputs": self._model.inputs, "outputs": self._model.outputs, "load_ns": load_ns}

    def _read_load(self, params):
        fields = Fields(params, "load")
        where = Fields(fields.object("model"), "load: model")
        where.text("path")  # for the log alone: the source came with the command line
        where.finish()
        if fields.text("runtime") != self._source.framework:
            raise unsupported(f"the worker has no runtime '{params['runtime']}', only '{self._source.framework}'")
        options = Fields(fields.object("options"), "options")
        threads = options.integer("threads", 1, MAX_THREADS)
        for name in LOAD_OPTIONS:
            options.anything(name)
        options.finish()
        fields.finish()
        return threads

    def _open(self, threads=None):
        if self._model is not None:
            return
        if self._missing:
            raise WorkerError(UNAVAILABLE, f"{self._source.framework} can't be imported: {self._missing}",
                              "see --python")
        self._model = self._framework.open_model(self._source, threads)

    def _require_loaded(self):
        if not self._loaded:
            raise bad_input("no model is loaded", "load one first")

    def run(self, params):
        self._require_loaded()
        fields = Fields(params, "run")
        values = fields.array("inputs")
        fields.finish()
        prepared = self._prepare(tensors.decode(values, self._exchange))
        start = time.perf_counter_ns()
        results = self._guarded(self._model.run, prepared)
        duration = time.perf_counter_ns() - start
        return {"outputs": tensors.encode(self._model.to_tensors(results), self._exchange), "duration_ns": duration}

    def inputs(self, params):
        self._require_loaded()
        fields = Fields(params, "inputs")
        values = fields.array("samples")
        fields.finish()
        if not 1 <= len(values) <= MAX_SAMPLES:
            raise bad_input(f"inputs: 'samples' holds not 1 to {MAX_SAMPLES}")
        self._samples = [self._prepare(tensors.decode(sample, self._exchange)) for sample in values]
        return {"count": len(self._samples)}

    def bench(self, params):
        plan = bench.Plan(params)
        self._require_loaded()
        if not self._samples:
            raise bad_input("the model has no inputs", "send 'inputs' first")
        samples, run = self._samples, self._model.run
        return self._guarded(bench.time_runs, plan, lambda i: run(samples[i % len(samples)]), self._report)

    def _report(self, done, total):
        self._channel.write({"id": self._id, "progress": {"done": done, "total": total}})

    def memory(self, params):
        Fields(params, "memory").finish()
        self._require_loaded()
        resident, peak = memory.read()
        return {"peak_bytes": peak, "empty_bytes": self._empty_bytes, "now_bytes": resident}

    def unload(self, params):
        Fields(params, "unload").finish()
        self._require_loaded()
        self._model, self._loaded, self._samples = None, False, []
        memory.release_freed()
        return {}

    def shutdown(self, params):
        Fields(params, "shutdown").finish()
        self._shut_down = True
        return {}

    def describe(self, params):
        Fields(params, "describe").finish()
        self._open()
        return {"framework": self._source.framework, "version": self._framework.version(),
                "kind": self._source.kind, "inputs": self._model.inputs, "outputs": self._model.outputs,
                **self._model.facts()}

    def export(self, params):
        request = read_export(params)
        self._open()
        start = time.perf_counter()
        answer = self._model.export(request)
        return {**answer, "exporter": request.exporter, "seconds": time.perf_counter() - start,
                "producer": f"{self._source.framework} {self._framework.version()}"}

    def inside(self, params):
        self._require_loaded()
        fields = Fields(params, "inside")
        given = fields.array("inputs")
        max_bytes = fields.integer("max_bytes", 1, MAX_ID)
        fields.finish()
        prepared = self._prepare(tensors.decode(given, self._exchange))
        found = Values(max_bytes if self._exchange else min(max_bytes, MAX_INLINE_BYTES))
        self._guarded(self._model.inside, prepared, found)
        return {"tensors": tensors.encode(found.tensors, self._exchange), "kinds": found.kinds,
                "made_of": found.made_of, "complete": found.complete}

    def _prepare(self, given):
        """The tensors in the order and form that the model takes."""
        by_name = {tensor.name: tensor for tensor in given}
        expected = {spec["name"]: spec for spec in self._model.inputs}
        for tensor in given:
            if tensor.name not in expected:
                raise bad_input(f"the model has no input '{tensor.name}'", "it has " + ", ".join(expected))
        ordered = []
        for name, spec in expected.items():
            if name not in by_name:
                raise bad_input(f"the input '{name}' is missing")
            check_fits(by_name[name], spec)
            ordered.append(by_name[name])
        return self._model.prepare(ordered)

    def _guarded(self, function, *arguments):
        """What the model itself raises is about the inputs."""
        try:
            return function(*arguments)
        except (WorkerError, BrokenPipeError):
            raise
        except Exception as error:
            if ran_out_of_memory(error):
                raise
            traceback.print_exc()
            raise bad_input(f"the model failed on these inputs: {last_lines(error)}") from error


class ExportRequest:
    def __init__(self, output_format, output, exporter, opset, dynamic_axes):
        self.format, self.output, self.exporter = output_format, output, exporter
        self.opset, self.dynamic_axes = opset, dynamic_axes


def read_export(params):
    fields = Fields(params, "export")
    output_format = fields.one_of("format", ("onnx", "tflite"))
    output = fields.text("output")
    if not os.path.isabs(output):
        raise bad_input("export: 'output' is not absolute")
    exporter = fields.one_of("exporter", ("dynamo", "torchscript", "tf2onnx", "tflite"))
    opset = fields.integer("opset", 7, 99, 17)
    axes = fields.object("dynamic_axes", {})
    for name, numbers in axes.items():
        if not isinstance(numbers, list) or not all(is_integer(axis) and 0 <= axis < 64 for axis in numbers):
            raise bad_input(f"export: the dynamic axes of '{name}' are not an array of integers")
    fields.finish()
    return ExportRequest(output_format, output, exporter, opset, axes)


def check_fits(tensor, spec):
    dims = tensor.array.shape
    if tensor.kind != spec["type"]:
        raise bad_input(f"the input '{spec['name']}' is {tensor.kind}; the model takes {spec['type']}")
    if len(dims) != len(spec["dims"]) or any(
            want not in (-1, size) for size, want in zip(dims, spec["dims"])):
        raise bad_input(f"the input '{spec['name']}' has the shape {list(dims)}; the model takes {spec['dims']}")


def refusal(error):
    body = {"code": error.code, "message": error.message}
    if error.hint:
        body["hint"] = error.hint
    return {"id": None, "error": body}
