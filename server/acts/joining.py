"""Joining two records that tell of one thing, and taking that back: a household entered twice, a visit written down on two phones.

One record is kept and takes over what was chosen for it; the other keeps all its words, says into which it went and is removed. Members that
the kept household does not have are written into it anew; visits, problems and checks stay where they happened. Promises: one unit of work;
every write names what it follows, so that no conflict is born of it; `part` gives back the values of before, but for what somebody wrote
since. Leaves to others: which records look alike (`lists.duplicates`), what there is to choose (`side_by_side`), who may (the gate).
"""

import dataclasses
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from server.access import AccessError
from server.reading.side_by_side import BOTH, INTO, KEPT, both, compare, is_blank, or_none
from server.store import TownshipStore
from shared.fields import Link
from shared.kind import REMOVED, Registry
from shared.merge import fold, same
from shared.ports import Logged
from shared.record import Key, Record
from shared.sync.gate import Gate, Writer

KINDS = ("household", "visit")
"""The kinds that can be joined: those with a field that says into which record one went."""
WHY_LEFT, MERGED = "left_reason", "merged"
VIA = "join"
"""By this door the log knows the writes of a joining, so that they can be taken back."""
MEMBER = "member"
_NAMESPACE = uuid.UUID("0b6f4f0e-5d0c-5c55-9f0a-3f2c9a1d7e52")


def seen_of(kept: Record, other: Record) -> str:
    """What a clerk was looking at: another text as soon as anybody wrote to either record."""
    return hashlib.sha256(msgspec.json.encode([kept.stamps, other.stamps], order="sorted")).hexdigest()[:16]


def why_not(kinds: Registry, kept: Record, other: Record) -> str:
    """Why these two cannot be joined, Chinese / English; "" when they can."""
    if kept.kind not in KINDS or kept.kind != other.kind or kept.id == other.id:
        return "这两条不能合并。 / These two cannot be joined."
    if any(one.values.get(REMOVED) is True for one in (kept, other)):
        return "其中一条已经移除或合并。 / One of them was removed or joined already."
    if not kinds[kept.kind].is_household and kept.household != other.household:
        return "不是同一户的走访，不能合并。 / They are visits to two households."
    return ""


# --- joining ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Joined:
    """What a joining came to: the fields the kept record took over, and the members written into the kept household."""

    fields: Sequence[str]
    members: int


