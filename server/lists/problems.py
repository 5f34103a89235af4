"""The ledger as the desk's queue: what is overdue first, then by deadline and number.

A problem's state comes from memory (`standings`), its words from the tables, for the rows of one page only. Promises: counts by group, state
and tier are of what the other filters let through. Leaves to others: the same on paper (`problem_form`), steps (`server.acts.steps`), pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.acts.steps import person_of
from server.lists.homes import villages_seen
from server.lists.listing import VILLAGE, Column, Filter, Found, Listing, Query, column, like
from server.reading.standings import Ledger, Problem, ledger_of
from server.store import TownshipStore
from server.tables import table_name
from shared.fields import Label
from shared.kinds import KINDS
from shared.kinds.choices import TIERS
from shared.kinds.problem import PROBLEM_CATEGORIES
from shared.moments import day_named, day_of
from shared.rules.due import Person
from shared.rules.entry import Entry
from shared.rules.ledger import STATES

GROUPS = {
    "open": Label("未办结", "Open"),
    "overdue": Label("逾期", "Overdue"),
    "turn": Label("待本级办理", "Waiting for this office"),
    "over": Label("已办结", "Done"),
}
SYSTEM = "系统 / system"
_KIND = KINDS["problem"]
_HOME = KINDS[KINDS.household]
FILTERS = [
    Filter("group", Label("范围", "Which"), "choice", GROUPS),
    Filter("q", Label("编号或内容", "Number or words"), hint=Label("编号、描述、户主", "number, words, head")),
    VILLAGE,
    Filter("category", _KIND.fields["category"].label, "choice", PROBLEM_CATEGORIES),
    Filter("tier", _KIND.fields["tier"].label, "choice", TIERS),
    Filter("state", Label("状态", "State"), "choice", STATES),
    Filter("unit", Label("责任单位", "Unit")),
    Filter("found", Label("发现月份", "Found in"), "month"),
]


@dataclass(frozen=True)
class Queue(Found):
    """A page of the ledger, with how many there are in each group and state (as the other filters say) and of each tier."""

    groups: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[str, int] = field(default_factory=dict)
    tiers: Mapping[str, int] = field(default_factory=dict)


# --- which ones ----------------------------------------------------------------------------------------------------------


def find(query: Query) -> Queue:
    ledger = ledger_of(query.database, query.store)
    chosen, queue = choose(query, ledger)
    return Queue(list(_rows(query, ledger, chosen)), **queue)


def choose(query: Query, ledger: Ledger) -> tuple[list[Problem], dict[str, Any]]:
    """The problems of this page, overdue ones first, and the counts of all that were found."""
    now, person = query.now, person_of(query.sight, query.store.code)
    group, state, tier = query["group"], query["state"], query["tier"]
    groups, states, tiers = dict.fromkeys(GROUPS, 0), dict.fromkeys(STATES, 0), dict.fromkeys(TIERS, 0)
    late: list[Problem] = []
    rest: list[Problem] = []
    for one in _fitting(query, ledger):
        standing, overdue = one.standing, one.overdue(now)
        own = _groups(one, person, now, overdue)
        here = group in ("", *own) and state in ("", standing.state)
        if here:
            tiers[standing.tier] = tiers.get(standing.tier, 0) + 1
        if tier in ("", standing.tier):
            states[standing.state] += 1
            for name in own:
                groups[name] += 1
            if here:
                (late if overdue else rest).append(one)
    chosen = late + rest
    end = None if query.limit is None else query.offset + query.limit
    counts = {"total": len(chosen), "groups": groups, "states": states, "tiers": tiers}
    return chosen[query.offset : end], counts


def _fitting(query: Query, ledger: Ledger) -> Iterable[Problem]:
    """What the reader may see and every filter but group, state and tier lets through, by deadline and number."""
    named = _named(query) if query["q"] else None
    only, category, unit, found = query["village"], query["category"], query["unit"], query["found"]
    sees: dict[str | None, bool] = {}
    for one in ledger.in_order:
        entry = one.entry
        village = entry.village
        if village not in sees:
            sees[village] = only in ("", village) and query.sight.sees(query.store.code, village)
        if (
            sees[village]
            and (not category or category == entry.values.get("category"))
            and (not unit or unit in (one.standing.unit or ""))
            and (not found or _found_on(entry).startswith(found))
            and (named is None or entry.id in named[0] or entry.household in named[1])
        ):
            yield one


def _named(query: Query) -> tuple[set[str], set[str]]:
    """Problems whose number or description holds the words, and households whose head's name does, of the reader's villages alone."""
    pattern, code = like(query["q"]), query.store.code
    own, villages = villages_seen(query)
    where = "(number_text LIKE ? ESCAPE '!' OR description LIKE ? ESCAPE '!')"
    problems = query.store.sql(
        f"SELECT id FROM {table_name(_KIND)} WHERE township = ? AND {where}", code, pattern, pattern
    )
    homes = query.store.sql(
        f"SELECT id FROM {table_name(_HOME)} WHERE township = ? AND head_name LIKE ? ESCAPE '!'{own}",
        code, pattern, *villages,
    )  # fmt: skip
    return {id_ for (id_,) in problems}, {id_ for (id_,) in homes}


def _groups(one: Problem, person: Person, now: int, overdue: bool) -> list[str]:
    if not one.standing.open:
        return ["over"]
    own = ["open", "overdue"] if overdue else ["open"]
    return [*own, "turn"] if one.waits_for(person, now) else own


# --- the rows ------------------------------------------------------------------------------------------------------------


def _rows(query: Query, ledger: Ledger, chosen: list[Problem]) -> Iterable[dict[str, Any]]:
    words, homes, villages = words_of(query.store, chosen), homes_of(query, chosen), query.store.villages()
    for one in chosen:
        late, home = one.days_overdue(query.now), homes.get(one.entry.household or "")
        yield {
            "number": one.number,
            "village": villages.get(one.entry.village or "", one.entry.village),
            "household": home.values.get("head_name") if home else None,
            "category": category_of(one),
            "description": words[one.id].values.get("description") if one.id in words else None,
            "tier": tier_of(one, one.standing.tier),
            "state": STATES[one.standing.state],
            "unit": one.standing.unit,
            "person": one.standing.person,
            "due": one.standing.due,
            "overdue": late or None,
            "_id": one.id,
            "_steps": len(one.standing.steps),
            "_mark": _mark(one, query.now, late),
            "_late": one.overdue(query.now),
        }


def _mark(one: Problem, now: int, late: int) -> Label | None:
    """Words for what is late; colour alone says nothing."""
    if one.overdue(now):
        return Label(f"逾期 {late} 天", f"{late} days overdue")
    if one.accept_by and one.accept_by < day_of(now):
        return Label("超过受理期限", "Not taken up in time")
    return None


# --- what pages say of a problem too ---------------------------------------------------------------------------------------


def category_of(one: Problem) -> Label | None:
    """Its category in the words of its policy, else the kind's own."""
    code = one.entry.values.get("category") or ""
    return one.rules.categories.get(code) or PROBLEM_CATEGORIES.get(code) or (Label(code, code) if code else None)


