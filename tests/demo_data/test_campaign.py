"""Sixty days of village life, as the rules of the field judge them: the ordinary shares, and the odd things that must be there."""

import itertools
from collections import Counter

import pytest

from server.demo.answers import CHECKS
from shared.hlc import milliseconds_of
from shared.moments import day_of, milliseconds
from shared.rules import cleanup, contact, coverage, ledger
from shared.rules import visits as judging
from shared.rules.entry import Entry
from shared.rules.policy import Policies, preset
from tests.demo_data.conftest import END, County

POLICY = preset()
MONTHS = ("2018-09", "2018-10")


@pytest.fixture(scope="module")
def visits(county: County) -> list[Entry]:
    return county.entries("visit")


@pytest.fixture(scope="module")
def judged(visits: list[Entry]) -> list[judging.Judged]:
    both = judging.overlapping(visits)
    return [judging.judge(visit, POLICY, now=END, overlapping=visit.id in both) for visit in visits]


@pytest.fixture(scope="module")
def met(judged: list[judging.Judged]) -> list[judging.Judged]:
    """Visits at which people sat together."""
    return [one for one in judged if one.entry.values["mode"] in ("home", "field")]


def about(found: float, wanted: float, within: float) -> bool:
    return abs(found - wanted) <= within


# --- visits ------------------------------------------------------------------------------------------------------------


def test_four_of_five_households_on_the_roster_are_visited(county: County, visits: list[Entry]) -> None:
    called = {visit.household for visit in visits}
    roster = [
        household.id for household in county.entries("household") if household.values["categories"] != ["general"]
    ]
    assert about(sum(id_ in called for id_ in roster) / len(roster), 0.80, 0.12)


def test_coverage_can_be_reckoned_for_every_village(county: County, judged: list[judging.Judged]) -> None:
    households = {entry.id: entry for entry in county.entries("household") if not entry.values.get("removed")}
    found = coverage.cover(coverage.roster(households.values(), POLICY), households, judged, POLICY, day_of(END - 1))
    assert len(found) == 5
    assert all(30 < (village.total.percent or 0) < 95 for village in found.values())


def test_visits_lie_in_the_campaign_and_are_written_down_after_they_took_place(visits: list[Entry]) -> None:
    for visit in visits:
        assert "2018-09-01" <= day_of(milliseconds(visit.values["started_at"])) <= "2018-10-30"
        assert visit.written_at >= milliseconds(visit.values["started_at"])
        assert visit.values["participants"]


def test_modes_lengths_and_answers_have_the_shares_of_the_field(visits: list[Entry], met: list[judging.Judged]) -> None:
    modes = Counter(visit.values["mode"] for visit in visits)
    for mode, wanted in {"home": 0.85, "field": 0.05, "phone": 0.04, "not_home": 0.06}.items():
        assert about(modes[mode] / len(visits), wanted, 0.06), mode
    assert about(sum(one.is_short for one in met) / len(met), 0.085, 0.06)
    assert about(sum(not one.missing for one in met) / len(met), 0.93, 0.06)
    issues = [one for one in met if any(one.entry.values.get(f"{check}_status") == "issue" for check in CHECKS)]
    assert about(len(issues) / len(met), 0.10, 0.07)
    assert not any("note" in one.remarks for one in met)


def test_the_odd_visits_are_there(county: County, visits: list[Entry], met: list[judging.Judged]) -> None:
    assert any(one.length.ms == 1_800_000 for one in met), "thirty minutes to the second"
    assert {visit.values["entry_mode"] for visit in visits} == {"live", "retro"}
    assert any("pauses" in visit.values for visit in visits)
    assert any("started_mono" not in visit.values for visit in visits)
    assert any("party_link" in visit.values["purposes"] for visit in visits)
    assert any("short_reason" in visit.values for visit in visits)
    assert any("clock_flag" in visit.values for visit in visits)
    general = {home.id for home in county.entries("household") if home.values["categories"] == ["general"]}
    assert any(visit.household in general for visit in visits)


def test_clock_flags_say_what_the_clocks_show(met: list[judging.Judged]) -> None:
    for one in met:
        flag = one.entry.values.get("clock_flag")
        assert one.length.flags == ({flag} if flag else set())


def test_the_desk_reviews_only_short_visits_that_gave_a_reason(met: list[judging.Judged]) -> None:
    for one in met:
        if one.entry.values.get("short_review"):
            assert one.is_short
            assert one.entry.values["short_reason"]


def test_the_respondent_is_a_grown_member_of_the_household(county: County, visits: list[Entry]) -> None:
    members = {member.id: member for member in county.entries("member")}
    for visit in visits:
        if respondent := visit.values.get("respondent"):
            assert members[respondent].household == visit.household
            assert members[respondent].values["birth_date"] < "2002-10-30"


