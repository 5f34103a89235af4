"""A household entered twice is one household in every report: what was done at the one that went counts for the one that stays."""

import pytest

from server.reports.book import joined_households, read_book
from tests.reports.conftest import Office
from tests.reports.desk_work import begin, report, total, visit, write
from tests.sync.world import TOWN, V1, V2


def join(office: Office, gone: str, kept: str, village: str = V1) -> None:
    write(office, "household", {"joined_into": kept, "removed": True, "left_reason": "merged"}, gone, village=village)


def household(office: Office, *categories: str, village: str = V1) -> str:
    return write(office, "household", {"head_name": "甲", "categories": list(categories)}, village=village)


def told(office: Office) -> tuple[int, int, int, int]:
    found = total(office, "coverage")
    return found["households"], found["visited"], found["visits"], found["left"]


def test_a_visit_to_the_household_that_went_counts_for_the_one_that_stays(office: Office) -> None:
    gone, kept = household(office, "key"), household(office, "key")
    begin(office)
    visit(office, gone, 40)
    assert told(office) == (2, 1, 1, 0)
    join(office, gone, kept)
    assert told(office) == (1, 1, 1, 0)


def test_the_one_that_stays_stands_in_the_categories_of_both_and_in_its_own_village(office: Office) -> None:
    gone, kept = household(office, "disabled", village=V2), household(office, "key")
    begin(office)
    join(office, gone, kept, V2)
    found = report(office, "coverage")
    assert [(row["village"], row["households"]) for row in found["villages"] if row["households"]] == [(V1, 1)]
    assert {row["category"]: row["households"] for row in found["categories"] if row["households"]} == {
        "key": 1,
        "disabled": 1,
    }


def test_who_need_not_be_visited_takes_the_place_of_the_one_that_had_to_be(office: Office) -> None:
    gone, kept = household(office, "key"), household(office, "general")
    begin(office)
    join(office, gone, kept)
    visit(office, kept, 40)
    assert told(office) == (1, 1, 1, 0)


def test_of_two_on_the_roster_the_one_of_the_start_keeps_it_from_being_an_addition(office: Office) -> None:
    first = household(office, "key")
    begin(office)
    later = household(office, "disabled")
    join(office, first, later)
    assert (total(office, "coverage")["households"], total(office, "coverage")["added"]) == (1, 0)


def test_chains_are_followed_to_their_end_and_rings_stay_as_they_are(office: Office) -> None:
    a, b, c = (household(office, "key") for _ in range(3))
    x, y = (household(office, "key") for _ in range(2))
    begin(office)
    visit(office, a, 40)
    for gone, kept in ((a, b), (b, c), (x, y), (y, x)):
        join(office, gone, kept)
    with office.database.read(TOWN) as store:
        assert joined_households(store) == {a: c, b: c}
        assert [one.household for one in read_book(store, ["visit"]).visits] == [c]
    assert told(office) == (1, 1, 1, 2)  # of the ring, both left


def test_contact_visits_and_links_go_along(office: Office) -> None:
    gone, kept = household(office, "key"), household(office, "key")
    write(office, "party_link", {"party_member": "农", "from_date": "2018-01-01"}, household=kept)
    write(
        office, "contact_visit",
        {"mode": "home", "started_at": "2018-09-02T09:00:00+08:00", "participants": ["农"]}, household=gone,
    )  # fmt: skip
    assert total(office, "contact")["made"] == 0
    join(office, gone, kept)
    assert total(office, "contact")["made"] == 1


def test_parted_again_each_stands_for_itself(office: Office) -> None:
    gone, kept = household(office, "key"), household(office, "key")
    begin(office)
    visit(office, gone, 40)
    join(office, gone, kept)
    write(office, "household", {"joined_into": None, "removed": False, "left_reason": None}, gone)
    assert told(office) == (2, 1, 1, 0)


@pytest.mark.parametrize("month", [None, "2018-09"])
def test_the_overview_in_one_read_says_what_the_reports_say(office: Office, month: str | None) -> None:
    gone, kept = household(office, "key"), household(office, "disabled", village=V2)
    begin(office)
    visit(office, gone, 40)
    visit(office, kept, 5, village=V2)
    join(office, gone, kept)
    options = ["--month", month] if month else []
    overview = office.json("report", "overview", "--township", TOWN, "--month", "2018-09")
    for name in ("coverage", "contact", "cleanup"):
        assert overview[name] == office.json("report", name, "--township", TOWN, *options), name
    assert overview["problems"] == office.json("report", "problems", "--township", TOWN, "--month", "2018-09")
