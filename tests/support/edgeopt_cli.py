"""What the tests of the command line share: running edgeopt, and making models and arrays by the standard library.

    from edgeopt_cli import CliTest, Model, save_npz

A test runs in a folder of its own. The formats are written here byte by byte, so that these tests need no package,
and so that what is wrong with a file can be chosen freely.
"""
import array
import json
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import unittest
import zipfile

EDGEOPT = os.environ.get("EDGEOPT") or str(pathlib.Path(__file__).resolve().parents[2] / "build" / "edgeopt")
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"

# Exit codes, as src/base/result.h has them.
DONE, GATE_FAILED, USAGE, BAD_INPUT, UNSUPPORTED, UNAVAILABLE = 0, 1, 2, 3, 4, 5

FLOAT, UINT8, INT64, BOOL = 1, 2, 7, 9  # onnx.TensorProto.DataType


# --- protobuf's wire format (protobuf.dev/programming-guides/encoding) ---

def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """One field: an int is a varint, a float 32 bits, text, bytes and lists of messages are length-delimited."""
    if isinstance(value, list):
        return b"".join(field(number, one) for one in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    """onnx.AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20; bytes are a TensorProto (t 5) or GraphProto (g 6)."""
    kinds = {float: (2, 1), int: (3, 2), str: (4, 3), list: (8, 7)}
    if isinstance(value, tuple):  # ("graph", bytes) or ("tensor", bytes)
        number, kind = {"tensor": (5, 4), "graph": (6, 5)}[value[0]]
        return field(1, name) + field(number, value[1]) + field(20, kind)
    number, kind = kinds[type(value)]
    return field(1, name) + field(number, value) + field(20, kind)


def node(op, inputs, outputs, name="", domain="", **attributes):
    """onnx.NodeProto: input 1, output 2, name 3, op_type 4, attribute 5, domain 7."""
    return (field(1, list(inputs)) + field(2, list(outputs)) + field(3, name or op.lower()) + field(4, op) +
            field(5, [attribute(key, value) for key, value in attributes.items()]) + (field(7, domain) if domain else b""))


def tensor(name, dims, values, data_type=FLOAT, external=None):
    """onnx.TensorProto: dims 1, data_type 2, name 8, raw_data 9, external_data 13, data_location 14."""
    code = {FLOAT: "f", UINT8: "B", INT64: "q"}[data_type]
    out = b"".join(field(1, dim) for dim in dims) + field(2, data_type) + field(8, name)
    if external is None:
        return out + field(9, array.array(code, values).tobytes())
    entries = [field(1, key) + field(2, str(value)) for key, value in external.items()]
    return out + field(13, entries) + field(14, 1)


def value_info(name, dims, data_type=FLOAT):
    """onnx.ValueInfoProto: name 1, type 2 of tensor_type 1 of elem_type 1 and shape 2; a dim is a size or a name."""
    shape = b"".join(field(1, field(1, dim) if isinstance(dim, int) else field(2, dim)) for dim in dims)
    return field(1, name) + field(2, field(1, field(1, data_type) + field(2, shape)))


class Model:
    """onnx.ModelProto in the making. `initializers` are TensorProtos, `inputs` and `outputs` ValueInfoProtos."""

    def __init__(self, nodes, inputs, outputs, initializers=(), opset=17):
        self.nodes, self.inputs, self.outputs = list(nodes), list(inputs), list(outputs)
        self.initializers, self.opset, self.ir_version, self.domains = list(initializers), opset, 8, {}

    def graph(self):
        """onnx.GraphProto: node 1, name 2, initializer 5, input 11, output 12."""
        return (field(1, self.nodes) + field(2, "graph") + field(5, self.initializers) + field(11, self.inputs) +
                field(12, self.outputs))

    def bytes(self):
        """ir_version 1, graph 7, opset_import 8 (domain 1, version 2)."""
        imports = [field(2, self.opset)] + [field(1, name) + field(2, version) for name, version in self.domains.items()]
        return field(1, self.ir_version) + field(7, self.graph()) + field(8, imports)


def normal(count, seed=1, scale=1.0):
    generator = random.Random(seed)
    return [generator.gauss(0, scale) for _ in range(count)]


CLASSES = 10


def classifier(conv_weight=None, dense_rows=8):
    """A small network, float32[1, 3, 16, 16] to float32[1, 10]; `conv_weight` is a TensorProto named 'w'."""
    weight = conv_weight or tensor("w", [8, 3, 3, 3], normal(216))
    return Model(
        [node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]), node("Relu", ["c"], ["r"]),
         node("GlobalAveragePool", ["r"], ["p"], name="pool"), node("Flatten", ["p"], ["f"]),
         node("MatMul", ["f", "d"], ["y"], name="dense")],
        [value_info("x", [1, 3, 16, 16])], [value_info("y", [1, CLASSES])],
        [weight, tensor("b", [8], normal(8, 2)),
         tensor("d", [dense_rows, CLASSES], normal(dense_rows * CLASSES, 3))])


