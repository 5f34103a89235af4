"""Photos in folders: `<township>/<first two digits>/<name>.jpg`, `.small.jpg` and `.json`, what is known of it.

The `.json` is written last and goes first: with it a picture is held, without it whatever lies there is a leftover, and the next picture
that comes into its folder clears it away. What is not whole gives way to the next `put` of it. Promises: those of `PhotoStore`, for threads and
processes; what somebody else laid into its folders is left alone. Leaves to others: parts, which lie beside (`uploads`).
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from server.disk import make_folder, sync_to_disk, write_whole
from server.photos.locks import locked
from server.photos.store import Held
from server.photos.whole import is_whole
from shared.fields import PHOTO

PICTURE, SMALL, FACTS = ".jpg", ".small.jpg", ".json"
_TOWNSHIP = re.compile(r"[0-9]{9}")
_NAME = re.compile(PHOTO)
_SHELF = re.compile(r"[0-9a-f]{2}")
_OURS = re.compile(rf"\.?({PHOTO})(?:\.jpg|\.small\.jpg|\.json)")
_PATIENCE_SECONDS = 10.0
"""A picture is written in milliseconds; who waits longer waits for a disk that does not answer."""


class FolderStore:
    """The adapter of `PhotoStore` on a folder, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def held(self, township: str, name: str) -> Held | None:
        try:
            return msgspec.json.decode(self._path(township, name, FACTS).read_bytes(), type=Held)
        except FileNotFoundError:
            return None

    def put(self, township: str, held: Held, picture: bytes, small: bytes) -> None:
        facts = self._path(township, held.name, FACTS)
        make_folder(facts.parent)
        with self._alone(facts.parent):
            if is_whole(self, township, held.name):
                return
            self._remove(township, held.name, FACTS)  # of what is damaged: with it goes the rest, as a leftover
            _clear_leftovers(facts.parent)
            write_whole(self._path(township, held.name, PICTURE), picture)
            write_whole(self._path(township, held.name, SMALL), small)
            write_whole(facts, msgspec.json.encode(held))

    def read(self, township: str, name: str, small: bool = False) -> bytes | None:
        """OSError when a picture that is held cannot be read: damage, which must not look like one that is still coming."""
        path = self._path(township, name, SMALL if small else PICTURE)
        known = self.held(township, name)
        if known is None or known.retired_at is not None:
            return None
        try:
            return path.read_bytes()
        except FileNotFoundError:
            after = self.held(township, name)
            if after is None or after.retired_at is not None:  # it went between the two looks
                return None
            raise

    def retire(self, township: str, name: str, now: int) -> None:
        facts = self._path(township, name, FACTS)
        if not facts.parent.is_dir():
            return
        with self._alone(facts.parent):
            known = self.held(township, name)
            if known is None:
                return
            if known.retired_at is None:
                write_whole(facts, msgspec.json.encode(replace(known, retired_at=now)))
            self._remove(township, name, PICTURE, SMALL)

    def forget(self, township: str, name: str) -> None:
        folder = self._path(township, name, FACTS).parent
        if folder.is_dir():
            with self._alone(folder):
                self._remove(township, name, FACTS, PICTURE, SMALL)

    def names(self, township: str) -> Iterator[str]:
        folder = self._town(township)
        if not folder.is_dir():
            return
        for shelf in sorted(path for path in folder.iterdir() if _SHELF.fullmatch(path.name)):
            known = sorted(path.name.removesuffix(FACTS) for path in shelf.glob(f"*{FACTS}"))
            yield from (name for name in known if _NAME.fullmatch(name))

    def townships(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        found = sorted(path.name for path in self._folder.iterdir() if _TOWNSHIP.fullmatch(path.name))
        return [township for township in found if next(self.names(township), None) is not None]

    # --- paths -----------------------------------------------------------------------------------------------------

    def _town(self, township: str) -> Path:
        if not _TOWNSHIP.fullmatch(township):
            raise ValueError(f"not a township: {township!r}")
        return self._folder / township

    def _path(self, township: str, name: str, what: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a photo's name: {name!r}")
        return self._town(township) / name[:2] / f"{name}{what}"

    def _remove(self, township: str, name: str, *what: str) -> None:
        """In this order on the disk too: what is known goes before the bytes do."""
        for each in what:
            path = self._path(township, name, each)
            if path.exists():
                path.unlink()
                sync_to_disk(path.parent)

    @contextmanager
    def _alone(self, shelf: Path) -> Iterator[None]:
        handle = os.open(shelf, os.O_RDONLY)
        try:
            with locked(handle, _PATIENCE_SECONDS):
                yield
        finally:
            os.close(handle)


def _clear_leftovers(shelf: Path) -> None:
    """What somebody wrote who was killed before the picture was held: nobody else writes now, for the shelf is ours alone."""
    with os.scandir(shelf) as entries:
        there = {entry.name: entry.is_file(follow_symlinks=False) for entry in entries}
    for name, is_file in there.items():
        ours = _OURS.fullmatch(name)
        if ours and is_file and (name.startswith(".") or f"{ours[1]}{FACTS}" not in there):
            (shelf / name).unlink()
