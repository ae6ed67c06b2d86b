#!/usr/bin/env python3
"""TensorFlow and Keras models in all their forms behind the worker. The truth is Keras in this process; exported
files run in ONNX's reference implementation and in TensorFlow's TFLite interpreter."""

import pathlib
import sys
import tempfile
import unittest

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from worker_client import PLAN, PYTHON_FOLDER, Refused, Worker, WorkerTest, encode, noise, run_onnx  # noqa: E402

try:
    import keras
    import tensorflow as tf
    import tf_keras
except ImportError:
    tf = None


def make(package):
    """A small classifier whose batch normalization does something."""
    package.utils.set_random_seed(4)
    layers = package.layers
    image = layers.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same")(image)
    x = layers.BatchNormalization(moving_mean_initializer="ones", beta_initializer="ones")(x)
    x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.5)(x)
    return package.Model(image, layers.Dense(3, activation="softmax", name="scores")(x))


def run_tflite(path, inputs):
    interpreter = tf.lite.Interpreter(model_path=str(path))
    runner = interpreter.get_signature_runner()
    return runner(**inputs)


@unittest.skipIf(tf is None, "this Python has no TensorFlow with Keras 2 and 3")
class TensorflowTest(WorkerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = noise(2, 8, 8, 3)

    def check(self, kind, name, output, expected, **source):
        """Describes, runs, times and exports; `expected` is for self.image."""
        with Worker("tensorflow", kind, path=self.path(name), **source) as worker:
            loaded = worker.load()
            self.assertEqual([(spec["name"], spec["type"], spec["dims"]) for spec in loaded["inputs"]],
                             [("image", "float32", [-1, 8, 8, 3])])
            self.assertEqual([(spec["name"], spec["dims"]) for spec in loaded["outputs"]], [(output, [-1, 3])])
            numpy.testing.assert_allclose(worker.run(image=self.image)[output], expected, rtol=1e-5)
            worker.call("inputs", samples=[[encode("image", self.image)]])
            self.assertGreaterEqual(len(worker.call("bench", **PLAN)["latencies_ns"]), 25)
            for exporter, run in (("tf2onnx", run_onnx), ("tflite", run_tflite)):
                file = self.folder / f"{kind}.{exporter}"
                result = worker.export(file, exporter, dynamic_axes={"image": [0]})
                self.assertEqual(result["opset"], 17 if exporter == "tf2onnx" else 0)
                results = run(file, {"image": self.image})
                self.assertEqual(list(results), [output])
                numpy.testing.assert_allclose(results[output], expected, rtol=1e-4, atol=1e-6)
                worker.export(file, exporter)  # the batch becomes 1
                results = run(file, {"image": self.image[:1]})
                numpy.testing.assert_allclose(results[output], expected[:1], rtol=1e-4, atol=1e-6)
            return worker.call("describe")


class Keras(TensorflowTest):
    def test_keras_3_archive_and_hdf5(self):
        model = make(keras)
        expected = model(self.image, training=False).numpy()
        for kind, name in (("keras", "model.keras"), ("h5", "model.h5")):
            with self.subTest(kind):
                model.save(self.path(name))
                described = self.check(kind, name, "scores", expected)
                self.assertEqual(described["parameters"], model.count_params())
                self.assertEqual(described["dynamic"], {"image": [0]})

    def test_what_is_inside(self):
        model = make(keras)
        model.save(self.path("inside.keras"))
        stages = [keras.Model(model.inputs, layer.output)(self.image, training=False).numpy()
                  for layer in model.layers[1:]]
        with Worker("tensorflow", "keras", path=self.path("inside.keras")) as worker:
            worker.load()
            rows, complete = worker.inside(image=self.image)
            self.assertTrue(complete)
            self.assertEqual(rows[0][3], [])
            self.assertIn("conv2d", rows[0][0])
            self.assertEqual(rows[-1][1], "Softmax")
            arrays = [array for _, _, array, _ in rows]
            for layer, stage in zip(model.layers[1:], stages, strict=True):
                self.assertTrue(any(array.shape == stage.shape and numpy.allclose(array, stage, 1e-5, 1e-6)
                                    for array in arrays), layer.name)
            numpy.testing.assert_allclose(worker.run(image=self.image)["scores"], stages[-1], rtol=1e-5)
            rows, complete = worker.inside(image=self.image, max_bytes=arrays[0].nbytes)
            self.assertFalse(complete)
            self.assertEqual(len(rows), 1)

    def test_keras_2_hdf5(self):
        model = make(tf_keras)
        model.save(self.path("two.h5"))
        self.check("h5", "two.h5", "scores", model(self.image, training=False).numpy())

    def test_sequential(self):
        for package, kind, name in ((keras, "keras", "row.keras"), (keras, "h5", "row3.h5"), (tf_keras, "h5", "row2.h5")):
            with self.subTest(name):
                layers = package.layers
                model = package.Sequential([layers.Input((8, 8, 3), name="image"), layers.Conv2D(4, 3), layers.Flatten(),
                                            layers.Dense(3, name="scores")])
                model.save(self.path(name))
                self.check(kind, name, "scores", model(self.image, training=False).numpy())

    def test_layers_with_gradients_of_their_own(self):
        image = keras.Input((8, 8, 3), name="image")
        middle = keras.layers.Conv2D(4, 3, activation="silu")(image)
        model = keras.Model(image, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(middle)))
        model.save(self.path("silu.keras"))
        expected = model(self.image, training=False).numpy()
        with Worker("tensorflow", "keras", path=self.path("silu.keras")) as worker:
            worker.load()
            worker.export(self.folder / "silu.tflite", "tflite", dynamic_axes={"image": [0]})
        (result,) = run_tflite(self.folder / "silu.tflite", {"image": self.image}).values()
        numpy.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)

    def test_code_of_a_file_needs_consent(self):
        for package, kind, name in ((tf_keras, "h5", "lambda2.h5"), (keras, "keras", "lambda3.keras"),
                                    (keras, "h5", "lambda3.h5")):
            with self.subTest(name):
                one = package.Sequential([package.layers.Input((4,)), package.layers.Lambda(lambda x: x + 1)])
                one.save(self.path(name))
                self.assert_refused(Worker("tensorflow", kind, path=self.path(name)), 2, "Lambda", "--trust-code")

    def test_a_file_that_is_no_model(self):
        model = make(keras)
        model.save_weights(self.path("only.weights.h5"))
        self.assert_refused(Worker("tensorflow", "h5", path=self.path("only.weights.h5")), 3, "weights without")
        (self.folder / "garbage.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
        self.assert_refused(Worker("tensorflow", "h5", path=self.path("garbage.h5")), 3, "can't read")
        self.assert_refused(Worker("tensorflow", "keras", path=self.path("absent.keras")), 3, "absent.keras")


class SavedModel(TensorflowTest):
    def test_keras_exports(self):
        model = make(keras)
        model.export(self.path("exported"), verbose=False)
        expected = model(self.image, training=False).numpy()
        described = self.check("saved_model", "exported", "output_0", expected)
        self.assertEqual(described["signatures"], ["serve", "serving_default"])

    def test_signatures_are_listed_and_chosen(self):
        class Twice(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
            def one(self, x):
                return {"y": x * 2}

            @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
            def two(self, x):
                return {"z": x * 3}
        module = Twice()
        tf.saved_model.save(module, self.path("twice"), signatures={"one": module.one, "two": module.two})
        self.assert_refused(Worker("tensorflow", "saved_model", path=self.path("twice")), 3, "one, two", "--signature")
        self.assert_refused(Worker("tensorflow", "saved_model", path=self.path("twice"), signature="three"), 3,
                            "one, two")
        with Worker("tensorflow", "saved_model", path=self.path("twice"), signature="two") as worker:
            worker.load()
            numpy.testing.assert_array_equal(worker.run(x=noise(1, 2))["z"], noise(1, 2) * 3)

    def test_operators_that_read_files_need_consent(self):
        class Reader(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="name")])
            def read(self, name):
                return {"text": tf.io.read_file(name)}
        module = Reader()
        tf.saved_model.save(module, self.path("reader"), signatures={"serving_default": module.read})
        self.assert_refused(Worker("tensorflow", "saved_model", path=self.path("reader")), 2, "ReadFile",
                            "--trust-code")

    def test_what_tflite_lacks_is_named(self):
        class Rare(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([1, 4, 4], tf.float32, name="x")])
            def call(self, x):
                return {"y": tf.linalg.inv(x)}
        module = Rare()
        tf.saved_model.save(module, self.path("rare"), signatures={"serving_default": module.call})
        with Worker("tensorflow", "saved_model", path=self.path("rare")) as worker:
            worker.load()
            with self.assertRaises(Refused) as caught:
                worker.export(self.path("rare.tflite"), "tflite")
            self.assertEqual(caught.exception.code, 4)
            self.assertIn("MatrixInverse", caught.exception.message)
            worker.run(x=numpy.eye(4, dtype=numpy.float32)[None])  # it goes on


