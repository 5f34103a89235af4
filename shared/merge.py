"""The merge: how changes by several people become one record, and where they disagree.

Values, stamps and conflicts are a function of the *set* of changes, never of their order (the laws are in DESIGN section 3
and in `tests/shared/test_merge_laws.py`). Two functions keep that promise:

`join`  the everyday path: applies a change that plainly follows what stands, and declines every other.
`fold`  the rare path and the specification: the record made anew from all of its changes.

Where `join` accepts, it leaves what `fold` would have made. Both take values and return values: no store, no clock, no
request. What makes a change acceptable in the first place is the gate's affair (`sync`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.fields import LATEST, ONCE, UNION
from shared.hlc import device_of
from shared.kind import REMOVED, Kind
from shared.record import Change, Record, Stamps, UnionStamps

DESK = "desk-"
QUIET, OPEN_STATUS = "quiet", "open"


class Lost(NamedTuple):
    """A write that another replaced without having seen it: one conflict, keyed by record, field and `stamp`."""

    field: str
    stamp: str
    value: Any


@dataclass(slots=True)
class Folded:
    """A record's content made from its changes, with the writes that lost unseen."""

    values: dict[str, Any] = field(default_factory=dict)
    stamps: Stamps = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    tangled: bool = False


def born_status(kind: Kind, name: str) -> str:
    """How a conflict on this field begins: `latest` fields quietly, the others before the desk."""
    return QUIET if kind.rule(name) == LATEST else OPEN_STATUS


# --- the everyday path ---------------------------------------------------------------------------------------------


def join(kind: Kind, record: Record, change: Change) -> bool:
    """Apply `change` to `record` in place if it plainly follows what stands; else touch nothing and return False.

    Plainly means: each field is new to the record, or the change is newer than what stands and its base names just that.
    """
    if record.tangled or change.decides or not _follows(kind, record, change):
        return False
    values, stamps, stamp = record.values, record.stamps, change.stamp
    unions, evidence = kind.unions, kind.evidence
    if not stamps:  # the first write of a record: nothing stands yet
        values.update(change.set)
        stamps.update(dict.fromkeys(change.set, stamp))
        for name in unions.intersection(change.set):
            stamps[name] = _after({}, change.set[name] or [], change.base.get(name) or {}, stamp)
            values[name] = list(stamps[name])
        return True
    for name, value in change.set.items():
        if name in unions:
            held = _after(stamps.get(name) or {}, value or [], change.base.get(name) or {}, stamp)
            values[name], stamps[name] = list(held), held
        elif name not in evidence or name not in stamps:
            values[name], stamps[name] = value, stamp
    return True


def _follows(kind: Kind, record: Record, change: Change) -> bool:
    stamps, base, special, evidence = record.stamps, change.base, kind.special, kind.evidence
    if not stamps and not base:
        return not change.set.get(REMOVED)
    for name, value in change.set.items():
        if name in special:
            if name == REMOVED:
                if value or name in stamps or name in base:
                    return False
            elif not _union_follows(stamps.get(name) or {}, base.get(name) or {}, change.stamp):
                return False
        elif name not in stamps:
            if name in base:
                return False
        elif name in evidence:
            if change.stamp <= stamps[name] or not same(value, record.values[name]):
                return False
        elif base.get(name) != stamps[name] or change.stamp <= stamps[name]:
            return False
    return True


def _union_follows(held: UnionStamps, base: UnionStamps, stamp: str) -> bool:
    """Whether the base names, for its elements, just the adds that stand, and the change is newer than all of them."""
    if any(add >= stamp for adds in held.values() for add in adds):
        return False
    return all(set(adds) == set(held.get(element, ())) for element, adds in base.items())


def _after(held: UnionStamps, listed: Sequence[str], base: UnionStamps, stamp: str) -> UnionStamps:
    """The adds that stand after a write: what is listed but not in its base is added, the reverse is removed."""
    after = {element: list(adds) for element, adds in held.items()}
    wanted = set(listed)
    for element, adds in base.items():
        if element not in wanted and element in after:
            after[element] = [add for add in after[element] if add not in adds]
            if not after[element]:
                del after[element]
    for element in listed:
        if element not in base and stamp not in after.get(element, ()):
            after.setdefault(element, []).append(stamp)
    return after


