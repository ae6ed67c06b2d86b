"""What is done with an ONNX file whoever exported it: checked, its names set, and made the same each time."""

import onnx

from .errors import last_lines, unsupported

MAX_PROTOBUF_BYTES = 2_000_000_000  # a protobuf ends at 2 GiB; larger weights lie in a file beside


def finish(model, path, external):
    """Writes the model and checks it. Returns the opset of the standard operators."""
    strip(model.graph)
    for function in model.functions:
        del function.metadata_props[:]
        for node in function.node:
            strip_node(node)
    model.doc_string = ""
    del model.metadata_props[:]
    if external:
        onnx.save_model(model, path, save_as_external_data=True, all_tensors_to_one_file=True,
                        location=path.rsplit("/", 1)[-1] + ".data", size_threshold=1024)
    else:
        onnx.save_model(model, path)
    check(path)
    return next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)


def check(path):
    try:
        onnx.checker.check_model(path)
    except Exception as error:
        raise unsupported(f"the exported file is no valid ONNX: {last_lines(error)}") from error


def strip(graph):
    """Where in whose source code a node came from: long, and different on each machine."""
    graph.doc_string = ""
    del graph.metadata_props[:]
    for value in list(graph.input) + list(graph.output) + list(graph.value_info):
        value.doc_string = ""
        del value.metadata_props[:]
    for node in graph.node:
        strip_node(node)


def strip_node(node):
    node.doc_string = ""
    del node.metadata_props[:]
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            strip(attribute.g)
        elif attribute.type == onnx.AttributeProto.GRAPHS:
            for graph in attribute.graphs:
                strip(graph)


def interface(model):
    initializers = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in initializers]
    return inputs, [value.name for value in model.graph.output]
