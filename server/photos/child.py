"""The child process that decodes a photo somebody sent and encodes it anew: `python -m server.photos.child`, started by `reencode` alone.

Bytes come on stdin; out go four numbers (width, height, bytes of the picture, of the small one) and then both JPEGs. Promises: limits on
memory and processor time are set before the first byte is read, and no file can be written; what comes out holds pixels and
nothing else, upright. Exit codes are below. Imports nothing of ours, so that it starts fast and can reach nothing.
"""

import io
import os
import resource
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

HEAD = struct.Struct(">IIII")
DONE, CANNOT_DECODE, TOO_MUCH_MEMORY, TOO_MANY = 0, 3, 4, 5
_NICE = 10


def main(format_: str, memory: int, cpu_seconds: int, most_pixels: int, longest: int, small: int, quality: int) -> int:
    """Do it; returns the exit code. Bytes, seconds, pixels; `longest` and `small` in pixels of the longer side."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from PIL import Image  # noqa: F401 (not to be had: our fault, and no photo is to pay for it)

    try:
        return _encode(format_, most_pixels, longest, small, quality)
    except MemoryError:
        return TOO_MUCH_MEMORY
    except Exception:  # the last net of a process that is fed by strangers: a decoder fails in whatever way it likes
        return CANNOT_DECODE


def _encode(format_: str, most_pixels: int, longest: int, small: int, quality: int) -> int:
    from PIL import ExifTags, Image

    Image.MAX_IMAGE_PIXELS = None  # ours is stricter, and an error
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
    }  # fmt: skip
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=[format_]) as opened:
        if opened.width * opened.height > most_pixels:
            return TOO_MANY
        turn = turns.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
        opened.draft("RGB", (longest, longest))  # a JPEG is decoded no larger than it is wanted
        opened.load()
        picture = _flat(opened)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    if turn is not None:
        picture = picture.transpose(turn)
    little = picture.copy()
    little.thumbnail((small, small), Image.Resampling.LANCZOS)
    large_bytes, little_bytes = _jpeg(picture, quality), _jpeg(little, quality)
    sys.stdout.buffer.write(HEAD.pack(picture.width, picture.height, len(large_bytes), len(little_bytes)))
    sys.stdout.buffer.write(large_bytes)
    sys.stdout.buffer.write(little_bytes)
    sys.stdout.buffer.flush()
    return DONE


def _flat(picture: "Picture") -> "Picture":
    """Its pixels in red, green and blue, on white where one could look through, with nothing that was said about them."""
    from PIL import Image

    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        picture = Image.new("RGB", seen.size, "white")
        picture.paste(seen, mask=seen.getchannel("A"))
    flat = picture.convert("RGB")
    flat.info = {}
    return flat


def _jpeg(picture: "Picture", quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:8])))
