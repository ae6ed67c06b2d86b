"""A SavedModel folder: by TensorFlow 2's loader where it has functions for its signatures, else by TensorFlow 1's."""

import os

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from . import tf_export
from .errors import bad_input, last_lines, needs_trust, ran_out_of_memory

# Operators that reach outside of the model: files, and Python functions of the process.
REACHING_OUT = {"ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "PyFuncStateless", "EagerPyFunc",
                "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3"}
INIT = "__saved_model_init_op"


def open_saved_model(source):
    meta_graph = read_meta_graph(source.path)
    if not source.trust_code:
        check_operators(meta_graph, source.path)
    signatures = sorted(name for name in meta_graph.signature_def if name != INIT)
    chosen = choose(source, signatures)
    try:
        return FunctionProgram(source.path, meta_graph, signatures, chosen)
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        first = error
    try:
        program = SessionProgram(source.path, meta_graph, signatures, chosen)
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        raise bad_input(f"TensorFlow {tf.__version__} can't load '{source.path}': {last_lines(first)}; by the loader "
                        f"of TensorFlow 1: {last_lines(error)}", "save it again with a TensorFlow of this version") \
            from error
    program.warnings.append(f"loaded by TensorFlow 1's loader: {last_lines(first)[:200]}")
    return program


def read_meta_graph(path):
    file = os.path.join(path, "saved_model.pb")
    saved = saved_model_pb2.SavedModel()
    try:
        with open(file, "rb") as stream:
            saved.ParseFromString(stream.read())
    except Exception as error:  # protobuf's own DecodeError is not importable everywhere
        raise bad_input(f"can't read '{file}': {last_lines(error)}") from error
    if not saved.meta_graphs:
        raise bad_input(f"'{file}' holds no graph")
    for meta_graph in saved.meta_graphs:
        if "serve" in meta_graph.meta_info_def.tags:
            return meta_graph
    return saved.meta_graphs[0]


def check_operators(meta_graph, path):
    graph = meta_graph.graph_def
    nodes = list(graph.node) + [node for function in graph.library.function for node in function.node_def]
    found = sorted({node.op for node in nodes} & REACHING_OUT)
    if found:
        raise needs_trust(f"'{path}' has operators that reach files or Python functions ({', '.join(found)})")


def choose(source, signatures):
    if not signatures:
        raise bad_input(f"'{source.path}' has no signature",
                        "save it with one: tf.saved_model.save(model, folder, signatures=...)")
    if source.signature:
        if source.signature not in signatures:
            raise bad_input(f"'{source.path}' has no signature '{source.signature}'", "it has " + ", ".join(signatures))
        return source.signature
    if "serving_default" in signatures:
        return "serving_default"
    if len(signatures) > 1:
        raise bad_input(f"'{source.path}' has several signatures: {', '.join(signatures)}",
                        f"choose one: --signature {signatures[0]}")
    return signatures[0]


class FunctionProgram:
    class_name = "SavedModel"

    def __init__(self, path, meta_graph, signatures, chosen):
        self.signatures, self.warnings = signatures, []
        # The functions see their variables only as long as the object lives.
        self._object = tf.saved_model.load(path, tags=list(meta_graph.meta_info_def.tags))
        self._function = self._object.signatures[chosen]
        specs = self._function.structured_input_signature[1]
        # The order of the signature's file; the loader's is by name too.
        names = [name for name in sorted(meta_graph.signature_def[chosen].inputs) if name in specs]
        self.inputs = [(name, specs[name]) for name in names]
        outputs = self._function.structured_outputs
        self.outputs = [(name, tf.TensorSpec(outputs[name].shape, outputs[name].dtype)) for name in sorted(outputs)]

    def call(self, arguments):
        return self._function(**arguments)

    def freeze(self, specs):
        return tf_export.freeze_function(lambda **arguments: self._function(**arguments), specs,
                                         [name for name, _ in self.outputs], [self._object])

    def parameters(self):
        return count_variables(self._function.graph.variables)


def count_variables(variables):
    return sum(int(variable.shape.num_elements() or 0) for variable in variables if variable.dtype.is_floating)


class SessionProgram:
    """A graph of TensorFlow 1 with a session that holds its variables."""

    class_name = "SavedModel (TensorFlow 1)"

    def __init__(self, path, meta_graph, signatures, chosen):
        self.signatures, self.warnings = signatures, []
        self.graph = tf.Graph()
        threads = tf.config.threading
        config = tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=threads.get_intra_op_parallelism_threads(),
            inter_op_parallelism_threads=threads.get_inter_op_parallelism_threads())
        self.session = tf.compat.v1.Session(graph=self.graph, config=config)
        with self.graph.as_default():
            tf.compat.v1.saved_model.loader.load(self.session, list(meta_graph.meta_info_def.tags), path)
            self._variables = tf.compat.v1.global_variables()
        signature = meta_graph.signature_def[chosen]
        find = self.graph.get_tensor_by_name
        self.input_tensors = {name: find(signature.inputs[name].name) for name in sorted(signature.inputs)}
        self.output_tensors = {name: find(signature.outputs[name].name) for name in sorted(signature.outputs)}
        self.inputs = [(name, tf.TensorSpec(tensor.shape, tensor.dtype)) for name, tensor in self.input_tensors.items()]
        self.outputs = [(name, tf.TensorSpec(tensor.shape, tensor.dtype))
                        for name, tensor in self.output_tensors.items()]
        self._run = self.session.make_callable(list(self.output_tensors.values()), list(self.input_tensors.values()))

    def call(self, arguments):
        values = self._run(*[arguments[name].numpy() for name in self.input_tensors])
        return dict(zip(self.output_tensors, values))

    def freeze(self, specs):
        frozen = tf.compat.v1.graph_util.convert_variables_to_constants(
            self.session, self.graph.as_graph_def(),
            [tensor.op.name for tensor in self.output_tensors.values()])
        outputs = [tensor.name for tensor in self.output_tensors.values()]

        def call(**arguments):
            results = tf.graph_util.import_graph_def(
                frozen, input_map={tensor.name: arguments[name] for name, tensor in self.input_tensors.items()},
                return_elements=outputs)
            return dict(zip(self.output_tensors, results))

        return tf_export.freeze_function(call, specs, list(self.output_tensors), [])

    def parameters(self):
        return count_variables(self._variables)
