"""What a township's desk writes in these tests: records through the one gate at the test's own time, a problem's way through the ledger,
a household that slipped back.
"""

import uuid
from typing import Any

from server.acts.campaigns import add_campaign
from server.acts.desk import desk_writer
from server.acts.ledger import go_round
from server.reports.cleanup import cleanup_report
from server.reports.contact import contact_report
from server.reports.coverage import coverage_report
from server.reports.problems import problems_report
from server.store import TownshipStore
from shared.moments import DAY_MS, iso
from shared.sync.gate import Gate
from tests.reports.conftest import Office
from tests.sync.world import TOWN, V1

HOUSE = {"e1_house": 20, "e2_yard": 20, "e3_weeds": 15, "e4_rubbish": 20, "e5_kitchen": 10, "e6_toilet": 10, "e7_animals": 5}  # fmt: skip
VILLAGE = {"w1_rules": 9, "w2_cleaners": 8, "w3_bins": 18, "w4_stacks": 15, "w5_roads": 10, "w6_ditches": 15, "w7_toilets": 15, "w8_yards": 10}  # fmt: skip
SIX = {f"{name}_status": "ok" for name in ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")}  # fmt: skip


def write(
    office: Office, kind: str, values: dict[str, Any], id_: str = "", village: str | None = V1, household: str | None = None
) -> str:  # fmt: skip
    """A record or a change as the desk would write it now."""
    id_ = id_ or str(uuid.uuid4())
    town = (village or TOWN)[:9]

    def work(store: TownshipStore) -> None:
        gate = Gate(office.database.kinds, store, lambda: office.now)
        row = gate.write(
            desk_writer(town, "陈", "console"), kind, id_, values, village=village, household=household
        )  # fmt: skip
        assert row.refusal is None, row.refusal
        gate.close()

    office.database.write(town, work)
    return id_


def problem(office: Office, due: str, village: str = V1, tier: str = "village") -> str:
    """A problem that was handed to somebody, until a day."""
    id_ = write(office, "problem", {"category": "infra", "found_at": iso(office.now), "tier": tier}, village=village)
    for step, more in (
        ("reported", {}),
        ("accepted", {}),
        ("assigned", {"unit": "村委会", "person": "农", "due_date": due}),
    ):
        take(office, id_, step, village=village, **more)
    return id_


def take(office: Office, problem: str, step: str, village: str = V1, household: str | None = None, **more: Any) -> str:
    values = {"problem": problem, "step": step, "at": iso(office.now), "by_name": "陈", "by_tier": "township"} | more
    return write(office, "problem_step", values, village=village, household=household)


def close(office: Office, problem: str, household: str) -> None:
    """Through all three gates, from wherever it stands open."""
    take(
        office, problem, "assigned", household=household, unit="村委会", person="农", due_date="2030-01-01", by_name="陆"
    )  # fmt: skip
    take(office, problem, "fixed", household=household, proof_note="已清理", by_name="农", by_tier="village")
    take(office, problem, "verified", household=household, by_name="黄")
    take(office, problem, "satisfied", household=household, by_name="陆", answer="yes", method="home")


def check(office: Office, household: str, share: float, **more: Any) -> str:
    """A clean-up check of a household, with this share of every full mark."""
    marks = {name: full * share for name, full in HOUSE.items()}
    values = {
        "target": "household",
        "rubric_version": "household-2018.1",
        "checked_at": iso(office.now),
        "checker": "农",
    }
    return write(office, "cleanup_check", values | marks | more, household=household)


def steps_of(office: Office, problem: str) -> list[str]:
    rows = office.rows("SELECT step FROM kind_problem_step WHERE problem = ? ORDER BY stamp", problem)
    return [step for (step,) in rows]


def slipped(office: Office, home: str, share: float = 0.6) -> dict[str, list[str]]:
    """It was good, three days later it is not; the next night's round."""
    check(office, home, 0.95)
    office.now += 3 * DAY_MS
    check(office, home, share)
    office.now += DAY_MS
    return night(office)


def visit(office: Office, home: str, minutes: int = 20, village: str = V1, **more: Any) -> str:
    """A visit of so many minutes that ended just now."""
    times = {"started_at": iso(office.now - minutes * 60_000), "ended_at": iso(office.now)}
    values = {"mode": "home", "purposes": ["campaign"], "participants": ["农"], "short_reason": "下大雨"}
    id_ = write(office, "visit", {**values, **times, **SIX, **more}, village=village, household=home)
    office.now += 60_000
    return id_


# --- what the township asks, without the command line's detour -------------------------------------------------------------------


def report(office: Office, name: str, month: str | None = None) -> dict[str, Any]:
    """What a report says now, as JSON."""
    with office.database.read(TOWN) as store:
        if name == "coverage":
            return coverage_report(store, office.database.kinds, office.now, month).as_json()
        ask = {"contact": contact_report, "cleanup": cleanup_report, "problems": problems_report}[name]
        return ask(store, office.now, month).as_json()


def total(office: Office, name: str, month: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = report(office, name, month)["total"]
    return found


def begin(office: Office, starts_on: str = "2018-09-01", ends_on: str | None = None) -> str:
    """A campaign, its roster frozen now; a second passes before and after."""
    office.now += 1000
    id_ = add_campaign(office.database, TOWN, "大走访", starts_on=starts_on, ends_on=ends_on, strict=False, by="陈")
    office.now += 1000
    return id_


def night(office: Office) -> dict[str, list[str]]:
    """A round of the township now."""
    return go_round(office.database, TOWN).as_json()
