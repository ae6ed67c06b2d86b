"""To ONNX, by either of PyTorch's two exporters."""

import contextlib
import inspect
import os
import sys
import tempfile
import traceback
import warnings

import onnx
import onnx.version_converter
import torch

from . import given_inputs, onnx_file, torch_values
from .errors import WorkerError, bad_input, last_lines, ran_out_of_memory, unsupported

MAX_WARNINGS, MAX_WARNING = 20, 300


def export(program, request, output_names):
    if request.format != "onnx" or request.exporter not in ("dynamo", "torchscript"):
        raise unsupported(f"PyTorch models are not exported to {request.format} by {request.exporter}")
    if request.exporter not in program.exporters:
        raise unsupported(f"the {request.exporter} exporter takes no such model",
                          "use the " + " or ".join(program.exporters) + " exporter")
    names = [entry.name for entry in program.inputs]
    for name in request.dynamic_axes:
        if name not in names:
            raise bad_input(f"export: the model has no input '{name}'", "it has " + ", ".join(names))
    tensors = [torch_values.to_torch(tensor) for tensor in examples(program, request)]
    try:
        module, args, kwargs = program.exported(request.exporter, tensors, any(request.dynamic_axes.values()))
        with warnings.catch_warnings(record=True) as told, torch.no_grad(), unfused(), \
                tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("always")
            function = by_dynamo if request.exporter == "dynamo" else by_torchscript
            model = lower(function(program, module, request, args, kwargs, output_names, folder), request.opset)
            external = model.ByteSize() > onnx_file.MAX_PROTOBUF_BYTES
            opset = onnx_file.finish(model, request.output, external)
    except WorkerError:
        raise
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        traceback.print_exc()
        raise unsupported(f"the {request.exporter} exporter failed: {last_lines(error)}") from error
    return {"opset": opset, "warnings": collect(told) + interface_warnings(model, names, output_names, opset, request)}


@contextlib.contextmanager
def unfused():
    """Attention as operators that exporters know, instead of PyTorch's own fused one."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def examples(program, request):
    """Inputs to follow through the model. 1 is a constant to the exporters: a dynamic axis has at least 2."""
    entries = program.inputs
    arrays = given_inputs.example_arrays(entries, program.examples, 1, program.example_size)
    if program.shapes_are_fixed:
        return arrays
    for index, entry in enumerate(entries):
        dims = list(arrays[index].array.shape)
        for axis in request.dynamic_axes.get(entry.name, []):
            if axis >= len(dims):
                raise bad_input(f"export: '{entry.name}' has no axis {axis}")
            dims[axis] = max(2, dims[axis])
        if dims != list(arrays[index].array.shape):
            arrays[index].array = given_inputs.tensors.zeros(entry.kind, dims)
    return arrays


def takes_any(module):
    return any(parameter.kind is parameter.VAR_POSITIONAL
               for parameter in inspect.signature(module.forward).parameters.values())


def axis_name(name, axis):
    return "batch" if axis == 0 else f"{name}_{axis}"


def by_dynamo(program, module, request, args, kwargs, output_names, folder):
    names = [entry.name for entry in program.inputs]
    options = {"dynamo": True, "opset_version": request.opset, "input_names": names, "output_names": output_names,
               "external_data": False, "verbose": False}
    if program.shapes_are_fixed:
        check_axes(program, request)
        made = torch.onnx.export(program.program, args, None, kwargs=kwargs or None, **options)
    else:
        if request.dynamic_axes:
            axes = [{axis: axis_name(name, axis) for axis in request.dynamic_axes.get(name, [])} for name in names]
            # forward(*tensors) has one parameter, which is a tuple.
            options["dynamic_shapes"] = ((tuple(axes),) if takes_any(module) else tuple(axes)) if args else dict(
                zip(kwargs, axes))
        made = torch.onnx.export(module, args, None, kwargs=kwargs or None, **options)
    return made.model_proto


def check_axes(program, request):
    """Which axes are dynamic was decided when the program was exported."""
    for entry in program.inputs:
        for axis in request.dynamic_axes.get(entry.name, []):
            if axis >= len(entry.dims) or entry.dims[axis] != -1:
                raise unsupported(f"axis {axis} of '{entry.name}' is fixed in the program: {entry.dims}",
                                  "export the .pt2 again with dynamic_shapes for it")


def by_torchscript(program, module, request, args, kwargs, output_names, folder):
    path = os.path.join(folder, "model.onnx")
    names = [entry.name for entry in program.inputs]
    axes = {name: {axis: axis_name(name, axis) for axis in numbers} for name, numbers in request.dynamic_axes.items()}
    if program.shapes_are_fixed:
        check_axes(program, request)
    torch.onnx.export(module, args, path, kwargs=kwargs or None, dynamo=False, opset_version=request.opset,
                      input_names=names, output_names=output_names, dynamic_axes=axes or None)
    return onnx.load(path)


def lower(model, opset):
    """The dynamo exporter writes no opset below 18. What ONNX's converter can't lower stays as it is, and is told."""
    if next((entry.version for entry in model.opset_import if entry.domain == ""), opset) <= opset:
        return model
    try:
        lowered = onnx.version_converter.convert_version(model, opset)
        for node in lowered.graph.node:
            drop_unknown_attribute(node)
        onnx.checker.check_model(lowered)
        return lowered
    except Exception as error:  # of C++, of any type
        print(f"not lowered to opset {opset}: {last_lines(error)}", file=sys.stderr)
        return model


def drop_unknown_attribute(node):
    """The converter leaves what says how empty axes are meant, which opsets before 18 don't know, beside the axes."""
    name = "noop_with_empty_axes"
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if node.op_type.startswith("Reduce") and name in attributes and "axes" in attributes:
        node.attribute.remove(attributes[name])


def collect(told):
    messages = []
    for entry in told:
        if issubclass(entry.category, (DeprecationWarning, FutureWarning, PendingDeprecationWarning)):
            continue
        text = " ".join(str(entry.message).split())
        text = text[:MAX_WARNING] + ("..." if len(text) > MAX_WARNING else "")
        if text not in messages:
            messages.append(text)
    return messages[:MAX_WARNINGS]


def interface_warnings(model, input_names, output_names, opset, request):
    inputs, outputs = onnx_file.interface(model)
    messages = []
    lost = [name for name in input_names if name not in inputs]
    if lost:
        messages.append(f"the exported file has no input {', '.join(lost)}: the model's outputs do not depend on it")
    if outputs != output_names:
        messages.append(f"the outputs are named {', '.join(outputs)}, not {', '.join(output_names)}")
    if opset != request.opset:
        messages.append(f"the exporter wrote opset {opset}, not {request.opset}")
    return messages
