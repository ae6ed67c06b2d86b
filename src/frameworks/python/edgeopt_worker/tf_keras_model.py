"""Keras models in one file: .keras and .h5, of Keras 3 or, where that can't, of Keras 2 (tf_keras)."""

import json
import zipfile

import tensorflow as tf

from . import tf_export
from .errors import WorkerError, bad_input, last_lines, needs_trust, ran_out_of_memory


def open_keras(source):
    if not source.trust_code:
        check_config(read_config(source), source.path)
    failures = []
    for name in ("keras", "tf_keras"):
        try:
            model = load(name, source)
            return KerasProgram(model, name, failures)
        except WorkerError:
            raise
        except Exception as error:
            if ran_out_of_memory(error):
                raise
            failures.append(f"{name} can't: {last_lines(error)}")
    raise bad_input(f"can't load '{source.path}': {'; '.join(failures)}",
                    "layers of your own: save the model as a SavedModel (model.export(folder))")


def load(name, source):
    if name == "keras":
        import keras
        return keras.models.load_model(source.path, compile=False, safe_mode=not source.trust_code)
    import tf_keras
    return tf_keras.models.load_model(source.path, compile=False, safe_mode=not source.trust_code)


def read_config(source):
    """The layers as the file describes them."""
    try:
        if zipfile.is_zipfile(source.path):
            with zipfile.ZipFile(source.path) as archive:
                return json.loads(archive.read("config.json"))
        import h5py
        with h5py.File(source.path, "r") as file:
            text = file.attrs.get("model_config")
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise bad_input(f"can't read '{source.path}': {last_lines(error)}") from error
    if text is None:
        raise bad_input(f"'{source.path}' holds weights without the layers of their model",
                        "save the whole model: model.save('model.keras')")
    try:
        return json.loads(text if isinstance(text, str) else bytes(text).decode())
    except (ValueError, TypeError, RecursionError) as error:
        raise bad_input(f"the layers in '{source.path}' are not JSON: {last_lines(error)}") from error


def check_config(config, path):
    """Keras 3 refuses the bytecode of Lambda layers by itself in its own archives; Keras 2 runs it."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            pending += value.values()
            inner = value.get("config")
            is_code = value.get("class_name") == "__lambda__" or (
                value.get("class_name") == "Lambda" and isinstance(inner, dict)
                and isinstance(inner.get("function"), (list, tuple))) or "__lambda__" in value
            if is_code:
                layer = inner.get("name", "") if isinstance(inner, dict) else ""
                raise needs_trust(f"the Lambda layer '{layer}' of '{path}' is Python bytecode")


class KerasProgram:
    def __init__(self, model, package, failures):
        self.class_name = type(model).__name__
        self.signatures = []
        self.warnings = [f"loaded by Keras 2: {text}" for text in failures]
        self._model, self._package = model, package
        if not getattr(model, "inputs", None):
            raise bad_input(f"the {self.class_name} does not tell its inputs: it was saved before it saw any",
                            "call it once before saving, or save it as a SavedModel (model.export(folder))")
        names = [plain_name(tensor.name) for tensor in model.inputs]
        self.inputs = list(zip(names, [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs]))
        outputs = unique([plain_name(name) for name in output_names(model)])
        self.outputs = list(zip(outputs, [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.outputs]))
        self._function = tf.function(self._call, reduce_retracing=True)

    def _call(self, **arguments):
        given = [arguments[name] for name, _ in self.inputs]
        structure = tf.nest.pack_sequence_as(structure_of(self._model), given)
        results = tf.nest.flatten(self._model(structure, training=False))
        return {name: result for (name, _), result in zip(self.outputs, results)}

    def call(self, arguments):
        return self._function(**arguments)

    def freeze(self, specs):
        return tf_export.freeze_function(self._call, specs, [name for name, _ in self.outputs], [self._model])

    def parameters(self):
        return int(self._model.count_params())


def output_names(model):
    """The names of the layers that give them. A Sequential of Keras 3 has a Functional inside that knows them."""
    for holder in (model, getattr(model, "_functional", None)):
        if getattr(holder, "output_names", None):
            return holder.output_names
    return [tensor.name for tensor in model.outputs]


def structure_of(model):
    """How the model's inputs lie in its call: alone, in a list or in a dict."""
    for attribute in ("_inputs_struct", "_nested_inputs"):
        if getattr(model, attribute, None) is not None:
            return getattr(model, attribute)
    return model.inputs if len(model.inputs) > 1 else model.inputs[0]


def plain_name(name):
    return name.rsplit(":", 1)[0] if name.rsplit(":", 1)[-1].isdigit() else name


def unique(names):
    taken = []
    for name in names:
        candidate, number = name, 0
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.append(candidate)
    return taken
