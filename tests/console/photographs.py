"""Photographs for the console's tests: small JPEGs made on the spot, and the township's store filled with them."""

import io

from PIL import Image

from server.photos.store import Held
from server.service import Service, now_ms
from shared.photos import name_of
from tests.console.browser import TOWN

SIZE, SMALL = (80, 60), (32, 24)


def jpeg(word: str, size: tuple[int, int] = SIZE) -> bytes:
    """A picture of its own for every word."""
    digits = name_of(word.encode())
    made = io.BytesIO()
    colour = tuple(int(digits[at : at + 2], 16) for at in (0, 2, 4))
    Image.new("RGB", size, colour).save(made, "JPEG", comment=digits.encode())
    return made.getvalue()


def keep(service: Service, word: str, township: str = TOWN, sent: bytes | None = None) -> str:
    """A photograph that came whole; returns its name. What is kept is not what was sent, as it is in earnest."""
    name = name_of(jpeg(word) if sent is None else sent)
    large, small = jpeg(f"{word} kept"), jpeg(f"{word} small", SMALL)
    held = Held(name, "a phone", now_ms(), len(large), name_of(large), *SIZE, len(small), name_of(small))
    service.photos.put(township, held, large, small)
    return name


def coming(word: str) -> str:
    """The name of a photograph that has not arrived."""
    return name_of(f"{word} on its way".encode())
