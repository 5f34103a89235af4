"""Visits, contact visits and clean-up checks as lists, newest first.

Rows are paged in SQL along the index of their day. Promises: rows of the reader's villages alone, and no head's name of a household that has
since moved out of them; a month is Shanghai's, whatever offset a moment was written with. Leaves to others: whether a visit counts
(`shared.rules.visits`), pages and files.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

from server.lists.homes import SEARCH, file_columns, heads_of, villages_seen
from server.lists.listing import MONTH, VILLAGE, Column, Filter, Found, Listing, Query, column
from server.reading.finding import HOUSEHOLD, homes_of
from server.reports.book import read_policies
from server.store import TownshipStore
from shared.fields import Choice, Label, is_uuid
from shared.kinds import KINDS
from shared.moments import day_named, day_of, days_after, last_day
from shared.rules.cleanup import score
from shared.rules.due import NEEDS
from shared.rules.entry import Entry
from shared.rules.length import length_of

VISIT, CONTACT, CHECK = "visit", "contact_visit", "cleanup_check"
WHEN = {VISIT: "started_at", CONTACT: "started_at", CHECK: "checked_at"}
"""The field that says when, by kind; each has an index."""
USUAL = {VISIT: ("mode", "home"), CONTACT: ("mode", "home"), CHECK: ("target", "household")}
"""The field that a list is filtered by, and what most records have there."""
REMOVED = "removed record"
FEW = 5000
"""So many rows are sorted rather than looked for along the whole index of days."""

Rows = Callable[[Query, Sequence[Entry]], list[dict[str, Any]]]
"""What a list's rows say beside the record's own fields, in the order of the entries."""


def find(query: Query, kind: str, more: Rows) -> Found:
    """A page of a kind's records, newest first."""
    where, values = villages_seen(query, query["village"])
    if query["q"]:
        seen = partial(query.sight.sees, query.store.code)
        found = homes_of(query.database, query.store).search(query["q"], seen)
        where, values = f"{where} AND household IN ??", [*values, [hit.home.id for hit in found]]
    name, _ = USUAL[kind]
    if query[name]:
        where, values = f"{where} AND {name} = ?", [*values, query[name]]
    if query["month"]:
        during, days = _during(query, kind)
        where, values = f"{where}{during}", [*values, *days]
    total = _count(query, kind, where, values)
    entries = _page(query, kind, where, values, total)
    return Found(_rows(query, kind, entries, more), total)


def _during(query: Query, kind: str) -> tuple[str, list[Any]]:
    """SQL for a month. Texts are compared, which is right for those of our own offset; the few others are looked at one by one."""
    name, first, last = WHEN[kind], f"{query['month']}-01", last_day(query["month"])
    near = query.store.sql(
        f"SELECT id, {name} FROM kind_{kind} WHERE township = ? AND {name} >= ? AND {name} < ? AND {name} NOT LIKE ?",
        query.store.code, days_after(first, -1), days_after(last, 2), "%+08:00",
    )  # fmt: skip
    if not near:
        return f" AND {name} >= ? AND {name} < ?", [first, days_after(last, 1)]
    within = [id_ for id_, moment in near if first <= day_named(moment) <= last]
    sql = f" AND {name} >= ? AND {name} < ? AND (({name} >= ? AND {name} < ? AND NOT (id IN ??)) OR id IN ??)"
    around = [days_after(first, -1), days_after(last, 2), first, days_after(last, 1)]
    return sql, [*around, [id_ for id_, _ in near], within]


def _count(query: Query, kind: str, where: str, values: list[Any]) -> int:
    """How many rows there are. Of all that a village holds an index tells; what is unusual among them is kept in mind."""
    store, code, (name, usual) = query.store, query.store.code, USUAL[kind]
    if query["q"] or query["month"]:
        ((total,),) = store.sql(
            f"SELECT count(*) FROM kind_{kind}{_index(query, kind, where)} WHERE township = ?{where} AND (removed IS NULL OR removed = ?)",
            code, *values, False,
        )  # fmt: skip
        return int(total)
    unusual = query.database.kept.of(code, f"unusual {kind}", lambda: Unusual(kind)).current(store)
    own, villages = villages_seen(query, query["village"])
    seen = set(villages[0]) if villages else None
    told = [row.code for row in unusual.values() if seen is None or row.village in seen]
    if query[name] and query[name] != usual:
        return told.count(query[name])
    ((total,),) = store.sql(f"SELECT count(*) FROM kind_{kind} WHERE township = ?{own}", code, *villages)
    return int(total) - (len(told) if query[name] else told.count(REMOVED))


