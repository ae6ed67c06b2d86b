#!/usr/bin/python3
"""bench, profile, evaluate, compare: numbers that follow from how models and data were made."""
import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

QUICK = ["--threads", "1", "--seconds", "0.02"]


def copy():
    """y = x, float32[n, 4]."""
    return Model([node("Identity", ["x"], ["y"])], [value_info("x", ["n", 4])], [value_info("y", ["n", 4])])


def times(factor, name="mul"):
    model = copy()
    model.nodes = [node("Mul", ["x", "k"], ["y"], name=name)]
    model.initializers = [tensor("k", [1], [factor])]
    return model


def one_hot(classes):
    return [float(column == index) for index in classes for column in range(4)]


def wilson(successes, samples, z=1.959963984540054):
    """Wilson (1927), equation for the score interval; z: the normal distribution's 97.5 % quantile."""
    p, z2 = successes / samples, z * z
    center, spread = p + z2 / (2 * samples), z * math.sqrt(p * (1 - p) / samples + z2 / (4 * samples * samples))
    return (center - spread) / (1 + z2 / samples), (center + spread) / (1 + z2 / samples)


class BenchTest(CliTest):
    def test_percentiles_intervals_counts(self):
        model = self.write("m.onnx", classifier())
        document = self.json("bench", model, *QUICK)
        (row,) = document["models"]
        self.assertGreaterEqual(row["runs"], 100)
        p50, p90, p95, p99 = (row[name]["value_us"] for name in ("p50", "p90", "p95", "p99"))
        self.assertTrue(0 < row["min_us"] <= p50 <= p90 <= p95 <= p99 <= row["max_us"], row)
        self.assertTrue(row["p50"]["low_us"] <= p50 <= row["p50"]["high_us"], row)
        self.assertAlmostEqual(row["runs_per_s"] * row["mean_us"], 1e6, delta=1)
        self.assertEqual(row["threads"], 1)
        self.assertTrue(row["generated_inputs"])
        memory = row["memory"]
        self.assertEqual(memory["peak_above_empty_bytes"], memory["peak_bytes"] - memory["empty_process_bytes"])
        self.assertGreater(row["load_ms"], 0)
        self.assertIn("cpu_model", document["machine"])

    def test_a_model_is_as_fast_as_itself(self):
        model = self.write("m.onnx", classifier())
        twin = self.write("twin.onnx", classifier())
        document = self.json("bench", model, "--against", twin, *QUICK)
        speedup = document["models"][1]["speedup"]
        self.assertTrue(speedup["low"] <= speedup["ratio"] <= speedup["high"], speedup)
        self.assertTrue(0.5 < speedup["ratio"] < 2, speedup)
        self.assertNotIn("speedup", document["models"][0])

    def test_more_work_takes_longer(self):
        """The same convolution once and 24 times."""
        model = classifier()
        chain = [node("Conv", [f"a{i}", "k", "z"], [f"a{i + 1}"], name=f"conv{i}", pads=[1, 1, 1, 1]) for i in range(24)]
        model.nodes[1] = node("Relu", ["c"], ["a0"])
        model.nodes[2:2] = chain
        model.nodes[26] = node("GlobalAveragePool", ["a24"], ["p"])
        model.initializers += [tensor("k", [8, 8, 3, 3], normal(576, 9, 0.05)), tensor("z", [8], [0.0] * 8)]
        long, short = self.write("long.onnx", model), self.write("short.onnx", classifier())
        document = self.json("bench", long, "--against", short, *QUICK)
        self.assertGreater(document["models"][1]["speedup"]["low"], 2)

    def test_text_and_data(self):
        model, data = self.write("m.onnx", classifier()), self.save_data("d.npz")
        process = self.done("bench", model, "--data", data, *QUICK)
        self.assertIn("on 16 samples of arrays", process.stdout)
        for word in ("p50", "p95", "p99", "runs", "peak MB", "threads"):
            self.assertIn(word, process.stdout)
        self.fails(USAGE, "--runs", "bench", model, "--runs", "0")

    def test_sustained_load(self):
        model = self.write("m.onnx", classifier())
        document = self.json("bench", model, "--threads", "1", "--sustained", "3s", "--plot", "load.svg")
        load = document["models"][0]["sustained"]
        self.assertTrue(2 <= len(load["windows"]) <= 3, load["windows"])
        for before, after in zip(load["windows"], load["windows"][1:]):
            self.assertEqual(before["end_s"], after["begin_s"])
        self.assertEqual(sum(window["runs"] for window in load["windows"]), document["models"][0]["runs"])
        self.assertGreaterEqual(load["windows"][-1]["end_s"] - load["windows"][0]["begin_s"], 2.9)
        self.assertLessEqual(load["steady"]["runs"], document["models"][0]["runs"])
        self.assertGreaterEqual(len(document["conditions"]["telemetry"]), 3)
        self.assertIn("<svg", (self.folder / "load.svg").read_text())
        self.assertIn("Steady from", self.done("bench", model, "--threads", "1", "--sustained", "1s").stdout)

    def test_sustained_load_is_of_one_model(self):
        model = self.write("m.onnx", classifier())
        self.fails(USAGE, "one model alone", "bench", model, "--against", model, "--sustained", "1s")
        self.fails(USAGE, "--plot is for --sustained", "bench", model, "--plot", "load.svg")
        self.fails(USAGE, "no length of time", "bench", model, "--sustained", "soon")
        self.fails(USAGE, "--lock-clocks", "bench", model, "--sudo")

    def test_clocks_are_locked_or_it_says_why_not(self):
        run = self.done("bench", self.write("m.onnx", classifier()), *QUICK, "--lock-clocks", "--json")
        clocks = json.loads(run.stdout)["conditions"]["clocks"]
        if clocks != "locked":
            self.assertTrue(clocks.startswith("clocks not locked: "), clocks)
            self.assertIn(clocks, run.stderr)

    def test_profile(self):
        model, data = self.write("m.onnx", classifier()), self.save_data("d.npz")
        document = self.json("profile", model, "--threads", "1", "--runs", "10")
        self.assertEqual(document["runs"], 10)
        self.assertAlmostEqual(sum(row["share"] for row in document["by_op"]), 1, delta=1e-6)
        self.assertEqual({row["kind"] for row in document["by_kind"]}, {"float"})
        self.assertIn("dense", [row["node"] for row in document["nodes"]])
        self.done("quantize", model, "-o", "q.onnx", "--calibration", data, "--calibrator", "minmax")
        document = self.json("profile", "q.onnx", "--threads", "1", "--runs", "10", "--data", data)
        kinds = {row["kind"]: row["nodes"] for row in document["by_kind"]}
        self.assertGreaterEqual(kinds["int8"], 2)
        text = self.done("profile", "q.onnx", "--threads", "1", "--runs", "10", "--top", "1").stdout
        self.assertIn("QLinearConv", text)


