"""What the gate took and the desk should look at: incomplete records, choice codes no list here holds, changes that came late.

None of these was refused, for a form binds its writer and not the gate. Names fields and codes, never what a person wrote. Leaves to
others: doubled numbers in a workbook (the importer says so), and mending what is listed.
"""

from collections.abc import Iterator
from typing import Any

from server.rows import from_json
from server.store import Database, TownshipStore
from shared.grants import TOWNSHIP
from shared.kind import REMOVED
from shared.record import Record

PAGE = 1000


def list_warnings(database: Database, township: str) -> list[dict[str, Any]]:
    """The warnings of a township: ``{"code", "kind", "id", "village", "fields"}``, by kind and id; late changes last.

    `code` is incomplete, unknown_choice or late.
    """
    with database.read(township) as store:
        found = [warning for record in _records(store, database) for warning in _of_record(database, record)]
        late = store.sql(
            "SELECT kind, record, village, written FROM changes WHERE township = ? AND late = 1 AND refusal IS NULL ORDER BY seq",
            township,
        )
    return found + [_warning("late", kind, id_, village, sorted(from_json(text))) for kind, id_, village, text in late]


def _records(store: TownshipStore, database: Database) -> Iterator[Record]:
    for name, kind in database.kinds.items():
        after = ""
        while not kind.made_by_server and (page := store.fill(f"{TOWNSHIP}:{store.code}", name, after, PAGE)):
            yield from page
            after = page[-1].id


def _of_record(database: Database, record: Record) -> Iterator[dict[str, Any]]:
    kind = database.kinds[record.kind]
    if record.values.get(REMOVED) is True:
        return
    if missing := kind.missing(record.values):
        yield _warning("incomplete", record.kind, record.id, record.village, missing)
    if unknown := kind.unknown_codes(record.values):
        yield _warning("unknown_choice", record.kind, record.id, record.village, sorted(unknown))


def _warning(code: str, kind: str, id_: str, village: str | None, fields: list[str]) -> dict[str, Any]:
    return {"code": code, "kind": kind, "id": id_, "village": village or None, "fields": fields}
