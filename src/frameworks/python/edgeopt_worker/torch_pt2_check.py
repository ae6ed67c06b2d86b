"""Whether a torch.export archive does nothing but compute, asked before PyTorch reads it.

torch.export.load evaluates texts of the archive as Python: sizes by sympy (which calls eval), names of functions by
attribute access from the module torch, weights by pickle where the archive says so; compiled code (AOTInductor) is
loaded as a shared library. Here each of these is held against the form that torch.export.save gives it. PyTorch
2.15: torch/_export/serde/serialize.py, torch/export/pt2_archive/_package.py.
"""

import ast
import json
import re
import zipfile

from .errors import bad_input, needs_trust

MAX_JSON_BYTES = 1 << 30
# What expressions of sizes are made of (torch/utils/_sympy/functions.py, sympy's printer).
FUNCTIONS = {
    "Abs", "And", "CeilDiv", "CeilToInt", "CleanDiv", "Eq", "FloatPow", "FloatTrueDiv", "FloorDiv", "FloorToInt",
    "Ge", "Gt", "Identity", "IntTrueDiv", "IsNonOverlappingAndDenseIndicator", "LShift", "Le", "Lt", "Max", "Min",
    "Mod", "ModularIndexing", "Ne", "Not", "Or", "Piecewise", "PowByNatural", "PythonMod", "RShift", "RoundDecimal",
    "RoundToInt", "ToFloat", "TruncToFloat", "TruncToInt", "Where", "ceiling", "floor", "sqrt", "Add", "Equality",
    "GreaterThan", "Integer", "LessThan", "Mul", "Pow", "Rational", "StrictGreaterThan", "StrictLessThan",
    "Unequality"}
# Those that take a text, and which: Symbol('s0', integer=True), Float('0.5', precision=53).
TEXTS = {"Symbol": re.compile(r"[A-Za-z]\w{0,30}\Z"), "Float": re.compile(r"-?[\d.]{1,40}(e[+-]?\d{1,4})?\Z")}
SYMBOL = re.compile(r"(z?[su]f?\d+|zuf\d+|oo|int_oo|true|false)\Z")
TARGET = re.compile(r"(torch\.ops\.\w+\.\w+(\.\w+)?|_operator\.\w+|math\.\w+|torch\.sym_\w+|torch\._sym_\w+)\Z")
NODES = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.operator, ast.unaryop, ast.cmpop,
         ast.boolop, ast.Load)


def check(path):
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                check_entry(archive, entry)
    except (OSError, zipfile.BadZipFile, RecursionError, ValueError) as error:
        raise bad_input(f"'{path}' is no torch.export archive: {error}") from error


def check_entry(archive, entry):
    if "/data/aotinductor/" in "/" + entry.filename:
        raise needs_trust(f"the archive holds compiled code ('{entry.filename}')")
    name = entry.filename.rsplit("/", 1)[-1]
    if "/models/" not in "/" + entry.filename and name != "serialized_exported_program.json":
        return
    if not name.endswith(".json"):
        return
    if entry.file_size > MAX_JSON_BYTES:
        raise bad_input(f"'{entry.filename}' is larger than 1 GiB")
    check_value(json.loads(archive.read(entry)))


def check_value(value):
    if isinstance(value, list):
        for element in value:
            check_value(element)
    elif isinstance(value, dict):
        for key, element in value.items():
            if key == "expr_str" and not is_size(element):
                raise needs_trust(f"the archive has '{str(element)[:200]}' where the size of a tensor belongs")
            if key == "target" and "inputs" in value and not is_target(element):
                raise needs_trust(f"the archive calls '{str(element)[:200]}', which is no operator")
            if key == "range_constraints" and isinstance(element, dict):
                for symbol in element:
                    if not is_size(symbol):
                        raise needs_trust(f"the archive has '{symbol[:200]}' where the name of a size belongs")
            check_value(element)


def is_target(text):
    return isinstance(text, str) and TARGET.match(text) is not None


def is_size(text):
    if not isinstance(text, str) or len(text) > 100_000:
        return False
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return is_plain(tree)


def is_plain(node):
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float))
    if isinstance(node, ast.Name):
        return SYMBOL.match(node.id) is not None
    if isinstance(node, ast.Call):
        return is_plain_call(node)
    if isinstance(node, ast.Tuple):  # of a Piecewise
        return all(is_plain(element) for element in node.elts)
    return isinstance(node, NODES) and all(is_plain(child) for child in ast.iter_child_nodes(node))


def is_plain_call(node):
    if not isinstance(node.func, ast.Name) or not all(
            isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, (bool, int))
            for keyword in node.keywords):
        return False
    if node.func.id in TEXTS:
        return len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and TEXTS[node.func.id].match(
            str(node.args[0].value)) is not None
    return node.func.id in FUNCTIONS and all(is_plain(argument) for argument in node.args)
