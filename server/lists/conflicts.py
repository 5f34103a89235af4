"""Conflicts as a list, and what a page of them needs beside it: which come next, which are alike, what each is about in words.

Promises: rows of the reader's villages alone; a value whose field is masked stays masked unless the whole was asked for. Leaves to others:
deciding (the gate), and one conflict in full (`console.conflicts`).
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.lists.listing import VILLAGE, Column, Filter, Found, Listing, Query, column
from server.sight import Sight
from server.store import TownshipStore
from server.words import EN, ZH, is_masked, masked, moment, told
from shared.fields import Datetime, Field, Label, Link
from shared.hlc import milliseconds_of
from shared.kind import REMOVED, Registry
from shared.kinds import KINDS
from shared.moments import iso
from shared.record import Key, Record
from shared.sync.conflicts import CONFLICT

_ORDER = "ORDER BY losing_stamp DESC, id DESC"
_REMOVALS = {
    True: Label("移除这条记录", "Remove the record"),
    False: Label("不移除，留着这条记录", "Keep the record"),
}
"""What a conflict about a removal is between: somebody removed it, somebody else wrote to it without having seen that."""
UNKNOWN = Label("新版手机才有的字段", "A field of a newer app")

FILTERS = [
    Filter("status", Label("状态", "Status"), "choice", KINDS[CONFLICT].fields["status"].choices),  # type: ignore[attr-defined]
    Filter("kind", Label("表单", "Kind"), "choice", {name: kind.label for name, kind in KINDS.items() if not kind.made_by_server}),
    VILLAGE,
    Filter("field", Label("字段", "Field"), hint=Label("如：户类别", "such as: Categories")),
]  # fmt: skip


# --- which -----------------------------------------------------------------------------------------------------------


def condition(query: Query) -> tuple[str, list[Any]]:
    """The rows that are the reader's and fit the filters, as SQL after the township's own condition."""
    parts, values = ["1 = 1"], []  # type: list[str], list[Any]
    for name, sql in (("status", "status = ?"), ("kind", "about = ?")):
        if query[name]:
            parts.append(sql)
            values.append(query[name])
    if query["field"]:
        parts.append("field IN ??")
        values.append(_fields_named(query["field"]))
    if query["village"] or not query.sight.is_whole(query.store.code):
        shared = [] if query["village"] else [""]
        parts.append("village IN ??")
        values.append([*query.places, *shared])
    return " AND ".join(parts), values


def _fields_named(text: str) -> list[str]:
    """Names of the fields that are called so, in either language; the text itself for one that only a newer app knows."""
    wanted = text.lower()
    named = {
        name
        for kind in KINDS.values()
        for name, field in kind.fields.items()
        if wanted in field.label.zh.lower() or wanted in field.label.en.lower()
    }
    return sorted(named | {text})


def find(query: Query) -> Found:
    where, values = condition(query)
    code = query.store.code
    ((total,),) = query.store.sql(f"SELECT count(*) FROM kind_conflict WHERE township = ? AND {where}", code, *values)
    tail = "" if query.limit is None else f" LIMIT {int(query.limit)} OFFSET {int(query.offset)}"
    found = query.store.sql(
        f"SELECT id FROM kind_conflict WHERE township = ? AND {where} {_ORDER}{tail}", code, *values
    )
    loaded = query.store.load([Key(CONFLICT, id_) for (id_,) in found])
    conflicts = [loaded[Key(CONFLICT, id_)] for (id_,) in found]
    return Found(rows_of(query, conflicts), total)


def rows_of(query: Query, conflicts: Sequence[Record]) -> list[dict[str, Any]]:
    """Conflicts as rows: `_id`, and `_seen`, which says what the reader was looking at."""
    kinds = query.database.kinds
    abouts = query.store.load({about_of(conflict) for conflict in conflicts})
    linked = {key for conflict in conflicts for key in links_of(kinds, conflict)}
    titles = titles_of(query.store, query.sight, kinds, {*abouts, *linked})
    return [
        _row(query, conflict, abouts.get(about_of(conflict)), titles, query.sight.places(query.store))
        for conflict in conflicts
    ]


def _row(
    query: Query, conflict: Record, about: Record | None, titles: Mapping[Key, Label], places: Mapping[str, str]
) -> dict[str, Any]:
    values = conflict.values
    kind = query.database.kinds[values["about"]]
    field = kind.fields.get(values["field"])
    sides = {
        name: in_words(values["field"], field, values[name], titles, query.whole) for name in ("losing", "standing")
    }
    return {
        "_id": conflict.id, "_seen": seen_of(conflict, about), "_undecided": values["status"] != "decided",
        "title": titles.get(about_of(conflict), Label("—", "—")), "kind": kind.label,
        "field": field.label if field else Label(values["field"], values["field"]), **sides,
        "losing_by": values["losing_by"], "standing_by": values["standing_by"],
        "losing_at": iso(milliseconds_of(values["losing_stamp"])), "village": places.get(conflict.village or "", ""),
        "status": values["status"], "decided_by": values["decided_by"], "decided_at": values["decided_at"],
    }  # fmt: skip


def following(query: Query, after: Record | None = None) -> str | None:
    """The id of the conflict that comes after this one in the list as it is filtered, or of the first; never its own."""
    where, values = condition(query)
    code, stamp, id_ = query.store.code, "", ""
    statement = f"SELECT id FROM kind_conflict WHERE township = ? AND {where}"
    if after is not None:
        stamp, id_ = after.values["losing_stamp"], after.id
        later = "AND (losing_stamp < ? OR (losing_stamp = ? AND id < ?))"
        if found := query.store.sql(f"{statement} {later} {_ORDER} LIMIT 1", code, *values, stamp, stamp, id_):
            return str(found[0][0])
    found = query.store.sql(f"{statement} AND id <> ? {_ORDER} LIMIT 1", code, *values, id_)
    return str(found[0][0]) if found else None


@dataclass(frozen=True)
class Alike:
    """Open conflicts about one field with the same two values: one answer fits all. `sample` is one of them."""

    sample: str
    count: int
    kind: Label
    field: Label
    losing: Label
    standing: Label


def alike(query: Query, most: int = 50) -> list[Alike]:
    """The groups of open conflicts that are alike, largest first."""
    where, values = condition(query)
    rows = query.store.sql(
        "SELECT min(id), count(*) FROM kind_conflict WHERE township = ? AND status = 'open'"
        f" AND {where} GROUP BY about, field, losing, standing HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT {most}",
        query.store.code, *values,
    )  # fmt: skip
    loaded = query.store.load([Key(CONFLICT, id_) for id_, _ in rows])
    told_of = {row["_id"]: row for row in rows_of(query, list(loaded.values()))}
    return [
        Alike(id_, count, *(told_of[id_][name] for name in ("kind", "field", "losing", "standing")))
        for id_, count in rows
    ]


def alike_to(query: Query, sample: str) -> list[str]:
    """Ids of the open conflicts that are like this one, its own among them while it is open."""
    where, values = condition(query)
    same = " AND ".join(
        f"(c.{name} = s.{name} OR (c.{name} IS NULL AND s.{name} IS NULL))" for name in ("losing", "standing")
    )
    rows = query.store.sql(
        "SELECT c.id FROM kind_conflict s, kind_conflict c WHERE s.township = ? AND s.id = ? AND c.township = s.township"
        f" AND c.about = s.about AND c.field = s.field AND {same} AND c.id IN"
        f" (SELECT id FROM kind_conflict WHERE township = ? AND status = 'open' AND {where}) ORDER BY c.id",
        query.store.code, sample, query.store.code, *values,
    )  # fmt: skip
    return [id_ for (id_,) in rows]


def seen_of(conflict: Record, about: Record | None) -> str:
    """What a clerk was looking at, as a short text that is another one as soon as either side or the decision changed."""
    standing = about.stamps.get(conflict.values["field"]) if about else None
    return hashlib.sha256(f"{conflict.stamps.get('decision')} {standing}".encode()).hexdigest()[:16]


# --- in words --------------------------------------------------------------------------------------------------------


def about_of(conflict: Record) -> Key:
    """The record a conflict is about."""
    return Key(conflict.values["about"], conflict.values["record"])


def links_of(kinds: Registry, conflict: Record) -> list[Key]:
    """The records that a conflict's values name, where its field is a link."""
    field = kinds[conflict.values["about"]].fields.get(conflict.values["field"])
    if not isinstance(field, Link):
        return []
    return [
        Key(field.to, one)
        for name in ("losing", "standing", "value")
        if isinstance(one := conflict.values.get(name), str)
    ]


