"""Writes the small .tflite files beside it, which tests/runtimes/litert_*test.cc read.

Usage: python3 make_models.py [FOLDER]
Needs flatbuffers 25.12.19, numpy, and schema_py_generated.py of ai-edge-litert 2.1.4 on PYTHONPATH (the file alone
does, from the wheel's ai_edge_litert/). The files are deterministic.
"""
import pathlib
import sys

import flatbuffers
import numpy as np
import schema_py_generated as schema

FLOAT, INT32, INT4, INT8, BOOL, STRING, INT64, RESOURCE = (getattr(schema.TensorType, name) for name in (
    "FLOAT32", "INT32", "INT4", "INT8", "BOOL", "STRING", "INT64", "RESOURCE"))
OP = schema.BuiltinOperator


class Model:
    def __init__(self):
        self.graph = schema.SubGraphT()
        self.graph.name = "main"
        self.graph.tensors, self.graph.operators, self.graph.inputs, self.graph.outputs = [], [], [], []
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = "edgeopt test"
        self.model.subgraphs = [self.graph]
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []

    def tensor(self, name, data_type, dims, signature=None, value=None):
        made = schema.TensorT()
        made.name, made.type, made.shape, made.shapeSignature = name, data_type, dims, signature
        made.buffer = len(self.model.buffers)
        buffer = schema.BufferT()
        if value is not None:
            buffer.data = np.frombuffer(value.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def op(self, code, inputs, outputs, options=None, options_type=0, custom=None):
        opcode = schema.OperatorCodeT()
        opcode.builtinCode, opcode.deprecatedBuiltinCode = code, min(code, 127)
        opcode.version, opcode.customCode = 1, custom
        self.model.operatorCodes.append(opcode)
        made = schema.OperatorT()
        made.opcodeIndex = len(self.model.operatorCodes) - 1
        made.inputs, made.outputs = inputs, outputs
        made.builtinOptions, made.builtinOptionsType = options, options_type
        self.graph.operators.append(made)

    def signature(self, inputs, outputs):
        """Lists of (name, tensor)."""
        made = schema.SignatureDefT()
        made.signatureKey, made.subgraphIndex = "serving_default", 0
        made.inputs, made.outputs = [], []
        for names, maps in ((inputs, made.inputs), (outputs, made.outputs)):
            for name, index in names:
                entry = schema.TensorMapT()
                entry.name, entry.tensorIndex = name, index
                maps.append(entry)
        self.model.signatureDefs = [made]

    def write(self, path, inputs, outputs):
        self.graph.inputs, self.graph.outputs = inputs, outputs
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))


def options(name):
    return getattr(schema, name + "T")(), getattr(schema.BuiltinOptions, name)


def subtract(folder, signature):
    """z = x - y. With a signature whose order is not the subgraph's."""
    m = Model()
    x, y = m.tensor("x_tensor", FLOAT, [2, 3]), m.tensor("y_tensor", FLOAT, [3])
    z = m.tensor("z_tensor", FLOAT, [2, 3])
    m.op(OP.SUB, [x, y], [z], *options("SubOptions"))
    if signature:
        m.signature([("y", y), ("x", x)], [("z", z)])
    m.write(folder / ("subtract.tflite" if signature else "no_signature.tflite"), [x, y], [z])


def dynamic(folder):
    """b = -x, s = b + 1, both [N, 3]."""
    m = Model()
    x = m.tensor("x", FLOAT, [1, 3], [-1, 3])
    one = m.tensor("one", FLOAT, [1], None, np.float32([1]))
    b, s = m.tensor("b", FLOAT, [1, 3], [-1, 3]), m.tensor("s", FLOAT, [1, 3], [-1, 3])
    m.op(OP.NEG, [x], [b], *options("NegOptions"))
    m.op(OP.ADD, [b, one], [s], *options("AddOptions"))
    m.signature([("x", x)], [("sum", s), ("negated", b)])
    m.write(folder / "dynamic.tflite", [x], [s, b])


def types(folder):
    """not of bool [2]; negated int32 scalar; int4 [3] to float."""
    m = Model()
    b, not_b = m.tensor("b", BOOL, [2]), m.tensor("not_b", BOOL, [2])
    s, minus_s = m.tensor("s", INT32, []), m.tensor("minus_s", INT32, [])
    q, wide = m.tensor("q", INT4, [3]), m.tensor("wide", FLOAT, [3])
    m.op(OP.LOGICAL_NOT, [b], [not_b], *options("LogicalNotOptions"))
    m.op(OP.NEG, [s], [minus_s], *options("NegOptions"))
    cast, kind = options("CastOptions")
    cast.inDataType, cast.outDataType = INT4, FLOAT
    m.op(OP.CAST, [q], [wide], cast, kind)
    m.write(folder / "types.tflite", [b, s, q], [not_b, minus_s, wide])


def empty(folder):
    """A tensor without elements, negated."""
    m = Model()
    x, y = m.tensor("x", FLOAT, [0, 3]), m.tensor("y", FLOAT, [0, 3])
    m.op(OP.NEG, [x], [y], *options("NegOptions"))
    m.write(folder / "empty.tflite", [x], [y])


