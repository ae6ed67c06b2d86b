"""Writes the .tflite files of this folder with LiteRT's own generated schema classes, so that the reader is tested
on files that its schema did not make. Needs PyPI's ai-edge-litert 2.1.4, flatbuffers and numpy."""
import io
import pathlib
import zipfile

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s

FOLDER = pathlib.Path(__file__).parent


def text(value):
    return value.encode()


class Builder:
    """A ModelT in the making, with one subgraph at first."""

    def __init__(self, description):
        self.model = s.ModelT()
        self.model.version = 3
        self.model.description = text(description)
        self.model.buffers = [s.BufferT()]
        self.model.operatorCodes = []
        self.model.subgraphs = []
        self.subgraph("main")

    def subgraph(self, name):
        graph = s.SubGraphT()
        graph.name, graph.tensors, graph.operators = text(name), [], []
        graph.inputs, graph.outputs = [], []
        self.model.subgraphs.append(graph)
        self.graph = graph
        return len(self.model.subgraphs) - 1

    def buffer(self, data):
        buffer = s.BufferT()
        buffer.data = np.frombuffer(data, np.uint8)
        self.model.buffers.append(buffer)
        return len(self.model.buffers) - 1

    def tensor(self, name, shape, kind=s.TensorType.FLOAT32, data=None, **more):
        tensor = s.TensorT()
        tensor.name, tensor.type = text(name), kind
        tensor.shape = shape if shape else None
        tensor.hasRank = True
        if data is not None:
            tensor.buffer = self.buffer(data if isinstance(data, bytes) else data.tobytes())
        for key, value in more.items():
            setattr(tensor, key, value)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def code(self, builtin, custom=None, version=1):
        code = s.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode = builtin, min(builtin, 127)
        code.customCode, code.version = custom, version
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def op(self, code, inputs, outputs, kind=0, options=None, **more):
        op = s.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = code, inputs, outputs
        op.builtinOptionsType, op.builtinOptions = kind, options
        for key, value in more.items():
            setattr(op, key, value)
        self.graph.operators.append(op)
        return op

    def signature(self, key, inputs, outputs, subgraph=0):
        signature = s.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = text(key), subgraph

        def maps(names):
            result = []
            for name, index in names.items():
                entry = s.TensorMapT()
                entry.name, entry.tensorIndex = text(name), index
                result.append(entry)
            return result

        signature.inputs, signature.outputs = maps(inputs), maps(outputs)
        self.model.signatureDefs = (self.model.signatureDefs or []) + [signature]

    def metadata(self, name, data):
        entry = s.MetadataT()
        entry.name, entry.buffer = text(name), self.buffer(data)
        self.model.metadata = (self.model.metadata or []) + [entry]

    def bytes(self):
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def quantization(scale, zero_point, dimension=0):
    q = s.QuantizationParametersT()
    q.scale, q.zeroPoint, q.quantizedDimension = scale, zero_point, dimension
    return q


def conv():
    """Runs in LiteRT: a convolution with two output channels, a mean, and a reshape to the constant shape [2]."""
    b = Builder("convolution")
    random = np.random.default_rng(1)
    x = b.tensor("x", [1, 4, 4, 1], shapeSignature=[-1, 4, 4, 1])
    w = b.tensor("w", [2, 3, 3, 1], data=random.normal(size=(2, 3, 3, 1)).astype("f4"))
    bias = b.tensor("bias", [2], data=np.array([0.5, -0.5], "f4"))
    y = b.tensor("y", [1, 4, 4, 2])
    axes = b.tensor("axes", [2], s.TensorType.INT32, np.array([1, 2], "i4"))
    mean = b.tensor("mean", [1, 2])
    shape = b.tensor("shape", [1], s.TensorType.INT32, np.array([2], "i4"))
    out = b.tensor("out", [2])
    options = s.Conv2DOptionsT()
    options.strideW = options.strideH = 1
    options.fusedActivationFunction = s.ActivationFunctionType.RELU
    b.op(b.code(s.BuiltinOperator.CONV_2D), [x, w, bias], [y], s.BuiltinOptions.Conv2DOptions, options)
    b.op(b.code(s.BuiltinOperator.MEAN), [y, axes], [mean], s.BuiltinOptions.ReducerOptions, s.ReducerOptionsT())
    b.op(b.code(s.BuiltinOperator.RESHAPE), [mean, shape], [out], s.BuiltinOptions.ReshapeOptions, s.ReshapeOptionsT())
    b.graph.inputs, b.graph.outputs = [x], [out]
    b.signature("serving_default", {"x": x}, {"out": out})
    b.metadata("min_runtime_version", b"1.5.0".ljust(16, b"\0"))
    return b


