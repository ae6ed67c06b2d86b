"""The source as the client describes it, one JSON object on the command line."""

import json
import os

from .errors import bad_input
from .fields import Fields, integers
from .tensors import STORAGE

KINDS = {"pytorch": ("pt2", "torchscript", "module", "pickle"), "tensorflow": ("saved_model", "keras", "h5")}
MAX_BYTES = 1 << 50
MAX_SIZE = 1 << 40


class Input:
    """A shape that the user gave; -1: dynamic."""

    def __init__(self, name, kind, dims):
        self.name, self.kind, self.dims = name, kind, dims


class Source:
    def __init__(self, description):
        fields = Fields(description, "the source")
        self.framework = fields.one_of("framework", tuple(KINDS))
        self.kind = fields.one_of("kind", KINDS[self.framework])
        self.path = fields.text("path", "")
        self.callable = fields.text("callable", "")
        self.weights = fields.text("weights", "")
        self.trust_code = fields.boolean("trust_code", False)
        self.sample = fields.text("sample", "")
        self.signature = fields.text("signature", "")
        self.memory_limit_bytes = fields.integer("memory_limit_bytes", 0, MAX_BYTES, 0)
        self.inputs = [read_input(value) for value in fields.array("inputs", [])]
        fields.finish()
        if self.kind == "module":
            if ":" not in self.callable:
                raise bad_input("the source: 'callable' is not package.module:name")
        elif not os.path.isabs(self.path):
            raise bad_input("the source: 'path' is not absolute")
        if len({given.name for given in self.inputs}) != len(self.inputs):
            raise bad_input("the source: two of 'inputs' have the same name")

    @classmethod
    def parse(cls, text):
        try:
            return cls(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise bad_input(f"the source is not JSON: {error}") from error


def read_input(value):
    fields = Fields(value, "the source: inputs")
    name = fields.text("name", "")
    kind = fields.text("type", "float32")
    if kind not in STORAGE and kind != "string":
        raise bad_input(f"the source: input '{name}' has the type '{kind}', which the worker does not take")
    dims = integers(fields.array("dims"), -1, MAX_SIZE, f"the source: input '{name}': dims")
    fields.finish()
    return Input(name, kind, dims)
