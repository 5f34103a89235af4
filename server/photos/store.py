"""Where the township's photographs are kept: a small port, so that another store can follow, and its adapter on folders.

A picture is named by what the phone sent (`shared.photos`); kept is what we made of it: a JPEG encoded anew, and a small one. Promises of
every adapter (`tests/contract/photo_store.py`): `put` has all of a picture on the disk when it returns, or nothing shows of it; the same put
again changes nothing; townships never meet; a name that is no name raises ValueError and touches nothing. Leaves to others: who may see
a picture, and whether a record still names it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Held:
    """A picture that came whole. `name` is of the bytes sent; `bytes`, `sha256`, `width`, `height` are of what is kept.

    Moments in ms since 1970. `retired_at`: its time was over and its bytes are gone; that it was here stays known.
    """

    name: str
    device: str
    arrived_at: int
    bytes: int
    sha256: str
    width: int
    height: int
    small_bytes: int
    small_sha256: str
    retired_at: int | None = None


class PhotoStore(Protocol):
    """What is kept of photographs, by township (9 digits) and name (64 hex digits)."""

    def held(self, township: str, name: str) -> Held | None:
        """What is known of a picture; None for one that never came whole."""
        ...

    def put(self, township: str, held: Held, picture: bytes, small: bytes) -> None:
        """Keep a picture: on the disk when this returns. One that is held stays as it is; one that was retired too."""
        ...

    def read(self, township: str, name: str, small: bool = False) -> bytes | None:
        """A picture's bytes; None for one that never came, or is retired."""
        ...

    def retire(self, township: str, name: str, now: int) -> None:
        """Let the bytes go and keep the fact."""
        ...

    def forget(self, township: str, name: str) -> None:
        """Let go of the bytes and the fact."""
        ...

    def names(self, township: str) -> Iterator[str]:
        """Every picture's name, retired ones too, in order."""
        ...

    def townships(self) -> list[str]:
        """Those of which pictures are held, in order."""
        ...