def _index(query: Query, kind: str, where: str, total: int = 0) -> str:
    """The index to walk along, as a hint: SQLite keeps no statistics to choose by. Rows lie much as days do, so that one costs least."""
    many = query["month"] or total > FEW or " AND village " not in where
    name = "household" if query["q"] else f"township_{WHEN[kind]}" if many else "township_village_id"
    return f" /* INDEXED BY ix_kind_{kind}_{name} */"


def _page(query: Query, kind: str, where: str, values: list[Any], total: int) -> list[Entry]:
    first, last = query.offset, total if query.limit is None else min(query.offset + query.limit, total)
    from_end = first > total // 2  # the shorter way to the page
    order = f"{WHEN[kind]}, id DESC" if from_end else f"{WHEN[kind]} DESC, id"
    tail = "" if query.limit is None else f" LIMIT {max(0, last - first)} OFFSET {total - last if from_end else first}"
    rows = query.store.sql(
        f"SELECT id FROM kind_{kind}{_index(query, kind, where, total)} WHERE township = ?{where}"
        f" AND (removed IS NULL OR removed = ?) ORDER BY {order}{tail}",
        query.store.code, *values, False,
    )  # fmt: skip
    ids = [id_ for (id_,) in (reversed(rows) if from_end else rows)]
    found = {entry.id: entry for entry in query.store.entries(kind, query.database.kinds[kind].fields, ids=ids)}
    return [found[id_] for id_ in ids]


def _rows(query: Query, kind: str, entries: Sequence[Entry], more: Rows) -> list[dict[str, Any]]:
    names, heads = query.store.villages(), heads_of(query, [e.household for e in entries if e.household])
    people = names_of(query.store, [name for e in entries for name in e.values.get("participants") or ()])
    rows = []
    for entry, told in zip(entries, more(query, entries), strict=True):
        head, number = heads.get(entry.household or "", (None, None))
        values = dict(entry.values)
        if values.get("participants"):
            values["participants"] = [people.get(name, name) for name in values["participants"]]
        about = {"village": names.get(entry.village or "", entry.village), "head_name": head, "household_no": number}
        own = {"_kind": kind, "_id": entry.id, "_household": entry.household if head is not None else ""}
        rows.append({**values, **about, **told, **own})
    return rows


def names_of(store: TownshipStore, told: Sequence[str]) -> Mapping[str, str]:
    """Names of the people whom records name by their id: those who hold or held something in this township, or have a phone of it."""
    ids = sorted({one for one in told if is_uuid(one)})
    if not ids:
        return {}
    rows = store.sql(
        "SELECT u.id, u.name FROM user_account u WHERE u.id IN ??"
        " AND (EXISTS (SELECT 1 FROM access_grant g WHERE g.township = ? AND g.person = u.id)"
        " OR EXISTS (SELECT 1 FROM device d WHERE d.township = ? AND d.person = u.id))",
        ids, store.code, store.code,
    )  # fmt: skip
    return dict(map(tuple, rows))


class Row(NamedTuple):
    """A record that is not as most are: its village, and the code it is filtered by, or REMOVED."""

    village: str
    code: str


@dataclass
class Unusual:
    """A kind's records that were removed or are of another sort than most: few, so that they can be counted where an index cannot."""

    kind: str
    _seq: int = -1
    _found: dict[str, Row] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def current(self, store: TownshipStore) -> Mapping[str, Row]:
        """By id, as the store sees them now."""
        with self._lock:
            head = store.head()
            if self._seq < 0:
                self._found = self._read(store, "", [])
            elif head > self._seq:
                rows = store.sql(
                    "SELECT DISTINCT record FROM changes WHERE township = ? AND seq > ? AND kind = ? AND village IS NOT NULL",
                    store.code, self._seq, self.kind,
                )  # fmt: skip
                touched = {id_ for (id_,) in rows}
                kept = {id_: row for id_, row in self._found.items() if id_ not in touched}
                self._found = kept | self._read(store, " AND id IN ??", [sorted(touched)])
            self._seq = max(self._seq, head)
            return self._found

    def _read(self, store: TownshipStore, where: str, values: list[Any]) -> dict[str, Row]:
        name, usual = USUAL[self.kind]
        rows = store.sql(
            f"SELECT id, village, {name}, removed FROM kind_{self.kind} WHERE township = ?{where}"
            f" AND (removed = ? OR {name} IS NULL OR {name} <> ?)",
            store.code, *values, True, usual,
        )  # fmt: skip
        return {
            id_: Row(sys.intern(village), REMOVED if removed else sys.intern(code or ""))
            for id_, village, code, removed in rows
        }


