"""What the township's desk does from the command line: list and resolve conflicts, move a household.

Every one of these passes the gate like a phone's change, in the township's own name; the log names the person, and the audit trail has a
row of it. Leaves to others: who may ask for it (the command line is the administrator's), and the same from a browser (`console`).
"""

from typing import Any

from server import audit
from server.access import AccessError, only_township
from server.audit import Actor
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.fields import Field
from shared.grants import TOWNSHIP, Grant
from shared.sync.conflicts import CONFLICT
from shared.sync.gate import Gate, Writer, desk_device


def desk_writer(township: str, by: str, via: str, person: str = "") -> Writer:
    """The desk of a township; `by` is the name the log shall show."""
    grants = (Grant(TOWNSHIP, township),)
    return Writer(desk_device(township), person, by, frozenset({"desk"}), grants, via=via)


def note(store: TownshipStore, by: str, action: str, **about: Any) -> None:
    """A row in the audit trail for what somebody did from the command line, in the store's transaction."""
    audit.write(store, Actor("", by, "command"), action, now_ms(), **about)


def find_township(database: Database, kind: str, id_: str, township: str | None = None) -> str:
    """The township a record lies in (`township`, where it is given). AccessError when there is none, or more than one."""
    with database.engine.connect() as connection:
        return only_township(TownshipStore(database, connection, ""), kind, id_, township)


def list_conflicts(database: Database, open_only: bool = False, township: str | None = None) -> list[dict[str, Any]]:
    """Conflicts of one township or of all, oldest first; quiet, seen and decided ones too unless `open_only`."""
    with database.engine.connect() as connection:
        places = [
            t
            for (t,) in TownshipStore(database, connection, "").sql("SELECT township FROM township_counter ORDER BY 1")
        ]
        listed = []
        for place in [township] if township else places:
            store = TownshipStore(database, connection, place)
            records = store.fill(f"{TOWNSHIP}:{place}", CONFLICT, "", 1_000_000)
            records.sort(key=lambda record: (record.values["losing_stamp"], record.id))
            listed += [(place, record.values, record) for record in records]
    return [
        {
            "id": record.id, "kind": values["about"], "record": values["record"], "field": values["field"],
            "losing": values["losing"], "standing": values["standing"], "status": values["status"],
            "losing_by": values["losing_by"], "standing_by": values["standing_by"], "losing_stamp": values["losing_stamp"],
            "decision": values["decision"], "value": values["value"], "decided_by": values["decided_by"],
            "decided_at": values["decided_at"], "township": place, "village": record.village, "household": record.household,
        }
        for place, values, record in listed
        if not open_only or values["status"] == "open"
    ]  # fmt: skip


def resolve(
    database: Database, conflict: str, values: dict[str, Any], by: str, township: str | None = None
) -> dict[str, Any]:
    """The desk's decision on a conflict; returns the conflict afterwards. AccessError says why it cannot be."""
    township = find_township(database, CONFLICT, conflict, township)

    def work(store: TownshipStore) -> Any:
        gate = Gate(database.kinds, store, now_ms)
        refusal = gate.decide(desk_writer(township, by, "command"), conflict, values)
        if refusal:
            raise AccessError("；".join([refusal.message, *(s for found in refusal.fields.values() for s in found)]))
        gate.close()
        note(
            store, by, "resolve", kind=CONFLICT, record=conflict, details={"decision": values.get("decision", "other")}
        )
        return None

    database.write(township, work)
    return next(row for row in list_conflicts(database, township=township) if row["id"] == conflict)


def conflict_field(database: Database, conflict: str, township: str | None = None) -> Field | None:
    """The field a conflict is about; None when only a newer app knows it."""
    township = find_township(database, CONFLICT, conflict, township)
    row = next(row for row in list_conflicts(database, township=township) if row["id"] == conflict)
    return database.kinds[row["kind"]].fields.get(row["field"])


def move_household(database: Database, household: str, village: str, by: str) -> list[str]:
    """Hand a household, its members and their conflicts to another village of its township; returns the ids moved."""
    township = find_township(database, database.kinds.household, household, village[:9])

    def work(store: TownshipStore) -> list[str]:
        gate = Gate(database.kinds, store, now_ms)
        moved = gate.move(desk_writer(township, by, "move"), household, village)
        gate.close()
        told = {"village": village, "records": len(moved)}
        note(store, by, "move", kind=database.kinds.household, record=household, details=told)
        return [key.id for key in moved]

    try:
        return database.write(township, work)
    except ValueError as error:
        raise AccessError(str(error)) from error
