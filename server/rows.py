"""Records to rows and back, for one kind's table.

A row keeps the earliest stamp once and, in `later`, only the stamps that differ; a field set to null stands in `later` too, since an
empty column alone would mean "never written". Promises: `to_record(to_row(r)) == r` for every record merge can make.
"""

from typing import Any

import msgspec

from server.tables import ENVELOPE, JSON_TYPES, column_name, table_name
from shared.kind import Kind
from shared.record import Record, UnionStamps

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
        self._fields = tuple(kind.fields)
        self._json = frozenset(n for n, f in kind.fields.items() if f.type_name in JSON_TYPES)
        self._readers = tuple(_reader(f.type_name) for f in kind.fields.values())
        self._field_readers = tuple(zip(self._fields, self._readers, strict=True))
        names = [*ENVELOPE, *map(column_name, self._fields)]
        self.columns = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * (len(names) + 1))
        updates = ", ".join(f'"{name}" = excluded."{name}"' for name in names[1:])
        self.upsert = (
            f'INSERT INTO {self.table} ("township", {self.columns}) VALUES ({marks})'
            f' ON CONFLICT ("township", "id") DO UPDATE SET {updates}'
        )

    def to_row(self, township: str, record: Record) -> tuple[Any, ...]:
        """The parameters of `upsert`."""
        values, stamps, unions = record.values, record.stamps, self.kind.unions
        first = min((s for s in stamps.values() if type(s) is str), default="")
        later: dict[str, Any] = {}
        known = 0
        cells: list[Any] = []
        for name in self._fields:
            if name not in stamps:
                cells.append(None)
                continue
            known += 1
            value, stamp = values[name], stamps[name]
            if name in unions:
                if any(adds != [first] for adds in stamp.values()) or list(stamp) != value:
                    later[name] = stamp
            elif stamp != first or value is None:
                later[name] = stamp
            cells.append(_encode(value).decode() if value is not None and name in self._json else value)
        extra = None
        if known < len(stamps):
            unknown = {name: value for name, value in values.items() if name not in self.kind.fields}
            extra = _encode(unknown).decode()
            later |= {name: stamps[name] for name in unknown if stamps[name] != first}
        return (
            township,
            record.id,
            record.village or "",
            record.household,
            first,
            _encode(later).decode() if later else None,
            extra,
            int(record.tangled),
            *cells,
        )

    def to_record(self, row: Any) -> Record:
        """A record from a row of `columns`."""
        id_, village, household, first, later_text, extra, tangled, *cells = row
        later: dict[str, Any] = _decode(later_text) if later_text else {}
        values: dict[str, Any] = {}
        stamps: dict[str, Any] = {}
        unions = self.kind.unions
        for (name, read), cell in zip(self._field_readers, cells, strict=True):
            if cell is None:
                if name in later:
                    values[name], stamps[name] = None, later[name]
                continue
            value = values[name] = cell if read is None else read(cell)
            if name in unions:
                stamps[name] = later[name] if name in later else _added_at(value, first)
            else:
                stamps[name] = later.get(name, first)
        if extra:
            for name, value in _decode(extra).items():
                values[name], stamps[name] = value, later.get(name, first)
        return Record(self.kind.name, id_, village or None, household, values, stamps, bool(tangled))


def _added_at(elements: list[str], stamp: str) -> UnionStamps:
    return {element: [stamp] for element in elements}


def _reader(type_name: str) -> Any:
    if type_name in JSON_TYPES:
        return _decode
    return bool if type_name == "boolean" else None
