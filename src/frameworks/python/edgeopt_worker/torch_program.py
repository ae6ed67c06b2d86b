"""A torch.export archive (.pt2)."""

import contextlib
import os

import torch
from torch.utils import _pytree as pytree

from . import torch_inside_graph, torch_pt2_check, torch_values
from .errors import bad_input, last_lines, ran_out_of_memory, unsupported
from .source import Input
from .tensors import spec


@contextlib.contextmanager
def only_weights():
    """torch.load inside of torch.export.load reads no pickle but plain weights, whatever the archive says."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def open_program(source):
    if not source.trust_code:
        torch_pt2_check.check(source.path)
    try:
        with contextlib.nullcontext() if source.trust_code else only_weights():
            program = torch.export.load(source.path)
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        raise bad_input(f"PyTorch {torch.__version__} can't load '{source.path}': {last_lines(error)}",
                        "export it again with a PyTorch of this version, or choose yours with --python") from error
    check_not_training(program)
    return Pt2Program(program)


def check_not_training(program):
    for node in program.graph.nodes:
        schema = getattr(node.target, "_schema", None)
        if node.op != "call_function" or schema is None:
            continue
        for position, argument in enumerate(schema.arguments):
            if argument.name not in ("train", "training"):
                continue
            value = node.args[position] if position < len(node.args) else node.kwargs.get(argument.name)
            if value is True:
                raise bad_input(f"the program was exported in training mode: {schema.name} trains ('{node.name}')",
                                "export it again behind model.eval()")


class Pt2Program:
    exporters = ("dynamo", "torchscript")
    shapes_are_fixed = True  # which axes are dynamic was decided when the program was exported

    def __init__(self, program):
        self.program = program
        # Assertions about shapes, as texts of Python: none is run that came with a file.
        program._guards_code = []
        self.module = program.module()
        # It has no modes, and says so by an exception, at which the TorchScript exporter stumbles.
        self.module.train = self.module.eval = lambda mode=False: self.module
        self.examples, self.warnings, self.example_size = {}, [], 1
        self.class_name = "ExportedProgram"
        values = {node.name: node.meta.get("val") for node in program.graph.nodes}
        self._constants, self.inputs = [], []
        for entry in program.graph_signature.input_specs:
            if entry.kind is not torch.export.graph_signature.InputKind.USER_INPUT:
                continue
            if isinstance(entry.arg, torch.export.graph_signature.TensorArgument):
                self._constants.append(None)
                self.inputs.append(read_spec(entry.arg.name, values[entry.arg.name]))
            elif isinstance(entry.arg, torch.export.graph_signature.ConstantArgument):
                self._constants.append((entry.arg.value,))
            else:
                raise unsupported(f"the program's input '{entry.arg.name}' is a number, not a tensor",
                                  "export it with a fixed number, or with a tensor")
        self.outputs = self._read_outputs(values)

    def _read_outputs(self, values):
        """From the program's own description; None where that is not of tensors alone."""
        described = []
        for entry in program_outputs(self.program):
            if isinstance(entry, torch.export.graph_signature.ConstantArgument) and entry.value is None:
                described.append(None)
            elif isinstance(entry, torch.export.graph_signature.TensorArgument):
                described.append(values[entry.name])
            else:
                return None
        tree = pytree.tree_unflatten(described, self.program.call_spec.out_spec)
        specs = []
        for name, value in torch_values.named_outputs(tree):
            read = read_spec(name, value)
            specs.append(spec(name, read.kind, read.dims, read.symbols))
        return specs

    def arguments(self, tensors):
        given = iter(tensors)
        flat = [next(given) if constant is None else constant[0] for constant in self._constants]
        return pytree.tree_unflatten(flat, self.program.call_spec.in_spec)

    def call(self, args, kwargs):
        return self.module(*args, **kwargs)

    def inside(self, args, kwargs, values):
        torch_inside_graph.inside_program(self.module, args, kwargs, values)

    def exported(self, exporter, tensors, dynamic):
        return self.module, *self.arguments(tensors)

    def parameters(self):
        return sum(parameter.numel() for parameter in self.program.parameters())


def program_outputs(program):
    kinds = torch.export.graph_signature.OutputKind
    return [entry.arg for entry in program.graph_signature.output_specs if entry.kind is kinds.USER_OUTPUT]


def read_spec(name, value):
    dims = [size if isinstance(size, int) else -1 for size in value.shape]
    read = Input(name, torch_values.kind_of(value, f"'{name}'"), dims)
    read.symbols = ["" if isinstance(size, int) else str(size) for size in value.shape]
    return read
