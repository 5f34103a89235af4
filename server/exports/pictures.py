"""A list with its photographs: a zip of the workbook and of the pictures that the records of its rows name.

Each is `photos/<row>-<n>.jpg`; the workbook's last column says which are a row's, and what is not among them and why. Promises: only what
is asked for by two persons is made at all (`requests`); one picture is in memory at a time; more than MOST leave only in parts. Leaves to
others: which rows, who may, and the row in the trail (`console`).
"""

import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO

from server.config import GUARD_BYTES
from server.exports.about import About
from server.exports.files import workshop, write_xlsx
from server.exports.reading import Reading
from server.lists.listing import Column, Row
from server.photos.store import PhotoStore
from server.reading.pictured import COMING, DAMAGED, HERE, LOST, RETIRED, UNREADABLE, Named, photos_of, waited
from shared.fields import Label
from shared.kind import Kind
from shared.photos import photo_fields
from shared.record import Key

ZIP = "application/zip"
MOST = 2000
"""Photographs that one file holds: some 400 MB."""
FOLDER = "photos"

_BATCH = 500
_MISSING = {
    COMING: Label("{n} 张还在路上", "{n} still on the way"),
    LOST: Label("{n} 张没有收到", "{n} did not arrive"),
    RETIRED: Label("{n} 张已过保存期", "{n} not kept any longer"),
    DAMAGED: Label("{n} 张读不出来", "{n} cannot be read"),
}
_FILES = Column("photo_files", Label("照片文件", "Photo files"))


class PicturesError(ValueError):
    """The photographs cannot leave so; the message says why and what to do."""


@dataclass(frozen=True)
class Gathered:
    """The photographs of a list by the number of their row, from 1. Rows without any are left out."""

    rows: Mapping[int, Sequence[Named]]

    def count(self, state: str) -> int:
        return Counter(one.state for named in self.rows.values() for one in named)[state]

    @property
    def most(self) -> int:
        """How many a second person is asked about: those that are here, and those that may still come before it is taken."""
        return self.count(HERE) + self.count(COMING)

    def missing(self) -> list[Label]:
        """What is named and not there, in words by why."""
        return [_missing(state, n) for state in _MISSING if (n := self.count(state))]

    def words(self) -> Label:
        """How many there are, and how many are named that are not there."""
        here, missing = self.count(HERE), self.missing()
        zh, en = [f"附照片 {here} 张"], [f"with {here} photos"]
        return Label("，".join([*zh, *(one.zh for one in missing)]), ", ".join([*en, *(one.en for one in missing)]))


def gather(reading: Reading, photos: PhotoStore, instance: Path) -> Gathered:
    """What the rows' records name. PicturesError when there is none to give, when there are too many, or too little room to put them together."""
    found: dict[int, Sequence[Named]] = {}
    count = size = 0
    numbered = enumerate(reading.rows(), 1)
    while rows := list(islice(numbered, _BATCH)):
        for number, named in _batch(reading, photos, rows):
            found[number] = named
            count += len(named)
            size += sum(one.held.bytes for one in named if one.held and one.state == HERE)
        if count > MOST:
            raise PicturesError(
                f"照片超过 {MOST} 张，请加筛选条件，分几次申请。 / More than {MOST} photos; filter the list and ask in parts."
            )
    gathered = Gathered(found)
    if not count:
        raise PicturesError(
            "这份名单没有照片，不附照片即可导出。 / No row of this list has a photo; take it out without."
        )
    if not gathered.most:
        missing = gathered.missing()
        raise PicturesError(
            f"这份名单没有可附的照片（{'，'.join(one.zh for one in missing)}），不附照片即可导出。"
            f" / No photo of this list can go along ({', '.join(one.en for one in missing)}); take it out without."
        )
    if shutil.disk_usage(instance).free < size + GUARD_BYTES:
        raise PicturesError(
            "服务器磁盘空间不够打包这些照片，请加筛选条件，或联系管理员。"
            " / The server has too little room to put these photos together; filter the list, or tell the administrator."
        )
    return gathered


def _batch(
    reading: Reading, photos: PhotoStore, rows: Sequence[tuple[int, Row]]
) -> Iterator[tuple[int, Sequence[Named]]]:
    """(row, what its record names) of the rows that name any."""
    kind, store = reading.query.database.kinds[reading.listing.pictured], reading.query.store
    ids = {number: str(row["_id"]) for number, row in rows}
    entries = store.entries(kind.name, photo_fields(kind), ids=list(ids.values()))
    named = {entry.id: photos_of(photos, store.code, kind, entry.values) for entry in entries}
    waiting = [Key(kind.name, id_) for id_, own in named.items() if any(one.state == COMING for one in own)]
    history = store.history(waiting) if waiting else {}
    for key, record in (store.load(waiting) if waiting else {}).items():
        named[key.id] = waited(record, history.get(key, []), named[key.id], reading.query.now)
    for number, id_ in ids.items():
        if own := named.get(id_):
            yield number, own


@dataclass(frozen=True)
class _Pictured(Reading):
    """A list with one more column, which says which files are a row's."""

    cells: Mapping[int, Label]

    def rows(self) -> Iterator[Row]:
        for number, row in enumerate(super().rows(), 1):
            yield {**row, _FILES.key: self.cells.get(number, "")}


def write_zip(reading: Reading, gathered: Gathered, photos: PhotoStore, about: About, instance: Path) -> IO[bytes]:
    """The workbook and its photographs, to be read from the start. It has no name on any disk, as `files` has it."""
    township, kind = reading.query.store.code, reading.query.database.kinds[reading.listing.pictured]
    with workshop(instance) as folder:
        file = (folder / "file").open("w+b")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            cells = {
                number: _cell(kind, [_add(archive, photos, township, f"{FOLDER}/{number}-{at}.jpg", one) for at, one in enumerate(named, 1)])
                for number, named in gathered.rows.items()
            }  # fmt: skip
            listing = replace(reading.listing, columns=[*reading.listing.columns, _FILES])
            with (
                write_xlsx(_Pictured(listing, reading.query, reading.first, cells), about, instance) as book,
                archive.open(about.file_name("xlsx"), "w", force_zip64=True) as entry,
            ):
                shutil.copyfileobj(book, entry)
    file.seek(0)
    return file


def _add(archive: zipfile.ZipFile, photos: PhotoStore, township: str, name: str, one: Named) -> tuple[Named, str]:
    """A photograph and the file that it became, '' for one that is not here. One that went or broke since it was looked for is told so."""
    if one.state != HERE:
        return one, ""
    try:
        data = photos.read(township, one.name)
    except UNREADABLE:
        return replace(one, state=DAMAGED), ""
    if data is None:
        return replace(one, state=RETIRED), ""
    archive.writestr(name, data)
    return one, name


def _cell(kind: Kind, told: Sequence[tuple[Named, str]]) -> Label:
    """A row's files with what each shows, and what is not among them."""
    labels = [(kind.fields[one.field].label, name) for one, name in told if name]
    states = Counter(one.state for one, name in told if not name)
    missing = [_missing(state, n) for state in _MISSING if (n := states[state])]
    zh, en = [f"{name} {label.zh}" for label, name in labels], [f"{name} {label.en}" for label, name in labels]
    return Label("；".join([*zh, *(one.zh for one in missing)]), "; ".join([*en, *(one.en for one in missing)]))


def _missing(state: str, count: int) -> Label:
    return Label(_MISSING[state].zh.format(n=count), _MISSING[state].en.format(n=count))
