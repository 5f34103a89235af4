"""What the bytes of a photo are, by their own structure and before anything decodes them: JPEG, PNG or WebP, whole, nothing foreign beside.

Walks over segments and chunks. Refused in words: what ends before or after the picture does, moves, has more pixels than MOST_PIXELS by its
header, or carries a ZIP, a PDF, a page or a program in its metadata. Promises: what the picture itself is coded in is never searched, for any bytes
may stand there; reads in one pass, decodes nothing. Phones lay more behind a JPEG: a depth or brightness map, a second view, a film, zeros.
That is passed over and not part of the picture (`Seen.end`); anything else behind it is refused. Leaves to others: whether it can be decoded, and taking all metadata away (`reencode`).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from server.photos.refusal import NOT_A_PICTURE, TOO_MANY_PIXELS, UNSAFE, PhotoRefused

MOST_PIXELS = 25_000_000
"""Width by height. A phone sends two million; this is what a good camera takes, and what a child of `reencode` has the memory for."""

JPEG, PNG, WEBP = "JPEG", "PNG", "WEBP"

_FOREIGN = re.compile(
    rb"PK\x03\x04[\x00-\x3f]\x00|PK\x05\x06\x00\x00\x00\x00|%PDF-[0-9]|<(?:html|script|!doctype|iframe|object|svg)[\s>/]|<\?php"
    rb"|javascript:|\x7fELF[\x01\x02][\x01\x02]\x01|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|#!/(?:bin|usr)/|This program cannot be run",
    re.IGNORECASE,
)
"""How files of other sorts begin that a browser, an archiver or a system would open where they stand."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture is: `format` is JPEG, PNG or WEBP; pixels as its header says, before any turning; it ends before the byte `end`."""

    format: str
    width: int
    height: int
    end: int


def look(data: bytes) -> Seen:
    """What these bytes are. PhotoRefused with NOT_A_PICTURE, UNSAFE or TOO_MANY_PIXELS."""
    if data.startswith(b"\xff\xd8\xff"):
        seen = _jpeg(data)
    elif data.startswith(_PNG_BEGINS):
        seen = _png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        seen = _webp(data)
    else:
        raise PhotoRefused(
            NOT_A_PICTURE, "这不是 JPEG、PNG 或 WebP 照片。 / This is no JPEG, PNG or WebP picture."
        )  # fmt: skip
    if not (seen.width and seen.height):
        raise _broken()
    if seen.width * seen.height > MOST_PIXELS:
        raise too_many_pixels(MOST_PIXELS)
    return seen


# --- JPEG ----------------------------------------------------------------------------------------------------------

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_TABLES = frozenset({0xC4, 0xDB, 0xDD})  # Huffman, quantization, restart interval
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # what a decoder of ours reads: baseline, extended, progressive
_METADATA = frozenset({*range(0xE0, 0xF0), _COM})
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # a marker that is neither a stuffed byte nor a restart
_FRAME = struct.Struct(">xHH")
_PADDING = b"\0 \t\r\n"


def _jpeg(data: bytes) -> Seen:
    at, size, scanned = 2, None, False
    while True:
        marker, at = _marker(data, at)
        if marker == _EOI:
            if size is None or not scanned:
                raise _broken()
            if not _is_phones(data[at:]):
                raise _unsafe()
            return Seen(JPEG, size[0], size[1], at)
        end = at + int.from_bytes(data[at : at + 2], "big")
        if end < at + 2 or end > len(data):
            raise _broken()
        segment = data[at + 2 : end]
        if marker in _FRAMES:
            if size is not None or len(segment) < _FRAME.size:
                raise _broken()
            height, width = _FRAME.unpack_from(segment)
            size = width, height
        elif marker in _METADATA:
            _must_be_clean(segment)
        elif marker == _SOS:
            scanned = True
            found = _AFTER_SCAN.search(data, end)
            if found is None:
                raise _broken()
            end = found.start()
        elif marker not in _TABLES:
            raise _broken()
        at = end


