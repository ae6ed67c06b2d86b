#!/usr/bin/env python3
"""onnx2tf on ONNX's own node cases, as edgeopt's test counts them (docs/formats/tflite-node-cases.md).

Each case is a model of one node with inputs and expected outputs. All inputs but the first become initializers, as in
real models; the model is converted to TFLite, run in LiteRT and compared with the expected outputs (1e-3, relative or
absolute). Doubts go in favour of the converter: inputs and outputs may be channels-first or channels-last, and of
another type or with other axes of length 1, as long as the numbers are right.

  bench/compare_node_cases.py [--every K] [--results FILE.jsonl]      in the environment of bench/setup --tflite

The work is done in a process of its own, which is replaced when it dies (LiteRT aborts on some files) or takes too
long. Results are appended to FILE as they come, and a second run goes on where the first one stopped. Prints a table.
"""
import argparse
import collections
import itertools
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading

TOLERANCE = 1e-3
OUTCOMES = {
    "equal": "converted and equal",
    "refused": "conversion refused or crashed",
    "not run": "written, not run by LiteRT",
    "wrong": "wrong",
    "skipped": "no tensors (sequences, maps, strings)",
}


# ---- the worker: one case per line of standard input, a stage or a result per line of standard output ----

def read_tensor(path):
    import onnx
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return tensor


def frozen(folder):
    """The model with all inputs but the first as initializers; that input's name and value; expected outputs.
    None for a case with something else than tensors of numbers."""
    import onnx
    model = onnx.load(folder / "model.onnx")
    graph, data = model.graph, folder / "test_data_set_0"
    if any(not value.type.HasField("tensor_type") for value in [*graph.input, *graph.output]):
        return None
    tensors = []
    for i, value in enumerate(graph.input):
        if not (data / f"input_{i}.pb").exists():
            return None
        tensors.append(read_tensor(data / f"input_{i}.pb"))
        tensors[-1].name = value.name
    expected = [read_tensor(data / f"output_{i}.pb") for i in range(len(graph.output))]
    if any(tensor.data_type == onnx.TensorProto.STRING for tensor in [*tensors, *expected]):
        return None
    del graph.input[1:]
    graph.initializer.extend(tensors[1:])
    # It refuses what is newer than the ONNX that it is pinned to, also where only the number differs.
    model.ir_version = min(model.ir_version, onnx.IR_VERSION)
    arrays = [onnx.numpy_helper.to_array(tensor) for tensor in expected]
    feed = (tensors[0].name, onnx.numpy_helper.to_array(tensors[0])) if tensors else None
    return model, feed, arrays


def layouts(array):
    """The array itself, and channels-last and channels-first views of it."""
    yield array
    if array.ndim >= 3:
        yield array.transpose(0, *range(2, array.ndim), 1)
        yield array.transpose(0, array.ndim - 1, *range(1, array.ndim - 1))


