"""A TorchScript file. Loading and running it runs no Python of the file: TorchScript is a language of its own."""

import torch

from . import given_inputs, torch_inside_graph
from .errors import bad_input, last_lines, ran_out_of_memory, unsupported

NUMBERS = {"IntType": int, "FloatType": float, "BoolType": bool}


def open_script(source):
    try:
        module = torch.jit.load(source.path, map_location="cpu")
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        raise bad_input(f"PyTorch {torch.__version__} can't load '{source.path}': {last_lines(error)}") from error
    if not hasattr(module, "forward"):
        raise bad_input(f"the TorchScript module of '{source.path}' has no forward()")
    module.eval()
    check_not_training(module)
    return ScriptProgram(module, source)


def check_not_training(module):
    training = [name or "the module itself" for name, part in module.named_modules()
                if getattr(part, "training", False)]
    if training:
        raise bad_input(f"eval() leaves {', '.join(training[:5])} in training mode")
    # A traced module has the mode of its tracing in its operators.
    graph = module.inlined_graph  # its nodes live no longer than it
    for node in graph.findAllNodes("aten::batch_norm") + graph.findAllNodes("aten::dropout"):
        for value, argument in zip(node.inputs(), torch._C.parse_schema(node.schema()).arguments):
            if argument.name in ("train", "training") and value.toIValue() is True:
                raise bad_input(f"the module was traced in training mode: {node.kind()} trains",
                                "trace it again behind model.eval()")


class ScriptProgram:
    exporters = ("torchscript",)
    outputs = None
    shapes_are_fixed = False

    def __init__(self, module, source):
        self.module = module
        self.warnings, self.example_size = [], 1
        self.class_name = getattr(module, "original_name", "") or type(module).__name__
        arguments = module.forward.schema.arguments[1:]
        names = [argument.name for argument in arguments]
        numbers = {a.name: NUMBERS[a.type.kind()] for a in arguments if a.type.kind() in NUMBERS}
        given = given_inputs.resolve(
            source, names, [a.name for a in arguments if not a.has_default_value()], numbers=numbers)
        self.inputs, self.examples, self.numbers = given.inputs, given.examples, given.numbers
        used = {entry.name for entry in self.inputs}
        for argument in arguments:
            if argument.name in used and argument.type.kind() not in ("TensorType", "OptionalType"):
                raise unsupported(f"the input '{argument.name}' is a {argument.type}, not a tensor",
                                  "wrap the model in a module that takes tensors only")
        self._positions = names

    def arguments(self, tensors):
        by_name = {entry.name: tensor for entry, tensor in zip(self.inputs, tensors)}
        return given_inputs.arrange(self._positions, {**by_name, **self.numbers})

    def call(self, args, kwargs):
        return self.module(*args, **kwargs)

    def inside(self, args, kwargs, values):
        torch_inside_graph.inside_script(self.module, args, kwargs, values)

    def parameters(self):
        return sum(parameter.numel() for parameter in self.module.parameters())