def in_words(name: str, field: Field | None, value: Any, titles: Mapping[Key, Label], whole: bool = False) -> Label:
    """A value as it is read, in both languages; masked where its field is, unless the `whole` was asked for."""
    if name == REMOVED:
        return _REMOVALS[value is True]
    if is_masked(field) and not whole:
        return Label(masked(field, value), masked(field, value))
    if isinstance(field, Link) and Key(field.to, str(value)) in titles:
        return titles[Key(field.to, str(value))]
    return Label(told(field, value, ZH), told(field, value, EN))


def titles_of(store: TownshipStore, sight: Sight, kinds: Registry, keys: Collection[Key]) -> dict[Key, Label]:
    """What those of these records that are the reader's are called: whose (where that household is the reader's too), which form, which day."""
    records = _seen(store, sight, keys)
    homes = {Key(kinds.household, one.household) for one in records.values() if one.household}
    households = records | _seen(store, sight, homes - records.keys())
    heads = {
        key.id: one.values.get("head_name") or "—" for key, one in households.items() if key.kind == kinds.household
    }
    return {key: _title(kinds, record, heads) for key, record in records.items()}


def _seen(store: TownshipStore, sight: Sight, keys: Collection[Key]) -> dict[Key, Record]:
    return {key: record for key, record in store.load(keys).items() if sight.record(store, record)}


