"""The edges of every figure, one by one, with the answer known beforehand: the last day that still counts and the first that does not.

What chance builds (`test_totals`) seldom stands exactly on an edge; here it does.
"""

from typing import Any

import pytest

from server.acts.short_visits import review_short
from shared.moments import DAY_MS, iso
from shared.rules.coverage import percent
from tests.reports.conftest import Office
from tests.reports.desk_work import HOUSE, SIX, begin, check, night, problem, report, slipped, take, total, visit, write
from tests.sync.world import V1, V2

MINUTE = 60_000


def call(office: Office, link: str, home: str, started: str, received: str, **more: Any) -> None:
    """A contact visit of a moment that reached the township at another."""
    office.now = received
    values = {"link": link, "mode": "home", "started_at": f"{started}+08:00", "participants": ["农"]}
    write(office, "contact_visit", values | more, household=home)


@pytest.fixture
def link(office: Office, home: str) -> str:
    return write(office, "party_link", {"party_member": "农", "from_date": "2018-01-01"}, household=home)


# --- coverage --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def campaign(office: Office, home: str) -> str:
    return begin(office)


@pytest.mark.parametrize(("left_on", "figures"), [("2018-09-30", [0, 1]), ("2018-10-01", [1, 0])])
def test_who_leaves_on_the_last_day_has_left_and_who_leaves_on_the_next_has_not(
    office: Office, home: str, campaign: str, left_on: str, figures: list[int]
) -> None:
    office.now = "2018-11-01T00:00:00"
    write(office, "household", {"left_reason": "moved", "left_on": left_on}, home)
    told = total(office, "coverage", "2018-09")
    assert [told["households"], told["left"]] == figures


@pytest.mark.parametrize(("gained_on", "figures"), [("2018-09-30T23:59:59", [2, 1]), ("2018-10-01T00:00:00", [1, 0])])
def test_who_is_found_on_the_last_day_joins_and_who_is_found_on_the_next_does_not(
    office: Office, campaign: str, gained_on: str, figures: list[int]
) -> None:
    office.now = gained_on
    write(office, "household", {"head_name": "乙", "categories": ["key"]})
    office.now = "2018-11-01T00:00:00"
    told = total(office, "coverage", "2018-09")
    assert [told["households"], told["added"]] == figures


def test_a_visit_before_a_household_was_found_counts_once_it_is_on_the_roster_but_in_no_category(
    office: Office, campaign: str
) -> None:
    found = write(office, "household", {"head_name": "乙", "categories": ["general"]})
    office.now += DAY_MS
    visit(office, found, 40)
    office.now = "2018-10-05T00:00:00"
    write(office, "household", {"categories": ["key"]}, found)
    before, after = total(office, "coverage", "2018-09"), total(office, "coverage")
    assert [before[name] for name in ("households", "visited", "visits")] == [1, 0, 0]
    assert [after[name] for name in ("households", "visited", "visits")] == [2, 1, 1]
    rows = report(office, "coverage")["categories"]
    assert next(row for row in rows if row["category"] == "key")["visits"] == 0


def test_a_category_gained_and_gained_again_dates_from_the_first_time(office: Office, home: str, campaign: str) -> None:
    office.now = "2018-09-10T00:00:00"
    other = write(office, "household", {"head_name": "乙", "categories": ["key"]})
    for month, categories in (("10", ["general"]), ("11", ["key"])):
        office.now = f"2018-{month}-05T00:00:00"
        write(office, "household", {"categories": categories}, other)
    office.now = "2018-12-01T00:00:00"
    assert total(office, "coverage", "2018-09")["added"] == 1


def test_a_household_that_was_taken_off_without_a_reason_stays_to_be_visited(
    office: Office, home: str, campaign: str
) -> None:
    write(office, "household", {"removed": True}, home)
    told = total(office, "coverage")
    assert [told["households"], told["left"]] == [1, 0]


@pytest.mark.parametrize(("times", "arrange"), [(2, 0), (3, 1)])
def test_the_third_closed_door_asks_for_a_time(
    office: Office, home: str, campaign: str, times: int, arrange: int
) -> None:
    for _ in range(times):
        office.now += DAY_MS
        visit(office, home, 1, mode="not_home")
    told = total(office, "coverage")
    assert [told["not_home"], told["arrange"]] == [times, arrange]


