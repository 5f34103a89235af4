"""Photos on the phone: the row before the camera, the name in the draft, sealed bytes, and nothing lost or left plain by a kill."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mobile import photos as photos_module
from mobile.disk import BALLAST_BYTES, StorageFull
from mobile.jpeg import NotAJpeg, bare
from mobile.notebook import Doors, Notebook
from mobile.photo_files import waiting
from mobile.photos import (
    GIVEN_UP,
    KEPT_MS,
    MOST_BYTES,
    NoPhotosHere,
    NoRoomForPhotos,
    NoSuchPhoto,
    Photo,
    Photos,
    PhotoTooLarge,
    TooManyPhotos,
)
from mobile.store import Store
from mobile.syncing import Syncing
from mobile.vault import CLEAR, Seal, Sealing, Unsealable
from shared.kinds import KINDS
from shared.moments import DAY_MS
from shared.photos import name_of
from shared.record import Key
from shared.sync.phone import CutShort
from tests.mobile.photographs import JPEG, Shooter, jpegs_in, picture
from tests.mobile.township import OTHER_VILLAGE, URL, VILLAGE, Line, Township, Watch


class Handset:
    """A phone whose profile is sealed, or clear, with somebody who takes photos."""

    def __init__(self, township: Township, folder: Path, watch: Watch, seal: Sealing) -> None:
        self.township, self.watch, self.folder, self.seal = township, watch, folder, seal
        self.store = Store(folder, 0, seal=seal)
        self.open()

    def open(self) -> None:
        """The app starts, again."""
        self.store.close()
        self.store = Store(self.folder, 0, seal=self.seal)
        self.notebook = Notebook(self.store, KINDS, Doors(now=self.watch, mono=lambda: self.watch() / 1000))
        self.syncing = Syncing(self.store, KINDS, self.watch, lambda one: Line(self.township, one.token))
        self.hand = Shooter(self.notebook)
        self.photos = self.hand.photos


@pytest.fixture(params=["sealed", "clear"])
def handset(request: pytest.FixtureRequest, township: Township, tmp_path: Path, watch: Watch) -> Iterator[Handset]:
    made = Handset(township, tmp_path / "phone", watch, Seal(os.urandom(32)) if request.param == "sealed" else CLEAR)
    made.syncing.enrol(URL, "code", "测试", "test")
    yield made
    made.store.close()


# --- taking one -----------------------------------------------------------------------------------------------------


def test_a_photo_is_in_its_records_draft_and_can_be_opened_by_its_name(handset: Handset) -> None:
    problem = handset.hand.problem()
    raw = picture(comment=b"remark")
    photo = handset.hand.shot(problem, raw)
    assert photo.name == name_of(bare(raw))
    assert (photo.state, photo.bytes, photo.offset) == ("here", len(bare(raw)), 0)
    draft = handset.notebook.draft("problem", problem)
    assert draft
    assert draft.values == {"photos": [photo.name]}
    assert handset.photos.open(photo.name) == bare(raw)
    assert handset.photos.of("problem", problem) == [photo]
    assert handset.photos.open("0" * 64) is None
    assert handset.hand.names(problem) == [], "nothing is saved by itself"
    handset.notebook.save("problem", problem)
    assert handset.hand.names(problem) == [photo.name]


def test_the_row_is_on_the_disk_before_the_camera_opens(handset: Handset) -> None:
    photo, path = handset.photos.begin("problem", handset.hand.problem(), "photos")
    assert path.parent.is_dir()
    assert not path.exists()
    assert photo.state == "taking"
    handset.open()
    assert handset.photos.get(photo.id).state == "taking"


def test_a_photo_of_a_record_that_is_not_there_yet_makes_its_draft(handset: Handset) -> None:
    record = handset.notebook.doors.new_id()
    photo = handset.hand.shot(record, kind="cleanup_check", field="photos_before")
    handset.notebook.save("cleanup_check", record)
    shown = handset.notebook.get("cleanup_check", record).record
    assert shown.village == VILLAGE
    assert shown.values["photos_before"] == [photo.name]


def test_a_change_of_mind_leaves_nothing(handset: Handset) -> None:
    problem = handset.hand.problem()
    assert handset.hand.shoot(problem, answer=None) is None
    assert handset.photos.all() == []
    assert handset.notebook.draft("problem", problem) is None
    with pytest.raises(StorageFull):
        handset.hand.shoot(problem, answer=StorageFull())
    assert handset.photos.all() == []
    assert everything_in(handset.folder) == []


def test_no_more_than_three_a_record_all_its_fields_together(handset: Handset) -> None:
    record = handset.notebook.doors.new_id()
    first = handset.hand.shot(record, kind="cleanup_check", field="photos_before")
    handset.hand.saved(record, kind="cleanup_check", field="photos")
    handset.photos.begin("cleanup_check", record, "photos")  # while its camera is open it counts too
    with pytest.raises(TooManyPhotos, match="最多 3 张"):
        handset.photos.begin("cleanup_check", record, "photos")
    handset.photos.remove("cleanup_check", record, "photos_before", first.name)
    handset.photos.begin("cleanup_check", record, "photos_before")


def test_a_field_that_holds_no_photos_takes_none(handset: Handset) -> None:
    with pytest.raises(NoPhotosHere, match=r"problem\.description"):
        handset.photos.begin("problem", handset.hand.problem(), "description")
    with pytest.raises(NoSuchPhoto):
        handset.photos.taken("nothing", None)


@pytest.mark.parametrize("free", [0, BALLAST_BYTES, photos_module.ROOM_BYTES + BALLAST_BYTES - 1])
def test_without_room_the_camera_does_not_open_and_words_say_so(
    handset: Handset, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    usage = shutil._ntuple_diskusage(1, 1, free)  # type: ignore[attr-defined]
    monkeypatch.setattr("mobile.disk.shutil.disk_usage", lambda folder: usage)
    problem = handset.hand.problem()
    with pytest.raises(NoRoomForPhotos, match=" / "):
        handset.photos.begin("problem", problem, "photos")
    assert handset.photos.all() == []
    (handset.folder / "ballast").write_bytes(
        b"\0" * BALLAST_BYTES
    )  # a reserve that is whole need not be set aside again
    if free >= photos_module.ROOM_BYTES:
        handset.photos.begin("problem", problem, "photos")


def test_what_the_camera_left_is_taken_only_when_it_is_a_whole_jpeg(handset: Handset) -> None:
    problem = handset.hand.problem()
    for spoilt in (b"", b"words", picture()[:-10]):
        with pytest.raises(NotAJpeg):
            handset.hand.shoot(problem, answer=spoilt)
    with pytest.raises(PhotoTooLarge):
        handset.hand.shoot(problem, answer=picture()[:-2] + b"\x01" * MOST_BYTES + b"\xff\xd9")
    assert handset.photos.all() == []
    assert everything_in(handset.folder) == []


def test_the_same_bytes_twice_are_one_name(handset: Handset) -> None:
    problem = handset.hand.problem()
    one, two = (handset.hand.shot(problem, picture()) for _ in range(2))
    draft = handset.notebook.draft("problem", problem)
    assert one.name == two.name
    assert draft
    assert draft.values["photos"] == [one.name]


def test_an_answer_that_comes_twice_changes_nothing(handset: Handset) -> None:
    photo = handset.hand.shot(handset.hand.problem())
    assert handset.photos.taken(photo.id, None) == photo
    assert handset.photos.open(photo.name)


def test_a_full_disk_after_the_camera_is_told_and_nothing_plain_is_left(
    handset: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise StorageFull

    (handset.folder / "ballast").write_bytes(b"\0" * 10)
    problem = handset.hand.problem()
    photo, path = handset.photos.begin("problem", problem, "photos")
    path.write_bytes(picture())
    monkeypatch.setattr("mobile.photo_files.replace_file", full)
    with pytest.raises(StorageFull):
        handset.photos.taken(photo.id, path)
    assert not (handset.folder / "ballast").exists(), "the reserve was tried first"
    assert handset.photos.all() == []
    assert everything_in(handset.folder) == []
    assert handset.notebook.draft("problem", problem) is None


def everything_in(folder: Path) -> list[Path]:
    """The files of photos, plain or sealed."""
    return [path for name in ("photos", "camera") for path in (folder / name).rglob("*")]


# --- sealed at rest -------------------------------------------------------------------------------------------------


def test_no_jpeg_begins_in_any_file_of_a_sealed_profile(handset: Handset, tmp_path: Path) -> None:
    problem = handset.hand.problem()
    photos = [handset.hand.shot(problem) for _ in range(2)]
    handset.hand.shoot(problem, answer=None)
    handset.notebook.save("problem", problem)
    found = jpegs_in(handset.folder)
    names = [
        path for path in handset.folder.rglob("*") if path.is_file() and photos[0].name.encode() in path.read_bytes()
    ]
    if handset.seal is CLEAR:
        assert len(found) == 2, "the search finds what is plain"
        assert names
    else:
        assert found == []
        assert names == [], "nor a photo's name"
    assert [path.stat().st_mode & 0o777 for path in (handset.folder / "photos").iterdir()] == [0o600] * 2
    assert not list((handset.folder / "camera").iterdir())


def test_exchanged_damaged_or_missing_bytes_are_no_photo(handset: Handset) -> None:
    problem = handset.hand.problem()
    one, two = handset.hand.shot(problem, picture(1)), handset.hand.shot(problem, picture(2))
    folder = handset.folder / "photos"
    (folder / one.id).write_bytes((folder / two.id).read_bytes())
    data = bytearray((folder / two.id).read_bytes())
    data[-5] ^= 1
    (folder / two.id).write_bytes(data)
    assert handset.photos.open(one.name) is None
    assert handset.photos.open(two.name) is None
    (folder / one.id).unlink()
    assert handset.photos.bytes_of(one) is None


# --- a kill behind the camera ----------------------------------------------------------------------------------------


def test_a_kill_before_the_shot_leaves_nothing(handset: Handset) -> None:
    problem = handset.hand.problem()
    handset.photos.begin("problem", problem, "photos")
    handset.open()
    assert handset.photos.settle(handset.hand.camera) == []
    assert handset.photos.all() == []


def test_a_kill_behind_the_camera_loses_no_photo(handset: Handset) -> None:
    record = handset.notebook.doors.new_id()
    photo, path = handset.photos.begin("cleanup_check", record, "photos", village=VILLAGE)
    path.write_bytes(picture())
    handset.open()
    (found,) = handset.photos.settle(handset.hand.camera)
    assert (found.id, found.state, found.name) == (photo.id, "here", name_of(bare(picture())))
    assert handset.photos.open(found.name) == bare(picture())
    handset.notebook.save("cleanup_check", record)
    assert handset.notebook.get("cleanup_check", record).record.values["photos"] == [found.name]
    assert not list((handset.folder / "camera").iterdir())
    assert handset.photos.settle(handset.hand.camera) == []


def test_what_the_camera_app_had_only_half_written_is_dropped(handset: Handset) -> None:
    _, path = handset.photos.begin("problem", handset.hand.problem(), "photos")
    path.write_bytes(picture()[:1000])
    (path.parent / "another.jpg.part").write_bytes(JPEG)
    handset.open()
    assert handset.photos.settle(handset.hand.camera) == []
    assert handset.photos.all() == []
    assert everything_in(handset.folder) == []


def test_on_a_full_disk_what_a_kill_left_waits_for_the_next_opening(
    handset: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, path = handset.photos.begin("problem", handset.hand.problem(), "photos")
    path.write_bytes(picture())
    handset.open()

    def full(path: Path, data: bytes) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr("mobile.photo_files.replace_file", full)
        assert handset.photos.settle(handset.hand.camera) == []
    assert handset.store.notice
    assert path.exists()
    handset.open()
    assert [one.id for one in handset.photos.settle(handset.hand.camera)] == [photo.id]
    assert not path.exists()


class Killed(BaseException):
    """The process is gone."""


def test_a_kill_between_any_two_steps_of_taking_and_removing_loses_and_doubles_nothing(
    handset: Handset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every transaction's end, and at every file that is written or goes: before it, and after."""
    problem = handset.hand.problem()
    begin, path = handset.photos.begin("problem", problem, "photos")
    handset.store.close()
    whole = tmp_path / "whole"
    shutil.copytree(handset.folder, whole)
    steps = 0
    while True:
        steps += 1
        shutil.rmtree(handset.folder)
        shutil.copytree(whole, handset.folder)
        path.write_bytes(picture())
        handset.open()
        with monkeypatch.context() as patched:
            kill_at(patched, steps)
            try:
                handset.photos.taken(begin.id, path)
                done = True
            except Killed:
                done = False
        handset.open()
        handset.photos.settle(handset.hand.camera)
        (photo,) = handset.photos.all()
        draft = handset.notebook.draft("problem", problem)
        assert draft, f"after step {steps}"
        assert (photo.state, draft.values["photos"]) == ("here", [photo.name])
        assert handset.photos.open(photo.name) == bare(picture())
        assert len(everything_in(handset.folder)) == 1, f"after step {steps}"
        if handset.seal is not CLEAR:
            assert jpegs_in(handset.folder) == []
        if done:
            break
    assert steps > 8


