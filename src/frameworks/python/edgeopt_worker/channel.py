"""Lines of the agent protocol on file descriptors of its own, so that what a model prints can't disturb it."""

import array
import fcntl
import json
import os
import select
import termios
import threading
import time

MAX_LINE_BYTES = 16 << 20
MAX_ID = (1 << 53) - 1
HANG_UP_EVERY_S = 1.0


class TooLong(Exception):
    """The line was longer than MAX_LINE_BYTES; it is skipped."""


class Channel:
    def __init__(self, in_fd, out_fd):
        self._in, self._out = in_fd, out_fd
        self._buffer = bytearray()
        self._busy = False
        self._writing = threading.Lock()
        threading.Thread(target=self._end_with_the_client, daemon=True).start()

    @classmethod
    def take_standard_streams(cls):
        """Standard input becomes empty, and standard output goes where standard error goes."""
        in_fd = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
        out_fd = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 3)
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.close(empty)
        os.dup2(2, 1)
        return cls(in_fd, out_fd)

    def read_line(self):
        """The next line without its end, None at the end of input. Raises TooLong."""
        self._busy = False
        skipping = False
        searched = 0
        while True:
            end = self._buffer.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[:end + 1]
                if skipping or len(line) >= MAX_LINE_BYTES:
                    raise TooLong
                self._busy = True
                return line
            searched = len(self._buffer)
            if searched >= MAX_LINE_BYTES:
                skipping = True
            if skipping:
                self._buffer.clear()
                searched = 0
            piece = os.read(self._in, 1 << 20)
            if not piece:
                return None
            self._buffer += piece

    def write(self, message):
        line = encode(message)
        if len(line) > MAX_LINE_BYTES:
            line = encode({"id": message["id"], "error": {
                "code": 4, "message": "the answer does not fit into a line of 16 MiB", "hint": "use smaller batches"}})
        with self._writing:
            view = memoryview(line)
            while view:
                view = view[os.write(self._out, view):]

    def _end_with_the_client(self):
        # A model or an exporter does not look at the input while it runs, however long: when the client is gone
        # and has left no request behind, this ends the process.
        poll = select.poll()
        poll.register(self._in, 0)
        while True:
            poll.poll()
            unread = array.array("i", [0])
            fcntl.ioctl(self._in, termios.FIONREAD, unread)
            if self._busy and unread[0] == 0 and b"\n" not in self._buffer:
                os._exit(0)
            time.sleep(HANG_UP_EVERY_S)


def encode(message):
    return json.dumps(message, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode() + b"\n"
