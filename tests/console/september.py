"""A September in two villages of the office's township: a little of everything that the overview and the reports count, and the day it is.

The first village has more of everything, so that no figure of one can be taken for the other's. Leaves to others: what a page makes of it.
"""

import sys
from typing import Any

import pytest

from server.acts.campaigns import add_campaign
from server.reports.overview import gather, reports_of
from server.reports.report import Places, Report
from server.store import TownshipStore
from shared.moments import milliseconds
from tests.console.browser import SECOND_VILLAGE, TOWN, VILLAGE, Office

TODAY = "2018-09-20"
MONTH = TODAY[:7]
SIX = {
    f"{name}_status": "ok" for name in ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")
}
FULL = {
    "e1_house": 20,
    "e2_yard": 20,
    "e3_weeds": 15,
    "e4_rubbish": 20,
    "e5_kitchen": 10,
    "e6_toilet": 10,
    "e7_animals": 5,
}
DAY_MS = 86_400_000


class September:
    """The office on the twentieth, its clock in the test's hand."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.office = office
        self.now = milliseconds(f"{TODAY}T10:00:00+08:00")
        for name, module in list(sys.modules.items()):
            if name.startswith(("server.", "tests.console.browser")) and "now_ms" in vars(module):
                monkeypatch.setattr(module, "now_ms", lambda: self.now)

    def fill(self) -> None:
        """Village by village: six and three to visit, of them four and one visited, …"""
        for village, homes, visited in ((VILLAGE, 6, 4), (SECOND_VILLAGE, 3, 1)):
            ids = [self.home(village, "key" if place else "disabled") for place in range(homes)]
            self.home(village, "general")
            for place, id_ in enumerate(ids[:visited]):
                self.visit(village, id_, f"2018-09-{place + 3:02d}")
            self.visit(village, ids[-1], "2018-09-03", mode="phone")
            self.write("party_link", village, ids[0], party_member="农", from_date="2018-01-01")
            for day in ("2018-09-04", "2018-09-11")[: visited // 2]:
                self.write(
                    "contact_visit",
                    village,
                    ids[0],
                    mode="home",
                    started_at=f"{day}T15:00:00+08:00",
                    participants=["农"],
                )
            for day, share in (("2018-09-05", 1.0), ("2018-09-15", 0.5))[:visited]:
                marks = {name: full * share for name, full in FULL.items()}
                self.write(
                    "cleanup_check", village, ids[0], target="household", rubric_version="household-2018.1",
                    checked_at=f"{day}T09:00:00+08:00", checker="农", **marks,
                )  # fmt: skip
            for _ in range(visited):
                self.problem(village, ids[0], "2018-09-10")

    def name(self, village: str) -> str:
        with self.office.database.read(TOWN) as store:
            return store.villages()[village]

    def home(self, village: str, category: str) -> str:
        return self.write("household", village, None, head_name="甲", categories=[category])

    def visit(self, village: str, home: str, day: str, **more: Any) -> str:
        times = {"started_at": f"{day}T09:00:00+08:00", "ended_at": f"{day}T09:40:00+08:00"}
        values = {"mode": "home", "purposes": ["campaign"], "participants": [f"村干部{home[-6:]}"], **times, **SIX}
        return self.write("visit", village, home, **values | more)

    def problem(self, village: str, home: str, due: str) -> str:
        id_ = self.write(
            "problem",
            village,
            home,
            category="infra",
            found_at="2018-09-02T10:00:00+08:00",
            tier="village",
            description="路",
        )
        steps: list[tuple[str, dict[str, Any]]] = [
            ("reported", {}), ("accepted", {}), ("assigned", {"unit": "村委会", "person": "农", "due_date": due}),
        ]  # fmt: skip
        for minute, (step, more) in enumerate(steps):
            told = {
                "problem": id_,
                "step": step,
                "at": f"2018-09-02T11:{minute:02d}:00+08:00",
                "by_name": "陈",
                "by_tier": "township",
            }
            self.write("problem_step", village, home, **told, **more)
        return id_

    def write(self, kind: str, village: str, home: str | None, **values: Any) -> str:
        return self.office.write(kind, values, village, home)

    def campaign(self, name: str, starts_on: str) -> str:
        return add_campaign(self.office.database, TOWN, name, starts_on=starts_on, ends_on=None, strict=False, by="陈")

    def phone(self, id_: str, person: str, days: int) -> None:
        """A phone that was last here so many days ago."""
        with self.office.database.transaction() as connection:
            TownshipStore(self.office.database, connection, TOWN).sql(
                "INSERT INTO device (township, id, person, name, platform, app, token_hash, next_number, enrolled_at, seen_at, waiting)"
                " SELECT ?, ?, id, '', '', '', ?, 1, ?, ?, 0 FROM user_account WHERE name = ?",
                TOWN, id_, id_, self.now - 90 * DAY_MS, self.now - days * DAY_MS, person,
            )  # fmt: skip

    def reports(self, *villages: str) -> dict[str, Report]:
        """What the four reports say of the month, of these villages or of all."""
        database = self.office.database
        with database.read(TOWN) as store:
            names = {code: name for code, name in sorted(store.villages().items()) if not villages or code in villages}
            return reports_of(gather(store, database.kinds, self.now, MONTH), Places(names, not villages))


@pytest.fixture
def september(office: Office, monkeypatch: pytest.MonkeyPatch) -> September:
    made = September(office, monkeypatch)
    made.fill()
    return made
