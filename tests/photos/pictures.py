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


def two_views(seed: int = 1) -> bytes:
    """A JPEG with a second one behind it and a segment that says where (MPO), as cameras of two lenses write it."""
    return encoded(scene(seed), "MPO", save_all=True, append_images=[scene(seed + 1)])


def film() -> bytes:
    """How an MP4 begins, and something of it."""
    return b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0\0\x04\0mdat" + random.Random(1).randbytes(1016)


def as_phones_write_it(seed: int = 1) -> dict[str, bytes]:
    """JPEGs with what phones lay behind the picture."""
    data = jpeg(seed)
    gain = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description hdrgm:Version="1.0"/></x:xmpmeta>'
    views = two_views(seed)
    return {
        "two views": views, "ultra hdr": with_segment(views, 0xE1, gain), "another picture": data + jpeg(seed + 1, (80, 60)),
        "another picture after padding": data + bytes(1000) + jpeg(seed + 1, (80, 60)), "motion photo": data + film(),
        "samsung": data + b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1535940900000" + b"SEFH" + bytes(24) + b"SEFT",
        "samsung with a film": data + b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + film() + b"SEFH" + bytes(24) + b"SEFT",
        "a zero": data + b"\0", "zeros": data + bytes(4096), "a line's end": data + b"\r\n", "blanks": data + b" \t\n\0 ",
    }  # fmt: skip


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
