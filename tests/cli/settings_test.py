#!/usr/bin/python3
"""What a run is asked to do: preflight, --dry-run, edgeopt.toml, and --json as one document for every command and error."""
import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

# In the order in which they are told.
ITEMS = ["model", "framework", "runtime", "device", "validation data", "metric", "tolerance", "latency target",
         "calibration data", "disk space"]


class PreflightTest(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("m.onnx", classifier())
        self.data = self.save_data("d.npz", 1200)
        self.other = self.save_data("c.npz", 100, x=npy([100, 3, 16, 16], images(100, seed=99)))

    def items(self, *arguments, code=DONE):
        before = contents(self.folder)
        process = self.run_edgeopt("preflight", *arguments, "--json")
        self.assertEqual(process.returncode, code, process.stdout)
        document = json.loads(process.stdout)
        self.assertEqual(document["ready"], code == DONE)
        self.assertEqual(before, contents(self.folder))
        return {item["name"]: item for item in document["items"]}

    def test_all_is_well(self):
        items = self.items(self.model, "--data", self.data, "--calibration", self.other, "--metric", "top1")
        self.assertEqual(list(items), ITEMS)
        self.assertEqual({item["level"] for item in items.values()}, {"pass"}, items)
        text = self.done("preflight", self.model, "--data", self.data, "--calibration", self.other, "--metric", "top1").stdout
        self.assertEqual([line[:4] for line in text.splitlines()], ["pass"] * len(ITEMS))

    def test_what_is_missing_fails_with_the_remedy(self):
        items = self.items(self.model, code=USAGE)
        for name, remedy in (("validation data", "--data"), ("metric", "--metric")):
            self.assertEqual(items[name]["level"], "fail")
            self.assertIn(remedy, items[name]["remedy"])
        process = self.run_edgeopt("preflight", self.model)
        self.assertIn("fail  metric", process.stdout)
        self.assertIn("error: validation data", process.stderr)
        items = self.items("nowhere.onnx", "--data", self.data, "--metric", "top1", code=BAD_INPUT)
        self.assertEqual(items["model"]["level"], "fail")

    def test_values_that_make_no_sense(self):
        run = [self.model, "--data", self.data, "--calibration", self.other, "--metric", "top1"]
        for option, value, item in (("--tolerance", "200%", "tolerance"), ("--latency-target", "-1", "latency target"),
                                    ("--device", "toaster", "device"), ("--metric", "top0", "metric")):
            line = [*run, option, value] if option != "--metric" else [*run[:-1], value]
            self.assertEqual(self.items(*line, code=USAGE)[item]["level"], "fail")
        self.assertEqual(self.items(*run, "--tolerance", "30%")["tolerance"]["level"], "warn")
        self.fails(USAGE, "--tolerance 'much'", "preflight", *run, "--tolerance", "much")

    def test_overlap_of_calibration_and_validation(self):
        items = self.items(self.model, "--data", self.data, "--calibration", self.data, "--metric", "top1", code=BAD_INPUT)
        self.assertIn("are validation data too", items["calibration data"]["finding"])

    def test_few_samples_warn(self):
        few = self.save_data("few.npz", 50)
        items = self.items(self.model, "--data", few, "--calibration", self.other, "--metric", "top1")
        self.assertEqual(items["validation data"]["level"], "warn")
        items = self.items(self.model, "--data", few, "--metric", "top1")
        self.assertEqual(items["calibration data"]["level"], "warn")

    def test_a_dry_run_prints_the_plan_and_writes_nothing(self):
        before = contents(self.folder)
        line = ["optimize", self.model, "--data", self.data, "--metric", "top1", "--dry-run"]
        text = self.done(*line).stdout
        self.assertEqual([row.split(":")[0].split(" ")[0] for row in text.splitlines()],
                         ["baseline", "simplify", "dynamic-int8", "static-int8", "fp16"])
        plan = {step["kind"]: step for step in self.json(*line)["plan"]}
        self.assertTrue(plan["simplify"]["applies"])
        self.assertTrue(plan["static-int8"]["applies"])
        # The matrix product is 80 of 55376 multiply-adds; convolutions are never quantized dynamically.
        self.assertFalse(plan["dynamic-int8"]["applies"])
        self.assertIn("0.144 %", plan["dynamic-int8"]["why"])
        self.assertEqual(before, contents(self.folder))


class ConfigTest(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("m.onnx", classifier())
        self.data = self.save_data("d.npz")
        self.line = ["evaluate", self.model, "--data", self.data]

    def config(self, text, name="edgeopt.toml"):
        return self.write(name, text.encode())

    def test_options_come_from_the_file_and_what_is_typed_wins(self):
        self.fails(USAGE, "--metric is required", *self.line)
        self.config('metric = "top1"\n')
        self.assertEqual(self.json(*self.line)["metric"], "top1")
        self.assertEqual(self.json(*self.line, "--metric", "top5")["metric"], "top5")

    def test_a_table_is_for_one_command(self):
        self.config('[evaluate]\nmetric = "top5"\nsamples = 10\n[quantize]\nprecision = "fp16"\n')
        document = self.json(*self.line)
        self.assertEqual((document["metric"], document["samples"]), ("top5", 10))
        self.assertEqual(self.json("quantize", self.model, "-o", "q.onnx")["precision"], "fp16")

    def test_another_file(self):
        path = self.config('metric = "top1"\n', "other.toml")
        self.assertEqual(self.json(*self.line, "--config", path)["metric"], "top1")
        self.assertNotEqual(self.run_edgeopt(*self.line, "--config", "nowhere.toml").returncode, DONE)

    def test_lists_and_flags(self):
        self.config('[quantize]\nexclude = ["conv", "dense"]\ncalibrator = "minmax"\nforce = true\n')
        self.write("q.onnx", b"replaced because of force")
        line = ["quantize", self.model, "-o", "q.onnx", "--calibration", self.data]
        self.fails(UNSUPPORTED, "", *line)  # nothing is left to quantize
        # The typed list takes the place of the other.
        document = self.json(*line, "--exclude", "conv")
        self.assertEqual({row["name"]: row["int8"] for row in document["nodes"] if row["name"] in ("conv", "dense")},
                         {"conv": False, "dense": True})

    def test_mistakes_are_named_with_their_line(self):
        for text, told in (('\nmetrik = "top1"\n', "line 2: no command has an option 'metrik'"),
                           ('[evaluate]\nmetrc = "top1"\n', "line 2: evaluate has no option 'metrc'; did you mean 'metric'?"),
                           ('[frobnicate]\nx = 1\n', "there is no command 'frobnicate'"),
                           ("metric = top1\n", "line 1: "), ('metric = "top1"\nmetric = "top5"\n', "line 2")):
            self.config(text)
            self.fails(USAGE, told, *self.line)


class JsonTest(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("m.onnx", classifier())
        self.data = self.save_data("d.npz")

    def strict(self, text):
        """RFC 8259: NaN and Infinity are no numbers."""
        def refuse(constant):
            self.fail(f"{constant} is no JSON")
        return json.loads(text, parse_constant=refuse)

    def test_every_answer_is_one_document(self):
        quick = ["--threads", "1", "--seconds", "0.01"]
        lines = [["inspect", "m.onnx"], ["inspect", "m.onnx", "--text"], ["simplify", "m.onnx", "-o", "s.onnx"],
                 ["quantize", "m.onnx", "-o", "q.onnx", "--calibration", "d.npz"], ["bench", "m.onnx", *quick],
                 ["evaluate", "m.onnx", "--data", "d.npz", "--metric", "top1"], ["profile", "m.onnx", "--threads", "1"],
                 ["compare", "m.onnx", "m.onnx", "--data", "d.npz"], ["list", "passes"], ["version"], ["completion", "bash"],
                 ["preflight", "m.onnx", "--data", "d.npz", "--metric", "top1"], ["man"],
                 ["evaluate", "m.onnx", "--baseline", "m.onnx", "--data", "d.npz", "--metric", "sqnr"]]
        for line in lines:
            with self.subTest(command=" ".join(line)):
                process = self.done(*line, "--json")
                document = self.strict(process.stdout)
                self.assertEqual(document["schema_version"], 1)
                self.assertNotIn("error", document)
                # Before the command, too.
                if line[0] == "list":
                    self.assertEqual(self.strict(self.done("--json", *line).stdout), document)

    def test_infinity_is_a_text(self):
        document = self.strict(self.done("evaluate", "m.onnx", "--baseline", "m.onnx", "--data", "d.npz", "--metric", "sqnr",
                                         "--json").stdout)
        self.assertEqual(document["value"], "Infinity")

    def test_every_error_is_one_document(self):
        cases = {USAGE: [["optimise"], ["inspect"], ["inspect", "m.onnx", "--no-such-option"], ["status"], ["resume"], ["report"],
                         ["list", "nonsense"], ["accept", "x", "--reason", "y"], ["package"], ["frobnicate", "x"],
                         ["simplify", "m.onnx", "-o", "m.onnx"], ["quantize", "m.onnx", "-o", "q.onnx"],
                         ["optimize", "m.onnx"], ["preflight", "m.onnx"]],
                 BAD_INPUT: [["inspect", "nowhere.onnx"], ["bench", "d.npz"], ["verify", "nowhere"], ["verify", "d.npz"],
                             ["evaluate", "m.onnx", "--data", "nowhere", "--metric", "top1"],
                             ["compare", "m.onnx", "nowhere.onnx", "--data", "d.npz"]],
                 UNAVAILABLE: [["simplify", "m.onnx", "-o", "nowhere/s.onnx"],
                               ["bench", "m.onnx", "--runtime-library", "nowhere.so"]]}
        for code, lines in cases.items():
            for line in lines:
                with self.subTest(command=" ".join(line)):
                    process = self.run_edgeopt(*line, "--json")
                    self.assertEqual(process.returncode, code, process.stdout + process.stderr)
                    document = self.strict(process.stdout)
                    self.assertEqual(document["error"]["code"], code)
                    self.assertTrue(document["error"]["message"])
                    self.assertNotIn("error: ", process.stderr)

    def test_names_that_are_no_utf8(self):
        model = elementwise(node("Relu", ["x"], ["y"], name="a\x01b"))
        model.nodes[0] = model.nodes[0].replace(b"a\x01b", b"a\xff\x01")
        process = self.run_edgeopt("inspect", self.write("n.onnx", model), "--json", "--nodes")
        self.strict(process.stdout)


if __name__ == "__main__":
    unittest.main()
