"""`ruhu report overview`: one read of the township says what four reports say, and names by their ids what waits to be reviewed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from server.reports.overview import days_of, gather, reports_of
from server.reports.report import Places
from server.reports.waiting import doubles
from shared.hlc import format_stamp
from shared.moments import iso, milliseconds
from shared.rules.entry import Entry
from shared.rules.length import length_of
from shared.rules.policy import Policies
from shared.rules.visits import Measured
from tests.reports.conftest import Office
from tests.reports.desk_work import begin, visit, write
from tests.sync.world import TOWN, V1

NAMES = ("coverage", "contact", "cleanup", "problems")


@pytest.fixture
def county(county_instance: Path, office: Office) -> Office:
    shutil.rmtree(office.folder)
    shutil.copytree(county_instance, office.folder)
    office.now = "2018-10-20T09:00:00"
    return office


@pytest.mark.parametrize("month", ["2018-09", "2018-10"])
def test_it_says_what_the_four_reports_say(county: Office, month: str) -> None:
    overview = county.json("report", "overview", "--township", TOWN, "--month", month)
    for name in NAMES:
        assert overview[name] == county.json("report", name, "--township", TOWN, "--month", month), name
    printed = county.says("report", "overview", "--township", TOWN, "--month", month)
    for name in NAMES:
        assert county.says("report", name, "--township", TOWN, "--month", month).strip() in printed


def test_the_counts_are_plain_and_of_them_come_the_same_tables_for_all_villages_and_for_some(county: Office) -> None:
    counts = county.json("report", "overview", "--township", TOWN, "--counts")
    assert counts["month"] == "2018-10"
    with county.database.read(TOWN) as store:
        made = gather(store, county.database.kinds, county.now)
        names = dict(sorted(store.villages().items()))
    assert json.loads(json.dumps(made)) == counts
    whole = reports_of(counts, Places(names))
    parts = [reports_of(counts, Places({code: name}, whole=False)) for code, name in names.items()]
    for name in NAMES:
        assert whole[name].as_json() == county.json("report", name, "--township", TOWN, "--month", "2018-10")
        assert [part[name].villages.rows[0] for part in parts] == list(whole[name].villages.rows)
        for column, figure in whole[name].total.items():
            if isinstance(figure, int):
                assert sum(part[name].total[column] for part in parts) == figure, (name, column)
    assert sum(a + b for a, b in days_of(counts, Places(names)).values()) > 0


def test_a_campaign_that_is_none_is_said_so_and_a_township_without_one_has_no_coverage(county: Office) -> None:
    words = ("report", "overview", "--township", TOWN, "--month")
    assert "没有这个活动" in county.fails(*words, "2018-10", "--campaign", "x")
    before = county.json(*words, "2018-07")
    assert "coverage" not in before
    assert before["contact"]["month"] == "2018-07"
    assert county.json(*words, "2018-07", "--counts")["coverage"] is None


def test_what_is_to_be_reviewed_is_there_for_this_month_alone(county: Office) -> None:
    homes = county.rows("SELECT id, village FROM kind_household WHERE removed IS NULL ORDER BY id LIMIT 2")
    short = [visit(county, home, 5, village=village) for home, village in homes]
    counts = county.json("report", "overview", "--township", TOWN, "--counts")
    waiting = county.json("visits", "short", "--township", TOWN)["visits"]
    assert {one["id"] for one in waiting} >= set(short)
    assert counts["review"]["short_waiting"] == sorted(one["id"] for one in waiting)
    assert "review" not in county.json("report", "overview", "--township", TOWN, "--month", "2018-09", "--counts")


def review(office: Office) -> Any:
    return office.json("report", "overview", "--township", TOWN, "--counts")["review"]


def test_a_door_that_stayed_shut_three_times_asks_for_a_time_until_somebody_was_let_in(office: Office) -> None:
    home = write(office, "household", {"head_name": "甲", "categories": ["key"]})
    begin(office)
    for _ in range(2):
        visit(office, home, 1, mode="not_home")
    told = {"household": home, "village": V1, "times": 2, "last_day": "2018-09-03", "visited": False, "arrange": False}
    assert review(office)["not_home"] == [told]
    visit(office, home, 1, mode="not_home")
    assert review(office)["not_home"] == [told | {"times": 3, "arrange": True}]
    visit(office, home, 40)
    assert review(office)["not_home"] == [told | {"times": 3, "visited": True}]
    write(office, "household", {"left_reason": "moved", "left_on": "2018-09-01"}, home)
    assert review(office)["not_home"] == []


@pytest.mark.parametrize(
    ("minutes_between", "where", "more", "looks_doubled"),
    [
        (-20, "home", {}, True),
        (29, "home", {}, True),
        (31, "home", {}, False),
        (0, "other", {}, False),
        (0, "home", {"mode": "not_home"}, False),
        (24 * 60, "home", {}, False),
    ],
)
def test_two_visits_to_one_household_close_together_look_like_one_entered_twice(
    office: Office, minutes_between: int, where: str, more: dict[str, Any], looks_doubled: bool
) -> None:
    homes = {name: write(office, "household", {"head_name": name, "categories": ["key"]}) for name in ("home", "other")}
    ends = milliseconds("2018-09-03T09:00:00+08:00")
    begins = ends + minutes_between * 60_000
    first = visit(office, homes["home"], started_at=iso(ends - 40 * 60_000), ended_at=iso(ends))
    second = visit(
        office, homes[where], started_at=iso(begins), ended_at=iso(begins + 40 * 60_000), participants=["黄"], **more
    )
    assert review(office)["double_visits"] == ([sorted([first, second])] if looks_doubled else [])


def test_on_one_phone_the_same_person_came_back_and_on_two_phones_one_visit_was_written_twice() -> None:
    def measured(id_: str, device: str, person: str) -> Measured:
        start = "2018-09-03T09:00:00+08:00"
        values = {
            "mode": "home",
            "started_at": start,
            "ended_at": "2018-09-03T09:40:00+08:00",
            "participants": [person],
        }
        stamp = format_stamp(milliseconds(start), 0, device)
        entry = Entry("visit", id_, V1, "home", values, stamp, stamp)
        return Measured(entry, Policies().on("2018-09-03"), length_of(values), False)

    one, other = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    first = measured("a", one, "农")
    assert doubles([first, measured("b", one, "农")]) == []
    assert doubles([first, measured("b", other, "农")]) == [("a", "b")]
    assert doubles([measured("b", one, "黄"), first]) == [("a", "b")]
