"""Every case of clean-up scores and rebounds on every shelf; targets; the one problem of a place; and what holds for any check."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.cleanup import REBOUNDS, Checked, lines, rebound_problem, recheck_by, score, target_of
from shared.rules.due import Book
from shared.rules.policy import Policies, preset
from tests.rules.cases_rebound import CASES, ReboundCase, hamlet, village
from tests.rules.conftest import Shelf
from tests.rules.reading import english, entry_of
from tests.rules.records import HOUSEHOLD_ITEMS, Write, check, policy

RULES = preset().cleanup


def line_of(book: Book, last: Write) -> list[Checked]:
    """The line in which a check stands."""
    (found,) = [line for line in lines(book.checks, book.policies).values() if any(c.entry.id == last.id for c in line)]
    return found


@pytest.mark.parametrize("case", CASES, ids=english)
def test_a_check_is_scored_and_compared(case: ReboundCase, shelf: Shelf) -> None:
    county = [policy(overrides={"cleanup": case.rules})] if case.rules else []
    book = shelf.lay(*county, *case.wrote)
    assert book.policies.findings == []
    last = max(case.wrote, key=lambda one: one.values["checked_at"])
    line = line_of(book, last)
    told = line[-1]
    assert told.entry.id == last.id
    assert (told.rebound, told.score.passed, told.score.good) == (case.rebound, case.passed, case.good)
    assert case.total is None or told.score.total == case.total
    assert recheck_by(line, book.policies.on(told.day).cleanup) == case.again
    assert set(told.rebound) <= REBOUNDS.keys()


def test_what_is_missing_and_what_is_above_the_full_mark_are_named(shelf: Shelf) -> None:
    written = check("09-01", 70, unscored=["e7_animals", "e3_weeds"], e1_house=60.0)
    told = line_of(shelf.lay(written), written)[-1].score
    assert told.missing == ("e3_weeds", "e7_animals")
    assert told.over == ("e1_house",)
    assert not told.complete


def test_each_check_is_compared_with_the_last_one_before_it_by_the_same_sheet(shelf: Shelf) -> None:
    first, other, last = check("09-01", 95), check("09-10", 60, version="household-2019"), check("09-20", 85)
    line = line_of(shelf.lay(last, other, first), last)
    assert [one.entry.id for one in line] == [first.id, other.id, last.id]
    assert [one.prior and one.prior.entry.id for one in line] == [None, None, first.id]


def test_a_check_is_judged_by_the_policy_it_was_written_under(shelf: Shelf) -> None:
    new = policy("县2", effective="09-15", overrides={"cleanup": {"pass_mark": 95}})
    old = check("09-10", 90, policy_version="2018.1")
    late = check("09-20", 90, home="乙户", policy_version="2018.1")
    fresh = check("09-20", 90, home="丙户")
    book = shelf.lay(new, old, late, fresh)
    assert [line_of(book, one)[-1].score.passed for one in (old, late, fresh)] == [True, True, False]


def test_a_check_dated_in_the_future_does_not_stand_last(shelf: Shelf) -> None:
    today, wrong = check("09-05", 60), check("2028-09-05", 95, saved="09-06")
    line = line_of(shelf.lay(today, wrong), today)
    assert [one.entry.id for one in line] == [today.id]


# --- places

PLACES = [
    ("农户 / a household", check("09-01", 90), "household"),
    ("屯 / a hamlet", hamlet("09-01", 90, "那练屯"), "hamlet"),
    ("村 / a village", village("09-01", 90), "village"),
    ("没写哪一户 / a household that is not named", check("09-01", 90, home=None), ""),
    ("没写哪个屯 / a hamlet that is not named", check("09-01", 90, target="hamlet", home=None, hamlet=" "), ""),
    ("没写对象 / no target", replace(check("09-01", 90), values={"checked_at": "2018-09-01T12:00:00+08:00"}), ""),
]


@pytest.mark.parametrize(("name", "written", "found"), PLACES, ids=[english(one) for one in PLACES])
def test_a_check_is_about_its_place(name: str, written: Write, found: str, shelf: Shelf) -> None:
    (entry,) = shelf.lay(written).checks
    target = target_of(entry)
    assert (target[0] if target else "") == found
    assert len(lines([entry], Policies())) == bool(found)


def test_a_place_has_one_problem_however_often_it_slips() -> None:
    targets = [target_of(entry_of(one)) for _, one, found in PLACES[:3] if found]
    targets.append(("hamlet", "451422103201", "百马屯"))
    ids = [rebound_problem(target, earlier) for target in targets if target for earlier in (0, 1)]
    assert len(set(ids)) == len(ids)
    again = target_of(entry_of(check("10-01", 50)))
    assert again is not None
    assert rebound_problem(again) == ids[0]


# --- for any check

POINTS = st.dictionaries(
    st.sampled_from(sorted(HOUSEHOLD_ITEMS)), st.floats(0, 100, allow_nan=False) | st.integers(0, 100) | st.none()
)


@given(POINTS, st.lists(st.sampled_from(sorted(RULES.red_lines)), unique=True))
def test_a_score_lies_between_nought_and_a_hundred_and_a_red_line_always_fails(
    points: dict[str, float | None], red: list[str]
) -> None:
    told = score({"target": "household", **points, "red_lines": red}, RULES)
    assert 0 <= told.total <= 100
    assert told.complete is (not any(points.get(item) is None for item in HOUSEHOLD_ITEMS))
    if red:
        assert (told.passed, told.good) == (False, False)
    elif told.complete:
        assert told.passed is (told.total >= 80)
        assert told.good is (told.total >= 90)
    else:
        assert (told.passed, told.good) == (None, None)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 20).map(lambda n: n * 5)), max_size=6), st.randoms())
def test_the_order_in_which_checks_arrive_does_not_matter(rows: list[tuple[int, int]], chance: Any) -> None:
    checks = [
        entry_of(check(f"2018-{1 + days // 28:02d}-{1 + days % 28:02d}", points, name=str(place)))
        for place, (days, points) in enumerate(rows)
    ]

    def told() -> list[tuple[str, tuple[str, ...]]]:
        return [(one.entry.id, one.rebound) for line in lines(checks, Policies()).values() for one in line]

    before = told()
    chance.shuffle(checks)
    assert told() == before
