"""`ruhu policy`, `campaign`, `report`, `problems`, `visits` and `demo-data` as a clerk types them: with --json and printed, and what they say
when something cannot be. What a command refuses it refuses in one sentence of two languages, and writes nothing.
"""

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest

import server.schedule
from server.acts.ledger import Round, go_round
from server.schedule import rounds
from shared.moments import DAY_MS, iso
from tests.reports.conftest import Office
from tests.reports.desk_work import HOUSE, SIX, VILLAGE, check, close, problem, slipped, steps_of, take, visit, write
from tests.sync.world import TOWN, V1, V2

COUNTY, FARM, OTHER = "451422", "451422401", "451422101"
PRESET = "five_campaigns_2018"
MINUTE = 60_000
OF_THEIR_OWN = ("preset", "version")
"""Lines of `policy show` that another option sets."""
# --- policy ---------------------------------------------------------------------------------------------------------------


def test_without_any_policy_the_list_says_which_preset_is_in_force(office: Office) -> None:
    assert office.json("policy", "list", "--township", TOWN) == {"policies": []}
    assert "2018" in office.says("policy", "list", "--township", TOWN)


def test_a_preset_is_put_in_force_and_listed(office: Office) -> None:
    (done,) = office.json("policy", "use", PRESET, "--township", TOWN, "--from", "2018-09-01")["policies"]
    assert (done["township"], done["version"]) == (TOWN, "2018.1")
    (listed,) = office.json("policy", "list", "--township", TOWN)["policies"]
    assert listed == {
        "id": done["id"], "version": "2018.1", "preset": PRESET, "name": "2018 五大活动", "effective_from": "2018-09-01",
        "overrides": {}, "minimum_minutes": 30, "contact_visits_a_month": 2, "findings": [],
    }  # fmt: skip
    printed = office.says("policy", "list", "--township", TOWN)
    assert "2018-09-01" in printed
    assert "30 分钟" in printed


def test_a_policy_takes_effect_today_unless_a_day_is_given(office: Office) -> None:
    office.json("policy", "use", PRESET, "--township", TOWN)
    (listed,) = office.json("policy", "list", "--township", TOWN)["policies"]
    assert listed["effective_from"] == "2018-09-03"


def test_the_log_names_who_put_a_policy_in_force(office: Office) -> None:
    office.json("policy", "use", PRESET, "--township", TOWN, "--by", "陈主任")
    assert office.rows("SELECT kind, village, written_by, via FROM changes") == [("policy", "", "陈主任", "command")]


def test_a_countys_policy_goes_to_its_townships_and_not_to_its_farms(office: Office) -> None:
    done = office.json("policy", "use", PRESET, "--township", COUNTY, "--from", "2018-09-01")["policies"]
    assert len(done) == 13
    assert FARM not in {one["township"] for one in done}
    for town in (TOWN, OTHER):
        assert len(office.json("policy", "list", "--township", town)["policies"]) == 1
    assert office.rows("SELECT count(DISTINCT township), count(*) FROM kind_policy") == [(13, 13)]
    printed = office.says("policy", "use", "monitoring_2021", "--township", COUNTY, "--from", "2021-01-01")
    assert printed.count("✓") == 13


def test_nested_and_own_field_settings_are_taken_over(office: Office) -> None:
    office.json(
        "policy", "use", PRESET, "--township", TOWN, "--from", "2018-09-01", "--version", "宁明-1",
        "--set", "visit.minimum_minutes=20", "--set", "contact.visits_a_month=3", "--set", "cleanup.pass_mark=75.5",
        "--set", "visit.short_visits=count", "--set", 'cleanup.red_lines.smoke={"zh":"冒烟","en":"Smoke"}',
        "--set", 'must_visit=["key","disabled"]', "--set", "problems.days.village=10",
    )  # fmt: skip
    (listed,) = office.json("policy", "list", "--township", TOWN)["policies"]
    assert (listed["version"], listed["minimum_minutes"], listed["contact_visits_a_month"]) == ("宁明-1", 20, 3)
    assert listed["overrides"] == {
        "cleanup": {"pass_mark": 75.5, "red_lines": {"smoke": {"zh": "冒烟", "en": "Smoke"}}},
        "visit": {"short_visits": "count"},
        "must_visit": ["key", "disabled"],
        "problems": {"days": {"village": 10}},
    }
    assert listed["findings"] == []
    assert office.rows("SELECT minimum_minutes, contact_visits_a_month FROM kind_policy") == [(20, 3)]


