"""Households and members as lists: found by name, initials, number or last four, in the order of villages, hamlets and numbers.

Promises: rows of the reader's villages alone; every field that the form asks for is a column of the file, whatever a newer form brings.
Leaves to others: the search itself (`finding`), how a problem stands (`standings`), pages and files.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from server.lists.listing import VILLAGE, Column, Filter, Found, Listing, Query, column
from server.reading.finding import HOUSEHOLD, IDENTITY, MEMBER, NAME, Hit, Home, Person, Seen, homes_of, removed_homes
from server.reading.standings import ledger_of
from shared.fields import Label, Link
from shared.kind import Kind
from shared.kinds import KINDS
from shared.kinds.choices import CATEGORIES
from shared.kinds.member import STATUSES
from shared.moments import day_named, day_of

HERE, LEFT, JOINED, REMOVED = "here", "left", "joined", "removed"
STATES = {
    HERE: Label("在户", "In the village"),
    LEFT: Label("已销户", "Left"),
    JOINED: Label("已并入他户", "Joined into another"),
    REMOVED: Label("已移除", "Removed"),
}
AT_HOME = ["home", "field"]
"""The modes of a visit in which somebody was met."""

SEARCH = Filter(
    "q", Label("找人找户", "Find"),
    hint=Label("姓名、首字母、户编号、身份证后四位", "name, initials, number, last four of identity"),
)  # fmt: skip


def state_of(home: Home, day: str, removed: bool = False) -> str:
    """A code of STATES."""
    if home.joined_into:
        return JOINED
    return REMOVED if removed else LEFT if home.has_left(day) else HERE


def file_columns(kind: Kind, shown: Collection[str]) -> list[Column]:
    """The form's other fields, for files: what nobody fills in and what only names another record or a photo is left out."""
    return [
        Column(one.key, one.label, one.sort, one.field, one.narrow, one.masked, on_page=False)
        for one in (column(kind, name) for name in kind.fields if name not in shown)
        if one.field and one.field.widget not in ("hidden", "photos", "links") and not isinstance(one.field, Link)
    ]


def seen_by(query: Query) -> Seen:
    """The villages that are the reader's and that the filter lets through."""
    only, sight, code = query["village"], query.sight, query.store.code
    return lambda village: only in ("", village) and sight.sees(code, village)


def villages_seen(query: Query, only: str = "") -> tuple[str, list[Any]]:
    """The same as more SQL, with what fills it; nothing for who sees all of the township, villages that are no more among it."""
    if only or not query.sight.is_whole(query.store.code):
        return " AND village IN ??", [list(query.sight.places(query.store, only))]
    return "", []


# --- households ------------------------------------------------------------------------------------------------------


def find_households(query: Query) -> Found:
    found = _homes(query)
    end = None if query.limit is None else query.offset + query.limit
    return Found(_household_rows(query, found[query.offset : end]), len(found))


def _homes(query: Query) -> list[tuple[Hit, str]]:
    """Households that fit all filters, each with its state."""
    seen, day, state, category = seen_by(query), day_of(query.now), query["state"], query["category"]
    hits = [(hit, state_of(hit.home, day)) for hit in homes_of(query.database, query.store).search(query["q"], seen)]
    if state in (JOINED, REMOVED):
        gone = removed_homes(query.store).search(query["q"], seen)
        hits += [(hit, state_of(hit.home, day, removed=True)) for hit in gone]
    return [(hit, is_) for hit, is_ in hits if state in ("", is_) and (not category or category in hit.home.categories)]


def _household_rows(query: Query, hits: Sequence[tuple[Hit, str]]) -> list[dict[str, Any]]:
    ids = [hit.home.id for hit, _ in hits]
    names = query.sight.places(query.store)
    kind = query.database.kinds[HOUSEHOLD]
    entries = {
        entry.id: entry
        for removed in (False, True)
        for entry in query.store.entries(HOUSEHOLD, kind.fields, ids=ids, removed=removed)
    }
    visited, problems = last_visits(query, ids), open_problems(query, ids)
    rows = []
    for hit, state in hits:
        home = hit.home
        values = entries[home.id].values if home.id in entries else {"head_name": home.head}
        rows.append(
            {
                **values, "village": names.get(home.village, ""), "members": len(home.people), "state": STATES[state],
                "last_visit": visited.get(home.id), "open_problems": problems[home.id],
                "_kind": HOUSEHOLD, "_id": home.id, "_household": home.id, "_hit": hit, "_under": _found_by(hit),
            }
        )  # fmt: skip
    return rows


def _found_by(hit: Hit) -> Label | None:
    if hit.person is None:
        return None
    name = hit.person.name or "—"
    if hit.by == IDENTITY:
        return Label(f"{name}，身份证后四位 {hit.person.last_four}", f"{name}, identity ends in {hit.person.last_four}")
    return Label(f"成员 {name}", f"member {name}") if hit.by == NAME else None


