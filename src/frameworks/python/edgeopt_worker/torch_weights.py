"""State dicts: PyTorch's files and safetensors, in the forms in which training code saves them."""

import json
import mmap
import pickle

import torch

from .errors import bad_input, last_lines, needs_trust

# Under which key a checkpoint keeps the weights.
WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights", "params")
PREFIXES = ("module.", "_orig_mod.", "model.")
MAX_NAMED = 8
SAFETENSORS = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}


def load_into(module, path, trust_code):
    """Loads all weights of the module; what is missing or left over is an error. Returns warnings."""
    loaded, warnings = read(path, trust_code)
    state = unwrap(loaded, path)
    expected = module.state_dict()
    for prefix in PREFIXES:
        if state and not any(key in expected for key in state) and all(key.startswith(prefix) for key in state):
            state = {key[len(prefix):]: value for key, value in state.items()}
    # A counter that old checkpoints lack, and inference does not use.
    missing = [key for key in expected if key not in state and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in state if key not in expected]
    if missing or unexpected:
        parts = [f"{len(keys)} {what}: {listed(keys)}"
                 for what, keys in (("missing", missing), ("not of the module", unexpected)) if keys]
        raise bad_input(f"the weights of '{path}' are not those of {type(module).__name__}: {'; '.join(parts)}",
                        "choose the callable that made the model when it was trained")
    try:
        module.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise bad_input(f"the weights of '{path}' are not those of {type(module).__name__}: {last_lines(error)}") \
            from error
    return warnings


def listed(keys):
    return ", ".join(keys[:MAX_NAMED]) + (", ..." if len(keys) > MAX_NAMED else "")


def read(path, trust_code):
    if path.endswith(".safetensors"):
        return read_safetensors(path), []
    try:
        return torch.load(path, map_location="cpu", weights_only=True), []
    except pickle.UnpicklingError as error:
        if not trust_code:
            raise needs_trust(f"'{path}' holds more than weights, and runs code as it is loaded") from error
    except Exception as error:
        raise bad_input(f"can't load the weights '{path}': {last_lines(error)}") from error
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:
        raise bad_input(f"can't load the weights '{path}': {last_lines(error)}") from error
    return loaded, [f"'{path}' holds more than weights: loading it ran its code"]


def unwrap(loaded, path):
    if isinstance(loaded, torch.nn.Module):
        return loaded.state_dict()
    candidates = [loaded] + [loaded[key] for key in WRAPPERS if isinstance(loaded, dict) and key in loaded]
    for candidate in candidates:
        if isinstance(candidate, torch.nn.Module):
            return candidate.state_dict()
        if isinstance(candidate, dict) and candidate and all(
                isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in candidate.items()):
            return dict(candidate)
    keys = ", ".join(map(str, list(loaded)[:MAX_NAMED])) if isinstance(loaded, dict) else type(loaded).__name__
    raise bad_input(f"'{path}' holds no weights by name, but {keys}", "save model.state_dict()")


def read_safetensors(path):
    """The format: 8 bytes with the length of a JSON header, the header, then the elements of all tensors."""
    try:
        with open(path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        header_bytes = int.from_bytes(content[:8], "little")
        header = json.loads(content[8:8 + header_bytes])
        state = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            dtype = SAFETENSORS[entry["dtype"]]
            start = 8 + header_bytes + begin
            count = (end - begin) // dtype.itemsize
            value = torch.empty(0, dtype=dtype)
            if count:
                value = torch.frombuffer(content, dtype=dtype, count=count, offset=start)
            state[name] = value.reshape(entry["shape"])
        return state
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, RecursionError) as error:
        raise bad_input(f"can't read the weights '{path}': {last_lines(error)}") from error
