"""What the fake trtexec must know of an ONNX file: names, operators, shapes and types.

Reads protobuf's wire format (protobuf.dev, "Encoding") with the field numbers of onnx.proto, so that
the tests need no package.
"""


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _fields(data):
    """(number, value) of a message: an integer, or the bytes of whatever has a length."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        elif kind == 2:
            size, at = _varint(data, at)
            value, at = data[at:at + size], at + size
            if len(value) != size:
                raise ValueError("cut short")
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = data[at:at + size], at + size
        else:
            raise ValueError("no protobuf")
        yield key >> 3, value


def _first(data, number, default=b""):
    return next((value for found, value in _fields(data) if found == number), default)


def _value_info(data):
    """(name, (element type, dimensions)), -1 where a dimension is symbolic."""
    tensor = _first(_first(data, 2), 1)
    dims = []
    for number, dim in _fields(_first(tensor, 2)):
        if number == 1:
            dims.append(_first(dim, 1, -1))
    return _first(data, 1).decode(), (_first(tensor, 1, 0), dims)


def _node(data):
    node = {"inputs": [], "outputs": [], "name": "", "op": ""}
    for number, value in _fields(data):
        if number == 1:
            node["inputs"].append(value.decode())
        elif number == 2:
            node["outputs"].append(value.decode())
        elif number == 3:
            node["name"] = value.decode()
        elif number == 4:
            node["op"] = value.decode()
    return node


def read(path):
    with open(path, "rb") as file:
        graph = _first(file.read(), 7)
    if not graph:
        raise ValueError("no graph")
    model = {"nodes": [], "inputs": {}, "outputs": {}, "types": {}}
    constants = set()
    for number, value in _fields(graph):
        if number == 1:
            model["nodes"].append(_node(value))
        elif number == 5:
            name = _first(value, 8).decode()
            constants.add(name)
            model["types"][name] = _first(value, 2, 0)
        elif number in (11, 12, 13):
            name, info = _value_info(value)
            model["types"][name] = info[0]
            if number != 13:
                model["inputs" if number == 11 else "outputs"][name] = info
    model["inputs"] = {name: info for name, info in model["inputs"].items() if name not in constants}
    return model
