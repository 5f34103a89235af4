"""Photos on their way in: what came of each upload so far, and what it came to.

An upload is two files in `<township>/parts/`: `<id>`, the bytes so far, there exactly as long as more are awaited, and `<id>.json`, what it is and
how it ended. Promises: the offset that is told is on the disk; bytes are appended at the offset or not at all, whoever else is at it; an upload whose
bytes are all there is finished by whoever touches it next, once; a refused one leaves no bytes and says the same again. Another phone's
upload is no upload. Leaves to others: who may begin one (`claim`), HTTP (`api.photos`), when old ones go (`sweep`).
"""

import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from server.disk import make_folder, partial_of, sync_to_disk, write_whole
from server.photos.locks import is_linked, locked
from server.photos.look import look
from server.photos.reencode import Made, reencode
from server.photos.refusal import WRONG_HASH, NoUpload, PhotoRefused, WrongOffset
from server.photos.store import Held, PhotoStore
from server.photos.whole import is_whole
from shared.fields import is_uuid
from shared.photos import name_of
from shared.sync.wire import TooLarge

PARTS = "parts"
MOST_OPEN = 12
"""Uploads of one phone that may be on their way at a time; the one not touched for longest gives way to a new one."""
COMING, HELD, REFUSED = "coming", "held", "refused"
_OF_HELD = uuid.UUID("6f1c5f0e-2b0d-5d0a-9c37-0f6f3f6f2a11")
"""Under which an upload of a photo that is held has its id, by phone and photo: however often it is begun it is one small file."""
_TOWNSHIP = re.compile(r"[0-9]{9}")
_ABOUT = ".json"
_PATIENCE_SECONDS = 1.0
"""Bytes are appended in milliseconds. Who waits longer waits for a photo that is being finished, and may as well come back."""


class About(msgspec.Struct, frozen=True):
    """What an upload is. `kind` and `record` say what named the photo; `length` in bytes; `begun_at` in ms since 1970.

    `state` is COMING, HELD or REFUSED; the last with `code` and `message`.
    """

    name: str
    kind: str
    record: str
    device: str
    length: int
    begun_at: int
    state: str = COMING
    code: str = ""
    message: str = ""


class Upload(msgspec.Struct, frozen=True):
    """An upload as it stands: `offset` bytes of `about.length` are on the disk."""

    id: str
    about: About
    offset: int

    @property
    def is_ready(self) -> bool:
        """Whether all bytes are there and nobody has looked at them yet."""
        return self.about.state == COMING and self.offset == self.about.length


