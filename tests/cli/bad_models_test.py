#!/usr/bin/python3
"""Models that are broken, or that no runtime can run: one clear error, the right exit code, nothing written."""
import math
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

WEIGHT = {"location": "weights.bin", "offset": 0, "length": 864}


class BadModelsTest(CliTest):
    def refused(self, code, text, model, commands=("inspect", "simplify")):
        """Each command refuses the model, says `text` and writes nothing."""
        path = self.write("model.onnx", model)
        data = self.save_data("data.npz")
        lines = {"inspect": ["inspect", path],
                 "simplify": ["simplify", path, "-o", "out.onnx"],
                 "quantize": ["quantize", path, "-o", "out.onnx", "--calibration", data],
                 "dynamic": ["quantize", path, "-o", "out.onnx", "--precision", "dynamic-int8"],
                 "fp16": ["quantize", path, "-o", "out.onnx", "--precision", "fp16"],
                 "bench": ["bench", path],
                 "profile": ["profile", path],
                 "evaluate": ["evaluate", path, "--data", data, "--metric", "top1"],
                 "optimize": ["optimize", path, "--data", data, "--metric", "top1"],
                 "all": []}
        for command in commands if commands != "all" else [key for key in lines if key != "all"]:
            with self.subTest(command=command):
                self.fails(code, text, *lines[command])

    # --- files ---

    def test_a_truncated_file(self):
        whole = classifier().bytes()
        self.refused(BAD_INPUT, "can't be parsed", whole[:-1], "all")
        self.refused(BAD_INPUT, "can't be parsed", whole[:len(whole) // 2])

    def test_what_is_no_model_at_all(self):
        self.refused(BAD_INPUT, "is empty", b"")
        self.refused(BAD_INPUT, "can't be parsed", b"this is not a model\n" * 20)
        damaged = bytearray(classifier().bytes())
        damaged[::37] = bytes(byte ^ 0x5A for byte in damaged[::37])
        self.refused(BAD_INPUT, "the file ", bytes(damaged))

    def test_a_missing_file_and_a_folder(self):
        self.fails(BAD_INPUT, "nowhere.onnx", "inspect", "nowhere.onnx")
        self.fails(BAD_INPUT, "nowhere.onnx", "bench", "nowhere.onnx")
        (self.folder / "folder").mkdir()
        self.fails(BAD_INPUT, "is a folder", "simplify", "folder", "-o", "out.onnx")

    # --- graphs ---

    def test_no_graph_no_outputs_no_operator_set(self):
        self.refused(BAD_INPUT, "holds no graph", field(1, 8) + field(8, field(2, 17)))
        model = classifier()
        model.outputs = []
        self.refused(BAD_INPUT, "has no outputs", model, "all")
        self.refused(BAD_INPUT, "imports no operator set", field(1, 8) + field(7, classifier().graph()))

    def test_a_cycle(self):
        self.refused(BAD_INPUT, "'first' (Add) is on a cycle",
                     elementwise(node("Add", ["x", "y"], ["a"], name="first"), node("Relu", ["a"], ["y"])), "all")

    def test_values_that_nothing_defines(self):
        self.refused(BAD_INPUT, "reads 'nobody'", elementwise(node("Add", ["x", "nobody"], ["y"])), "all")
        self.refused(BAD_INPUT, "'y' is produced by nothing", elementwise(node("Relu", ["x"], ["z"])))
        self.refused(BAD_INPUT, "defines 'y'", elementwise(node("Relu", ["x"], ["y"]), node("Abs", ["x"], ["y"])))

    def test_shapes_that_contradict_each_other(self):
        self.refused(BAD_INPUT, "dense", classifier(dense_rows=9), ("simplify", "quantize", "bench", "evaluate", "optimize"))
        problems = self.json("inspect", self.write("m.onnx", classifier(dense_rows=9)))["problems"]
        self.assertIn("MatMul", " ".join(problems))

    # --- weights ---

    def test_weights_whose_size_is_wrong(self):
        cases = {"needs 972 bytes, found 864": [9, 3, 3, 3], "negative dimension": [-8, 3, 3, 3],
                 "overflow 64 bits": [1 << 62, 3, 3, 3]}
        for text, dims in cases.items():
            self.refused(BAD_INPUT, text, classifier(tensor("w", dims, normal(216))))

    def test_a_type_of_the_future(self):
        weight = field(1, 8) + field(2, 99) + field(8, "w") + field(9, b"1234")
        self.refused(UNSUPPORTED, "element type number 99", classifier(weight))

    def test_weights_with_nan(self):
        values = normal(216)
        values[100] = math.nan
        model = classifier(tensor("w", [8, 3, 3, 3], values))
        self.refused(BAD_INPUT, "weight 'w' holds NaN", model,
                     ("simplify", "quantize", "dynamic", "fp16", "bench", "profile", "evaluate", "optimize"))
        problems = self.json("inspect", self.write("m.onnx", model))["problems"]
        self.assertEqual(problems, ["weight 'w' holds NaN"])

    def test_nan_in_a_constant_node(self):
        nan = tensor("", [1, 4], [0, math.nan, 0, 0])
        self.refused(BAD_INPUT, "holds NaN", elementwise(node("Constant", [], ["c"], value=("tensor", nan)),
                                                         node("Add", ["x", "c"], ["y"])), ("simplify",))

    def test_infinite_weights_may_be_masks(self):
        mask = tensor("m", [1, 4], [0, -math.inf, 0, 0])
        model = elementwise(node("Add", ["x", "m"], ["y"]))
        model.initializers = [mask]
        self.done("simplify", self.write("model.onnx", model), "-o", "out.onnx")

    # --- external data ---

    def external(self, **changed):
        return classifier(tensor("w", [8, 3, 3, 3], None, external={**WEIGHT, **changed}))

    def test_external_data_that_is_right(self):
        self.write("weights.bin", classifier().initializers[0][-864:])
        model = self.write("model.onnx", self.external())
        self.assertEqual(self.json("inspect", model)["parameters"], 216 + 8 + 80)
        self.done("simplify", model, "-o", "out.onnx")
        self.done("bench", model, "--seconds", "0.01")

    def test_external_data_that_leaves_the_folder(self):
        (self.folder / "inner").mkdir()
        outside = self.write("weights.bin", bytes(864))
        for location, text in (("../weights.bin", "leaves the model's folder"), (outside, "absolute path"),
                               ("link.bin", "symbolic link")):
            path = self.write("inner/model.onnx", self.external(location=location))
            if location == "link.bin":
                os.symlink(outside, self.folder / "inner" / "link.bin")
            for line in (["inspect", path], ["simplify", path, "-o", "out.onnx"], ["bench", path],
                         ["evaluate", path, "--data", "x.npz", "--metric", "top1"]):
                with self.subTest(location=location, command=line[0]):
                    self.fails(BAD_INPUT, text, *line)

    def test_external_data_that_is_missing_or_short(self):
        self.refused(BAD_INPUT, "'weights.bin' is missing", self.external(), "all")
        self.write("weights.bin", bytes(100))
        self.refused(BAD_INPUT, "has 100 bytes, expected 864", self.external())
        self.refused(BAD_INPUT, "at offset 1099511627776", self.external(offset=1 << 40))
        self.refused(BAD_INPUT, "offset is '-5'", self.external(offset=-5))
        self.refused(BAD_INPUT, "not a regular file", self.external(location="."))
        os.mkfifo(self.folder / "pipe")
        self.refused(BAD_INPUT, "not a regular file", self.external(location="pipe"))
        os.remove(self.folder / "pipe")

    # --- operators ---

    def test_unknown_operators(self):
        self.refused(UNSUPPORTED, "Frobnicate", elementwise(node("Frobnicate", ["x"], ["y"])), ("simplify", "fp16", "bench"))
        model = elementwise(node("Frob", ["x"], ["y"], domain="com.acme"))
        model.domains = {"com.acme": 1}
        self.refused(UNSUPPORTED, "com.acme:Frob", model, ("simplify", "fp16", "bench"))
        self.assertEqual(self.json("inspect", self.write("m.onnx", model))["operators"][0]["op_type"], "com.acme.Frob")

    def test_unknown_attributes(self):
        self.refused(UNSUPPORTED, "Unrecognized attribute: slope", elementwise(node("Relu", ["x"], ["y"], slope=1)),
                     ("simplify", "fp16", "bench"))

    def test_attributes_that_do_not_fit(self):
        model = classifier()
        model.nodes[0] = node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1])
        self.refused(BAD_INPUT, "conv", model, ("simplify", "bench", "evaluate"))

    def test_versions_of_the_future(self):
        model = classifier()
        model.ir_version = 999
        self.refused(UNSUPPORTED, "IR version 999", model, "all")
        model = classifier()
        model.opset = 999
        self.refused(UNSUPPORTED, "999", model, ("simplify", "bench", "evaluate"))

    def test_names_can_not_command_the_terminal(self):
        model = elementwise(node("Relu", ["x"], ["y"], name="a\x1b[31mred"))
        shown = self.done("inspect", self.write("model.onnx", model), "--nodes").stdout
        self.assertNotIn("\x1b", shown)


if __name__ == "__main__":
    unittest.main()
