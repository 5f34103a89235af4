"""The due list of a phone that holds 2,000 households: computed from its own store, aim 100 ms (`python -m bench.due`).

A store as a cadre in charge of four villages has it, and fuller: every household visited in the campaign (one in three must be), five members,
problems with their steps, clean-up checks, party links with their contact visits; then with two visits each. Compared in one run with reading
every whole document, which is what the short forms spare.
"""

import argparse
import random
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median

from bench.machine import describe
from mobile.duties import Duties
from mobile.notebook import Doors, Notebook
from mobile.store import Store
from shared.hlc import format_stamp
from shared.kinds import KINDS
from shared.moments import iso
from shared.record import Record
from shared.rules.due import NEEDS
from shared.sync.phone import Enrolment

START = 1_535_731_200_000  # 2018-09-01 in Shanghai
DAY = 86_400_000
AIM_MS = 100
VILLAGES = [f"4514221032{n:02}" for n in range(1, 5)]
ME = "韦敏"


def fill(store: Store, households: int, visits: int) -> None:
    """A store in mid-campaign, from one seed."""
    chance = random.Random(7)

    def new() -> str:
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    def record(kind: str, village: str, household: str | None, written: int, /, **values: object) -> Record:
        stamp = format_stamp(written, 0, "phone1")
        told = {name: value for name, value in values.items() if value is not None}
        unions = KINDS[kind].unions
        stamps = {n: {e: [stamp] for e in v} if n in unions else stamp for n, v in told.items()}  # type: ignore[attr-defined]
        return Record(kind, new(), village, household, told, stamps)

    checks = {
        f"{name}_status": "ok"
        for name in ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")
    }
    answers = {f"awareness_{n}": "knows" for n in ("helper", "register", "policies", "income", "standard")}
    records: list[Record] = [
        record("campaign", "", None, START, name="大走访", starts_on="2018-09-01", ends_on="2018-10-31", state="running",
               must_visit=["registered_poor", "low_allowance", "disabled", "key", "borderline", "removed"]),
    ]  # fmt: skip
    records[0].village = None
    for number in range(households):
        village = VILLAGES[number % len(VILLAGES)]
        home = record(
            "household", village, None, START - DAY, head_name=f"户{number}", household_no=f"{number}", hamlet=f"屯{number % 30}",
            categories=[chance.choice(["registered_poor", "low_allowance", "disabled", "general", "key"])],
            phone="13800000000", house_structure="brick_concrete", water_source="piped", paddy_mu=3.0, remark="路边第三家",
        )  # fmt: skip
        records.append(home)
        records += [
            record("member", village, home.id, START - DAY, name=f"人{n}", sex="male", relation="son", birth_date="1990-01-01",
                   labour="ordinary", work_place="county", work_months=6, health=["healthy"])
            for n in range(5)
        ]  # fmt: skip
        for _ in range(visits):
            at = START + chance.randrange(25) * DAY + chance.randrange(30_000_000)
            minutes = chance.choice([20, 31, 35, 40, 50])
            records.append(
                record(
                    "visit", village, home.id, at + 3_600_000, purposes=["campaign"], mode="home", started_at=iso(at),
                    ended_at=iso(at + minutes * 60_000), started_mono=100.0, ended_mono=100.0 + minutes * 60,
                    participants=[f"干部{chance.randrange(24)}"], requests="想修路", summary="家里都好，孩子在县城读书", **checks, **answers,
                )
            )  # fmt: skip
        if number % 4 == 0:
            records.append(
                record("cleanup_check", village, home.id, START + DAY, target="household", rubric_version="household-2018.1",
                       checker="某", checked_at=iso(START + DAY), e1_house=18, e2_yard=15, e3_weeds=10,
                       e4_rubbish=chance.choice([5, 18]), e5_kitchen=8, e6_toilet=8, e7_animals=4)
            )  # fmt: skip
        if number % 20 == 0:
            link = record("party_link", village, home.id, START, party_member=ME, from_date="2018-01-01")
            records.append(link)
            records.append(record("contact_visit", village, home.id, START + DAY, link=link.id, mode="home",
                                  started_at=iso(START + DAY), participants=[ME]))  # fmt: skip
        if number % 10 == 0:
            problem = record("problem", village, home.id, START, source="visit", category="water", description="缺水",
                             found_at=iso(START), number_text=f"{village[-3:]}-2018-{number:04}")  # fmt: skip
            records.append(problem)
            for place, step in enumerate(["reported", "accepted", "assigned", "started", "fixed"][: 1 + number % 5]):
                records.append(
                    record("problem_step", village, home.id, START + place * 1000, problem=problem.id, step=step,
                           at=iso(START + place * 1000), by_name="某", unit="村委会", person=ME, due_date="2018-09-20",
                           proof_note="修好了")
                )  # fmt: skip
    store.together(lambda: store.keep(records))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.due", description="手机待办清单的速度 / the speed of the due list"
    )
    parser.add_argument("--households", type=int, default=2000, help="户数 / households")
    parser.add_argument("--runs", type=int, default=9)
    given = parser.parse_args()
    print(f"机器 / machine: {describe()}")
    measure_all(given.households, given.runs)
    return 0


def measure_all(households: int = 2000, runs: int = 9) -> None:
    """The list with one visit a household, and with two."""
    for visits in (1, 2):
        measure(households, visits, runs)


def measure(households: int, visits: int, runs: int) -> None:
    """One store: the list, and beside it the reading of every whole document, `runs` times in turn."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), ballast_bytes=0)
        fill(store, households, visits)

        def enrol() -> None:
            user = {"id": "1", "name": ME, "roles": ["cadre"]}
            store.set_enrolment(Enrolment("", "phone1", "", "451422103", user, {}, ["phone1"]))
            names = {f"village:{village}": 1 for village in VILLAGES}
            store.set_grants(names, names)

        store.together(enrol)
        now = START + 26 * DAY
        duties = Duties(Notebook(store, KINDS, Doors(now=lambda: now)))
        whole, listing, places = [], [], 0
        for _ in range(runs):
            began = time.perf_counter()
            places = len(duties.due().places)
            listing.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            for kind in NEEDS:
                store.copies(kind)
            whole.append((time.perf_counter() - began) * 1000)
        store.close()
    middle = median(listing)
    verdict = "ok" if middle <= AIM_MS else "MISSED"
    print(f"  {households} households, {visits} visits each, {places} places due")
    print(
        f"    due list              {middle:6.0f} ms (min {min(listing):.0f}, max {max(listing):.0f}), aim {AIM_MS}: {verdict}"
    )
    print(f"    whole documents, read {median(whole):6.0f} ms: {median(whole) / middle:.1f} times as long")


if __name__ == "__main__":
    raise SystemExit(main())
