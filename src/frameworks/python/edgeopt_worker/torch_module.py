"""Modules of Python: made by a callable of the user, or pickled whole. Both run code that is not edgeopt's."""

import importlib
import importlib.util
import inspect
import os
import pickle
import sys

import torch

from . import given_inputs, torch_inside, torch_script, torch_weights
from .errors import bad_input, last_lines, needs_trust, ran_out_of_memory


def open_module(source):
    if not source.trust_code:
        raise needs_trust(f"'{source.callable}' is Python code, which has to run to make the model")
    made = make(source.callable)
    if not isinstance(made, torch.nn.Module):
        raise bad_input(f"'{source.callable}' made a {type(made).__name__}, not a torch.nn.Module",
                        "name a class of modules, or a function that returns one")
    warnings = []
    if source.weights:
        warnings += torch_weights.load_into(made, source.weights, source.trust_code)
    else:
        warnings.append("no --weights: the module has those that its code gives it")
    if isinstance(made, torch.jit.ScriptModule):
        return torch_script.ScriptProgram(made, source, warnings)
    return ModuleProgram(made, source, warnings)


def make(name):
    where, _, attributes = name.rpartition(":")
    try:
        found = import_file(where) if where.endswith(".py") else import_name(where)
    except Exception as error:
        raise bad_input(f"can't import '{where}': {last_lines(error)}",
                        "run edgeopt in the folder that holds it, or give the file: folder/nets.py:make_model") \
            from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise bad_input(f"'{where}' has no '{attributes}'", "it has " + ", ".join(
                key for key in vars(found) if not key.startswith("_") and callable(getattr(found, key)))[:500])
        found = getattr(found, attribute)
    if isinstance(found, torch.nn.Module):
        return found
    if not callable(found):
        raise bad_input(f"'{name}' is a {type(found).__name__}, and can't be called")
    try:
        return found()
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        raise bad_input(f"'{name}()' failed: {last_lines(error)}",
                        "name a function without parameters that makes the model") from error


def import_name(name):
    sys.path.insert(0, os.getcwd())
    return importlib.import_module(name)


def import_file(path):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    name = os.path.basename(path)[:-len(".py")]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def open_pickle(source):
    if not source.trust_code:
        raise refuse_pickle(source.path)
    sys.path.insert(0, os.getcwd())
    try:
        loaded = torch.load(source.path, map_location="cpu", weights_only=False)
    except (AttributeError, ImportError) as error:
        raise bad_input(f"the class of the pickled module can't be found: {last_lines(error)}",
                        "run edgeopt in the folder that holds its code, or save the weights alone (state_dict) and "
                        "give package.module:Class --weights FILE") from error
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        raise bad_input(f"can't load '{source.path}': {last_lines(error)}") from error
    if not isinstance(loaded, torch.nn.Module):
        raise holds_no_module(source.path, loaded)
    return ModuleProgram(loaded, source, [])


def refuse_pickle(path):
    """Looks no further than PyTorch's unpickler of plain weights does, which runs nothing of the file."""
    try:
        return holds_no_module(path, torch.load(path, map_location="cpu", weights_only=True))
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, OSError, KeyError):
        return needs_trust(f"'{path}' is a pickle, which runs code as it is loaded")


def holds_no_module(path, loaded):
    return bad_input(f"'{path}' holds a {type(loaded).__name__}, not a module" + (
        ": weights without the code of their model" if isinstance(loaded, dict) else ""),
        "name what makes the module: package.module:make_model --weights " + os.path.basename(path))


class ModuleProgram:
    exporters = ("dynamo", "torchscript")
    outputs = None
    shapes_are_fixed = False

    def __init__(self, module, source, warnings):
        module.eval()
        training = [name or "the module itself" for name, part in module.named_modules() if part.training]
        if training:
            raise bad_input(f"eval() leaves {', '.join(training[:5])} in training mode",
                            "see train() of these modules")
        for parameter in module.parameters():
            parameter.requires_grad_(False)
        self.module, self.warnings, self.example_size = module, warnings, 1
        self.class_name = type(module).__name__
        self._positions, required, numbers, self._any_positions = parameters_of(module.forward)
        given = given_inputs.resolve(source, None if self._any_positions else self._positions, required,
                                     numbers=numbers)
        self.inputs, self.examples, self.numbers = given.inputs, given.examples, given.numbers

    def arguments(self, tensors):
        if self._any_positions:
            return tuple(tensors), {}
        by_name = {entry.name: tensor for entry, tensor in zip(self.inputs, tensors)}
        return given_inputs.arrange(self._positions, {**by_name, **self.numbers})

    def call(self, args, kwargs):
        return self.module(*args, **kwargs)

    def inside(self, args, kwargs, values):
        torch_inside.inside_module(self.module, args, kwargs, values)

    def exported(self, exporter, tensors, dynamic):
        if self.numbers:
            return Bound(self), tuple(tensors), {}
        return self.module, *self.arguments(tensors)

    def parameters(self):
        return sum(parameter.numel() for parameter in self.module.parameters())


class Bound(torch.nn.Module):
    """The program as a module of tensors alone: the numbers that its forward() takes are constants of it."""

    def __init__(self, program):
        super().__init__()
        self.module = program.module
        self._arguments = program.arguments

    def forward(self, *tensors):
        args, kwargs = self._arguments(list(tensors))
        return self.module(*args, **kwargs)


def parameters_of(forward):
    """(names, those without a default, {name: type} of numbers, whether any number of positions is taken)."""
    names, required, numbers, any_positions = [], [], {}, False
    for parameter in inspect.signature(forward).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            any_positions = True
        elif parameter.kind is not parameter.VAR_KEYWORD:
            names.append(parameter.name)
            if parameter.default is parameter.empty:
                required.append(parameter.name)
            if parameter.annotation in (int, float, bool):
                numbers[parameter.name] = parameter.annotation
    return names, required, numbers, any_positions
