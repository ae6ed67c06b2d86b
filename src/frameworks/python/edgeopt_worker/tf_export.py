"""To ONNX by tf2onnx and to TFLite by TensorFlow's converter, from one frozen function of the model."""

import re
import tempfile
import traceback

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from .errors import WorkerError, bad_input, last_lines, ran_out_of_memory, unsupported


class Frozen:
    """`function`: a concrete function whose weights are constants; `inputs`, `outputs`: {tensor name: our name}."""

    def __init__(self, function, inputs, outputs):
        self.function, self.inputs, self.outputs = function, inputs, outputs


def freeze_function(call, specs, output_names, keep):
    """`call(**{name: tensor})` -> {name: tensor}; `specs`: {name: TensorSpec}; `keep` holds the variables alive."""
    names = list(specs)
    positional = tf.function(lambda *given: [call(**dict(zip(names, given)))[name] for name in output_names])
    concrete = positional.get_concrete_function(
        *[tf.TensorSpec(entry.shape, entry.dtype, name=f"input_{index}") for index, entry in enumerate(specs.values())])
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=False)
    del keep
    return Frozen(frozen, {tensor.name: name for tensor, name in zip(frozen.inputs, names)},
                  [(tensor.name, name) for tensor, name in zip(frozen.outputs, output_names)])


def export(program, request, inputs, outputs):
    if (request.format, request.exporter) not in (("onnx", "tf2onnx"), ("tflite", "tflite")):
        raise unsupported(f"TensorFlow models are not exported to {request.format} by {request.exporter}")
    for name, axes in request.dynamic_axes.items():
        known = {entry["name"]: entry["dims"] for entry in inputs}
        if name not in known or any(axis >= len(known[name]) for axis in axes):
            raise bad_input(f"export: the model has no input '{name}' with the axes {axes}")
    warnings = []
    specs = {}
    for entry, (name, spec) in zip(inputs, program.inputs):
        shape = exported_shape(entry, request.dynamic_axes.get(name, []), warnings)
        specs[name] = tf.TensorSpec(shape, spec.dtype)
    try:
        if request.format == "onnx":
            opset, told = to_onnx(program.freeze(specs), request)
        else:
            opset, told = 0, to_tflite(program, specs, request)
    except WorkerError:
        raise
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        traceback.print_exc()
        raise unsupported(f"the {request.exporter} exporter failed: {last_lines(error)}") from error
    return {"opset": opset, "warnings": warnings + told}


def exported_shape(entry, dynamic_axes, warnings):
    """Dynamic dimensions become fixed unless asked for: the batch 1, others can't be guessed."""
    shape = []
    for axis, size in enumerate(entry["dims"]):
        if axis in dynamic_axes:
            shape.append(None)
        elif size != -1:
            shape.append(size)
        elif axis == 0:
            shape.append(1)
        else:
            warnings.append(f"axis {axis} of '{entry['name']}' stays dynamic: its size is not known (--shape)")
            shape.append(None)
    return shape


def to_onnx(frozen, request):
    import onnx
    import tf2onnx

    from . import onnx_file
    graph = frozen.function.graph.as_graph_def()
    outputs = [name for name, _ in frozen.outputs]
    model, _ = tf2onnx.convert.from_graph_def(
        graph, input_names=list(frozen.inputs), output_names=outputs, opset=request.opset)
    rename_interface(model, frozen)
    external = model.ByteSize() > onnx_file.MAX_PROTOBUF_BYTES
    opset = onnx_file.finish(model, request.output, external)
    told = []
    if opset != request.opset:
        told.append(f"the exporter wrote opset {opset}, not {request.opset}")
    given, _ = onnx_file.interface(onnx.load(request.output, load_external_data=False))
    lost = [name for name in frozen.inputs.values() if name not in given]
    if lost:
        told.append(f"the exported file has no input {', '.join(lost)}: the model's outputs do not depend on it")
    return opset, told


def rename_interface(model, frozen):
    """Inputs and outputs get their names by the signature in place of TensorFlow's ("Identity:0")."""
    from onnx import helper
    names = dict(frozen.inputs)
    taken = {output for node in model.graph.node for output in node.output} | {
        tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name in names:
            value.name = names[value.name]
    for node in all_nodes(model.graph):
        for index, name in enumerate(node.input):
            if name in names:
                node.input[index] = names[name]
    wanted = dict(frozen.outputs)
    for value in model.graph.output:
        name = wanted.get(value.name, value.name)
        # An Identity, so that no other use of the value has to be found.
        if name != value.name and name not in taken and name not in names.values():
            model.graph.node.append(helper.make_node("Identity", [value.name], [name]))
            value.name = name


def all_nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from all_nodes(attribute.g)


def to_tflite(program, specs, request):
    """By way of a function with a signature, so that the file's inputs and outputs have the model's names."""
    frozen = program.freeze(specs)
    names, outputs = list(specs), [name for _, name in frozen.outputs]
    module = tf.Module()

    def call(**given):
        results = frozen.function(*[given[name] for name in names])
        return dict(zip(outputs, results if isinstance(results, (list, tuple)) else [results]))
    module.call = tf.function(call, autograph=False)
    concrete = module.call.get_concrete_function(
        **{name: tf.TensorSpec(spec.shape, spec.dtype, name=name) for name, spec in specs.items()})
    with tempfile.TemporaryDirectory() as folder:
        # Gradients of layers (silu has its own) hold on to tensors of the model that was frozen.
        tf.saved_model.save(module, folder, signatures={"serving_default": concrete},
                            options=tf.saved_model.SaveOptions(experimental_custom_gradients=False))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        converter.allow_custom_ops = False
        try:
            content = converter.convert()
        except Exception as error:
            if ran_out_of_memory(error):
                raise
            raise explain_operators(error) from error
    with open(request.output, "wb") as file:
        file.write(content)
    return []


def explain_operators(error):
    """TensorFlow lists the operators that TFLite lacks, as Flex and custom ones."""
    text = str(error)
    found = {}
    for kind, listed in re.findall(r"(Flex|Custom) ops: ([^\n]*)", text):
        found.setdefault(kind, sorted({name.strip() for name in listed.split(",") if name.strip()}))
    if found:
        lacking = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in found.items())
        return unsupported(f"TFLite has no operators for parts of the model ({lacking})",
                           "choose a target that takes ONNX, or rewrite these parts")
    return unsupported(f"the tflite exporter failed: {last_lines(error)}")
