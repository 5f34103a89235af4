"""Files of the instance folder: readable by their owner only, replaced whole, on the disk when a call returns.

Leaves to others: what they are called and what stands in them (`photos`, `upkeep`, `certificate`).
"""

import os
from pathlib import Path


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
    sync_to_disk(path.parent)


def partial_of(path: Path) -> Path:
    """Where a file's next bytes stand until they are all there: what a killed writer leaves."""
    return path.with_name(f".{path.name}")


def make_folder(path: Path) -> None:
    """A folder with those above it, each known to its parent on the disk."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_to_disk(path.parent)


def sync_to_disk(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
