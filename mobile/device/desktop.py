"""A desktop as a device: its clocks, keys in files, a drawn photograph. For trying the app without a phone, and for the terminal phone.

Promises: what the doors say; a desktop has no scanner, no text box of its own and no place. Leaves to others: a text box drawn by the app
(`ui`), and safety against who owns the machine: a key in a file is only as safe as the file.
"""

import io
import os
import random
import re
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobile.device.ports import Device, Fix, KeyGone, KeyStoreBusy, NotOnThisDevice, Soon
from mobile.disk import replace_file
from mobile.jpeg import NotAJpeg, bare
from shared.photos import LONGEST, QUALITY
from shared.sync.phone import PhoneError

NAME = re.compile(r"[a-z0-9-]{1,64}")
_KEY, _NONCE = 32, 12


def desktop(folder: Path, soon: Soon) -> Device:
    """The desktop as a device, its files under `folder`. RUHU_CAMERA_FILE names a picture that every photograph is then taken of."""
    named = os.environ.get("RUHU_CAMERA_FILE")
    return Device(
        key_store=FileKeyStore(folder / "keys"),
        clocks=SystemClocks(boot_id_of_linux()),
        camera=FileCamera(soon, Path(named) if named else None),
        location=NoLocation(soon),
        text_dialog=NoTextDialog(),
        secure_window=OpenWindow(),
        scanner=NoScanner(),
        back=NoBack(),
        share=FolderShare(folder / "shared"),
        network=UnknownNetwork(),
    )


# --- keys ----------------------------------------------------------------------------------------------------------


def check_name(name: str) -> None:
    """ValueError for what cannot name a key."""
    if not NAME.fullmatch(name):
        raise ValueError(f"not a key's name: {name!r}")


class FileKeyStore:
    """Keys as files: one of 32 random bytes per name, mode 0600, in a folder of mode 0700. AES-256-GCM under 96 random bits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wrap(self, name: str, plain: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # late: most starts need no key

        key = self._key(name) or self._make(name)
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(key).encrypt(nonce, plain, name.encode())

    def unwrap(self, name: str, sealed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._key(name)
        if key is None:
            raise KeyGone
        try:
            return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: too short to be anything sealed
            raise KeyGone from error

    def destroy(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _key(self, name: str) -> bytes | None:
        try:
            key = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyStoreBusy from error
        return key if len(key) == _KEY else None  # a damaged file is no key

    def _make(self, name: str) -> bytes:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_bytes(_KEY)
        replace_file(self._path(name), key)
        return key

    def _path(self, name: str) -> Path:
        check_name(name)
        return self._folder / name


# --- clocks --------------------------------------------------------------------------------------------------------


def boot_id_of_linux() -> str:
    """The kernel's own text for this start; empty where there is no such file or it may not be read."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class SystemClocks:
    """The system's clocks. CLOCK_BOOTTIME is what Android calls elapsedRealtime: it goes on while the phone sleeps."""

    def __init__(self, boot_id: str) -> None:
        self._boot_id = boot_id

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono(self) -> float:
        clock = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if clock is None else time.clock_gettime(clock)

    def boot_id(self) -> str:
        return self._boot_id


# --- camera and place ----------------------------------------------------------------------------------------------


class NoPillow(PhoneError):
    code = "no_pillow"
    words = "这台电脑没有装 Pillow，不能拍照：pip install pillow。 / No photo without Pillow on this computer: pip install pillow."


class FileCamera:
    """Every photograph is of one picture, or a drawn house when none is named; like a real camera's, no two are the same bytes."""

    available = True

    def __init__(self, soon: Soon, picture: Path | None = None) -> None:
        self._soon = soon
        self._picture = picture

    def take(self, into: Path, done: Callable[[Path | PhoneError | None], None]) -> None:
        answer = self._shoot(into)
        self._soon(lambda: done(answer))

    def _shoot(self, into: Path) -> Path | PhoneError:
        try:
            return put_picture(into, photograph(self._picture))
        except PhoneError as error:
            return error

    def left_behind(self, into: Path) -> Path | PhoneError | None:
        return into if into.exists() else None