def difference(expected, found):
    """None if they are equal within the tolerance, else what differs."""
    import numpy as np
    without_ones = [d for d in expected.shape if d != 1]
    problem = f"is {list(found.shape)}, expected {list(expected.shape)}"
    for view in layouts(found):
        if [d for d in view.shape if d != 1] != without_ones:
            continue
        a, b = expected.astype(np.float64).ravel(), view.astype(np.float64).ravel()
        with np.errstate(invalid="ignore"):
            close = np.isclose(b, a, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        if close.all():
            return None
        problem = f"{int((~close).sum())} of {a.size} elements differ"
    return problem


def run_litert(path, feed, expected):
    """'' if LiteRT computes what is expected, else what differs; exceptions are LiteRT's."""
    import numpy as np
    from ai_edge_litert import interpreter as litert
    problem = "an input of another size"
    views = list(layouts(feed[1])) if feed else [None]
    for view in views:
        interpreter = litert.Interpreter(str(path), num_threads=1)
        wanted = interpreter.get_input_details()
        if view is not None and wanted:
            shape = [d if d > 0 else n for d, n in zip(wanted[0]["shape_signature"], view.shape)]
            if list(view.shape) != shape and sorted(view.shape) == sorted(shape):
                continue
            interpreter.resize_tensor_input(wanted[0]["index"], view.shape)
        interpreter.allocate_tensors()
        if view is not None and wanted:
            interpreter.set_tensor(wanted[0]["index"], np.array(view, wanted[0]["dtype"], order="C"))
        interpreter.invoke()
        outputs = interpreter.get_output_details()
        if len(outputs) != len(expected):
            return f"{len(outputs)} outputs, expected {len(expected)}"
        found = [interpreter.get_tensor(output["index"]) for output in outputs]
        # Its outputs may come in another order.
        orders = itertools.permutations(found) if len(found) <= 4 else [found]
        for order in orders:
            problems = [p for p in map(difference, expected, order) if p]
            if not problems:
                return ""
            problem = problems[0]
    return problem


def simplify_in_child(source, target):
    """What onnx2tf starts the command onnxsim for, three times a model, without starting Python each time."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            import onnx
            import onnxsim
            model, _ = onnxsim.simplify(source)
            onnx.save(model, target)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise subprocess.CalledProcessError(1, "onnxsim")


def patch_simplifier():
    import importlib
    module = importlib.import_module("onnx2tf.onnx2tf")

    def run(*, input_onnx_file_path, append_param):
        target = input_onnx_file_path + ".simplified"
        simplify_in_child(input_onnx_file_path, target)
        os.replace(target, input_onnx_file_path)
        return ""
    module._run_onnxsim_inplace_safely = run


def convert_case(folder, work, say):
    case = frozen(folder)
    if case is None:
        return "skipped", ""
    import onnx
    import onnx2tf
    model, feed, expected = case
    # onnx2tf overwrites its input.
    onnx.save(model, work / "model.onnx")
    say("converting")
    try:
        onnx2tf.convert(input_onnx_file_path=str(work / "model.onnx"), output_folder_path=str(work / "out"),
                        copy_onnx_input_output_names_to_tflite=True, non_verbose=True, verbosity="error")
    except (Exception, SystemExit) as failure:
        return "refused", f"{type(failure).__name__}: {failure}"
    files = list((work / "out").glob("*_float32.tflite")) or list((work / "out").glob("*.tflite"))
    if not files:
        return "refused", "no file written"
    say("running")
    try:
        problem = run_litert(files[0], feed, expected)
    except Exception as failure:
        return "not run", str(failure)
    return ("wrong", problem) if problem else ("equal", "")


def worker():
    # What the tools print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)

    def say(*words):
        answers.write(json.dumps(words) + "\n")

    import onnxsim  # noqa: F401  loaded here, once, for the children
    patch_simplifier()
    say("ready")
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as work:
            try:
                outcome, reason = convert_case(pathlib.Path(line.strip()), pathlib.Path(work), say)
            except Exception as failure:
                outcome, reason = "skipped", f"{type(failure).__name__}: {failure}"
        say("done", outcome, " ".join(str(reason).split())[-300:])


# ---- the driver ----

class Worker:
    def __init__(self, limit_s):
        self.limit_s = limit_s
        self.process = None

    def start(self):
        environment = dict(os.environ, PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"])
        self.process = subprocess.Popen([sys.executable, __file__, "--worker"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True)
        self.answers = queue.Queue()
        threading.Thread(target=self.listen, args=(self.process, self.answers), daemon=True).start()
        self.answers.get(timeout=300)

    @staticmethod
    def listen(process, answers):
        for line in process.stdout:
            answers.put(json.loads(line))
        answers.put(["died"])

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def run(self, folder):
        if self.process is None:
            self.start()
        self.process.stdin.write(f"{folder}\n")
        self.process.stdin.flush()
        stage = ""
        while True:
            try:
                answer = self.answers.get(timeout=self.limit_s)
            except queue.Empty:
                answer = ["slow"]
            if answer[0] == "done":
                return answer[1], answer[2]
            if answer[0] in ("died", "slow"):
                reason = "the process died" if answer[0] == "died" else f"no end within {self.limit_s} s"
                self.stop()
                return ("not run" if stage == "running" else "refused"), reason
            stage = answer[0]


def read_results(path):
    if not path.exists():
        return {}
    return {result["case"]: result for result in map(json.loads, path.read_text().splitlines())}


def print_table(results):
    counts = collections.Counter(result["outcome"] for result in results)
    print("| Outcome | Cases | % |\n|---|---|---|")
    for outcome, text in OUTCOMES.items():
        print(f"| {text} | {counts[outcome]} | {100 * counts[outcome] / max(1, len(results)):.1f} |")
    for outcome in ("wrong", "not run"):
        names = [f"{r['case']} ({r['reason'][:80]})" for r in results if r["outcome"] == outcome]
        print(f"\n{OUTCOMES[outcome]}: {'; '.join(names) or 'none'}")


def main():
    if sys.argv[1:] == ["--worker"]:
        return worker()
    cache = pathlib.Path(os.environ.get("EDGEOPT_CACHE", pathlib.Path.home() / ".cache" / "edgeopt"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=pathlib.Path, default=cache / "node-cases-1.23.2" / "node")
    parser.add_argument("--every", type=int, default=1, help="take every K-th case by name (default 1)")
    parser.add_argument("--limit", type=int, default=120, help="seconds for one stage of a case (default 120)")
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("node-cases-onnx2tf.jsonl"))
    options = parser.parse_args()
    if not options.cases.is_dir():
        sys.exit(f"compare_node_cases: no {options.cases}; run tools/setup --tests")
    wanted = sorted(path.name for path in options.cases.iterdir())[::options.every]
    results = read_results(options.results)
    runner = Worker(options.limit)
    with open(options.results, "a", buffering=1) as log:
        for i, name in enumerate(wanted):
            if name in results:
                continue
            outcome, reason = runner.run(options.cases / name)
            results[name] = {"case": name, "outcome": outcome, "reason": reason}
            log.write(json.dumps(results[name]) + "\n")
            if sys.stderr.isatty():
                print(f"\r{i + 1} of {len(wanted)}", end="", file=sys.stderr)
    runner.stop()
    print_table([results[name] for name in wanted])


if __name__ == "__main__":
    main()
