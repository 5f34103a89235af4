"""A valley's link: a TCP proxy with a few kilobits a second, a long way to go, and cuts at whatever byte a test says.

Promises: bytes pass in order and no faster than said, each direction by itself; a cut closes both ends at that very byte, so that whoever
sends cannot know what arrived. Leaves to others: what is said over it.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterable

_BLOCK = 1024


class SlowLine:
    """A port that leads to `target` (another port of this computer). `bits` a second each way; `delay` seconds one way.

    `up` counts the bytes that were let through towards it, `cut` how often the line was cut.
    """

    def __init__(self, target: int, bits: float, delay: float = 0.0) -> None:
        self.up = self.cut = 0
        self._target, self._bytes, self._delay = target, bits / 8, delay
        self._cuts: list[int] = []
        self._moved = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, counts: Iterable[int]) -> None:
        """Cut the line when `up` reaches each of these counts, once each."""
        with self._moved:
            self._cuts = sorted(counts)

    def wait_for(self, count: int, seconds: float) -> bool:
        """Whether so many bytes were let through, within so many seconds."""
        with self._moved:
            return self._moved.wait_for(lambda: self.up >= count, seconds)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:  # nobody there: a server that was killed
            near.close()
            return
        ends = (near, far)
        threading.Thread(target=self._carry, args=(near, far, True, ends), daemon=True).start()
        self._carry(far, near, False, ends)

    def _carry(self, source: socket.socket, sink: socket.socket, is_up: bool, ends: tuple[socket.socket, ...]) -> None:
        with contextlib.suppress(OSError):  # either end hung up, or we cut it
            time.sleep(self._delay)
            while data := source.recv(_BLOCK):
                time.sleep(len(data) / self._bytes)
                part = self._allowed(len(data)) if is_up else len(data)
                sink.sendall(data[:part])
                if part < len(data):
                    break
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _allowed(self, size: int) -> int:
        """How many of these bytes still pass before the next cut."""
        with self._moved:
            part = max(0, min(size, self._cuts[0] - self.up)) if self._cuts else size
            self.up += part
            if part < size:
                self.cut += 1
                self._cuts.pop(0)
            self._moved.notify_all()
            return part
