"""Photographs in a backup: of each township an index, a line a picture, and two members of the zip for each that has its bytes, stored as they are.

The manifest has the sum of the index, the index the sums of the pictures: so what is in memory is one picture and the zip's own directory, however
many there are. Promises: going in, each is compared with its own sums; coming back, nothing is put before all of it is known to be whole,
nothing that is there whole is touched, what gives way is set aside, and a restore that fails leaves every file as it was. Leaves to
others: the zip (`dump`), and the moments (`backup`, `restore`).
"""

import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import msgspec

from server.disk import make_folder, sync_to_disk
from server.photos.folder_store import FACTS
from server.photos.store import Held, PhotoStore
from server.upkeep import dump
from shared.fields import PHOTO

FOLDER, INDEX, BIG, SMALL = "photos/", "index.jsonl", ".jpg", ".small.jpg"
ASIDE = ".set-aside"
"""Where a restore keeps what gives way, in the photos' own folder and so on the same disk; no township is called that."""
_INDEX = re.compile(rf"{FOLDER}([0-9]{{9}})/{re.escape(INDEX)}")
_NAME = re.compile(PHOTO)
_FILE = re.compile(rf"\.?({PHOTO})(?:{re.escape(BIG)}|{re.escape(SMALL)}|{re.escape(FACTS)})")


@dataclass(frozen=True, slots=True)
class Look:
    """A picture as it lies there: what is known of it, its bytes and the small one's, and else what is wrong with it.

    Of a retired one there are no bytes and nothing is wrong; of one that just went nothing is known at all.
    """

    held: Held | None
    bytes: tuple[bytes, bytes] | None = None
    wrong: str = ""


def look_at(photos: PhotoStore, township: str, name: str) -> Look:
    """Read a picture whole and compare it with its sums. Its own errors are what we look for, so none is raised."""
    try:
        held = photos.held(township, name)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        return Look(None, wrong=f"说明读不懂（{type(error).__name__}）/ what is known of it cannot be read")
    if held is None or held.retired_at is not None:
        return Look(held)
    if held.name != name:
        return Look(held, wrong="说明是另一张照片的 / what is known is of another picture")
    pair = (b"", b"")
    for small, size, sha256 in ((False, held.bytes, held.sha256), (True, held.small_bytes, held.small_sha256)):
        which = "小图" if small else "照片"
        try:
            data = photos.read(township, name, small)
        except OSError as error:
            return Look(held, wrong=f"{which}不见了或读不出（{type(error).__name__}）/ is missing or cannot be read")
        if data is None:  # it went between the two looks
            return look_at(photos, township, name)
        if (len(data), _sum(data)) != (size, sha256):
            return Look(held, wrong=f"{which}的内容变了 / differs from what was put")
        pair = (pair[0], data) if small else (data, b"")
    return Look(held, pair)


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_here(photos: PhotoStore, township: str, name: str) -> bool:
    """Whether anything of a picture is here: whole, damaged or retired."""
    try:
        return photos.held(township, name) is not None
    except (OSError, ValueError, msgspec.MsgspecError):
        return True


# --- out -----------------------------------------------------------------------------------------------------------


def dump_photos(photos: PhotoStore, archive: zipfile.ZipFile) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Write every picture into the archive; returns the manifest's `members` and its `photos`: {"held", "bytes", "retired", "damaged"}.

    `damaged` counts those left out, since the sums say that they are not what arrived (`ruhu verify` names them).
    """
    members: list[dict[str, Any]] = []
    told = dict.fromkeys(("held", "bytes", "retired", "damaged"), 0)
    for township in photos.townships():
        with SpooledTemporaryFile(max_size=dump.CHUNK) as index:
            for name in photos.names(township):
                found = look_at(photos, township, name)
                if found.wrong:
                    told["damaged"] += 1
                elif found.held:
                    index.write(msgspec.json.encode(found.held) + b"\n")
                    told["retired" if found.bytes is None else "held"] += 1
                    for tail, data in zip((BIG, SMALL), found.bytes or (), strict=False):
                        # A JPEG is as small as it gets: nothing to compress.
                        archive.writestr(f"{FOLDER}{township}/{name}{tail}", data, zipfile.ZIP_STORED)
                        told["bytes"] += len(data)
            index.seek(0)
            lines = iter(partial(index.read, dump.CHUNK), b"")
            members.append(dump.add_member(archive, f"{FOLDER}{township}/{INDEX}", lines))
    return members, told


# --- in ------------------------------------------------------------------------------------------------------------


def check_photos(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Every picture of the indexes is there once and whole, and no other. DamagedError. The indexes' own sums are checked elsewhere."""
    there = sum(dump.PICTURE.fullmatch(name) is not None for name in archive.namelist())
    last = ("", "")
    try:
        for township, held in _pictures(archive, manifest):
            if not (_NAME.fullmatch(held.name) and last < (township, held.name)):
                raise dump.DamagedError(township)
            last = township, held.name
            if held.retired_at is None:
                for tail, sha256 in ((BIG, held.sha256), (SMALL, held.small_sha256)):
                    dump.check_member(archive, {"name": f"{FOLDER}{township}/{held.name}{tail}", "sha256": sha256})
                    there -= 1
    except dump.DamagedError:
        raise
    except Exception as error:  # whatever a damaged zip or index makes the libraries say
        raise dump.DamagedError(type(error).__name__) from error
    if there:
        raise dump.DamagedError(FOLDER)