def last_visits(query: Query, households: list[str]) -> dict[str, str]:
    """The day of the last visit at home or in the field, by household."""
    where, villages = villages_seen(query)
    rows = query.store.sql(
        "SELECT household, max(started_at) FROM kind_visit /* INDEXED BY ix_kind_visit_household */"
        " WHERE township = ? AND household IN ?? AND mode IN ?? AND (removed IS NULL OR removed = ?)"
        f" AND started_at IS NOT NULL{where} GROUP BY household",
        query.store.code, households, AT_HOME, False, *villages,
    )  # fmt: skip
    return {household: day_named(started) for household, started in rows}


def open_problems(query: Query, households: Collection[str]) -> Counter[str]:
    """How many problems of each of these households are not over."""
    wanted, code = frozenset(households), query.store.code
    return Counter(
        one.entry.household
        for one in ledger_of(query.database, query.store).problems.values()
        if one.entry.household in wanted and one.standing.open and query.sight.sees(code, one.entry.village)
    )


# --- members -----------------------------------------------------------------------------------------------------------


def find_members(query: Query) -> Found:
    found = homes_of(query.database, query.store).people(query["q"], seen_by(query))
    if query["status"]:
        found = [(person, home) for person, home in found if person.status == query["status"]]
    end = None if query.limit is None else query.offset + query.limit
    return Found(_member_rows(query, found[query.offset : end]), len(found))


def _member_rows(query: Query, people: Sequence[tuple[Person, Home | None]]) -> list[dict[str, Any]]:
    kind = query.database.kinds[MEMBER]
    entries = {e.id: e for e in query.store.entries(MEMBER, kind.fields, ids=[person.id for person, _ in people])}
    names = query.sight.places(query.store)
    return [
        {
            **(entries[person.id].values if person.id in entries else {"name": person.name}),
            "village": names.get(person.village, ""), "head_name": home.head if home else None,
            "household_no": home.number if home else None, "_kind": MEMBER, "_id": person.id,
            "_household": home.id if home else "",
        }
        for person, home in people
    ]  # fmt: skip


# --- of other lists' households ----------------------------------------------------------------------------------------


def heads_of(query: Query, households: Collection[str]) -> dict[str, tuple[str, str]]:
    """(head's name, household number) of those among these households that are the reader's to see."""
    where, villages = villages_seen(query)
    rows = query.store.sql(
        f"SELECT id, head_name, household_no FROM kind_household WHERE township = ? AND id IN ??{where}",
        query.store.code, sorted(set(households)), *villages,
    )  # fmt: skip
    return {id_: (name or "", number or "") for id_, name, number in rows}


_HOME, _MEMBER = KINDS[HOUSEHOLD], KINDS[MEMBER]
_HOME_SHOWN = ("head_name", "hamlet", "household_no", "categories", "phone")
_MEMBER_SHOWN = ("name", "relation", "sex", "birth_date", "identity", "phone", "status")

LISTINGS = [
    Listing(
        "households",
        Label("农户", "Households"),
        [
            column(_HOME, "head_name", narrow=True),
            Column("village", VILLAGE.label),
            column(_HOME, "hamlet"),
            column(_HOME, "household_no", narrow=True),
            column(_HOME, "categories"),
            column(_HOME, "phone"),
            Column("members", Label("人口", "People"), "number", narrow=False),
            Column("last_visit", Label("最近走访", "Last visit"), "day", narrow=False),
            Column("open_problems", Label("未结问题", "Open problems"), "number", narrow=False),
            Column("state", Label("状态", "State"), narrow=False),
            *file_columns(_HOME, _HOME_SHOWN),
        ],
        [
            SEARCH,
            VILLAGE,
            Filter("category", _HOME.fields["categories"].label, "choice", CATEGORIES),
            Filter("state", Label("状态", "State"), "choice", STATES),
        ],
        find_households,
        empty=Label("没有找到这样的农户", "No such household"),
    ),
    Listing(
        "members",
        Label("家庭成员", "Members"),
        [
            column(_MEMBER, "name", narrow=True),
            Column("village", VILLAGE.label, narrow=False),
            Column("head_name", _HOME.fields["head_name"].label),
            Column("household_no", _HOME.fields["household_no"].label, "code", narrow=False),
            column(_MEMBER, "relation", narrow=True),
            *(column(_MEMBER, name) for name in _MEMBER_SHOWN[2:]),
            *file_columns(_MEMBER, _MEMBER_SHOWN),
        ],
        [SEARCH, VILLAGE, Filter("status", _MEMBER.fields["status"].label, "choice", STATUSES)],
        find_members,
        empty=Label("没有找到这样的成员", "No such member"),
    ),
]
