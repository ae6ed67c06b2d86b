"""How a case is described, and the list of all of them: families/*.py each call case() at import."""
import dataclasses
import importlib
import inspect
import pathlib
import zlib
from typing import Any, Callable

import torch
from torch import nn

_cases = []


@dataclasses.dataclass
class Case:
    name: str
    build: Callable[[], tuple]  # the module (or function of tensors), then its inputs
    dynamic: Any = None         # torch.export's dynamic_shapes
    decomposed: bool = False    # to core ATen operators, by run_decompositions()
    run_on: Callable | None = None  # other inputs than those of the export, of other sizes

    def make(self):
        """(module, inputs), the same at each call."""
        torch.manual_seed(zlib.crc32(self.name.encode()))
        module, *inputs = self.build()
        if not isinstance(module, nn.Module):
            module = as_module(module)
        settle(module)
        return module.eval(), tuple(inputs)

    def fed(self, inputs):
        if self.run_on is None:
            return inputs
        torch.manual_seed(zlib.crc32(self.name.encode()) + 1)
        return self.run_on()


def as_module(function):
    module = nn.Module()
    # Its parameters name the program's inputs; PyTorch's own functions tell none.
    module.forward = function if inspect.isfunction(function) else lambda *inputs: function(*inputs)
    return module


def settle(module):
    """Gives normalizations weights and statistics that a reader can't overlook."""
    for part in module.modules():
        if getattr(part, "running_mean", None) is not None:
            nn.init.normal_(part.running_mean, std=0.3)
            nn.init.uniform_(part.running_var, 0.5, 2)
        if "Norm" in type(part).__name__:
            if getattr(part, "weight", None) is not None:
                nn.init.uniform_(part.weight, 0.5, 1.5)
            if getattr(part, "bias", None) is not None:
                nn.init.normal_(part.bias, std=0.3)


def case(name, build, **options):
    assert all(other.name != name for other in _cases), name
    _cases.append(Case(name, build, **options))


def core(name, build, **options):
    """The case as exported, and as NAME_core decomposed to core ATen."""
    case(name, build, **options)
    case(name + "_core", build, decomposed=True, **options)


def collect():
    if not _cases:
        for path in sorted((pathlib.Path(__file__).parent / "families").glob("*.py")):
            importlib.import_module(f"families.{path.stem}")
    return sorted(_cases, key=lambda one: one.name)


def normal(*dims, type=torch.float32):
    return torch.randn(dims).to(type)


def positive(*dims):
    return torch.rand(dims) + 0.1


def unit(*dims):
    """Between -1 and 1."""
    return torch.rand(dims) * 1.8 - 0.9


def distinct(*dims):
    """Values without ties, in random order: for what sorts or takes the greatest."""
    count = int(torch.tensor(dims).prod())
    return (torch.randperm(count).float() * 0.37 - 3).reshape(dims)


def ints(*dims, low=-5, high=6, type=torch.int64):
    return torch.randint(low, high, dims).to(type)


def bools(*dims):
    return torch.rand(dims) > 0.5