@pytest.mark.parametrize(("seconds", "visited"), [(1799, 0), (1800, 1)])
def test_thirty_minutes_are_enough_and_a_second_less_is_not(
    office: Office, home: str, campaign: str, seconds: int, visited: int
) -> None:
    office.now += DAY_MS
    visit(office, home, started_at=iso(office.now - seconds * 1000), ended_at=iso(office.now))
    assert total(office, "coverage")["visited"] == visited


@pytest.mark.parametrize(("hours", "visited"), [(12, 1), (12.01, 0)])
def test_a_visit_of_twelve_hours_counts_and_a_longer_one_closed_by_itself(
    office: Office, home: str, campaign: str, hours: float, visited: int
) -> None:
    office.now += DAY_MS
    started = office.now - round(hours * 3_600_000)
    visit(office, home, started_at=iso(started), ended_at=iso(office.now))
    assert total(office, "coverage")["visited"] == visited


@pytest.mark.parametrize(("ahead", "visited"), [(10 * MINUTE, 1), (10 * MINUTE + 1000, 0)])
def test_a_clock_may_be_ten_minutes_ahead(office: Office, home: str, campaign: str, ahead: int, visited: int) -> None:
    office.now += DAY_MS
    ended = office.now + ahead
    visit(office, home, started_at=iso(ended - 40 * MINUTE), ended_at=iso(ended))
    assert total(office, "coverage")["visited"] == visited


def clocks(office: Office, minutes: int, **more: Any) -> dict[str, Any]:
    """A visit's two clocks: so many minutes by the timer, an hour by the watch."""
    started = office.now - 60 * MINUTE
    timer = {"started_mono": 1000.0, "ended_mono": 1000.0 + minutes * 60, "boot_id": "b"}
    return {"started_at": iso(started), "ended_at": iso(office.now)} | timer | more


@pytest.mark.parametrize(
    ("minutes", "more", "visited"),
    [
        (29, {}, 0),
        (30, {}, 1),
        (29, {"clock_flag": "drift"}, 0),
        (29, {"clock_flag": "reboot"}, 1),
        (29, {"ended_mono": None}, 1),
        (29, {"ended_mono": 10.0}, 1),
        (40, {"clock_flag": "auto_closed"}, 0),
    ],
)
def test_the_timer_measures_unless_the_phone_was_started_anew(
    office: Office, home: str, campaign: str, minutes: int, more: dict[str, Any], visited: int
) -> None:
    office.now += DAY_MS
    visit(office, home, **clocks(office, minutes, **more))
    assert total(office, "coverage")["visited"] == visited


@pytest.mark.parametrize(("pauses", "visited"), [([(5, 15), (10, 20)], 1), ([(5, 15), (20, 30)], 0)])
def test_a_moment_that_two_pauses_cover_is_taken_off_once(
    office: Office, home: str, campaign: str, pauses: list[tuple[int, int]], visited: int
) -> None:
    office.now += DAY_MS
    started = office.now - 45 * MINUTE
    spans = [{"from": iso(started + begun * MINUTE), "to": iso(started + over * MINUTE)} for begun, over in pauses]
    visit(office, home, started_at=iso(started), ended_at=iso(office.now), pauses=spans)
    assert total(office, "coverage")["visited"] == visited


def test_an_end_that_was_corrected_frees_the_time_after_it(office: Office, home: str, campaign: str) -> None:
    """Forgotten until the next house: its writer moves the end to when he left, though the timer ran on."""
    other = write(office, "household", {"head_name": "乙", "categories": ["key"]})
    office.now += DAY_MS
    forgotten = visit(office, home, **clocks(office, 60))
    started = office.now - 25 * MINUTE
    visit(office, other, started_at=iso(started), ended_at=iso(started + 31 * MINUTE))
    assert total(office, "coverage")["visited"] == 0
    write(office, "visit", {"ended_at": iso(started - MINUTE)}, forgotten)
    assert total(office, "coverage")["visited"] == 2


