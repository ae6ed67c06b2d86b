#!/usr/bin/env python3
"""edgeopt's TFLite path beside onnx2tf and litert-quantizer: one run, same model, data and samples.

Each tool runs as a whole process (wall seconds, peak memory of the process), all in turn, as often as --repeat says.
What they wrote is loaded in LiteRT (a process per file: some abort it), compared with float ONNX Runtime on the
evaluation data, and timed in alternating blocks with XNNPACK. A tool that fails, or a file that LiteRT does not run,
stays in the tables with the reason.

  bench/compare_tflite.py MODEL.onnx --calibration C.npy --evaluation E.npy [--samples 100] [--edgeopt build/edgeopt]

Runs in the environment of bench/setup --tflite. Data: .npy with the samples along the first axis, for the model's
first input; or .npz with one array per input. litert-quantizer takes TFLite: it is given the float32 file that
--float-source wrote. Prints Markdown tables, or --json.
"""
import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile

from compare_quantizers import load_inputs, make_session, outputs_of
from measure import ToolFailed, alternating_blocks, markdown_table, p50_ms, quality, ratio_interval, run_process

LIMIT_S = 900

LITERT_QUANTIZER = """
import sys, numpy as np
from ai_edge_litert import interpreter as litert
from litert_quantizer import calibrator, quantizer, recipe
sys.path.insert(0, sys.argv[1])
from compare_tflite import as_layout, input_arrays
model, out, mode, data, samples = sys.argv[2:7]
tool = quantizer.Quantizer(model)
if mode == "dynamic":
    tool.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    tool.quantize().export_model(out)
else:
    tool.load_quantization_recipe(recipe.static_wi8_ai8())
    interpreter = litert.Interpreter(model)
    key, names = next(iter(interpreter.get_signature_list().items()))
    shapes = {name: detail["shape"] for name, detail in interpreter.get_signature_runner(key).get_input_details().items()}
    arrays = input_arrays(data, names["inputs"])
    feeds = [{name: as_layout(arrays[name][i:i + 1], shapes[name]) for name in arrays} for i in range(int(samples))]
    result = tool.calibrate({key: feeds}, mode=calibrator.CalibrationMode[mode])
    tool.quantize(result).export_model(out)
"""


def as_layout(array, shape):
    """The array, channels-last where that is what the shape asks for."""
    import numpy as np
    last = (array.shape[0], *array.shape[2:], array.shape[1]) if array.ndim >= 3 else array.shape
    if tuple(array.shape[1:]) != tuple(shape[1:]) and last[1:] == tuple(shape[1:]):
        array = array.transpose(0, *range(2, array.ndim), 1)
    return np.ascontiguousarray(array)


def input_arrays(path, names):
    """Arrays of the data by the names of inputs; a plain array is the first one's."""
    import numpy as np
    arrays = np.load(path, mmap_mode="r" if path.endswith(".npy") else None)
    return {name: arrays[name] for name in names} if hasattr(arrays, "files") else {names[0]: arrays}


class LiteRtModel:
    """A file in LiteRT with XNNPACK; floats in, floats out, whatever the types of its own inputs and outputs."""

    def __init__(self, path, threads, onnx_inputs):
        from ai_edge_litert import interpreter as litert
        self.interpreter = litert.Interpreter(path, num_threads=threads)
        self.interpreter.allocate_tensors()
        self.onnx_inputs = onnx_inputs

    def set_inputs(self, feed):
        import numpy as np
        details = self.interpreter.get_input_details()
        by_name = {detail["name"].removeprefix("serving_default_").split(":")[0]: detail for detail in details}
        for i, name in enumerate(self.onnx_inputs):
            detail = by_name.get(name, details[i] if i < len(details) else None)
            if detail is None:
                continue
            values = as_layout(feed[name], detail["shape"])
            scale, zero_point = detail["quantization"]
            if scale and np.issubdtype(detail["dtype"], np.integer):
                limits = np.iinfo(detail["dtype"])
                values = np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max)
            self.interpreter.set_tensor(detail["index"], values.astype(detail["dtype"]))

    def run(self, feed):
        import numpy as np
        self.set_inputs(feed)
        self.interpreter.invoke()
        detail = self.interpreter.get_output_details()[0]
        values = self.interpreter.get_tensor(detail["index"]).astype(np.float32)
        scale, zero_point = detail["quantization"]
        return (values - zero_point) * np.float32(scale) if scale else values


