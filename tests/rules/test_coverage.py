"""Every case of coverage on every shelf; villages; additions by day; and what holds for any roster and any visits."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.coverage import Coverage, Listed, Share, cover, in_campaign, roster
from shared.rules.due import Book
from shared.rules.entry import Entry
from shared.rules.length import Length
from shared.rules.policy import preset
from shared.rules.visits import Judged, judge_all
from tests.rules.cases_coverage import CASES, KEY, LOW, POOR, A, CoverageCase
from tests.rules.conftest import Shelf
from tests.rules.reading import english
from tests.rules.records import campaign, day, household, ms, policy, visit

SIX = ("registered_poor", "removed", "key", "low_allowance", "disabled", "borderline")


def covered(book: Book, evening: str = "09-30") -> dict[str, Coverage]:
    """Coverage of the book's only campaign, by village, as a phone can know it."""
    (one,) = book.campaigns
    rules = book.policies.on(day(evening))
    own = [entry for entry in book.visits if in_campaign(entry, one.id, one.values)]
    judged = judge_all(own, book.policies, now=ms(f"{evening} 23:59:59"), campaign=one.values)
    wanted = one.values.get("must_visit")
    listed = roster(book.households.values(), rules, wanted)
    return cover(listed, book.households, judged, rules, day(evening), wanted)


def added_up(parts: Iterable[Coverage]) -> Coverage:
    total = Coverage(by_category={category: Share() for category in SIX})
    for part in parts:
        total.add(part)
    return total


def text(share: Share) -> str:
    return f"{share.visited}/{share.households}"


@pytest.mark.parametrize("case", CASES, ids=english)
def test_a_campaign_has_reached_so_many_households(case: CoverageCase, shelf: Shelf) -> None:
    county = [policy(overrides=case.rules)] if case.rules else []
    total = added_up(covered(shelf.lay(*county, campaign(**case.campaign), *case.wrote), case.day).values())
    assert text(total.total) == case.total
    assert {code: text(share) for code, share in total.by_category.items() if share.households} == case.rows
    apart = {
        name: value
        for name, value in asdict(total).items()
        if name not in ("total", "by_category", "visits_by_category")
    }
    assert {name: value for name, value in apart.items() if value} == case.more


def test_an_empty_category_has_no_share_rather_than_a_hundred_per_cent(shelf: Shelf) -> None:
    (found,) = covered(shelf.lay(campaign(), A, visit("09-03 10:00", "09-03 10:40"))).values()
    assert {code: share.percent for code, share in found.by_category.items()} == dict.fromkeys(SIX) | {POOR: 100.0}


def test_each_village_has_its_own_coverage(shelf: Shelf) -> None:
    book = shelf.lay(
        campaign(), A, household("乙户", KEY, village="202"), household("丙户", POOR, village="202"),
        visit("09-03 10:00", "09-03 10:40", home="丙户", village="202"),
    )  # fmt: skip
    found = {village[-3:]: part for village, part in covered(book).items()}
    assert {village: text(part.total) for village, part in found.items()} == {"201": "0/1", "202": "1/2"}
    assert text(added_up(found.values()).total) == "1/3"


def test_a_visit_is_counted_under_the_categories_of_its_day() -> None:
    listed = Listed("甲", "451422103201", frozenset({POOR}), gained={KEY: "2018-09-10"})
    visits = [counted("甲", "2018-09-09"), counted("甲", "2018-09-10")]
    found = cover([listed], {}, visits, preset(), "2018-09-30")["451422103201"]
    assert found.visits_by_category == {POOR: 2, KEY: 1}
    assert (text(found.by_category[POOR]), text(found.by_category[KEY])) == ("1/1", "1/1")


@pytest.mark.parametrize(("evening", "share", "added"), [("2018-09-09", "0/0", 0), ("2018-09-10", "1/1", 1)])
def test_who_is_found_later_joins_on_a_day(evening: str, share: str, added: int) -> None:
    listed = Listed("甲", "451422103201", frozenset(), "2018-09-10", {LOW: "2018-09-10"})
    found = cover([listed], {}, [counted("甲", "2018-09-05")], preset(), evening)["451422103201"]
    assert (text(found.total), found.added) == (share, added)
    assert found.visits == added, "a visit is counted once the household is on the roster"


