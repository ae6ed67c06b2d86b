#!/usr/bin/python3
"""edgeopt convert: what is written, and what is refused. That LiteRT computes what ONNX Runtime does is checked by the
command itself, and by tests/pipeline/convert_node_cases_test.cc against ONNX's own vectors."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import SOURCE

DATA = ["--preprocessing", EXAMPLES / "fashion_mnist.toml"]


class ConvertTest(CliTest):
    def convert(self, model, *options):
        out = self.folder / "out.tflite"
        answer = self.json("convert", model, "-o", out, *options)
        self.assertEqual(out.read_bytes()[4:8], b"TFL3")
        return answer, out

    def test_a_convolutional_network_has_no_transpose(self):
        for name, operators in (("fashion_resnet10", {"CONV_2D": 9, "ADD": 3, "MEAN": 1, "FULLY_CONNECTED": 1, "PAD": 2}),
                                ("fashion_mbv2", {"CONV_2D": 14, "DEPTHWISE_CONV_2D": 6, "ADD": 3, "FULLY_CONNECTED": 1})):
            with self.subTest(name):
                answer, out = self.convert(EXAMPLES / f"{name}.onnx", "--calibration", f"{SOURCE}:t10k", *DATA)
                for operator, count in operators.items():
                    self.assertEqual(answer["operators"][operator], count, operator)
                # Activations are part of the operators before them; one input channel needs no transpose.
                self.assertFalse({"TRANSPOSE", "RELU", "RELU6"} & set(answer["operators"]))
                self.assertEqual(answer["verified"]["data_samples"], 4)
                self.assertLess(answer["verified"]["outputs"][0]["max_abs_error"], 1e-4)
                out.unlink()

    def test_float16_weights_halve_the_file(self):
        model = EXAMPLES / "fashion_resnet10.onnx"
        answer, out = self.convert(model, "--precision", "fp16")
        self.assertLess(out.stat().st_size, 0.55 * model.stat().st_size)
        self.assertGreater(answer["operators"]["DEQUANTIZE"], 0)

    def test_dynamic_range(self):
        model = EXAMPLES / "fashion_resnet10.onnx"
        answer, out = self.convert(model, "--precision", "dynamic-int8", "--calibration", f"{SOURCE}:t10k", *DATA)
        self.assertLess(out.stat().st_size, 0.3 * model.stat().st_size)
        self.assertGreaterEqual(len(answer["int8_weights"]["nodes"]), 9)
        self.assertFalse({"QUANTIZE", "DEQUANTIZE"} & set(answer["operators"]))
        self.assertGreater(answer["verified"]["outputs"][0]["sqnr_db"], 20)
        # The activations of the convolutions are quantized while they run.
        profile = self.json("profile", out, "--threads", "1")
        self.assertGreaterEqual(sum(node["kind"] == "int8" for node in profile["nodes"]), 8)

    def test_a_quantized_model_stays_in_integers(self):
        quantized = self.folder / "int8.onnx"
        self.json("quantize", EXAMPLES / "fashion_mbv2.onnx", "-o", quantized, "--calibration", f"{SOURCE}:train",
                  "--samples", "100", "--calibrator", "minmax", *DATA)
        answer, out = self.convert(quantized, "--calibration", f"{SOURCE}:t10k", *DATA)
        self.assertEqual(answer["operators"]["QUANTIZE"], 1)  # of the input
        self.assertEqual(answer["operators"]["DEQUANTIZE"], 1)  # of the output
        self.assertLess(out.stat().st_size, 0.5 * (EXAMPLES / "fashion_mbv2.onnx").stat().st_size)

    def test_int8_by_calibration(self):
        calibration = ["--calibration", f"{SOURCE}:train", "--samples", "100", "--calibrator", "minmax", *DATA]
        for io, kinds in (("float", {"QUANTIZE": 1, "DEQUANTIZE": 1}), ("int8", {}), ("uint8", {"QUANTIZE": 2})):
            with self.subTest(io):
                answer, out = self.convert(EXAMPLES / "fashion_resnet10.onnx", "--precision", "int8", "--io", io, *calibration)
                conversions = {key: count for key, count in answer["operators"].items() if key.endswith("QUANTIZE")}
                self.assertEqual(conversions, kinds)
                self.assertEqual(set(answer.get("integer_io", {})), set() if io == "float" else {"input", "logits"})
                self.assertGreater(answer["quantization"]["fidelity"]["outputs"][0]["sqnr_db"], 20)
                out.unlink()

    def test_shapes(self):
        answer, _ = self.convert(EXAMPLES / "fashion_mbv2.onnx", "--shape", "input=2x1x28x28")
        self.assertEqual(answer["verified"]["random_samples"], 2)
        for shape, told in (("input=2x1x28", "not [2, 1, 28]"), ("nothing=1x3", "no input 'nothing'"), ("input=1x-3", "is not NAME="), ("input", "is not NAME=")):
            with self.subTest(shape):
                self.fails(USAGE, told, "convert", EXAMPLES / "fashion_mbv2.onnx", "-o", self.folder / "no.tflite",
                           "--shape", shape)

    def test_integer_io_needs_a_quantized_model(self):
        self.fails(USAGE, "no input or output of this model is quantized", "convert", EXAMPLES / "fashion_mbv2.onnx", "-o",
                   self.folder / "out.tflite", "--io", "int8")

    def test_all_nodes_without_a_counterpart_are_named(self):
        # How many elements these two give depends on the data.
        model = self.folder / "unsupported.onnx"
        model.write_bytes(Model([node("NonZero", ["x"], ["places"]), node("Unique", ["x"], ["values"])],
                                [value_info("x", [4])],
                                [value_info("places", [1, "n"], INT64), value_info("values", ["m"])]).bytes())
        run = self.fails(UNSUPPORTED, "2 nodes can't be converted to TFLite", "convert", model, "-o", self.folder / "out.tflite")
        self.assertIn("(NonZero)", run.stderr)
        self.assertIn("(Unique)", run.stderr)

    def test_a_tflite_model_becomes_onnx(self):
        _, tflite = self.convert(EXAMPLES / "fashion_mbv2.onnx")
        out = self.folder / "back.onnx"
        answer = self.json("convert", tflite, "-o", out, "--calibration", f"{SOURCE}:t10k", *DATA)
        self.assertEqual(answer["verified"]["data_samples"], 4)
        self.assertLess(answer["verified"]["outputs"][0]["max_abs_error"], 1e-4)
        self.assertEqual(answer["operators"]["Conv"], 20)
        # One input channel needs no transpose, and nothing inside does.
        self.assertEqual(answer["transposes"], 0)
        interface = self.json("inspect", out)
        self.assertEqual([value["name"] for value in interface["inputs"] + interface["outputs"]], ["input", "logits"])

    def test_a_quantized_tflite_model_becomes_onnx_and_tflite(self):
        calibration = ["--calibration", f"{SOURCE}:train", "--samples", "100", "--calibrator", "minmax", *DATA]
        _, tflite = self.convert(EXAMPLES / "fashion_resnet10.onnx", "--precision", "int8", "--io", "int8", *calibration)
        answer = self.json("convert", tflite, "-o", self.folder / "back.onnx")
        self.assertGreater(answer["operators"]["QuantizeLinear"], 9)
        self.assertLessEqual(answer["transposes"], 1)
        again = self.folder / "again.tflite"
        answer = self.json("convert", tflite, "-o", again)
        self.assertFalse({"QUANTIZE", "DEQUANTIZE", "TRANSPOSE"} & set(answer["operators"]))
        self.assertLess(abs(again.stat().st_size - tflite.stat().st_size), 0.1 * tflite.stat().st_size)

    def test_a_tflite_model_in_another_precision(self):
        _, tflite = self.convert(EXAMPLES / "fashion_resnet10.onnx")
        half = self.folder / "half.tflite"
        answer = self.json("convert", tflite, "-o", half, "--precision", "fp16")
        self.assertLess(half.stat().st_size, 0.55 * tflite.stat().st_size)
        self.assertIn("source_verified", answer)

    def test_formats_and_signatures(self):
        _, tflite = self.convert(EXAMPLES / "fashion_mbv2.onnx")
        onnx = EXAMPLES / "fashion_mbv2.onnx"
        for told, model, out, *options in (("no format that convert writes", tflite, "m.pb"), ("is ONNX already", onnx, "m.onnx"),
                                           ("are for TFLite outputs", tflite, "m.onnx", "--precision", "fp16"),
                                           ("no signature 'train'", tflite, "m.onnx", "--signature", "train"),
                                           ("is for TFLite models", onnx, "m.tflite", "--signature", "train")):
            with self.subTest(told):
                self.fails(USAGE, told, "convert", model, "-o", self.folder / out, *options)
        broken = self.folder / "broken.tflite"
        broken.write_bytes(tflite.read_bytes()[:500])
        self.fails(BAD_INPUT, "broken.tflite", "convert", broken, "-o", self.folder / "m.onnx")

    def test_what_exists_is_not_replaced(self):
        out = self.folder / "out.tflite"
        out.write_bytes(b"mine")
        self.fails(USAGE, "out.tflite", "convert", EXAMPLES / "fashion_mbv2.onnx", "-o", out)
        self.assertEqual(out.read_bytes(), b"mine")


if __name__ == "__main__":
    unittest.main()
