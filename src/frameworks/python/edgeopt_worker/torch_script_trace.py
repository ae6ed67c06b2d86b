"""What PyTorch's exporters take in place of a TorchScript module."""

import keyword

import torch
from torch.fx.experimental import proxy_tensor

from .errors import last_lines, ran_out_of_memory, unsupported


class Bound(torch.jit.ScriptModule):
    """The module as one of the tensors `names` alone: numbers are constants of it, so that the branches which they
    decide are folded."""

    def __init__(self, module, names, numbers):
        super().__init__()
        if any(not name.isidentifier() or keyword.iskeyword(name) for name in names + list(numbers)):
            raise unsupported("forward() has a parameter whose name TorchScript does not take")
        self.module = module
        given = [f"{name}={name}" for name in names] + [f"{name}={value!r}" for name, value in numbers.items()]
        self.define(f"def forward(self, {', '.join(names)}):\n    return self.module.forward({', '.join(given)})\n")


def convolution(*arguments):
    """Traced modules have the form behind the public one, whose last four arguments choose a kernel of a GPU."""
    return torch.ops.aten.convolution.default(*arguments[:9])


DECOMPOSITIONS = {torch.ops.aten._convolution.default: convolution, torch.ops.aten._convolution.deprecated: convolution}


def follow(call, tensors, module):
    """The operators that call(*tensors) runs, as a module of PyTorch's FX: branches and loops are taken as these inputs
    take them, so sizes are fixed, and a branch that hangs on an element is an error."""
    parameters = [value for value in module.parameters() if value.is_floating_point()]
    wanted = [value.requires_grad for value in parameters]
    try:
        # Layers of torch.nn take fused operators, which no exporter knows, where nothing is trained.
        for value in parameters:
            value.requires_grad_(True)
        with torch.enable_grad(), torch.jit.optimized_execution(False):
            followed = proxy_tensor.make_fx(call, DECOMPOSITIONS, pre_dispatch=True)(*tensors)
    except RuntimeError as error:
        if ran_out_of_memory(error):
            raise
        # TorchScript tells where, and drops the message that says why.
        raise unsupported("the module can't be followed through one run; a branch, loop or number that hangs on a "
                          f"tensor's elements would be why: {last_lines(error)}") from error
    finally:
        for value, before in zip(parameters, wanted):
            value.requires_grad_(before)
    name_constants(followed, module)
    return followed.eval()


def name_constants(followed, module):
    """Weights have their names in the module instead of _tensor_constant0, ..."""
    names = {}
    for name, value in list(module.named_parameters()) + list(module.named_buffers()):
        names.setdefault(identity(value), name)
    for node in followed.graph.nodes:
        value = getattr(followed, node.target, None) if node.op == "get_attr" else None
        name = names.get(identity(value)) if isinstance(value, torch.Tensor) else None
        if name is not None:
            put(followed, name.split("."), value.detach())
            node.target = name
    followed.graph.lint()
    followed.delete_all_unused_submodules()
    followed.recompile()


def identity(value):
    return value.data_ptr(), value.dtype, tuple(value.shape), tuple(value.stride())


def put(owner, path, value):
    for name in path[:-1]:
        if not hasattr(owner, name):
            owner.add_module(name, torch.nn.Module())
        owner = getattr(owner, name)
    if not hasattr(owner, path[-1]):
        owner.register_buffer(path[-1], value)