@unittest.skipIf(tf is None, "this Python has no TensorFlow with Keras 2 and 3")
class Tensorflow1(unittest.TestCase):
    """The loader for graphs that TensorFlow 2 can't make functions of."""

    def test_runs_and_freezes(self):
        sys.path.insert(0, str(PYTHON_FOLDER))
        from edgeopt_worker import tf_saved_model
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/one"
            v1 = tf.compat.v1
            with tf.Graph().as_default(), v1.Session() as session:
                x = v1.placeholder(tf.float32, [None, 3], name="x")
                weight = v1.get_variable("w", initializer=noise(3, 2), use_resource=False)
                y = tf.nn.relu(tf.matmul(x, weight), name="y")
                session.run(v1.global_variables_initializer())
                v1.saved_model.simple_save(session, path, {"in": x}, {"out": y})
            meta_graph = tf_saved_model.read_meta_graph(path)
            program = tf_saved_model.SessionProgram(path, meta_graph, ["serving_default"], "serving_default")
            given = noise(4, 3)
            expected = numpy.maximum(given @ noise(3, 2), 0)
            numpy.testing.assert_allclose(program.call({"in": tf.constant(given)})["out"], expected, rtol=1e-5)
            self.assertEqual(program.parameters(), 6)
            frozen = program.freeze({"in": tf.TensorSpec([None, 3], tf.float32)})
            results = frozen.function(tf.constant(given))
            numpy.testing.assert_allclose(results[0], expected, rtol=1e-5)


if __name__ == "__main__":
    unittest.main()
