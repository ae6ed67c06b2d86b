"""A TensorFlow model of any kind as the server sees it.

A program (tf_saved_model, tf_keras_model) has: `inputs` and `outputs` (lists of (name, tf.TensorSpec) in order),
`call({name: tf.Tensor})` -> {name: tf.Tensor}, `freeze({name: TensorSpec})` -> tf_export.Frozen, `class_name`,
`signatures`, `warnings` and `parameters()`.
"""

import numpy
import tensorflow as tf

from . import given_inputs, tensors, tf_export, tf_inside
from .errors import bad_input, last_lines, ran_out_of_memory
from .source import Input
from .tensors import Tensor, spec


class TfModel:
    def __init__(self, program, source):
        self._program = program
        inputs = [Input(name, kind_of(entry, name), dims_of(entry)) for name, entry in program.inputs]
        self._given = given_shapes(source, inputs)
        for entry in inputs:
            if entry.name in self._given and entry.dims is not None:
                entry.dims = narrow(entry, self._given[entry.name])
            elif entry.name in self._given:
                entry.dims = self._given[entry.name]
            elif entry.dims is None:
                raise bad_input(f"the rank of the input '{entry.name}' is not known",
                                f"give its shape: --shape {entry.name}=1x224x224x3")
        self.inputs = [spec(entry.name, entry.kind, entry.dims) for entry in inputs]
        self.outputs = [spec(name, kind_of(entry, name), dims_of(entry)) for name, entry in program.outputs] \
            if all(dims_of(entry) is not None for _, entry in program.outputs) else self._observe(inputs)

    def prepare(self, given):
        return {tensor.name: to_tf(tensor, entry)
                for tensor, (_, entry) in zip(given, self._program.inputs)}

    def run(self, prepared):
        return self._program.call(prepared)

    def inside(self, prepared, values):
        tf_inside.collect(self._program, prepared, values)

    def to_tensors(self, result):
        return [from_tf(name, result[name]) for name, _ in self._program.outputs]

    def facts(self):
        dynamic = {entry["name"]: [axis for axis, size in enumerate(entry["dims"]) if size == -1]
                   for entry in self.inputs}
        return {"class": self._program.class_name, "parameters": self._program.parameters(),
                "signatures": self._program.signatures,
                "dynamic": {name: axes for name, axes in dynamic.items() if axes},
                "warnings": self._program.warnings}

    def export(self, request):
        return tf_export.export(self._program, request, self.inputs, self.outputs)

    def _observe(self, inputs):
        for size in given_inputs.SIZES:
            try:
                run = [self.to_tensors(self.run(self.prepare(given_inputs.example_arrays(inputs, {}, batch, size))))
                       for batch in (1, 2 if given_inputs.has_dynamic(inputs) else 1)]
                break
            except Exception as error:
                if ran_out_of_memory(error):
                    raise
                failure = error
        else:
            raise bad_input(f"the model does not run on inputs of its own shapes: {last_lines(failure)}",
                            "give others: --shape NAME=1x224x224x3") from failure
        specs = []
        for one, two in zip(*run):
            dims = [here if here == there else -1 for here, there in zip(one.array.shape, two.array.shape)]
            specs.append(spec(one.name, one.kind, dims))
        return specs


def given_shapes(source, inputs):
    """{name: dims} of what the user gave, or of the sample."""
    if not source.inputs and not source.sample:
        return {}
    names = [entry.name for entry in inputs]
    given = given_inputs.resolve(source, names, names if len(names) == 1 else [], "the model")
    return {entry.name: list(entry.dims) for entry in given.inputs}


def narrow(entry, dims):
    if len(dims) != len(entry.dims) or any(
            want not in (-1, size) and size != -1 for size, want in zip(dims, entry.dims)):
        raise bad_input(f"the input '{entry.name}' has the shape {entry.dims}, and can't be {dims}")
    return [want if want != -1 else size for size, want in zip(dims, entry.dims)]


def dims_of(entry):
    return None if entry.shape.rank is None else [-1 if size is None else size for size in entry.shape.as_list()]


def kind_of(entry, name):
    return tensors.kind_of(numpy.empty(0, dtype=entry.dtype.as_numpy_dtype), f"'{name}'")


def to_tf(tensor, entry):
    if tensor.kind == "string":
        return tf.constant(tensor.array.tolist(), dtype=tf.string, shape=tensor.array.shape)
    array = tensor.array
    if tensor.kind == "bfloat16":
        array = array.view(tf.bfloat16.as_numpy_dtype)
    return tf.constant(array, dtype=entry.dtype)


def from_tf(name, value):
    array = value.numpy() if hasattr(value, "numpy") else value
    array = numpy.asarray(array)
    kind = tensors.kind_of(array, f"the output '{name}'")
    return Tensor(name, kind, array.view(numpy.uint16) if kind == "bfloat16" else array)