def kill_at(patched: pytest.MonkeyPatch, step: int) -> None:
    """The process ends before or after the so-many-th call that changes the disk."""
    count = [0]

    def breaking(before: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            count[0] += 1
            if count[0] == step:
                raise Killed
            result = before(*given, **named)
            count[0] += 1
            if count[0] == step:
                raise Killed
            return result

        return call

    patched.setattr(os, "fsync", breaking(os.fsync))
    patched.setattr(Path, "replace", breaking(Path.replace))
    patched.setattr(Path, "unlink", breaking(Path.unlink))
    patched.setattr(Store, "_before_commit", breaking(Store._before_commit))
    patched.setattr(Store, "_committed", breaking(Store._committed))


# --- removing, and what goes -----------------------------------------------------------------------------------------


def test_a_removed_photo_comes_back_when_that_is_undone_and_goes_when_the_profile_opens_again(handset: Handset) -> None:
    problem = handset.hand.problem()
    photo = handset.hand.saved(problem)
    handset.photos.remove("problem", problem, "photos", photo.name)
    handset.photos.restore("problem", problem, "photos", photo.name)
    handset.photos.restore("problem", problem, "photos", photo.name)
    handset.notebook.save("problem", problem)
    assert handset.hand.names(problem) == [photo.name]
    handset.photos.remove("problem", problem, "photos", photo.name)
    handset.notebook.save("problem", problem)
    assert handset.hand.names(problem) == []
    handset.photos.sweep()
    assert handset.photos.open(photo.name), "until the profile opens again, it can be undone"
    handset.open()
    handset.photos.settle()
    assert handset.photos.open(photo.name) is None
    assert handset.photos.all() == []
    assert everything_in(handset.folder) == []


def test_a_photo_that_only_an_unsaved_draft_has_removed_stays_over_a_restart(handset: Handset) -> None:
    problem = handset.hand.problem()
    photo = handset.hand.saved(problem)
    handset.photos.remove("problem", problem, "photos", photo.name)
    handset.open()
    handset.photos.settle()
    handset.notebook.discard("problem", problem)
    assert handset.hand.names(problem) == [photo.name]
    assert handset.photos.open(photo.name)


def test_a_photo_of_a_draft_given_up_goes_when_the_profile_opens_again(handset: Handset) -> None:
    record = handset.notebook.doors.new_id()
    photo = handset.hand.shot(record)
    draft = handset.notebook.discard("problem", record)
    handset.photos.sweep()
    assert draft
    handset.notebook.put_back(draft)
    handset.open()
    handset.photos.settle()
    assert handset.photos.open(photo.name), "put back in time"
    handset.notebook.discard("problem", record)
    handset.open()
    handset.photos.settle()
    assert handset.photos.open(photo.name) is None


def test_a_photo_named_only_by_a_refused_change_stays(handset: Handset) -> None:
    problem = handset.hand.problem()
    handset.township.refuse = lambda change: (
        {"code": "invalid", "message": "不行", "fields": {}} if "photos" in change["set"] else None
    )
    photo = handset.hand.saved(problem)
    handset.syncing.once()
    assert handset.hand.names(problem) == []
    handset.open()
    handset.photos.settle()
    assert handset.photos.open(photo.name)
    assert handset.photos.next_to_send() is None
    (mend,) = handset.notebook.mends()
    handset.township.refuse = lambda change: None
    handset.notebook.retry_mend(mend.number, {})
    handset.syncing.once()
    assert handset.photos.next_to_send() == photo


def test_thirty_days_after_it_was_sent_the_file_goes_and_the_count_stays(handset: Handset) -> None:
    problem = handset.hand.problem()
    photo, other = handset.hand.saved(problem), handset.hand.saved(problem)
    handset.syncing.once()
    handset.photos.arrived(photo.id)
    values = handset.notebook.get("problem", problem).record.values
    assert handset.photos.count("problem", values, problem).words == "1/2"
    handset.watch.ms += KEPT_MS - 60_000
    handset.photos.sweep()
    assert handset.photos.open(photo.name)
    handset.watch.ms += 120_000
    handset.photos.sweep()
    assert handset.photos.open(photo.name) is None
    assert handset.photos.open(other.name), "what the township does not have stays, however old"
    count = handset.photos.count("problem", values, problem)
    assert (count.named, count.mine, count.arrived, count.here, count.words) == (2, 2, 1, 1, "1/2")
    handset.photos.arrived(other.id)
    assert handset.photos.count("problem", values, problem).words == ""


def test_other_peoples_photos_are_named_and_not_ours_to_count(handset: Handset) -> None:
    problem = handset.hand.problem()
    photo = handset.hand.saved(problem)
    values = {"photos": [photo.name, "f" * 64]}
    count = handset.photos.count("problem", values, problem)
    assert (count.named, count.mine, count.arrived, count.words) == (2, 1, 0, "0/1")
    assert handset.photos.count("problem", {}, problem).words == ""


def test_when_a_record_leaves_the_phone_its_sent_photos_go_with_the_same_sync_and_unsent_ones_stay(
    handset: Handset,
) -> None:
    problem = handset.hand.problem()
    sent, unsent = handset.hand.saved(problem), handset.hand.saved(problem)
    handset.syncing.once()
    handset.photos.arrived(sent.id)
    handset.township.grants = [f"village:{OTHER_VILLAGE}"]
    handset.syncing.once()
    assert handset.notebook.shown(Key("problem", problem)) is None
    handset.photos.sweep()
    assert handset.photos.open(sent.name) is None
    assert [photo.id for photo in handset.photos.all()] == [unsent.id]
    handset.open()
    handset.photos.settle()
    assert handset.photos.open(unsent.name), "it is the only copy there is"
    assert handset.photos.next_to_send() == unsent
    handset.photos.arrived(unsent.id)
    handset.photos.sweep()
    assert everything_in(handset.folder) == []
    assert handset.photos.all() == []


@pytest.mark.parametrize("state", ["here", "refused"])
def test_a_photo_never_sent_of_a_record_that_left_stays_thirty_days_and_its_going_is_said_once(
    handset: Handset, state: str
) -> None:
    problem = handset.hand.problem()
    photos = [handset.hand.saved(problem) for _ in range(2)]
    handset.syncing.once()
    for photo in photos:
        if state == "refused":
            handset.photos.refused(photo.id, "不收")
    handset.township.grants = [f"village:{OTHER_VILLAGE}"]
    handset.syncing.once()
    handset.watch.ms += 29 * DAY_MS
    handset.syncing.once()
    handset.open()
    handset.photos.settle()
    assert [one.state for one in handset.photos.all()] == [state] * 2
    assert all(map(handset.photos.is_wanted, handset.photos.all()))
    assert handset.store.notice is None
    handset.watch.ms += 2 * DAY_MS
    handset.syncing.once()  # the changes that named them are forgotten
    handset.open()
    handset.photos.settle()
    assert handset.photos.all() == []
    assert handset.store.notice == GIVEN_UP.format(n=2)
    assert "2 张照片" in handset.store.notice
    assert "2 photos" in handset.store.notice
    handset.open()
    handset.photos.settle()
    assert handset.store.notice is None


@pytest.mark.parametrize("how", ["removed", "given up"])
def test_of_a_photo_that_somebody_removed_nothing_is_said(handset: Handset, how: str) -> None:
    if how == "removed":
        record = handset.hand.problem()
        photo = handset.hand.saved(record)
        handset.syncing.once()
        handset.photos.remove("problem", record, "photos", photo.name)
        handset.notebook.save("problem", record)
        handset.syncing.once()
        handset.township.grants = [f"village:{OTHER_VILLAGE}"]
        handset.syncing.once()
    else:
        record = handset.notebook.doors.new_id()
        photo = handset.hand.shot(record)
        handset.notebook.discard("problem", record)
    assert not handset.photos.is_wanted(photo)
    handset.open()
    handset.photos.settle()
    assert handset.photos.all() == []
    assert handset.store.notice is None


def test_what_the_store_has_to_say_already_is_said_beside_it(handset: Handset) -> None:
    handset.store.notice = "快满了。 / Nearly full."
    handset.photos._say("少了。 / Less.")
    handset.photos._say("少了。 / Less.")
    assert handset.store.notice == "快满了。少了。 / Nearly full. Less."


def test_a_damaged_row_shuts_nobody_out_of_the_others_and_its_file_stays(
    handset: Handset, caplog: pytest.LogCaptureFixture
) -> None:
    problem = handset.hand.problem()
    bad, good = handset.hand.saved(problem, picture(1)), handset.hand.saved(problem, picture(2))
    handset.syncing.once()
    spoilt = "{" if handset.seal is CLEAR else b"\x01 damaged"
    handset.store.together(lambda: handset.store._run("UPDATE photos SET document = ? WHERE id = ?", spoilt, bad.id))
    handset.open()
    assert handset.photos.settle(handset.hand.camera) == []
    assert handset.photos.of("problem", problem) == [good]
    assert handset.photos.all() == [good]
    assert handset.photos.next_to_send() == good
    assert handset.photos.open(good.name)
    assert handset.photos.open(bad.name) is None
    assert handset.photos.count("problem", {"photos": [bad.name, good.name]}, problem).mine == 1
    handset.photos.sweep(unnamed=True)
    assert (handset.folder / "photos" / bad.id).exists(), "it may be the only copy"
    said = [one.getMessage() for one in caplog.records if "rows cannot be read" in one.getMessage()]
    assert said == ["photos: 1 rows cannot be read"]
    with pytest.raises(Unsealable):
        handset.photos.get(bad.id)


# --- whose turn it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [False, True])
def test_only_a_photo_that_the_township_knows_of_and_is_still_wanted_is_sent(handset: Handset, known: bool) -> None:
    problem = handset.hand.problem()
    if known:  # the record, and not yet the photo
        handset.syncing.once()
    photo = handset.hand.shot(problem)
    assert handset.photos.next_to_send() is None, "only in a draft"
    handset.notebook.save("problem", problem)
    assert handset.photos.next_to_send() is None, "not acknowledged"
    handset.township.faults = ["lost"]
    with pytest.raises(CutShort):
        handset.syncing.once()
    assert handset.photos.next_to_send() is None, "the reply was lost"
    handset.syncing.once()
    assert handset.photos.next_to_send() == photo
    handset.photos.remove("problem", problem, "photos", photo.name)
    assert handset.photos.next_to_send() is None, "about to be removed"
    handset.photos.restore("problem", problem, "photos", photo.name)
    assert handset.photos.next_to_send() == photo
    assert handset.photos.waiting() == waiting(handset.folder) == 1
    handset.photos.arrived(photo.id)
    assert handset.photos.next_to_send() is None
    assert handset.photos.waiting() == waiting(handset.folder) == 0


def test_a_begun_photo_goes_before_the_oldest(handset: Handset) -> None:
    problem = handset.hand.problem()
    one, two = handset.hand.saved(problem), handset.hand.saved(problem)
    handset.syncing.once()
    assert handset.photos.next_to_send() == one
    handset.photos.progress(two.id, "upload", 4096)
    begun = handset.photos.next_to_send()
    assert begun
    assert (begun.id, begun.offset, begun.url) == (two.id, 4096, "upload")
    assert handset.photos.next_to_send({two.id}) == one


def test_a_restored_server_is_offered_again_what_is_still_here(handset: Handset) -> None:
    problem = handset.hand.problem()
    one, two = handset.hand.saved(problem), handset.hand.saved(problem)
    handset.syncing.once()
    assert handset.photos.next_to_send()
    handset.photos.arrived(one.id)
    handset.photos.refused(two.id, "不收")
    assert handset.photos.next_to_send() is None
    handset.township.epoch = "epoch-2"
    handset.syncing.once()
    offered = handset.photos.next_to_send()
    assert offered
    assert (offered.id, offered.state, offered.offset) == (one.id, "here", 0)
    assert handset.photos.get(two.id).why == "不收"
    assert waiting(handset.folder) == 2


@pytest.mark.parametrize("turn", ["arrived", "offered again"])
def test_after_a_kill_at_any_step_a_locked_profile_never_says_less_than_what_waits(
    handset: Handset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, turn: str
) -> None:
    photo = handset.hand.saved(handset.hand.problem())
    handset.syncing.once()
    assert handset.photos.next_to_send()
    if turn == "offered again":
        handset.photos.arrived(photo.id)
        handset.township.epoch = "epoch-2"
        handset.syncing.once()
    handset.store.close()
    whole = tmp_path / "whole"
    shutil.copytree(handset.folder, whole)
    step, done = 0, False
    while not done:
        step += 1
        shutil.rmtree(handset.folder)
        shutil.copytree(whole, handset.folder)
        handset.open()
        with monkeypatch.context() as patched:
            kill_at(patched, step)
            try:
                if turn == "arrived":
                    handset.photos.arrived(photo.id)
                else:
                    handset.photos.next_to_send()
                done = True
            except Killed:
                pass
        handset.open()
        assert waiting(handset.folder) >= handset.photos.waiting(), f"after step {step}"
        handset.photos.settle()
        assert waiting(handset.folder) == handset.photos.waiting(), f"after step {step}"
        handset.photos.next_to_send()
        assert (
            waiting(handset.folder) == handset.photos.waiting() == (turn == "offered again" or not_yet(handset, photo))
        )
    assert step > 2


def not_yet(handset: Handset, photo: Photo) -> bool:
    return handset.photos.get(photo.id).state == "here"


def test_words_on_a_photo_that_is_gone_change_nothing(handset: Handset) -> None:
    handset.photos.arrived("gone")
    handset.photos.progress("gone", "x", 1)
    assert handset.photos.all() == []


def test_photos_of_another_notebook_over_the_same_store_are_the_same(handset: Handset) -> None:
    photo = handset.hand.shot(handset.hand.problem())
    assert Photos(handset.notebook).get(photo.id) == photo
