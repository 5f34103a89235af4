"""Records to rows and back, for one kind's table.

A row keeps the earliest stamp once and, in `later`, only the stamps that differ; a field set to null stands in `later` too, since an
empty column alone would mean "never written". Promises: `to_record` gives back every record that `to_rows` was given.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from server.tables import ENVELOPE, JSON_TYPES, column_name, table_name
from shared.kind import Kind
from shared.record import Record, UnionStamps, stamps_of
from shared.rules.entry import TIMES, Entry

_encode = msgspec.json.encode
_decode = msgspec.json.decode


def to_json(value: Any) -> str | None:
    """A JSON column's text; an empty dict is kept as nothing."""
    return _encode(value).decode() if value else None


def from_json(text: str | None) -> Any:
    """What `to_json` wrote; an empty dict for nothing."""
    return _decode(text) if text else {}


class Rows:
    """One kind's rows. `columns` begin with township and the envelope, then the fields in the form's order."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.table = table_name(kind)
        self._json = frozenset(n for n, f in kind.fields.items() if f.type_name in JSON_TYPES)
        self._readers = tuple((name, _reader(f.type_name), name in kind.unions) for name, f in kind.fields.items())
        names = [*ENVELOPE, *map(column_name, kind.fields)]
        self.columns = ", ".join(f'"{name}"' for name in names)
        self._upserts: dict[frozenset[str], tuple[dict[str, int], str]] = {}

    def to_rows(self, township: str, records: Sequence[Record]) -> tuple[str, list[tuple[Any, ...]]]:
        """A statement that writes whole records, new or known, and its parameters.

        Most fields of a form are empty on most records: only the columns that some record of the batch fills are passed, the others
        become null in the statement itself.
        """
        known = self.kind.fields
        used = frozenset(name for record in records for name in record.stamps if name in known)
        if used not in self._upserts:
            if len(self._upserts) > 200:
                self._upserts.clear()
            self._upserts[used] = self._upsert(used)
        places, statement = self._upserts[used]
        return statement, [self._to_row(township, record, places) for record in records]

    def _upsert(self, used: frozenset[str]) -> tuple[dict[str, int], str]:
        filled = [name for name in self.kind.fields if name in used]
        passed = [*ENVELOPE, *map(column_name, filled)]
        updates = [f'"{name}" = excluded."{name}"' for name in passed[1:]]
        updates += [f'"{column_name(name)}" = NULL' for name in self.kind.fields if name not in used]
        columns = ", ".join(f'"{name}"' for name in ("township", *passed))
        statement = (
            f"INSERT INTO {self.table} ({columns}) VALUES ({', '.join('?' * (len(passed) + 1))})"
            f' ON CONFLICT ("township", "id") DO UPDATE SET {", ".join(updates)}'
        )
        return {name: place for place, name in enumerate(filled)}, statement

    def _to_row(self, township: str, record: Record, places: dict[str, int]) -> tuple[Any, ...]:
        values, stamps = record.values, record.stamps
        unions, encoded = self.kind.unions, self._json
        first = min([stamp for stamp in stamps.values() if type(stamp) is str], default="")
        later: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        cells: list[Any] = [None] * len(places)
        for name, stamp in stamps.items():
            value = values[name]
            if name in unions:
                if list(stamp) != value or stamp != _added_at(stamp, first):
                    later[name] = stamp
            elif stamp != first or value is None:
                later[name] = stamp
            if name not in places:
                unknown[name] = value
            elif value is not None:
                cells[places[name]] = _encode(value).decode() if name in encoded else value
        return (
            township,
            record.id,
            record.village or "",
            record.household,
            first,
            _encode(later).decode() if later else None,
            _encode(unknown).decode() if unknown else None,
            int(record.tangled),
            *cells,
        )

    def to_record(self, row: Any) -> Record:
        """A record from a row of `columns`."""
        id_, village, household, first, later_text, extra, tangled, *cells = row
        later: dict[str, Any] = _decode(later_text) if later_text else {}
        values: dict[str, Any] = {}
        stamps: dict[str, Any] = {}
        for (name, read, is_union), cell in zip(self._readers, cells, strict=True):
            if cell is not None:
                value = values[name] = cell if read is None else read(cell)
                if name in later:
                    stamps[name] = later[name]
                else:
                    stamps[name] = _added_at(value, first) if is_union else first
        for name, stamp in later.items():
            if name not in values and name in self.kind.fields:
                values[name], stamps[name] = None, stamp
        if extra:
            for name, value in _decode(extra).items():
                values[name], stamps[name] = value, later.get(name, first)
        return Record(self.kind.name, id_, village or None, household, values, stamps, bool(tangled))

    def short(self, names: Iterable[str]) -> "Short":
        """A reader of these fields alone, for the rules: a township's visits have sixty columns, a rule asks for ten."""
        return Short(self, [name for name in self.kind.fields if name in set(names)])


class Short:
    """Rows of some fields of a kind, read as entries. `columns` are those to select."""

    def __init__(self, rows: Rows, names: Sequence[str]) -> None:
        self.table, self._kind = rows.table, rows.kind.name
        wanted = set(names)
        self._readers = [(name, read) for name, read, _ in rows._readers if name in wanted]
        columns = [
            "id",
            "village",
            "household",
            "stamp",
            "later",
            *map(column_name, (name for name, _ in self._readers)),
        ]
        self.columns = ", ".join(f'"{name}"' for name in columns)

    def to_entry(self, row: Any, received: int | None = None) -> Entry:
        id_, village, household, first, later, *cells = row
        values = {
            name: cell if read is None else read(cell)
            for (name, read), cell in zip(self._readers, cells, strict=True)
            if cell is not None
        }
        last = timed = first
        if later:
            others = _decode(later)
            stamps = [stamp for stamp in (first, *stamps_of(others)) if stamp]
            timed = max((others.get(name, first) for name in TIMES if name in values), default=first)
            first, last = min(stamps), max(stamps)
        return Entry(self._kind, id_, village or None, household, values, first, last, received, timed)


def _added_at(elements: Iterable[str], stamp: str) -> UnionStamps:
    return {element: [stamp] for element in elements}


def _reader(type_name: str) -> Any:
    if type_name in JSON_TYPES:
        return _decode
    return bool if type_name == "boolean" else None