def tier_of(one: Problem, tier: str) -> Label:
    return one.rules.tiers.get(tier) or TIERS.get(tier) or Label(tier, tier)


def _found_on(entry: Entry) -> str:
    found = entry.values.get("found_at")
    return day_named(found) if found else day_of(entry.written_at)


def words_of(store: TownshipStore, chosen: list[Problem]) -> dict[str, Entry]:
    names = ("description", "measures", "responsible_unit", "responsible_person", "due_date")
    return {entry.id: entry for entry in store.entries("problem", names, ids=[one.id for one in chosen])}


def homes_of(query: Query, chosen: Iterable[Problem]) -> dict[str, Entry]:
    """The households of these problems, by id: those that are the reader's to see, gone ones too."""
    ids = sorted({one.entry.household for one in chosen if one.entry.household})
    found = [
        entry
        for removed in (False, True)
        for entry in query.store.entries(_HOME.name, ("head_name", "hamlet"), ids=ids, removed=removed)
    ]
    return {entry.id: entry for entry in found if query.sight.sees(query.store.code, entry.village)}


NUMBER = Column("number", Label("问题编号", "Number"), "code")
PLACE = Column("village", Label("村", "Village"), narrow=False)
HOUSEHOLD = Column("household", Label("农户", "Household"), narrow=False)
CATEGORY = Column("category", _KIND.fields["category"].label, narrow=False)
DESCRIPTION = column(_KIND, "description", narrow=True)
UNIT = Column("unit", Label("责任单位", "Unit"), narrow=False)
PERSON = Column("person", Label("责任人", "Person"), narrow=False)
DUE = Column("due", Label("整改期限", "Due"), "day")

LISTINGS = [
    Listing(
        "problems",
        Label("问题台账", "Problem ledger"),
        [
            NUMBER, PLACE, HOUSEHOLD, CATEGORY, DESCRIPTION,
            Column("tier", Label("层级", "Tier"), narrow=False),
            Column("state", Label("状态", "State")),
            UNIT, PERSON, DUE,
            Column("overdue", Label("逾期天数", "Days overdue"), "number", narrow=False),
        ],
        FILTERS,
        find,
        empty=Label("没有这样的问题", "No such problem"),
        pictured=_KIND.name,
    ),
]  # fmt: skip
