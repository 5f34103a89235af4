"""Areas in the database: stores a list that `areas` has read, and tells a township's villages.

Promises: storing the same list again changes nothing; nothing is ever deleted, since records may lie under a village that
a newer list no longer names. Leaves to others: reading and checking the file (`areas`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from server import audit
from server.audit import COMMAND, Actor
from server.imports.areas import Area, townships
from server.service import now_ms
from server.store import Database, TownshipStore

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
_UPSERT = (
    "INSERT INTO area (code, name, parent, level, is_farm) VALUES (?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE"
    " SET name = excluded.name, parent = excluded.parent, level = excluded.level, is_farm = excluded.is_farm"
)


class UnknownTownshipError(Exception):
    """The code is no township with villages; the message (Chinese / English) says what it is and what to do."""


@dataclass(frozen=True, slots=True)
class AreaRow:
    """What one line of a list comes to. `was`: what the area is called now, where it has another name."""

    code: str
    name: str
    level: str
    outcome: str
    was: str = ""


def compare_areas(database: Database, areas: Iterable[Area]) -> list[AreaRow]:
    """What storing the areas would come to, line by line; nothing is written."""
    with database.read("") as store:
        return _compared(store, areas)


def _compared(store: TownshipStore, areas: Iterable[Area]) -> list[AreaRow]:
    stored = {
        code: (name, parent, level, bool(is_farm))
        for code, name, parent, level, is_farm in store.sql("SELECT code, name, parent, level, is_farm FROM area")
    }
    rows = []
    for area in areas:
        before = stored.get(area.code)
        now = (area.name, area.parent_code, area.level, area.is_farm)
        outcome = CREATED if before is None else UNCHANGED if before == now else UPDATED
        was = str(before[0]) if before is not None and before[0] != area.name else ""
        rows.append(AreaRow(area.code, area.name, area.level, outcome, was))
    return rows


def import_areas(
    database: Database, areas: Iterable[Area], by: Actor = COMMAND, dry_run: bool = False
) -> dict[str, Any]:
    """Store the areas: ``{"areas": {"created", "updated", "unchanged"}, "townships": n, "villages": n}``.

    `townships` are those of the list without its farms, `villages` all its village units.
    """
    listed = tuple(areas)
    if dry_run:
        rows = compare_areas(database, listed)
    else:
        with database.transaction() as connection:
            store = TownshipStore(database, connection, "")
            rows = _compared(store, listed)
            for row, area in zip(rows, listed, strict=True):
                if row.outcome != UNCHANGED:
                    store.sql(_UPSERT, area.code, area.name, area.parent_code, area.level, area.is_farm)
            audit.write(store, by, "areas_import", now_ms(), details=_counted(rows))
    villages = sum(area.level == "village" for area in listed)
    return {"areas": _counted(rows), "townships": len(townships(listed)), "villages": villages}


def _counted(rows: Iterable[AreaRow]) -> dict[str, int]:
    counts = Counter(row.outcome for row in rows)
    return {outcome: counts[outcome] for outcome in (CREATED, UPDATED, UNCHANGED)}


def require_township(database: Database, code: str) -> None:
    """UnknownTownshipError in words when there is no such township or farm."""
    with database.read(code) as store:
        if not store.sql("SELECT 1 FROM area WHERE code = ? AND level = 'township'", code):
            raise UnknownTownshipError(
                f"没有这个乡镇：{code}；请先导入区划（ruhu areas import）。"
                f" / No such township: {code}; import the areas first (ruhu areas import)."
            )


def village_names(database: Database, township: str) -> dict[str, str]:
    """Name to 12-digit code of a township's villages: what read_roster wants to know. UnknownTownshipError in words."""
    with database.read(township) as store:
        found = store.sql("SELECT name, level, is_farm FROM area WHERE code = ?", township)
        names = {name: code for code, name in store.villages().items()}
    if not found:
        raise UnknownTownshipError(
            f"没有这个乡镇：{township}；请先导入区划（ruhu areas import）。"
            f" / No such township: {township}; import the areas first (ruhu areas import)."
        )
    name, level, is_farm = found[0]
    if level != "township" or is_farm:
        raise UnknownTownshipError(
            f"{township} 是{name}，不是乡镇；请给出乡镇的 9 位代码。"
            f" / {township} ({name}) is not a township; give a township's 9-digit code."
        )
    if not names:
        raise UnknownTownshipError(
            f"{name}（{township}）没有行政村；请导入含有各村的区划。"
            f" / {name} ({township}) has no villages; import a list of areas that holds them."
        )
    return names
