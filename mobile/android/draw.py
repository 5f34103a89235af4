"""Draws the app's pictures: a house with an open door, white on the brand's green. Run it and commit what it writes to `pictures/`.

Promises: the same bytes each time, from nothing but the standard library. The green is the theme's (a test compares).
"""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

PICTURES = Path(__file__).resolve().parent / "pictures"
GREEN = (0x0B, 0x6B, 0x4F)
FINE = 4  # each pixel is drawn as 4 by 4, so that edges are smooth

Point = tuple[float, float]
HOUSE: tuple[Sequence[Point], ...] = (
    ((0.50, 0.26), (0.78, 0.50), (0.73, 0.55), (0.50, 0.355), (0.27, 0.55), (0.22, 0.50)),  # the roof
    ((0.50, 0.42), (0.69, 0.58), (0.69, 0.74), (0.31, 0.74), (0.31, 0.58)),  # the walls
)
DOOR: Sequence[Point] = ((0.45, 0.74), (0.45, 0.60), (0.55, 0.60), (0.55, 0.74))
"""Parts of a picture, in parts of its side, from the top left; all lies in the middle two thirds, which every launcher shows."""


def cover(size: int) -> list[list[float]]:
    """For each pixel, how much of it is house: 0 to 1."""
    wide = size * FINE
    fine = [bytearray(wide) for _ in range(wide)]
    for shape, ink in ((HOUSE[0], 1), (HOUSE[1], 1), (DOOR, 0)):
        for row in range(wide):
            for left, right in spans(shape, (row + 0.5) / wide):
                start, end = round(left * wide), round(right * wide)
                fine[row][start:end] = bytes([ink]) * (end - start)
    rows = []
    for y in range(size):
        four = fine[y * FINE : y * FINE + FINE]
        rows.append([sum(sum(line[x : x + FINE]) for line in four) / FINE**2 for x in range(0, wide, FINE)])
    return rows


def spans(shape: Sequence[Point], y: float) -> list[tuple[float, float]]:
    """Where a level line is inside a polygon."""
    ends = zip(shape, [*shape[1:], shape[0]], strict=True)
    cuts = sorted(ax + (y - ay) * (bx - ax) / (by - ay) for (ax, ay), (bx, by) in ends if (ay <= y) != (by <= y))
    return list(zip(cuts[::2], cuts[1::2], strict=True))


def png(rows: list[list[tuple[int, int, int, int]]]) -> bytes:
    """RGBA pixels as a PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 6, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + bytes(part for pixel in row for part in pixel) for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def on_green(size: int) -> bytes:
    """The house on the green, to the edge."""
    return png([[(*(round(g + (255 - g) * c) for g in GREEN), 255) for c in row] for row in cover(size)])  # type: ignore[misc]


def alone(size: int) -> bytes:
    """The house on nothing."""
    return png([[(255, 255, 255, round(255 * c)) for c in row] for row in cover(size)])


def pictures() -> dict[str, bytes]:
    """All that the spec names."""
    return {
        "icon.png": on_green(192),
        "icon_front.png": alone(432),
        "icon_ground.png": png([[(*GREEN, 255)] * 432] * 432),
        "presplash.png": alone(512),
    }


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name, data in pictures().items():
        (PICTURES / name).write_bytes(data)
