"""Tensors of the protocol: names, types and dimensions in the line, elements in base64 or in the exchange file.

A tensor here is a Tensor whose elements are a numpy array; bfloat16, which numpy lacks, is held as uint16.
"""

import base64
import binascii
import math
import os

import numpy

from .errors import UNAVAILABLE, WorkerError, bad_input, unsupported
from .fields import Fields, integers

STORAGE = {
    "float32": numpy.float32, "uint8": numpy.uint8, "int8": numpy.int8, "uint16": numpy.uint16,
    "int16": numpy.int16, "int32": numpy.int32, "int64": numpy.int64, "bool": numpy.bool_,
    "float16": numpy.float16, "float64": numpy.float64, "uint32": numpy.uint32, "uint64": numpy.uint64,
    "complex64": numpy.complex64, "complex128": numpy.complex128, "bfloat16": numpy.uint16}
NAMES = {numpy.dtype(kind): name for name, kind in STORAGE.items() if name != "bfloat16"}

ALIGNMENT = 64
MAX_TENSORS, MAX_RANK, MAX_SIZE = 4096, 64, 1 << 40


class Tensor:
    def __init__(self, name, kind, array):
        self.name, self.kind, self.array = name, kind, array


def spec(name, kind, dims, symbols=None):
    """A tensor's description in the answer to `load`; -1: decided at run time."""
    return {"name": name, "type": kind, "dims": list(dims), "symbols": symbols or [""] * len(dims),
            "sequence": False, "optional": False}


class Exchange:
    """The exchange folder's two files; without a folder tensors travel as base64."""

    def __init__(self, folder):
        self._folder, self._outputs = folder, None

    def __bool__(self):
        return bool(self._folder)

    def read(self, offset, size, where):
        """A copy of the client's bytes."""
        if not self._folder:
            raise bad_input(f"{where} has an offset, but there is no exchange folder")
        path = os.path.join(self._folder, "inputs")
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise WorkerError(UNAVAILABLE, f"can't open the exchange file '{path}': {error.strerror}") from error
        with open(fd, "rb") as file:
            held = os.fstat(fd).st_size
            if offset > held or size > held - offset:
                raise bad_input(f"the exchange file of {held} bytes does not hold {size} from {offset}")
            content = bytearray(size)
            file.seek(offset)
            if file.readinto(content) != size:
                raise WorkerError(UNAVAILABLE, f"can't read the exchange file '{path}'")
            return content

    def write(self, parts):
        """Writes [(offset, array)] for the client."""
        path = os.path.join(self._folder, "outputs")
        try:
            if self._outputs is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
                self._outputs = open(os.open(path, flags, 0o600), "r+b", buffering=0)
            for offset, array in parts:
                self._outputs.seek(offset)
                view = memoryview(array).cast("B") if array.size else memoryview(b"")
                while view:
                    view = view[self._outputs.write(view):]
        except OSError as error:
            raise WorkerError(UNAVAILABLE, f"can't write '{path}': {error.strerror}",
                              "free disk space, or use smaller batches") from error


def decode(values, exchange):
    """The tensors of a request."""
    if not isinstance(values, list) or len(values) > MAX_TENSORS:
        raise bad_input(f"tensors are not an array of at most {MAX_TENSORS}")
    return [decode_one(value, exchange) for value in values]


def decode_one(value, exchange):
    fields = Fields(value, "tensor")
    name = fields.text("name")
    where = f"tensor '{name}'"
    kind = fields.text("type")
    dims = fields.array("dims")
    if len(dims) > MAX_RANK:
        raise bad_input(f"{where} has too many dimensions")
    integers(dims, 0, MAX_SIZE, f"{where}: dims")
    count = math.prod(dims)
    if count > MAX_SIZE:
        raise bad_input(f"{where} has too many elements")
    if kind == "string":
        strings = fields.array("strings")
        fields.finish()
        if len(strings) != count or not all(isinstance(text, str) for text in strings):
            raise bad_input(f"{where}: 'strings' is not an array of {count} texts")
        array = numpy.empty(count, dtype=object)
        array[:] = strings
        return Tensor(name, kind, array.reshape(dims))
    if kind not in STORAGE:
        raise bad_input(f"{where} has the type '{kind}', which the worker does not take")
    dtype = numpy.dtype(STORAGE[kind])
    content = elements(fields, count * dtype.itemsize, exchange, where)
    fields.finish()
    return Tensor(name, kind, numpy.frombuffer(content, dtype=dtype).reshape(dims))


def elements(fields, size, exchange, where):
    if fields.has("offset"):
        offset = fields.integer("offset", 0, MAX_SIZE)
        if offset % ALIGNMENT:
            raise bad_input(f"{where}: the offset is not a multiple of {ALIGNMENT}")
        return exchange.read(offset, size, where)
    try:
        content = bytearray(base64.b64decode(fields.text("data"), validate=True))
    except (binascii.Error, ValueError) as error:
        raise bad_input(f"{where}: 'data' is not base64") from error
    if len(content) != size:
        raise bad_input(f"{where} has {len(content)} bytes of data, not {size}")
    return content


def encode(tensors, exchange):
    """The tensors of an answer, their elements written where the client finds them."""
    rows, parts, end = [], [], 0
    for tensor in tensors:
        row = {"name": tensor.name, "type": tensor.kind, "dims": list(tensor.array.shape)}
        if tensor.kind == "string":
            row["strings"] = [text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")
                              for text in tensor.array.reshape(-1)]
        else:
            array = numpy.ascontiguousarray(tensor.array)
            if exchange:
                end = (end + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
                row["offset"] = end
                parts.append((end, array))
                end += array.nbytes
            else:
                row["data"] = base64.b64encode(array.tobytes()).decode("ascii")
        rows.append(row)
    if parts:
        exchange.write(parts)
    return rows


def kind_of(array, where):
    """The protocol's name of a numpy type."""
    dtype = array.dtype.newbyteorder("=")
    if dtype in NAMES:
        return NAMES[dtype]
    if dtype.name == "bfloat16":  # of ml_dtypes
        return "bfloat16"
    if dtype.kind in "OSU":
        return "string"
    raise unsupported(f"{where} has the type {dtype}, which edgeopt does not know")


def zeros(kind, dims):
    """Elements for a first run: noise for floats, zeros, which every index table has, for integers."""
    if kind == "string":
        return numpy.full(dims, "", dtype=object)
    if kind in ("float16", "float32", "float64"):
        return numpy.random.default_rng(0).random(dims).astype(STORAGE[kind])
    return numpy.zeros(dims, dtype=STORAGE[kind])
