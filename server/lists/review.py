"""What waits to be reviewed, as lists: short visits whose reason nobody has looked at, and households where nobody was home.

Which ones takes a judgement on all visits, so it comes from the figures that are made aside; each row is read and judged anew: what was
reviewed since is gone, what was mended since says so. Leaves to others: the rules (`shared.rules.visits`), accepting and declining (`console.review`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.lists.homes import heads_of
from server.lists.listing import MONTH, VILLAGE, Column, Filter, Found, Listing, Query, column, like
from server.reading.figures import Look, figures_of
from server.reports.book import read_policies
from server.store import TownshipStore
from shared.fields import Label
from shared.kinds import KINDS
from shared.moments import iso
from shared.rules.coverage import in_campaign
from shared.rules.due import NEEDS
from shared.rules.entry import Entry
from shared.rules.length import HOUR_MS
from shared.rules.visits import REASONS, REMARKS, Judged, judge_measured, measure_all

_LONGEST_MS = 12 * HOUR_MS
_NOBODY = Label("没有符合条件的农户", "No such household")
YES_NO = {"yes": Label("是", "Yes"), "no": Label("否", "No")}


def look(query: Query) -> Look:
    """The figures as they are now; they may be still on their way."""
    return figures_of(query.database, query.store.code).look(query.store, query.now)


# --- short visits ----------------------------------------------------------------------------------------------------


def short_ids(query: Query) -> list[str]:
    """Visits of the reader's that wait for the township's word, oldest first, by the filters."""
    month = ("AND started_at LIKE ?", [f"{query['month']}%"]) if query["month"] else ("", [])
    rows = query.store.sql(
        "SELECT started_at, id, village FROM kind_visit WHERE township = ? AND id IN ?? AND short_review IS NULL"
        f" AND (removed IS NULL OR removed = ?) {month[0]}",
        query.store.code, list(look(query).review["short_waiting"]), False, *month[1],
    )  # fmt: skip
    places = query.places
    return [id_ for _, id_ in sorted((started or "", id_) for started, id_, village in rows if village in places)]


def find_short(query: Query) -> Found:
    ids = short_ids(query)
    wanted = ids if query.limit is None else ids[query.offset : query.offset + query.limit]
    judged = judge_now(query.store, wanted, query.now)
    homes = heads_of(query, [one.entry.household for one in judged if one.entry.household])
    places = query.sight.places(query.store)
    return Found([_short_row(one, homes, places) for one in judged], len(ids))


def _short_row(one: Judged, homes: Mapping[str, tuple[str, str]], places: Mapping[str, str]) -> dict[str, Any]:
    values = one.entry.values
    return {
        "_id": one.entry.id, "_waits": one.waits,
        "household": homes.get(one.entry.household or "", ("", ""))[0] or None,
        "village": places.get(one.entry.village or "", ""), "day": one.day, "minutes": one.length.minutes,
        "short_reason": values.get("short_reason"), "says": says_of(one),
    }  # fmt: skip


def says_of(one: Judged) -> Label:
    """What the rules say of a visit, in one sentence for each thing there is to say."""
    if one.counts:  # it was mended since the figures were made
        return Label("现在已计入，不用认定", "It counts now; there is nothing to review")
    told = [REASONS[code] for code in one.why] + [REMARKS[code] for code in one.remarks]
    return Label("；".join(label.zh for label in told), "; ".join(label.en for label in told))


def judge_now(store: TownshipStore, ids: Sequence[str], now: int) -> list[Judged]:
    """These visits judged as they stand, together with whatever their visitors did at the same time, in the order given."""
    entries = {entry.id: entry for entry in store.entries("visit", NEEDS["visit"], ids=list(ids))}
    received = store.sql(
        "SELECT record, min(at) FROM changes WHERE township = ? AND record IN ?? AND village IS NOT NULL GROUP BY record",
        store.code, list(entries),
    )  # fmt: skip
    for id_, at in received:
        entries[id_].received = at
    policies = read_policies(store.entries("policy", NEEDS["policy"]))
    campaigns = store.entries("campaign", NEEDS["campaign"])
    beside = store.entries("visit", NEEDS["visit"], ids=_beside(store, entries.values()))
    measured = measure_all([*entries.values(), *(one for one in beside if one.id not in entries)], policies, now=now)
    judged: dict[str, Judged] = {}
    for one in measured:
        if one.entry.id in entries:
            campaign = next((c.values for c in campaigns if in_campaign(one.entry, c.id, c.values)), None)
            judged[one.entry.id] = judge_measured(one, now=now, campaign=campaign)
    return [judged[id_] for id_ in ids if id_ in judged]


def _beside(store: TownshipStore, entries: Iterable[Entry]) -> list[str]:
    """Ids of visits that one of the same people may have been on at the same time."""
    found: set[str] = set()
    measured = measure_all(entries, read_policies(()), now=0)
    for one in measured:
        people = [str(name) for name in one.entry.values.get("participants") or ()]
        began, until = one.length.began, one.length.began + one.length.there_ms
        if not people or until == began:
            continue
        named = " OR ".join(["participants LIKE ? ESCAPE '!'"] * len(people))
        rows = store.sql(
            f"SELECT id FROM kind_visit WHERE township = ? AND started_at >= ? AND started_at <= ? AND ({named})",
            store.code, iso(began - _LONGEST_MS), iso(until), *map(like, people),
        )  # fmt: skip
        found |= {id_ for (id_,) in rows}
    return sorted(found)


# --- nobody home -----------------------------------------------------------------------------------------------------


def not_home_rows(query: Query) -> list[Mapping[str, Any]]:
    """Households of the reader's where nobody was home, those to arrange a time with first, by the filters."""
    told = {
        row["household"]: row
        for row in look(query).review["not_home"]
        if all(row[name] == (query[name] == "yes") for name in ("arrange", "visited") if query[name])
    }
    rows = query.store.sql(
        "SELECT id, village, head_name, hamlet, phone FROM kind_household WHERE township = ? AND id IN ??"
        " AND (removed IS NULL OR removed = ?)", query.store.code, list(told), False,
    )  # fmt: skip
    places = query.places
    found: list[Mapping[str, Any]] = [
        {
            "_household": id_, "household": head, "hamlet": hamlet, "village": places[village], "phone": phone,
            "times": told[id_]["times"], "last_day": told[id_]["last_day"], "visited": bool(told[id_]["visited"]),
            "arrange": bool(told[id_]["arrange"]),
        }
        for id_, village, head, hamlet, phone in rows
        if village in places
    ]  # fmt: skip
    found.sort(key=lambda row: (row["village"], row["_household"]))
    return sorted(found, key=lambda row: (not row["arrange"], -row["times"]))