class Uploads:
    """The uploads of every township; `folder` is the photos' own and need not be there yet. Moments in ms since 1970."""

    def __init__(self, folder: Path, store: PhotoStore) -> None:
        self._folder = folder
        self._store = store

    # --- what a phone does -----------------------------------------------------------------------------------------

    def begin(self, township: str, about: About) -> Upload:
        """A new upload. Of a photo that is held it is done at once, with nothing to send, and is the same each time.

        One that is damaged here counts as not held: so it comes again.
        """
        self._make_room(township, about.device)
        folder = self._parts(township)
        make_folder(folder)
        if is_whole(self._store, township, about.name):
            id_ = str(uuid.uuid5(_OF_HELD, f"{about.device} {about.name}"))
            with _alone(folder):
                self._keep(township, id_, msgspec.structs.replace(about, state=HELD), about.begun_at)
        else:
            id_ = str(uuid.uuid4())
            os.close(os.open(folder / id_, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            _touch(folder / id_, about.begun_at)
            self._keep(township, id_, about, about.begun_at)
        return self.find(township, about.device, id_)

    def find(self, township: str, device: str, id_: str) -> Upload:
        """How far an upload is. NoUpload for one that is not there or another phone's, PhotoRefused for one that was refused."""
        about = self._about(township, device, id_)
        if about.state == COMING:
            try:
                return Upload(id_, about, (self._parts(township) / id_).stat().st_size)
            except FileNotFoundError:  # finished or given up between the two looks
                about = self._about(township, device, id_)
                if about.state == COMING:  # somebody took the file away: nothing of it can be counted
                    raise _no_upload() from None
        if about.state == REFUSED:
            raise PhotoRefused(about.code, about.message)
        if not is_whole(self._store, township, about.name):  # swept since, when no record named it; or damaged
            raise _no_upload()
        return Upload(id_, about, about.length)

    def must_be_of(self, township: str, device: str, id_: str) -> None:
        """NoUpload for one that is not there, or another phone's."""
        self._about(township, device, id_)

    def append(self, township: str, device: str, id_: str, offset: int, blocks: Iterable[bytes], now: int) -> Upload:
        """Add bytes at an offset. All that came is on the disk when this returns, also when `blocks` ends with an error.

        WrongOffset when that is not where the last ones ended (or somebody else goes on there meanwhile), TooLarge for more than
        was announced: then nothing of the block that goes too far is kept.
        """
        upload = self.find(township, device, id_)
        if offset != upload.offset:
            raise _wrong_offset(upload.offset)
        if upload.about.state != COMING:
            if any(blocks):
                raise _too_large(upload.about.length)
            return upload
        try:
            handle = os.open(self._parts(township) / id_, os.O_WRONLY)
        except FileNotFoundError:  # somebody else finished it just now
            return self.find(township, device, id_)
        try:
            try:
                for block in blocks:
                    with locked(handle, _PATIENCE_SECONDS):
                        if not is_linked(handle):  # finished or given up meanwhile
                            break
                        offset = _append(handle, offset, block, upload.about.length)
            finally:
                os.fsync(handle)
                _touch(handle, now)
        finally:
            os.close(handle)
        return self.find(township, device, id_)

    def finish(self, township: str, device: str, id_: str, now: int) -> Upload:
        """Look at a photo whose bytes are all there, and keep it or refuse it (PhotoRefused). Busy while somebody else does, or too many do."""
        path = self._parts(township) / id_
        try:
            part = path.open("rb")
        except FileNotFoundError:  # finished or given up meanwhile
            return self.find(township, device, id_)
        with part, locked(part.fileno(), _PATIENCE_SECONDS):
            about = self._about(township, device, id_)
            if is_linked(part.fileno()) and about.state == COMING:
                data = part.read()
                if len(data) == about.length:
                    self._keep(township, id_, self._judged(township, about, data, now), now)
                    path.unlink()
            elif is_linked(part.fileno()):  # somebody was killed between writing how it ended and this
                path.unlink()
        return self.find(township, device, id_)

    def remove(self, township: str, id_: str) -> None:
        """Give an upload up, whatever became of it; one that is not there is given up already. Busy while it is being finished."""
        about, part = self._path(township, id_), self._parts(township) / id_
        gone = (about, partial_of(about), part)
        try:
            held = part.open("rb")
        except FileNotFoundError:
            _unlink(gone)
            return
        with held, locked(held.fileno(), _PATIENCE_SECONDS):
            _unlink(gone)

    # --- what the township does ------------------------------------------------------------------------------------

    def townships(self) -> list[str]:
        """Those with uploads, in order."""
        return sorted(
            path.parent.name for path in self._folder.glob(f"*/{PARTS}") if _TOWNSHIP.fullmatch(path.parent.name)
        )

    def ids(self, township: str) -> list[str]:
        """Every upload of a township, done ones too, in order."""
        folder = self._parts(township)
        found = (
            {path.name.removeprefix(".").removesuffix(_ABOUT) for path in folder.iterdir()}
            if folder.is_dir()
            else set()
        )
        return sorted(id_ for id_ in found if is_uuid(id_))

    def touched_at(self, township: str, id_: str) -> int:
        """When it last changed; 0 for one that is gone."""
        about = self._path(township, id_)
        return max(_stat(path)[0] for path in (self._parts(township) / id_, about, partial_of(about)))

    def size(self, township: str, id_: str) -> int:
        """Bytes of it that lie on the disk; 0 for one that is done or gone."""
        return _stat(self._parts(township) / id_)[1]

    # --- files -----------------------------------------------------------------------------------------------------

    def _judged(self, township: str, about: About, data: bytes, now: int) -> About:
        try:
            if name_of(data) != about.name:
                raise PhotoRefused(
                    WRONG_HASH,
                    "收到的内容与照片的名称不符，请从头再传一次。 / The bytes are not those the photo is named by; send it again from the start.",
                )
            if not is_whole(self._store, township, about.name):  # another phone may have been faster
                seen = look(data)
                made = reencode(data[: seen.end], seen)
                self._store.put(township, _held(about, made, now), made.picture, made.small)
        except PhotoRefused as refusal:
            return msgspec.structs.replace(about, state=REFUSED, code=refusal.code, message=refusal.message)
        return msgspec.structs.replace(about, state=HELD)

    def _make_room(self, township: str, device: str) -> None:
        """Let the phone's oldest uploads go until there is room for one more. What is done lies in one small file and counts for nothing."""
        own = [id_ for id_ in self._open(township) if self._is_of(township, device, id_)]
        own.sort(key=lambda id_: self.touched_at(township, id_))
        for id_ in own[: max(0, len(own) + 1 - MOST_OPEN)]:
            self.remove(township, id_)

    def _open(self, township: str) -> Iterator[str]:
        folder = self._parts(township)
        yield from (path.name for path in folder.iterdir() if is_uuid(path.name)) if folder.is_dir() else ()

    def _is_of(self, township: str, device: str, id_: str) -> bool:
        try:
            self.must_be_of(township, device, id_)
        except NoUpload:
            return False
        return True

    def _about(self, township: str, device: str, id_: str) -> About:
        try:
            about = msgspec.json.decode(self._path(township, id_).read_bytes(), type=About) if is_uuid(id_) else None
        except FileNotFoundError:
            about = None
        if about is None or about.device != device:
            raise _no_upload()
        return about

    def _keep(self, township: str, id_: str, about: About, now: int) -> None:
        path = self._path(township, id_)
        write_whole(path, msgspec.json.encode(about))
        _touch(path, now)
        sync_to_disk(path.parent)

    def _path(self, township: str, id_: str) -> Path:
        return self._parts(township) / f"{id_}{_ABOUT}"

    def _parts(self, township: str) -> Path:
        if not _TOWNSHIP.fullmatch(township):
            raise ValueError(f"not a township: {township!r}")
        return self._folder / township / PARTS


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else keeps an upload that has its id by what it is of."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with locked(handle, _PATIENCE_SECONDS):
            yield
    finally:
        os.close(handle)


def _append(handle: int, offset: int, block: bytes, length: int) -> int:
    """One block at this offset of an open part that we hold the lock of; returns where the next one goes."""
    if offset + len(block) > length:
        raise _too_large(length)
    size = os.fstat(handle).st_size
    if size != offset:  # another connection of the same phone goes on
        raise _wrong_offset(size)
    written = 0
    while written < len(block):
        written += os.pwrite(handle, block[written:], offset + written)
    return offset + written


def _held(about: About, made: Made, now: int) -> Held:
    return Held(
        about.name, about.device, now, len(made.picture), name_of(made.picture), made.width, made.height,
        len(made.small), name_of(made.small),
    )  # fmt: skip


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _stat(path: Path) -> tuple[int, int]:
    """(last change in ms since 1970, bytes) of a file; zeros for one that is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_mtime_ns // 1_000_000, found.st_size


def _touch(file: Path | int, now: int) -> None:
    """By the server's clock, which the sweep goes by."""
    os.utime(file, ns=(now * 1_000_000, now * 1_000_000))


def _no_upload() -> NoUpload:
    return NoUpload("没有这次上传，请重新开始。 / There is no such upload; begin again.")


def _wrong_offset(wanted: int) -> WrongOffset:
    return WrongOffset(f"应从第 {wanted} 字节继续。 / Go on at byte {wanted}.", offset=wanted)


def _too_large(length: int) -> TooLarge:
    return TooLarge(f"超过所说的 {length} 字节。 / More than the {length} bytes that were announced.")
