"""What the rules tell a person with a phone, from the phone's own store: due, odd, how a problem stands, which step can be taken."""

import sqlite3
from typing import Any

import pytest

from mobile.duties import Duties, StepNotNow
from mobile.notebook import Doors, NoSuchRecord, Notebook
from mobile.store import Store
from mobile.visits import Reading, ending, pausing, resuming
from shared.kinds import KINDS
from shared.rules.due import NEEDS
from shared.rules.policy import preset
from tests.mobile.township import VILLAGE, Phone

CHECKS = {f"{n}_status": "ok" for n in ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")}
CAMPAIGN = {"name": "大走访", "starts_on": "2018-09-01", "ends_on": "2018-09-30", "state": "running",
            "must_visit": ["registered_poor", "low_allowance"]}  # fmt: skip
MOMENT = "2018-09-03T08:15:00+08:00"


@pytest.fixture
def duties(phone: Phone) -> Duties:
    phone.write("campaign", None, None, **CAMPAIGN)
    return Duties(phone.notebook)


def house(phone: Phone, **more: Any) -> str:
    return phone.write("household", None, head_name="韦大山", **{"categories": ["registered_poor"], **more}).id


def sit(phone: Phone, home: str, minutes: int, **more: Any) -> str:
    """A visit on the third of September."""
    end = f"2018-09-03T{8 + (15 + minutes) // 60:02}:{(15 + minutes) % 60:02}:00+08:00"
    values = {"purposes": ["campaign"], "mode": "home", "started_at": MOMENT, "ended_at": end, "participants": ["韦一"]}
    written = phone.notebook.write("visit", None, {**values, **CHECKS, **more}, household=home)
    assert written
    return written.id


def ready(phone: Phone, duties: Duties) -> list[tuple[str | None, list[tuple[str, bool]]]]:
    """The list as (household, [(sort, mine)]), once the first fill is complete."""
    phone.syncing.once()
    return [(place.household, [(due.sort, due.mine) for due in place.due]) for place in duties.due().places]


# --- what is due -------------------------------------------------------------------------------------------------------


def test_nothing_is_listed_before_the_first_fill_and_the_list_says_so(phone: Phone, duties: Duties) -> None:
    home = house(phone)
    phone.store.together(lambda: phone.store.set_grants({f"village:{VILLAGE}": None}, []))
    assert (duties.due().places, duties.due().filling) == ([], [f"village:{VILLAGE}"])
    assert ready(phone, duties) == [(home, [("visit", True)])]
    assert duties.due().filling == []


def test_a_household_that_must_be_visited_is_due_until_a_visit_counts(phone: Phone, duties: Duties) -> None:
    home = house(phone)
    house(phone, categories=["general"])
    assert ready(phone, duties) == [(home, [("visit", True)])]
    (place,) = duties.due().places
    assert (place.due[0].until, place.due[0].why.zh) == ("2018-09-30", "贫困户：还没有走访")
    sit(phone, home, 30)
    assert ready(phone, duties) == []


def test_words_not_yet_sent_count_at_once(phone: Phone, duties: Duties) -> None:
    home = house(phone)
    assert ready(phone, duties) == [(home, [("visit", True)])]
    sit(phone, home, 45)
    assert duties.due().places == []


def test_a_short_visit_asks_for_its_reason_and_then_waits_for_the_township(phone: Phone, duties: Duties) -> None:
    home = house(phone)
    visit = sit(phone, home, 29)
    ready(phone, duties)
    (due,) = duties.due().places[0].due
    assert (due.record, due.why.zh) == (visit, "时间不足，请写明原因")
    phone.notebook.write("visit", visit, {"short_reason": "户主要出工"})
    assert duties.due().places == []


def test_who_was_not_home_three_times_is_to_be_telephoned(phone: Phone, duties: Duties) -> None:
    home = house(phone)
    for _ in range(3):
        sit(phone, home, 1, mode="not_home")
    ready(phone, duties)
    assert "3次家中无人" in duties.due().places[0].due[0].why.zh


def test_open_problems_of_a_household_come_first_and_say_whether_they_wait_for_me(phone: Phone, duties: Duties) -> None:
    home = house(phone)
    problem = phone.write("problem", None, category="water", found_at=MOMENT)
    phone.notebook.write("problem", None, {"category": "house", "found_at": MOMENT}, household=home)
    assert problem
    assert ready(phone, duties) == [(home, [("problem", False), ("visit", True)])]


def test_a_linked_household_is_due_until_the_month_is_done(phone: Phone, duties: Duties) -> None:
    home = house(phone, categories=["general"])
    values = {"party_member": "韦一", "from_date": "2018-01-01"}
    link = phone.notebook.write("party_link", None, values, household=home)
    assert link
    assert ready(phone, duties) == [(home, [("contact", True)])]
    for day in ("01", "02"):
        call = {
            "link": link.id,
            "mode": "home",
            "started_at": f"2018-09-{day}T09:00:00+08:00",
            "participants": ["韦一"],
        }
        phone.notebook.write("contact_visit", None, call, household=home)
    assert duties.due().places == []


def test_a_place_that_failed_its_check_is_to_be_looked_at_again(phone: Phone, duties: Duties) -> None:
    scores = dict.fromkeys((n for n in KINDS["cleanup_check"].fields if n.startswith("w") and "_" in n), 1.0)
    phone.write("cleanup_check", None, target="village", rubric_version="village-2018.1", checked_at=MOMENT, **scores)
    assert ready(phone, duties) == [(None, [("cleanup", True)])]


# --- under which policy ------------------------------------------------------------------------------------------------


def test_a_new_record_is_marked_with_the_policy_in_force(phone: Phone) -> None:
    before = sit(phone, house(phone), 30)
    phone.write("policy", None, None, name="宁明", version="宁明2018-1", preset="five_campaigns_2018",
                effective_from="2018-01-01", minimum_minutes=20)  # fmt: skip
    after = sit(phone, house(phone), 30)
    assert [phone.values("visit", id_)["policy_version"] for id_ in (before, after)] == ["2018.1", "宁明2018-1"]
    assert "policy_version" not in phone.values("household", house(phone))


def test_a_county_that_asks_for_twenty_minutes_gets_twenty(phone: Phone, duties: Duties) -> None:
    phone.write(
        "policy", None, None, name="宁明", version="宁明2018-1", effective_from="2018-01-01", minimum_minutes=20
    )
    assert not duties.visit(sit(phone, house(phone), 20)).is_short
    assert duties.visit(sit(phone, house(phone), 19)).is_short


# --- the timer ---------------------------------------------------------------------------------------------------------


class Body:
    """A phone whose clocks move only when told."""

    def __init__(self) -> None:
        self.wall, self.mono = 1_535_940_900_000, 1000.0

    def wait(self, minutes: float) -> None:
        self.wall += int(minutes * 60_000)
        self.mono += minutes * 60

    def notebook(self, phone: Phone) -> Notebook:
        return Notebook(phone.store, KINDS, Doors(lambda: self.wall, lambda: self.mono, lambda: "boot-1"))


def test_a_pause_that_was_pressed_is_taken_off(phone: Phone) -> None:
    body = Body()
    notebook = body.notebook(phone)
    visit = notebook.start_visit(house(phone)).id
    body.wait(20)
    notebook.pause_visit(visit)
    assert notebook.pause_visit(visit) is None
    body.wait(15)
    notebook.resume_visit(visit)
    assert notebook.resume_visit(visit) is None
    body.wait(10)
    assert notebook.finish_visit(visit, {})[1] == 30


def test_a_pause_still_running_ends_with_the_visit(phone: Phone) -> None:
    body = Body()
    notebook = body.notebook(phone)
    visit = notebook.start_visit(house(phone)).id
    body.wait(20)
    notebook.pause_visit(visit)
    body.wait(60)
    assert notebook.finish_visit(visit, {})[1] == 20
    assert notebook.get("visit", visit).record.values["pauses"][0]["to_mono"] == 1000.0 + 80 * 60


@pytest.mark.parametrize("odd", [{}, {"from": 5, "to": None}, {"停": 1}])
def test_a_visit_with_an_odd_pause_can_still_be_paused_and_ended(phone: Phone, odd: dict[str, Any]) -> None:
    body = Body()
    notebook = body.notebook(phone)
    visit = notebook.start_visit(house(phone)).id
    notebook.write("visit", visit, {"pauses": [odd]})
    body.wait(31)
    assert notebook.resume_visit(visit) is None
    assert notebook.pause_visit(visit) is not None
    assert notebook.finish_visit(visit, {})[1] == 31


@pytest.mark.parametrize("odd", [None, 5, "停", []])
def test_no_pause_however_odd_keeps_the_timer_from_ending(odd: Any) -> None:
    begun = {"started_at": MOMENT, "started_mono": 1.0, "boot_id": "b", "pauses": [odd]}
    reading = Reading(1_535_940_900_000, 61.0, "b")
    assert resuming(begun, reading) == {}
    assert "pauses" in pausing(begun, reading)
    assert ending(begun, reading, preset().visit)["ended_mono"] == 61.0


def test_the_visitor_is_written_with_the_start(phone: Phone) -> None:
    visit = phone.notebook.start_visit(house(phone)).id
    assert phone.values("visit", visit)["participants"] == ["韦一"]


def test_an_open_visit_asks_after_four_hours_and_closes_after_twelve(phone: Phone) -> None:
    body = Body()
    duties = Duties(body.notebook(phone))
    visit = duties.notebook.start_visit(house(phone)).id
    asked = []
    for minutes in (239, 2, 478, 2):
        body.wait(minutes)
        asked.append([entry.id for entry in duties.lying_open()])
    assert asked == [[], [visit], [visit], []]
    values = phone.values("visit", visit)
    assert (values["clock_flag"], values["ended_at"]) == ("auto_closed", "2018-09-03T22:15:00+08:00")
    assert "auto_closed" in duties.visit(visit).why


# --- the ledger --------------------------------------------------------------------------------------------------------


def test_a_step_is_signed_by_the_phones_owner_and_moves_the_problem(phone: Phone, duties: Duties) -> None:
    problem = phone.write("problem", None, category="water", found_at=MOMENT).id
    written, now = duties.take_step(problem, "reported", {})
    assert (written.set["by_name"], written.set["by_tier"], now.standing.state) == ("韦一", "village", "reported")
    _, now = duties.take_step(problem, "fixed", {"proof_note": "修好了"})
    assert now.standing.state == "fixed"


def test_a_step_that_would_not_be_effective_is_not_written_and_the_reason_is_told(phone: Phone, duties: Duties) -> None:
    problem = phone.write("problem", None, category="water", found_at=MOMENT).id
    duties.take_step(problem, "fixed", {"proof_note": "修好了"})
    waiting = len(phone.notebook.waiting())
    for step, values, reason in (
        ("verified", {}, "不能由整改人自己核验"),
        ("satisfied", {"answer": "yes"}, "不能办理这一步"),
        ("gate_failed", {}, "没有写原因"),
        ("struck_off", {}, "没有这个办理环节"),
    ):
        with pytest.raises(StepNotNow, match=reason):
            duties.take_step(problem, step, values)
    assert len(phone.notebook.waiting()) == waiting


def test_a_problem_shows_a_temporary_number_until_the_township_gave_one(phone: Phone, duties: Duties) -> None:
    problem = phone.write("problem", None, category="water", found_at=MOMENT).id
    assert duties.problem(problem).number == f"临{problem[-4:].upper()}"
    phone.syncing.once()
    phone.township.written_by_others("problem", problem, {"number_text": "201-2018-0007"})
    phone.syncing.once()
    assert duties.problem(problem).number == "201-2018-0007"
    with pytest.raises(NoSuchRecord):
        duties.problem("0190a8a0-0000-7000-8000-000000000000")


# --- what looks odd ----------------------------------------------------------------------------------------------------


def test_what_looks_odd_is_told_and_saved_all_the_same(phone: Phone, duties: Duties) -> None:
    home = house(phone, needs=["job", "skill", "loan", "water"])
    son = phone.notebook.write(
        "member", None, {"name": "韦小山", "relation": "son", "sex": "female", "labour": "skilled", "birth_date": "2010-01-01"},
        household=home,
    )  # fmt: skip
    assert son
    told = {(entry.id, finding.code) for entry, finding in duties.oddities(home)}
    assert told >= {(home, "too_many"), (home, "no_head"), (son.id, "relation_sex"), (son.id, "young_labour")}
    assert phone.values("household", home)["needs"] == ["job", "skill", "loan", "water"]


# --- the short forms the rules read ------------------------------------------------------------------------------------


def test_a_profile_of_an_earlier_app_learns_the_short_forms_when_it_is_opened(phone: Phone) -> None:
    home = house(phone)
    phone.syncing.once()
    phone.syncing.once()
    folder = phone.store.folder
    phone.store.close()
    connection = sqlite3.connect(folder / "phone.sqlite3")
    connection.executescript(
        "DROP TABLE photos; DROP TABLE briefs; DELETE FROM facts WHERE name = 'briefs'; PRAGMA user_version = 1;"
    )
    connection.close()
    again = Store(folder, 0)
    assert [entry.id for entry in again.briefs("household")] == [home]
    again.close()


def test_the_short_forms_are_made_anew_when_the_rules_need_another_field(phone: Phone) -> None:
    house(phone, remark="路边")
    phone.syncing.once()
    phone.syncing.once()
    folder = phone.store.folder
    phone.store.close()
    again = Store(folder, 0, needs={**NEEDS, "household": frozenset({"remark"})})
    assert [entry.values for entry in again.briefs("household")] == [{"remark": "路边"}]
    again.close()


def test_what_was_removed_is_no_longer_read(phone: Phone) -> None:
    gone, left, here = house(phone), house(phone), house(phone)
    phone.syncing.once()
    phone.notebook.write("household", gone, {"removed": True})
    assert {entry.id for entry in phone.notebook.entries("household")} == {left, here}
    phone.syncing.once()
    assert {entry.id for entry in phone.notebook.entries("household")} == {left, here}
    assert {entry.id for entry in phone.store.briefs("household")} == {left, here}


def test_short_forms_hold_no_secret_field() -> None:
    assert all(not KINDS[kind].secrets & names for kind, names in NEEDS.items())
    assert all(names <= KINDS[kind].fields.keys() for kind, names in NEEDS.items())
