"""Resident memory of this process and the limit on it (proc(5), setrlimit(2))."""

import ctypes
import gc
import resource

from .errors import UNAVAILABLE, WorkerError


def limit(size_bytes):
    """Anonymous memory beyond the limit is refused by the kernel; file mappings don't count (RLIMIT_DATA)."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        size_bytes = min(size_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (size_bytes, hard))


def read():
    """(resident bytes, peak of them since the start or the last reset_peak)."""
    values = {}
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name in ("VmRSS", "VmHWM"):
                values[name] = int(rest.split()[0]) * 1024
    if len(values) < 2:
        raise WorkerError(UNAVAILABLE, "the kernel does not tell VmRSS and VmHWM")
    return values["VmRSS"], values["VmHWM"]


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass  # not allowed in some containers: the peak then counts from the start of the process


def release_freed():
    """What was freed until now must not serve the model unseen."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        pass  # not glibc
