"""Conflict rows: who was overwritten unseen, by what, and what the desk decided.

A conflict is a record that only the township makes, keyed by (record, field, losing stamp), so the same disagreement is never
listed twice. Its standing side is read from the record each time. Promises: a row once made stays; when a later write turns out to
have seen the loser, its status says `seen`. Leaves to others: finding the losers (`merge.fold`), writing rows (the gate).
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.hlc import device_of
from shared.kind import Kind
from shared.merge import DESK, Lost, born_status, same
from shared.moments import iso
from shared.ports import Logged
from shared.record import Record
from shared.sync.wire import Refusal, invalid

CONFLICT = "conflict"
_NAMESPACE = uuid.UUID("6f1b0c52-6f0a-5b5e-9a54-0d1c7a2e4d11")
_UNSETTLED = ("quiet", "open")


def conflict_id(kind: str, record: str, field: str, losing_stamp: str) -> str:
    """The id that names a conflict wherever it is computed: UUIDv5 of its key."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{record}/{field}/{losing_stamp}"))


def refresh_conflicts(
    kind: Kind,
    record: Record,
    lost: Iterable[Lost],
    known: Iterable[Record],
    history: Sequence[Logged],
    tick: Callable[[], str],
) -> list[Record]:
    """Bring a record's conflict rows in line with its losers; returns the rows that are new or differ."""
    rows = {row.id: row for row in known}
    writers = {row.stamp: row.by for row in history}
    changed: list[Record] = []
    listed: set[str] = set()
    for loser in lost:
        id_ = conflict_id(kind.name, record.id, loser.field, loser.stamp)
        if id_ in listed:
            continue
        listed.add(id_)
        row = rows.get(id_)
        fresh = standing_side(record, loser.field, writers)
        if row is None:
            row = Record(CONFLICT, id_, record.village, record.id if kind.is_household else record.household)
            fresh |= _losing(kind, record, loser, writers)
        elif row.values["status"] == "seen":
            fresh["status"] = born_status(kind, loser.field)
        if _put(row, fresh, tick):
            changed.append(row)
    for row in rows.values():
        if row.id in listed or row.values["status"] not in _UNSETTLED:
            continue
        fresh = standing_side(record, row.values["field"], writers)
        asked_for = not device_of(row.stamps["status"]).startswith(
            DESK
        )  # a writer wants it looked at: so it stays open
        if row.values.get("decision") is None and not asked_for:
            fresh["status"] = "seen"
        if _put(row, fresh, tick):
            changed.append(row)
    return changed


def _losing(kind: Kind, record: Record, loser: Lost, writers: dict[str, str]) -> dict[str, Any]:
    return {
        "about": kind.name,
        "record": record.id,
        "field": loser.field,
        "losing": loser.value,
        "losing_stamp": loser.stamp,
        "losing_by": writers.get(loser.stamp),
        "status": born_status(kind, loser.field),
        "decision": None,
        "value": None,
        "decided_by": None,
        "decided_at": None,
    }


def standing_side(record: Record, field: str, writers: dict[str, str]) -> dict[str, Any]:
    """The standing side as a conflict tells it: value and writer's name."""
    stamp = record.stamps.get(field)
    return {
        "standing": record.values.get(field),
        "standing_by": writers.get(stamp) if isinstance(stamp, str) else None,
    }


def _put(row: Record, fresh: dict[str, Any], tick: Callable[[], str]) -> bool:
    differing = {n: v for n, v in fresh.items() if n not in row.values or not same(row.values[n], v)}
    if differing:
        row.values |= differing
        # A decision's base names the stamp of `decision`: it tells which standing side its clerk was looking at.
        row.stamps |= dict.fromkeys([*differing, "decision"], tick())
    return bool(differing)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a change to a conflict asks for. `chosen` is the value for the record in a tuple, or None for a reopening."""

    status: str
    decision: str | None = None
    chosen: tuple[Any] | None = None

    def values(self, now: int, by: str) -> dict[str, Any]:
        """The conflict's fields after it. `now` in milliseconds since 1970."""
        if self.chosen is None:
            return {"status": self.status}
        return {
            "status": self.status,
            "decision": self.decision,
            "value": self.chosen[0],
            "decided_by": by,
            "decided_at": iso(now),
        }


def read_decision(
    kind: Kind,
    conflict: Record,
    seen: Record,
    row: Logged,
    history: Sequence[Logged],
    may_decide: bool,
) -> Decision | Refusal:
    """What this change to a conflict asks for, or why this person may not ask it. `seen` is the record as the writer knew it.

    The desk sets `decision` (and `value` for another word than either); either writer may set ``status: open``.
    """
    values, told = row.set, conflict.values
    if values == {"status": "open"}:
        sides = {other.person for other in history if other.stamp == told["losing_stamp"]}
        sides |= {other.person for other in history if other.by == told["standing_by"] and told["field"] in other.set}
        if row.person in sides:
            return Decision("open")
        return Refusal("forbidden", "只有当事双方可以要求重新处理。 / Only either writer may ask for another look.")
    if not may_decide:
        return Refusal("forbidden", "分歧由乡镇办公室裁定。 / The township desk decides conflicts.")
    if (
        told["status"] == "decided"
        and row.via == "sync"
        and row.base.get("decision") != conflict.stamps.get("decision")
    ):
        return invalid(
            {"decision": [f"{told['decided_by']} 已裁定，请先同步 / {told['decided_by']} has decided; sync first"]}
        )
    asked = values.get("decision", "other" if "value" in values else None)
    if values.keys() - {"decision", "value"} or asked not in ("losing", "standing", "other"):
        return Refusal("forbidden", "只能填写裁定结果。 / Only the decision and its value may be set.")
    if asked == "other":
        if "value" not in values:
            return invalid({"value": ["请给出最终内容 / say the value that shall stand"]})
        errors = kind.errors({told["field"]: values["value"]})
        return (
            invalid({"value": [s for found in errors.values() for s in found]})
            if errors
            else _decided(asked, values["value"])
        )
    return _decided(asked, told["losing"] if asked == "losing" else seen.values.get(told["field"]))


def _decided(decision: str, value: Any) -> Decision:
    return Decision("decided", decision, (value,))
