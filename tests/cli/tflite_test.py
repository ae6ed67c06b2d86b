#!/usr/bin/python3
"""TFLite files in bench, profile, evaluate and compare, beside their ONNX sources."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import SOURCE, make_fashion

QUICK = ["--threads", "1", "--seconds", "0.02"]
PREPROCESSING = ["--preprocessing", EXAMPLES / "fashion_mnist.toml"]
ONNX = EXAMPLES / "fashion_mbv2.onnx"


class TfliteTest(CliTest):
    """Conversions made once serve all tests."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        calibration = ["--calibration", f"{SOURCE}:train", "--samples", "100", "--calibrator", "minmax", *PREPROCESSING]
        for name, options in (("float", []), ("half", ["--precision", "fp16"]), ("int8", ["--precision", "int8", *calibration]),
                              ("int8io", ["--precision", "int8", "--io", "int8", *calibration])):
            subprocess.run([EDGEOPT, "convert", ONNX, "-o", cls.shared / f"{name}.tflite", *options, "--quiet"],
                           check=True, stdout=subprocess.DEVNULL, timeout=250)

    def test_bench_in_turns_with_the_source(self):
        document = self.json("bench", ONNX, "--against", self.shared / "float.tflite", "--kernels", "builtin", *QUICK)
        self.assertGreaterEqual(document["models"][1]["runs"], 100)
        self.assertGreater(document["models"][1]["speedup"]["ratio"], 0)

    def test_kernels_are_litert_s(self):
        self.fails(USAGE, "runs in ONNX Runtime", "bench", ONNX, "--kernels", "builtin", *QUICK)
        self.fails(USAGE, "runs in ONNX Runtime", "bench", ONNX, "--against", ONNX, "--kernels", "builtin", *QUICK)

    def test_the_profile_says_what_xnnpack_took(self):
        profile = self.json("profile", self.shared / "int8.tflite", "--threads", "1")
        (xnnpack,) = profile["by_provider"]
        self.assertEqual((xnnpack["provider"], xnnpack["share"]), ("XNNPACK", 1))
        kinds = {kind["kind"]: kind["nodes"] for kind in profile["by_kind"]}
        self.assertGreaterEqual(kinds["int8"], 21)  # 20 convolutions, a dense layer; XNNPACK names no types of its adds
        self.assertEqual(kinds["conversion"], 2)
        self.assertNotIn("float", kinds)
        builtin = self.json("profile", self.shared / "float.tflite", "--threads", "1", "--kernels", "builtin")
        (provider,) = builtin["by_provider"]
        self.assertEqual(provider["provider"], "builtin")
        convolutions = [node for node in builtin["nodes"] if node["op_type"].endswith("CONV_2D")]
        self.assertEqual(len({node["node"] for node in convolutions}), 20)  # by their outputs' names
        self.assertTrue(all(node["kind"] == "float" for node in convolutions))

    def test_float16_weights_cost_no_time(self):
        # A layer that XNNPACK left to the builtin kernels would take ten times as long.
        (provider,) = self.json("profile", self.shared / "half.tflite", "--threads", "1")["by_provider"]
        self.assertEqual(provider["provider"], "XNNPACK")

    def test_accuracy_is_that_of_the_source(self):
        data = ["--data", f"{SOURCE}:t10k", "--samples", "500", "--metric", "top1", *PREPROCESSING]
        onnx = self.json("evaluate", ONNX, *data)["value"]
        self.assertEqual(self.json("evaluate", self.shared / "float.tflite", *data)["value"], onnx)
        int8 = self.json("evaluate", self.shared / "int8.tflite", "--baseline", ONNX, *data)
        self.assertEqual(int8["baseline"]["value"], onnx)
        self.assertLess(abs(int8["value"] - onnx), 0.03)
        # Quantized inputs and outputs stand for floats.
        self.assertEqual(self.json("evaluate", self.shared / "int8io.tflite", *data)["value"], int8["value"])

    def test_compare_across_formats_layer_by_layer(self):
        data = ["--data", f"{SOURCE}:t10k", "--samples", "8", *PREPROCESSING]
        document = self.json("compare", ONNX, self.shared / "float.tflite", *data)
        self.assertEqual(document["top1_agreements"], 8)
        layers = document["layers"]
        self.assertGreater(len(layers), 20)
        self.assertTrue(all(layer["cosine"] > 0.99999 for layer in layers), layers)
        for name in ("int8", "int8io"):
            document = self.json("compare", ONNX, self.shared / f"{name}.tflite", *data)
            (output,) = document["outputs"]
            self.assertGreater(output["sqnr_db"], 15)
            self.assertGreater(len(document["layers"]), 15)
            self.assertGreater(min(layer["cosine"] for layer in document["layers"]), 0.9)

    def test_int16_activations(self):
        calibration = ["--calibration", f"{SOURCE}:train", "--samples", "100", *PREPROCESSING]
        wide = self.folder / "wide.tflite"
        model = EXAMPLES / "fashion_resnet10.onnx"
        answer = self.json("convert", model, "-o", wide, "--precision", "int16x8", "--table", "t.json", *calibration)
        # Nothing but the ends is float, and activations are part of the operators before them.
        conversions = {key: count for key, count in answer["operators"].items() if key.endswith("QUANTIZE")}
        self.assertEqual(conversions, {"QUANTIZE": 1, "DEQUANTIZE": 1})
        self.assertFalse({"TRANSPOSE", "RELU"} & set(answer["operators"]))
        self.assertGreaterEqual(answer["quantization"]["int16_nodes"], 13)  # 9 convolutions, 3 sums, a dense layer
        # LiteRT computes what the Q/DQ form says; int8 weights alone leave 39 dB against float.
        self.assertGreater(answer["verified"]["outputs"][0]["sqnr_db"], 50)
        self.assertGreater(answer["quantization"]["fidelity"]["outputs"][0]["sqnr_db"], 35)
        # The same table gives the same file, and the ranges of int8.
        again = self.folder / "again.tflite"
        self.json("convert", model, "-o", again, "--precision", "int16x8", "--table", "t.json")
        self.assertEqual(again.read_bytes(), wide.read_bytes())
        self.json("convert", model, "-o", "narrow.tflite", "--precision", "int8", "--calibrator", "minmax", "--table", "t.json")
        # Back to ONNX, and to TFLite with the scales that are there.
        self.json("convert", wide, "-o", "back.onnx")
        forth = self.json("convert", "back.onnx", "-o", "forth.tflite", "--precision", "int16x8")
        self.assertIn("the model is quantized already; it keeps its scales", forth["warnings"])
        self.assertEqual(forth["operators"]["CONV_2D"], answer["operators"]["CONV_2D"])
        for code, text, options in ((USAGE, "would give up the 16 bits", ["--io", "int8"]),
                                    (USAGE, "needs calibration data", []),
                                    (UNAVAILABLE, "missing.json", ["--table", "missing.json"])):
            self.fails(code, text, "convert", model, "-o", "no.tflite", "--precision", "int16x8", *options)
        self.fails(USAGE, "fp16 needs no calibration", "convert", model, "-o", "no.tflite", "--precision", "fp16", "--table", "t.json")

    def test_one_table_serves_both_commands(self):
        calibration = ["--calibration", f"{SOURCE}:train", "--samples", "100", *PREPROCESSING]
        self.json("quantize", ONNX, "-o", "q.onnx", "--calibrator", "minmax", "--table", "t.json", *calibration)
        # The ranges of ONNX Runtime's rules are not those of LiteRT's; what was observed is.
        answer = self.json("convert", ONNX, "-o", "q.tflite", "--precision", "int8", "--table", "t.json")
        self.assertEqual((answer["quantization"]["rules"], answer["quantization"]["calibrator"]), ("litert", "minmax"))
        self.assertEqual((self.folder / "q.tflite").stat().st_size, (self.shared / "int8.tflite").stat().st_size)

    def test_a_tflite_source_for_a_cpu_becomes_onnx(self):
        source = self.shared / "float.tflite"
        before = source.read_bytes()
        self.assertEqual(self.json("inspect", source)["macs"], self.json("inspect", ONNX)["macs"])
        make_fashion(self.folder / "data")
        document = self.json("optimize", source, "--data", "data:t10k", "--calibration", "data:train", *PREPROCESSING,
                             "--metric", "top1", "--threads", "1", "--latency-target", "1000", "--work", "work")
        record = document["record"]
        self.assertEqual(record["source_format"], "tflite")
        # TFLite is not what a CPU is given: its speed does not count, its accuracy does.
        self.assertEqual([(step["id"], step["decision"]) for step in record["steps"]], [("baseline", "kept"), ("simplify", "kept")])
        self.assertEqual(record["steps"][1]["accuracy"]["value"], record["steps"][0]["accuracy"]["value"])
        self.assertTrue((self.folder / "work/float_package/float_simplified.onnx").exists())
        self.assertEqual(source.read_bytes(), before)

    def test_what_works_on_onnx_alone_says_so(self):
        for command in ("simplify", "quantize"):
            self.fails(USAGE, "is a TFLite model; this command takes ONNX", command, self.shared / "float.tflite", "-o", "o.onnx")

    def test_models_of_other_data_are_not_compared(self):
        other = self.write("other.onnx", classifier())
        self.fails(BAD_INPUT, "input 'x' (float32[1, 3, 16, 16]) of one model is 'input'", "compare", other, self.shared / "float.tflite",
                   "--data", self.save_data("d.npz"))


if __name__ == "__main__":
    unittest.main()
