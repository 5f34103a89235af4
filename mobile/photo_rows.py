"""What a phone knows of its photos: rows, counts, and whether anything names one still.

Promises: a photo that is opened is the very one its name says; a damaged row shuts nobody out of the others. Leaves to
others: taking and letting go (`photos`), whose turn it is to be sent (`photo_queue`), files (`photo_files`), SQL (`store`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mobile.notebook import Notebook
from mobile.store import PhotoRow
from mobile.vault import Unsealable
from shared.kind import Kind
from shared.photos import name_of, names_in
from shared.record import Key
from shared.sync.phone import PhoneError

TAKING, HERE, SENT, REFUSED = "taking", "here", "sent", "refused"


class NoSuchPhoto(PhoneError):
    code = "no_such_photo"
    words = "手机里没有这张照片。 / There is no such photo on this phone."


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo taken on this phone. `name` is empty while the camera is open; `state` is taking, here, sent or refused.

    `bytes` and `offset` (what the township has of it) count bytes; `url` is the upload's id there, empty for none; `why` the refusal in
    words. `taken_at` and `sent_at` in ms since 1970. `again`: its bytes arrived damaged once. The place is for a record not yet there.
    """

    id: str
    kind: str
    record: str
    field: str
    name: str = ""
    state: str = TAKING
    bytes: int = 0
    taken_at: int = 0
    offset: int = 0
    url: str = ""
    why: str = ""
    village: str | None = None
    household: str | None = None
    sent_at: int | None = None
    again: bool = False

    @property
    def key(self) -> Key:
        return Key(self.kind, self.record)


@dataclass(frozen=True, slots=True)
class Count:
    """Of the photos a record names: `named` all of them, `mine` those taken on this phone, `arrived` of mine at the township, `here` those
    whose bytes are on this phone. What became of other people's photos this phone does not know.
    """

    named: int = 0
    mine: int = 0
    arrived: int = 0
    here: int = 0

    @property
    def words(self) -> str:
        """``2/3`` while a photo of this phone is on its way, else empty."""
        return f"{self.arrived}/{self.mine}" if self.arrived < self.mine else ""


class PhotoRows:
    """The photos of one person's notebook. Callable from any thread."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self._store = notebook.store
        self._files = notebook.store.photo_files

    # --- reading ---------------------------------------------------------------------------------------------------

    def get(self, id: str) -> Photo:
        """One photo by its row; NoSuchPhoto."""
        row = self._store.photo(id)
        if row is None:
            raise NoSuchPhoto(id)
        return read(row)

    def of(self, kind: str, record: str) -> list[Photo]:
        """Those taken on this phone for a record, oldest first; also such as the record no longer names. Damaged rows are left out."""
        return [read(row) for row in self._store.photos_of(Key(kind, record))]

    def all(self) -> list[Photo]:
        """Every photo this phone knows of, oldest first."""
        found = [photo for state in (TAKING, HERE, SENT, REFUSED) for photo in self._those(state)]
        return sorted(found, key=lambda photo: photo.id)

    def open(self, name: str) -> bytes | None:
        """The JPEG of this name; None when it is not on this phone, or damaged."""
        for id in sorted(self._files.ids()):
            photo = self._readable(id)
            if photo and photo.name == name:
                data = self._bytes(id, name)
                if data is not None:
                    return data
        return None

    def bytes_of(self, photo: Photo) -> bytes | None:
        """The JPEG of one of our photos; None when its file is gone or damaged."""
        return self._bytes(photo.id, photo.name)

    def _bytes(self, id: str, name: str) -> bytes | None:
        try:
            data = self._files.read(id)
        except Unsealable:
            return None
        return data if data is not None and name_of(data) == name else None

    def count(self, kind: str, values: Mapping[str, Any], record: str) -> Count:
        """How far the photos have come that a record of these values names."""
        named = {name for _, name in names_in(self.notebook.kind(kind), values)}
        mine = [photo for photo in self.of(kind, record) if photo.name in named]
        arrived = {photo.name for photo in mine if photo.state == SENT}
        here = {photo.name for photo in mine if self._files.has(photo.id)}
        return Count(len(named), len({photo.name for photo in mine}), len(arrived), len(here))

    def waiting(self) -> int:
        """How many photos the township does not have yet."""
        return self._store.count_photos(HERE)

    # --- what names them -------------------------------------------------------------------------------------------

    def _wanted(self, kind: str, record: str) -> dict[str, Any]:
        """A record's values as the person sees them on the form: her draft over all else."""
        shown, draft = self.notebook.shown_or_none(kind, record), self.notebook.draft(kind, record)
        return {**(shown.record.values if shown else {}), **(draft.values if draft else {})}

    def is_wanted(self, photo: Photo) -> bool:
        """Whether anything on this phone names it: the record, its draft, a refused change; or, while the township does not have it, a kept
        change of a record that has left, by which it can still be sent: that is, for 30 days.
        """
        kind = self.notebook.kinds.get(photo.kind)
        if kind is None:
            return True  # an older app does not judge what a newer one wrote
        shown, draft = self.notebook.shown_or_none(*photo.key), self.notebook.draft(*photo.key)
        words = [shown.record.values if shown else {}, draft.values if draft else {}]
        words += [mend.set for mend in self._store.mends_of(photo.key)]
        if any(names(kind, values, photo.name) for values in words):
            return True
        unsent = photo.state in (HERE, REFUSED)
        return unsent and self._store.copy(photo.key) is None and self._was_acknowledged(kind, photo)

    def _was_acknowledged(self, kind: Kind, photo: Photo) -> bool:
        """Whether the township took a change that names it, by the changes that are kept."""
        line = self._store.of_record(photo.key)
        last = [w for w in line if w.acknowledged is not None and not w.refused and photo.field in w.set]
        return bool(last) and names(kind, last[-1].set, photo.name)

    # --- rows ------------------------------------------------------------------------------------------------------

    def _readable(self, id: str) -> Photo | None:
        """A photo by its row; None when there is none, or it is damaged."""
        try:
            row = self._store.photo(id)
        except Unsealable:
            return None
        return read(row) if row else None

    def _those(self, state: str) -> list[Photo]:
        return [read(row) for row in self._store.photos_that_are(state)]

    def _put(self, photo: Photo) -> None:
        body = {name: value for name, value in asdict(photo).items() if name not in ("id", "kind", "record", "state")}
        self._store.together(lambda: self._store.put_photo(photo.id, photo.key, photo.state, body))

    def _change(self, id: str, **news: Any) -> None:
        """Another word on a photo; nothing when it is gone meanwhile."""

        def work() -> None:
            row = self._store.photo(id)
            if row:
                self._put(replace(read(row), **news))

        self._store.together(work)

    def _drop(self, photo: Photo) -> None:
        """Row and files go."""
        self._store.together(lambda: self._store.drop_photo(photo.id))
        self._files.drop(photo.id)


def read(row: PhotoRow) -> Photo:
    """A row as it is kept, unknown words of a newer app left out."""
    id, key, state, body = row
    known = {name: value for name, value in body.items() if name in Photo.__slots__}
    return Photo(id, *key, state=state, **known)


def names(kind: Kind, values: Mapping[str, Any], name: str) -> bool:
    """Whether a record of these values names this photo."""
    return any(one == name for _, one in names_in(kind, values))