def find_not_home(query: Query) -> Found:
    rows = not_home_rows(query)
    return Found(rows if query.limit is None else rows[query.offset : query.offset + query.limit], len(rows))


_HOME = KINDS["household"]
LISTINGS: list[Listing] = [
    Listing(
        "short_visits",
        Label("时间不足待认定的走访", "Short visits to be reviewed"),
        [
            Column("household", Label("户主", "Head"), field=_HOME.fields["head_name"]),
            Column("village", Label("村", "Village"), narrow=False),
            Column("day", Label("日期", "Day"), "day"),
            Column("minutes", Label("分钟", "Minutes"), "number"),
            Column("short_reason", Label("原因", "Reason")),
            Column("says", Label("规则怎么说", "What the rules say")),
        ],
        [VILLAGE, MONTH],
        find_short,
        empty=Label("没有等待认定的走访", "No visit waits to be reviewed"),
    ),
    Listing(
        "not_home",
        Label("家中无人名单", "Households where nobody was home"),
        [
            Column("household", Label("户主", "Head"), field=_HOME.fields["head_name"]),
            Column("village", Label("村", "Village"), narrow=False),
            column(_HOME, "hamlet"),
            column(_HOME, "phone"),
            Column("times", Label("无人次数", "Times"), "number"),
            Column("last_day", Label("最近一次", "Last time"), "day"),
            Column("visited", Label("后来走访到", "Visited since"), narrow=False),
            Column("arrange", Label("需约时间", "Arrange a time")),
        ],
        [
            VILLAGE,
            Filter("arrange", Label("需约时间", "Arrange a time"), "choice", YES_NO),
            Filter("visited", Label("后来走访到", "Visited since"), "choice", YES_NO),
        ],
        find_not_home,
        empty=_NOBODY,
    ),
]
