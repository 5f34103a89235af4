"""A record: one instance of a kind, and the change: what one press of Save did.

A record holds values and, for each value, the stamp of the write it came from. Both are plain data: how changes become a
record is `merge`'s affair, where they are kept is a store's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

UnionStamps = dict[str, list[str]]
Stamps = dict[str, Any]
"""Field to stamp; for a union field to ``{element: [add stamps]}``."""


class Key(NamedTuple):
    """What names a record: its kind's word and its id."""

    kind: str
    id: str


@dataclass(slots=True)
class Record:
    """One record of a kind as it stands. `village` is None for what a township shares.

    `tangled` says that the values alone do not tell how the next change must be joined, so that `merge` asks for the
    record's log: an open disagreement, a removal, or a change that arrived before the one it was based on.
    """

    kind: str
    id: str
    village: str | None
    household: str | None
    values: dict[str, Any] = field(default_factory=dict)
    stamps: Stamps = field(default_factory=dict)
    tangled: bool = False

    @property
    def key(self) -> Key:
        return Key(self.kind, self.id)

    def wire(self, hidden: Iterable[str] = ()) -> dict[str, Any]:
        """The record as a reply carries it, without the `hidden` fields."""
        values, stamps = self.values, self.stamps
        if hidden and any(name in values for name in hidden):
            unseen = frozenset(hidden)
            values = {name: value for name, value in values.items() if name not in unseen}
            stamps = {name: stamp for name, stamp in stamps.items() if name not in unseen}
        return {
            "kind": self.kind,
            "id": self.id,
            "village": self.village,
            "household": self.household,
            "values": values,
            "stamps": stamps,
        }

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> "Record":
        """Read what `wire` wrote."""
        return cls(
            kind=body["kind"],
            id=body["id"],
            village=body["village"],
            household=body["household"],
            values=dict(body["values"]),
            stamps=dict(body["stamps"]),
        )


@dataclass(slots=True)
class Change:
    """One write to one record, stamped as it counts (that is: as re-stamped at the gate, where it was).

    `set` is field to value (a union field: the whole list). `base` is, per field, the stamp the writer was looking at (a union
    field: ``{element: [add stamps]}``). `decides` is, per field, the stamps of the writes that a desk's decision settled.
    """

    stamp: str
    set: dict[str, Any]
    base: dict[str, Any] = field(default_factory=dict)
    decides: dict[str, list[str]] = field(default_factory=dict)

    def base_stamps(self) -> list[str]:
        """Every stamp the base names."""
        named: list[str] = []
        for seen in self.base.values():
            if isinstance(seen, str):
                named.append(seen)
            elif seen:
                for adds in seen.values():
                    named.extend(adds)
        return named


def stamps_of(stamps: Mapping[str, Any]) -> Iterator[str]:
    """Every stamp in a record's `stamps` or a change's `base`."""
    for at in stamps.values():
        if isinstance(at, str):
            yield at
        elif isinstance(at, Mapping):
            for adds in at.values():
                yield from adds


def rebase(later: Change, refused: Change) -> dict[str, Any]:
    """The base of a later change as if a refused change had never been: where it names that one, it names what lay under it.

    A union's base loses the refused add and takes over what the refused change had looked at: what it took out is still to go.
    """
    read = dict(later.base)
    for name in refused.set:
        if name not in later.base and name not in later.set:
            continue
        seen, under = later.base.get(name), refused.base.get(name)
        if isinstance(seen, Mapping) or isinstance(under, Mapping):
            read[name] = _rebase_union(seen or {}, under or {}, refused.stamp)
        elif seen == refused.stamp:
            read[name] = under
    return {name: seen for name, seen in read.items() if seen}


def _rebase_union(seen: Mapping[str, list[str]], under: Mapping[str, list[str]], refused: str) -> dict[str, list[str]]:
    adds = {element: dict.fromkeys(add for add in held if add != refused) for element, held in seen.items()}
    for element, held in under.items():
        adds.setdefault(element, {}).update(dict.fromkeys(held))
    return {element: list(held) for element, held in adds.items() if held}