def test_only_the_whole_is_a_hundred() -> None:
    shares = [percent(part, whole) for part, whole in ((2999, 3000), (3000, 3000), (0, 3000), (1, 3), (0, 0))]
    assert shares == [99.9, 100.0, 0.0, 33.3, None]


def test_a_visit_belongs_to_a_campaign_by_its_days_unless_it_names_one(office: Office, home: str) -> None:
    begin(office, ends_on="2018-09-10")
    for now in ("2018-09-10T12:00:00", "2018-09-11T12:00:00"):
        office.now = now
        visit(office, home, 40, purposes=["campaign"])
        visit(office, home, 40, purposes=["help_contact"])
    assert total(office, "coverage")["visits"] == 1


def test_an_accepted_overlap_counts_on_that_side_only(office: Office, home: str, campaign: str) -> None:
    other = write(office, "household", {"head_name": "乙", "categories": ["key"]})
    office.now += DAY_MS
    times = {"started_at": iso(office.now - 40 * MINUTE), "ended_at": iso(office.now)}
    one, _ = (
        write(office, "visit", {"mode": "home", "campaign": campaign, "participants": ["农"], **times, **SIX}, household=h)
        for h in (home, other)
    )  # fmt: skip
    assert total(office, "coverage")["visited"] == 0
    review_short(office.database, one, True, "陈")
    assert total(office, "coverage")["visited"] == 1


# --- contact visits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("received", "late"), [("2018-10-05T23:59:59", 0), ("2018-10-06T00:00:00", 1)])
def test_the_fifth_of_the_next_month_is_the_last_in_time(
    office: Office, home: str, link: str, received: str, late: int
) -> None:
    call(office, link, home, "2018-09-20T18:00:00", received)
    told = total(office, "contact", "2018-09")
    assert [told["made"], told["late"]] == [1, late]


def test_a_day_on_which_one_call_came_in_time_is_not_late(office: Office, home: str, link: str) -> None:
    call(office, link, home, "2018-09-20T08:00:00", "2018-09-20T09:00:00")
    call(office, link, home, "2018-09-20T18:00:00", "2018-10-20T09:00:00")
    told = total(office, "contact", "2018-09")
    assert [told["made"], told["late"]] == [1, 0]


def test_a_call_at_midnight_belongs_to_shanghais_day_and_month(office: Office, home: str, link: str) -> None:
    call(office, link, home, "2018-09-30T23:59:59", "2018-10-01T09:00:00")
    call(office, link, home, "2018-10-01T00:00:00", "2018-10-01T09:00:00")
    assert [total(office, "contact", f"2018-{month}")["made"] for month in ("09", "10")] == [1, 1]


@pytest.mark.parametrize(
    ("dates", "owed"),
    [
        ({"from_date": "2018-09-15"}, 2),
        ({"from_date": "2018-09-16"}, 1),
        ({"to_date": "2018-09-15"}, 2),
        ({"to_date": "2018-09-14"}, 1),
        ({"from_date": "2018-10-01"}, 0),
        ({"to_date": "2018-08-31"}, 0),
        ({"exempt_from": "2018-09-01", "exempt_to": "2018-09-14"}, 2),
        ({"exempt_from": "2018-09-01", "exempt_to": "2018-09-15"}, 1),
        ({"exempt_from": "2018-09-10", "exempt_to": "2018-09-20"}, 2),
        ({"exempt_reason": "ill"}, 0),
        ({"from_date": "2018-09-30"}, 1),
    ],
)
def test_half_a_month_owes_one(office: Office, home: str, dates: dict[str, str], owed: int) -> None:
    write(office, "party_link", {"party_member": "农", "from_date": "2018-01-01"} | dates, household=home)
    assert total(office, "contact", "2018-09")["owed"] == owed


def test_beyond_what_is_owed_makes_up_for_nobody_else(office: Office, home: str, link: str) -> None:
    write(office, "party_link", {"party_member": "黄", "from_date": "2018-01-01"}, household=home)
    for day in (10, 11, 12, 13):
        call(office, link, home, f"2018-09-{day}T08:00:00", f"2018-09-{day}T09:00:00")
    told = total(office, "contact", "2018-09")
    assert told == {
        "links": 2, "owed": 4, "made": 2, "percent": 50.0, "met": 1, "open": 1, "exempt": 0, "extra": 2, "late": 0,
    }  # fmt: skip