def _title(kinds: Registry, record: Record, heads: Mapping[str, str]) -> Label:
    kind = kinds[record.kind]
    if kind.is_household:
        return Label(f"{heads[record.id]} 户", f"household of {heads[record.id]}")
    field, value = kind.fields.get(kind.title), record.values.get(kind.title)
    if isinstance(field, Datetime) and isinstance(value, str):
        own = Label(moment(value)[:10], moment(value)[:10])
    else:
        own = in_words(kind.title, field, value, {})
    head = heads.get(record.household or "")
    whose = Label(f"{head} 户 · ", f"household of {head} · ") if head else Label("", "")
    return Label(f"{whose.zh}{kind.label.zh} {_short(own.zh)}", f"{whose.en}{kind.label.en} {_short(own.en)}")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


LISTINGS: list[Listing] = [
    Listing(
        "conflicts",
        Label("分歧", "Conflicts"),
        [
            Column("title", Label("哪一条", "About")),
            Column("field", Label("字段", "Field")),
            Column("losing", Label("被替换的", "Replaced")),
            Column("losing_by", Label("填写人", "By"), narrow=False),
            Column("losing_at", Label("时间", "When"), "moment", narrow=False),
            Column("standing", Label("现有的", "Standing")),
            Column("standing_by", Label("填写人", "By"), narrow=False),
            Column("village", Label("村", "Village"), narrow=False),
            column(KINDS[CONFLICT], "status"),
            Column("decided_by", Label("裁定人", "Decided by"), narrow=False),
            Column("decided_at", Label("裁定时间", "Decided at"), "moment", narrow=False),
        ],
        FILTERS,
        find,
        empty=Label("没有符合条件的分歧", "No such conflict"),
    ),
]