@dataclass(slots=True)
class BringBack:
    """Puts the pictures of a checked backup where they are missing: `put` so many, `there` so many already.

    What is damaged here, and what a put would clear away, is set aside under another name in `folder`, the store's own, until `done`; `undo`
    puts it back. What a killed restore had set aside goes back when the next begins.
    """

    photos: PhotoStore
    folder: Path
    archive: zipfile.ZipFile
    manifest: dict[str, Any]
    put: int = 0
    there: int = 0
    _new: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self) -> None:
        self._put_back()
        for township, held in _pictures(self.archive, self.manifest):
            if held.retired_at is not None:
                self._put_retired(township, held)
            elif _is_there(self.photos, township, held.name):
                self.there += 1
            else:
                big, small = (self.archive.read(f"{FOLDER}{township}/{held.name}{tail}") for tail in (BIG, SMALL))
                self._make_room(township, held.name)
                self.photos.put(township, held, big, small)
                self.put += 1

    def _put_retired(self, township: str, held: Held) -> None:
        if not is_here(self.photos, township, held.name):
            self._make_room(township, held.name)
            self.photos.put(township, held, b"", b"")
            self.photos.retire(township, held.name, held.retired_at or 0)

    def undo(self) -> None:
        """Take away again what was put, and put back what gave way to it."""
        for township, name in self._new:
            self.photos.forget(township, name)
        self._put_back()

    def done(self) -> None:
        """Let go of what gave way. Should the disk not let us, the next restore does."""
        shutil.rmtree(self.folder / ASIDE, ignore_errors=True)

    def _make_room(self, township: str, name: str) -> None:
        """Set aside what lies in the place of a picture, and whatever lies beside it without being known, which a put would clear away."""
        shelf, aside = (top / township / name[:2] for top in (self.folder, self.folder / ASIDE))
        there = {path.name for path in shelf.iterdir()} if shelf.is_dir() else set()
        # What is known of a picture goes first: where it stands, its bytes stand too.
        for each in sorted(there, key=lambda each: not each.endswith(FACTS)):
            found = _FILE.fullmatch(each)
            if found and (found[1] == name or each.startswith(".") or f"{found[1]}{FACTS}" not in there):
                make_folder(aside)
                (shelf / each).rename(aside / each)
        if aside.is_dir():
            sync_to_disk(aside)
            sync_to_disk(shelf)
        self._new.append((township, name))

    def _put_back(self) -> None:
        """What was set aside, each file in its place, unless a whole picture took that."""
        aside = self.folder / ASIDE
        for path in sorted(aside.glob("*/*/*"), key=lambda each: each.name.endswith(FACTS)):
            place = self.folder / path.relative_to(aside)
            if not (place.exists() and place.with_name(f"{path.name.partition('.')[0]}{FACTS}").exists()):
                path.replace(place)
                sync_to_disk(place.parent)
        self.done()


def _is_there(photos: PhotoStore, township: str, name: str) -> bool:
    """Whether a picture needs nothing from the backup: it is here and nothing is wrong with it."""
    found = look_at(photos, township, name)
    return found.held is not None and not found.wrong


def _pictures(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> Iterator[tuple[str, Held]]:
    """Township and facts of every picture of a backup, by the indexes that its manifest names."""
    for entry in manifest["members"]:
        if found := _INDEX.fullmatch(entry["name"]):
            with archive.open(entry["name"]) as lines:
                for line in lines:
                    yield found[1], msgspec.json.decode(line, type=Held)
