"""A campaign's roster as it was frozen, read from the township's log on both databases; what came later is dated.

The phone cannot know it: it goes by today's categories (`test_coverage`). Days are those on which the township learned of a change.
"""

from collections.abc import Iterable
from typing import Any

from server.reports.book import read_book, roster_of
from shared.kinds import KINDS
from shared.rules.coverage import Listed, cover
from shared.rules.visits import judge_all
from tests.rules.conftest import TownHall
from tests.rules.records import Write, campaign, household, ident, ms, stamped, visit

POOR, KEY, LOW = "registered_poor", "key", "low_allowance"
FROZEN = campaign(starts="09-01", frozen_at="2018-09-01T08:00:00+08:00")


def listed(hall: TownHall, *wrote: Write, run: Write = FROZEN) -> dict[str, Listed]:
    with hall.open(run, *wrote) as (store, book):
        (one,) = book.campaigns
        found = roster_of(store, KINDS["household"], book, one, book.policies.on("2018-09-01"))
    names = {ident("household", name): name for name in ("甲户", "乙户", "丙户", "丁户")}
    assert len(found) == len({one.household for one in found}), "nobody stands on it twice"
    return {names[one.household]: one for one in found}


def told(roster: dict[str, Listed]) -> dict[str, tuple[list[str], str, dict[str, str]]]:
    """Name to categories at the start, the day of joining, and categories gained by day."""
    return {name: (sorted(one.categories), one.added, dict(one.gained)) for name, one in sorted(roster.items())}


def test_the_roster_is_the_must_visit_households_at_the_freeze(town_hall: TownHall) -> None:
    found = listed(
        town_hall, household("甲户", POOR, LOW), household("乙户", "general"), household("丙户", "exited_poor")
    )
    assert told(found) == {"甲户": ([LOW, POOR], "", {}), "丙户": ([POOR], "", {})}


def test_a_category_lost_after_the_freeze_stays(town_hall: TownHall) -> None:
    one = household("甲户", POOR, KEY)
    found = listed(town_hall, one, one.then("09-10", categories=["general"]))
    assert told(found) == {"甲户": ([KEY, POOR], "", {})}


def test_a_category_lost_before_the_freeze_is_gone(town_hall: TownHall) -> None:
    one = household("甲户", POOR)
    assert listed(town_hall, one, one.then("08-30", categories=["general"])) == {}


def test_a_category_gained_after_the_freeze_is_dated(town_hall: TownHall) -> None:
    one, other = household("甲户", POOR), household("乙户", "general")
    found = listed(
        town_hall, one, one.then("09-10", categories=[POOR, LOW]), other, other.then("09-12", categories=[KEY])
    )
    assert told(found) == {"甲户": ([POOR], "", {LOW: "2018-09-10"}), "乙户": ([], "2018-09-12", {KEY: "2018-09-12"})}


def test_a_household_entered_after_the_freeze_is_an_addition(town_hall: TownHall) -> None:
    found = listed(town_hall, household("甲户", POOR), household("丁户", POOR, on="09-08"))
    assert told(found) == {"丁户": ([], "2018-09-08", {POOR: "2018-09-08"}), "甲户": ([POOR], "", {})}


def test_words_that_arrive_after_the_freeze_are_additions_though_written_before(town_hall: TownHall) -> None:
    one = household("甲户", "general")
    late = one.then("08-20", by="韦", received="09-05", categories=[POOR])
    found = listed(town_hall, one, late, household("乙户", POOR, on="08-20", received="09-06"))
    assert told(found) == {
        "乙户": ([], "2018-09-06", {POOR: "2018-09-06"}),
        "甲户": ([], "2018-09-05", {POOR: "2018-09-05"}),
    }


def test_a_category_gained_and_lost_again_keeps_its_day(town_hall: TownHall) -> None:
    one = household("甲户", "general")
    found = listed(town_hall, one, one.then("09-10", categories=[KEY]), one.then("09-20", categories=["general"]),
                   one.then("09-25", categories=[KEY, LOW]))  # fmt: skip
    assert told(found) == {"甲户": ([], "2018-09-10", {KEY: "2018-09-10", LOW: "2018-09-25"})}


def test_the_freeze_is_to_the_second(town_hall: TownHall) -> None:
    at_once = household("甲户", POOR, on="09-01 07:59", received="09-01 08:00:00")
    too_late = household("乙户", POOR, on="09-01 07:59", received="09-01 08:00:01")
    found = listed(town_hall, at_once, at_once.then("09-10", categories=[POOR, LOW]), too_late)
    assert told(found) == {"乙户": ([], "2018-09-01", {POOR: "2018-09-01"}), "甲户": ([POOR], "", {LOW: "2018-09-10"})}


