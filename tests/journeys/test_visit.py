"""What it is for (DESIGN section 1), from the door to the township and back: a real server process, real HTTP, two real phones.

Only the phones' watches are the test's own, so that half an hour passes at once.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile.notebook import Disagreement, Doors, Notebook
from mobile.store import Store
from mobile.syncing import Syncing
from shared.kinds import KINDS
from shared.record import Key
from shared.sync.phone import Offline
from tests.demo import DATA, Office

VILLAGE = "451422103201"
CHECKS = {f"{check}_status": "ok" for check in ("policies", "documents", "morale", "awareness", "satisfaction")}


class Watch:
    """A phone's clock. It stands still unless somebody waits."""

    def __init__(self) -> None:
        self.ms = time.time_ns() // 1_000_000 - 3 * 3_600_000  # this morning

    def wait(self, minutes: float) -> None:
        self.ms += int(minutes * 60_000)


class Phone(Notebook):
    """One person's phone: the notebook, and the line to the township."""

    def __init__(self, folder: Path, watch: Watch, office: Office, code: str) -> None:
        doors = Doors(now=lambda: watch.ms, mono=lambda: watch.ms / 1000, boot_id=lambda: "boot-1")
        super().__init__(Store(folder, ballast_bytes=0), KINDS, doors)
        self.line = Syncing(self.store, KINDS, doors.now)
        self.line.enrol(f"http://127.0.0.1:{office.port}", code, folder.name, "test")
        self.line.once()

    def words(self, kind: str, id_: str) -> dict[str, object]:
        return self.get(kind, id_).record.values


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """The township's office, its server running, the county's villages known, one cadre in charge of a village."""
    office = Office(tmp_path / "office")
    office("upgrade")
    office("areas", "import", str(DATA / "ningming_areas.csv"))
    office("user", "add", "韦干部", "--role", "cadre", "--grant", f"village:{VILLAGE}")
    office.open()
    yield office
    office.kill()


@pytest.mark.slow
def test_one_visit_from_the_door_to_the_township_and_back(office: Office, tmp_path: Path) -> None:
    watch = Watch()

    # A village cadre has a household in his charge; a party member is linked to it.
    wei = Phone(tmp_path / "wei", watch, office, office("enrol", "韦干部")["code"])
    home = wei.doors.new_id()
    wei.write("household", home, {"head_name": "黄大山", "exit_status": "planned", "help_measures": ["road"]})
    wei.line.once()
    office("user", "add", "农党员", "--role", "party_member", "--grant", f"household:{home}")
    nong = Phone(tmp_path / "nong", watch, office, office("enrol", "农党员")["code"])
    assert nong.words("household", home) == wei.words("household", home)

    # The cadre walks to the valley, where there is no signal, sits for half an hour and writes down what he hears.
    office.kill()
    watch.wait(minutes=20)
    visit = wei.start_visit(home).id
    watch.wait(minutes=34)
    _, minutes = wei.finish_visit(
        visit, {**CHECKS, "guarantees_status": "issue", "guarantees_note": "西角漏雨", "participants": ["韦干部"]}
    )
    assert minutes == 34
    wei.write("household", home, {"hamlet": "上屯", "exit_status": "exited", "help_measures": ["road", "house"]})

    # An hour later the party member calls at the same door, and has heard something else.
    watch.wait(minutes=60)
    call = nong.start_visit(home).id
    watch.wait(minutes=8)
    _, minutes = nong.finish_visit(
        call, {"purposes": ["party_link"], "participants": ["农党员"], "summary": "粮食够吃"}
    )
    assert minutes == 8, "a short visit is kept all the same"
    nong.write("household", home, {"water_source": "well", "exit_status": "returned", "help_measures": ["road", "job"]})

    # Each sees their own words at once; without signal nothing is lost.
    for phone, status in ((wei, "exited"), (nong, "returned")):
        with pytest.raises(Offline):
            phone.line.once()
        assert phone.words("household", home)["exit_status"] == status
        assert len(phone.waiting()) == 3

    # Back in the village there is signal: what both wrote is joined field by field.
    office.open()
    for phone in (wei, nong, wei):
        phone.line.once()
    for phone in (wei, nong):
        assert phone.waiting() == []
        assert phone.words("household", home) == {
            "head_name": "黄大山", "hamlet": "上屯", "water_source": "well", "exit_status": "returned",
            "help_measures": ["road", "house", "job"],
        }  # fmt: skip
        assert phone.words("visit", visit)["guarantees_note"] == "西角漏雨"
        assert phone.words("visit", call)["summary"] == "粮食够吃"

    # Where they truly disagree both words stay, both people see it, and it lies before the desk.
    for phone, mine in ((wei, "losing"), (nong, "standing")):
        (one,) = phone.conflicts()
        assert (one.field, one.losing, one.losing_by, one.standing, one.standing_by) == (
            "exit_status", "exited", "韦干部", "returned", "农党员",
        )  # fmt: skip
        assert (list(one.mine), one.status) == ([mine], "open")
    (open_one,) = office("conflicts", "list", "--open")["conflicts"]

    # The desk decides; both writers learn of it and read the same words.
    office("conflicts", "resolve", open_one["id"], "--keep", "losing", "--by", "陆主任")
    for phone in (wei, nong):
        phone.line.once()
        (one,) = phone.conflicts()
        assert told(one) == ("decided", "losing", "exited", "陆主任")
        assert phone.words("household", home)["exit_status"] == "exited"
    assert wei.shown(Key("household", home)) == nong.shown(Key("household", home))
    assert office("conflicts", "list", "--open")["conflicts"] == []
    assert office("verify")["ok"]


def told(one: Disagreement) -> tuple[object, ...]:
    """What a writer reads about the decision."""
    return tuple(one.shown.record.values[name] for name in ("status", "decision", "value", "decided_by"))
