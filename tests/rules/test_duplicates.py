"""Problems that are called duplicates of one another, so that nobody is left to solve any of them; and who is told before it comes to that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.due import standings_of
from shared.rules.duplicates import RING, leads_back, ring_findings, rings
from shared.rules.ledger import Standing, stand
from shared.rules.policy import preset
from tests.rules.cases_due import RING as EACH_THE_OTHER
from tests.rules.conftest import Shelf
from tests.rules.reading import english, entry_of
from tests.rules.records import duplicate, ident, problem, reopened, reported, story

RULES = preset().problems


def told(twins: dict[str, str | None]) -> dict[str, Standing]:
    """How problems stand of which each repeats another, or none."""
    found = {}
    for name, twin in twins.items():
        steps = story(reported(), duplicate(twin) if twin else reported())
        found[ident("problem", name)] = stand(entry_of(problem(name)), map(entry_of, steps), RULES)
    return found


def named(*names: str) -> set[str]:
    return {ident("problem", name) for name in names}


# fmt: off
CASES: list[tuple[str, dict[str, str | None], set[str]]] = [
    ("没有重复的 / no duplicates", {"甲": None, "乙": None}, set()),
    ("一个与另一个重复 / one repeats the other", {"甲": "乙", "乙": None}, set()),
    ("互相重复 / each repeats the other", {"甲": "乙", "乙": "甲"}, {"甲", "乙"}),
    ("三个转一圈 / three in a ring", {"甲": "乙", "乙": "丙", "丙": "甲"}, {"甲", "乙", "丙"}),
    ("接着的一个不在圈里 / one that leads into a ring is not of it", {"甲": "乙", "乙": "甲", "丙": "甲"}, {"甲", "乙"}),
    ("一串的最后一个还开着 / a chain whose last is open", {"甲": "乙", "乙": "丙", "丙": None}, set()),
    ("与不在手边的重复 / of one that is not at hand", {"甲": "远处"}, set()),
]
# fmt: on


@pytest.mark.parametrize(("name", "twins", "ring"), CASES, ids=[english(one) for one in CASES])
def test_problems_that_lead_back_to_themselves_are_found(
    name: str, twins: dict[str, str | None], ring: set[str]
) -> None:
    assert rings(told(twins)) == named(*ring)
    assert ring_findings(told(twins)).keys() == named(*ring)


def test_who_would_close_a_ring_is_told_before_and_nobody_else_is() -> None:
    standings = told({"甲": "乙", "乙": "丙", "丙": None, "丁": None})
    one, two, three, four = (ident("problem", name) for name in "甲乙丙丁")
    assert leads_back(standings, three, one)
    assert leads_back(standings, three, two)
    assert leads_back(standings, three, three)
    assert not leads_back(standings, three, four)
    assert not leads_back(standings, three, "one that this phone does not hold")
    assert not leads_back(standings, three, None)
    assert not leads_back(standings, four, one)


def test_a_ring_that_is_there_already_does_not_hold_up_whoever_asks_about_another() -> None:
    standings = told({"甲": "乙", "乙": "甲", "丙": None})
    assert not leads_back(standings, ident("problem", "丙"), ident("problem", "甲"))


def test_two_that_repeat_each_other_are_found_on_every_shelf_until_one_is_reopened(shelf: Shelf) -> None:
    found = ring_findings(standings_of(shelf.lay(*EACH_THE_OTHER)))
    assert found.keys() == named("饮水", "住房")
    assert {(one.code, one.says, one.fields) for one in found.values()} == {("ring", RING, ("duplicate_of",))}
    again = story(reopened(of="住房", on="09-08", name="又"))
    assert ring_findings(standings_of(shelf.lay(*EACH_THE_OTHER, *again))) == {}


def test_a_duplicate_that_was_of_no_effect_makes_no_ring(shelf: Shelf) -> None:
    unnamed = story(reported(of="住房", name="其一"), duplicate("饮水", of="住房", name="其二", duplicate_of=None))
    assert rings(standings_of(shelf.lay(*EACH_THE_OTHER[:4], *unnamed))) == frozenset()


NAMES = "甲乙丙丁戊己"


@given(st.dictionaries(st.sampled_from(NAMES), st.none() | st.sampled_from(NAMES), max_size=6))
def test_every_ring_is_found_and_nothing_else(twins: dict[str, str | None]) -> None:
    """The second way: go on from each as many steps as there are problems, and see whether it came by itself."""
    twins = {name: twin if twin != name else None for name, twin in twins.items()}
    expected = set()
    for name in twins:
        place: str | None = name
        for _ in twins:
            place = twins.get(place or "")
            if place == name:
                expected.add(name)
    assert rings(told(twins)) == named(*expected)
