"""What the tests of photos lean on: pictures of a phone's size, a phone with a camera, and a township that takes photos and stumbles as told.

Leaves to others: records (`township`); the real server is met in `test_photos_arrive`.
"""

import io
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from mobile.device.fake import FakeCamera
from mobile.notebook import Notebook
from mobile.photo_courier import GaveWay, NotNamed, NoUpload, PhotoRefused, WrongOffset
from mobile.photos import Photo, Photos
from shared.kinds import KINDS
from shared.photos import name_of, names_in
from shared.record import Key
from shared.sync.phone import PhoneError, SyncError
from tests.mobile.township import VILLAGE, Township

JPEG = b"\xff\xd8\xff"


def picture(seed: int = 1, size: tuple[int, int] = (320, 240), **options: Any) -> bytes:
    """A JPEG, about 30 KB, another one for another seed."""
    told, dice = io.BytesIO(), random.Random(seed)
    image = Image.frombytes("L", size, dice.randbytes(size[0] * size[1]))
    image.save(told, "JPEG", quality=50, **options)
    return told.getvalue()


class Shooter:
    """Somebody with the app's photos and a camera."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.photos = Photos(notebook)
        self.camera = FakeCamera(lambda work: work())

    def problem(self, **values: Any) -> str:
        """A saved problem; its id."""
        written = self.notebook.write("problem", None, {"description": "屋顶漏雨", **values}, village=VILLAGE)
        assert written
        return written.id

    def shoot(
        self, record: str, kind: str = "problem", field: str = "photos", answer: bytes | PhoneError | bool | None = True
    ) -> Photo | None:
        """The whole way of one photo into the draft."""
        photo, path = self.photos.begin(kind, record, field, village=VILLAGE)
        kept: list[Photo | None] = []
        self.camera.take(path, lambda told: kept.append(self.photos.taken(photo.id, told)))
        self.camera.answer(answer)
        return kept[0]

    def shot(self, record: str, answer: bytes | bool = True, **where: str) -> Photo:
        photo = self.shoot(record, answer=answer, **where)
        assert photo
        return photo

    def saved(self, record: str, answer: bytes | bool = True, kind: str = "problem", field: str = "photos") -> Photo:
        """A photo whose record is saved."""
        photo = self.shot(record, answer, kind=kind, field=field)
        self.notebook.save(kind, record)
        return photo

    def names(self, record: str, kind: str = "problem", field: str = "photos") -> list[str]:
        return list(self.notebook.get(kind, record).record.values.get(field) or ())


def jpegs_in(folder: Path) -> list[str]:
    """Files under a folder in which a JPEG begins, at the start or anywhere else."""
    return [str(path) for path in sorted(folder.rglob("*")) if path.is_file() and JPEG in path.read_bytes()]


@dataclass
class PhotoTownship:
    """A PhotoCourier and the township behind it. `faults` are raised, in order, by the next requests; "lost": done, and the answer lost.

    `on_chunk` is called with each block-wise sent chunk before it counts; `asked` holds (method, offset, bytes sent) of every request.
    """

    township: Township
    held: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, tuple[str, int, bytearray]] = field(default_factory=dict)
    faults: list[SyncError | str | None] = field(default_factory=list)
    refuse: Callable[[bytes], PhotoRefused | None] = lambda data: None
    on_chunk: Callable[[int], None] = lambda size: None
    asked: list[tuple[str, int, int]] = field(default_factory=list)

    def create(self, name: str, kind: str, record: str, length: int) -> tuple[str, int]:
        lost = self._fault("POST", 0, 0)
        known = any((row.body["kind"], row.body["id"]) == (kind, record) for row in self.township.log)
        values = self.township.record(Key(kind, record))["values"] if known else {}
        if name not in [one for _, one in names_in(KINDS[kind], values)]:
            raise NotNamed
        upload = str(uuid.uuid4())
        self.uploads[upload] = (name, length, bytearray(self.held.get(name, b"")))
        return self._answer(lost, (upload, len(self.uploads[upload][2])))

    def offset(self, upload: str) -> int:
        lost = self._fault("HEAD", 0, 0)
        return self._answer(lost, len(self._upload(upload)[2]))

    def send(self, upload: str, offset: int, chunk: bytes, wanted: Callable[[], bool]) -> int:
        lost = self._fault("PATCH", offset, len(chunk))
        name, length, data = self._upload(upload)
        if offset != len(data):
            raise WrongOffset
        for start in range(0, len(chunk), 4096):
            if wanted():
                raise GaveWay
            self.on_chunk(start)
        data += chunk
        if len(data) == length:
            refusal = self.refuse(bytes(data))
            if refusal is None and name_of(data) != name:
                refusal = PhotoRefused("wrong_hash")
            if refusal:
                del self.uploads[upload]
                raise refusal
            self.held[name] = bytes(data)
        return self._answer(lost, len(data))

    def withdraw(self, upload: str) -> None:
        self._fault("DELETE", 0, 0)
        self.uploads.pop(upload, None)

    def _upload(self, upload: str) -> tuple[str, int, bytearray]:
        if upload not in self.uploads:
            raise NoUpload
        return self.uploads[upload]

    def _fault(self, method: str, offset: int, size: int) -> bool:
        self.asked.append((method, offset, size))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, SyncError):
            raise fault
        return fault == "lost"

    @staticmethod
    def _answer(lost: bool, value: Any) -> Any:
        if lost:
            raise SyncError("lost")
        return value

    @property
    def sent(self) -> list[int]:
        """The sizes of all chunks."""
        return [size for method, _, size in self.asked if method == "PATCH"]
