"""What a roster would write into a township: compares its rows with what stands and with what was last imported.

Promises: writes nothing; a field is listed only when the workbook says something else than at the last import, with the
`base` of that import; an empty cell clears nothing. Reads a chunk of households with a handful of statements, never one a
row. Leaves to others: which record a row is (`matching`), the transaction and the writing (`apply`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from server.imports.matching import (
    HOUSEHOLD_PASSES,
    MEMBER_PASSES,
    Face,
    Known,
    household_ids,
    member_ids,
    new_id,
    pair,
)
from server.imports.roster import Finding, HouseholdRow, PersonRow
from server.imports.roster_words import worded
from server.rows import from_json
from server.store import Database, TownshipStore
from server.tables import table_name
from shared.kind import Kind, Registry
from shared.merge import Folded, fold, same
from shared.record import Change, Key, Record

MEMBER = "member"
_HOUSEHOLD_FIELDS = ("household_no", "hamlet", "head_name", "phone", "categories")
_MEMBER_FIELDS = ("name", "sex", "birth_date", "birth_month", "identity", "relation", "health", "phone", "remark")

_IMPORTS = (
    "SELECT kind, record, stamp, written, base FROM changes WHERE township = ? AND {} AND via = 'import'"
    " AND refusal IS NULL AND repeats = 0"
)


@dataclass
class Tally:
    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def add(self, other: "Tally") -> None:
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged


CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass(slots=True)
class RowDone:
    """What one row came to for one record: a household's first row tells of the household, and each row of its person."""

    sheet: int
    row: int
    kind: str
    id: str
    household: str  # its id
    household_no: str | None
    head: str | None
    name: str | None
    outcome: str
    fields: list[str]


@dataclass
class Imported:
    """What an import did, or in a dry run would do."""

    households: Tally = field(default_factory=Tally)
    members: Tally = field(default_factory=Tally)
    warnings: list[Finding] = field(default_factory=list)
    rejected: list[Finding] = field(default_factory=list)
    rows: list[RowDone] = field(default_factory=list, compare=False)

    def as_json(self, rows: bool = False) -> dict[str, Any]:
        """``{"households", "members", "warnings", "rejected"}``, and with `rows` what each row came to."""
        told: dict[str, Any] = {"households": asdict(self.households), "members": asdict(self.members)}
        told |= {word: [one.as_json() for one in getattr(self, word)] for word in ("warnings", "rejected")}
        return told | ({"rows": [asdict(one) for one in self.rows]} if rows else {})

    def add(self, other: "Imported") -> None:
        self.households.add(other.households)
        self.members.add(other.members)
        self.warnings += other.warnings
        self.rejected += other.rejected
        self.rows += other.rows


class ChunkStore(TownshipStore):
    """The township's store with a chunk's records read beforehand: the gate asks for each, and is answered from memory."""

    def __init__(self, database: Database, store: TownshipStore) -> None:
        super().__init__(database, store.connection, store.code)
        self._read: dict[Key, Record | None] = {}

    def read_ahead(self, keys: Iterable[Key]) -> list[Record]:
        """The records that exist, in one go; those that do not are remembered too."""
        wanted = list(dict.fromkeys(keys))
        found = super().load(wanted)
        self._read |= dict.fromkeys(wanted) | found
        return [found[key] for key in wanted if key in found]

    def load(self, keys: Iterable[Key]) -> dict[Key, Record]:
        wanted = list(keys)
        found = {key: record for key in wanted if (record := self._read.get(key))}
        unread = [key for key in wanted if key.id and key not in self._read]  # an empty id: no household was named
        return found | super().load(unread) if unread else found


Numbers = dict[tuple[str | None, str | None], list[str]]


def earlier_numbers(store: TownshipStore, household: str) -> Numbers:
    """(number, head's name) as last imported to the households that had them: finds again what was renumbered since."""
    last: dict[str, dict[str, Any]] = {}
    for _, record, _, written, _ in store.sql(_IMPORTS.format("kind = ?") + " ORDER BY seq", store.code, household):
        last.setdefault(record, {}).update(from_json(written))
    numbers: Numbers = {}
    for record, values in last.items():
        numbers.setdefault((values.get("household_no"), values.get("head_name")), []).append(record)
    return numbers