def _is_phones(tail: bytes) -> bool:
    """Whether this is what phones lay behind a picture: nothing, padding, more pictures (MPO, Ultra HDR), a film (MP4), Samsung's own."""
    return tail[4:8] == b"ftyp" or tail.endswith(b"SEFT") or tail.lstrip(_PADDING)[:3] in (b"", b"\xff\xd8\xff")


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at this place, and where what follows it begins; fill bytes may stand before it."""
    if data[at : at + 1] != b"\xff":
        raise _broken()
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data):
        raise _broken()
    return data[at], at + 1


# --- PNG -----------------------------------------------------------------------------------------------------------

_PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
_CODED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_MOVING = frozenset({b"acTL", b"fcTL", b"fdAT"})


def _png(data: bytes) -> Seen:
    at, seen, coded = len(_PNG_BEGINS), None, False
    while True:
        head = data[at : at + 8]
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        end = at + 12 + length
        if len(head) < 8 or end > len(data) or (seen is None) != (name == b"IHDR"):
            raise _broken()
        chunk = data[at + 8 : at + 8 + length]
        if name == b"IHDR":
            if length != 13:
                raise _broken()
            width, height = struct.unpack_from(">II", chunk)
            seen = Seen(PNG, width, height, len(data))
        elif name in _MOVING:
            raise _moving()
        elif name not in _CODED:
            if (
                not name.isalpha() or name[:1].isupper()
            ):  # a chunk that a decoder may not pass over, and ours does not know
                raise _broken()
            _must_be_clean(chunk)
        coded = coded or name == b"IDAT"
        at = end
        if name == b"IEND":
            if seen is None or not coded or length:
                raise _broken()
            _must_end(data, at)
            return seen


# --- WebP ----------------------------------------------------------------------------------------------------------

_PIXELS = frozenset({b"VP8 ", b"VP8L", b"ALPH"})


def _webp(data: bytes) -> Seen:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise _broken()
    _must_end(data, end + end % 2 if len(data) > end else end)
    sizes: list[tuple[int, int]] = []
    pictures = 0
    for name, chunk in _chunks(data, end):
        if name in (b"ANIM", b"ANMF"):
            raise _moving()
        if name == b"VP8X":
            if len(chunk) < 10:
                raise _broken()
            if chunk[0] & 0x02:
                raise _moving()
            sizes.append((1 + int.from_bytes(chunk[4:7], "little"), 1 + int.from_bytes(chunk[7:10], "little")))
        elif name in (b"VP8 ", b"VP8L"):
            pictures += 1
            sizes.append(_vp8(chunk) if name == b"VP8 " else _vp8l(chunk))
        elif name not in _PIXELS:
            _must_be_clean(chunk)
    if pictures != 1:
        raise _broken()
    return Seen(WEBP, max(width for width, _ in sizes), max(height for _, height in sizes), len(data))


def _chunks(data: bytes, end: int) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise _broken()
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _vp8(chunk: bytes) -> tuple[int, int]:
    if len(chunk) < 10 or chunk[0] & 1 or chunk[3:6] != b"\x9d\x01\x2a":
        raise _broken()
    width, height = struct.unpack_from("<HH", chunk, 6)
    return width & 0x3FFF, height & 0x3FFF


def _vp8l(chunk: bytes) -> tuple[int, int]:
    if len(chunk) < 5 or chunk[0] != 0x2F:
        raise _broken()
    bits = int.from_bytes(chunk[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


# --- what is refused -------------------------------------------------------------------------------------------------


def _must_be_clean(metadata: bytes) -> None:
    if _FOREIGN.search(metadata):
        raise _unsafe()


def _must_end(data: bytes, at: int) -> None:
    if at != len(data):
        raise _unsafe()


def too_many_pixels(most: int) -> PhotoRefused:
    """What to say of a picture with more pixels than this."""
    return PhotoRefused(
        TOO_MANY_PIXELS, f"照片太大，最多 {most // 10_000} 万像素。 / Too many pixels; at most {most // 1_000_000} million."
    )  # fmt: skip


def _broken() -> PhotoRefused:
    return PhotoRefused(NOT_A_PICTURE, "照片不完整或已损坏。 / The picture is cut short or damaged.")


def _moving() -> PhotoRefused:
    return PhotoRefused(NOT_A_PICTURE, "动图不能作为照片。 / A moving picture is not taken as a photo.")


def _unsafe() -> PhotoRefused:
    return PhotoRefused(
        UNSAFE, "文件里除照片外还夹带了别的内容，请重新拍一张。 / The file carries something beside the picture; take another one."
    )  # fmt: skip