# --- the specification ---------------------------------------------------------------------------------------------


class _Write(NamedTuple):
    """One field of one change. `index` is the change's place in stamp order."""

    stamp: str
    value: Any
    base: Any


def fold(kind: Kind, changes: Iterable[Change]) -> Folded:
    """The record that a set of changes makes, whatever their order. The same stamp again is the same write."""
    ordered = [_fitting(kind, change) for _, change in sorted({change.stamp: change for change in changes}.items())]
    folded = Folded()
    names = list(dict.fromkeys(name for change in ordered for name in change.set))
    unseen: dict[str, list[_Write]] = {}
    for name in names:
        shape = dict if name in kind.unions else str
        writes = [
            _Write(c.stamp, c.set[name], seen if isinstance(seen := c.base.get(name), shape) else None)
            for c in ordered
            if name in c.set
        ]
        decided = {stamp for change in ordered for stamp in change.decides.get(name, ())}
        decisions = [change.stamp for change in ordered if name in change.decides and name in change.set]
        rule = kind.rule(name)
        if rule == UNION:
            unseen[name] = _fold_union(folded, name, writes)
        elif rule == ONCE:
            unseen[name] = _fold_once(folded, name, writes, decided, decisions)
        else:
            unseen[name] = _fold_latest(folded, name, writes, decided)
    if folded.values.get(REMOVED) is True:
        folded.tangled = True
        _fold_removal(folded, ordered, unseen)
    folded.tangled = folded.tangled or bool(folded.lost)
    return folded


def _fitting(kind: Kind, change: Change) -> Change:
    """The change without values its fields would not take today: written before an upgrade came to know the field."""
    unfit = [
        name
        for name, value in change.set.items()
        if value is not None and name in kind.fields and kind.fields[name].check(value)
    ]
    if not unfit:
        return change
    fit = {name: value for name, value in change.set.items() if name not in unfit}
    return Change(change.stamp, fit, change.base, change.decides)


def _fold_latest(folded: Folded, name: str, writes: list[_Write], decided: set[str]) -> list[_Write]:
    """`latest` and `review`: the newest stands; every other unseen write of a different value is lost."""
    standing = writes[-1]
    folded.values[name], folded.stamps[name] = standing.value, standing.stamp
    unseen = [write for write in _unseen(folded, writes) if write.stamp not in decided]
    folded.lost += [Lost(name, w.stamp, w.value) for w in unseen if not same(w.value, standing.value)]
    return unseen


def _fold_once(
    folded: Folded, name: str, writes: list[_Write], decided: set[str], decisions: list[str]
) -> list[_Write]:
    """`once`: the earliest stands until a decision, which outranks every write that was there."""
    outranked = decided.union(decisions)
    by_stamp = {write.stamp: write for write in writes}
    standing = by_stamp[decisions[-1]] if decisions else writes[0]
    folded.values[name], folded.stamps[name] = standing.value, standing.stamp
    folded.tangled = folded.tangled or bool(decisions)
    folded.lost += [
        Lost(name, w.stamp, w.value)
        for w in writes
        if w.stamp not in outranked and w is not standing and not same(w.value, standing.value)
    ]
    return [write for write in _unseen(folded, writes) if write.stamp not in outranked]


def _fold_union(folded: Folded, name: str, writes: list[_Write]) -> list[_Write]:
    """`union`: an add stands unless a write that had seen that very add left its element out."""
    added: dict[str, list[str]] = {}
    removed: set[tuple[str, str]] = set()
    places: dict[tuple[str, str], int] = {}
    for write in writes:
        listed, base = write.value or [], write.base or {}
        for place, element in enumerate(listed):
            if element not in base:
                added.setdefault(element, []).append(write.stamp)
                places.setdefault((element, write.stamp), place)
        wanted = set(listed)
        removed.update((element, add) for element, adds in base.items() if element not in wanted for add in adds)
    held = {
        element: live
        for element, adds in added.items()
        if (live := list(dict.fromkeys(add for add in adds if (element, add) not in removed)))
    }
    ordered = sorted(held, key=lambda element: (held[element][0], places[element, held[element][0]], element))
    folded.stamps[name] = {element: held[element] for element in ordered}
    folded.values[name] = ordered
    known = {(element, add) for element, adds in added.items() for add in adds}
    named = {(element, add) for write in writes for element, adds in (write.base or {}).items() for add in adds}
    folded.tangled = folded.tangled or bool(named - known)
    seen = {add for _, add in named}
    adders = {add for adds in added.values() for add in adds}
    return [write for write in writes if write.stamp in adders and write.stamp not in seen]


