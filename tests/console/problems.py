"""Problems and their steps, as phones and the desk write them: what the tests of the ledger have in common.

`walk` brings a problem to a state by its usual steps, each by another person. Dates are counted from today. Leaves to others: what is
expected of them.
"""

import uuid
from typing import Any

from server.service import now_ms
from server.store import TownshipStore
from shared.grants import Grant
from shared.hlc import format_stamp
from shared.moments import day_of, days_after, iso
from shared.sync.gate import Gate, Writer
from shared.sync.wire import Sent
from tests.console.browser import TOWN, VILLAGE, Office

CADRE = "韦干部"
OTHER_CADRE = "覃队员"
CLERK = "唐桌员"
WAY: dict[str, tuple[str, str, dict[str, Any]]] = {
    "reported": (CADRE, "village", {}),
    "accepted": (CLERK, "township", {}),
    "assigned": (CLERK, "township", {"unit": "那楠村委会", "person": "黄支书"}),
    "started": (CADRE, "village", {}),
    "fixed": (CADRE, "village", {"proof_note": "已换瓦"}),
    "verified": (OTHER_CADRE, "village", {}),
    "satisfied": (CLERK, "township", {"answer": "yes", "method": "home"}),
}
"""The usual steps in order: by whom, of which tier, and what they say."""


def today(days: int = 0) -> str:
    """The day so many days from now."""
    return days_after(day_of(now_ms()), days)


def home(office: Office, name: str = "韦老三", village: str = VILLAGE, number: str = "0017") -> str:
    id_ = str(uuid.uuid4())
    values = {"head_name": name, "household_no": number, "hamlet": "上屯"}
    return office.write("household", values, village=village, household=id_, id=id_)


def problem(office: Office, village: str = VILLAGE, household: str | None = None, **values: Any) -> str:
    """A problem that was found at a door; nothing has been done about it."""
    found = {
        "source": "visit", "category": "house", "description": "屋顶漏雨", "found_at": iso(now_ms()), "found_by": CADRE,
        "tier": "village", **values,
    }  # fmt: skip
    return office.write("problem", found, village=village, household=household)


def step(office: Office, id_: str, name: str, by: str = CADRE, tier: str = "village", **values: Any) -> str:
    """One step of a problem."""
    said = {"problem": id_, "step": name, "at": iso(now_ms()), "by_name": by, "by_tier": tier, **values}
    about = office.record("problem", id_)
    return office.write("problem_step", said, village=about.village, household=about.household)


def walk(office: Office, id_: str, last: str, due: str = "") -> str:
    """Take the usual steps up to and with `last`; returns the problem's id."""
    household = office.record("problem", id_).household
    for name, (by, tier, values) in WAY.items():
        said = dict(values)
        if name == "assigned":
            said["due_date"] = due or today(20)
        if name == "satisfied" and household is None:
            said |= {"method": "representatives", "witnesses": ["甲", "乙", "丙"]}
        step(office, id_, name, by, tier, **said)
        if name == last:
            return id_
    raise ValueError(last)


def by_phone(office: Office, id_: str, name: str, ahead_ms: int, **values: Any) -> None:
    """A step that a phone sends whose clock runs ahead of the township's."""
    about = office.record("problem", id_)
    person, grants = _person(office, CADRE)

    def work(store: TownshipStore) -> None:
        writer = Writer("phone-1", person, CADRE, frozenset({"cadre"}), grants)
        store.adopt_device("phone-1", person)
        gate = Gate(office.database.kinds, store, now_ms)
        at = now_ms() + ahead_ms
        said = {"problem": id_, "step": name, "at": iso(at), "by_name": CADRE, "by_tier": "village", **values}
        number = store.numbers(["phone-1"])["phone-1"]
        stamp = format_stamp(at, 0, "phone-1")
        sent = Sent(number, stamp, "problem_step", str(uuid.uuid4()), about.village, about.household, said)
        taken = gate.admit([sent], writer)
        assert not taken.refused, taken.refused
        assert not taken.restamped, "its clock is still believable"
        gate.close()

    office.database.write(TOWN, work)


def _person(office: Office, name: str) -> tuple[str, Any]:
    with office.database.read(TOWN) as store:
        ((id_,),) = store.sql("SELECT id FROM user_account WHERE name = ?", name)
    return str(id_), (Grant.read(f"village:{VILLAGE}"),)
