"""JPEG without what a camera adds: position, time, serial number, a second small picture, remarks.

Promises: `bare` gives the same picture, point for point, with nothing beside it: no APPn but a short JFIF one, no COM, nothing between
segments and nothing after the end; what is no whole JPEG is refused. Leaves to others: size and turning (the camera's), and decoding: a
file that is well-formed and holds nonsense passes here.
"""

import re
from collections.abc import Iterator

from shared.sync.phone import PhoneError

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended, progressive: what cameras write and every reader reads."""
TABLES = {0xC4, 0xDB, 0xDD}
"""Huffman tables, quantization tables, restart interval."""
REMARKS = {0xFE, *range(0xE0, 0xF0)}
_JFIF = b"JFIF\x00"
_SCAN_ENDS = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class NotAJpeg(PhoneError):
    code = "not_a_jpeg"
    words = "这不是一张完整的 JPEG 照片，没有收下。 / This is not a whole JPEG photo; it was not taken."


def bare(data: bytes) -> bytes:
    """The picture alone. NotAJpeg for what is not one, or is cut short."""
    return b"".join(_pieces(data))


def _pieces(data: bytes) -> Iterator[bytes]:
    """What stays, piece by piece."""
    if data[:2] != bytes((0xFF, SOI)):
        raise NotAJpeg("SOI")
    yield data[:2]
    at, has_jfif, has_frame, has_scan = 2, False, False, False
    while True:
        marker, at = _marker(data, at)
        if marker == EOI:
            if not has_scan:
                raise NotAJpeg("no scan")
            yield bytes((0xFF, EOI))
            return
        body = _body(data, at)
        at += 2 + len(body)
        if marker in REMARKS:
            if marker == 0xE0 and body.startswith(_JFIF) and len(body) >= 14 and not has_jfif:
                has_jfif = True
                yield _segment(marker, body[:12] + b"\x00\x00")  # 0 by 0: without the small picture it may hold
            continue
        if marker in FRAMES:
            if has_frame or len(body) < 6 or not any(body[1:3]) or not any(body[3:5]):
                raise NotAJpeg("frame")
            has_frame = True
        elif marker == SOS:
            if not has_frame:
                raise NotAJpeg("scan without a frame")
            has_scan = True
        elif marker not in TABLES:
            raise NotAJpeg(f"marker {marker:02X}")
        yield _segment(marker, body)
        if marker == SOS:
            end = _SCAN_ENDS.search(data, at)
            if end is None:
                raise NotAJpeg("cut short")
            yield data[at : end.start()].rstrip(b"\xff")  # more than one FF before a marker only fills
            at = end.start()


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker that must stand here, and where it ends."""
    if data[at : at + 1] != b"\xff":
        raise NotAJpeg("no marker" if at < len(data) else "cut short")
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data):
        raise NotAJpeg("cut short")
    return data[at], at + 1


def _body(data: bytes, at: int) -> bytes:
    """What a segment holds behind its two bytes of length."""
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2 or at + length > len(data):
        raise NotAJpeg("cut short")
    return data[at + 2 : at + length]


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body
