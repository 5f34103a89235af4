"""Locks on open files and folders, against every thread and process: two workers may be at one upload, or at one shelf.

Leaves to others: what is done while one is held (`folder_store`, `uploads`, `sweep`).
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from server.photos.refusal import busy

_POLL_SECONDS = 0.01


@contextmanager
def locked(handle: int, seconds: float) -> Iterator[None]:
    """Hold the lock of an open file or folder against every thread and process. Busy when it is not free within so many seconds."""
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= until:
                raise busy() from None
            time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)


def is_linked(handle: int) -> bool:
    """Whether an open file still has its name: one that was removed meanwhile has not."""
    return os.fstat(handle).st_nlink > 0