# --- clean-up -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "rebound"),
    [(1.0, 0.9, 1), (1.0, 0.91, 0), (0.8, 0.79, 1), (0.79, 0.7, 0), (0.79, 0.69, 1), (0.9, 0.8, 1)],
)
def test_ten_points_or_falling_below_eighty_is_a_rebound(
    office: Office, home: str, first: float, second: float, rebound: int
) -> None:
    check(office, home, first)
    office.now += DAY_MS
    check(office, home, second)
    assert total(office, "cleanup")["rebounds"] == rebound
    assert len(night(office)["opened"]) == rebound


@pytest.mark.parametrize("how", [{"share": 0.79}, {"share": 0.81, "first": 0.93}, {"share": 1.0, "red_lines": ["burning"]}])  # fmt: skip
@pytest.mark.parametrize(("days", "rebound"), [(90, 1), (91, 0)])
def test_the_ninetieth_day_is_the_last_that_is_compared(
    office: Office, home: str, how: dict[str, Any], days: int, rebound: int
) -> None:
    more = dict(how)
    check(office, home, more.pop("first", 0.85))
    office.now += days * DAY_MS
    check(office, home, **more)
    assert total(office, "cleanup")["rebounds"] == rebound


@pytest.mark.parametrize(("share", "figures"), [(0.79, [0, 0, 1]), (0.8, [1, 0, 0]), (0.89, [1, 0, 0]), (0.9, [1, 1, 0])])  # fmt: skip
def test_eighty_passes_and_ninety_is_good(office: Office, home: str, share: float, figures: list[int]) -> None:
    check(office, home, share)
    told = total(office, "cleanup")
    assert [told["passed"], told["good"], told["failed"]] == figures


def test_a_red_line_fails_full_marks_and_one_that_was_there_is_no_rebound(office: Office, home: str) -> None:
    for _ in range(2):
        check(office, home, 1.0, red_lines=["open_dump"])
        office.now += DAY_MS
    told = total(office, "cleanup")
    assert [told[name] for name in ("checks", "targets", "passed", "failed", "red_lines", "rebounds")] == [2, 1, 0, 2, 2, 0]  # fmt: skip


def test_an_unfinished_sheet_is_neither_passed_nor_failed_and_the_next_is_compared_with_the_one_before(
    office: Office, home: str
) -> None:
    check(office, home, 0.95)
    for more in ({"e1_house": None}, {}):
        office.now += DAY_MS
        check(office, home, 0.84, **more)
    told = total(office, "cleanup")
    assert [told[name] for name in ("checks", "incomplete", "passed", "failed", "rebounds")] == [3, 1, 2, 0, 1]
    assert told["average"] == 89.5


def test_no_item_counts_beyond_its_full_mark(office: Office, home: str) -> None:
    check(office, home, 1.0, e5_kitchen=50)
    assert total(office, "cleanup")["average"] == sum(HOUSE.values()) == 100


# --- the ledger ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "overdue"), [("2018-09-10T23:59:59", 0), ("2018-09-11T00:00:00", 1)])
def test_a_problem_is_overdue_once_its_day_is_over(office: Office, now: str, overdue: int) -> None:
    problem(office, "2018-09-10")
    office.now = now
    assert total(office, "problems")["overdue"] == overdue


def test_a_month_is_told_as_it_stood_at_its_end(office: Office) -> None:
    late = problem(office, "2018-09-30")
    office.now = "2018-10-20T10:00:00"
    take(office, late, "explained", reason="政策之外")
    september, october = (total(office, "problems", month) for month in ("2018-09", "2018-10"))
    figures = ("found", "solved", "explained", "open", "overdue")
    assert [september[name] for name in figures] == [1, 0, 0, 1, 0]
    assert [october[name] for name in figures] == [0, 0, 1, 0, 0]


