"""Errors as the protocol tells them: an exit code of edgeopt, a message, what to do next."""

USAGE, BAD_INPUT, UNSUPPORTED, UNAVAILABLE, INTERNAL = 2, 3, 4, 5, 70

LAST_LINES, MAX_MESSAGE = 12, 1500


class WorkerError(Exception):
    def __init__(self, code, message, hint=""):
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def bad_input(message, hint=""):
    return WorkerError(BAD_INPUT, message, hint)


def unsupported(message, hint=""):
    return WorkerError(UNSUPPORTED, message, hint)


def needs_trust(what):
    return WorkerError(USAGE, f"{what}, and code of a model can do whatever you can do",
                       "read the code, or take it from someone you trust, then say --trust-code")


def last_lines(error):
    """A library's exception as text: its type and its last lines, where exporters say what they lack."""
    lines = [line.rstrip() for line in str(error).splitlines() if line.strip()]
    text = "; ".join(lines[-LAST_LINES:])
    if len(text) > MAX_MESSAGE:
        text = "..." + text[-MAX_MESSAGE:]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def ran_out_of_memory(error):
    """Whether an exception of Python or of a framework's allocator says that there is no memory."""
    text = str(error)
    signs = ("can't allocate memory", "bad_alloc", "Cannot allocate memory", "OOM when allocating")
    return isinstance(error, MemoryError) or any(sign in text for sign in signs)
