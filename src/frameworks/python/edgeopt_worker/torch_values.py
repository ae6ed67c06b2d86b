"""Between the protocol's tensors and PyTorch's; names for what forward() returns."""

import dataclasses

import numpy
import torch

from .errors import unsupported
from .tensors import Tensor

DTYPES = {
    "float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16,
    "uint8": torch.uint8, "int8": torch.int8, "int16": torch.int16, "int32": torch.int32, "int64": torch.int64,
    "bool": torch.bool, "complex64": torch.complex64, "complex128": torch.complex128, "uint16": torch.uint16,
    "uint32": torch.uint32, "uint64": torch.uint64}
KINDS = {dtype: name for name, dtype in DTYPES.items()}


def to_torch(tensor):
    if tensor.kind not in DTYPES:
        raise unsupported(f"PyTorch has no tensors of the type {tensor.kind}")
    array = tensor.array if tensor.array.flags.writeable else tensor.array.copy()
    if tensor.kind == "bfloat16":
        return torch.from_numpy(array.view(numpy.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def kind_of(value, where):
    if value.dtype not in KINDS:
        raise unsupported(f"{where} has the type {value.dtype}, which edgeopt does not know")
    return KINDS[value.dtype]


def from_torch(name, value):
    kind = kind_of(value, f"the output '{name}'")
    value = value.detach().cpu()
    if value.layout != torch.strided or value.is_quantized:
        value = value.dequantize() if value.is_quantized else value.to_dense()
        kind = kind_of(value, f"the output '{name}'")
    value = value.resolve_conj().resolve_neg().contiguous()
    if kind == "bfloat16":
        return Tensor(name, kind, value.view(torch.int16).numpy().view(numpy.uint16))
    return Tensor(name, kind, value.numpy())


def named_outputs(result):
    """[(name, torch.Tensor)] of what forward() returned: one tensor is "output", the elements of a tuple or list
    are "output_0", "output_1", those of a dict or dataclass have their keys, nested ones are joined by "_"."""
    named = []
    collect(result, "", named)
    return named


def collect(value, prefix, named):
    if value is None:
        return
    if isinstance(value, torch.Tensor):
        named.append((prefix or "output", value))
    elif isinstance(value, dict):
        for key, element in value.items():
            collect(element, f"{prefix}_{key}" if prefix else str(key), named)
    elif isinstance(value, (tuple, list)):
        for index, element in enumerate(value):
            collect(element, f"{prefix or 'output'}_{index}", named)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            collect(getattr(value, field.name), f"{prefix}_{field.name}" if prefix else field.name, named)
    else:
        raise unsupported(f"forward() returns a {type(value).__name__} ({prefix or 'output'}), not tensors",
                          "wrap the model in a module that returns tensors only")
