"""Figures kept in memory: there at once, as of when they say, made anew aside, one at a time, and what fails is told and tried again."""

from collections.abc import Callable, Mapping
from threading import BoundedSemaphore, Thread
from typing import Any

import pytest

import server.reading.figures
from server.reading.figures import AFTER_FAILURE, QUESTIONS, REST, Aside, Figures, FiguresError, Look, figures_of
from server.reports.overview import gather
from server.service import now_ms
from tests.console.browser import TOWN, Office

DAY = 86_400_000


class Adding:
    """Adding up that happens when the test says so, and takes as many seconds as it says."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server.reading.figures, "SMALL", -1)
        monkeypatch.setattr(
            server.reading.figures, "_AT_ONCE", BoundedSemaphore(2)
        )  # what a test leaves undone hinders no other
        self.office, self.now, self.seconds, self.fails = office, now_ms(), 0.0, False
        self.waiting: list[Callable[[], None]] = []
        self.asked: list[tuple[str, str, str]] = []
        office.database.compute = self.compute
        self.figures = Figures(office.database, TOWN, self.waiting.append, lambda: self.seconds)

    def compute(self, township: str, month: str, campaign: str) -> Mapping[str, Any]:
        self.asked.append((township, month, campaign))
        self.seconds += 10
        if self.fails:
            raise FiguresError("no")
        with self.office.database.read(township) as store:
            return gather(store, self.office.database.kinds, self.now, month, campaign or None)

    def look(self, month: str = "", campaign: str = "") -> Look:
        with self.office.database.read(TOWN) as store:
            return self.figures.look(store, self.now, month, campaign)

    def run(self) -> None:
        self.waiting.pop()()

    def settle(self) -> Look:
        """Figures that are there, and a rest that is over."""
        self.look()
        self.run()
        self.seconds += 10 * REST
        return self.look()


@pytest.fixture
def adding(office: Office, monkeypatch: pytest.MonkeyPatch) -> Adding:
    return Adding(office, monkeypatch)


def state(look: Look) -> tuple[bool, bool, bool, bool]:
    return look.figures is not None, look.fresh, look.coming, look.failed


THERE, NOT_YET, STALE = (True, True, False, False), (False, False, True, False), (True, False, True, False)


def test_at_first_there_is_nothing_and_it_is_on_its_way(adding: Adding) -> None:
    assert state(adding.look()) == NOT_YET
    adding.run()
    assert state(adding.look()) == THERE
    assert adding.look().made_at == adding.now
    assert adding.waiting == []


def test_what_is_older_than_the_log_is_shown_while_it_is_made_anew_once(adding: Adding) -> None:
    before = adding.settle()
    adding.office.write("household", {"head_name": "甲"})
    adding.now += 60_000
    assert state(adding.look()) == state(adding.look()) == STALE
    assert adding.look().figures is before.figures
    assert len(adding.waiting) == 1
    adding.run()
    after = adding.look()
    assert state(after) == THERE
    assert after.made_at == before.made_at + 60_000


def test_it_rests_a_few_times_as_long_as_it_took(adding: Adding) -> None:
    adding.look()
    adding.run()
    adding.office.write("household", {"head_name": "甲"})
    adding.seconds += 10 * REST - 1
    assert (state(adding.look()), adding.waiting) == (STALE, [])
    adding.seconds += 1
    assert state(adding.look()) == STALE
    assert len(adding.waiting) == 1


def test_another_question_does_not_wait_for_the_rest_but_for_the_one_that_runs(adding: Adding) -> None:
    adding.look()
    assert (state(adding.look("2018-09")), len(adding.waiting)) == (NOT_YET, 1)
    adding.run()
    assert (state(adding.look("2018-09")), len(adding.waiting)) == (NOT_YET, 1)
    adding.run()
    assert [month for _, month, _ in adding.asked][1] == "2018-09"
    assert state(adding.look("2018-09")) == state(adding.look()) == THERE


def test_a_new_day_makes_them_anew(adding: Adding) -> None:
    adding.settle()
    adding.look("2018-09")
    adding.run()
    adding.seconds += 10 * REST
    adding.now += DAY
    assert state(adding.look("2018-09")) == STALE


def test_what_failed_is_told_and_tried_again_after_a_while(adding: Adding) -> None:
    adding.fails = True
    adding.look()
    adding.run()
    assert (state(adding.look()), adding.waiting) == ((False, False, False, True), [])
    adding.seconds += AFTER_FAILURE
    adding.fails = False
    assert state(adding.look()) == NOT_YET
    adding.run()
    assert state(adding.look()) == THERE


def test_older_figures_stay_when_making_them_anew_failed(adding: Adding) -> None:
    adding.settle()
    adding.office.write("household", {"head_name": "甲"})
    adding.fails = True
    adding.look()
    adding.run()
    assert state(adding.look()) == (True, False, False, True)


def test_no_more_than_two_are_at_it_at_a_time_whatever_their_township(adding: Adding) -> None:
    others = [Figures(adding.office.database, TOWN, adding.waiting.append, lambda: 0.0) for _ in range(3)]
    with adding.office.database.read(TOWN) as store:
        assert [state(one.look(store, adding.now)) for one in others] == [NOT_YET] * 3
        assert len(adding.waiting) == 2
        adding.run()
        assert state(others[2].look(store, adding.now)) == NOT_YET
    assert len(adding.waiting) == 2
    adding.run()
    adding.run()


def test_only_so_many_questions_are_kept(adding: Adding) -> None:
    for month in range(1, 13):
        adding.look(f"2017-{month:02d}")
        adding.run()
    assert len(adding.asked) == QUESTIONS == 12
    adding.look("2017-01")  # asked for just now: the one before it goes
    adding.look("2018-01")
    adding.run()
    assert state(adding.look("2017-01")) == THERE
    assert state(adding.look("2017-02")) == NOT_YET
    adding.run()


def test_without_a_way_to_do_it_aside_and_where_little_has_happened_it_is_added_up_in_place(office: Office) -> None:
    assert office.database.compute is None
    figures = figures_of(office.database, TOWN)
    assert figures is figures_of(office.database, TOWN)
    with office.database.read(TOWN) as store:
        assert state(figures.look(store, now_ms())) == THERE
    office.database.compute = lambda *_: pytest.fail("it is a small township")
    office.write("household", {"head_name": "甲"})
    with office.database.read(TOWN) as store:
        found = figures.look(store, now_ms())
        assert (state(found), found.figures and found.figures["seq"]) == (THERE, store.head())


# --- a real child --------------------------------------------------------------------------------------------------------


def test_a_child_process_of_the_same_instance_says_the_same(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUHU_INSTANCE", "/nowhere/else")
    home = office.write("household", {"head_name": "甲", "categories": ["key"]})
    office.write("problem", {"category": "infra", "found_at": "2018-09-02T10:00:00+08:00"}, household=home)
    made = Aside(office.service.config)(TOWN, "2018-09", "")
    with office.database.read(TOWN) as store:
        mine = gather(store, office.database.kinds, now_ms(), "2018-09")
    assert {**made, "made_at": 0} == {**mine, "made_at": 0}
    assert mine["coverage"]["villages"] or mine["problems"]["villages"]


def test_a_child_that_cannot_says_why_and_nothing_that_people_wrote(office: Office) -> None:
    aside = Aside(office.service.config)
    with pytest.raises(FiguresError, match=r"exit code 1: 没有这个活动：none"):
        aside(TOWN, "2018-09", "none")
    assert server.reading.figures._last_words(b"Traceback\n  x\nValueError: secret words") == "ValueError"
    assert server.reading.figures._last_words(b"") == ""


def test_the_app_adds_up_aside_and_in_a_thread(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.reading.figures, "SMALL", -1)
    office.database.compute = Aside(office.service.config)
    threads: list[Thread] = []
    monkeypatch.setattr(Thread, "start", lambda thread: threads.append(thread))
    figures = Figures(office.database, TOWN)
    with office.database.read(TOWN) as store:
        assert state(figures.look(store, now_ms())) == NOT_YET
    (thread,) = threads
    assert thread.daemon
    thread.run()
    with office.database.read(TOWN) as store:
        assert state(figures.look(store, now_ms())) == THERE