class EvaluateTest(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("m.onnx", copy())

    def save(self, classes, labels):
        save_npz(self.folder / "d.npz", x=npy([len(classes), 4], one_hot(classes)), labels=npy([len(labels)], labels, "<i8"))
        return str(self.folder / "d.npz")

    def test_top1_of_known_answers(self):
        """18 of 24 are right by construction."""
        classes = [i % 4 for i in range(24)]
        data = self.save(classes, classes[:18] + [(c + 1) % 4 for c in classes[18:]])
        document = self.json("evaluate", self.model, "--data", data, "--metric", "top1")
        self.assertEqual((document["value"], document["samples"]), (0.75, 24))
        low, high = wilson(18, 24)
        self.assertAlmostEqual(document["interval"]["low"], low, delta=1e-9)
        self.assertAlmostEqual(document["interval"]["high"], high, delta=1e-9)
        self.assertEqual(document["interval"]["method"], "Wilson")
        self.assertIn("m.onnx: top1 0.7500 (0.5510 to 0.8800, 95 % by Wilson) on 24 samples",
                      self.done("evaluate", self.model, "--data", data, "--metric", "top1").stdout)
        limited = self.json("evaluate", self.model, "--data", data, "--metric", "top1", "--samples", "18")
        self.assertEqual((limited["value"], limited["samples"]), (1, 18))

    def test_ties_break_by_the_lowest_index(self):
        save_npz(self.folder / "t.npz", x=npy([4, 4], [1.0] * 16), labels=npy([4], [0, 1, 2, 3], "<i8"))
        document = self.json("evaluate", self.model, "--data", "t.npz", "--metric", "top1")
        self.assertEqual(document["value"], 0.25)
        self.assertEqual(document["details"]["ties"], 4)

    def test_against_a_baseline(self):
        """The candidate swaps classes 0 and 1, which spoils the 6 samples of class 0 and the 6 of class 1."""
        swap = copy()
        swap.nodes = [node("Gather", ["x", "order"], ["y"], axis=1)]
        swap.initializers = [tensor("order", [4], [1, 0, 2, 3], INT64)]
        classes = [i % 4 for i in range(24)]
        document = self.json("evaluate", self.write("swap.onnx", swap), "--baseline", self.model, "--data",
                             self.save(classes, classes), "--metric", "top1")
        self.assertEqual((document["value"], document["baseline"]["value"]), (0.5, 1))
        self.assertAlmostEqual(document["paired"]["difference"], -0.5, delta=1e-9)
        # McNemar, exact: 12 discordant pairs, all one way: 2 * 2^-12.
        self.assertAlmostEqual(document["paired"]["p_value"], 2 ** -11, delta=1e-12)

    def test_agreement_needs_no_labels_but_a_baseline(self):
        save_npz(self.folder / "u.npz", x=npy([8, 4], one_hot([0, 1, 2, 3] * 2)))
        document = self.json("evaluate", self.write("t.onnx", times(2.0)), "--baseline", self.model, "--data", "u.npz",
                             "--metric", "agreement-top1")
        self.assertEqual(document["value"], 1)
        self.fails(USAGE, "baseline", "evaluate", self.model, "--data", "u.npz", "--metric", "cosine")
        self.fails(BAD_INPUT, "label", "evaluate", self.model, "--data", "u.npz", "--metric", "top1")

    def test_other_metrics_and_their_options(self):
        classes = [i % 4 for i in range(8)]
        data = self.save(classes, classes)
        self.assertEqual(self.json("evaluate", self.model, "--data", data, "--metric", "f1")["value"], 1)
        self.fails(USAGE, "there is no", "evaluate", self.model, "--data", data, "--metric", "top17")
        self.fails(USAGE, "NAME=VALUE", "evaluate", self.model, "--data", data, "--metric", "top1", "--metric-option", "x")
        self.fails(USAGE, "nonsense", "evaluate", self.model, "--data", data, "--metric", "top1", "--metric-option", "nonsense=1")


class CompareTest(CliTest):
    def setUp(self):
        super().setUp()
        self.values = [abs(value) + 0.1 for value in normal(32)]
        save_npz(self.folder / "d.npz", x=npy([8, 4], self.values))

    def test_a_model_with_itself(self):
        model = self.write("m.onnx", copy())
        document = self.json("compare", model, model, "--data", "d.npz")
        (output,) = document["outputs"]
        self.assertAlmostEqual(output["cosine"], 1, delta=1e-12)
        self.assertEqual((output["max_abs_error"], output["sqnr_db"]), (0, None))
        self.assertEqual((document["top1_agreements"], document["samples"]), (8, 8))
        self.assertIn("equal", self.done("compare", model, model, "--data", "d.npz").stdout)

    def test_twice_the_value_is_an_error_of_the_value(self):
        document = self.json("compare", self.write("m.onnx", times(1.0)), self.write("t.onnx", times(2.0)), "--data", "d.npz")
        (output,) = document["outputs"]
        self.assertAlmostEqual(output["sqnr_db"], 0, delta=1e-6)  # the error is as large as the signal
        self.assertAlmostEqual(output["cosine"], 1, delta=1e-9)
        self.assertAlmostEqual(output["max_abs_error"], max(self.values), delta=1e-6)

    def test_known_signal_to_noise(self):
        """1 % off everywhere: 20 log10(100) = 40 dB."""
        document = self.json("compare", self.write("m.onnx", times(1.0)), self.write("t.onnx", times(1.01)), "--data", "d.npz")
        self.assertAlmostEqual(document["outputs"][0]["sqnr_db"], 40, delta=0.01)

    def test_layers(self):
        model, data = self.write("m.onnx", classifier()), self.save_data("p.npz")
        self.done("quantize", model, "-o", "q.onnx", "--calibration", data, "--calibrator", "minmax")
        layers = self.json("compare", model, "q.onnx", "--data", data)["layers"]
        self.assertTrue({"c", "p"} <= {row["name"] for row in layers})
        self.assertEqual(next(row for row in layers if row["name"] == "p")["made_by"], "GlobalAveragePool")
        self.assertEqual(self.json("compare", model, "q.onnx", "--data", data, "--outputs-only")["layers"], [])

    def test_models_that_do_not_belong_together(self):
        self.save_data("p.npz")
        other = self.write("other.onnx", elementwise(node("Relu", ["x"], ["y"])))
        self.fails(BAD_INPUT, "x", "compare", self.write("m.onnx", classifier()), other, "--data", "p.npz")


if __name__ == "__main__":
    unittest.main()