# --- party links -------------------------------------------------------------------------------------------------------


def test_party_members_hold_five_households_each_and_no_more(county: County) -> None:
    held = Counter(link.values["party_member"] for link in county.entries("party_link"))
    assert set(held.values()) == {5}
    grants = county.sql(
        "SELECT u.name, count(*) FROM access_grant g JOIN user_account u ON u.id = g.person"
        " WHERE u.roles = 'party_member' AND g.scope LIKE 'household:%' GROUP BY u.name"
    )
    assert dict(grants) == held


def test_most_links_are_called_on_twice_a_month_some_are_exempt_and_some_calls_come_late(county: County) -> None:
    calls = county.entries("contact_visit") + county.entries("visit")
    months = [
        contact.link_month(link, [call for call in calls if call.household == link.household], month, POLICY.contact)
        for link in county.entries("party_link")
        for month in MONTHS
    ]
    states = Counter(month.state for month in months)
    assert states["met"] > states["open"] > 0
    assert states["exempt"] > 0
    assert any(month.owed == 1 for month in months), "a link that began after the fifteenth or ended before"
    assert sum(len(month.late) for month in months) > 0


def test_nobody_calls_outside_the_days_of_a_link(county: County) -> None:
    links = {link.id: link for link in county.entries("party_link")}
    for call in county.entries("contact_visit"):
        link = links[call.values["link"]]
        day = day_of(milliseconds(call.values["started_at"]))
        assert link.household == call.household
        assert link.values["party_member"] in call.values["participants"]
        assert link.values["from_date"] <= day <= (link.values.get("to_date") or "9999")


# --- clean-up ----------------------------------------------------------------------------------------------------------


def test_a_village_is_checked_four_times_a_month_and_gets_cleaner(county: County) -> None:
    lines = cleanup.lines(county.entries("cleanup_check"), Policies())
    villages = [line for target, line in lines.items() if target[0] == "village"]
    assert [len(line) for line in villages] == [8] * 5
    first, last = ([line[place].score.total for line in villages] for place in (0, -1))
    assert sum(last) > sum(first)
    assert {target[0] for target in lines} == {"village", "hamlet", "household"}


def test_rebounds_and_checks_before_are_told_as_the_rules_see_them(county: County) -> None:
    lines = cleanup.lines(county.entries("cleanup_check"), Policies())
    checks = [check for line in lines.values() for check in line]
    assert any(check.rebound for check in checks)
    unfinished = {check.entry.id for check in checks if not check.score.complete}  # the rules look past these
    for check in checks:
        assert bool(check.rebound) == bool(check.entry.values.get("rebound"))
        before = check.prior.entry.id if check.prior else None
        assert check.entry.values.get("prior") in (before, *unfinished)


# --- the ledger --------------------------------------------------------------------------------------------------------


def steps_of(county: County) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for step in sorted(county.entries("problem_step"), key=lambda step: step.first):
        found.setdefault(step.values["problem"], []).append(step)
    return found


def test_every_problem_has_a_number_and_begins_with_its_report(county: County) -> None:
    steps = steps_of(county)
    for problem in county.entries("problem"):
        assert problem.values["number_text"].startswith(f"{problem.village[-3:]}-2018-")  # type: ignore[index]
        first, *_ = steps[problem.id]
        assert first.values["step"] == "reported"
        assert all(step.household == problem.household for step in steps[problem.id])


def test_stamps_rise_in_the_order_in_which_things_happened(county: County) -> None:
    for steps in steps_of(county).values():
        at = [milliseconds(step.values["at"]) for step in steps]
        assert at == sorted(at)
        for before, after in itertools.pairwise(steps):
            if before.values["by_name"] != after.values["by_name"]:
                assert (before.received or 0) <= after.written_at, "nobody acts on what has not reached him"


def test_problems_close_through_three_people(county: County) -> None:
    steps = steps_of(county)
    standings = [ledger.stand(p, steps[p.id], POLICY.problems) for p in county.entries("problem")]
    closed = [standing for standing in standings if standing.solved]
    assert closed
    for standing in closed:
        asker = next(one for one in reversed(standing.steps) if one.entry.values["step"] == "satisfied")
        names = {standing.fixer.name, standing.verifier.name, asker.entry.values["by_name"]}  # type: ignore[union-attr]
        assert len(names) == 3


def test_a_problem_found_on_a_visit_is_named_by_the_visit(county: County, visits: list[Entry]) -> None:
    named = {id_ for visit in visits for id_ in visit.values.get("found_problems") or ()}
    assert named == {p.id for p in county.entries("problem") if p.values["source"] == "visit"}


def test_steps_bear_the_time_at_which_they_were_written(county: County) -> None:
    for step in county.entries("problem_step"):
        assert 0 <= milliseconds_of(step.first) - milliseconds(step.values["at"]) < 2000
