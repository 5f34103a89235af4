"""Which photographs the township's records name: read straight from the tables, a page at a time.

Two readings of one question, and when the log first told of one (`named_at`, `came_after`). `spared` errs on the side of keeping: any 64 hex digits in any Photos field of any record, removed ones too, and
anywhere in what a newer app wrote (`extra`), count as a name, so no sweep takes what somebody may still look for. `named` tells of each
record exactly what its form shows. Promises: memory for one page, however many records. Leaves to others: what becomes of a picture
that nobody names (`sweep`), and which of the named are here (`upkeep.verify`).
"""

import re
from collections.abc import Iterator

from server.store import Database, TownshipStore
from server.tables import column_name
from shared.fields import PHOTO
from shared.moments import DAY_MS
from shared.photos import photo_fields

PAGE = 500
LOG_PAGE = 2000
LATE_DAYS = 30
_NAMES = re.compile(rf'"({PHOTO})"')


def spared(database: Database, store: TownshipStore, names: set[str], since: int) -> set[str]:
    """Those of `names` that a record of the township names, or that a change of it since then (ms since 1970) named or let go of."""
    found: set[str] = set()
    for kind in database.kinds.values():
        columns = ["extra", *map(column_name, photo_fields(kind))]
        for row in _rows(store, database.rows[kind.name].table, columns):
            found |= _in_texts(row[1:]) & names
            if len(found) == len(names):
                return found
    return found | changed_since(store, names - found, since)


def changed_since(store: TownshipStore, names: set[str], since: int) -> set[str]:
    """Those of `names` that the log of this time tells of: taking a picture off a record can be taken back for a while."""
    found: set[str] = set()
    before = store.head() + 1
    while names:
        rows = store.sql(
            "SELECT seq, at, written, base FROM changes WHERE township = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            store.code, before, LOG_PAGE,
        )  # fmt: skip
        recent = [row for row in rows if row[1] >= since]
        for _, _, written, base in recent:
            found |= _in_texts((written, base)) & names
        if not recent or len(rows) < LOG_PAGE:
            break
        before = rows[-1][0]
    return found


def named_after(store: TownshipStore, names: set[str], seq: int) -> set[str]:
    """Those of `names` that a change after this position of the log tells of."""
    rows = store.sql("SELECT written, base FROM changes WHERE township = ? AND seq > ?", store.code, seq)
    return set().union(*(_in_texts(row) & names for row in rows))


def named(database: Database, store: TownshipStore) -> Iterator[tuple[str, str, list[str]]]:
    """Of every record with pictures, removed ones too: kind, id, and the names, each once, in the form's order.

    A cell that cannot be read tells of none: `ruhu verify` names it elsewhere.
    """
    for kind in database.kinds.values():
        fields = photo_fields(kind)
        if not fields:
            continue
        for id_, *cells in _rows(store, database.rows[kind.name].table, [column_name(name) for name in fields]):
            yield kind.name, id_, list(dict.fromkeys(name for cell in cells if cell for name in _NAMES.findall(cell)))


def named_at(store: TownshipStore, kind: str, record: str, name: str) -> int | None:
    """When the township first took a change of this record that tells of this picture (ms since 1970); None when the log has none."""
    ((at,),) = store.sql(
        "SELECT min(at) FROM changes WHERE township = ? AND record = ? AND kind = ? AND written LIKE ?",
        store.code, record, kind, f'%"{name}"%',
    )  # fmt: skip
    return None if at is None else int(at)


def is_late(store: TownshipStore, kind: str, record: str, name: str, now: int) -> bool:
    """Whether a picture that is not here was named so long ago that it is not to be waited for: phones let go of theirs, too."""
    at = named_at(store, kind, record, name)
    return at is not None and at < now - LATE_DAYS * DAY_MS


def came_after(store: TownshipStore, names: set[str], first: int) -> dict[str, int]:
    """Of each of `names`: no earlier than when it can have come (ms since 1970), whatever a clock said then.

    A picture comes after the change that names it, that one after all that stand before it in the log, and all of them after `first`.
    """
    found: dict[str, int] = {}
    newest, after = first, 0
    while names - found.keys():
        rows = store.sql(
            "SELECT seq, at, written FROM changes WHERE township = ? AND seq > ? ORDER BY seq LIMIT ?",
            store.code,
            after,
            LOG_PAGE,
        )
        if not rows:
            break
        for _, at, written in rows:
            newest = max(newest, at)
            for name in (_in_texts((written,)) & names) - found.keys():
                found[name] = newest
        after = rows[-1][0]
    return {name: found.get(name, first) for name in names}


def _rows(store: TownshipStore, table: str, columns: list[str]) -> Iterator[tuple[str, ...]]:
    listed = ", ".join(f'"{name}"' for name in columns)
    filled = " OR ".join(f'"{name}" IS NOT NULL' for name in columns)
    after = ""
    while rows := store.sql(
        f"SELECT id, {listed} FROM {table} WHERE township = ? AND id > ? AND ({filled}) ORDER BY id LIMIT ?",
        store.code, after, PAGE,
    ):  # fmt: skip
        yield from map(tuple, rows)
        after = rows[-1][0]


def _in_texts(texts: tuple[str | None, ...]) -> set[str]:
    return {name for text in texts if text for name in _NAMES.findall(text)}
