"""Usage: python -I -u edgeopt_worker SOURCE, where SOURCE is a JSON object (source.py)."""

import os
import signal
import sys

# As a package, so that the worker's modules and the user's don't meet under one name.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

try:
    import numpy  # noqa: F401
except ImportError as missing:
    print(f"edgeopt worker: the Python {sys.executable} has no numpy: {missing}", file=sys.stderr)
    sys.exit(5)

from edgeopt_worker import memory  # noqa: E402
from edgeopt_worker.channel import Channel  # noqa: E402
from edgeopt_worker.errors import USAGE, WorkerError  # noqa: E402
from edgeopt_worker.server import Server  # noqa: E402
from edgeopt_worker.source import Source  # noqa: E402


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client ends its workers
    channel = Channel.take_standard_streams()
    try:
        if len(sys.argv) != 2:
            raise WorkerError(USAGE, "the worker takes one argument, the source as JSON")
        source = Source.parse(sys.argv[1])
    except WorkerError as error:
        print(f"edgeopt worker: {error.message}", file=sys.stderr)
        return error.code
    sys.path.pop(0)
    if source.memory_limit_bytes:
        memory.limit(source.memory_limit_bytes)
    try:
        Server(source, channel).serve()
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Frameworks' own threads and destructors have nothing more to say.
    os._exit(status)
