#!/usr/bin/python3
"""inspect, simplify, quantize: what they say and write, checked by facts that follow from how the model was made, and by
what ONNX Runtime computes from it."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

SAMPLES = 24
# Of classifier(): Conv 8 x 3 x 3 x 3 at 16 x 16 places, MatMul 8 x 10.
CONV_MACS, DENSE_MACS = 16 * 16 * 8 * 3 * 3 * 3, 8 * CLASSES
PARAMETERS = 8 * 3 * 3 * 3 + 8 + 8 * CLASSES
CALIBRATORS = ("minmax", "moving-average", "average", "percentile", "entropy", "mse")


def dense(rows=64, columns=32):
    """One matrix product, large enough to be worth dynamic quantization."""
    return Model([node("MatMul", ["x", "w"], ["y"], name="dense")], [value_info("x", ["n", rows])],
                 [value_info("y", ["n", columns])], [tensor("w", [rows, columns], normal(rows * columns))])


class InspectTest(CliTest):
    def test_counts_follow_from_the_shapes(self):
        document = self.json("inspect", self.write("m.onnx", classifier()))
        self.assertEqual(document["macs"], CONV_MACS + DENSE_MACS)
        self.assertEqual(document["parameters"], PARAMETERS)
        self.assertEqual(document["nodes"], 5)
        self.assertEqual(document["opsets"], {"ai.onnx": 17})
        self.assertEqual(document["inputs"], [{"name": "x", "type": "float32[1, 3, 16, 16]"}])
        self.assertEqual(document["outputs"], [{"name": "y", "type": "float32[1, 10]"}])
        rows = {row["op_type"]: row for row in document["operators"]}
        self.assertEqual(set(rows), {"Conv", "Relu", "GlobalAveragePool", "Flatten", "MatMul"})
        self.assertEqual((rows["Conv"]["macs"], rows["Conv"]["parameter_bytes"]), (CONV_MACS, 4 * (216 + 8)))
        self.assertEqual(document["problems"], [])

    def test_named_dimensions_can_be_given_a_size(self):
        model = self.write("m.onnx", dense())
        self.assertEqual(self.json("inspect", model)["macs"], 64 * 32)
        self.assertEqual(self.json("inspect", model, "--dim", "n=7")["macs"], 7 * 64 * 32)
        self.fails(USAGE, "n", "inspect", model, "--dim", "n=x")

    def test_text(self):
        text = self.done("inspect", self.write("m.onnx", classifier()), "--nodes").stdout
        for word in ("opset ai.onnx 17", "55.4 k multiply-adds", "float32[1, 3, 16, 16]", "GlobalAveragePool", "dense"):
            self.assertIn(word, text)

    def test_the_text_form_can_be_read_back(self):
        text = self.json("inspect", self.write("m.onnx", classifier()), "--text")["text"]
        for line in ("MatMul (f, d)", "GlobalAveragePool", "pads: ints = [1, 1, 1, 1]"):
            self.assertIn(line, text)

    def test_what_is_hard_to_quantize_is_named(self):
        """A channel whose weights are a thousandth of the others'."""
        model = classifier()
        values = normal(216)
        values[:27] = [value * 1e-3 for value in values[:27]]
        model.initializers[0] = tensor("w", [8, 3, 3, 3], values)
        found = self.json("inspect", self.write("m.onnx", model))["hard_to_quantize"]
        self.assertEqual([row["node"] for row in found], ["conv"], found)
        self.assertEqual(self.json("inspect", self.write("m.onnx", classifier()))["hard_to_quantize"], [])


