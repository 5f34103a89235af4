"""Pictures for tests, made on the spot: none like another, with whatever a camera or somebody hostile puts into them."""

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image


def scene(seed: int = 1, pixels: tuple[int, int] = (320, 240)) -> Image.Image:
    """Something with detail, different for each seed."""
    chance = random.Random(seed)
    return Image.frombytes("RGB", (40, 30), chance.randbytes(3600)).resize(pixels, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format_: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def jpeg(seed: int = 1, pixels: tuple[int, int] = (320, 240), **options: Any) -> bytes:
    return encoded(scene(seed, pixels), "JPEG", **options)


def png(seed: int = 1, pixels: tuple[int, int] = (320, 240), **options: Any) -> bytes:
    return encoded(scene(seed, pixels), "PNG", **options)


def webp(seed: int = 1, pixels: tuple[int, int] = (320, 240), **options: Any) -> bytes:
    return encoded(scene(seed, pixels), "WEBP", **options)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment right after its beginning."""
    return data[:2] + segment(marker, body) + data[2:]


def chunk(name: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(data: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk right after its header."""
    return data[:33] + chunk(name, body) + data[33:]


def with_riff(data: bytes, name: bytes, body: bytes) -> bytes:
    """A WebP with one more chunk at its end."""
    more = data + name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return more[:4] + struct.pack("<I", len(more) - 8) + more[8:]
