"""One conflict in full, as a clerk needs it to decide: both sides with writer, time and phone, the fields around, and what was decided before.

Read from the record's own log, so that it is still there after any number of decisions. Promises: values are given as they are; nothing is
masked here. Leaves to others: words and masks (the page), deciding (the gate).
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from server.store import TownshipStore
from shared.fields import Field, Label
from shared.hlc import device_of, milliseconds_of
from shared.kind import REMOVED, Kind, Registry
from shared.merge import DESK, same
from shared.moments import iso
from shared.ports import Logged
from shared.record import Key, Record

AROUND = 2
"""Fields shown before and after, in the form's order."""
DESK_LABEL = Label("乡镇办公室", "Township desk")
_FINE, _LONGEST_FINE = re.compile(r".", re.DOTALL), 1200
_COARSE = re.compile(r"[^。；，、！？.;,!?\n]*[。；，、！？.;,!?\n]?")


class Side(NamedTuple):
    """What stands on one side: who wrote it, when (ISO), on which phone. `stamp` is empty where nothing was ever written."""

    value: Any
    by: str
    at: str
    phone: Label
    stamp: str


class Settled(NamedTuple):
    """One decision: `decision` is losing, standing or other, by the value it came to; "" for a writer's wish to have it looked at again."""

    at: int
    by: str
    decision: str
    value: Any = None


class Neighbour(NamedTuple):
    """A field of the same form; `here` is the one the conflict is about."""

    name: str
    field: Field
    value: Any
    here: bool


@dataclass(frozen=True)
class Disagreement:
    """A conflict with what belongs to it. `now` is what the record holds since the decision. `wrote` are the fields that somebody wrote
    without having seen the record's removal."""

    conflict: Record
    about: Record
    kind: Kind
    name: str
    field: Field | None
    losing: Side
    standing: Side
    now: Side
    around: Sequence[Neighbour]
    wrote: Mapping[str, Any]
    decisions: Sequence[Settled]

    @property
    def is_removal(self) -> bool:
        return self.name == REMOVED

    @property
    def is_decided(self) -> bool:
        return bool(self.conflict.values["status"] == "decided")

    def values_for(self, choice: str) -> dict[str, Any]:
        """What the gate is to be asked for this choice: losing, standing, or former, the value decided upon before the last decision.

        KeyError when there is none.
        """
        if choice == "losing":
            return {"decision": "losing"}
        value = self.standing.value if choice == "standing" else self._former()
        if same(value, self.now.value) and choice == "standing":
            return {"decision": "standing"}
        return {"decision": "losing"} if same(value, self.losing.value) else {"decision": "other", "value": value}

    @property
    def has_former(self) -> bool:
        return sum(bool(one.decision) for one in self.decisions) > 1

    def _former(self) -> Any:
        if not self.has_former:
            raise KeyError("former")
        return [one for one in self.decisions if one.decision][-2].value


def read(store: TownshipStore, kinds: Registry, conflict: Record) -> Disagreement:
    """The conflict in full."""
    values = conflict.values
    key, name, losing_stamp = Key(values["about"], values["record"]), values["field"], values["losing_stamp"]
    about, kind = store.load([key])[key], kinds[key.kind]
    logs = store.history([key, conflict.key])
    history = logs.get(key, [])
    rows = {row.stamp: row for row in history}
    decided = [row for row in history if row.via == "decision" and losing_stamp in row.decides.get(name, ())]
    current = about.stamps.get(name)
    stood = decided[0].base.get(name) if decided else current
    names = _phones(store, [s for s in (losing_stamp, current, stood) if isinstance(s, str)])
    losing = _side(losing_stamp, values["losing"], values["losing_by"], rows, names)
    now = _side(current, about.values.get(name), values["standing_by"], rows, names)
    then = rows.get(stood) if isinstance(stood, str) else None
    standing = (
        now if not decided else _side(stood, then.set.get(name) if then else values["standing"], None, rows, names)
    )
    loser = rows.get(losing_stamp)
    wrote = {n: v for n, v in loser.set.items() if n != REMOVED} if loser and name == REMOVED else {}
    past = _past(logs.get(conflict.key, []), decided, name, losing.value, standing.value)
    around = list(_around(kind, about, name))
    return Disagreement(conflict, about, kind, name, kind.fields.get(name), losing, standing, now, around, wrote, past)


def _side(stamp: Any, value: Any, by: str | None, rows: Mapping[str, Logged], names: Mapping[str, Label]) -> Side:
    if not isinstance(stamp, str):
        return Side(value, by or "", "", Label("—", "—"), "")
    row = rows.get(stamp)
    return Side(value, (row.by if row else by) or "", iso(milliseconds_of(stamp)), names[device_of(stamp)], stamp)


def _phones(store: TownshipStore, stamps: Sequence[str]) -> dict[str, Label]:
    """What each device is called."""
    devices = sorted({device_of(stamp) for stamp in stamps})
    known = dict(
        map(tuple, store.sql("SELECT id, name FROM device WHERE township = ? AND id IN ??", store.code, devices))
    )
    return {
        one: DESK_LABEL if one.startswith(DESK) else Label(known.get(one) or one, known.get(one) or one)
        for one in devices
    }


def _past(told: Sequence[Logged], decided: Sequence[Logged], name: str, losing: Any, standing: Any) -> list[Settled]:
    """The decisions, oldest first, and between them each wish for another look."""
    past: list[Settled] = []
    for row in told:
        if row.set == {"status": "open"}:
            past.append(Settled(row.at, row.by, ""))
        elif row.set:
            made = next((one for one in decided if one.seq > row.seq), None)
            value = made.set.get(name) if made else row.set.get("value")
            sort = "losing" if same(value, losing) else "standing" if same(value, standing) else "other"
            past.append(Settled(row.at, row.by, sort, value))
    return past


def _around(kind: Kind, about: Record, name: str) -> Sequence[Neighbour]:
    """The fields beside it that a form shows, itself among them."""
    shown = [n for n, field in kind.fields.items() if n == name or (field.widget != "hidden" and n != REMOVED)]
    if name not in shown or name == REMOVED:
        return []
    place = shown.index(name)
    names = shown[max(0, place - AROUND) : place + AROUND + 1]
    return [Neighbour(n, kind.fields[n], about.values.get(n), n == name) for n in names]


# --- where two texts differ --------------------------------------------------------------------------------------------

Part = tuple[str, bool]


def marked(one: str, other: str) -> tuple[list[Part], list[Part]]:
    """Both texts in parts, (text, whether it differs from the other's); whole and unmarked where they have little in common."""
    pattern = _FINE if len(one) + len(other) <= _LONGEST_FINE else _COARSE
    left, right = pattern.findall(one), pattern.findall(other)
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < 0.4:
        return [(one, False)], [(other, False)]
    mine: list[Part] = []
    theirs: list[Part] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        for parts, words in ((mine, left[i:j]), (theirs, right[k:m])):
            if words:
                parts.append(("".join(words), tag != "equal"))
    return mine, theirs