def test_a_share_that_is_not_whole_never_shows_as_a_hundred() -> None:
    assert Share(households=3000, visited=2999).percent != 100
    assert Share(households=3000, visited=3000).percent == 100
    assert Share(households=3, visited=1).percent == 33.3
    assert Share(households=3, visited=0).percent == 0
    assert Share().percent is None


# --- for any roster and any visits


def counted(home: str, on: str, why: tuple[str, ...] = (), mode: str = "home") -> Judged:
    entry = Entry("visit", f"{home}{on}", "451422103201", home, {"mode": mode})
    return Judged(entry=entry, policy=preset(), length=Length(0, 0, "wall"), day=on, is_short=False, why=why)


HOMES = st.sampled_from([f"户{n}" for n in range(6)])
DAYS = st.integers(1, 30).map(lambda n: f"2018-09-{n:02d}")
CATEGORIES = st.sets(st.sampled_from(SIX), max_size=4)
ROSTERS = st.dictionaries(
    HOMES,
    st.tuples(CATEGORIES, st.dictionaries(st.sampled_from(SIX), DAYS, max_size=3), st.sampled_from(["451422103201", "451422103202"])),
    max_size=6,
)  # fmt: skip
VISITS = st.lists(
    st.tuples(HOMES | st.just("别处"), DAYS, st.sampled_from(["home", "phone", "not_home"]), st.booleans()), max_size=15
)


def made(rows: Mapping[str, Any]) -> list[Listed]:
    listed = []
    for home, (categories, gained, village) in rows.items():
        later = {code: on for code, on in gained.items() if code not in categories}
        added = "" if categories else min(later.values(), default="")
        if categories or later:
            listed.append(Listed(home, village, frozenset(categories), added, later))
    return listed


def judged_of(rows: Iterable[tuple[str, str, str, bool]]) -> list[Judged]:
    return [counted(home, on, () if ok and mode == "home" else ("mode",), mode) for home, on, mode, ok in rows]


LEFT = st.dictionaries(HOMES, st.none() | DAYS, max_size=3)


@given(ROSTERS, VISITS, LEFT, DAYS)
def test_coverage_is_never_above_a_hundred_and_counts_no_household_twice(
    rows: Any, calls: Any, gone: Mapping[str, str | None], evening: str
) -> None:
    listed, visits = made(rows), judged_of(calls)
    homes = {h: Entry("household", h, "", None, {"left_reason": "moved", "left_on": on}) for h, on in gone.items()}
    found = cover(listed, homes, visits, preset(), evening)
    total = added_up(found.values())
    for share in (total.total, *total.by_category.values()):
        assert 0 <= share.visited <= share.households
        assert share.percent is None or 0 <= share.percent <= 100
    reached = {one.entry.household for one in visits if one.counts and one.day <= evening}
    there = {
        one.household for one in listed
        if one.added <= evening
        and (one.household in reached or one.household not in gone or (gone[one.household] or "") > evening)
    }  # fmt: skip
    assert (total.total.households, total.total.visited) == (len(there), len(there & reached))
    for category in SIX:
        row = {
            one.household for one in listed if category in one.categories or one.gained.get(category, "9") <= evening
        }
        share = total.by_category[category]
        assert (share.households, share.visited) == (len(row & there), len(row & there & reached))


@given(ROSTERS, VISITS, DAYS, st.randoms())
def test_coverage_does_not_depend_on_any_order(rows: Any, calls: Any, evening: str, chance: Any) -> None:
    listed, visits = made(rows), judged_of(calls)
    before = added_up(cover(listed, {}, visits, preset(), evening).values())
    chance.shuffle(listed)
    chance.shuffle(visits)
    assert added_up(cover(listed, {}, visits, preset(), evening).values()) == before


@given(ROSTERS, VISITS, VISITS, DAYS)
def test_one_more_visit_never_lowers_coverage(rows: Any, calls: Any, more: Any, evening: str) -> None:
    def visited(those: Any) -> int:
        found = cover(made(rows), {}, judged_of(those), preset(), evening)
        return added_up(found.values()).total.visited

    assert visited([*calls, *more]) >= visited(calls)