def late_reshape(folder, name, first, last):
    """reshape(x, [batch of x, 4]), as Keras writes it; a negation before and one behind if asked for."""
    m = Model()
    source = x = m.tensor("x", FLOAT, [1, 2, 2], [-1, 2, 2])
    if first:
        x = m.tensor("minus_x", FLOAT, [1, 2, 2], [-1, 2, 2])
        m.op(OP.NEG, [source], [x], *options("NegOptions"))
    zero, one = m.tensor("zero", INT32, [1], None, np.int32([0])), m.tensor("one", INT32, [1], None, np.int32([1]))
    four = m.tensor("four", INT32, [], None, np.int32(4))
    shape, batch = m.tensor("shape", INT32, [3]), m.tensor("batch", INT32, [])
    target = m.tensor("target", INT32, [2])
    y = m.tensor("y", FLOAT, [1, 4], [-1, 4])
    shape_options, kind = options("ShapeOptions")
    shape_options.outType = INT32
    m.op(OP.SHAPE, [x], [shape], shape_options, kind)
    slice_options, kind = options("StridedSliceOptions")
    slice_options.shrinkAxisMask = 1
    m.op(OP.STRIDED_SLICE, [shape, zero, one, one], [batch], slice_options, kind)
    pack, kind = options("PackOptions")
    pack.valuesCount = 2
    m.op(OP.PACK, [batch, four], [target], pack, kind)
    m.op(OP.RESHAPE, [x, target], [y], *options("ReshapeOptions"))
    output = y
    if last:
        output = m.tensor("z", FLOAT, [1, 4], [-1, 4])
        m.op(OP.NEG, [y], [output], *options("NegOptions"))
    m.signature([("x", source)], [("out", output)])
    m.write(folder / name, [source], [output])


def late_scalar(folder):
    """-x of [1, 1] as a scalar, by a shape that has no elements and so no data, taken off x."""
    m = Model()
    x, minus_x = m.tensor("x", FLOAT, [1, 1]), m.tensor("minus_x", FLOAT, [1, 1])
    shape, scalar, y = m.tensor("shape", INT32, [0]), m.tensor("scalar", FLOAT, []), m.tensor("y", FLOAT, [1, 1])
    m.op(OP.NEG, [x], [minus_x], *options("NegOptions"))
    m.op(OP.RESHAPE, [minus_x, shape], [scalar], *options("ReshapeOptions"))
    m.op(OP.SUB, [x, scalar], [y], *options("SubOptions"))
    m.write(folder / "late_scalar.tflite", [x], [y])


def data_dependent(folder):
    """The indices of what is true: as many as the data say."""
    m = Model()
    x, y = m.tensor("x", BOOL, [4]), m.tensor("y", INT64, [4, 1], [-1, 1])
    m.op(OP.WHERE, [x], [y], *options("WhereOptions"))
    m.write(folder / "data_dependent.tflite", [x], [y])


def refused(folder):
    """What LiteRT refuses: strings, an unknown operator, shapes that do not go together, a variable."""
    m = Model()
    x, y = m.tensor("x", STRING, [1]), m.tensor("y", STRING, [1])
    m.op(OP.RESHAPE, [x, m.tensor("shape", INT32, [1], None, np.int32([1]))], [y], *options("ReshapeOptions"))
    m.write(folder / "string.tflite", [x], [y])
    m = Model()
    x, y = m.tensor("x", FLOAT, [2]), m.tensor("y", FLOAT, [2])
    m.op(OP.CUSTOM, [x], [y], custom="Mystery")
    m.write(folder / "custom.tflite", [x], [y])
    m = Model()
    x, y, z = m.tensor("x", FLOAT, [2]), m.tensor("y", FLOAT, [3]), m.tensor("z", FLOAT, [3])
    m.op(OP.ADD, [x, y], [z], *options("AddOptions"))
    m.write(folder / "mismatch.tflite", [x, y], [z])
    m = Model()
    x, sum_ = m.tensor("x", FLOAT, [2]), m.tensor("sum", FLOAT, [2])
    handle, before = m.tensor("total", RESOURCE, []), m.tensor("before", FLOAT, [2])
    m.op(OP.VAR_HANDLE, [], [handle], *options("VarHandleOptions"))
    m.op(OP.READ_VARIABLE, [handle], [before], *options("ReadVariableOptions"))
    m.op(OP.ADD, [x, before], [sum_], *options("AddOptions"))
    m.op(OP.ASSIGN_VARIABLE, [handle, sum_], [], *options("AssignVariableOptions"))
    m.write(folder / "variable.tflite", [x], [sum_])


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    subtract(folder, signature=True)
    subtract(folder, signature=False)
    dynamic(folder)
    types(folder)
    empty(folder)
    late_reshape(folder, "late_reshape.tflite", first=True, last=False)
    late_reshape(folder, "late_inside.tflite", first=True, last=True)
    late_reshape(folder, "late_input.tflite", first=False, last=False)
    late_scalar(folder)
    data_dependent(folder)
    refused(folder)


main()
