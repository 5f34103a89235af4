"""`ruhu report coverage`: of the households a campaign must visit, how many were, by village and by category."""

from typing import Any

from server.reports.book import read_book, roster_of
from server.reports.report import Report, Table
from server.store import TownshipStore
from shared.fields import Label
from shared.kind import Registry
from shared.moments import day_of, end_of, last_day
from shared.rules.coverage import Coverage, cover, empty_coverage, in_campaign
from shared.rules.due import Book
from shared.rules.entry import Entry
from shared.rules.visits import judge_all

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


class NoCampaignError(RuntimeError):
    """There is no campaign to report on."""


def coverage_report(
    store: TownshipStore, kinds: Registry, now: int, month: str | None = None, campaign: str | None = None
) -> Report:
    """Coverage at the end of a month, or of today. `now` in ms since 1970; `campaign` an id, else the one that began last.

    NoCampaignError in words.
    """
    day = min(day_of(now), last_day(month)) if month else day_of(now)
    book = read_book(store, ["household", "visit", "campaign"])
    chosen = _choose(book, day, campaign)
    values = chosen.values
    policy = book.policies.on(str(values.get("starts_on") or day))
    judged = [
        one
        for one in judge_all(
            book.visits, book.policies, now=end_of(day), campaign=values
        )  # two at once may be of two campaigns
        if in_campaign(one.entry, chosen.id, values)
    ]
    listed = roster_of(store, kinds[kinds.household], book, chosen, policy)
    households = {**book.removed, **book.households}
    asked = values.get("must_visit")
    found = cover(listed, households, judged, policy, day, asked)
    names = store.villages()
    total = empty_coverage(policy, asked)
    for coverage in found.values():
        total.add(coverage)
    labels = policy.categories
    order = list(total.by_category)
    rows = [
        {"village": code, "name": name, **_row(found.get(code) or empty_coverage(policy, asked))}
        for code, name in sorted(names.items())
    ]
    categories = [
        {
            "category": code,
            "name": labels[code].zh if code in labels else code,
            **_share(total, code),
            "visits": total.visits_by_category[code],
        }
        for code in order
    ]
    about = {
        "township": store.code, "day": day, "campaign": str(values.get("name") or chosen.id), "policy": policy.version,
        "campaign_record": {"id": chosen.id, "starts_on": values.get("starts_on"), "ends_on": values.get("ends_on")},
    }  # fmt: skip
    more = {"categories": Table(CATEGORY_COLUMNS, categories, Label("户类别", "Category"))}
    note = Label(
        "一户有几个类别时，各类都计，合计只计一次",
        "A household of several categories counts in each, once in the total",
    )
    return Report("coverage", Label("走访覆盖", "Coverage"), about, Table(COLUMNS, rows), _row(total), more, [note])


def _choose(book: Book, day: str, wanted: str | None) -> Entry:
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


def _row(coverage: Coverage) -> dict[str, Any]:
    share = coverage.total
    return {
        "households": share.households, "visited": share.visited, "percent": share.percent, "added": coverage.added,
        "left": coverage.left, "visits": coverage.visits, "short_waiting": coverage.short_waiting,
        "not_home": coverage.not_home, "by_phone": coverage.by_phone, "arrange": len(coverage.arrange),
        "categories": {code: _share(coverage, code) for code in coverage.by_category},
    }  # fmt: skip


def _share(coverage: Coverage, code: str) -> dict[str, Any]:
    share = coverage.by_category[code]
    return {"households": share.households, "visited": share.visited, "percent": share.percent}