def quantized():
    """Runs in LiteRT: a fully connected layer in int8, one scale per output channel."""
    b = Builder("int8")
    random = np.random.default_rng(2)
    per_channel = [0.01, 0.02, 0.03]
    x = b.tensor("x", [1, 4])
    xq = b.tensor("xq", [1, 4], s.TensorType.INT8, quantization=quantization([0.05], [3]))
    w = b.tensor("w", [3, 4], s.TensorType.INT8, random.integers(-127, 128, (3, 4)).astype("i1"),
                 quantization=quantization(per_channel, [0, 0, 0]))
    bias = b.tensor("bias", [3], s.TensorType.INT32, np.array([10, -20, 30], "i4"),
                    quantization=quantization([0.05 * scale for scale in per_channel], [0, 0, 0]))
    yq = b.tensor("yq", [1, 3], s.TensorType.INT8, quantization=quantization([0.1], [-5]))
    y = b.tensor("y", [1, 3])
    b.op(b.code(s.BuiltinOperator.QUANTIZE), [x], [xq], s.BuiltinOptions.QuantizeOptions, s.QuantizeOptionsT())
    b.op(b.code(s.BuiltinOperator.FULLY_CONNECTED, version=4), [xq, w, bias], [yq],
         s.BuiltinOptions.FullyConnectedOptions, s.FullyConnectedOptionsT())
    b.op(b.code(s.BuiltinOperator.DEQUANTIZE), [yq], [y], s.BuiltinOptions.DequantizeOptions, s.DequantizeOptionsT())
    b.graph.inputs, b.graph.outputs = [x], [y]
    return b


def strings(values):
    encoded = [value.encode() for value in values]
    ends = np.cumsum([4 * (len(encoded) + 2)] + [len(value) for value in encoded])
    return np.array([len(encoded), *ends], "<i4").tobytes() + b"".join(encoded)


def sparsity():
    """A 4 x 4 matrix in 2 x 2 blocks, of which the first row of blocks has one and the second two."""
    sparse = s.SparsityParametersT()
    sparse.traversalOrder, sparse.blockMap = [0, 1, 2, 3], [0, 1]

    def level(size=0, segments=None, indices=None):
        result = s.DimensionMetadataT()
        result.denseSize = size
        if segments:
            result.format = s.DimensionType.SPARSE_CSR
            result.arraySegmentsType, result.arrayIndicesType = s.SparseIndexVector.Int32Vector, s.SparseIndexVector.Uint8Vector
            result.arraySegments, result.arrayIndices = s.Int32VectorT(), s.Uint8VectorT()
            result.arraySegments.values, result.arrayIndices.values = segments, indices
        return result

    sparse.dimMetadata = [level(2), level(segments=[0, 1, 3], indices=[1, 0, 1]), level(2), level(2)]
    return sparse


def blockwise(scales):
    q = s.QuantizationParametersT()
    q.detailsType = s.QuantizationDetails.BlockwiseQuantization
    q.details = s.BlockwiseQuantizationT()
    q.details.scales, q.details.zeroPoints, q.details.blockSize = scales, -1, 4
    return q


