"""The lane of the photos: chunks that fit the line, on at the byte after any cut, out of the way of every sync."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mobile.notebook import Doors
from mobile.photo_courier import GaveWay, NoUpload, PhotoRefused, WrongOffset
from mobile.photos import GIVEN_UP, Photo
from mobile.sending import DAMAGED, FIRST_CHUNK, LEAST_CHUNK, MOST_CHUNK, STUMBLES, Lane, Sending
from mobile.session import Session
from mobile.syncing import FIRST_WAIT_S, Outcome
from shared.kinds import KINDS
from shared.sync.phone import (
    Busy,
    NotEnrolled,
    Offline,
    RequestRefused,
    ServerFailed,
    ServerFull,
    SyncError,
    TimedOut,
)
from tests.mobile.photographs import PhotoTownship, Shooter, picture
from tests.mobile.township import OTHER_VILLAGE, Line, Phone, Township, Watch


class Link:
    """A line of so many bytes a second, told by a clock of its own."""

    def __init__(self, speed: float) -> None:
        self.speed, self.seconds = speed, 0.0

    def took(self, size: int) -> None:
        self.seconds += min(4096, size) / self.speed

    def mono(self) -> float:
        return self.seconds


class Road:
    """A phone, its photos, the lane, and the township at the other end."""

    def __init__(self, phone: Phone, township: Township) -> None:
        self.phone = phone
        self.hand = Shooter(phone.notebook)
        self.photos = self.hand.photos
        self.office = PhotoTownship(township)
        self.link = Link(1_000_000)
        self.office.on_chunk = lambda start: self.link.took(4096)
        self.sending = self.lane()

    def lane(self) -> Sending:
        """The lane of an app that just started."""
        idle = self.phone.syncing.idle
        return Sending(self.photos, idle, lambda enrolment: self.office, lambda: self.link.mono(), lambda: 0.5)

    def named(self, *seeds: int, size: tuple[int, int] = (320, 240)) -> list[Photo]:
        """Photos of problems that the township knows of."""
        found = [self.hand.saved(self.hand.problem(), picture(seed, size)) for seed in seeds]
        self.phone.syncing.once()
        return found

    def state(self, photo: Photo) -> tuple[str, int]:
        now = self.photos.get(photo.id)
        return now.state, now.offset

    def is_whole(self, photo: Photo) -> bool:
        return self.office.held.get(photo.name) == self.photos.open(photo.name)


@pytest.fixture
def road(phone: Phone, township: Township) -> Iterator[Road]:
    made = Road(phone, township)
    yield made
    made.sending.stop()
    phone.store.close()


# --- the way of a photo -----------------------------------------------------------------------------------------------


def test_a_photo_that_the_township_knows_of_arrives(road: Road) -> None:
    (photo,) = road.named(1)
    told: list[Lane] = []
    assert road.sending.run(told.append) == Lane(False, 1, 0)
    assert told == [Lane(True, 1, 0)]
    assert road.is_whole(photo)
    assert road.state(photo)[0] == "sent"
    assert [method for method, _, _ in road.office.asked][:2] == ["POST", "PATCH"], (
        "what was just begun needs no question"
    )
    asked = len(road.office.asked)
    assert road.sending.run().arrived == 0
    assert len(road.office.asked) == asked, "and then there is nothing more to say"


def test_what_is_not_acknowledged_is_not_sent(road: Road) -> None:
    road.hand.saved(road.hand.problem())
    assert road.sending.run() == Lane(False, 0, 1)
    assert road.office.asked == []


def test_a_photo_that_is_held_already_is_not_sent_again(road: Road) -> None:
    photo, twin = road.named(1, 1)
    road.sending.run()
    assert road.state(photo)[0] == road.state(twin)[0] == "sent"
    assert sum(road.office.sent) == photo.bytes


def test_photos_go_one_after_the_other_the_begun_one_first(road: Road) -> None:
    one, two, three = road.named(1, 2, 3)
    road.photos.progress(two.id, *road.office.create(two.name, two.kind, two.record, two.bytes))
    road.office.asked.clear()
    road.sending.run()
    assert [method for method, _, _ in road.office.asked].count("POST") == 2
    assert list(road.office.held) == [two.name, one.name, three.name]


# --- cuts -------------------------------------------------------------------------------------------------------------


def test_a_photo_cut_in_the_middle_goes_on_at_the_next_byte_on_another_day(road: Road) -> None:
    (photo,) = road.named(1, size=(640, 480))
    road.office.faults = [None, None, Offline()]
    with pytest.raises(Offline):
        road.sending.run()
    assert road.state(photo) == ("here", FIRST_CHUNK)
    road.phone.watch.ms += 20 * 24 * 3600 * 1000
    road.sending = road.lane()
    road.office.asked.clear()
    road.sending.run()
    assert [(method, at) for method, at, _ in road.office.asked][:2] == [("HEAD", 0), ("PATCH", FIRST_CHUNK)]
    assert road.is_whole(photo)
    assert sum(road.office.sent) == photo.bytes - FIRST_CHUNK, "not a byte twice"


def test_a_lost_answer_costs_nothing_but_a_question(road: Road) -> None:
    (photo,) = road.named(1, size=(640, 480))
    road.office.faults = [None, "lost"]
    with pytest.raises(SyncError, match="lost"):
        road.sending.run()
    assert road.state(photo) == ("here", 0), "not known"
    road.sending.run()
    assert road.is_whole(photo)
    assert sum(road.office.sent) == photo.bytes


def test_the_answer_to_the_last_chunk_is_lost_and_the_photo_is_not_sent_again(road: Road) -> None:
    (photo,) = road.named(1, size=(64, 48))
    road.office.faults = [None, "lost"]
    with pytest.raises(SyncError, match="lost"):
        road.sending.run()
    road.sending.run()
    assert road.state(photo)[0] == "sent"
    assert road.office.sent == [photo.bytes]


def test_an_upload_that_the_server_forgot_begins_anew(road: Road) -> None:
    (photo,) = road.named(1, size=(640, 480))
    road.office.faults = [None, None, Offline()]
    with pytest.raises(Offline):
        road.sending.run()
    road.office.uploads.clear()
    road.sending.run()
    assert road.is_whole(photo)


@pytest.mark.parametrize("error", [NoUpload(), WrongOffset()])
def test_a_server_that_never_knows_its_own_uploads_is_called_broken_and_left_alone(
    road: Road, error: SyncError
) -> None:
    (photo,) = road.named(1)
    road.office.send = lambda *given: (_ for _ in ()).throw(error)  # type: ignore[method-assign]
    with pytest.raises(ServerFailed):
        road.sending.run()
    assert len(road.office.asked) < 20
    assert road.state(photo)[0] == "here"


@pytest.mark.parametrize("error", [ServerFailed("500"), RequestRefused("400")])
@pytest.mark.parametrize("when", ["create", "send"])
def test_a_photo_that_the_server_stumbles_over_is_in_nobodys_way(road: Road, error: SyncError, when: str) -> None:
    """At its POST, or once it is begun, when it stands before all others."""
    photo, other, third = road.named(1, 2, 3)
    asked, took = [0], {"create": road.office.create, "send": road.office.send}

    def stumbling(*given: Any) -> Any:
        is_ours = given[0] == (photo.name if when == "create" else road.photos.get(photo.id).url)
        asked[0] += is_ours
        if is_ours:
            raise error
        return took[when](*given)  # type: ignore[operator]

    setattr(road.office, when, stumbling)
    with pytest.raises(type(error)):
        road.sending.run()
    assert road.is_whole(other)
    assert road.is_whole(third)
    assert asked == [1], "once a run"
    assert (road.sending.lane.arrived, road.sending.lane.waiting) == (2, 1)
    setattr(road.office, when, took[when])
    road.sending.run()
    assert road.is_whole(photo), "and at the next run it has its turn again"


def test_a_withdrawal_that_the_server_stumbles_over_is_in_nobodys_way(road: Road) -> None:
    photo, other = road.named(1, 2, size=(640, 480))
    road.office.faults = [None, None, Offline()]
    with pytest.raises(Offline):
        road.sending.run()
    road.photos.remove("problem", photo.record, "photos", photo.name)
    road.phone.notebook.save("problem", photo.record)
    road.office.faults = [ServerFailed("500")]
    with pytest.raises(ServerFailed):
        road.sending.run()
    assert road.is_whole(other)
    assert road.photos.get(photo.id).url, "taken back at the next run"
    road.sending.run()
    assert road.photos.get(photo.id).url == ""


def test_an_upload_that_the_server_loses_again_and_again_after_some_bytes_ends_and_is_in_nobodys_way(
    road: Road,
) -> None:
    photo, other = road.named(1, 2, size=(640, 480))
    road.link.speed = 6_250  # so that a photo is several chunks
    send = road.office.send

    def losing(upload: str, offset: int, chunk: bytes, wanted: Callable[[], bool]) -> int:
        if road.office.uploads[upload][0] == photo.name and offset:
            del road.office.uploads[upload]
            assert len(road.office.asked) < 200, "without end"
        return send(upload, offset, chunk, wanted)

    road.office.send = losing  # type: ignore[method-assign]
    with pytest.raises(ServerFailed):
        road.sending.run()
    assert road.is_whole(other)
    assert [method for method, _, _ in road.office.asked].count("POST") <= 1 + 1 + STUMBLES
    road.sending._has_moved = False
    with pytest.raises(ServerFailed):
        road.sending.run()
    assert not road.sending._has_moved, "the same bytes anew are no progress"


def test_an_offset_beyond_the_end_is_no_arrival(road: Road) -> None:
    (photo,) = road.named(1)
    road.office.create = lambda name, kind, record, length: ("u", length + 1)  # type: ignore[method-assign]
    with pytest.raises(ServerFailed):
        road.sending.run()
    assert road.state(photo)[0] == "here"


# --- chunks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("speed", "low", "high"),
    [
        (6_250, 16_000, 20_000),
        (600, LEAST_CHUNK, LEAST_CHUNK),
        (100_000, 250_000, 320_000),
        (50_000_000, MOST_CHUNK, MOST_CHUNK),
    ],
)
def test_chunks_grow_or_shrink_to_about_three_seconds_of_the_line(road: Road, speed: int, low: int, high: int) -> None:
    (photo,) = road.named(1, size=(2400, 1800))
    assert photo.bytes > 3 * MOST_CHUNK
    road.link.speed = speed
    road.sending.run()
    assert road.office.sent[0] == FIRST_CHUNK
    assert low <= road.office.sent[-2] <= high
    assert all(LEAST_CHUNK <= size <= MOST_CHUNK for size in road.office.sent[:-1])
    assert road.is_whole(photo)


def test_after_a_cut_chunks_are_half_as_large(road: Road) -> None:
    (_,) = road.named(1, size=(640, 480))
    for size in (FIRST_CHUNK, FIRST_CHUNK // 2, LEAST_CHUNK, LEAST_CHUNK):
        road.office.faults = [None, TimedOut()]
        with pytest.raises(TimedOut):
            road.sending.run()
        assert road.office.sent[-1] == size


# --- what the township says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["not_a_picture", "unsafe_picture", "too_many_pixels", "too_large"])
def test_what_will_never_be_taken_is_kept_with_the_servers_words_and_never_sent_again(road: Road, code: str) -> None:
    photo, other = road.named(1, 2)
    road.office.refuse = lambda data: (
        PhotoRefused(code, "不是图片。 / Not a picture.") if data == road.photos.open(photo.name) else None
    )
    road.sending.run()
    now = road.photos.get(photo.id)
    assert (now.state, now.why) == ("refused", "不是图片。 / Not a picture.")
    assert road.state(other)[0] == "sent", "and it is in nobody's way"
    sent = len(road.office.asked)
    road.sending.run()
    assert len(road.office.asked) == sent
    assert road.photos.open(photo.name), "the person may still look at it"


def test_a_wrong_hash_is_sent_once_more_from_the_beginning(road: Road) -> None:
    (photo,) = road.named(1)
    wrong = [PhotoRefused("wrong_hash")]
    road.office.refuse = lambda data: wrong.pop() if wrong else None
    road.sending.run()
    assert road.is_whole(photo)
    assert sum(road.office.sent) == 2 * photo.bytes


def test_a_hash_that_is_wrong_twice_is_refused(road: Road) -> None:
    (photo,) = road.named(1)
    road.office.refuse = lambda data: PhotoRefused("wrong_hash", "哈希不符 / wrong hash")
    road.sending.run()
    assert road.photos.get(photo.id).why == "哈希不符 / wrong hash"
    assert sum(road.office.sent) == 2 * photo.bytes


def test_a_photo_that_the_township_does_not_name_yet_waits_for_the_next_sync_and_is_in_nobodys_way(road: Road) -> None:
    photo, other = road.named(1, 2)
    values = dict(road.phone.values("problem", photo.record))
    road.phone.township.written_by_others("problem", photo.record, {"photos": []}, base_of(road, photo))
    assert road.sending.run() == Lane(False, 1, 1)
    assert road.state(other)[0] == "sent"
    assert road.state(photo) == ("here", 0)
    assert values["photos"] == [photo.name]
    road.phone.syncing.once()
    assert road.photos.next_to_send() is None, "somebody removed it"


def base_of(road: Road, photo: Photo) -> dict[str, object]:
    stamps = road.phone.notebook.get("problem", photo.record).record.stamps
    return {"photos": stamps["photos"]}


def test_a_photo_of_a_record_that_left_and_that_the_township_does_not_want_any_more_goes(road: Road) -> None:
    (photo,) = road.named(1)
    road.phone.township.grants = [f"village:{OTHER_VILLAGE}"]
    road.phone.syncing.once()
    road.phone.township.written_by_others(
        "problem", photo.record, {"photos": []}, {"photos": {photo.name: stamps_in_log(road)}}
    )
    assert road.sending.run() == Lane(False, 0, 0)
    assert [method for method, _, _ in road.office.asked] == ["POST"]
    assert road.photos.all() == []
    assert road.phone.store.notice == GIVEN_UP.format(n=1)
    assert road.photos.open(photo.name) is None


def stamps_in_log(road: Road) -> list[str]:
    return [row.body["stamp"] for row in road.phone.township.log if "photos" in row.body["set"]]


def test_a_photo_removed_while_half_of_it_is_sent_is_taken_back_from_the_server(road: Road) -> None:
    photo, other = road.named(1, 2, size=(640, 480))
    road.office.faults = [None, None, Offline()]
    with pytest.raises(Offline):
        road.sending.run()
    road.photos.remove("problem", photo.record, "photos", photo.name)
    road.office.asked.clear()
    road.phone.notebook.save("problem", photo.record)
    road.photos.settle()  # the app was closed and opened again before there was a line
    road.sending.run()
    assert road.office.asked[0][0] == "DELETE"
    assert photo.name not in road.office.held
    assert road.is_whole(other)
    assert [name for name, _, data in road.office.uploads.values() if name == photo.name] == []
    road.photos.settle()
    assert [one.id for one in road.photos.all()] == [other.id]


def test_a_photo_damaged_on_the_phone_is_not_sent_and_told(road: Road) -> None:
    photo, other = road.named(1, 2)
    (road.phone.store.folder / "photos" / photo.id).write_bytes(b"\xff\xd8\xff damaged")
    road.sending.run()
    assert road.photos.get(photo.id).why == DAMAGED
    assert road.office.sent == [other.bytes] or sum(road.office.sent) == other.bytes


def test_a_full_server_or_a_busy_one_is_waited_for(road: Road) -> None:
    (photo,) = road.named(1)
    for error in (ServerFull(), Busy(retry_after=77)):
        road.office.faults = [error]
        with pytest.raises(type(error)):
            road.sending.run()
        assert road.state(photo)[0] == "here"
    road.sending.run()
    assert road.is_whole(photo)


def test_a_restored_server_is_asked_again_and_what_it_holds_is_not_sent(road: Road) -> None:
    photo, lost = road.named(1, 2)
    road.sending.run()
    del road.office.held[lost.name]
    road.phone.township.epoch = "epoch-2"
    road.phone.syncing.once()
    road.office.asked.clear()
    road.sending.run()
    assert sum(road.office.sent) == lost.bytes
    assert road.is_whole(lost)
    assert road.is_whole(photo)


def test_a_phone_that_is_nobodys_sends_nothing(road: Road) -> None:
    road.named(1)
    road.phone.store.enrolment = lambda: None  # type: ignore[method-assign]
    with pytest.raises(NotEnrolled):
        road.sending.run()


# --- records first ----------------------------------------------------------------------------------------------------


def test_a_sync_that_begins_stops_the_chunk_between_two_blocks_and_then_it_goes_on(road: Road) -> None:
    (photo,) = road.named(1, size=(640, 480))
    idle, blocks = road.phone.syncing.idle, []

    def sync_begins(start: int) -> None:
        blocks.append(start)
        if len(blocks) == 2:
            idle.clear()

    road.office.on_chunk = sync_begins
    with pytest.raises(GaveWay):
        road.sending.run()
    assert len(blocks) == 2, "not a block more"
    with pytest.raises(GaveWay):
        road.sending.run()
    idle.set()
    road.sending.run()
    assert road.is_whole(photo)


def test_while_records_travel_the_lane_is_told_so(phone: Phone, township: Township) -> None:
    seen: list[bool] = []
    township.refuse = lambda change: seen.append(phone.syncing.idle.is_set())
    phone.write("household", None, remark="一")
    assert phone.syncing.idle.is_set()
    phone.syncing.once()
    assert seen == [False]
    assert phone.syncing.idle.is_set()
    township.faults = [Offline()]
    with pytest.raises(Offline):
        phone.syncing.once()
    assert phone.syncing.idle.is_set(), "a sync that failed is over too"


# --- in the background ------------------------------------------------------------------------------------------------


class Heard:
    """What the lane told, and a way to wait for it."""

    def __init__(self) -> None:
        self.lanes: list[Lane] = []
        self._news = threading.Condition()

    def __call__(self, lane: Lane) -> None:
        with self._news:
            self.lanes.append(lane)
            self._news.notify_all()

    def until(self, reached: Callable[[Lane], bool]) -> Lane:
        with self._news:
            assert self._news.wait_for(lambda: any(map(reached, self.lanes)), 20)
            return next(lane for lane in self.lanes if reached(lane))


def test_in_the_background_it_begins_with_a_sync_that_worked(road: Road) -> None:
    (photo,) = road.named(1)
    heard = Heard()
    road.sending.synced(heard)
    heard.until(lambda lane: not lane.running and lane.waiting == 0)
    assert road.is_whole(photo)
    (later,) = road.named(2)
    road.sending.synced(heard)
    heard.until(lambda lane: lane.arrived == 1 and road.state(later)[0] == "sent")


def test_in_the_background_a_failure_is_told_and_tried_again_by_itself(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photo,) = road.named(1)
    waits: list[float] = []
    monkeypatch.setattr("mobile.sending.wait_after", lambda error, failures, roll: waits.append(failures) or 0.0)
    road.office.faults = [Offline(), Offline(), None, Offline(), RuntimeError("ours")]  # type: ignore[list-item]
    heard = Heard()
    road.sending.synced(heard)
    heard.until(lambda lane: lane.error is None and not lane.running and lane.waiting == 0)
    assert any(isinstance(lane.error, Offline) for lane in heard.lanes)
    assert road.is_whole(photo)
    assert waits[:3] == [1, 2, 3]


def test_a_line_that_breaks_again_and_again_but_brings_bytes_is_tried_again_soon(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    road.named(1, size=(1280, 960))
    waits: list[int] = []
    monkeypatch.setattr("mobile.sending.wait_after", lambda error, failures, roll: waits.append(failures) or 0.0)
    road.office.faults = [None, None, Offline(), None, None, Offline(), None, None, Offline()]
    heard = Heard()
    road.sending.synced(heard)
    heard.until(lambda lane: lane.waiting == 0 and not lane.running)
    assert waits == [1, 1, 1]


def test_a_server_that_says_retry_after_is_left_alone_that_long(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    road.named(1)
    road.office.faults = [Busy(retry_after=4321)]
    slept: list[float | None] = []
    wait = threading.Event.wait
    heard = Heard()

    def watched(event: threading.Event, timeout: float | None = None) -> bool:
        if event is road.sending._wake:
            slept.append(timeout)
        return wait(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", watched)
    road.sending.synced(heard)
    heard.until(lambda lane: isinstance(lane.error, Busy))
    road.sending.stop()
    assert slept[-1] == 4321 + FIRST_WAIT_S / 4


def test_a_sync_that_works_does_not_wake_the_lane_before_the_servers_retry_after_and_the_person_may(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photo,) = road.named(1)
    road.office.faults = [Busy(retry_after=4321)]
    slept: list[float | None] = []
    asleep, wait, heard = threading.Semaphore(0), threading.Event.wait, Heard()

    def watched(event: threading.Event, timeout: float | None = None) -> bool:
        if event is road.sending._wake:
            slept.append(timeout)
            asleep.release()
        return wait(event, timeout)

    def until_asleep() -> None:
        assert asleep.acquire(timeout=10)

    monkeypatch.setattr(threading.Event, "wait", watched)
    road.sending.synced(heard)
    until_asleep()
    heard.until(lambda lane: isinstance(lane.error, Busy))
    until_asleep()
    asked = len(road.office.asked)
    road.link.seconds += 4000
    road.sending.synced(heard)
    until_asleep()
    assert len(road.office.asked) == asked
    assert slept[-1] == pytest.approx(321 + FIRST_WAIT_S / 4), "what is left of it"
    road.sending.hurry()
    road.sending.synced(heard)
    heard.until(lambda lane: lane.waiting == 0 and not lane.running)
    assert road.is_whole(photo)


def test_whoever_waits_for_a_sync_that_never_ends_is_stopped_all_the_same(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    road.named(1)
    idle, waits, wait = road.phone.syncing.idle, threading.Event(), threading.Event.wait

    def watched(event: threading.Event, timeout: float | None = None) -> bool:
        if event is idle:
            waits.set()
        return wait(event, timeout)

    idle.clear()
    monkeypatch.setattr(threading.Event, "wait", watched)
    road.sending.synced(lambda lane: None)
    assert wait(waits, 10)
    assert road.sending._thread
    road.sending.stop(30)
    assert not road.sending._thread.is_alive()
    assert road.office.asked == []


def test_when_the_syncs_thread_is_stopped_after_a_nudge_the_line_is_idle(phone: Phone) -> None:
    nudged = threading.Event()

    def told(outcome: Outcome) -> None:
        phone.syncing.nudge()
        assert not phone.syncing.idle.is_set()
        phone.syncing._stopped.set()
        nudged.set()

    phone.syncing.start(told)
    assert nudged.wait(10)
    phone.syncing.stop(30)
    assert phone.syncing._thread
    assert not phone.syncing._thread.is_alive()
    assert phone.syncing.idle.is_set()


def test_paused_it_rests_and_goes_on_when_resumed(road: Road) -> None:
    (photo,) = road.named(1, size=(640, 480))
    reached, go = threading.Event(), threading.Event()

    def pause(start: int) -> None:
        if not reached.is_set():
            road.sending.pause()
            reached.set()
            assert go.wait(10)

    road.office.on_chunk = pause
    heard = Heard()
    road.sending.synced(heard)
    assert reached.wait(10)
    go.set()
    road.sending.resume()
    heard.until(lambda lane: not lane.running and lane.waiting == 0)
    assert road.is_whole(photo)


def test_whoever_stopped_it_is_told_nothing_more(road: Road) -> None:
    road.named(1, size=(640, 480))
    reached, go, heard = threading.Event(), threading.Event(), Heard()

    def hang(start: int) -> None:
        reached.set()
        assert go.wait(10)

    road.office.on_chunk = hang
    road.sending.synced(heard)
    assert reached.wait(10)
    road.sending.stop(0)
    road.phone.store.close()
    go.set()
    road.sending.stop()
    assert heard.lanes == []


# --- a session --------------------------------------------------------------------------------------------------------


def test_a_session_sends_photos_after_a_sync_that_worked(phone: Phone, township: Township, watch: Watch) -> None:
    office, news = PhotoTownship(township), threading.Event()
    session = Session(
        phone.store, KINDS, Doors(now=watch), lambda work: work(), news.set,
        courier_for=lambda one: Line(township, one.token), photo_courier_for=lambda one: office,
    )  # fmt: skip
    hand = Shooter(session.notebook)
    photo = hand.saved(hand.problem())
    township.faults = [Offline()]
    tries: list[Outcome] = []
    told = session._told
    session._told = lambda outcome: (tries.append(outcome), told(outcome))[0]  # type: ignore[method-assign]
    session.start_syncing()
    wait_for(news, lambda: bool(tries))
    assert office.asked == [], "the sync did not work"
    session.sending._not_before = session.sending._mono() + 1000  # the person's own word goes before the server's wish
    session.sync_now()
    wait_for(news, lambda: session.photos.get(photo.id).state == "sent")
    assert office.held[photo.name] == session.photos.open(photo.name)
    session.close()


def wait_for(news: threading.Event, reached: Callable[[], bool]) -> None:
    for _ in range(200):
        if reached():
            return
        news.wait(0.1)
        news.clear()
    raise AssertionError("never")


def test_without_a_courier_for_photos_a_session_played_in_a_test_keeps_them(
    phone: Phone, township: Township, watch: Watch
) -> None:
    session = Session(
        phone.store, KINDS, Doors(now=watch), lambda work: work(), lambda: None, lambda one: Line(township, one.token)
    )
    hand = Shooter(session.notebook)
    photo = hand.saved(hand.problem())
    session._told(Outcome(session.syncing.once()))
    assert session.photos.get(photo.id).state == "here"
    assert session.sending._thread is None
    session.close()
