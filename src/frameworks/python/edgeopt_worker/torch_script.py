"""A TorchScript file. Loading and running it runs no Python of the file: TorchScript is a language of its own."""

import torch

from . import given_inputs, torch_inside_graph, torch_script_trace, torch_values
from .errors import WorkerError, bad_input, last_lines, ran_out_of_memory, unsupported
from .source import Input
from .torch_script_state import State, kept_attributes

NUMBERS = {"IntType": int, "FloatType": float, "BoolType": bool}
STATE = "its state"  # no parameter's name


def open_script(source):
    try:
        module = torch.jit.load(source.path, map_location="cpu")
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        raise bad_input(f"PyTorch {torch.__version__} can't load '{source.path}': {last_lines(error)}") from error
    if not hasattr(module, "forward"):
        raise bad_input(f"the TorchScript module of '{source.path}' has no forward()")
    return ScriptProgram(module, source)


def check_not_training(module):
    training = [name or "the module itself" for name, part in module.named_modules()
                if getattr(part, "training", False)]
    if training:
        raise bad_input(f"eval() leaves {', '.join(training[:5])} in training mode")
    # A traced module has the mode of its tracing in its operators; those inside of a branch are of a scripted one.
    graph = module.inlined_graph  # its nodes live no longer than it
    for node in graph.nodes():
        if node.kind() not in ("aten::batch_norm", "aten::dropout"):
            continue
        for value, argument in zip(node.inputs(), torch._C.parse_schema(node.schema()).arguments):
            if argument.name in ("train", "training") and value.toIValue() is True:
                raise bad_input(f"the module was traced in training mode: {node.kind()} trains",
                                "trace it again behind model.eval()")


class ScriptProgram:
    """`inputs`: the tensors of forward(), then the state that it keeps (torch_script_state.py)."""

    exporters = ("torchscript", "dynamo")
    outputs = None
    shapes_are_fixed = False

    def __init__(self, module, source, warnings=()):
        module.eval()
        check_not_training(module)
        self.module = module
        self.warnings, self.example_size = list(warnings), 1
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
        self._own = list(self.inputs)
        self._state = self._find_state()
        if self._state is not None:
            self.inputs = self._own + self._state.inputs
            self.warnings.append(self._state.told())

    def _find_state(self):
        """None without one. With one the sizes are those it was found with: it has been made for them."""
        if not kept_attributes(self.module):
            return None
        sizes = given_inputs.SIZES if given_inputs.has_dynamic(self.inputs, behind_the_first=True) else (1,)
        for size in sizes:
            arrays = given_inputs.example_arrays(self._own, self.examples, 1, size)
            tensors = [torch_values.to_torch(array) for array in arrays]
            try:
                state = State(self.module, [entry.name for entry in self._own], *self._own_arguments(tensors))
                break
            except WorkerError:
                raise
            except Exception as error:
                if ran_out_of_memory(error):
                    raise
                failure = error
        else:
            raise given_inputs.does_not_run(self._own, failure) from failure
        if not state.inputs:
            return None
        self._own = [Input(entry.name, entry.kind, list(tensor.shape)) for entry, tensor in zip(self._own, tensors)]
        return state

    def _own_arguments(self, tensors):
        by_name = {entry.name: tensor for entry, tensor in zip(self._own, tensors)}
        return given_inputs.arrange(self._positions, {**by_name, **self.numbers})

    def arguments(self, tensors):
        args, kwargs = self._own_arguments(tensors[:len(self._own)])
        return args, {**kwargs, STATE: tensors[len(self._own):]} if self._state is not None else kwargs

    def call(self, args, kwargs):
        if self._state is None:
            return self.module(*args, **kwargs)
        own = {name: value for name, value in kwargs.items() if name != STATE}
        return self._state.call(kwargs[STATE], args, own)

    def exported(self, exporter, tensors, dynamic):
        if exporter == "dynamo":
            return self._followed(tensors, dynamic)
        if self._state is not None:
            raise unsupported("the torchscript exporter keeps no state from call to call", "use the dynamo exporter")
        if not self.numbers:
            return self.module, *self.arguments(tensors)
        names = [entry.name for entry in self.inputs]
        return torch_script_trace.Bound(self.module, names, self.numbers).eval(), tuple(tensors), {}

    def _followed(self, tensors, dynamic):
        if dynamic:
            raise unsupported("the dynamo exporter follows TorchScript through one run, so with fixed sizes",
                              "give fixed sizes, or use the torchscript exporter")

        def call(*given):
            return tuple(value for _, value in torch_values.named_outputs(self.call(*self.arguments(list(given)))))
        return torch_script_trace.follow(call, tensors, self.module), tuple(tensors), {}

    def inside(self, args, kwargs, values):
        if self._state is not None:
            raise unsupported("the values inside TorchScript that keeps a state")
        torch_inside_graph.inside_script(self.module, args, kwargs, values)

    def parameters(self):
        return sum(parameter.numel() for parameter in self.module.parameters())