def test_every_line_that_show_prints_can_be_set_again_and_changes_nothing(office: Office) -> None:
    for preset in (PRESET, "monitoring_2021", "normal_help_2026"):
        lines = office.says("policy", "show", preset).splitlines()
        assert len(lines) > 60
        lines = [line for line in lines if line.split(" = ")[0] not in OF_THEIR_OWN]
        words = [word for line in lines for word in ("--set", line.replace(" = ", "=", 1))]
        office.json("policy", "use", preset, "--township", TOWN, *words)
        listed = office.json("policy", "list", "--township", TOWN)["policies"][-1]
        shown = office.json("policy", "show", preset)
        assert listed["findings"] == []
        assert listed["overrides"]["must_visit"] == shown["must_visit"]
        assert (listed["preset"], listed["minimum_minutes"]) == (preset, shown["visit"]["minimum_minutes"])


def test_show_shows_the_default_preset_as_json_and_line_by_line(office: Office) -> None:
    assert office.json("policy", "show") == office.json("policy", "show", PRESET)
    assert "visit.minimum_minutes = 30" in office.says("policy", "show").splitlines()
    assert office.json("policy", "show", "normal_help_2026")["visit"]["visits_a_month"] == 2
    assert "没有这个预设方案" in office.fails("policy", "show", "six_campaigns")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("six_campaigns", "--township", TOWN), "没有这个预设方案"),
        ((PRESET, "--township", TOWN, "--from", "2018-9-1"), "日期写法不对"),
        ((PRESET, "--township", TOWN, "--from", "2018-02-30"), "日期写法不对"),
        ((PRESET, "--township", "999999999"), "没有这个乡镇或县"),
        ((PRESET, "--township", "45"), "没有这个乡镇或县"),
        ((PRESET, "--township", TOWN, "--set", "minutes"), "设置写法不对"),
        ((PRESET, "--township", TOWN, "--set", "=20"), "设置写法不对"),
        ((PRESET, "--township", TOWN, "--set", "visit=5", "--set", "visit.ask_after_hours=3"), "设置写法不对"),
        ((PRESET, "--township", TOWN, "--set", "visit.seconds=20"), "没有这项设置"),
        ((PRESET, "--township", TOWN, "--set", "visits.minimum_minutes=20"), "没有这项设置"),
        ((PRESET, "--township", TOWN, "--set", "minimum_minutes=20"), "没有这项设置"),
        ((PRESET, "--township", TOWN, "--set", "visit.minimum_minutes=zwanzig"), "写法不对"),
        ((PRESET, "--township", TOWN, "--set", "visit.minimum_minutes=-1"), "写法不对"),
        ((PRESET, "--township", TOWN, "--set", "visit.minimum_minutes=20.5"), "写法不对"),
        ((PRESET, "--township", TOWN, "--set", "visit.minimum_minutes=true"), "写法不对"),
        ((PRESET, "--township", TOWN, "--set", "visit.minimum_minutes=300"), "240"),
        ((PRESET, "--township", TOWN, "--set", "contact.visits_a_month=32"), "31"),
        ((PRESET, "--township", TOWN, "--set", "visit.short_visits=sometimes"), "写法不对"),
        ((PRESET, "--township", TOWN, "--set", "cleanup.pass_mark=NaN"), "写法不对"),
        ((PRESET, "--township", TOWN, "--set", "problems.three_persons=1"), "写法不对"),
        ((PRESET, "--township", TOWN, "--set", "problems.tiers.region.zh=区"), "没有这项设置"),
        ((PRESET, "--township", TOWN, "--set", "categories.monk=和尚"), "中文和英文"),
        ((PRESET, "--township", TOWN, "--set", 'must_visit=["monk"]'), "未列出的类别"),
        ((PRESET, "--township", TOWN, "--set", 'checks=[{"code":"C1"}]'), "写法不对"),
        ((PRESET, "--township", TOWN, "--version", "长" * 65), "64"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_in_words_and_nothing_is_written(
    office: Office, words: tuple[str, ...], says: str
) -> None:
    before = office.log()
    assert says in office.fails("policy", "use", *words)
    assert office.log() == before
    assert office.rows("SELECT township FROM township_counter WHERE seq > 0") == []


def test_an_unusable_setting_for_a_county_reaches_none_of_its_townships(office: Office) -> None:
    assert "240" in office.fails("policy", "use", PRESET, "--township", COUNTY, "--set", "visit.minimum_minutes=300")
    assert office.log() == []


def test_a_setting_that_is_no_json_is_taken_as_text(office: Office) -> None:
    office.json("policy", "use", PRESET, "--township", TOWN, "--set", "visit.short_visits=never")
    (listed,) = office.json("policy", "list", "--township", TOWN)["policies"]
    assert listed["overrides"] == {"visit": {"short_visits": "never"}}


def test_a_later_policy_judges_later_months(office: Office) -> None:
    home = write(office, "household", {"head_name": "甲", "categories": ["key"]})
    values = {"party_member": "农", "from_date": "2018-01-01"}
    write(office, "party_link", values, household=home)
    office.json("policy", "use", PRESET, "--township", TOWN, "--from", "2018-09-01")
    office.json(
        "policy", "use", PRESET, "--township", TOWN, "--from", "2018-10-01", "--set", "contact.visits_a_month=4"
    )  # fmt: skip
    office.now = "2018-10-20T10:00:00"
    owed = {
        month: office.json("report", "contact", "--township", TOWN, "--month", month)["total"]["owed"]
        for month in ("2018-09", "2018-10")
    }
    assert owed == {"2018-09": 2, "2018-10": 4}


# --- campaign -----------------------------------------------------------------------------------------------------------------


def test_a_campaign_freezes_its_roster_now(office: Office) -> None:
    write(office, "household", {"head_name": "甲", "categories": ["key"]})
    gone = write(office, "household", {"head_name": "乙", "categories": ["disabled"]})
    office.now += 2000
    id_ = office.json("campaign", "add", "大走访", "--township", TOWN, "--from", "2018-09-01")["id"]
    office.now += 2000
    write(office, "household", {"categories": ["general"]}, gone)
    write(office, "household", {"head_name": "丙", "categories": ["key", "borderline"]})
    write(office, "household", {"head_name": "丁", "categories": ["general"]})
    told = office.json("report", "coverage", "--township", TOWN)
    assert told["campaign_record"] == {"id": id_, "starts_on": "2018-09-01", "ends_on": None}
    assert (told["total"]["households"], told["total"]["added"]) == (3, 1)
    by_category = {row["category"]: row["households"] for row in told["categories"]}
    assert by_category == {"registered_poor": 0, "removed": 0, "key": 2, "low_allowance": 0, "disabled": 1, "borderline": 1}  # fmt: skip


def test_a_campaign_keeps_the_days_and_categories_it_was_given(office: Office) -> None:
    office.json("policy", "use", "monitoring_2021", "--township", TOWN, "--from", "2018-09-01")
    office.json(
        "campaign", "add", "回头看", "--township", TOWN, "--from", "2018-09-05", "--to", "2018-12-31", "--strict"
    )
    ((written,),) = office.rows("SELECT written FROM changes WHERE kind = 'campaign'")
    values = json.loads(written)
    assert {name: values[name] for name in ("starts_on", "ends_on", "state", "strict", "preset", "frozen_at")} == {
        "starts_on": "2018-09-05", "ends_on": "2018-12-31", "state": "running", "strict": True, "preset": "monitoring_2021",
        "frozen_at": "2018-09-03T10:15:00+08:00",
    }  # fmt: skip
    assert set(values["must_visit"]) == {
        "exited_poor", "unstable_exited", "borderline_at_risk", "sudden_hardship", "special_support", "low_allowance", "disabled",
    }  # fmt: skip


def test_the_latest_campaign_is_reported_on_unless_another_is_named(office: Office) -> None:
    first = office.json("campaign", "add", "甲", "--township", TOWN, "--from", "2018-08-01")["id"]
    second = office.json("campaign", "add", "乙", "--township", TOWN, "--from", "2018-09-02")["id"]
    office.json("campaign", "add", "丙", "--township", TOWN, "--from", "2018-12-01")
    words = ("report", "coverage", "--township", TOWN)
    assert office.json(*words)["campaign_record"]["id"] == second
    assert office.json(*words, "--month", "2018-08")["campaign_record"]["id"] == first
    assert office.json(*words, "--campaign", first)["campaign_record"]["id"] == first
    assert "没有这个活动" in office.fails(*words, "--campaign", str(uuid.uuid4()))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("x", "--township", TOWN, "--from", "09-01"), "日期写法不对"),
        (("x", "--township", TOWN, "--to", "2018-13-01"), "日期写法不对"),
        (("x", "--township", TOWN, "--from", "2018-09-02", "--to", "2018-09-01"), "结束日期早于开始日期"),
        (("x", "--township", "999999999"), "没有这个乡镇"),
        (("长" * 101, "--township", TOWN), "100"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_in_words_and_nothing_is_written(
    office: Office, words: tuple[str, ...], says: str
) -> None:
    assert says in office.fails("campaign", "add", *words)
    assert office.log() == []


def test_a_campaign_says_what_to_do_next(office: Office) -> None:
    assert f"ruhu report coverage --township {TOWN}" in office.says("campaign", "add", "大走访", "--township", TOWN)


# --- report ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["coverage", "contact", "cleanup", "problems"])
@pytest.mark.parametrize("month", ["2018-13", "18-09", "2018-9", "２０１８-09", ""])
def test_a_month_that_is_none_is_said_in_words(office: Office, name: str, month: str) -> None:
    assert "月份写法不对" in office.fails("report", name, "--township", TOWN, "--month", month)


@pytest.mark.parametrize("name", ["coverage", "contact", "cleanup", "problems"])
@pytest.mark.parametrize("township", ["999999999", COUNTY, ""])
def test_a_township_that_is_none_is_said_in_words(office: Office, name: str, township: str) -> None:
    assert "没有这个乡镇" in office.fails("report", name, "--township", township)


def test_coverage_before_any_campaign_says_what_to_do(office: Office) -> None:
    assert "还没有走访活动" in office.fails("report", "coverage", "--township", TOWN)
    office.json("campaign", "add", "大走访", "--township", TOWN, "--from", "2018-10-01")
    assert "2018-09-03" in office.fails("report", "coverage", "--township", TOWN)
    assert "2018-08-31" in office.fails("report", "coverage", "--township", TOWN, "--month", "2018-08")


@pytest.mark.parametrize("name", ["contact", "cleanup", "problems"])
def test_a_township_where_nothing_happened_yet_has_empty_figures(office: Office, name: str) -> None:
    told = office.json("report", name, "--township", TOWN)
    assert len(told["villages"]) == 17
    figures = [value for row in (*told["villages"], told["total"]) for value in row.values()]
    assert not any(figure for figure in figures if isinstance(figure, int | float))
    assert "100" not in office.says("report", name, "--township", TOWN)


@pytest.mark.parametrize("name", ["coverage", "contact", "cleanup", "problems"])
def test_a_report_prints_what_its_json_says(county_instance: Path, office: Office, name: str) -> None:
    shutil.rmtree(office.folder)
    shutil.copytree(county_instance, office.folder)
    office.now = "2018-11-20T09:00:00"
    words = ("report", name, "--township", TOWN, "--month", "2018-10")
    told, printed = office.json(*words), office.says(*words)
    assert told["report"] == name
    assert told["township"] == TOWN
    for row in (*told["villages"], told["total"] | {"name": "合计"}):
        (line,) = [line for line in printed.splitlines() if line.split()[:1] == [row["name"]]][:1]
        figures = [value for key, value in row.items() if key not in ("village", "name", "categories")]
        assert line.split()[1:] == [
            "—" if value is None else f"{value:g}" if isinstance(value, float) else str(value) for value in figures
        ]
    assert all(" " in line or not line for line in printed.splitlines()[2:])


def test_asking_for_a_report_writes_nothing(county_instance: Path, office: Office) -> None:
    shutil.rmtree(office.folder)
    shutil.copytree(county_instance, office.folder)
    before = office.log()
    for name in ("coverage", "contact", "cleanup", "problems"):
        office.json("report", name, "--township", TOWN, "--month", "2018-10")
    office.json("policy", "list", "--township", TOWN)
    office.json("visits", "short", "--township", TOWN)
    assert office.log() == before


# --- problems round: climbing -----------------------------------------------------------------------------------------------------


def test_an_overdue_problem_climbs_once_however_often_the_round_is_run(office: Office) -> None:
    late = problem(office, "2018-09-10")
    office.now = "2018-09-18T00:00:01"
    assert office.json("problems", "round") == {"climbed": [late], "opened": [], "reopened": []}
    before = office.log()
    for _ in range(3):
        assert office.json("problems", "round") == {"climbed": [], "opened": [], "reopened": []}
    assert office.log() == before
    assert steps_of(office, late) == ["reported", "accepted", "assigned", "escalated"]
    written = office.rows("SELECT written_by, via, village FROM changes ORDER BY seq DESC LIMIT 1")
    assert written == [("系统 / system", "round", V1)]


def test_a_problem_does_not_climb_before_its_seven_days_are_over(office: Office) -> None:
    late = problem(office, "2018-09-10")
    office.now = "2018-09-17T23:59:59"
    assert office.json("problems", "round")["climbed"] == []
    office.now += 1
    assert office.json("problems", "round")["climbed"] == [late]


def test_a_problem_that_nobody_takes_up_climbs_tier_by_tier_up_to_the_county(office: Office) -> None:
    late = problem(office, "2018-09-10", tier="household")
    climbed = []
    for week in range(60):
        office.now += 7 * DAY_MS
        if go_round(office.database, TOWN).climbed:
            climbed.append(week)
    tiers = office.rows("SELECT tier, due_date FROM kind_problem_step WHERE step = 'escalated' ORDER BY stamp")
    assert [tier for tier, _ in tiers] == ["village", "township", "county"]
    assert len(climbed) == 3
    dues = [due for _, due in tiers]
    assert dues == sorted(set(dues))
    told = office.json("report", "problems", "--township", TOWN)
    assert {row["tier"]: row["overdue"] for row in told["tiers"]} == {"household": 0, "village": 0, "township": 0, "county": 1}  # fmt: skip
    assert late


def test_a_verified_problem_does_not_climb(office: Office) -> None:
    late = problem(office, "2018-09-10")
    take(office, late, "fixed", proof_note="已修", by_name="农", by_tier="village")
    take(office, late, "verified", by_name="黄")
    office.now = "2018-12-01T00:00:00"
    assert office.json("problems", "round")["climbed"] == []


def test_a_round_on_the_other_side_of_a_restart_does_nothing_twice(office: Office) -> None:
    late = problem(office, "2018-09-10")
    home = write(office, "household", {"head_name": "甲", "categories": ["key"]})
    check(office, home, 0.95)
    office.now = "2018-09-20T00:00:00"
    check(office, home, 0.6)
    first = office.json("problems", "round")
    assert (first["climbed"], len(first["opened"])) == ([late], 1)
    before = office.log()
    office.restart()
    rounds(office.database)
    office.restart()
    office.json("backup", str(office.folder / "b.zip"))
    office.json("restore", str(office.folder / "b.zip"))
    assert office.json("problems", "round") == {"climbed": [], "opened": [], "reopened": []}
    assert office.log() == before


def test_a_restored_server_takes_the_same_steps_under_the_same_ids(office: Office) -> None:
    """So that a phone which has seen the first is not told of a second."""
    problem(office, "2018-09-10")
    home = write(office, "household", {"head_name": "甲"})
    check(office, home, 0.95)
    office.now = "2018-09-19T12:00:00"
    check(office, home, 0.5)
    office.restart()
    office.json("backup", str(office.folder / "b.zip"))
    taken = []
    for _ in range(2):
        office.now += 7 * MINUTE
        assert sum(map(len, office.json("problems", "round").values())) == 2
        taken.append(office.rows("SELECT id, step FROM kind_problem_step WHERE step IN ('escalated', 'reported')"))
        taken[-1] += office.rows("SELECT id, source FROM kind_problem")
        office.restart()
        office.json("restore", str(office.folder / "b.zip"))
        office.restart()
    assert sorted(taken[0]) == sorted(taken[1])
    assert len(taken[0]) == 5


def test_a_round_may_be_of_one_township_only(office: Office) -> None:
    here, there = problem(office, "2018-09-10"), problem(office, "2018-09-10", village=f"{OTHER}201")
    office.now = "2018-10-01T00:00:00"
    assert office.json("problems", "round", "--township", OTHER)["climbed"] == [there]
    assert office.json("problems", "round")["climbed"] == [here]
    assert "上交 0" in office.says("problems", "round")


def test_the_round_says_in_a_line_what_it_did(office: Office) -> None:
    problem(office, "2018-09-10")
    problem(office, "2018-09-11")
    office.now = "2018-10-01T00:00:00"
    assert "上交 2，因反弹新立 0，重开 0" in office.says("problems", "round")


# --- problems round: slipping back ------------------------------------------------------------------------------------------------


def test_a_place_that_slips_back_gets_one_problem_and_a_second_rebound_no_second_ticket(
    office: Office, home: str
) -> None:
    first = slipped(office, home)
    (opened,) = first["opened"]
    assert slipped(office, home) == {"climbed": [], "opened": [], "reopened": []}
    assert slipped(office, home, 0.5) == {"climbed": [], "opened": [], "reopened": []}
    assert office.rows("SELECT id, source, category, tier, household FROM kind_problem") == [
        (opened, "cleanup_check", "env", "household", home)
    ]
    assert steps_of(office, opened) == ["reported"]


def test_every_target_has_a_problem_of_its_own(office: Office, home: str) -> None:
    other = write(office, "household", {"head_name": "乙"}, village=V2)
    for share in (0.95, 0.5):
        for household, village in ((home, V1), (other, V2)):
            marks = {name: full * share for name, full in HOUSE.items()}
            values = {"target": "household", "checked_at": iso(office.now), "rubric_version": "household-2018.1"}
            write(office, "cleanup_check", values | marks, village=village, household=household)
        for target, hamlet in (("village", None), ("hamlet", "那丁屯"), ("hamlet", "百马屯")):
            values = {"target": target, "checked_at": iso(office.now), "rubric_version": "village-2018.1"}
            marks = {name: full * share for name, full in VILLAGE.items()}
            write(office, "cleanup_check", values | marks | ({"hamlet": hamlet} if hamlet else {}))
        office.now += DAY_MS
    assert len(office.json("problems", "round")["opened"]) == 5
    found = office.rows("SELECT village, household, tier FROM kind_problem ORDER BY village, household IS NULL")
    assert sorted(found, key=str) == sorted(
        [(V1, home, "household"), (V1, None, "village"), (V1, None, "village"), (V1, None, "village"), (V2, other, "household")],
        key=str,
    )  # fmt: skip
    assert office.json("problems", "round")["opened"] == []


def test_a_closed_rebound_is_reopened_within_half_a_year_and_a_new_one_opened_after(office: Office, home: str) -> None:
    (first,) = slipped(office, home)["opened"]
    take(office, first, "accepted", household=home)
    close(office, first, home)
    office.now += 170 * DAY_MS
    assert slipped(office, home) == {"climbed": [], "opened": [], "reopened": [first]}
    assert office.json("problems", "round") == {"climbed": [], "opened": [], "reopened": []}
    assert steps_of(office, first)[-1] == "reopened"
    close(office, first, home)
    office.now += 178 * DAY_MS
    (second,) = slipped(office, home)["opened"]
    assert second != first
    assert office.json("problems", "round") == {"climbed": [], "opened": [], "reopened": []}
    assert steps_of(office, second) == ["reported"]


@pytest.mark.parametrize(("days", "again"), [(180, "reopened"), (181, "opened")])
def test_the_hundred_and_eightieth_day_is_the_last_to_reopen(office: Office, home: str, days: int, again: str) -> None:
    (first,) = slipped(office, home)["opened"]
    take(office, first, "accepted", household=home)
    close(office, first, home)
    office.now += (days - 4) * DAY_MS
    assert len(slipped(office, home)[again]) == 1


def test_a_rebound_that_was_dealt_with_is_not_opened_again(office: Office, home: str) -> None:
    (first,) = slipped(office, home)["opened"]
    take(office, first, "accepted", household=home)
    close(office, first, home)
    for _ in range(3):
        office.now += DAY_MS
        assert office.json("problems", "round") == {"climbed": [], "opened": [], "reopened": []}


def test_a_check_of_another_sheet_or_after_ninety_days_is_no_rebound(office: Office, home: str) -> None:
    check(office, home, 0.95)
    office.now += DAY_MS
    check(office, home, 0.5, rubric_version="household-2019.1")
    assert office.json("problems", "round")["opened"] == []
    office.now += 90 * DAY_MS
    check(office, home, 0.5)
    assert office.json("problems", "round")["opened"] == []


def test_a_problem_of_the_round_has_its_number_and_stands_in_the_report(office: Office, home: str) -> None:
    (opened,) = slipped(office, home)["opened"]
    assert office.rows("SELECT number_text FROM kind_problem WHERE id = ?", opened) == [(f"{V1[-3:]}-2018-0001",)]
    total = office.json("report", "problems", "--township", TOWN)["total"]
    assert (total["found"], total["open"]) == (1, 1)
    assert office.json("verify")["ok"]


# --- the night -------------------------------------------------------------------------------------------------------------------


def test_one_township_that_fails_does_not_keep_the_others_from_their_round(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [problem(office, "2018-09-10", village=f"{town}201") for town in ("451422100", OTHER, TOWN)]
    office.now = "2018-10-01T00:00:00"

    def fails_in_the_middle(database: Any, township: str) -> Round:
        if township == OTHER:
            raise RuntimeError("somebody's words")
        return go_round(database, township)

    monkeypatch.setattr(server.schedule, "go_round", fails_in_the_middle)
    rounds(office.database)
    assert [steps_of(office, id_)[-1] for id_ in ids] == ["escalated", "assigned", "escalated"]


def test_a_night_that_fails_is_logged_without_anybodys_words(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    problem(office, "2018-09-10")
    office.now = "2018-10-01T00:00:00"
    said: list[Any] = []
    monkeypatch.setattr(server.schedule.log, "error", lambda *words, **more: said.append((words, more)), raising=False)

    def fails(database: Any, township: str) -> Round:
        raise ValueError("韦敏家的屋顶漏雨")

    monkeypatch.setattr(server.schedule, "go_round", fails)
    rounds(office.database)
    assert said == [(("round_failed",), {"township": TOWN, "error": "ValueError"})]


def test_a_night_without_work_takes_no_lock_and_writes_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    problem(office, "2018-12-10")
    before = office.log()
    database = office.database

    def never(*_: Any) -> Any:
        raise AssertionError("it wanted to write")

    monkeypatch.setattr(database, "write", never)
    rounds(database)
    assert office.log() == before


# --- visits ----------------------------------------------------------------------------------------------------------------------


def test_short_visits_are_listed_with_their_reason_and_without_anybodys_name(office: Office, home: str) -> None:
    waiting = visit(office, home, 20)
    visit(office, home, 30)
    visit(office, home, 20, short_reason=None)
    visit(office, home, 20, mode="phone")
    visit(office, home, 20, guarantees_status=None)
    (listed,) = office.json("visits", "short", "--township", TOWN)["visits"]
    assert listed == {
        "id": waiting, "village": V1, "village_name": "海湾村委会", "household": home, "day": "2018-09-03", "minutes": 20,
        "why": ["short_waiting"], "reason": "下大雨",
    }  # fmt: skip
    printed = office.says("visits", "short", "--township", TOWN)
    assert waiting in printed
    assert "20 分钟" in printed
    assert "共 1 次" in printed
    assert "农" not in printed.replace("农户", "")


def test_an_accepted_visit_counts_and_a_declined_one_does_not(office: Office, home: str) -> None:
    office.json("campaign", "add", "大走访", "--township", TOWN, "--from", "2018-09-01")
    office.now += 60_000
    first, second = visit(office, home, 20), visit(office, home, 15)
    words = ("report", "coverage", "--township", TOWN)
    figures = ("visited", "visits", "short_waiting")
    assert [office.json(*words)["total"][name] for name in figures] == [0, 0, 2]
    assert office.json("visits", "decline", second) == {"visit": second, "short_review": "declined"}
    assert [office.json(*words)["total"][name] for name in figures] == [0, 0, 1]
    assert office.json("visits", "accept", first, "--by", "陈") == {"visit": first, "short_review": "accepted"}
    assert [office.json(*words)["total"][name] for name in figures] == [1, 1, 0]
    assert office.json("visits", "short", "--township", TOWN)["visits"] == []
    assert "保留" in office.says("visits", "decline", first)
    assert [office.json(*words)["total"][name] for name in figures] == [0, 0, 0]
    assert "已认可" in office.says("visits", "accept", first)
    assert office.rows("SELECT count(*) FROM kind_visit") == [(2,)]


def test_two_visits_at_once_wait_for_the_township_too(office: Office, home: str) -> None:
    one = visit(office, home, 40)
    other = write(office, "household", {"head_name": "乙"})
    times = {"started_at": iso(office.now - 30 * 60_000), "ended_at": iso(office.now + 5 * 60_000)}
    two = write(office, "visit", {"mode": "home", "participants": ["农"], **times, **SIX}, household=other)
    office.now += 10 * 60_000
    listed = {told["id"]: told["why"] for told in office.json("visits", "short", "--township", TOWN)["visits"]}
    assert listed == {one: ["overlapping"], two: ["overlapping"]}


def test_a_strict_campaign_leaves_nothing_to_accept(office: Office, home: str) -> None:
    office.json("campaign", "add", "严", "--township", TOWN, "--from", "2018-09-01", "--strict")
    id_ = visit(office, home, 20)
    assert office.json("visits", "short", "--township", TOWN)["visits"] == []
    office.json("visits", "accept", id_)
    assert office.json("report", "coverage", "--township", TOWN)["total"]["visits"] == 0


@pytest.mark.parametrize("word", ["accept", "decline"])
@pytest.mark.parametrize("id_", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_a_visit_that_is_not_there_is_said_in_words(office: Office, word: str, id_: str) -> None:
    assert "没有这条记录" in office.fails("visits", word, id_)
    assert office.log() == []


# --- demo data -------------------------------------------------------------------------------------------------------------------


def test_demo_data_is_refused_where_data_stands_and_leaves_it_alone(office: Office) -> None:
    write(office, "household", {"head_name": "真人"})
    office.now = "2018-12-01T00:00:00"
    before, people = office.log(), office.rows("SELECT * FROM user_account")
    assert TOWN in office.fails("demo-data", "--villages", "1", "--households", "8")
    assert (office.log(), office.rows("SELECT * FROM user_account")) == (before, people)


def test_demo_data_of_a_campaign_that_is_not_over_is_refused(office: Office) -> None:
    office.now = "2018-11-01T00:00:00"
    assert "已过去" in office.fails("demo-data", "--villages", "1", "--households", "8")
    assert office.log() == []


def test_a_county_of_demo_data_can_be_reported_on_at_once(office: Office) -> None:
    office.now = "2018-12-01T00:00:00"
    made = office.json("demo-data", "--villages", "1", "--households", "8", "--days", "21", "--seed", "3")
    assert made["townships"] == [TOWN]
    told = office.json("report", "coverage", "--township", TOWN, "--month", "2018-09")
    assert told["campaign"].endswith("（演示）")
    assert "已有数据" in office.fails("demo-data", "--villages", "1", "--households", "8")
