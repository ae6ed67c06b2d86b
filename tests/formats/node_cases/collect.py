"""Writes ONNX's own backend test cases into a folder, for the tests of edgeopt.

Usage: python3 collect.py [FOLDER]     (default ~/.cache/edgeopt/node-cases-1.23.2; needs onnx==1.23.2)

The folder gets, per case, node/NAME or data/KIND/NAME with model.onnx and, as far as the case has
them, test_data_set_0/input_I.pb and output_I.pb in ONNX's own layout (a serialized TensorProto,
SequenceProto or OptionalProto, whatever the model's type says) and data.json with rtol and atol. It
appears under its name only when complete; an existing one is left as it is.
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node

VERSION = "1.23.2"


def to_proto(value, type_proto):
    if type_proto.HasField("optional_type"):
        return numpy_helper.from_optional(value)
    if type_proto.HasField("sequence_type"):
        return numpy_helper.from_list(value)
    if isinstance(value, onnx.TensorProto):
        return value
    return numpy_helper.from_array(np.asarray(value))


def write_case(folder, case):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    (folder / "data.json").write_text(json.dumps({"rtol": case.rtol, "atol": case.atol}))
    for number, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        for kind, values, infos in (("input", inputs, case.model.graph.input),
                                    ("output", outputs, case.model.graph.output)):
            for i, (value, info) in enumerate(zip(values, infos)):
                proto = to_proto(value, info.type)
                (data / f"{kind}_{i}.pb").write_bytes(proto.SerializeToString())


def main():
    default = pathlib.Path.home() / ".cache/edgeopt" / f"node-cases-{VERSION}"
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    if onnx.__version__ != VERSION:
        sys.exit(f"needs onnx=={VERSION}, found {onnx.__version__}")
    if target.exists():
        print(f"{target} is there already")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=target.name + ".", dir=target.parent))
    try:
        np.random.seed(0)
        cases = node.collect_testcases(None)
        for case in cases:
            write_case(work / "node" / case.name, case)
        shipped = pathlib.Path(onnx.__file__).parent / "backend/test/data"
        models = 0
        for path in sorted(shipped.rglob("*.onnx")):
            copy = work / "data" / path.relative_to(shipped)
            if not copy.parent.exists():
                shutil.copytree(path.parent, copy.parent)
            models += 1
        os.chmod(work, 0o755)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{target}: {len(cases)} node cases, {models} models")


if __name__ == "__main__":
    main()
