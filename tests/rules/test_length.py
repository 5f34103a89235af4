"""Every case of visit length on every shelf; the open visit; and what holds for any visit at all."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.entry import Entry
from shared.rules.length import HOUR_MS, length_of, lies_open
from shared.rules.policy import Policies, preset, read_policy
from shared.rules.visits import REASONS, REMARKS, Judged, doubled, judge, judge_all, overlapping
from tests.rules.cases_length import CASES, LengthCase
from tests.rules.conftest import Shelf
from tests.rules.reading import english, entry_of, in_order
from tests.rules.records import ms, visit


def judged(case: LengthCase, visits: Sequence[Entry]) -> list[Judged]:
    policy, findings = read_policy({"overrides": case.rules})
    assert findings == []
    at_once = overlapping(visits, policy.visit.modes)
    return [
        judge(one, policy, now=ms(case.now), overlapping=one.id in at_once, campaign=case.campaign) for one in visits
    ]


@pytest.mark.parametrize("case", CASES, ids=english)
def test_a_visit_is_told_whether_it_counts_and_why_not(case: LengthCase, shelf: Shelf) -> None:
    book = shelf.lay(*case.wrote)
    told = judged(case, in_order(book.visits, case.wrote))
    assert tuple("+".join(one.why) or "counts" for one in told) == case.told
    if case.minutes:
        assert tuple(one.length.minutes for one in told) == case.minutes
    if len(told) == 1 or case.remarks:
        assert told[0].remarks == case.remarks
    for one in told:
        assert [finding.code for finding in one.findings()] == [f"visit_{code}" for code in (*one.why, *one.remarks)]
        assert set(one.why) <= REASONS.keys()
        assert set(one.remarks) <= REMARKS.keys()


def test_the_day_of_a_visit_is_the_shanghai_day_it_began(shelf: Shelf) -> None:
    written = visit("2018-09-03T16:10:00Z", "2018-09-04T01:00:00+08:00")
    (one,) = judged(CASES[0], shelf.lay(written).visits)
    assert one.day == "2018-09-04"


def test_what_is_missing_is_named_field_by_field() -> None:
    without = ("morale_status", "awareness_status")
    (one,) = judged(CASES[0], [entry_of(visit("10:00", "10:20", without=without))])
    assert one.missing == without
    assert {finding.code: finding.fields for finding in one.findings()} == {
        "visit_checks": without,
        "visit_short_unexplained": ("short_reason",),
    }


# --- one household on two phones -----------------------------------------------------------------------------------------


def test_two_phones_at_one_household_at_one_time_are_offered_for_joining(shelf: Shelf) -> None:
    one, other = visit("10:00", "10:40"), visit("10:39", "11:20", by="农")
    later, elsewhere = visit("11:20", "12:00", by="黄"), visit("10:10", "10:50", home="乙户", by="陆")
    book = shelf.lay(one, other, later, elsewhere)
    assert doubled(book.visits) == [tuple(sorted((one.id, other.id)))]


def test_a_visit_that_closed_by_itself_is_no_second_one_of_the_same_until_its_end_is_known(shelf: Shelf) -> None:
    lay, other = visit("08:00", "20:30"), visit("10:00", "10:40", by="农")
    assert doubled(shelf.lay(lay, other).visits) == []
    ended = lay.then("20:40", ended_at="2018-09-03T10:20:00+08:00")
    assert doubled(shelf.lay(lay, ended, other).visits) == [tuple(sorted((lay.id, other.id)))]


def test_when_a_visit_closes_by_itself_is_for_the_policy_to_say() -> None:
    lay, other = entry_of(visit("08:00", "16:30")), entry_of(visit("10:00", "10:40", home="乙户"))
    for hours, told in ((8, [("auto_closed",), ()]), (12, [("overlapping",), ("overlapping",)])):
        policies = Policies([{"overrides": {"visit": {"close_after_hours": hours}}}])
        assert [one.why for one in judge_all([lay, other], policies, now=ms("09-30"))] == told


# --- a visit still open --------------------------------------------------------------------------------------------------

OPEN = [
    ("四小时整还不问 / four hours are not asked about", "12:00:00", 4.0 * 3600, "boot 1", ""),
    ("过了四小时问一声 / after four hours it asks", "12:00:01", 4.0 * 3600 + 1, "boot 1", "ask"),
    ("十二小时整还是问 / at twelve hours it still asks", "20:00:00", 12.0 * 3600, "boot 1", "ask"),
    ("过了十二小时自动结束 / after twelve hours it closes", "20:00:01", 12.0 * 3600 + 1, "boot 1", "close"),
    ("手机时间被调快不上当 / a clock put forward does not close it", "23:00:00", 600.0, "boot 1", ""),
    ("手机时间被调慢也不上当 / a clock put back does not keep it open", "08:10:00", 13.0 * 3600, "boot 1", "close"),
    ("重启过就看钟表 / after a restart the clock tells", "12:00:01", 30.0, "boot 2", "ask"),
    ("重启过，钟表也只过了一小时 / after a restart within the hour", "09:00:00", 99_999.0, "boot 2", ""),
]


@pytest.mark.parametrize(("name", "now", "seconds", "boot", "said"), OPEN, ids=[english(one) for one in OPEN])
def test_an_open_visit_asks_and_then_closes(name: str, now: str, seconds: float, boot: str, said: str) -> None:
    values = visit("08:00", started_mono=0.0, boot_id="boot 1").values
    assert lies_open(values, 4 * HOUR_MS, 12 * HOUR_MS, ms(now), seconds, boot) == said


def test_a_visit_that_has_ended_or_not_begun_does_not_lie_open() -> None:
    late = ms("09-30")
    assert lies_open(visit("08:00", "09:00").values, 4 * HOUR_MS, 12 * HOUR_MS, late, 0.0, "") == ""
    assert lies_open({}, 4 * HOUR_MS, 12 * HOUR_MS, late, 0.0, "") == ""


# --- for any visit -------------------------------------------------------------------------------------------------------

SECONDS = st.integers(0, 3 * 3600)
SPANS = st.lists(st.tuples(st.integers(-600, 4 * 3600), st.one_of(st.none(), st.integers(-600, 4 * 3600))), max_size=4)
START = ms("10:00")


def values_of(lasted: int, pauses: list[tuple[int, int | None]], timer: bool, **more: Any) -> dict[str, Any]:
    """A visit of so many seconds; pauses in seconds after it began."""

    def at(seconds: int) -> str:
        return f"2018-09-03T{10 + seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}+08:00"

    if timer:
        told = [{"from_mono": 9000.0 + a, "to_mono": None if b is None else 9000.0 + b} for a, b in pauses]
        more |= {"started_mono": 9000.0, "ended_mono": 9000.0 + lasted}
    else:
        told = [{"from": at(a), "to": None if b is None else at(b)} for a, b in pauses]
    return {"started_at": at(0), "ended_at": at(lasted), "pauses": told, **more}


@given(SECONDS, SPANS, st.booleans())
def test_a_length_is_never_negative_nor_longer_than_was_measured(
    lasted: int, pauses: list[tuple[int, int | None]], timer: bool
) -> None:
    length = length_of(values_of(lasted, pauses, timer))
    assert 0 <= length.ms <= length.elapsed_ms == lasted * 1000


@given(SECONDS, SPANS, st.booleans())
def test_every_second_of_a_pause_is_taken_off_once(
    lasted: int, pauses: list[tuple[int, int | None]], timer: bool
) -> None:
    paused = {
        second for a, b in pauses for second in range(max(a, 0), lasted if b is None else min(b, lasted))
    }  # counted second by second, the slow way
    assert length_of(values_of(lasted, pauses, timer)).ms == (lasted - len(paused)) * 1000


@given(SECONDS, st.integers(0, 3600), SPANS, st.booleans(), st.sampled_from([None, "accepted", "declined"]))
def test_a_longer_visit_never_counts_less(
    lasted: int, more: int, pauses: list[tuple[int, int | None]], timer: bool, review: str | None
) -> None:
    written = visit("10:00", "10:00", on="09-04", **({"short_review": review} if review else {}))

    def told(seconds: int) -> Judged:
        entry = entry_of(written)
        entry.values = {**entry.values, **values_of(seconds, pauses, timer)}
        return judge(entry, preset(), now=ms("09-30"))

    short, long = told(lasted), told(lasted + more)
    assert long.counts >= short.counts
    assert long.is_short <= short.is_short
    assert long.length.ms >= short.length.ms


@given(
    st.lists(
        st.tuples(
            st.integers(0, 12),
            st.integers(1, 5),
            st.sampled_from("甲乙丙"),
            st.sets(st.sampled_from("韦农"), min_size=1),
        ),
        max_size=7,
    )
)
def test_who_was_in_two_households_at_once_is_found_whatever_the_order(
    rows: list[tuple[int, int, str, set[str]]],
) -> None:
    visits = [
        entry_of(visit(f"{8 + a // 6:02d}:{a % 6 * 10:02d}", f"{8 + (a + b) // 6:02d}:{(a + b) % 6 * 10:02d}",
                       home=home, participants=sorted(people), name=str(place)))
        for place, (a, b, home, people) in enumerate(rows)
    ]  # fmt: skip
    expected = {
        visits[i].id
        for i, (a, b, home, people) in enumerate(rows)
        for j, (c, d, other, others) in enumerate(rows)
        if i != j and home != other and people & others and a < c + d and c < a + b
    }
    assert overlapping(visits) == expected
    assert overlapping(reversed(visits)) == expected