def test_what_is_frozen_is_by_the_moment_of_the_freeze_and_not_by_the_first_day(town_hall: TownHall) -> None:
    early = campaign(starts="09-01", frozen_at="2018-08-20T08:00:00+08:00")
    one = household("甲户", POOR, on="08-25")
    assert told(listed(town_hall, one, run=early)) == {"甲户": ([], "2018-08-25", {POOR: "2018-08-25"})}


def test_without_a_freeze_the_first_day_counts(town_hall: TownHall) -> None:
    found = listed(
        town_hall, household("甲户", POOR, on="08-31 23:00"), household("乙户", POOR, on="09-01 00:10"), run=campaign()
    )
    assert told(found) == {"乙户": ([], "2018-09-01", {POOR: "2018-09-01"}), "甲户": ([POOR], "", {})}


def test_the_campaigns_own_categories_make_its_roster(town_hall: TownHall) -> None:
    run = campaign(frozen_at="2018-09-01T08:00:00+08:00", must_visit=[LOW])
    assert told(listed(town_hall, household("甲户", POOR), household("乙户", POOR, LOW), run=run)) == {
        "乙户": ([LOW], "", {})
    }


def test_other_fields_changed_after_the_freeze_change_nothing(town_hall: TownHall) -> None:
    one = household("甲户", POOR)
    found = listed(town_hall, one, one.then("09-10", phone="13800000000", left_reason="moved", left_on="2018-09-10"))
    assert told(found) == {"甲户": ([POOR], "", {})}


def test_who_left_before_the_freeze_was_never_on_it(town_hall: TownHall) -> None:
    gone = household("甲户", POOR, left_reason="moved", left_on="2017-05-01")
    assert listed(town_hall, gone, household("乙户", POOR)).keys() == {"乙户"}


def test_who_is_said_after_the_freeze_to_have_left_before_it_was_on_it_all_the_same(town_hall: TownHall) -> None:
    one = household("甲户", POOR)
    assert listed(town_hall, one, one.then("09-12", left_reason="moved", left_on="2017-05-01")).keys() == {"甲户"}


def test_who_had_left_and_came_back_after_the_freeze_is_an_addition(town_hall: TownHall) -> None:
    one = household("甲户", POOR, left_reason="moved", left_on="2017-05-01")
    found = listed(town_hall, one, one.then("09-12", left_reason=None, left_on=None))
    assert told(found) == {"甲户": ([], "2018-09-12", {POOR: "2018-09-12"})}


def test_a_household_removed_after_the_freeze_does_not_slip_off_without_a_reason(town_hall: TownHall) -> None:
    one = household("甲户", POOR)
    assert listed(town_hall, one, one.then("09-10", removed=True)).keys() == {"甲户"}


def test_a_refused_word_is_no_addition(town_hall: TownHall) -> None:
    code = town_hall.found()
    (answer,) = town_hall.admit(code, stamped([household("甲户", POOR, on="09-08")], code), roles=["leader"])
    assert answer.refused
    town_hall.admit(code, stamped([FROZEN], code))
    with town_hall.database.read(code) as store:
        book = read_book(store)
        assert roster_of(store, KINDS["household"], book, book.campaigns[0], book.policies.on("2018-09-01")) == []


def test_the_frozen_roster_and_its_additions_make_the_coverage(town_hall: TownHall) -> None:
    lost, found_later, gone = household("甲户", POOR), household("丁户", POOR, on="09-08"), household("乙户", KEY)
    wrote = (
        FROZEN, lost, lost.then("09-10", categories=["general"]), found_later, gone,
        gone.then("09-12", left_reason="moved", left_on="2018-09-12"),
        visit("09-11 10:00", "09-11 10:40"), visit("09-13 10:00", "09-13 10:40", home="丁户"),
    )  # fmt: skip

    def shares(evening: str) -> dict[str, Any]:
        with town_hall.open(*wrote) as (store, book):
            (run,) = book.campaigns
            rules = book.policies.on("2018-09-01")
            roster = roster_of(store, KINDS["household"], book, run, rules)
        judged = judge_all(book.visits, book.policies, now=ms(f"{evening} 23:59"), campaign=run.values)
        (found,) = cover(roster, book.households, judged, rules, f"2018-{evening}").values()
        return {
            "total": counts([found.total]),
            "poor": counts([found.by_category[POOR]]),
            "added": found.added,
            "left": found.left,
        }

    assert shares("09-07") == {"total": "0/2", "poor": "0/1", "added": 0, "left": 0}
    assert shares("09-11") == {"total": "1/3", "poor": "1/2", "added": 1, "left": 0}
    assert shares("09-30") == {"total": "2/2", "poor": "2/2", "added": 1, "left": 1}


def counts(parts: Iterable[Any]) -> str:
    return " ".join(f"{share.visited}/{share.households}" for share in parts)
