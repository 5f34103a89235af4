"""A desktop as a device: its clocks, keys in files, a drawn photograph. For trying the app without a phone, and for the terminal phone.

Promises: what the doors say; a desktop has no scanner, no text box of its own and no place. Leaves to others: a text box drawn by the app
(`ui`), and safety against who owns the machine: a key in a file is only as safe as the file.
"""

import base64
import itertools
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from mobile.device.ports import Device, Fix, KeyGone, KeyStoreBusy, NotOnThisDevice, Soon
from mobile.disk import StorageFull, replace_file
from shared.sync.phone import PhoneError

NAME = re.compile(r"[a-z0-9-]{1,64}")
_KEY, _NONCE = 32, 12

HOUSE = base64.b64decode(
    "/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H///"
    "/6/+b9//j/wAALCAAwAEABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIh"
    "MUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhI"
    "WGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AL1F"
    "FHQZNAIYAg5BooooopruqDLGqskrSHngelJHI0Z46elW45FkHHX0p1FFRSzBOByf5VVZixyxyaSilBKkEHBFWYpw2FbhvX1qaio5/wDUtVOnIj"
    "PnaM4odGTG4YzTauQf6lakoqOf/UtVOrFr/H+FF1/B+NV6uQf6lakopGUMMEZFM8iP+7+tORFTO0YzQ6K+Nwzim+RH/d/WnqoUYAwKWv/Z"
)
"""A house, 64 by 48 pixels, as a JPEG."""


def desktop(folder: Path, soon: Soon) -> Device:
    """The desktop as a device, its files under `folder`. RUHU_CAMERA_FILE names a JPEG that every photograph is then a copy of."""
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


class FileCamera:
    """Every photograph is a copy of one JPEG, or a drawn house when none is named; no two are the same bytes."""

    available = True

    def __init__(self, soon: Soon, picture: Path | None = None) -> None:
        self._soon = soon
        self._picture = picture
        self._count = itertools.count(1)

    def take(self, into: Path, done: Callable[[Path | PhoneError | None], None]) -> None:
        answer = put_picture(into, self._picture.read_bytes() if self._picture else HOUSE, f"ruhu {next(self._count)}")
        self._soon(lambda: done(answer))


def put_picture(into: Path, jpeg: bytes, remark: str) -> Path | StorageFull:
    """A JPEG in its place with a remark in it, whole and on the disk; StorageFull as an answer."""
    comment = f"{remark} {secrets.token_hex(8)}".encode()
    marked = jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]
    try:
        replace_file(into, marked)
    except StorageFull as full:
        return full
    return into


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
