"""A PyTorch model of any kind as the server sees it.

A program (torch_program, torch_script, torch_module) has: `inputs` (source.Input, in order), `examples` (arrays by
name), `exporters`, `outputs` (specs where the file tells them, else None), `arguments(tensors)` -> (args, kwargs),
`call(args, kwargs)`, `inside(args, kwargs, values)` (which collects into values.Values), `exported(exporter, tensors,
dynamic)` -> (module, args, kwargs) for one of its exporters, `parameters()`, `class_name`, `warnings` and
`shapes_are_fixed` (for the exporter).
"""

import torch

from . import given_inputs, torch_export, torch_values
from .errors import bad_input, last_lines, ran_out_of_memory
from .tensors import spec


class TorchModel:
    def __init__(self, program):
        self._program = program
        self.inputs = [spec(entry.name, entry.kind, entry.dims, getattr(entry, "symbols", None))
                       for entry in program.inputs]
        observed = self._observe()
        self.outputs = program.outputs or observed

    def prepare(self, tensors):
        """What run takes: made once per sample, so that it is not in the latency."""
        return self._program.arguments([torch_values.to_torch(tensor) for tensor in tensors])

    def run(self, prepared):
        with torch.inference_mode():
            return self._program.call(*prepared)

    def inside(self, prepared, values):
        self._program.inside(*prepared, values)

    def to_tensors(self, result):
        return [torch_values.from_torch(name, value) for name, value in torch_values.named_outputs(result)]

    def facts(self):
        dynamic = {entry["name"]: [axis for axis, size in enumerate(entry["dims"]) if size == -1]
                   for entry in self.inputs}
        return {"class": self._program.class_name, "parameters": self._program.parameters(), "signatures": [],
                "dynamic": {name: axes for name, axes in dynamic.items() if axes},
                "warnings": self._program.warnings}

    def export(self, request):
        return torch_export.export(self._program, request, [entry["name"] for entry in self.outputs])

    def _run_with(self, batch, size):
        program = self._program
        arrays = given_inputs.example_arrays(program.inputs, program.examples, batch, size)
        return torch_values.named_outputs(self.run(self.prepare(arrays)))

    def _observe(self):
        """The outputs of a run; dimensions that change with the inputs' dynamic ones are -1."""
        program = self._program
        sizes = given_inputs.SIZES if given_inputs.has_dynamic(program.inputs, behind_the_first=True) else (1,)
        for size in sizes:
            try:
                first = self._run_with(1, size)
                break
            except Exception as error:
                if ran_out_of_memory(error):
                    raise
                failure = error
        else:
            raise given_inputs.does_not_run(program.inputs, failure) from failure
        if not first:
            raise bad_input("the model returns no tensor")
        program.example_size = size
        self._check_repeats(first, self._run_with(1, size))
        other = first
        if given_inputs.has_dynamic(program.inputs):
            try:
                other = self._run_with(2, 2 * size)
            except Exception as error:  # told, and left static
                program.warnings.append(f"the model does not run with twice the dynamic sizes: {last_lines(error)}")
        specs = []
        for index, (name, value) in enumerate(first):
            dims = list(value.shape)
            if len(other) == len(first) and len(other[index][1].shape) == len(dims):
                dims = [here if here == there else -1 for here, there in zip(dims, other[index][1].shape)]
            specs.append(spec(name, torch_values.kind_of(value, f"the output '{name}'"), dims))
        return specs

    def _check_repeats(self, first, second):
        same = len(first) == len(second) and all(
            one.shape == two.shape and torch.equal(torch.nan_to_num(one), torch.nan_to_num(two))
            for (_, one), (_, two) in zip(first, second))
        if not same:
            self._program.warnings.append(
                "two runs on the same inputs differ: the model keeps a state, or uses random numbers (a dropout that "
                "eval() does not switch off)")