def operators_of(path):
    from ai_edge_litert import interpreter as litert
    plain = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = litert.Interpreter(path, experimental_op_resolver_type=plain)
    return [operator["op_name"] for operator in interpreter._get_ops_details()]


def evaluate_file(path, data, names, out):
    """The process that --evaluate-file starts: outputs for all samples into OUT."""
    import numpy as np
    model, arrays = LiteRtModel(path, 2, names), input_arrays(data, names)
    count = len(arrays[names[0]])
    np.save(out, np.concatenate([model.run({k: v[i:i + 1] for k, v in arrays.items()}) for i in range(count)]))


def last_line(failure):
    lines = [line for line in str(failure).splitlines() if line.strip()]
    return f"{lines[0].rsplit(': ', 1)[-1]}: {lines[-1]}"[:160].replace("|", "/")


class Comparison:
    """The tools, what they cost and what they wrote."""

    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.session = make_session(arguments.model, 2)
        self.names = [value.name for value in self.session.get_inputs()]
        self.costs = {}     # tool: [(seconds, MiB)]
        self.failures = {}  # tool or model: reason
        self.files = {}     # model: path
        self.tools = self.list_tools()

    def path(self, name):
        return os.path.join(self.folder, name)

    def list_tools(self):
        """Name: a function of the round's number that runs the tool and returns its cost."""
        a = self.arguments
        calibration = ["--calibration", a.calibration, "--samples", str(a.samples)]
        tools = {f"edgeopt {p}": lambda r, p=p: self.edgeopt(r, p, ["--precision", p])
                 for p in ("fp32", "fp16", "dynamic-int8")}
        for calibrator in a.calibrators.split(","):
            extra = [] if calibrator == "default" else ["--calibrator", calibrator]
            name = "int8" if calibrator == "default" else f"int8 {calibrator}"
            tools[f"edgeopt {name}"] = lambda r, n=name, e=extra: self.edgeopt(
                r, n, ["--precision", "int8", *calibration, *e])
        tools["onnx2tf float"] = lambda r: self.onnx2tf(
            r, [], {"onnx2tf fp32": "_float32", "onnx2tf fp16": "_float16"})
        tools["onnx2tf dynamic-int8"] = lambda r: self.onnx2tf(
            r, ["-odrqt"], {"onnx2tf dynamic-int8": "_dynamic_range_quant"})
        for kind in ("per-channel", "per-tensor"):
            tools[f"onnx2tf int8 {kind}"] = lambda r, k=kind: self.onnx2tf(
                r, ["-oiqt", "-qt", k, *self.onnx2tf_calibration()], {f"onnx2tf int8 {k}": "_integer_quant"})
        tools["litert-quantizer dynamic-int8"] = lambda r: self.litert_quantizer(r, "dynamic-int8", "dynamic")
        tools["litert-quantizer int8"] = lambda r: self.litert_quantizer(
            r, "int8", "CALIBRATION_PRESERVE_ALL_TENSORS")
        tools["litert-quantizer int8 (profiler)"] = lambda r: self.litert_quantizer(
            r, "int8 (profiler)", "CALIBRATION_PROFILER_BASED")
        return tools

    def edgeopt(self, number, name, extra):
        out = self.path(f"edgeopt_{name}_{number}.tflite".replace(" ", "_"))
        cost = run_process([self.arguments.edgeopt, "convert", self.arguments.model, "-o", out, *extra])
        self.files[f"edgeopt {name}"] = out
        return cost

    def onnx2tf(self, number, extra, wanted):
        folder = tempfile.mkdtemp(dir=self.folder)
        # A copy, since it overwrites its input.
        model = shutil.copy(self.arguments.model, os.path.join(folder, "model.onnx"))
        # It starts onnxsim by name, and goes on without a word of error where there is none.
        tools = os.path.dirname(sys.executable)
        environment = dict(os.environ, PATH=tools + os.pathsep + os.environ["PATH"])
        cost = run_process([os.path.join(tools, "onnx2tf"), "-i", model, "-o", folder, "-n", "-v", "error", *extra],
                           folder, environment, LIMIT_S)
        for name, suffix in wanted.items():
            path = os.path.join(folder, f"model{suffix}.tflite")
            if not os.path.exists(path):
                raise ToolFailed(f"onnx2tf: exit code 0\nbut there is no {os.path.basename(path)}")
            self.files[name] = path
        return cost

    def onnx2tf_calibration(self):
        """Channels-last arrays with mean 0 and deviation 1, since the data are normalized already."""
        import numpy as np
        words = []
        for name, array in input_arrays(self.arguments.calibration, self.names).items():
            if array.ndim < 3 or array.dtype != np.float32:
                raise ToolFailed(f"onnx2tf: not tried\nit calibrates images, '{name}' is {array.dtype}{list(array.shape)}")
            path = self.path(f"calibration_{len(words)}.npy")
            if not os.path.exists(path):
                np.save(path, np.moveaxis(array[:self.arguments.samples], 1, -1))
            ones = np.ones([1] * (array.ndim - 1) + [array.shape[1]])
            words += ["-cind", name, path, json.dumps((0 * ones).tolist()), json.dumps(ones.tolist())]
        return words

    def litert_quantizer(self, number, name, mode):
        source = self.files.get(f"{self.arguments.float_source} fp32")
        if source is None:
            raise ToolFailed("litert-quantizer: not tried\nthere is no float32 file for it")
        out = self.path(f"litert_{mode}_{number}.tflite")
        cost = run_process([sys.executable, "-c", LITERT_QUANTIZER, os.path.dirname(os.path.abspath(__file__)), source,
                            out, mode, self.arguments.calibration, str(self.arguments.samples)], limit_s=LIMIT_S)
        self.files[f"litert-quantizer {name}"] = out
        return cost

    def run_tools(self):
        for number in range(self.arguments.repeat):
            for name, tool in self.tools.items():
                if name in self.failures:
                    continue
                try:
                    self.costs.setdefault(name, []).append(tool(number))
                except ToolFailed as failure:
                    self.failures[name] = last_line(failure)

    def cost(self, tool):
        """Median wall seconds, largest peak."""
        return statistics.median(s for s, _ in self.costs[tool]), max(m for _, m in self.costs[tool])

    def evaluate(self):
        """Model: size in MB, number of operators and TRANSPOSEs, SQNR, agreement, cosine."""
        import numpy as np
        reference = outputs_of(self.arguments.model, self.arguments.evaluation)
        rows = {}
        for i, (name, file) in enumerate(self.files.items()):
            out = self.path(f"outputs_{i}.npy")
            try:
                run_process([sys.executable, os.path.abspath(__file__), "--evaluate-file", file,
                             self.arguments.evaluation, out, *self.names], limit_s=LIMIT_S)
                found = np.load(out)
                if found.shape != reference.shape:
                    raise ToolFailed(f"LiteRT: outputs\nare {found.shape}, expected {reference.shape}")
            except ToolFailed as failure:
                self.failures[name] = "LiteRT: " + last_line(failure)
                continue
            operators = operators_of(file)
            rows[name] = (os.path.getsize(file) / 1e6, len(operators), operators.count("TRANSPOSE"),
                          *quality(reference, found))
        return rows

    def latency(self, names):
        """Model: rounds of seconds, for 1 and 2 threads."""
        times = {}
        feed = {k: v[:1] for k, v in load_inputs(self.arguments.evaluation, self.session).items()}
        for threads in (1, 2):
            session = make_session(self.arguments.model, threads)
            calls = {"ONNX Runtime fp32": lambda: session.run(None, feed)}
            for name in names:
                model = LiteRtModel(self.files[name], threads, self.names)
                model.set_inputs(feed)
                calls[name] = model.interpreter.invoke
            times[threads] = alternating_blocks(calls, self.arguments.rounds)
        return times

    def cost_ratio(self, peers, ours):
        """Wall seconds, median and extremes of the rounds; peak memory."""
        if not all(tool in self.costs for tool in [*peers, *ours]):
            return "-", "-"
        rounds = [sum(self.costs[p][i][0] for p in peers) / sum(self.costs[o][i][0] for o in ours)
                  for i in range(min(len(self.costs[tool]) for tool in [*peers, *ours]))]
        peak = max(self.cost(p)[1] for p in peers) / max(self.cost(o)[1] for o in ours)
        return f"{statistics.median(rounds):.1f} ({min(rounds):.1f} to {max(rounds):.1f})", f"{peak:.1f}"


