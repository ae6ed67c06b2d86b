"""The values inside a TensorFlow model of any kind: what the operators of its frozen graph give, in order of execution.
Their names hold those of the layers ("model/conv1/Conv2D")."""

import re

import tensorflow as tf

from . import tensors

# They hand on what they are given.
HANDING_ON = {"Identity", "IdentityN", "StopGradient", "Reshape", "Squeeze", "ExpandDims", "Placeholder"}
# Functions around the model, which are no layers.
CALLS = r"^(StatefulPartitionedCall(_\d+)?/)+"
FLOATS = {tf.float16, tf.float32, tf.float64}
# What they give is the same for all inputs of a size.
SIZES = {"Shape", "ShapeN", "Size", "Rank"}


def collect(program, prepared, values):
    """Frozen for the shapes of these inputs, as for an export, so that the sizes of most values are known before."""
    specs = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in prepared.items()}
    function = program.freeze(specs).function
    chosen, made_of = choose(function, values)
    if not chosen:
        return
    run = function.prune(function.inputs, chosen)
    results = run(*[prepared[name] for name in specs])
    outputs = [tensor.name for tensor in function.outputs if tensor.name in made_of]
    take(chosen, made_of, dict(zip([tensor.name for tensor in chosen], results)), values, outputs)


def choose(function, values):
    """The tensors to look at, and of each tensor that the inputs have an effect on the names of those it is made of."""
    made_of = {tensor.name: [] for tensor in function.inputs}
    chosen, size = [], 0
    for operation in function.graph.get_operations():
        sources = [tensor.name for tensor in operation.inputs if tensor.name in made_of]
        if not sources or operation.type in SIZES:
            continue
        made_of.update((tensor.name, sources) for tensor in operation.outputs)
        if operation.type in HANDING_ON:
            continue
        for tensor in operation.outputs:
            if tensor.dtype not in FLOATS or not values.complete:
                continue
            size += (tensor.shape.num_elements() or 0) * tensor.dtype.size
            values.complete = size <= values.room and len(chosen) < tensors.MAX_TENSORS
            if values.complete:
                chosen.append(tensor)
    return chosen, made_of


def take(chosen, made_of, results, values, outputs):
    kinds = {tensor.name: tensor.op.type for tensor in chosen}
    places = {}
    for name, sources in made_of.items():
        places[name] = frozenset().union(*(places[source] for source in sources))
        array = results[name].numpy() if name in results else None
        if array is not None and array.size and values.has_room(array.nbytes):
            plain = re.sub(CALLS, "", name).removesuffix(":0")
            kept = tensors.Tensor(plain, tensors.kind_of(array, f"'{plain}'"), array)
            places[name] = {values.add(plain, kinds[name], places[name], kept)}
    values.drop_unused(frozenset().union(*(places[name] for name in outputs)))