class SimplifyTest(CliTest):
    def setUp(self):
        super().setUp()
        model = classifier()
        # Identity, Dropout that does nothing, a Reshape whose shape is computed, and a node that nobody reads.
        model.nodes[1:1] = [node("Identity", ["c"], ["c2"], name="same")]
        model.nodes[2] = node("Relu", ["c2"], ["r"])
        model.nodes[4] = node("Dropout", ["p"], ["q"], name="drop")
        model.nodes[5:] = [node("Shape", ["q"], ["s"]), node("Gather", ["s", "first"], ["n"], axis=0),
                           node("Concat", ["n", "rest"], ["dims"], axis=0), node("Reshape", ["q", "dims"], ["f"]),
                           node("Exp", ["f"], ["unused"]), node("MatMul", ["f", "d"], ["y"], name="dense")]
        model.initializers += [tensor("first", [1], [0], INT64), tensor("rest", [1], [-1], INT64)]
        self.model = self.write("m.onnx", model)

    def test_what_is_not_needed_goes_and_the_outputs_stay(self):
        document = self.json("simplify", self.model, "-o", "s.onnx")
        self.assertEqual(document["nodes_before"], 11)
        operators = {row["op_type"]: row["count"] for row in self.json("inspect", "s.onnx")["operators"]}
        self.assertEqual(sum(operators.values()), document["nodes_after"])
        for gone in ("Identity", "Dropout", "Shape", "Gather", "Concat", "Exp"):
            self.assertNotIn(gone, operators)
        self.assertEqual((operators["Conv"], operators["MatMul"]), (1, 1))
        self.save_data("d.npz")
        output = self.json("compare", self.model, "s.onnx", "--data", "d.npz")["outputs"][0]
        self.assertLess(output["max_abs_error"], 1e-5)
        self.assertEqual(document["verified"]["random_samples"], 2)

    def test_verification_on_data(self):
        data = self.save_data("d.npz")
        self.assertEqual(self.json("simplify", self.model, "-o", "s.onnx", "--data", data)["verified"]["data_samples"], 4)

    def test_a_pass_can_be_left_out(self):
        passes = [row["name"] for row in self.json("list", "passes")["passes"]]
        name = next(name for name in passes if "identit" in name)
        self.json("simplify", self.model, "-o", "s.onnx", "--disable", name)
        operators = [row["op_type"] for row in self.json("inspect", "s.onnx")["operators"]]
        self.assertIn("Identity", operators)
        self.fails(USAGE, "no-such-pass", "simplify", self.model, "-o", "t.onnx", "--disable", "no-such-pass")

    def test_a_model_newer_than_onnx_runtime(self):
        model = classifier()
        model.opset, model.ir_version = 28, 14
        newer = self.write("newer.onnx", model)
        self.fails(UNSUPPORTED, "Unsupported model IR version", "bench", newer, "--runs", "100", "--seconds", "0.1")
        document = self.json("simplify", newer, "-o", "s.onnx")
        self.assertIn("opset 28 became 26", document["warnings"][0])
        self.assertEqual(self.json("inspect", "s.onnx")["opsets"], {"ai.onnx": 26})
        self.json("convert", newer, "-o", "s.tflite")

    def test_runtimes_leave_no_usage_data(self):
        home = self.folder / "home"
        home.mkdir()
        cache = os.environ.get("EDGEOPT_CACHE", str(pathlib.Path.home() / ".cache/edgeopt"))
        environment = dict(os.environ, HOME=str(home), EDGEOPT_CACHE=cache)
        environment.pop("ORT_DISABLE_TELEMETRY", None)
        run = self.run_edgeopt("simplify", self.model, "-o", "s.onnx", env=environment)
        self.assertEqual(run.returncode, DONE, run.stderr)
        self.assertEqual(list(home.iterdir()), [])

    def test_a_model_can_end_earlier(self):
        self.json("simplify", self.model, "-o", "s.onnx", "--outputs", "f", "--outputs", "r")
        document = self.json("inspect", "s.onnx")
        self.assertEqual([output["name"] for output in document["outputs"]], ["f", "r"])
        self.assertNotIn("MatMul", {row["op_type"] for row in document["operators"]})
        self.fails(BAD_INPUT, "no value 'logits'", "simplify", self.model, "-o", "t.onnx", "--outputs", "logits")

    def test_simplifying_twice_changes_nothing(self):
        self.done("simplify", self.model, "-o", "s.onnx")
        self.done("simplify", "s.onnx", "-o", "t.onnx")
        self.assertEqual((self.folder / "s.onnx").read_bytes(), (self.folder / "t.onnx").read_bytes())


