#!/usr/bin/env python3
"""How long `edgeopt convert` takes for models of PyTorch and TensorFlow, beside the framework's own exporter, run by hand in a
plain Python of the same environment. Each is a whole process; rounds in turns.

  bench/compare_exporters.py [--rounds N] [--first] [--saved-model FOLDER]

What edgeopt does more: it checks what was exported and runs it beside the framework on the same inputs. `--first` also times the
first use in an empty cache, from the package index to the converted model (a download of 1 GB). Needs the frameworks' environments
('edgeopt frameworks install pytorch', 'install tensorflow').
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

from measure import ToolFailed, markdown_table, run_process

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
FORMS = EXAMPLES / "pytorch"
CACHE = pathlib.Path(os.environ.get("EDGEOPT_CACHE") or pathlib.Path.home() / ".cache/edgeopt")
LIMIT_S = 1800

# The wheel of PyTorch names CUDA's libraries, for which the environment has stand-ins: bound when called, which is never.
TORCH = "import os, sys\nsys.setdlopenflags(os.RTLD_LAZY)\nimport torch\n"
BY_HAND = {
    "archive": TORCH + """
program = torch.export.load(sys.argv[1])
torch.onnx.export(program, (torch.zeros(1, 1, 28, 28),), sys.argv[2], dynamo=True, opset_version=18)
""",
    "callable": TORCH + f"""
sys.path.insert(0, {str(FORMS)!r})
import fashion_nets
net = fashion_nets.mbv2()
net.load_state_dict(torch.load(sys.argv[1], weights_only=True))
torch.onnx.export(net.eval(), (torch.zeros(1, 1, 28, 28),), sys.argv[2], dynamo=True, opset_version=18)
""",
    "torchscript": TORCH + """
net = torch.jit.load(sys.argv[1])
torch.onnx.export(net.eval(), (torch.zeros(1, 1, 28, 28),), sys.argv[2], dynamo=False, opset_version=17)
""",
    "tf2onnx": """
import runpy, sys
sys.argv[1:] = ["--saved-model", sys.argv[1], "--output", sys.argv[2], "--opset", "17"]
runpy.run_module("tf2onnx.convert", run_name="__main__")
""",
    "tflite": """
import sys
import tensorflow as tf
with open(sys.argv[2], "wb") as file:
    file.write(tf.lite.TFLiteConverter.from_saved_model(sys.argv[1]).convert())
""",
}


def comparisons(saved_model):
    """Title; the framework, what is exported by hand, of which file; edgeopt's arguments, ending of the output."""
    archive, weights = EXAMPLES / "fashion_mbv2.pt2", FORMS / "fashion_mbv2.pt"
    script = FORMS / "fashion_mbv2.torchscript.pt"
    nets = [f"{FORMS}/fashion_nets.py:mbv2", "--weights", weights, "--trust-code"]
    shape = ["--shape", "x=1x1x28x28"]
    rows = [
        (".pt2, read natively, not verified", "pytorch", "archive", archive, [archive, "--unverified"], "onnx"),
        (".pt2, read natively", "pytorch", "archive", archive, [archive], "onnx"),
        (".pt2, by dynamo", "pytorch", "archive", archive, [archive, "--exporter", "dynamo"], "onnx"),
        ("module:callable, by dynamo", "pytorch", "callable", weights, [*nets, *shape], "onnx"),
        ("TorchScript", "pytorch", "torchscript", script, [script, *shape], "onnx")]
    if saved_model.is_dir():
        rows += [("SavedModel to ONNX", "tensorflow", "tf2onnx", saved_model, [saved_model], "onnx"),
                 ("SavedModel to TFLite", "tensorflow", "tflite", saved_model, [saved_model], "tflite")]
    return rows


def python_of(edgeopt, framework):
    answer = subprocess.run([edgeopt, "frameworks", "install", framework, "--json"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(answer)["python"]


def timed(argv, environment=None):
    return run_process([str(word) for word in argv], environment=environment, limit_s=LIMIT_S)


def compare(edgeopt, python, row, rounds, folder):
    """Seconds of both and the ratio, each the median of the rounds with their range; peak MiB of the larger rounds."""
    _, _, by_hand, source, arguments, ending = row
    edgeopt_s, by_hand_s, edgeopt_mib, by_hand_mib = [], [], 0, 0
    for number in range(rounds + 1):
        seconds, mib = timed([edgeopt, "convert", *arguments, "-o", folder / f"edgeopt.{ending}", "--force", "--quiet"])
        hand_seconds, hand_mib = timed([python, "-c", BY_HAND[by_hand], source, folder / f"by_hand.{ending}"])
        edgeopt_mib, by_hand_mib = max(edgeopt_mib, mib), max(by_hand_mib, hand_mib)
        if number > 0:  # the first fills the page cache
            edgeopt_s.append(seconds)
            by_hand_s.append(hand_seconds)
    ratios = [a / b for a, b in zip(edgeopt_s, by_hand_s)]
    return [f"{statistics.median(edgeopt_s):.1f}", f"{statistics.median(by_hand_s):.1f}",
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})", f"{edgeopt_mib:.0f}", f"{by_hand_mib:.0f}"]


def first_use(edgeopt, row, folder):
    """In a cache without environments: what is installed, and seconds until the model is converted."""
    title, framework, _, _, arguments, ending = row
    cache = folder / f"cache-{framework}"
    cache.mkdir()
    for part in CACHE.iterdir():
        if part.name != "frameworks":
            (cache / part.name).symlink_to(part)
    environment = {**os.environ, "EDGEOPT_CACHE": str(cache)}
    seconds, _ = timed([edgeopt, "convert", *arguments, "-o", folder / f"first.{ending}", "--quiet"], environment)
    answer = subprocess.run([edgeopt, "frameworks", "list", "--json"], stdout=subprocess.PIPE, check=True, env=environment).stdout
    (installed,) = json.loads(answer)["environments"]
    return [title, f"{framework} {installed['version']}", f"{installed['size_bytes'] / 1e6:.0f}", f"{seconds:.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edgeopt", default=str(ROOT / "build" / "edgeopt"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--first", action="store_true", help="also the first use: downloads both frameworks")
    parser.add_argument("--saved-model", type=pathlib.Path, default=CACHE / "basic-pitch-0.4.0" / "nmp")
    options = parser.parse_args()
    rows = comparisons(options.saved_model)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if options.first:
            chosen = {row[1]: row for row in rows if "--unverified" not in row[4]}  # one of each framework
            print(markdown_table(["first use", "installed", "MB", "s"],
                                 [first_use(options.edgeopt, row, folder) for row in chosen.values()]) + "\n", flush=True)
        pythons = {framework: python_of(options.edgeopt, framework) for framework in {row[1] for row in rows}}
        table = []
        for row in rows:
            try:
                table.append([row[0], *compare(options.edgeopt, pythons[row[1]], row, options.rounds, folder)])
            except ToolFailed as error:
                table.append([row[0], str(error).splitlines()[0], "", "", "", ""])
                print(error, flush=True)
        print(f"{options.rounds} rounds in turns, after one to warm up\n\n" + markdown_table(
            ["source", "edgeopt s", "by hand s", "edgeopt / by hand", "edgeopt MiB", "by hand MiB"], table))


if __name__ == "__main__":
    main()
