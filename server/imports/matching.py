"""Which record a household or a person of a roster is.

Promises: what stands now is asked first, and only of records that are not removed; then what was last imported, so that a
corrected number, name or identity is found again; no record is given to two rows; the same file gives the same answer.
A new record's id follows from what names it, so that two imports racing make one record; never from an identity number,
which whoever sees the id could work out. Leaves to others: reading the records, what to write (`apply`).
"""

import uuid
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from uuid6 import uuid7

from server.imports.roster import HouseholdRow, PersonRow
from shared.kind import REMOVED
from shared.merge import Folded
from shared.record import Record

_NAMESPACE = uuid.UUID("0d6c6d0e-5a0f-5d2c-8b8a-3f0f5b0a7c11")


class Face(NamedTuple):
    """What a household or person is recognised by. `place`: the village, for a person the household."""

    place: str | None
    ids: tuple[str, ...]  # of a row: the ids it would be given, best first
    values: dict[str, Any]


@dataclass(slots=True)
class Known:
    """A record, and what imports alone have made of it so far: their last values and the stamps of those."""

    record: Record
    imported: Folded

    @property
    def living(self) -> bool:
        return self.record.values.get(REMOVED) is not True

    @property
    def place(self) -> str | None:
        return self.record.household or self.record.village


# ------------------------------------------------------------------------------------------------------------- new ids


def household_ids(township: str, row: HouseholdRow, number: str | None) -> tuple[str, ...]:
    """The ids a household may be given: the second when another household of the same number has the first."""
    head = row.head_name or ""
    if number is None:
        return (_id("household", township, row.village, "", head, str(row.row)),)
    return _id("household", township, row.village, number), _id("household", township, row.village, number, head)


def member_ids(household: str, persons: Sequence[PersonRow]) -> list[tuple[str, ...]]:
    """The id each person of a household may be given; two who can't be told apart are counted."""
    seen: dict[tuple[str, ...], int] = {}
    ids: list[tuple[str, ...]] = []
    for person in persons:
        named = (person.name, person.birth_date or person.birth_month or "", person.relation)
        seen[named] = seen.get(named, 0) + 1
        ids.append((_id("member", household, *named, str(seen[named])),))
    return ids


def new_id(ids: Iterable[str], taken: Collection[str]) -> str:
    """The first id that is not taken; a random one when all are."""
    return next((id_ for id_ in ids if id_ not in taken), None) or str(uuid7())


def _id(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))


# ------------------------------------------------------------------------------------------------------------- pairing

_Keys = Callable[[Face], list[Hashable]]
_Side = Callable[[Known], Face | None]


def pair(
    rows: Sequence[Face], known: Sequence[Known], passes: Iterable[tuple[_Side, _Keys]], claimed: set[str]
) -> dict[int, Known]:
    """The record of each row that has one, by the row's index; `claimed` ids are left alone and grow."""
    found: dict[int, Known] = {}
    for side, keys in passes:
        if len(found) == len(rows) or len(claimed.intersection(k.record.id for k in known)) == len(known):
            break
        offered: dict[Hashable, list[Known]] = {}
        for one in known:
            face = side(one)
            for key in keys(face) if face else ():
                offered.setdefault(key, []).append(one)
        for index, row in enumerate(rows):
            free = (one for key in keys(row) for one in offered.get(key, ()) if one.record.id not in claimed)
            if index not in found and (match := next(free, None)):
                found[index] = match
                claimed.add(match.record.id)
    return found


def _standing(known: Known) -> Face:
    return Face(known.place, (known.record.id,), known.record.values)


def _living(known: Known) -> Face | None:
    return _standing(known) if known.living else None


def _imported(known: Known) -> Face:
    return Face(known.place, (known.record.id,), known.imported.values)


def _number(face: Face) -> list[Hashable]:
    number = face.values.get("household_no")
    return [(face.place, number)] if number else []


def _number_and_head(face: Face) -> list[Hashable]:
    """Also finds a household without a number: by its head's name."""
    head = face.values.get("head_name")
    return [(face.place, face.values.get("household_no"), head)] if head else []


def _own_number(face: Face) -> list[Hashable]:
    """Its own id, wherever the desk has moved it: under the number that gave the id."""
    number = face.values.get("household_no")
    return [(id_, number) for id_ in face.ids] if number else []


def _own_head(face: Face) -> list[Hashable]:
    return [] if face.values.get("household_no") else [(id_, face.values.get("head_name")) for id_ in face.ids]


def _identity(face: Face) -> list[Hashable]:
    identity = face.values.get("identity")
    return [identity] if identity else []


def _identity_and_name(face: Face) -> list[Hashable]:
    return [(identity, face.values.get("name")) for identity in _identity(face)]


def _own_name(face: Face) -> list[Hashable]:
    return [(id_, face.values.get("name")) for id_ in face.ids]


def _own(face: Face) -> list[Hashable]:
    return list(face.ids)


def _name_and_birth(face: Face) -> list[Hashable]:
    born = face.values.get("birth_date")
    return [(face.values.get("name"), born)] if born else []


def _name_and_month(face: Face) -> list[Hashable]:
    born = face.values.get("birth_date") or face.values.get("birth_month")
    return [(face.values.get("name"), born[:7])] if born else []


def _name_and_relation(face: Face) -> list[Hashable]:
    name, relation = face.values.get("name"), face.values.get("relation")
    return [(name, relation)] if name and relation else []


HOUSEHOLD_PASSES: tuple[tuple[_Side, _Keys], ...] = (
    (_living, _own_head),
    (_living, _number_and_head),
    (_living, _own_number),
    (_living, _number),
    (_standing, _own_number),
    (_imported, _number_and_head),
)
MEMBER_PASSES: tuple[tuple[_Side, _Keys], ...] = (
    (_living, _identity_and_name),
    (_living, _own_name),
    (_living, _identity),
    (_living, _name_and_birth),
    (_living, _name_and_month),
    (_living, _name_and_relation),
    (_imported, _identity),
    (_imported, _name_and_birth),
    (_imported, _name_and_month),
    (_imported, _name_and_relation),
    (_standing, _own),
)
