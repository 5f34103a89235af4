"""Files that hold what phones sent: readable by their owner only, replaced whole, on the disk when a call returns.

Leaves to others: what they are called and what stands in them (`folder_store`, `uploads`).
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.photos.refusal import busy

_POLL_SECONDS = 0.01


def write_whole(path: Path, data: bytes) -> None:
    """Give a file these bytes: after a cut it has all of them, or what it had before. Its folder must be there, and nobody else write it."""
    partial = partial_of(path)
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def partial_of(path: Path) -> Path:
    """Where a file's next bytes stand until they are all there: what a killed writer leaves."""
    return path.with_name(f".{path.name}")


def make_folder(path: Path) -> None:
    """A folder with those above it, each known to its parent on the disk."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Bring a folder's list of names to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