def elementwise(*nodes):
    """Nodes from float32[1, 4] 'x' to float32[1, 4] 'y'."""
    return Model(nodes, [value_info("x", [1, 4])], [value_info("y", [1, 4])])


def images(count, seed=5):
    """`count` smooth pictures [3, 16, 16] as one list: unlike noise, neighbours are alike."""
    generator = random.Random(seed)
    values = []
    for _ in range(count):
        for _ in range(3):
            base, down, right = (generator.uniform(-1, 1) for _ in range(3))
            values += [base + down * y / 16 + right * x / 16 for y in range(16) for x in range(16)]
    return values


# --- NumPy's formats (numpy.lib.format) ---

def npy(dims, values, descr="<f4"):
    code = {"<f4": "f", "<f8": "d", "|u1": "B", "<i8": "q"}[descr]
    shape = "(" + "".join(f"{dim}, " for dim in dims) + ")"
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + array.array(code, values).tobytes()


def save_npz(path, **arrays):
    """Each array is what npy() returns."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in arrays.items():
            archive.writestr(name + ".npy", data)


def contents(folder):
    """Path and bytes of every file below."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(pathlib.Path(folder).rglob("*"))
            if path.is_file()}


class CliTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, model):
        path = self.folder / name
        path.write_bytes(model.bytes() if isinstance(model, Model) else model)
        return str(path)

    def save_data(self, name, count=24, **replaced):
        """Pictures for classifier() with labels; `replaced` are arrays instead of those, or None for none."""
        arrays = {"x": npy([count, 3, 16, 16], images(count)), "labels": npy([count], [i % CLASSES for i in range(count)], "<i8")}
        arrays.update(replaced)
        save_npz(self.folder / name, **{key: data for key, data in arrays.items() if data is not None})
        return str(self.folder / name)

    def run_edgeopt(self, *arguments, **options):
        return subprocess.run([EDGEOPT, *map(str, arguments)], capture_output=True, text=True, errors="replace",
                              check=False, timeout=120, stdin=subprocess.DEVNULL, cwd=self.folder, **options)

    def done(self, *arguments):
        """Runs what must succeed; returns the process."""
        process = self.run_edgeopt(*arguments)
        self.assertEqual(process.returncode, DONE, f"edgeopt {arguments}\n{process.stdout}{process.stderr}")
        return process

    def json(self, *arguments):
        """Runs what must succeed with --json; returns the document."""
        document = json.loads(self.done(*arguments, "--json").stdout)
        self.assertEqual(document["schema_version"], 1)
        return document

    def kept_but_for_simplify(self, record):
        """Baseline and int8 are kept. The simplified model between them is as fast as the original: kept, or on a busy
        machine, where it may look slower, reverted."""
        decisions = [step["decision"] for step in record["steps"]]
        self.assertEqual((len(decisions), decisions[0], decisions[2]), (3, "kept", "kept"))
        self.assertIn(decisions[1], ("kept", "reverted"))

    def fails(self, code, text, *arguments):
        """One error line that says `text`, the exit code, nothing on stdout, and not a file more or less or other."""
        before = contents(self.folder)
        process = self.run_edgeopt(*arguments)
        told = f"edgeopt {arguments}\n{process.stdout}{process.stderr}"
        self.assertEqual(process.returncode, code, told)
        self.assertEqual(process.stdout, "", told)
        errors = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(errors), 1, told)
        self.assertIn(text, errors[0], told)
        # Nothing else than the error, its hint, and what was noticed on the way.
        for line in process.stderr.splitlines():
            self.assertRegex(line, r"^(error|hint|warning): |^[a-z-][a-z -]*: [0-9.]+ s$", told)
        self.assertEqual(sorted(before), sorted(contents(self.folder)), told)
        self.assertEqual(before, contents(self.folder), told)
        return process
