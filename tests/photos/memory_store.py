"""Photos in memory: the least that keeps the contract of `PhotoStore`, for tests and to hold the folders' adapter against."""

import re
from collections.abc import Iterator
from dataclasses import replace
from threading import Lock

from server.photos.store import Held
from shared.fields import PHOTO


class MemoryStore:
    """The adapter of `PhotoStore` on a dictionary."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, tuple[Held, bytes, bytes]]] = {}
        self._lock = Lock()

    def held(self, township: str, name: str) -> Held | None:
        found = self._of(township, name).get(name)
        return found and found[0]

    def put(self, township: str, held: Held, picture: bytes, small: bytes) -> None:
        with self._lock:
            self._of(township, held.name)
            self._kept.setdefault(township, {}).setdefault(held.name, (held, picture, small))

    def read(self, township: str, name: str, small: bool = False) -> bytes | None:
        found = self._of(township, name).get(name)
        return None if found is None or found[0].retired_at is not None else found[2 if small else 1]

    def retire(self, township: str, name: str, now: int) -> None:
        with self._lock:
            found = self._of(township, name).get(name)
            if found and found[0].retired_at is None:
                self._kept[township][name] = replace(found[0], retired_at=now), b"", b""

    def forget(self, township: str, name: str) -> None:
        with self._lock:
            self._of(township, name).pop(name, None)

    def names(self, township: str) -> Iterator[str]:
        return iter(sorted(self._of(township, "0" * 64)))

    def townships(self) -> list[str]:
        return sorted(township for township, kept in self._kept.items() if kept)

    def _of(self, township: str, name: str) -> dict[str, tuple[Held, bytes, bytes]]:
        if not re.fullmatch("[0-9]{9}", township) or not re.fullmatch(PHOTO, name):
            raise ValueError(f"{township!r} {name!r}")
        return self._kept.get(township, {})