def _unseen(folded: Folded, writes: list[_Write]) -> list[_Write]:
    """The writes to one field that no newer write had seen.

    A write sees the one its base names and, for a phone, its own earlier ones; with them every older write of the same
    value. The desk's device is many people, so there only the base counts.
    """
    values = {write.stamp: canonical(write.value) for write in writes}
    last_of: dict[str, str] = {device_of(write.stamp): write.stamp for write in writes}
    seen_until: dict[str, str] = {}  # value -> the newest write that had seen this value
    for write in writes:
        if write.base is not None:
            if write.base in values:
                _raise(seen_until, values[write.base], write.stamp)
            else:
                folded.tangled = True
        device = device_of(write.stamp)
        if not device.startswith(DESK) and write.stamp < last_of[device]:
            _raise(seen_until, values[write.stamp], last_of[device])
    return [write for write in writes if write.stamp >= seen_until.get(values[write.stamp], "")]


def _raise(seen_until: dict[str, str], value: str, stamp: str) -> None:
    if stamp > seen_until.get(value, ""):
        seen_until[value] = stamp


def _fold_removal(folded: Folded, ordered: list[Change], unseen: dict[str, list[_Write]]) -> None:
    """A removed record: a write to any other field that no remover had seen is lost on `removed`."""
    removals = [change for change in ordered if change.set.get(REMOVED) is True]
    removal_stamps = {change.stamp for change in removals}
    removers = {device_of(stamp) for stamp in removal_stamps if not device_of(stamp).startswith(DESK)}
    decided = {stamp for change in ordered for stamp in change.decides.get(REMOVED, ())}
    aware = {change.stamp for change in ordered if change.base.get(REMOVED) in removal_stamps}
    excused = removal_stamps | decided | aware
    stamps: set[str] = set()
    for name, writes in unseen.items():
        if name == REMOVED:
            continue
        values = {change.stamp: canonical(change.set[name]) for change in ordered if name in change.set}
        named = {add for removal in removals for add in _named(removal.base.get(name))}
        named_values = {values[stamp] for stamp in named if stamp in values}
        for write in writes:
            seen = write.stamp in named or values[write.stamp] in named_values
            if not seen and write.stamp not in excused and device_of(write.stamp) not in removers:
                stamps.add(write.stamp)
    folded.lost += [Lost(REMOVED, stamp, False) for stamp in sorted(stamps)]


def _named(base: Any) -> list[str]:
    if isinstance(base, dict):
        return [add for adds in base.values() for add in adds]
    return [] if base is None else [base]


# --- the phone's view ----------------------------------------------------------------------------------------------


def lay_over(kind: Kind, record: Record, unsent: Sequence[Change]) -> Record:
    """The server's copy of a record with one's own unsent changes laid over it: what the server will decide.

    The copy knows only what stands, so each value counts as a write of its own stamp. The copy is left as it is.
    """
    if not unsent:
        return record
    folded = fold(kind, [*_writes_of(kind, record), *unsent])
    return Record(record.kind, record.id, record.village, record.household, folded.values, folded.stamps)


def _writes_of(kind: Kind, record: Record) -> list[Change]:
    by_stamp: dict[str, dict[str, Any]] = {}
    for name, stamp in record.stamps.items():
        if isinstance(stamp, str):
            by_stamp.setdefault(stamp, {})[name] = record.values[name]
            continue
        for element, adds in stamp.items():
            for add in adds:
                by_stamp.setdefault(add, {}).setdefault(name, []).append(element)
    return [Change(stamp, values) for stamp, values in by_stamp.items()]


# --- equality ------------------------------------------------------------------------------------------------------


def canonical(value: Any) -> str:
    """A value as text, the same for equal JSON values and for no others (1 and true differ, 1 and 1.0 do not)."""
    if isinstance(value, str):
        return '"' + value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal."""
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return canonical(one) == canonical(other)
