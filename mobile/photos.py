"""The photos of one profile: from the camera into a record's draft, kept sealed, until the township has them and their time is over.

Promises: a photo's row is on the disk before the camera opens, so a kill behind it loses nothing; row, draft and name come in one
transaction; no plain photo stays under the profile; an unsent photo goes only when nothing on this phone names it any more, and is told of
when nobody removed it. Leaves to others: the bytes' files (`photo_files`), what is in them (`jpeg`), sending (`sending`), the camera
(`device`), pages.
"""

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobile.disk import StorageFailed, StorageFull, free_room
from mobile.jpeg import NotAJpeg, bare
from mobile.photo_queue import PhotoQueue
from mobile.photo_rows import HERE, REFUSED, SENT, TAKING, Count, NoSuchPhoto, Photo, read
from mobile.store import UNFINISHED
from mobile.vault import Unsealable
from shared.moments import DAY_MS
from shared.photos import MOST_A_RECORD, MOST_BYTES, name_of, names_in, photo_fields
from shared.sync.phone import PhoneError

if TYPE_CHECKING:
    from mobile.device.ports import Camera

__all__ = [
    "KEPT_MS",
    "ROOM_BYTES",
    "Count",
    "NoPhotosHere",
    "NoRoomForPhotos",
    "NoSuchPhoto",
    "Photo",
    "PhotoTooLarge",
    "Photos",
    "TooManyPhotos",
]

log = logging.getLogger(__name__)

KEPT_MS = 30 * DAY_MS
"""How long a photo stays on the phone once the township has it."""
ROOM_BYTES = 32 * 1024 * 1024
"""Free before the camera opens, beside the profile's reserve: the camera app's own file, ours, and words still to be written."""
GIVEN_UP = (
    "有 {n} 张照片没能上传，记录已不在手机里，照片也已从手机里删去；如仍需要，请联系乡镇办公室。"
    " / {n} photos could not be sent. Their records had left this phone, and now the photos have: call the township desk if they are needed."
)


class TooManyPhotos(PhoneError):
    code = "too_many_photos"
    words = f"一条记录最多 {MOST_A_RECORD} 张照片，请先移除一张。 / At most {MOST_A_RECORD} photos a record: remove one first."


class NoRoomForPhotos(PhoneError):
    code = "no_room_for_photos"
    words = (
        "手机存储快满了，先不拍照，文字仍可填写；请删除一些照片或应用后再拍。"
        " / Storage is nearly full, so no photo now; words can still be written. Free some space, then take it."
    )


class NoPhotosHere(PhoneError):
    code = "no_photos_here"
    words = "这一项不能放照片。 / No photo belongs there."


class PhotoTooLarge(PhoneError):
    code = "photo_too_large"
    words = f"照片超过 {MOST_BYTES // 1024 // 1024} MiB，没有收下。 / Over {MOST_BYTES // 1024 // 1024} MiB; it was not taken."