# What is compared with what: tools and models of the peers, tools and model of edgeopt.
PAIRS = (
    ("fp32; cost of fp32 + fp16", ["onnx2tf float"], "onnx2tf fp32", ["edgeopt fp32", "edgeopt fp16"], "edgeopt fp32"),
    ("fp16; cost of fp32 + fp16", ["onnx2tf float"], "onnx2tf fp16", ["edgeopt fp32", "edgeopt fp16"], "edgeopt fp16"),
    ("int8 from a float TFLite file", ["litert-quantizer int8"], "litert-quantizer int8", ["edgeopt int8"], "edgeopt int8"),
    ("int8, profiler", ["litert-quantizer int8 (profiler)"], "litert-quantizer int8 (profiler)", ["edgeopt int8"],
     "edgeopt int8"),
    ("int8 from ONNX", ["onnx2tf float", "litert-quantizer int8"], "litert-quantizer int8", ["edgeopt int8"],
     "edgeopt int8"),
    ("dynamic-int8 from ONNX", ["onnx2tf float", "litert-quantizer dynamic-int8"], "litert-quantizer dynamic-int8",
     ["edgeopt dynamic-int8"], "edgeopt dynamic-int8"),
)


def ratio_rows(comparison, times):
    rows = []
    for title, peers, peer_model, ours, model in PAIRS:
        row = [title, " + ".join(peers), *comparison.cost_ratio(peers, ours)]
        for threads in (1, 2):
            both = [times[threads].get(name) for name in (peer_model, model)]
            row.append("-" if None in both else "{:.2f} ({:.2f} to {:.2f})".format(*ratio_interval(*both)))
        rows.append(row)
    return rows


