"""Inputs where the model does not tell their shapes: from what the user gave, or from a sample."""

import numpy

from . import tensors
from .errors import bad_input, last_lines
from .source import Input

# Sizes to try for dynamic dimensions behind the first: short sequences, then images.
SIZES = (16, 64, 224, 512)


class Given:
    """`inputs` (source.Input) in the model's order, the arrays of the sample by name, and the values of parameters
    that are numbers, which are no inputs: exporters take them for constants."""

    def __init__(self, inputs, examples, numbers):
        self.inputs, self.examples, self.numbers = inputs, examples, numbers


def read_sample(path):
    """The arrays of an .npy or .npz file, by name; "": the only one."""
    try:
        content = numpy.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise bad_input(f"can't read the sample '{path}': {error}",
                        "give an .npy of the only input, or an .npz by names") from error
    if isinstance(content, numpy.ndarray):
        return {"": content}
    with content:
        return {name: content[name] for name in content.files}


def resolve(source, names, required, what="forward()", numbers=None):
    """`names`: the parameters in order, None when any are taken; `required`: those without a default; `numbers`: the
    type of those that are a number in Python, whose values only a sample tells."""
    examples = read_sample(source.sample) if source.sample else {}
    given = {entry.name: entry for entry in source.inputs}
    fixed = take_numbers(numbers or {}, examples, given, required, what)
    required = [name for name in required if name not in (numbers or {})]
    names = None if names is None else [name for name in names if name not in (numbers or {})]
    for name, array in examples.items():
        if name not in given:
            given[name] = Input(name, tensors.kind_of(array, f"the sample's '{name}'"), list(array.shape))
    if not given:
        raise bad_input(f"the shapes of the inputs are not known: {what} takes {', '.join(names or ['any'])}",
                        "give them: " + " ".join(f"--shape {name}=1x3x224x224" for name in (required or ["x"])))
    if "" in given:
        only = required[0] if required else names[0] if names else "input_0"
        if len(given) > 1 or len(required) > 1:
            raise bad_input(f"the input without a name is not the only one: {what} takes {', '.join(names or [])}",
                            "give a shape for each by name: " + " ".join(f"--shape {name}=..." for name in required))
        given = {only: Input(only, given[""].kind, given[""].dims)}
        examples = {only: array for array in examples.values()}
    if names is not None:
        for name in given:
            if name not in names:
                raise bad_input(f"{what} has no parameter '{name}'", "it takes " + ", ".join(names))
        missing = [name for name in required if name not in given]
        if missing:
            raise bad_input(f"no shape for {', '.join(missing)} of {what}",
                            " ".join(f"--shape {name}=..." for name in missing))
        given = {name: given[name] for name in names if name in given}
    return Given(list(given.values()), examples, fixed)


def take_numbers(numbers, examples, given, required, what):
    fixed = {}
    for name, kind in numbers.items():
        given.pop(name, None)
        if name in examples and examples[name].size == 1:
            fixed[name] = kind(examples.pop(name).item())
        elif name in required:
            raise bad_input(f"{what} takes the {kind.__name__} '{name}', whose value is not known",
                            f"give it in a sample: an .npz with '{name}' and the tensors by their names")
    return fixed


def arrange(positions, by_name):
    """(args, kwargs): by position where no parameter before the last given one is left out."""
    given = [name for name in positions if name in by_name]
    if positions[:len(given)] == given:
        return tuple(by_name[name] for name in given), {}
    return (), by_name


def example_arrays(inputs, examples, batch, size):
    """Arrays to run the model with: `batch` for a dynamic first dimension, `size` for other dynamic ones."""
    arrays = []
    for entry in inputs:
        array = examples.get(entry.name)
        dims = [(batch if axis == 0 else size) if dim == -1 else dim for axis, dim in enumerate(entry.dims)]
        fits = array is not None and len(array.shape) == len(dims) and tensors.kind_of(array, "sample") == entry.kind
        if fits and all(want in (-1, have) for have, want in zip(array.shape, entry.dims)):
            dims = [have if axis or want != -1 else batch
                    for axis, (have, want) in enumerate(zip(array.shape, entry.dims))]
            array = numpy.resize(array, dims) if list(array.shape) != dims else array
        else:
            array = tensors.zeros(entry.kind, dims)
        arrays.append(tensors.Tensor(entry.name, entry.kind, array))
    return arrays


def has_dynamic(inputs, behind_the_first=False):
    return any(dim == -1 for entry in inputs for dim in entry.dims[1 if behind_the_first else 0:])


def does_not_run(inputs, error):
    shapes = ", ".join(f"{entry.name} {entry.kind}{entry.dims}" for entry in inputs)
    return bad_input(f"the model does not run on inputs of {shapes}: {last_lines(error)}",
                     "give other shapes or types: --shape NAME=1x3x224x224")