def put_picture(into: Path, jpeg: bytes) -> Path:
    """A JPEG in its place, whole and on the disk. StorageFull."""
    replace_file(into, jpeg)
    return into


def photograph(of: Path | None = None, longest: int = LONGEST) -> bytes:
    """A JPEG as a phone's camera leaves it: upright, at most `longest` pixels a side, nothing beside the picture, about 200 KB at 1600.

    Of the picture in this file, or of a drawn house. NoPillow, NotAJpeg for a file that is no picture; OSError when there is none.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError  # late: a phone has none, and a desktop may have none
    except ImportError as error:
        raise NoPillow from error
    try:
        picture = _house(longest) if of is None else ImageOps.exif_transpose(Image.open(of)).convert("RGB")
    except UnidentifiedImageError as error:
        raise NotAJpeg(of.name if of else "") from error
    picture.thumbnail((longest, longest))
    grain = Image.frombytes("L", picture.size, os.urandom(picture.width * picture.height)).convert("RGB")
    told = io.BytesIO()
    Image.blend(picture, grain, _GRAIN).save(told, "JPEG", quality=QUALITY)
    return bare(told.getvalue())


_GRAIN = 0.05
"""How much chance is in a picture: what a sensor adds, and enough that no two are the same."""


def _house(longest: int) -> Any:
    """A house before a hill, never twice the same."""
    from PIL import Image, ImageDraw

    dice, wide, high = random.Random(), longest, longest * 3 // 4
    picture = Image.new("RGB", (wide, high), (dice.randint(150, 190), dice.randint(190, 215), 235))
    draw = ImageDraw.Draw(picture)

    def at(*part: float) -> list[float]:
        return [one * (wide if place % 2 == 0 else high) for place, one in enumerate(part)]

    for left in (-0.1, 0.25, 0.6):
        top = dice.uniform(0.12, 0.3)
        draw.ellipse(at(left, top, left + dice.uniform(0.4, 0.6), 1.0), fill=(70, dice.randint(105, 140), 85))
    draw.rectangle(at(0, 0.66, 1, 1), fill=(dice.randint(140, 180), 140, 100))
    x, wall = dice.uniform(0.15, 0.4), tuple(dice.randint(180, 235) for _ in range(3))
    draw.rectangle(at(x, 0.42, x + 0.42, 0.8), fill=wall)
    draw.polygon(at(x - 0.04, 0.43, x + 0.21, 0.24, x + 0.46, 0.43), fill=(dice.randint(110, 170), 70, 55))
    draw.rectangle(at(x + 0.17, 0.56, x + 0.25, 0.8), fill=(95, 65, 45))
    for window in (0.05, 0.3):
        draw.rectangle(at(x + window, 0.52, x + window + 0.07, 0.63), fill=(60, 75, 95))
    for _ in range(dice.randint(20, 60)):
        left, top, size = dice.random(), dice.uniform(0.7, 0.97), dice.uniform(0.004, 0.03)
        draw.ellipse(at(left, top, left + size, top + size), fill=tuple(dice.randint(60, 200) for _ in range(3)))
    return picture


class NoLocation:
    def __init__(self, soon: Soon) -> None:
        self._soon = soon

    def one_fix(self, done: Callable[[Fix | None], None], seconds: float = 60) -> None:
        self._soon(lambda: done(None))


# --- what a desktop has not ----------------------------------------------------------------------------------------


class NoTextDialog:
    available = False

    def ask(self, title: str, text: str, multiline: bool, hint: str, done: Callable[[str | None], None]) -> None:
        raise NotOnThisDevice


class NoScanner:
    available = False

    def scan(self, done: Callable[[str | None], None]) -> None:
        raise NotOnThisDevice


class OpenWindow:
    """Remembers what it was told; a desktop window cannot hide."""

    protected = False

    def protect(self, on: bool) -> None:
        self.protected = on


class NoBack:
    """Remembers how often the app would have left; a desktop window stays."""

    left = 0

    def leave(self) -> None:
        self.left += 1


class FolderShare:
    """What is shared stands in a folder, for the person to take from there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, path: Path, title: str) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(shutil.copyfile(path, self._folder / path.name))


class UnknownNetwork:
    def online(self) -> bool | None:
        return None