def print_tables(comparison, rows, times):
    tools = []
    for name in comparison.tools:
        if name in comparison.failures:
            tools.append([name, "-", "-", comparison.failures[name]])
        else:
            seconds, mib = comparison.cost(name)
            tools.append([name, f"{seconds:.2f}", f"{mib:.0f}", ""])
    print(markdown_table(["Tool", "wall s", "peak MiB", "failed"], tools))
    latency = {name: [f"{p50_ms(times[threads][name]):.2f}" for threads in (1, 2)] for name in times[1]}
    models = [["ONNX Runtime fp32", f"{os.path.getsize(comparison.arguments.model) / 1e6:.2f}", "", "",
               *latency["ONNX Runtime fp32"], "", "", ""]]
    for name in comparison.files:
        if name in rows:
            size, operators, transposes, sqnr, agreement, cosine = rows[name]
            models.append([name, f"{size:.2f}", operators, transposes, *latency[name], f"{sqnr:.2f}",
                           f"{agreement:.4f}", f"{cosine:.5f}"])
        else:
            models.append([name, f"{os.path.getsize(comparison.files[name]) / 1e6:.2f}", "", "", "", "", "", "",
                           comparison.failures[name]])
    print("\n" + markdown_table(["Model in LiteRT", "MB", "operators", "TRANSPOSE", "p50 ms, 1 thread",
                                 "p50 ms, 2 threads", "SQNR dB", "top-1 agreement", "cosine"], models))
    print("\n" + markdown_table(["Peer / edgeopt", "peer", "wall", "peak memory", "latency, 1 thread",
                                 "latency, 2 threads"], ratio_rows(comparison, times)))
    print("\nAbove 1, edgeopt is better. Wall: median (smallest to largest) of the rounds; latency: 95 % interval.")


def main():
    if sys.argv[1:2] == ["--evaluate-file"]:
        path, data, out, *names = sys.argv[2:]
        return evaluate_file(path, data, names, out)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--calibration", required=True)
    parser.add_argument("--evaluation", required=True)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--calibrators", default="default,mse", help="of edgeopt's int8 (default: default,mse)")
    parser.add_argument("--float-source", default="edgeopt", choices=["edgeopt", "onnx2tf"])
    parser.add_argument("--edgeopt", default="build/edgeopt")
    parser.add_argument("--repeat", type=int, default=3, help="whole-process runs of every tool (default 3)")
    parser.add_argument("--rounds", type=int, default=30, help="rounds of 10 inferences of every model (default 30)")
    parser.add_argument("--only", help="tools whose name contains this, and edgeopt fp32")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    for name in ("model", "calibration", "evaluation", "edgeopt"):
        setattr(arguments, name, os.path.abspath(getattr(arguments, name)))

    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments, folder)
        if arguments.only:
            comparison.tools = {name: tool for name, tool in comparison.tools.items()
                                if arguments.only in name or name == "edgeopt fp32"}
        comparison.run_tools()
        rows = comparison.evaluate()
        times = comparison.latency(list(rows))
        if arguments.json:
            print(json.dumps({"schema_version": 1, "tools": comparison.costs, "models": rows,
                              "failures": comparison.failures, "latency_s": times}, indent=1))
        else:
            print_tables(comparison, rows, times)


if __name__ == "__main__":
    try:
        main()
    except ToolFailed as failure:
        sys.exit(str(failure))