def everything():
    """Each corner of the schema that a reader could lose; not meant to run."""
    b = Builder("everything")
    kinds = s.TensorType
    x = b.tensor("x", [4, 4])
    condition = b.tensor("condition", [], kinds.BOOL)
    state = b.tensor("state", [4], isVariable=True)
    b.tensor("words", [3], kinds.STRING, strings(["a", "", "\u00e9\u20ac"]))
    sparse = b.tensor("sparse", [4, 4], data=np.arange(12, dtype="f4"), sparsity=sparsity())
    scales = b.tensor("scales", [2, 2], kinds.FLOAT16, np.ones((2, 2), "f2"))
    packed = b.tensor("packed", [2, 7], kinds.INT4, bytes(range(7)), quantization=blockwise(scales))
    b.tensor("nothing", [0], kinds.INT32, b"")
    b.tensor("far", [8], externalBuffer=7)
    variant = b.tensor("variant", [], kinds.VARIANT)
    nested = s.VariantSubTypeT()
    nested.shape, nested.type, nested.hasRank = [2], kinds.INT64, True
    b.graph.tensors[variant].variantTensors = [nested]
    outs = [b.tensor(name, [4, 4]) for name in ("a", "b", "c", "d")]
    choice = s.IfOptionsT()
    choice.thenSubgraphIndex, choice.elseSubgraphIndex = 1, 2
    b.op(b.code(s.BuiltinOperator.IF), [condition, x], [outs[0]], s.BuiltinOptions.IfOptions, choice, debugMetadataIndex=4)
    custom = b.code(s.BuiltinOperator.CUSTOM, "MyOperator", 2)
    b.op(custom, [outs[0], -1, state], [outs[1]], customOptions=list(b"options"), mutatingVariableInputs=[False, False, True],
         intermediates=[sparse, -1])
    composite = s.StableHLOCompositeOptionsT()
    composite.name, composite.decompositionSubgraphIndex = "odml.rms_norm", 1
    composite.compositeAttributes, composite.version = [1, 2, 3], 5
    b.op(b.code(s.BuiltinOperator.STABLEHLO_COMPOSITE), [outs[1], packed], [outs[2]], builtinOptions2=composite,
         builtinOptions2Type=s.BuiltinOptions2.StableHLOCompositeOptions)
    b.op(b.code(250), [outs[2]], [outs[3]])
    b.graph.inputs, b.graph.outputs, b.graph.debugMetadataIndex = [x, condition, variant], [outs[3]], 6
    for name in ("then", "else"):
        b.subgraph(name)
        same = b.tensor("same", [4, 4])
        b.graph.inputs = b.graph.outputs = [same]
    b.signature("one", {"x": 0, "condition": 1}, {"d": outs[3]})
    b.signature("two", {"same": 0}, {"same": 0}, subgraph=1)
    b.metadata("note", b"kept")
    b.model.metadataBuffer = [1]
    group, external = s.ExternalBufferGroupT(), s.ExternalBufferT()
    group.name = "weights.bin"
    external.id, external.offset, external.length, external.packing = 7, 4096, 32, "none"
    b.model.externalBufferGroups, b.model.externalBuffers = [group], [external]
    return b


def before_3a():
    """As old converters wrote it: operator codes in one byte, no sign of later fields."""
    b = Builder("old")
    x, y = b.tensor("x", [2], hasRank=False), b.tensor("y", [2], hasRank=False)
    b.op(b.code(s.BuiltinOperator.NEG), [x], [y])
    b.model.operatorCodes[0].builtinCode = 0
    b.graph.inputs, b.graph.outputs = [x], [y]
    return b


def outside():
    """The convolution with its weights, and a custom operator's options, behind the flatbuffer."""
    b = conv()
    option_op = b.op(b.code(s.BuiltinOperator.CUSTOM, "Other"), [b.graph.outputs[0]], [b.tensor("z", [2])])
    payloads = {}
    for index, buffer in enumerate(b.model.buffers):
        if buffer.data is not None and index != b.model.metadata[0].buffer:
            payloads[index] = bytes(buffer.data)
            buffer.data, buffer.offset, buffer.size = None, 1, 1
    option_op.largeCustomOptionsOffset = option_op.largeCustomOptionsSize = 1
    start = (len(b.bytes()) + 15) // 16 * 16
    tail = b""
    for index, data in [*payloads.items(), (None, b"custom options outside")]:
        offset = start + len(tail)
        if index is None:
            option_op.largeCustomOptionsOffset, option_op.largeCustomOptionsSize = offset, len(data)
        else:
            b.model.buffers[index].offset, b.model.buffers[index].size = offset, len(data)
        tail += data + b"\0" * (-len(data) % 16)
    return b.bytes().ljust(start, b"\0") + tail


def labelled():
    """The convolution with an associated file, appended as TFLite's metadata writer does."""
    file = io.BytesIO(conv().bytes())
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(zipfile.ZipInfo("labels.txt"), "cat\ndog\n")
    return file.getvalue()


for make in (conv, quantized, everything, before_3a, outside, labelled):
    made = make()
    data = made if isinstance(made, bytes) else made.bytes()
    (FOLDER / f"{make.__name__}.tflite").write_bytes(data)
