"""What a TorchScript module keeps from one call of forward() to the next: attributes that forward() both reads and
assigns. An exported model keeps nothing, so those become inputs, and outputs for the next call."""

import torch

from . import torch_values
from .errors import unsupported
from .source import Input

SETTLING_RUNS = 3


class State:
    """`inputs` (source.Input) in the order of `arguments`; none where forward() keeps nothing that matters.

    An attribute has no size before forward() has run, so it is run on `args` a few times first: tensors whose type
    and sizes then stay are the state, other values have to stay what they are (a rate, a flag)."""

    def __init__(self, module, taken, args, kwargs):
        self._module = module
        self._tensors, self._constants, self.inputs, self.starts_with_zeros = [], [], [], False
        places = kept_attributes(module)
        if not places:
            return
        fresh = {place: read(module, place) for place in places}
        with torch.no_grad():
            first = call(module, args, kwargs)
            for _ in range(SETTLING_RUNS):
                call(module, args, kwargs)
            before = {place: read(module, place) for place in places}
            call(module, args, kwargs)
        for place, value in before.items():
            self._sort(place, value, read(module, place))
        taken = set(taken)
        for place in self._tensors:
            name = place[-1] if len(place) == 1 else "_".join(place)
            while name in taken:
                name += "_"
            taken.add(name)
            value = before[place]
            self.inputs.append(Input(name, torch_values.kind_of(value, f"'{name}'"), list(value.shape)))
        self.starts_with_zeros = self._starts_with_zeros(first, before, args, kwargs)
        for place, value in fresh.items():
            write(module, place, value)

    def _sort(self, place, before, after):
        name = ".".join(place)
        if isinstance(before, torch.Tensor) and isinstance(after, torch.Tensor):
            if before.shape != after.shape or before.dtype != after.dtype:
                raise unsupported(
                    f"forward() keeps '{name}' from call to call, and its size changes: {list(before.shape)}, then "
                    f"{list(after.shape)}", "export a module whose forward() takes and returns it")
            self._tensors.append(place)
        elif type(before) is type(after) and not isinstance(before, torch.Tensor) and before == after:
            self._constants.append((place, before))
        else:
            raise unsupported(
                f"forward() keeps '{name}' from call to call, which is no tensor ({type(after).__name__}) and changes",
                "export a module whose forward() takes and returns it as a tensor")

    def _starts_with_zeros(self, first, before, args, kwargs):
        """Whether the first run was one with zeros for a state."""
        zeros = [torch.zeros_like(before[place]) for place in self._tensors]
        with torch.no_grad():
            again = self.call(zeros, args, kwargs)
        found, kept = torch_values.named_outputs(again), len(zeros)
        return bool(zeros) and all(one.shape == two.shape and torch.equal(one, two) for (_, one), (_, two) in zip(
            torch_values.named_outputs(first), found[:len(found) - kept]))

    def call(self, tensors, args, kwargs):
        """{name: tensor}: what forward() returns on that state, and the state behind it as NAME_out."""
        for place, value in self._constants:
            write(self._module, place, value)
        for place, value in zip(self._tensors, tensors):
            write(self._module, place, value.clone())  # forward() may change it in place
        results = dict(torch_values.named_outputs(self._module(*args, **kwargs)))
        for place, entry in zip(self._tensors, self.inputs):
            results[f"{entry.name}_out"] = read(self._module, place)
        return results

    def told(self):
        names = ", ".join(entry.name for entry in self.inputs)
        start = "begin with zeros" if self.starts_with_zeros else "zeros are not what the module begins with"
        return (f"forward() keeps {names} from call to call: the model takes them as inputs and returns them, with "
                f"_out behind their names, for the next call; {start}")


def call(module, args, kwargs):
    return module(*args, **kwargs)


def kept_attributes(module):
    """The attributes that forward() reads and assigns, as paths of names; those that are assigned alone (attention
    weights for a picture, say) are of no use to the next call."""
    graph = module.inlined_graph  # its nodes live no longer than it
    read_places = {place_of(node) for node in graph.findAllNodes("prim::GetAttr")}
    assigned = [place_of(node) for node in graph.findAllNodes("prim::SetAttr")]
    return [place for place in dict.fromkeys(assigned) if place is not None and place in read_places]


def place_of(node):
    """The path from the module to the attribute; None for one of an object that is no submodule."""
    path = [node.s("name")]
    owner = next(node.inputs())
    while owner.node().kind() == "prim::GetAttr":
        path.insert(0, owner.node().s("name"))
        owner = next(owner.node().inputs())
    return tuple(path) if owner.node().kind() == "prim::Param" else None


def owner_of(module, place):
    for name in place[:-1]:
        module = getattr(module, name)
    return module


def read(module, place):
    return getattr(owner_of(module, place), place[-1])


def write(module, place, value):
    setattr(owner_of(module, place), place[-1], value)
