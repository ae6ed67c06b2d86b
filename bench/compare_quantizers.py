#!/usr/bin/env python3
"""edgeopt beside ONNX Runtime's own Python quantizer: one run, same model, data, calibrator and samples.

Each tool runs as a whole process (wall seconds, peak memory of the process); the models that they wrote are
then timed by ONNX Runtime in alternating blocks and compared with the float model on the evaluation data.

  bench/compare_quantizers.py MODEL.onnx --calibration C.npy --evaluation E.npy [--samples 100] [--edgeopt build/edgeopt]

Data: .npy with the samples along the first axis, for the model's first input; or .npz with one array per input.
Prints one Markdown table for the tools and one for the models, or --json.
"""
import argparse
import json
import os
import sys
import tempfile

from measure import ToolFailed, alternating_blocks, p50_ms, quality, run_process

PEER = """
import sys, numpy as np
from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType,
                                      quantize_dynamic, quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process
import onnxruntime
step, model, out, data, samples, calibrator, activation = sys.argv[1:8]
if step == "preprocess":
    try:
        quant_pre_process(model, out)
    except Exception:  # its symbolic inference gives up on some models, and the message says to leave it out
        quant_pre_process(model, out, skip_symbolic_shape=True)
elif step == "dynamic":
    quantize_dynamic(model, out, per_channel=True, op_types_to_quantize=["MatMul", "Gather"])
else:
    arrays = np.load(data)
    inputs = onnxruntime.InferenceSession(model).get_inputs()
    if not hasattr(arrays, "files"): arrays = {inputs[0].name: arrays}
    class Reader(CalibrationDataReader):
        def __init__(self): self.index = 0
        def get_next(self):
            if self.index >= int(samples): return None
            self.index += 1
            return {i.name: arrays[i.name][self.index - 1:self.index] for i in inputs}
    method = {"minmax": CalibrationMethod.MinMax, "entropy": CalibrationMethod.Entropy,
              "percentile": CalibrationMethod.Percentile}[calibrator]
    quantize_static(model, out, Reader(), quant_format=QuantFormat.QDQ, per_channel=True, calibrate_method=method,
                    activation_type=QuantType.QUInt8 if activation == "uint8" else QuantType.QInt8,
                    weight_type=QuantType.QInt8)
"""


def load_inputs(path, session):
    import numpy as np
    arrays = np.load(path)
    if not hasattr(arrays, "files"):
        arrays = {session.get_inputs()[0].name: arrays}
    return {i.name: arrays[i.name] for i in session.get_inputs()}


def make_session(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def outputs_of(path, data):
    import numpy as np
    session = make_session(path, 2)
    inputs = load_inputs(data, session)
    count = len(next(iter(inputs.values())))
    return np.concatenate([session.run(None, {k: v[i:i + 1] for k, v in inputs.items()})[0] for i in range(count)])


def interleaved_runs(sessions, feed):
    """p50 in ms per session."""
    times = alternating_blocks({name: lambda s=session: s.run(None, feed) for name, session in sessions.items()})
    return {name: p50_ms(rounds) for name, rounds in times.items()}


def interleaved_latency(paths, data, threads):
    sessions = {name: make_session(path, threads) for name, path in paths.items()}
    first = next(iter(sessions.values()))
    return interleaved_runs(sessions, {k: v[:1] for k, v in load_inputs(data, first).items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--calibration", required=True)
    parser.add_argument("--evaluation", required=True)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--calibrators", default="minmax,entropy,percentile")
    parser.add_argument("--precision", default="int8", choices=["int8", "dynamic-int8"])
    parser.add_argument("--edgeopt", default="build/edgeopt")
    parser.add_argument("--repeat", type=int, default=3, help="whole-process runs of edgeopt; the median counts")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    for name in ("model", "calibration", "evaluation"):
        setattr(arguments, name, os.path.abspath(getattr(arguments, name)))

    tools, models = [], {"float32": arguments.model}
    with tempfile.TemporaryDirectory() as folder:
        def path(name):
            return os.path.join(folder, name)

        def peer(*words):
            # In that folder: where its preprocessing fails it leaves files behind.
            return run_process([sys.executable, "-c", PEER, *words], folder)

        def edgeopt(name, extra):
            runs = []
            for i in range(arguments.repeat):
                out = path(f"edgeopt_{name}_{i}.onnx")
                runs.append(run_process([arguments.edgeopt, "quantize", arguments.model, "-o", out, *extra]))
            models[f"edgeopt {name}"] = out
            return sorted(runs)[len(runs) // 2]

        seconds, mib = peer("preprocess", arguments.model, path("pre.onnx"), "-", "0", "-", "-")
        tools.append(("ONNX Runtime preprocess", seconds, mib))
        if arguments.precision == "dynamic-int8":
            tools.append(("ONNX Runtime dynamic", *peer("dynamic", path("pre.onnx"), path("peer.onnx"), "-", "0", "-", "-")))
            models["ONNX Runtime dynamic"] = path("peer.onnx")
            tools.append(("edgeopt dynamic-int8", *edgeopt("dynamic-int8", ["--precision", "dynamic-int8"])))
        else:
            for calibrator in arguments.calibrators.split(","):
                for activation in ("uint8", "int8"):
                    out, name = path(f"peer_{calibrator}_{activation}.onnx"), f"ONNX Runtime {calibrator} {activation}"
                    tools.append((name, *peer("static", path("pre.onnx"), out, arguments.calibration,
                                              str(arguments.samples), calibrator, activation)))
                    models[name] = out
                extra = ["--precision", "int8", "--calibration", arguments.calibration, "--calibrator", calibrator,
                         "--samples", str(arguments.samples)]
                tools.append((f"edgeopt {calibrator}", *edgeopt(calibrator, extra)))

        reference = outputs_of(arguments.model, arguments.evaluation)
        latency = {threads: interleaved_latency(models, arguments.evaluation, threads) for threads in (1, 2)}
        rows = []
        for name, file in models.items():
            rows.append((name, os.path.getsize(file) / 1e6, latency[1][name], latency[2][name],
                         *quality(reference, outputs_of(file, arguments.evaluation))))

    if arguments.json:
        print(json.dumps({"tools": tools, "models": rows}, indent=1))
        return
    print("| Tool | wall s | peak MiB |\n|---|---|---|")
    for name, seconds, mib in tools:
        print(f"| {name} | {seconds:.2f} | {mib:.0f} |")
    print("\n| Model | MB | p50 ms, 1 thread | p50 ms, 2 threads | SQNR dB | top-1 agreement | cosine |\n|---|---|---|---|---|---|---|")
    for name, size, one, two, sqnr, agreement, cosine in rows:
        print(f"| {name} | {size:.2f} | {one:.2f} | {two:.2f} | {sqnr:.2f} | {agreement:.4f} | {cosine:.5f} |")


if __name__ == "__main__":
    try:
        main()
    except ToolFailed as failure:
        sys.exit(str(failure))
