"""The phone's own lane against the real server in a process of its own: arrives whole, is not sent twice, gives way."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mobile.device.desktop import photograph
from mobile.jpeg import bare
from mobile.notebook import Doors, Notebook
from mobile.photo_courier import GaveWay, HttpPhotoCourier
from mobile.photos import Photo
from mobile.sending import FIRST_CHUNK, Sending
from mobile.store import Store
from mobile.syncing import Syncing
from mobile.vault import Seal
from server import access
from server.service import now_ms
from shared.kinds import KINDS
from shared.sync.phone import Enrolment
from tests.mobile.photographs import Shooter, jpegs_in
from tests.photos.slow_line import SlowLine
from tests.photos.test_uploads_at_a_server import Township, township
from tests.sync.world import TOWN, V1

__all__ = ["township"]


class Handset:
    """A sealed phone of a cadre, at the real time, over whatever port leads to the township."""

    def __init__(self, town: Township, folder: Path, port: int, name: str = "wei") -> None:
        self.town, self.folder, self.port, self.seal = town, folder, port, Seal(b"k" * 32)
        self._open()
        access.add_user(town.service.database, name, ["cadre"], [f"village:{V1}"], now_ms())
        code = access.make_code(town.service.database, name, None, now_ms())
        self.syncing.enrol(f"http://{town.host}:{town.port}", code, "x", "test")

    def _open(self) -> None:
        self.store = Store(self.folder, ballast_bytes=0, seal=self.seal)
        self.notebook = Notebook(self.store, KINDS, Doors())
        self.syncing = Syncing(self.store, KINDS, now_ms)
        self.hand = Shooter(self.notebook)
        self.photos = self.hand.photos
        self.sending = Sending(self.photos, self.syncing.idle, self.courier)

    def courier(self, one: Enrolment) -> HttpPhotoCourier:
        return HttpPhotoCourier(f"http://127.0.0.1:{self.port}", one.token)

    def kill(self) -> None:
        """The app's process ends here; its next one goes on."""
        self.store._connection.close()
        self._open()
        self.photos.settle()

    def named(self, data: bytes) -> Photo:
        """A photo of a problem that the township knows of."""
        photo = self.hand.saved(self.hand.problem(), data)
        self.syncing.once()
        return photo

    def now(self, photo: Photo) -> Photo:
        return self.photos.get(photo.id)

    def arrived(self, photo: Photo) -> bool:
        return self.town.service.photos.held(TOWN, photo.name) is not None


@pytest.fixture
def handset(township: Township, tmp_path: Path) -> Iterator[Handset]:
    made = Handset(township, tmp_path / "phone", township.port)
    yield made
    made.store.close()


def test_a_photo_goes_from_the_camera_to_the_township(handset: Handset) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (22.0, 7.0, 30.0)}
    exif[0xA431] = "SN-4711-0815"
    told = io.BytesIO()
    Image.open(io.BytesIO(photograph())).save(told, "JPEG", exif=exif)
    assert b"SN-4711" in told.getvalue()
    photo = handset.named(told.getvalue())
    lane = handset.sending.run()
    assert (lane.arrived, lane.waiting) == (1, 0)
    assert handset.now(photo).state == "sent"
    held = handset.town.service.photos.read(TOWN, photo.name)
    assert held
    assert b"SN-4711" not in held
    assert Image.open(io.BytesIO(held)).size == (1600, 1200)
    assert handset.photos.open(photo.name) == bare(told.getvalue())
    assert jpegs_in(handset.folder) == []


def test_a_photo_that_somebody_else_sent_is_not_sent_again(handset: Handset, tmp_path: Path) -> None:
    data = photograph()
    photo = handset.named(data)
    handset.sending.run()
    line = SlowLine(handset.town.port, 100_000_000)
    other = Handset(handset.town, tmp_path / "other", line.port, "nong")
    twin = other.named(data)
    assert other.sending.run().arrived == 1
    assert twin.name == photo.name
    assert line.up < 2_000, "a question, and no picture"
    other.store.close()
    line.close()


def test_what_no_record_names_is_held_back_and_a_removed_photo_is_taken_back(handset: Handset) -> None:
    photo = handset.named(photograph())
    handset.sending.step()
    handset.sending.step()
    assert handset.now(photo).offset == FIRST_CHUNK
    part = handset.town.part(handset.now(photo).url)
    assert part.stat().st_size == FIRST_CHUNK
    handset.photos.remove("problem", photo.record, "photos", photo.name)
    assert handset.sending.run().arrived == 0
    assert part.exists(), "not saved yet: it may be undone"
    handset.notebook.save("problem", photo.record)
    handset.syncing.once()
    handset.sending.run()
    assert not part.exists()
    assert not handset.arrived(photo)


def test_bytes_that_are_no_picture_are_refused_in_the_townships_words(handset: Handset) -> None:
    """Well-formed, so the phone takes it; nonsense, which only the township's look finds."""
    data = bytearray(photograph(longest=320))
    at = data.index(b"\xff\xc4") + 4
    data[at : at + 17] = b"\x00" + b"\xff" * 16  # Huffman tables that no decoder can use
    photo = handset.named(bytes(data[: at + 17]) + bytes(data[at + 17 :]))
    handset.sending.run()
    now = handset.now(photo)
    assert (now.state, handset.arrived(photo)) == ("refused", False)
    assert " / " in now.why
    assert "(" not in now.why, "the township's own sentence, not ours for lack of one"


def test_a_sync_goes_first_and_the_photo_goes_on_behind_it(township: Township, tmp_path: Path) -> None:
    line = SlowLine(township.port, 400_000)
    handset = Handset(township, tmp_path / "phone", line.port)
    photo = handset.named(photograph())
    handset.sending.step()
    handset.sending.step()
    reached = handset.now(photo).offset
    asked: list[int] = []

    def urgent() -> bool:
        asked.append(1)
        if len(asked) == 3:
            handset.syncing.idle.clear()
        return not handset.syncing.idle.is_set()

    handset.sending._is_unwanted = urgent  # type: ignore[method-assign]
    with pytest.raises(GaveWay):
        handset.sending.step()
    assert len(asked) == 3
    handset.notebook.write("problem", photo.record, {"description": "先走"})
    assert handset.syncing.once().acknowledged == 1
    assert handset.now(photo).offset == reached
    handset.sending.run()
    assert handset.arrived(photo)
    handset.store.close()
    line.close()


def test_in_the_background_photos_follow_their_records_by_themselves(handset: Handset) -> None:
    photos = [handset.hand.saved(handset.hand.problem(), photograph()) for _ in range(3)]
    done = threading.Event()

    def synced(outcome: object) -> None:
        handset.sending.synced(lambda lane: done.set() if lane.waiting == 0 and not lane.running else None)

    handset.syncing.start(synced)
    assert done.wait(60)
    handset.syncing.stop()
    handset.sending.stop()
    assert all(handset.arrived(photo) for photo in photos)