# ---------------------------------------------------------------------------------------------------- what to write


@dataclass(slots=True)
class Write:
    kind: str
    id: str
    village: str | None
    household: str | None
    values: dict[str, Any]
    base: dict[str, Any]


@dataclass
class Plan:
    """What one chunk comes to. `claimed`: the records that rows so far, of earlier chunks too, are about."""

    claimed: set[str]
    writes: list[Write] = field(default_factory=list)
    report: Imported = field(default_factory=Imported)


class Planner:
    """Compares a chunk of the roster with the township; writes nothing."""

    def __init__(self, kinds: Registry, store: ChunkStore, earlier: Numbers, claimed: set[str]) -> None:
        self._store = store
        self._earlier = earlier
        self._household = kinds[kinds.household]
        self._member = kinds[MEMBER]
        self._plan = Plan(set(claimed))
        self._member_ids: set[str] = set()  # that are taken

    def plan(self, rows: Sequence[HouseholdRow]) -> Plan:
        values = [self._values(self._household, row, _HOUSEHOLD_FIELDS) for row in rows]
        homes = self._find_households(rows, values)
        members = self._known_members(rows, homes)
        for row, said, (id_, home) in zip(rows, values, homes, strict=True):
            village = home.record.village if home else row.village
            writes = self._members_of(row, id_, village, members.get(id_, []))
            heads = [write.id for write, person in zip(writes, row.persons, strict=True) if person.relation == "head"]
            if heads:
                said["head_member"] = heads[0]
            if not said and home is None:
                said["source"] = "花名册"  # a household of which the row says nothing must still be a record
            changed, base = _difference(self._household, said, home)
            write = Write(self._household.name, id_, village, None, changed, base)
            self._count(self._plan.report.households, write, home, row, row, None)
            self._plan.writes += [one for one in (write, *writes) if one.values]
        return self._plan

    def _values(self, kind: Kind, row: Any, fields: Iterable[str]) -> dict[str, Any]:
        """What a row says, as the kind's values; what the kind would not keep is left out and told."""
        values: dict[str, Any] = {}
        for name in fields:
            value = getattr(row, name)
            value = list(value) if isinstance(value, tuple) else value
            if not value:
                continue
            if problem := kind.fields[name].check(value):
                label = kind.fields[name].label
                chinese, _, english = problem.partition(" / ")
                message = worded("value_left_out", zh=label.zh, en=label.en, why_zh=chinese, why_en=english)
                self._plan.report.warnings.append(Finding(row.row, "value_left_out", message, row.sheet))
            else:
                values[name] = value
        return values

    def _find_households(
        self, rows: Sequence[HouseholdRow], values: Sequence[dict[str, Any]]
    ) -> list[tuple[str, Known | None]]:
        """Each row's id, and its record where there is one."""
        faces = [
            Face(row.village, household_ids(self._store.code, row, said.get("household_no")), said)
            for row, said in zip(rows, values, strict=True)
        ]
        named = [(said.get("household_no"), said.get("head_name")) for said in values]
        ids = [id_ for face in faces for id_ in face.ids]
        ids += [id_ for key in named for id_ in self._earlier.get(key, ())]
        ids += [
            id_
            for (id_,) in self._store.sql(
                f"SELECT id FROM {table_name(self._household)} WHERE township = ? AND village IN ??"
                " AND (household_no IN ?? OR household_no IS NULL AND head_name IN ??) ORDER BY id",
                self._store.code,
                list({row.village for row in rows}),
                [number for number, _ in named if number],
                [head for number, head in named if head and not number],
            )
        ]
        known = self._known(Key(self._household.name, id_) for id_ in ids)
        claimed = self._plan.claimed
        found = pair(faces, known, HOUSEHOLD_PASSES, claimed)
        stored = {one.record.id for one in known}
        homes: list[tuple[str, Known | None]] = []
        for index, face in enumerate(faces):
            home = found.get(index)
            id_ = home.record.id if home else new_id(face.ids, claimed | stored)
            claimed.add(id_)
            homes.append((id_, home))
        return homes

    def _known_members(
        self, rows: Sequence[HouseholdRow], homes: Sequence[tuple[str, Known | None]]
    ) -> dict[str, list[Known]]:
        """The members that stand in these households, by household; every id a person may be given is read too."""
        ids = [
            id_
            for (id_,) in self._store.sql(
                f"SELECT id FROM {table_name(self._member)} WHERE township = ? AND household IN ?? ORDER BY id",
                self._store.code,
                [id_ for id_, _ in homes],
            )
        ]
        for row, (home, _) in zip(rows, homes, strict=True):
            ids += [id_ for own in member_ids(home, row.persons) for id_ in own]
        members: dict[str, list[Known]] = {}
        for one in self._known(Key(MEMBER, id_) for id_ in ids):
            members.setdefault(one.record.household or "", []).append(one)
            self._member_ids.add(one.record.id)
        return members

    def _members_of(self, row: HouseholdRow, home: str, village: str | None, known: list[Known]) -> list[Write]:
        faces = [
            Face(home, ids, self._values(self._member, person, _MEMBER_FIELDS))
            for person, ids in zip(row.persons, member_ids(home, row.persons), strict=True)
        ]
        claimed: set[str] = set()
        found = pair(faces, known, MEMBER_PASSES, claimed)
        writes: list[Write] = []
        for index, (face, person) in enumerate(zip(faces, row.persons, strict=True)):
            one = found.get(index)
            id_ = one.record.id if one else new_id(face.ids, claimed | self._member_ids)
            claimed.add(id_)
            changed, base = _difference(self._member, face.values, one)
            writes.append(Write(MEMBER, id_, village, home, changed, base))
            self._count(self._plan.report.members, writes[-1], one, row, person, person.name)
        return writes

    def _known(self, keys: Iterable[Key]) -> list[Known]:
        """The records that exist, with what imports have made of them."""
        records = self._store.read_ahead(keys)
        changes: dict[Key, list[Change]] = {}
        if records:
            found = self._store.sql(_IMPORTS.format("record IN ??"), self._store.code, [one.id for one in records])
            for kind, record, stamp, written, base in found:
                changes.setdefault(Key(kind, record), []).append(Change(stamp, from_json(written), from_json(base)))
        kinds = {kind.name: kind for kind in (self._household, self._member)}
        return [
            Known(one, fold(kinds[one.kind], changes[one.key]) if one.key in changes else Folded()) for one in records
        ]

    def _count(
        self,
        tally: Tally,
        write: Write,
        known: Known | None,
        house: HouseholdRow,
        row: HouseholdRow | PersonRow,
        name: str | None,
    ) -> None:
        outcome = CREATED if known is None else UPDATED if write.values else UNCHANGED
        tally.created += outcome == CREATED
        tally.updated += outcome == UPDATED
        tally.unchanged += outcome == UNCHANGED
        report = self._plan.report
        report.rows.append(
            RowDone(
                row.sheet, row.row, write.kind, write.id, write.household or write.id, house.household_no,
                house.head_name, name, outcome, sorted(write.values) if outcome == UPDATED else [],
            )
        )  # fmt: skip
        if known and not known.living:
            report.warnings.append(Finding(row.row, "removed_here", worded("removed_here"), row.sheet))


def _difference(kind: Kind, said: dict[str, Any], known: Known | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values to write, base): what the workbook says otherwise than at the last import.

    A field never imported that somebody has filled in is written without a base, so that a conflict tells both.
    """
    if known is None:
        return said, {}
    record, imported = known.record, known.imported
    values: dict[str, Any] = {}
    base: dict[str, Any] = {}
    for name, value in said.items():
        before = imported.values if name in imported.values else record.values
        if name in before and _equal(kind, name, value, before[name]):
            continue
        values[name] = value
        if name in imported.stamps:
            base[name] = imported.stamps[name]
    return values, base


def _equal(kind: Kind, name: str, one: Any, other: Any) -> bool:
    if kind.fields[name].type_name == "choices" and isinstance(other, list):
        return sorted(one) == sorted(other)  # the order in which a clerk lists them says nothing
    return same(one, other)
