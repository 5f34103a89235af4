"""When to sync: one at a time, again after a failure, never all phones in step."""

import threading
from typing import Any

import pytest

from mobile.syncing import FIRST_WAIT_S, LONGEST_ASKED_S, LONGEST_WAIT_S, AlreadySyncing, Outcome, Syncing
from shared.kinds import KINDS
from shared.sync.phone import Busy, NotEnrolled, Offline
from tests.mobile.township import Line, Phone, Township, Watch


def test_a_second_sync_at_the_same_time_is_told_so(phone: Phone, township: Township) -> None:
    caught: list[Exception] = []

    def again(change: object) -> None:
        with pytest.raises(AlreadySyncing) as info:
            phone.syncing.once()
        caught.append(info.value)

    township.refuse = again
    phone.write("household", None, remark="一")
    phone.syncing.once()
    assert len(caught) == 1
    phone.syncing.once()


def test_a_phone_that_is_not_enrolled_says_so(township: Township, tmp_path: object, watch: Watch) -> None:
    phone = Phone(township, tmp_path / "fresh", watch)  # type: ignore[operator]
    with pytest.raises(NotEnrolled):
        phone.syncing.once()
    with pytest.raises(NotEnrolled):
        phone.write("household", None, remark="一")


def test_waits_double_up_to_a_limit_and_half_of_each_is_chance(phone: Phone, watch: Watch) -> None:
    def waits(roll: float) -> list[float]:
        syncing = Syncing(phone.store, KINDS, watch, roll=lambda: roll)
        return [syncing.wait_after(Offline(), failures) for failures in (1, 2, 3, 50, 5000)]

    assert waits(0.0) == [w / 2 for w in (FIRST_WAIT_S, 10, 20, LONGEST_WAIT_S, LONGEST_WAIT_S)]
    assert waits(1.0) == [FIRST_WAIT_S, 10, 20, LONGEST_WAIT_S, LONGEST_WAIT_S]


def test_retry_after_is_honoured(phone: Phone, watch: Watch) -> None:
    syncing = Syncing(phone.store, KINDS, watch, roll=lambda: 0.0)
    assert syncing.wait_after(Busy(retry_after=99), 1) == 99


@pytest.mark.parametrize("asked", [float("inf"), 1e300])
def test_a_server_that_asks_for_for_ever_is_left_alone_for_a_day_at_most(
    phone: Phone, watch: Watch, asked: float
) -> None:
    syncing = Syncing(phone.store, KINDS, watch, roll=lambda: 0.0)
    assert syncing.wait_after(Busy(retry_after=asked), 1) == LONGEST_ASKED_S <= threading.TIMEOUT_MAX


def test_the_background_goes_on_after_failures_and_when_nudged(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    township.faults = [Offline()]
    outcomes: list[Outcome] = []
    twice = threading.Event()
    syncing = Syncing(phone.store, KINDS, phone.watch, lambda one: Line(township, one.token), roll=lambda: 0.0)

    def tell(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if len(outcomes) == 1:
            syncing.nudge()
        else:
            twice.set()

    syncing.start(tell)
    assert twice.wait(10)
    syncing.stop()
    assert isinstance(outcomes[0].error, Offline)
    assert outcomes[1].summary is not None
    assert not phone.notebook.get("household", house.id).unsent


def test_a_fault_of_ours_does_not_end_syncing(phone: Phone) -> None:
    told = threading.Event()
    outcomes: list[Outcome] = []

    def broken(enrolment: object) -> Line:
        raise RuntimeError("oops")

    syncing = Syncing(phone.store, KINDS, phone.watch, broken, roll=lambda: 0.0)
    syncing.start(lambda outcome: (outcomes.append(outcome), told.set())[0])
    assert told.wait(10)
    syncing.stop()
    assert "RuntimeError" in str(outcomes[0].error)
    assert "oops" not in str(outcomes[0].error), "a fault's message may hold people's words"


def test_a_fault_of_whoever_listens_does_not_end_syncing(phone: Phone, township: Township) -> None:
    twice = threading.Event()
    heard: list[Outcome] = []
    syncing = Syncing(phone.store, KINDS, phone.watch, lambda one: Line(township, one.token), roll=lambda: 0.0)

    def tell(outcome: Outcome) -> None:
        heard.append(outcome)
        if len(heard) == 2:
            twice.set()
        syncing.nudge()
        raise RuntimeError("oops")

    syncing.start(tell)
    assert twice.wait(10)
    syncing.stop()


def test_a_stop_that_comes_just_as_a_sync_begins_is_heard(phone: Phone, township: Township) -> None:
    syncing = Syncing(phone.store, KINDS, phone.watch, lambda one: Line(township, one.token))

    class Wake(threading.Event):
        def clear(self) -> None:
            other = threading.Thread(target=syncing.stop, args=(0,))
            other.start()
            other.join()
            super().clear()

    syncing._wake = Wake()
    before = len(township.requests)
    heard: list[Outcome] = []
    syncing.start(heard.append)
    assert syncing._thread
    syncing._thread.join(10)
    assert not syncing._thread.is_alive()
    assert len(township.requests) == before
    assert heard == []


def test_whoever_stopped_it_is_told_nothing_more(phone: Phone, township: Township) -> None:
    heard: list[Outcome] = []
    asked, answers = threading.Event(), threading.Event()

    class Slow(Line):
        def sync(self, request: dict[str, Any]) -> dict[str, Any]:
            asked.set()
            assert answers.wait(10)
            return super().sync(request)

    syncing = Syncing(phone.store, KINDS, phone.watch, lambda one: Slow(township, one.token))
    syncing.start(heard.append)
    assert asked.wait(10)
    syncing.stop(0)
    answers.set()
    syncing.stop()
    assert heard == []
