#!/usr/bin/env python3
"""edgeopt simplify beside onnxsim and onnxslim: one run, same models.

Each tool runs as a whole process (wall seconds, peak memory). The results are compared by nodes, bytes, latency in
ONNX Runtime (alternating blocks, one thread) and the largest difference of outputs from the original's.

  bench/compare_simplifiers.py MODEL.onnx [MODEL.onnx ...] [--edgeopt build/edgeopt]
"""
import argparse
import os
import sys
import tempfile

from compare_quantizers import interleaved_runs
from measure import ToolFailed, run_process

PEERS = {
    "onnxsim": "import sys, onnx, onnxsim; m, ok = onnxsim.simplify(sys.argv[1]); assert ok; onnx.save(m, sys.argv[2])",
    "onnxslim": "import sys, onnxslim; onnxslim.slim(sys.argv[1], sys.argv[2])",
}


def random_feed(session):
    import numpy as np
    generator = np.random.default_rng(0)
    types = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
             "tensor(double)": np.float64, "tensor(bool)": bool}
    feed = {}
    for spec in session.get_inputs():
        shape = [d if isinstance(d, int) and d > 0 else (1 if i == 0 else 16) for i, d in enumerate(spec.shape)]
        dtype = types[spec.type]
        values = generator.standard_normal(shape) if dtype in (np.float32, np.float64) else generator.integers(0, 2, shape)
        feed[spec.name] = np.asarray(values).astype(dtype)
    return feed


def main():
    import numpy as np
    import onnx
    import onnxruntime
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--edgeopt", default="build/edgeopt")
    arguments = parser.parse_args()
    print("| Model | Tool | wall s | peak MiB | nodes | bytes | p50 ms | largest difference |")
    print("|---|---|---|---|---|---|---|---|")
    for model in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            files, costs = {"original": model}, {"original": (0.0, 0.0)}
            for name, program in PEERS.items():
                out = os.path.join(folder, name + ".onnx")
                try:
                    costs[name] = run_process([sys.executable, "-c", program, model, out])
                    files[name] = out
                except ToolFailed as failure:
                    print(f"| {os.path.basename(model)} | {name} | failed: {str(failure).splitlines()[-1]} |||||| ")
            out = os.path.join(folder, "edgeopt.onnx")
            costs["edgeopt"] = run_process([arguments.edgeopt, "simplify", model, "-o", out])
            files["edgeopt"] = out
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.log_severity_level = 3
            sessions = {name: onnxruntime.InferenceSession(path, options) for name, path in files.items()}
            feed = random_feed(sessions["original"])
            reference = sessions["original"].run(None, feed)
            latency = interleaved_runs(sessions, feed)
            for name, path in files.items():
                result = sessions[name].run(None, feed)
                difference = max(float(np.abs(np.asarray(a, dtype=np.float64) - b).max()) if a.size else 0.0
                                 for a, b in zip(reference, result))
                nodes = len(onnx.load(path).graph.node)
                print(f"| {os.path.basename(model)} | {name} | {costs[name][0]:.2f} | {costs[name][1]:.0f} | {nodes} | "
                      f"{os.path.getsize(path)} | {latency[name]:.3f} | {difference:.2g} |")


if __name__ == "__main__":
    main()
