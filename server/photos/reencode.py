"""A photo encoded anew, and a small one of it, by a child process with limits: whatever a decoder does with hostile bytes happens there.

Promises: the child gets the bytes and nothing else (no settings, no secrets, no files to write); it ends by itself or is ended; at most
AT_ONCE run in a process of ours. A photo that asks for more memory or processor time than a photo needs is refused for good; a machine
that is too busy says so and is asked again. Leaves to others: what is let in (`look`), the pixels (`child`).
"""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

import structlog

from server.photos import child
from server.photos.look import MOST_PIXELS, Seen, too_many_pixels
from server.photos.refusal import NOT_A_PICTURE, UNSAFE, PhotoRefused, busy
from shared.photos import LONGEST, QUALITY

log = structlog.get_logger()

SMALL = 320
"""Pixels of the longer side of the small one."""
AT_ONCE = BoundedSemaphore(max(1, (os.cpu_count() or 1) // 2))
"""Half of the processors at most: records come first (`python -m bench.photos`)."""
_ROOT = str(Path(__file__).parents[2])
_ENDED_BY_LIMIT = frozenset(
    {-signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL}
)
"""By the processor's limit, or by a decoder that broke down: the photo's doing. A kill from outside is not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: bytes of address space, seconds of the processor, seconds of the clock, pixels."""

    memory: int = 640 * 1024 * 1024
    cpu_seconds: int = 10
    wall_seconds: float = 60.0
    most_pixels: int = MOST_PIXELS


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Made:
    """A JPEG of at most LONGEST pixels on its longer side, its size in pixels, and the small JPEG."""

    picture: bytes
    small: bytes
    width: int
    height: int


def reencode(data: bytes, seen: Seen, limits: Limits = LIMITS) -> Made:
    """Encode anew what `look` saw. PhotoRefused for what cannot be decoded within the limits; Busy when it is not its turn, or not done, in time."""
    if not AT_ONCE.acquire(timeout=limits.wall_seconds):
        raise busy()
    try:
        code, out = _run(data, seen, limits)
    finally:
        AT_ONCE.release()
    if code == child.DONE:
        return _read(out)
    if code == child.TOO_MANY:  # what a second frame says, say
        raise too_many_pixels(limits.most_pixels)
    if code == child.CANNOT_DECODE:
        raise PhotoRefused(NOT_A_PICTURE, "照片读不出来，可能已损坏。 / The picture cannot be read; it may be damaged.")
    if code == child.TOO_MUCH_MEMORY or code in _ENDED_BY_LIMIT:
        raise PhotoRefused(
            UNSAFE, "处理这张照片超出了限度，不能收下。 / To read this picture takes more than a picture needs; it is not taken."
        )  # fmt: skip
    log.error("photo_child_failed", code=code)
    raise busy()


def _run(data: bytes, seen: Seen, limits: Limits) -> tuple[int, bytes]:
    numbers = (limits.memory, limits.cpu_seconds, limits.most_pixels, LONGEST, SMALL, QUALITY)
    command = [sys.executable, "-m", "server.photos.child", seen.format, *map(str, numbers)]
    with subprocess.Popen(
        command, env={"PYTHONPATH": _ROOT}, cwd="/", start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            out, _ = process.communicate(data, timeout=limits.wall_seconds)
        except subprocess.TimeoutExpired:
            raise busy() from None
        finally:
            process.kill()
    return process.returncode, out


def _read(out: bytes) -> Made:
    width, height, large, small = child.HEAD.unpack_from(out)
    start = child.HEAD.size
    if len(out) != start + large + small:
        raise RuntimeError("the child said less than it meant to")
    return Made(out[start : start + large], out[start + large :], width, height)
