"""The values inside a PyTorch module: what its layers and the functions between them give, in order of execution.

What does not come from the inputs (a weight that is transposed) is left out, since exporters fold it away; so are
views, which hold no new values.
"""

import torch
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils import _pytree as pytree

from . import torch_values
from .tensors import Tensor


def tensors_in(value):
    return [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def keep(values, name, kind, made_of, value):
    """The places that `value` comes from for what is made of it: its own, or `made_of` where it is not kept."""
    if not value.is_floating_point() or value.is_quantized or value.numel() == 0:
        return made_of
    if not values.has_room(value.numel() * value.element_size()):
        return made_of
    copy = torch_values.from_torch(name, value)
    return {values.add(name, kind, made_of, Tensor(name, copy.kind, copy.array.copy()))}


def is_view(value, given):
    """Whether it holds the elements of one of `given`, all or some of them."""
    return any(value is not other and value.layout == other.layout == torch.strided
               and value.untyped_storage().data_ptr() == other.untyped_storage().data_ptr() for other in given)


class Recorder(TorchFunctionMode):
    """Follows the tensors through what Python calls. A layer of torch.nn is taken as a whole."""

    def __init__(self, module, values):
        super().__init__()
        self._values, self._path, self._quiet, self._hooks = values, [], 0, []
        self._run = object()  # the model may keep tensors that an earlier run has marked
        self._watch(module, "", set())

    def _watch(self, module, path, seen):
        if module in seen:
            return
        seen.add(module)
        whole = isinstance(module, torch.jit.ScriptModule) or (
            type(module).__module__.startswith("torch.") and not any(True for _ in module.children()))
        name = path or type(module).__name__

        def enter(_module, _args, _kwargs):
            self._path.append(path)
            self._quiet += whole

        def leave(_module, args, kwargs, result):
            self._quiet -= whole
            self._path.pop()
            if not self._quiet:
                # Behind a module of modules only what was made where nobody looks is new.
                self._take(name, type(module).__name__, (args, kwargs), result, only_unseen=not whole)

        self._hooks.append(module.register_forward_pre_hook(enter, with_kwargs=True))
        self._hooks.append(module.register_forward_hook(leave, with_kwargs=True))
        if not whole:
            for child, part in module.named_children():
                self._watch(part, f"{path}.{child}" if path else child, seen)

    def remove(self):
        for hook in self._hooks:
            hook.remove()

    def follow(self, tensor, origins):
        # The version tells whether it was written to since.
        tensor._edgeopt_mark = (self._run, frozenset(origins), tensor._version)

    def _is_followed(self, tensor):
        return getattr(tensor, "_edgeopt_mark", (None,))[0] is self._run

    def origins_of(self, value):
        return frozenset().union(*(tensor._edgeopt_mark[1] for tensor in tensors_in(value) if self._is_followed(tensor)))

    def _take(self, name, kind, given, result, only_unseen=False):
        self._quiet += 1  # what is called here is not the model's
        try:
            sources = [tensor for tensor in tensors_in(given) if self._is_followed(tensor)]
            if not sources:
                return
            made_of = self.origins_of(sources)
            # Written to in place, as by x[0] = y.
            changed = [tensor for tensor in sources if tensor._edgeopt_mark[2] != tensor._version]
            for value in {id(value): value for value in tensors_in(result) + changed}.values():
                followed = self._is_followed(value)
                if followed and (only_unseen or value._edgeopt_mark[2] == value._version):
                    continue
                if not followed and is_view(value, sources):
                    self.follow(value, made_of)
                else:
                    self.follow(value, keep(self._values, name, kind, made_of, value))
        finally:
            self._quiet -= 1

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if not self._quiet:
            called = resolve_name(func) or getattr(func, "__name__", str(func))
            short = called.rsplit(".", 1)[-1].strip("_")
            path = self._path[-1] if self._path else ""
            self._take(f"{path}.{short}" if path else short, called, (args, kwargs), result)
        return result


def inside_module(module, args, kwargs, values):
    recorder = Recorder(module, values)
    try:
        # Not inference_mode, whose tensors have no versions.
        with torch.no_grad():
            for tensor in tensors_in((args, kwargs)):
                recorder.follow(tensor, ())
            with recorder:
                result = module(*args, **kwargs)
            values.drop_unused(recorder.origins_of(result))
    finally:
        recorder.remove()
