"""`ruhu report coverage`: of the households a campaign must visit, how many were, by village and by category."""

from collections.abc import Iterable
from typing import Any

from server.reports.book import read_book, roster_of
from server.reports.report import Counts, Places, Report, Table, add
from server.store import TownshipStore
from shared.fields import Label
from shared.kind import Registry
from shared.moments import day_of, end_of, last_day
from shared.rules.coverage import Coverage, cover, empty_coverage, in_campaign, percent
from shared.rules.due import Book
from shared.rules.entry import Entry
from shared.rules.visits import Judged, judge_all

COLUMNS = {
    "households": Label("应访户", "To visit"),
    "visited": Label("已访户", "Visited"),
    "percent": Label("覆盖率%", "Coverage %"),
    "added": Label("中途新增", "Added"),
    "left": Label("已销户", "Left"),
    "visits": Label("有效走访", "Visits that count"),
    "short_waiting": Label("时间不足待认定", "Short, to be looked at"),
    "not_home": Label("家中无人", "Nobody home"),
    "by_phone": Label("电话", "By phone"),
    "arrange": Label("需约时间", "To arrange"),
}
CATEGORY_COLUMNS = {key: COLUMNS[key] for key in ("households", "visited", "percent", "visits")}
NEEDS = ("household", "visit", "campaign")


class NoCampaignError(RuntimeError):
    """There is no campaign to report on."""


def coverage_report(
    store: TownshipStore, kinds: Registry, now: int, month: str | None = None, campaign: str | None = None
) -> Report:
    """Coverage at the end of a month, or of today. `now` in ms since 1970; `campaign` an id, else the one that began last.

    NoCampaignError in words.
    """
    day = min(day_of(now), last_day(month)) if month else day_of(now)
    book = read_book(store, NEEDS)
    chosen = choose_campaign(book, day, campaign)
    judged = judge_all(book.visits, book.policies, now=end_of(day), campaign=chosen.values)
    own = [
        one for one in judged if in_campaign(one.entry, chosen.id, chosen.values)
    ]  # two at once may be of two campaigns
    return coverage_of(count_coverage(store, kinds, book, own, day, chosen), Places(store.villages()))


def count_coverage(
    store: TownshipStore, kinds: Registry, book: Book, judged: Iterable[Judged], day: str, campaign: Entry
) -> Counts:
    """Every village's coverage at the end of a day. `judged` are the campaign's visits, judged as of then."""
    values = campaign.values
    policy = book.policies.on(str(values.get("starts_on") or day))
    listed = roster_of(store, kinds[kinds.household], book, campaign, policy)
    asked = values.get("must_visit")
    found = cover(listed, {**book.removed, **book.households}, judged, policy, day, asked)
    total = empty_coverage(policy, asked)
    for coverage in found.values():
        total.add(coverage)
    labels = policy.categories
    return {
        "about": {
            "township": store.code, "day": day, "campaign": str(values.get("name") or campaign.id), "policy": policy.version,
            "campaign_record": {"id": campaign.id, "starts_on": values.get("starts_on"), "ends_on": values.get("ends_on")},
        },
        "categories": [[code, *labels.get(code, Label(code, code))] for code in total.by_category],
        "villages": {code: _counts(coverage) for code, coverage in found.items()},
    }  # fmt: skip


def _counts(coverage: Coverage) -> dict[str, Any]:
    share = coverage.total
    return {
        "total": {
            "households": share.households, "visited": share.visited, "added": coverage.added, "left": coverage.left,
            "visits": coverage.visits, "short_waiting": coverage.short_waiting, "not_home": coverage.not_home,
            "by_phone": coverage.by_phone, "arrange": len(coverage.arrange),
        },
        "categories": {
            code: {"households": own.households, "visited": own.visited, "visits": coverage.visits_by_category[code]}
            for code, own in coverage.by_category.items()
        },
    }  # fmt: skip


def coverage_of(counted: Counts, places: Places) -> Report:
    """The report on these villages."""
    villages = counted["villages"]
    codes = [code for code, *_ in counted["categories"]]
    rows = [
        {"village": code, "name": name, **_row([villages[code]] if code in villages else [], codes)}
        for code, name in sorted(places.names.items())
    ]
    own = [one for code, one in villages.items() if places.whole or code in places.names]
    total = _row(own, codes)
    visits = add({code: counts["visits"] for code, counts in one["categories"].items()} for one in own)
    categories = [
        {"category": code, "name": zh, **total["categories"][code], "visits": visits.get(code, 0)}
        for code, zh, _ in counted["categories"]
    ]
    labels = {zh: Label(zh, en) for _, zh, en in counted["categories"]}
    more = {"categories": Table(CATEGORY_COLUMNS, categories, Label("户类别", "Category"), labels)}
    note = Label(
        "一户有几个类别时，各类都计，合计只计一次",
        "A household of several categories counts in each, once in the total",
    )
    about = dict(counted["about"])
    return Report("coverage", Label("走访覆盖", "Coverage"), about, Table(COLUMNS, rows), total, more, [note])


def _row(parts: list[Counts], categories: list[str]) -> dict[str, Any]:
    counts = add(part["total"] for part in parts)
    row = {key: counts.get(key, 0) for key in COLUMNS}
    shares = {
        code: _share(add(part["categories"][code] for part in parts if code in part["categories"]))
        for code in categories
    }
    return {**row, "percent": percent(row["visited"], row["households"]), "categories": shares}


def _share(counts: Counts) -> dict[str, Any]:
    households, visited = counts.get("households", 0), counts.get("visited", 0)
    return {"households": households, "visited": visited, "percent": percent(visited, households)}


def choose_campaign(book: Book, day: str, wanted: str | None) -> Entry:
    """The campaign of this id, else the one that began last by the day. NoCampaignError in words."""
    if wanted:
        found = next((one for one in book.campaigns if one.id == wanted), None)
        if found is None:
            raise NoCampaignError(f"没有这个活动：{wanted} / No such campaign: {wanted}")
        return found
    begun = [
        one
        for one in book.campaigns
        if str(one.values.get("starts_on") or "") <= day and one.values.get("state") != "draft"
    ]
    if not begun:
        raise NoCampaignError(
            f"到 {day} 还没有走访活动，请先由乡镇建立活动。 / No campaign had begun by {day}; the township makes one first."
        )
    return max(begun, key=lambda one: (str(one.values.get("starts_on") or ""), one.id))