class Joiner:
    """Joins and parts inside one unit of work at the gate. `writer` is the person at the desk."""

    def __init__(self, gate: Gate, store: TownshipStore, kinds: Registry, writer: Writer) -> None:
        self._gate, self._store, self._kinds = gate, store, kinds
        self._writer = dataclasses.replace(writer, via=VIA)

    def join(self, kept: Record, other: Record, chosen: Mapping[str, str]) -> Joined:
        """Join `other` into `kept`. `chosen`: line's name to KEPT, OTHER or BOTH; what it leaves out is as usual. AccessError in words."""
        if problem := why_not(self._kinds, kept, other):
            raise AccessError(problem)
        kind = self._kinds[kept.kind]
        history = self._store.history([kept.key, other.key])
        family = self._family(kept, other) if kind.is_household else []
        members = {old.id: own.id if own else copy_id(old.id, kept.id) for old, own in family}
        values: dict[str, Any] = {}
        for line in compare(kind, kept, other):
            choice = chosen.get(line.name, line.usual) if line.choices else line.usual
            if choice not in (line.choices or (line.usual,)):
                raise AccessError(f"「{line.label.zh}」请选一个。 / Choose one for “{line.label.en}”.")
            for name in line.names if choice != KEPT else ():
                value = both(line, kept, other, history) if choice == BOTH else other.values.get(name)
                if isinstance(line.field, Link):
                    value = members.get(str(value), value)
                if not same(or_none(value), or_none(kept.values.get(name))):
                    values[name] = value
        for old, own in family:
            self._take_in(old, own, kept)
        self._put(kept, values, history.get(kept.key, []))
        into = {INTO: kept.id, REMOVED: True} | ({WHY_LEFT: MERGED} if WHY_LEFT in kind.fields else {})
        self._put(other, into)
        return Joined(sorted(values), sum(own is None for _, own in family))

    def _family(self, kept: Record, other: Record) -> list[tuple[Record, Record | None]]:
        return pair_up(members_of(self._store, kept.id), members_of(self._store, other.id))

    def _take_in(self, old: Record, own: Record | None, kept: Record) -> None:
        """A member of the other household: what the kept one's own leaves blank is filled in; who is missing there is written anew."""
        said = {name: value for name, value in old.values.items() if name != REMOVED and not is_blank(value)}
        if own is not None:
            missing = {name: value for name, value in said.items() if is_blank(own.values.get(name))}
            self._put(own, missing)
        else:
            key = Key(MEMBER, copy_id(old.id, kept.id))
            before = self._store.load([key]).get(key)  # joined once before, and parted
            back = {REMOVED: False} if before else {}
            self._put(before or Record(MEMBER, key.id, kept.village, kept.id), said | back)
        self._put(old, {REMOVED: True})

    def _put(self, record: Record, values: Mapping[str, Any], history: Sequence[Logged] = ()) -> None:
        """Write on what stands; evidence is decided upon, for there the first word would stand for ever."""
        if not values:
            return
        evidence = self._kinds[record.kind].evidence
        decides = {
            n: [row.stamp for row in history if n in row.set] for n in values if n in evidence and n in record.stamps
        }
        row = self._gate.write(
            self._writer, record.kind, record.id, dict(values), village=record.village,
            household=None if self._kinds[record.kind].is_household else record.household, decides=decides,
        )  # fmt: skip
        if row.refusal:
            raise AccessError(
                "；".join([row.refusal.message, *(s for told in row.refusal.fields.values() for s in told)])
            )

    # --- taking it back ----------------------------------------------------------------------------------------------

    def part(self, other: Record) -> Record:
        """Take the joining of `other` back; returns the record it had gone into. AccessError in words when that cannot be."""
        kind = self._kinds[other.kind]
        history = self._store.history([other.key]).get(other.key, [])
        into = other.values.get(INTO)
        joined = next((row for row in reversed(history) if row.via == VIA and row.set.get(INTO) == into), None)
        if not into or joined is None:
            raise AccessError("这条没有合并过。 / This one was not joined.")
        kept = self._store.load([Key(other.kind, into)])[Key(other.kind, into)]
        if kept.values.get(REMOVED) is True:
            raise AccessError(
                "它并入的那条后来也合并或移除了，请先撤销那一次。 / The one it went into was joined or removed since; undo that first."
            )
        self._give_back(kept, joined.at)
        if kind.is_household:
            came = {copy_id(old.id, kept.id): old for old in members_of(self._store, other.id, removed=True)}
            for own in members_of(self._store, kept.id):
                if own.id in came:
                    self._send_back(own, came[own.id], joined.at)
                else:
                    self._give_back(own, joined.at)
            for old in came.values():
                self._give_back(old, joined.at)
        self._give_back(other, joined.at)
        return kept

    def _send_back(self, own: Record, source: Record, at: int) -> None:
        """A member that came with the other household goes, and what was written on it since goes along."""
        history = self._store.history([own.key]).get(own.key, [])
        then = fold(self._kinds[MEMBER], (row.change for row in history if row.at <= at)).stamps
        since = {n: v for n, v in own.values.items() if n != REMOVED and own.stamps[n] != then.get(n)}
        self._put(source, since)
        self._put(own, {REMOVED: True})

    def _give_back(self, record: Record, at: int) -> None:
        """What the joining wrote to this record and nobody has changed since goes back to what was there before."""
        history = self._store.history([record.key]).get(record.key, [])
        place = next((n for n, row in enumerate(history) if row.via == VIA and row.at == at), None)
        if place is None:
            return
        kind = self._kinds[record.kind]
        before, after = (fold(kind, (row.change for row in history[:end])) for end in (place, place + 1))
        back = {
            name: before.values.get(name, False if name == REMOVED else None)
            for name in history[place].set
            if record.stamps.get(name) == after.stamps.get(name)
        }
        self._put(record, back, history)


# --- members ---------------------------------------------------------------------------------------------------------


def members_of(store: TownshipStore, household: str, removed: bool = False) -> list[Record]:
    """The members of a household that are there (or those that were removed)."""
    found = [record for record in store.of_household(household) if record.kind == MEMBER]
    return sorted((m for m in found if (m.values.get(REMOVED) is True) == removed), key=lambda one: one.id)


def pair_up(own: Sequence[Record], others: Sequence[Record]) -> list[tuple[Record, Record | None]]:
    """Each member of the other household with the same person in the kept one, by identity number, else by name; None where there is none."""
    free = list(own)
    found: dict[str, Record | None] = {}
    for test in (_same_identity, _same_name):
        for one in others:
            twin = None if found.get(one.id) else next((mine for mine in free if test(mine, one)), None)
            if twin is not None:
                found[one.id] = twin
                free.remove(twin)
    return [(one, found.get(one.id)) for one in others]


def _same_identity(mine: Record, other: Record) -> bool:
    return bool(mine.values.get("identity")) and mine.values.get("identity") == other.values.get("identity")


def _same_name(mine: Record, other: Record) -> bool:
    """Two numbers that differ are two people, whatever their names."""
    numbers = {record.values.get("identity") or None for record in (mine, other)} - {None}
    return len(numbers) < 2 and bool(mine.values.get("name")) and mine.values["name"] == other.values.get("name")


def copy_id(member: str, household: str) -> str:
    """The id under which a member is written into another household: always the same, so that parting finds it."""
    return str(uuid.uuid5(_NAMESPACE, f"{member}/{household}"))