class QuantizeTest(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("m.onnx", classifier())
        self.data = self.save_data("d.npz", SAMPLES)

    def quantize(self, *arguments, model=None, output="q.onnx"):
        return self.json("quantize", model or self.model, "-o", output, "--force", *arguments)

    def types(self, name):
        return {row["type"]: row["elements"] for row in self.json("inspect", name)["parameter_types"]}

    def test_int8(self):
        document = self.quantize("--calibration", self.data, "--calibrator", "minmax")
        self.assertEqual({row["name"] for row in document["nodes"] if row["int8"]}, {"conv", "pool", "flatten", "dense"})
        relu = next(row for row in document["nodes"] if row["name"] == "relu")
        self.assertIn("disappears", relu["reason"])
        types = self.types("q.onnx")
        self.assertEqual(types["int8"], 216 + 80)
        self.assertEqual(types["int32"], 8)  # the bias
        kernels = {row["op_type"] for row in document["kernels"]["nodes"] if row["kind"] == "int8"}
        self.assertIn("QLinearConv", kernels)
        inspected = self.json("inspect", "q.onnx")
        self.assertEqual(inspected["inputs"][0]["type"], "float32[1, 3, 16, 16]")
        self.assertEqual(inspected["outputs"][0]["type"], "float32[1, 10]")
        # 8 bits over the range of smooth pictures: far better than 20 dB, far worse than exact.
        output = self.json("compare", self.model, "q.onnx", "--data", self.data)["outputs"][0]
        self.assertGreater(output["sqnr_db"], 20)
        self.assertLess(output["sqnr_db"], 70)

    def test_few_samples_warn_and_the_stability_of_ranges_is_told(self):
        process = self.done("quantize", self.model, "-o", "q.onnx", "--calibration", self.data, "--calibrator", "minmax")
        self.assertIn("warning: only 24 calibration samples", process.stderr)
        self.assertRegex(process.stdout, r"two halves of the data: ranges differ by [0-9.]+ % at most, at '\w+'")
        many = self.save_data("many.npz", 100)
        document = self.quantize("--calibration", many, "--calibrator", "minmax")
        self.assertEqual(document["warnings"], [])
        # The second half twice as large as the first: minmax of the halves differs by half of the whole.
        values = images(50)
        self.save_data("halves.npz", 100, x=npy([100, 3, 16, 16], values + [2 * value for value in values]))
        stability = self.quantize("--calibration", "halves.npz", "--calibrator", "minmax")["range_stability"]
        self.assertGreater(stability["largest_half_difference"], 0.3)

    def test_every_calibrator(self):
        values = images(SAMPLES)
        ranges = {}
        for name in CALIBRATORS:
            document = self.quantize("--calibration", self.data, "--calibrator", name, "--table", "t.json")
            self.assertEqual((document["calibrator"], document["samples"]), (name, SAMPLES))
            table = json.loads((self.folder / "t.json").read_text())
            x = table["tensors"]["x"]
            self.assertEqual(x["count"], len(values))
            # float32 of the file against doubles here.
            self.assertAlmostEqual(x["min"], min(values), delta=1e-6)
            self.assertAlmostEqual(x["max"], max(values), delta=1e-6)
            ranges[name] = x["ranges"][name]
            self.assertGreaterEqual(ranges[name][0], x["min"] - 1e-6)
            self.assertLessEqual(ranges[name][1], x["max"] + 1e-6)
        self.assertAlmostEqual(ranges["minmax"][0], min(values), delta=1e-6)
        self.assertLess(ranges["moving-average"][1], ranges["minmax"][1])
        self.quantize("--calibration", self.data, "--calibrator", "percentile", "--percentile", "90", "--table", "t.json")
        x = json.loads((self.folder / "t.json").read_text())["tensors"]["x"]["ranges"]["percentile"]
        self.assertLess(x[1], ranges["percentile"][1])
        self.fails(USAGE, "no-such", "quantize", self.model, "-o", "n.onnx", "--calibration", self.data, "--calibrator", "no-such")

    def test_a_table_stands_for_the_data(self):
        self.quantize("--calibration", self.data, "--table", "t.json")
        document = self.quantize("--table", "t.json", output="again.onnx")
        self.assertEqual((self.folder / "again.onnx").read_bytes(), (self.folder / "q.onnx").read_bytes())
        self.assertEqual((document["from_table"], document["samples"]), (True, SAMPLES))
        for rules in ("onnxruntime-x64", "onnxruntime-arm64", "litert"):
            self.quantize("--table", "t.json", "--rules", rules)
        self.fails(UNAVAILABLE, "missing.json", "quantize", self.model, "-o", "n.onnx", "--table", "missing.json")
        self.fails(BAD_INPUT, "not JSON", "quantize", self.model, "-o", "n.onnx", "--table", self.data)
        other = self.write("other.onnx", classifier(tensor("w", [8, 3, 3, 3], normal(216, 9))))
        self.fails(BAD_INPUT, "of another model", "quantize", other, "-o", "n.onnx", "--table", "t.json")
        # A table that names no model is known by its values.
        table = json.loads((self.folder / "t.json").read_text())
        table["model_sha256"] = ""
        del table["tensors"]["x"]
        self.write("t.json", json.dumps(table).encode())
        self.fails(BAD_INPUT, "it lacks 'x'", "quantize", self.model, "-o", "n.onnx", "--table", "t.json")

    def test_auto_takes_the_best_of_all(self):
        document = self.quantize("--calibration", self.data)
        candidates = {row["calibrator"]: row["sqnr_db"] for row in document["candidates"]}
        self.assertEqual(set(candidates), set(CALIBRATORS))
        self.assertEqual(candidates[document["calibrator"]], max(candidates.values()))

    def test_samples_limit(self):
        self.assertEqual(self.quantize("--calibration", self.data, "--samples", "5")["samples"], 5)
        self.fails(USAGE, "--samples", "quantize", self.model, "-o", "n.onnx", "--calibration", self.data, "--samples", "-1")

    def test_excluded_by_name_type_and_pattern(self):
        for what, gone in (("conv", {"conv"}), ("MatMul", {"dense"}), ("den*", {"dense"})):
            document = self.quantize("--calibration", self.data, "--calibrator", "minmax", "--exclude", what)
            for row in document["nodes"]:
                if row["name"] in gone:
                    self.assertFalse(row["int8"], row)
                    self.assertIn("excluded", row["reason"])
            left = {row["name"] for row in document["nodes"] if row["int8"]}
            self.assertTrue({"conv", "dense"} - gone <= left, left)
        self.fails(USAGE, "nobody", "quantize", self.model, "-o", "n.onnx", "--calibration", self.data, "--exclude", "nobody")

    def test_generated_data_only_when_asked_for_and_marked(self):
        self.fails(USAGE, "calibration", "quantize", self.model, "-o", "n.onnx")
        process = self.done("quantize", self.model, "-o", "g.onnx", "--generated", "8", "--table", "t.json")
        self.assertIn("warning: calibration on generated data", process.stderr)
        self.assertTrue(json.loads((self.folder / "t.json").read_text())["data"]["generated"])
        self.assertTrue(self.quantize("--generated", "8")["generated_data"])
        self.assertFalse(self.quantize("--calibration", self.data)["generated_data"])
        self.fails(USAGE, "exclude each other", "quantize", self.model, "-o", "n.onnx", "--generated", "8", "--calibration",
                   self.data)

    def test_noise_as_calibration_data_warns(self):
        self.save_data("noise.npz", 100, x=npy([100, 3, 16, 16], normal(100 * 768)))
        process = self.done("quantize", self.model, "-o", "q.onnx", "--calibration", "noise.npz", "--calibrator", "minmax")
        self.assertRegex(process.stderr, "warning: calibration data: .*noise")

    def test_reduced_range_is_seven_bits(self):
        document = self.quantize("--calibration", self.data, "--calibrator", "minmax", "--reduced-range", "on")
        self.assertTrue(document["reduced_range"])
        coarse = self.json("compare", self.model, "q.onnx", "--data", self.data)["layers"]
        self.quantize("--calibration", self.data, "--calibrator", "minmax", "--reduced-range", "off")
        fine = self.json("compare", self.model, "q.onnx", "--data", self.data)["layers"]
        sqnr = [next(row["sqnr_db"] for row in rows if row["name"] == "c") for rows in (coarse, fine)]
        self.assertLess(sqnr[0], sqnr[1])

    def test_dynamic(self):
        model = self.write("dense.onnx", dense())
        document = self.quantize("--precision", "dynamic-int8", model=model)
        self.assertEqual([row["name"] for row in document["nodes"] if row["int8"]], ["dense"])
        self.assertEqual(self.types("q.onnx")["int8"], 64 * 32)
        self.assertIn("MatMulInteger", [row["op_type"] for row in self.json("inspect", "q.onnx")["operators"]])
        save_npz(self.folder / "rows.npz", x=npy([8, 64], normal(8 * 64)))
        output = self.json("compare", model, "q.onnx", "--data", "rows.npz")["outputs"][0]
        self.assertGreater(output["cosine"], 0.999)
        # A convolution is never quantized dynamically, and the small matrix is not worth it.
        self.fails(UNSUPPORTED, "can be quantized dynamically", "quantize", self.model, "-o", "n.onnx", "--precision",
                   "dynamic-int8")

    def test_fp16(self):
        document = self.quantize("--precision", "fp16")
        self.assertEqual(document["float16_nodes"], 5)
        self.assertEqual(self.types("q.onnx"), {"float16": PARAMETERS})
        inspected = self.json("inspect", "q.onnx")
        self.assertEqual(inspected["inputs"][0]["type"], "float32[1, 3, 16, 16]")
        self.assertEqual(inspected["outputs"][0]["type"], "float32[1, 10]")
        output = self.json("compare", self.model, "q.onnx", "--data", self.data)["outputs"][0]
        self.assertGreater(output["sqnr_db"], 45)  # half floats have 11 bits: some 60 dB
        # A weight above 65504, the largest half: its operator stays, and is named.
        model = classifier()
        model.initializers[2] = tensor("d", [8, CLASSES], [1e5] + normal(79))
        document = self.quantize("--precision", "fp16", model=self.write("large.onnx", model))
        kept = [row for row in document["nodes"] if row["op_type"] == "MatMul"]
        self.assertIn("65504", kept[0]["reason"])
        self.assertEqual(self.types("q.onnx")["float32"], 80)


if __name__ == "__main__":
    unittest.main()