# --- what a list's rows say beside their fields ------------------------------------------------------------------------


def _visits(_query: Query, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [{"minutes": minutes_of(entry)} for entry in entries]


def minutes_of(entry: Entry) -> int | None:
    """Whole minutes that were counted; None while the visit has no end."""
    length = length_of(entry.values)
    return length.minutes if length.clock != "none" else None


def _contacts(query: Query, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    ids = [entry.values["link"] for entry in entries if entry.values.get("link")]
    links = {
        e.id: e.values.get("party_member") or ""
        for e in query.store.entries("party_link", ["party_member"], ids=sorted(set(ids)))
        if query.sight.sees(query.store.code, e.village)
    }
    people = names_of(query.store, list(links.values()))
    named = ((entry, links.get(entry.values.get("link") or "")) for entry in entries)
    return [{"party_member": people.get(name or "", name), "minutes": minutes_of(entry)} for entry, name in named]


def _checks(query: Query, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    policies = read_policies(query.store.entries("policy", NEEDS["policy"]))
    rows = []
    for entry in entries:
        checked = entry.values.get("checked_at")
        day = day_named(checked) if checked else day_of(query.now)
        result = score(entry.values, policies.of(entry.values, day).cleanup)
        rows.append({"total": result.total, "passed": VERDICTS[result.passed]})
    return rows


VERDICTS = {
    True: Label("合格", "Passed"),
    False: Label("不合格", "Failed"),
    None: Label("未评全", "Incomplete"),
}
"""What a check came to."""


def _listing(kind: str, title: Label, shown: Sequence[Column], more: Rows, empty: Label) -> Listing:
    declared, home, chosen = KINDS[kind], KINDS[HOUSEHOLD].fields, USUAL[kind][0]
    field_ = declared.fields[chosen]
    assert isinstance(field_, Choice)
    return Listing(
        kind + "s",
        title,
        [
            column(declared, WHEN[kind], narrow=True),
            Column("village", VILLAGE.label, narrow=False),
            Column("head_name", home["head_name"].label),
            Column("household_no", home["household_no"].label, "code", narrow=False),
            *shown,
            *file_columns(declared, [WHEN[kind], *(one.key for one in shown)]),
        ],
        [SEARCH, VILLAGE, MONTH, Filter(chosen, field_.label, "choice", field_.choices)],
        partial(find, kind=kind, more=more),
        empty=empty,
        pictured=kind,
    )


_VISIT, _CONTACT, _CHECK = KINDS[VISIT], KINDS[CONTACT], KINDS[CHECK]
_MINUTES = Column("minutes", Label("分钟", "Minutes"), "number")

LISTINGS = [
    _listing(
        VISIT,
        Label("走访", "Visits"),
        [
            column(_VISIT, "mode", narrow=True),
            _MINUTES,
            column(_VISIT, "purposes"),
            column(_VISIT, "participants"),
            column(_VISIT, "summary"),
        ],
        _visits,
        Label("没有符合条件的走访", "No such visit"),
    ),
    _listing(
        CONTACT,
        Label("联户走访", "Contact visits"),
        [
            column(_CONTACT, "mode", narrow=True),
            Column("party_member", Label("联户党员", "Party member")),
            _MINUTES,
            column(_CONTACT, "topics"),
            column(_CONTACT, "participants"),
        ],
        _contacts,
        Label("没有符合条件的联户走访", "No such contact visit"),
    ),
    _listing(
        CHECK,
        Label("环境检查", "Clean-up checks"),
        [
            column(_CHECK, "target"),
            column(_CHECK, "hamlet"),
            Column("total", Label("得分", "Score"), "number"),
            Column("passed", Label("结果", "Result")),
            column(_CHECK, "red_lines"),
            column(_CHECK, "checker"),
        ],
        _checks,
        Label("没有符合条件的检查", "No such check"),
    ),
]