def test_a_problem_solved_in_another_month_than_it_was_found_is_solved_in_that_one(office: Office) -> None:
    road = problem(office, "2018-10-30")
    office.now = "2018-10-02T10:00:00"
    take(office, road, "fixed", by_name="农", by_tier="village", proof_note="已修")
    take(office, road, "verified", by_name="黄")
    take(office, road, "satisfied", by_name="陆", answer="yes", method="representatives", witnesses=["甲", "乙", "丙"])
    office.now = "2018-11-02T10:00:00"
    take(office, road, "reopened", reason="又坏了")
    office.now = "2018-11-20T10:00:00"
    told = {month: total(office, "problems", month) for month in ("2018-09", "2018-10", "2018-11")}
    assert [[told[month][name] for name in ("found", "solved", "open", "reopened")] for month in told] == [
        [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 1],
    ]  # fmt: skip
    assert [total(office, "problems")[name] for name in ("found", "solved", "percent", "reopened")] == [1, 0, 0.0, 1]


def test_a_third_extension_has_no_effect(office: Office) -> None:
    late = problem(office, "2018-09-10")
    for day in ("2018-09-20", "2018-09-30", "2018-10-10"):
        take(office, late, "extended", due_date=day, reason="下雨")
    office.now = "2018-10-01T00:00:00"
    assert total(office, "problems")["overdue"] == 1


def test_a_reopened_problem_has_no_deadline_until_it_is_assigned_anew(office: Office, home: str) -> None:
    late = problem(office, "2018-09-10")
    take(office, late, "explained", reason="政策之外")
    take(office, late, "reopened", reason="再看")
    office.now = "2018-12-01T00:00:00"
    told = total(office, "problems")
    assert [told["open"], told["overdue"], told["reopened"]] == [1, 0, 1]
    assert night(office)["climbed"] == []


def test_duplicates_and_what_is_not_taken_up_are_counted_apart(office: Office) -> None:
    ids = [
        write(office, "problem", {"category": "infra", "found_at": iso(office.now)}, village=village)
        for village in (V1, V1, V2)
    ]
    take(office, ids[1], "duplicate", duplicate_of=ids[0])
    take(office, ids[2], "rejected", village=V2, reason="不属实")
    told = total(office, "problems")
    assert [told[name] for name in ("found", "open", "duplicate", "rejected")] == [1, 1, 1, 1]


def test_a_step_dated_ahead_of_its_writing_counts_from_when_it_was_written(office: Office, home: str) -> None:
    (opened,) = slipped(office, home)["opened"]
    take(office, opened, "rejected", household=home, reason="不属实", at="2030-01-01T00:00:00+08:00")
    assert total(office, "problems")["rejected"] == 1


def test_whoever_fixed_it_does_not_stand_among_the_representatives(office: Office) -> None:
    road = problem(office, "2018-10-30")
    take(office, road, "fixed", by_name="农", by_tier="village", proof_note="已修")
    take(office, road, "verified", by_name="黄")
    own = {"answer": "yes", "method": "representatives", "witnesses": ["甲", "乙", "丙", "农"]}
    take(office, road, "satisfied", by_name="陆", **own)
    assert total(office, "problems")["solved"] == 0
    take(office, road, "satisfied", by_name="陆", **own | {"witnesses": ["甲", "乙", "丙"]})
    assert total(office, "problems")["solved"] == 1


@pytest.mark.parametrize(("times", "solved"), [(2, 0), (3, 1)])
def test_after_three_times_out_of_reach_a_witness_may_speak(office: Office, home: str, times: int, solved: int) -> None:
    (opened,) = slipped(office, home)["opened"]
    for step, more in (
        ("accepted", {}),
        ("assigned", {"unit": "村委会", "person": "农", "due_date": "2018-12-01"}),
        ("fixed", {"by_name": "农", "by_tier": "village", "proof_note": "已清理"}),
        ("verified", {"by_name": "黄"}),
        *[("satisfied", {"by_name": "陆", "answer": "unreachable", "method": "phone"})] * times,
        ("satisfied", {"by_name": "陆", "answer": "yes", "method": "witness", "witnesses": ["村支书"]}),
    ):
        take(office, opened, step, household=home, **more)
    assert total(office, "problems")["solved"] == solved