class Photos(PhotoQueue):
    """One person's photos over her notebook. Callable from the lane's thread too."""

    # --- taking ----------------------------------------------------------------------------------------------------

    def begin(
        self, kind: str, record: str, field: str, village: str | None = None, household: str | None = None
    ) -> tuple[Photo, Path]:
        """Before the camera opens: the photo's row, on the disk, and where the camera is to leave the picture.

        NoPhotosHere, TooManyPhotos (three a record, all its fields together), NoRoomForPhotos, StorageFull.
        """
        self._check(kind, field)
        named = {name for _, name in names_in(self.notebook.kind(kind), self._wanted(kind, record))}
        taking = [photo for photo in self.of(kind, record) if photo.state == TAKING]
        if len(named) + len(taking) >= MOST_A_RECORD:
            raise TooManyPhotos
        if free_room(self._store.folder) < ROOM_BYTES:
            raise NoRoomForPhotos
        doors = self.notebook.doors
        photo = Photo(doors.new_id(), kind, record, field, taken_at=doors.now(), village=village, household=household)
        try:
            path = self._files.plain(photo.id)
        except OSError as error:
            raise StorageFailed(error.strerror or "") from error
        self._put(photo)
        return photo, path

    def taken(self, id: str, answer: Path | PhoneError | None) -> Photo | None:
        """After the camera: the photo as it is kept, its name in the record's draft. None when there was none; a PhoneError is raised as it is.

        NotAJpeg, PhotoTooLarge, StorageFull: nothing was kept. ProfileClosed: `settle` takes it over when the profile opens.
        """
        photo = self.get(id)
        if photo.state != TAKING:
            return photo
        if isinstance(answer, Path):
            try:
                return self._take_over(photo, answer)
            except (StorageFull, StorageFailed):
                self._drop(photo)
                raise
        self._drop(photo)
        if answer is not None:
            raise answer
        return None

    def _take_over(self, photo: Photo, path: Path) -> Photo:
        try:
            data = bare(path.read_bytes())
            if len(data) > MOST_BYTES:
                raise PhotoTooLarge
            self._files.keep(photo.id, data)
            photo = replace(photo, name=name_of(data), bytes=len(data), state=HERE)
            self._store.together(lambda: self._name(photo))
        except (NotAJpeg, PhotoTooLarge):
            self._drop(photo)
            raise
        except OSError as error:
            raise StorageFailed(error.strerror or "") from error
        path.unlink(missing_ok=True)
        return photo

    def _name(self, photo: Photo) -> None:
        """Row and draft, in the transaction that is open."""
        self.restore(photo.kind, photo.record, photo.field, photo.name, photo.village, photo.household)
        self._put(photo)

    def settle(self, camera: "Camera | None" = None) -> list[Photo]:
        """When a profile opens: take over what a kill behind the camera left, then let go of what nothing names or its time is over.

        The photos taken over, each in its record's draft. A full disk keeps nobody out: what cannot be kept now waits, and `notice` says so.
        """
        found: list[Photo] = []
        try:
            for photo in self._those(TAKING):
                taken = self._left_behind(photo, camera)
                found += [taken] if taken else []
            self._files.tidy()
            self._files.tidy_camera()
            for photo in self.all():
                self._files.mark(photo.id, sent=photo.state == SENT)
            self.sweep(unnamed=True)
        except (StorageFull, StorageFailed) as error:
            log.warning("settle: %s", error.code)
            self._say(UNFINISHED)
        return found

    def _left_behind(self, photo: Photo, camera: "Camera | None") -> Photo | None:
        """What a kill behind the camera left of this photo, taken over; None when that is nothing whole, and then its row goes."""
        path = self._files.plain(photo.id)
        answer = camera.left_behind(path) if camera else path
        try:
            if isinstance(answer, PhoneError):
                raise answer
            if answer is not None and path.exists():
                return self._take_over(photo, path)
        except (NotAJpeg, PhotoTooLarge) as error:
            log.warning("settle: %s", error.code)
        self._drop(photo)
        return None

    # --- removing --------------------------------------------------------------------------------------------------

    def remove(
        self, kind: str, record: str, field: str, name: str, village: str | None = None, household: str | None = None
    ) -> None:
        """Take a photo out of its field, in the record's draft. Its file stays until the profile opens again: `restore` undoes this."""
        self._check(kind, field)
        names = [one for one in self._wanted(kind, record).get(field) or () if one != name]
        self.notebook.answer(kind, record, {field: names}, village, household)

    def restore(
        self, kind: str, record: str, field: str, name: str, village: str | None = None, household: str | None = None
    ) -> None:
        """Put a photo's name into its field, in the record's draft."""
        self._check(kind, field)
        names = list(self._wanted(kind, record).get(field) or ())
        if name not in names:
            self.notebook.answer(kind, record, {field: [*names, name]}, village, household)

    def _check(self, kind: str, field: str) -> None:
        if field not in photo_fields(self.notebook.kind(kind)):
            raise NoPhotosHere(f"{kind}.{field}; {', '.join(photo_fields(self.notebook.kind(kind)))}")

    # --- letting go ------------------------------------------------------------------------------------------------

    def sweep(self, unnamed: bool = False) -> int:
        """Let go of photos that were sent 30 days ago, and of those whose record left the phone. How many files went.

        With `unnamed` also of those that no record, draft or refused change names any more, for when nothing can be undone any more.
        """
        gone = lost = 0
        for id in sorted(self._files.ids()):
            try:
                row = self._store.photo(id)
            except Unsealable:
                continue  # it may be the only copy
            photo = read(row) if row else None
            if photo is None or self._is_over(photo, unnamed):
                lost += photo is not None and self._is_lost(photo)
                self._store.together(lambda id=id: self._store.drop_photo(id))  # type: ignore[misc]
            elif not (photo.state == SENT and self.notebook.doors.now() - (photo.sent_at or 0) >= KEPT_MS):
                continue
            self._files.drop(id)
            gone += 1
        self._store.together(lambda: self._store.forget_photos(SENT))
        if lost:
            self._say(GIVEN_UP.format(n=lost))
        return gone

    def give_up(self, photo: Photo) -> None:
        """The township wants none of it, and its record has left the phone: it goes, and the person is told."""
        self._drop(photo)
        self._say(GIVEN_UP.format(n=1))

    def _is_over(self, photo: Photo, unnamed: bool) -> bool:
        if photo.state == TAKING or self.is_wanted(photo):
            return False
        if photo.state == HERE:
            return unnamed and not photo.url  # a part that the township has is taken back first
        return unnamed or self.notebook.shown_or_none(photo.kind, photo.record) is None

    def _is_lost(self, photo: Photo) -> bool:
        """Whether it goes without that anybody removed it: its record left, and the changes that could still send it were forgotten."""
        if photo.state not in (HERE, REFUSED) or self.notebook.shown_or_none(*photo.key):
            return False
        if any(photo.field in change.set for change in self._store.of_record(photo.key)):
            return False  # the last one removed it, or it would be wanted
        return self.notebook.doors.now() - photo.taken_at >= KEPT_MS  # younger: of a draft that was given up

    def _say(self, words: str) -> None:
        """Once, as the store says things; what it has to say already stays."""
        said = self._store.notice
        before, after = (said or "").split(" / ", 1), words.split(" / ", 1)
        if said and after[0] in said:
            return
        if said:
            words = f"{before[0]}{after[0]} / {before[-1]} {after[-1]}"
        self._store.notice = words
