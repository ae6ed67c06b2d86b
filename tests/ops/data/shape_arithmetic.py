"""Writes shape_arithmetic.txt: random shape computations and their results by ONNX's reference
evaluator. Needs onnx==1.23.2 and numpy.

One case per line: a graph in ONNX's text syntax (constants only, output y), then | the shape | the
elements in order.
"""
import numpy as np
from onnx import parser
from onnx.reference import ReferenceEvaluator

rng = np.random.RandomState(7)


def const(name, array):
    array = np.asarray(array, np.int64)
    dims = f"[{','.join(map(str, array.shape))}]" if array.ndim else ""
    return f"int64{dims} {name} = {{{','.join(map(str, array.ravel()))}}}"


def ints(*shape, low=-9, high=10):
    return rng.randint(low, high, shape)


def shape(rank):
    return tuple(rng.randint(1, 4, rank))


def cases():
    for op in ("Add", "Sub", "Mul", "Max", "Min"):
        for a, b in (((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (4,))):
            yield f"y = {op} (a, b)", {"a": ints(*a), "b": ints(*b)}
    for op in ("Div", "Mod"):
        for _ in range(4):
            divisor = ints(4, low=1, high=5) * rng.choice([-1, 1], 4)
            yield f"y = {op} (a, b)", {"a": ints(4, low=-20, high=21), "b": divisor}
    for op in ("Equal", "Less", "Greater"):
        yield f"y = {op} (a, b)", {"a": ints(6, low=0, high=3), "b": ints(6, low=0, high=3)}
    for rank in (1, 2, 3):
        axis = rng.randint(-rank, rank)
        dims = list(shape(rank))
        parts = {}
        for name in "abc":
            dims[axis] = rng.randint(0, 4)
            parts[name] = ints(*dims)
        yield f"y = Concat <axis = {axis}> (a, b, c)", parts
    for rank in (1, 2, 3):
        for index_rank in (0, 1, 2):
            data = ints(*shape(rank))
            axis = rng.randint(-rank, rank)
            size = data.shape[axis]
            indices = rng.randint(-size, size, shape(index_rank))
            yield f"y = Gather <axis = {axis}> (a, b)", {"a": data, "b": indices}
    for rank in (1, 2, 3):
        for _ in range(6):
            data = ints(*shape(rank))
            axes = rng.permutation(rank)[: rng.randint(1, rank + 1)]
            count = len(axes)
            yield "y = Slice (a, starts, ends, axes, steps)", {
                "a": data,
                "starts": rng.choice([-5, -2, -1, 0, 1, 2, 9], count),
                "ends": rng.choice([-(2**63), -5, -1, 0, 1, 2, 9, 2**63 - 1], count),
                "axes": axes - rng.choice([0, rank]),
                "steps": rng.choice([-2, -1, 1, 2, 3], count)}
    for perm in ((1, 0), (0, 1), (2, 0, 1), (1, 2, 0)):
        yield f"y = Transpose <perm = {list(perm)}> (a)", {"a": ints(*shape(len(perm)))}
    yield "y = Transpose (a)", {"a": ints(2, 3, 4)}
    yield "y = Reshape (a, b)", {"a": ints(2, 6), "b": [3, -1]}
    yield "y = Reshape (a, b)", {"a": ints(2, 6), "b": [0, 2, 3]}
    yield "y = Reshape (a, b)", {"a": ints(1), "b": [1, 1]}
    yield "y = Reshape <allowzero = 1> (a, b)", {"a": ints(0, 3), "b": [3, 0]}
    yield "y = Squeeze (a)", {"a": ints(1, 3, 1)}
    yield "y = Squeeze (a, b)", {"a": ints(1, 3, 1), "b": [-1]}
    yield "y = Unsqueeze (a, b)", {"a": ints(3, 2), "b": [0, -1]}
    yield "y = Unsqueeze (a, b)", {"a": ints(), "b": [0]}
    yield "y = Expand (a, b)", {"a": ints(3, 1), "b": [2, 1, 4]}
    yield "y = Expand (a, b)", {"a": ints(3, 1), "b": [1]}
    yield "y = Range (a, b, c)", {"a": 3, "b": 11, "c": 3}
    yield "y = Range (a, b, c)", {"a": 5, "b": -4, "c": -2}
    yield "y = Range (a, b, c)", {"a": 5, "b": 4, "c": 2}
    yield "y = ReduceProd <keepdims = 0> (a)", {"a": ints(4)}
    yield "y = ReduceProd <keepdims = 1> (a)", {"a": ints(4)}
    yield "y = ConstantOfShape <value: tensor = int64[1] {7}> (a)", {"a": [2, 3]}
    yield "y = ConstantOfShape <value: tensor = int64[1] {7}> (a)", {"a": [0]}
    yield "y = Cast <to = 9> (a)", {"a": ints(5, low=0, high=2)}
    yield "y = Cast <to = 6> (a)", {"a": ints(5)}
    yield "y = Identity (a)", {"a": ints(2, 2)}
    yield "c = Less (a, b)  y = Where (c, a, b)", {"a": ints(3), "b": ints(2, 3)}


with open("shape_arithmetic.txt", "w", encoding="ascii") as out:
    for nodes, inputs in cases():
        consts = ", ".join(const(name, value) for name, value in inputs.items())
        model = parser.parse_model('<ir_version: 10, opset_import: ["": 20]> g () => (int64[] y) <'
                                   f'{consts}> {{ {nodes} }}')
        (result,) = ReferenceEvaluator(model).run(None, {})
        result = np.asarray(result)
        text = f"g () => (int64[] y) <{consts}> {{ {nodes} }}"
        elements = " ".join(str(int(v)) for v in result.ravel())
        out.write(f"{text} | {' '.join(map(str, result.shape))} | {elements}\n")
