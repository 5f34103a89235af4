"""The corners where reports, rounds and policies once said something else than DOMAIN, DESIGN or their own words: each with the smallest
example. Wrong clocks, records that were removed, what was written in the same second, what two clerks do on the same day.
"""

import pytest

from server.acts.ledger import go_round
from shared.moments import DAY_MS, iso
from tests.reports.conftest import Office
from tests.reports.desk_work import begin, check, night, problem, report, slipped, steps_of, take, total, visit, write
from tests.sync.world import TOWN, V1, V2

PRESET = "five_campaigns_2018"


# --- reports ----------------------------------------------------------------------------------------------------------------


def test_who_leaves_without_a_date_after_the_freeze_is_counted_as_left_and_a_visit_made_stays(
    office: Office, home: str
) -> None:
    other = write(office, "household", {"head_name": "乙", "categories": ["key"]})
    office.now += 1000
    begin(office)
    office.now += DAY_MS
    visit(office, home, 40)
    for id_ in (home, other):
        write(office, "household", {"left_reason": "moved"}, id_)
    told = total(office, "coverage")
    assert [told[name] for name in ("households", "visited", "left")] == [1, 1, 1]


def test_a_visit_dated_in_the_future_does_not_count_because_somebody_edits_it_later(office: Office, home: str) -> None:
    begin(office)
    ahead = office.now + 10 * DAY_MS
    id_ = visit(office, home, 40, started_at=iso(ahead), ended_at=iso(ahead + 40 * 60_000))
    office.now = ahead + DAY_MS
    assert total(office, "coverage")["visited"] == 0
    write(office, "visit", {"summary": "改了一个字"}, id_)
    assert total(office, "coverage")["visited"] == 0


def test_as_many_short_visits_wait_in_the_report_as_in_the_list(office: Office, home: str) -> None:
    begin(office)
    office.now += DAY_MS
    visit(office, home, 20, guarantees_status=None)
    listed = office.json("visits", "short", "--township", TOWN)["visits"]
    assert total(office, "coverage")["short_waiting"] == len(listed) == 0


def test_what_was_written_just_before_the_freeze_is_no_addition(office: Office) -> None:
    office.now += 300
    write(office, "household", {"head_name": "甲", "categories": ["key"]})
    office.now += 300  # still the same second
    office.json("campaign", "add", "大走访", "--township", TOWN, "--from", "2018-09-01")
    assert (total(office, "coverage")["households"], total(office, "coverage")["added"]) == (1, 0)


def test_an_empty_category_says_none_and_is_not_missing(office: Office) -> None:
    begin(office)
    told = report(office, "coverage")
    assert [(row["households"], row["percent"]) for row in told["categories"]] == [(0, None)] * 6
    assert {len(row["categories"]) for row in told["villages"]} == {6}


def test_a_draft_does_not_stand_before_the_running_campaign(office: Office) -> None:
    running = office.json("campaign", "add", "大走访", "--township", TOWN, "--from", "2018-09-01")["id"]
    draft = {"name": "草稿", "starts_on": "2018-09-02", "state": "draft", "must_visit": ["key"]}
    write(office, "campaign", draft, village=None)
    assert report(office, "coverage")["campaign_record"]["id"] == running


def test_the_month_of_the_year_nought_is_said_in_words(office: Office) -> None:
    assert "月份写法不对" in office.fails("report", "problems", "--township", TOWN, "--month", "0000-01")


def test_a_check_dated_years_ahead_does_not_hide_a_rebound_of_today(office: Office, home: str) -> None:
    check(office, home, 0.95)
    check(office, home, 0.95, checked_at="2030-01-01T08:00:00+08:00")
    office.now += DAY_MS
    check(office, home, 0.5)
    assert len(night(office)["opened"]) == 1


# --- the round ----------------------------------------------------------------------------------------------------------------


def test_a_rebound_opens_its_problem_also_when_the_next_check_came_before_the_round(office: Office, home: str) -> None:
    for share in (0.95, 0.6, 0.58):  # the third is as bad as the second, and so no rebound by itself
        check(office, home, share)
        office.now += DAY_MS
    assert len(night(office)["opened"]) == 1


def test_a_rebound_is_found_by_whoever_checked(office: Office, home: str) -> None:
    (opened,) = slipped(office, home)["opened"]
    assert office.rows("SELECT found_by FROM kind_problem WHERE id = ?", opened) == [("农",)]


def test_a_place_whose_problem_was_taken_off_gets_another_when_it_slips_again(office: Office, home: str) -> None:
    (first,) = slipped(office, home)["opened"]
    write(office, "problem", {"removed": True}, first)
    office.now += DAY_MS
    slipped(office, home)
    assert office.rows("SELECT count(*) FROM kind_problem WHERE removed IS NULL") == [(1,)]


def test_a_round_never_says_that_it_opened_what_it_did_not(office: Office, home: str) -> None:
    (first,) = slipped(office, home)["opened"]
    write(office, "problem", {"removed": True}, first)
    assert night(office) == {"climbed": [], "opened": [], "reopened": []}


def test_a_round_never_says_that_it_climbed_when_it_wrote_nothing(office: Office) -> None:
    late = problem(office, "2018-09-10")
    office.now = "2018-09-20T00:00:00"
    assert night(office)["climbed"] == [late]
    ((step,),) = office.rows("SELECT id FROM kind_problem_step WHERE step = 'escalated'")
    write(office, "problem_step", {"removed": True}, step)
    before = office.log()
    assert night(office)["climbed"] == []  # what the desk took off stays off
    assert office.log() == before


def test_a_problem_of_a_village_that_is_no_more_does_not_keep_the_others_from_climbing(office: Office) -> None:
    stuck = problem(office, "2018-09-10", village=V1)
    fine = problem(office, "2018-09-10", village=V2)
    with office.database.transaction() as connection:
        connection.exec_driver_sql(f"DELETE FROM area WHERE code = '{V1}'")
    office.now = "2018-10-01T00:00:00"
    told = go_round(office.database, TOWN)
    assert (told.climbed, told.refused) == ([fine], [stuck])
    assert steps_of(office, fine)[-1] == "escalated"
    assert stuck in office.says("problems", "round")


# --- policies -----------------------------------------------------------------------------------------------------------------


def test_a_policy_corrected_on_the_same_day_is_in_force(office: Office) -> None:
    office.json("policy", "use", "monitoring_2021", "--township", TOWN, "--from", "2018-09-01")
    office.json("policy", "use", PRESET, "--township", TOWN, "--from", "2018-09-01")
    assert report(office, "contact")["policy"] == "2018.1"


def test_a_setting_can_be_taken_back_on_the_same_day(office: Office, home: str) -> None:
    write(office, "party_link", {"party_member": "农", "from_date": "2018-01-01"}, household=home)
    words = ("policy", "use", PRESET, "--township", TOWN, "--from", "2018-09-01")
    office.json(*words, "--set", "contact.visits_a_month=4")
    office.json(*words)
    assert total(office, "contact")["owed"] == 2


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(("visit.minimum_minutes=null",), id="nothing"),
        pytest.param(("must_visit=[]",), id="nobody to visit"),
        pytest.param(("visit.modes=[]",), id="no visit ever counts"),
        pytest.param(('visit.modes=["hoem"]',), id="a mode that is none"),
        pytest.param(('contact.modes=["hoem"]',), id="a call that is none"),
        pytest.param(("cleanup.rubrics.household.items=[]",), id="a sheet without lines"),
        pytest.param(("version=x",), id="set by --version"),
        pytest.param(("preset=normal_help_2026",), id="another preset's name on this one's text"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(office: Office, settings: tuple[str, ...]) -> None:
    words = [word for setting in settings for word in ("--set", setting)]
    assert office.run("policy", "use", PRESET, "--township", TOWN, *words).exit_code == 1


def test_a_setting_and_its_table_may_both_be_set(office: Office) -> None:
    words = ("--set", "visit.ask_after_hours=3", "--set", 'visit={"close_after_hours":10}')
    office.json("policy", "use", PRESET, "--township", TOWN, *words)
    (listed,) = office.json("policy", "list", "--township", TOWN)["policies"]
    assert listed["overrides"] == {"visit": {"ask_after_hours": 3, "close_after_hours": 10}}


def test_a_version_names_one_set_of_rules(office: Office) -> None:
    words = ("policy", "use", PRESET, "--township", TOWN, "--version", "v", "--from")
    office.json(*words, "2018-09-01", "--set", "visit.minimum_minutes=20")
    assert office.run(*words, "2018-10-01", "--set", "visit.minimum_minutes=40").exit_code == 1


@pytest.mark.parametrize(
    "words", [("policy", "list"), ("visits", "short"), ("problems", "round")], ids=lambda words: " ".join(words)
)
def test_a_township_that_is_none_is_said_in_words_by_every_command(office: Office, words: tuple[str, ...]) -> None:
    assert "没有这个乡镇" in office.fails(*words, "--township", "999999999")


# --- still open -----------------------------------------------------------------------------------------------------------------


def test_a_problem_that_could_not_be_opened_is_named_once(office: Office, home: str) -> None:
    check(office, home, 0.95)
    office.now += DAY_MS
    check(office, home, 0.5)
    with office.database.transaction() as connection:
        connection.exec_driver_sql(f"DELETE FROM area WHERE code = '{V1}'")
    refused = night(office)["refused"]
    assert len(refused) == len(set(refused)) == 1


def test_a_problem_climbs_when_its_village_was_merged_and_the_household_moved(office: Office, home: str) -> None:
    late = write(
        office, "problem", {"category": "house", "found_at": iso(office.now), "tier": "village"}, household=home
    )
    for step in ("reported", "accepted", "assigned"):
        take(office, late, step, household=home, unit="村委会", person="农", due_date="2018-09-10")
    office.json("household", "move", home, V2)
    with office.database.transaction() as connection:
        connection.exec_driver_sql(f"DELETE FROM area WHERE code = '{V1}'")
    office.now = "2018-10-01T00:00:00"
    assert night(office)["climbed"] == [late]


def test_no_other_rules_take_a_shipped_presets_version(office: Office, home: str) -> None:
    begin(office)
    visit(office, home, 20, policy_version="2018.1")
    words = ("--version", "2018.1", "--set", "visit.minimum_minutes=10", "--from", "2018-12-01")
    office.run("policy", "use", PRESET, "--township", TOWN, *words)
    assert total(office, "coverage")["visited"] == 0
