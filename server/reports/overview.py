"""`ruhu report overview`: the four reports of a month, the visits of each day, and what waits to be reviewed, in one read of the township.

Counted are villages, so that of the same counts every reader gets the sums over those that are his (`reports_of`, `days_of`). Promises: what
this says is what the reports say by themselves. Leaves to others: when it is made anew (`server.reading.figures`), what a reader may see (`sight`).
"""

from collections.abc import Mapping
from typing import Any

from server.reports.book import read_book
from server.reports.cleanup import cleanup_of, count_cleanup
from server.reports.contact import contact_of, count_contact
from server.reports.coverage import NoCampaignError, choose_campaign, count_coverage, coverage_of
from server.reports.problems import count_problems, problems_of
from server.reports.report import Counts, Places, Report
from server.reports.waiting import review_of
from server.store import TownshipStore
from shared.kind import Registry
from shared.moments import day_of, end_of, last_day
from shared.rules.coverage import in_campaign
from shared.rules.visits import Judged, judge_measured, measure_all

REPORTS = {"coverage": coverage_of, "contact": contact_of, "cleanup": cleanup_of, "problems": problems_of}
"""The county's monthly tables, by name: counts and places to a report."""


def gather(
    store: TownshipStore, kinds: Registry, now: int, month: str | None = None, campaign: str | None = None
) -> dict[str, Any]:
    """A township's figures as plain as JSON. `coverage` is None when no campaign had begun; `review` there for the present month alone.

    `now` in ms since 1970; `campaign` an id, else the one that began last. NoCampaignError in words when there is none of that id.
    """
    today = day_of(now)
    month = month or today[:7]
    day = min(today, last_day(month))
    head, book = store.head(), read_book(store)
    measured = measure_all(book.visits, book.policies, now=now)  # all of them: two at once may belong to two campaigns
    try:
        chosen = choose_campaign(book, day, campaign)
    except NoCampaignError:
        if campaign:
            raise
        chosen = None
    values = chosen.values if chosen else None
    judged = [
        judge_measured(one, now=end_of(day), campaign=values)
        for one in measured
        if chosen is None or in_campaign(one.entry, chosen.id, chosen.values)
    ]
    return {
        "township": store.code, "month": month, "day": day, "made_at": now, "seq": head,
        "coverage": count_coverage(store, kinds, book, judged, day, chosen) if chosen else None,
        "contact": count_contact(store, book, now, month),
        "cleanup": count_cleanup(store, book, month),
        "problems": count_problems(store, book, now, month),
        "days": _count_days(judged, month),
        **({"review": review_of(book, measured, judged, now, day)} if month == today[:7] else {}),
    }  # fmt: skip


def _count_days(judged: list[Judged], month: str) -> dict[str, dict[str, list[int]]]:
    """Village to day of the month to visits: [those that count, the others]."""
    found: dict[str, dict[str, list[int]]] = {}
    for one in judged:
        if one.day.startswith(month):
            counts = found.setdefault(one.entry.village or "", {}).setdefault(one.day, [0, 0])
            counts[0 if one.counts else 1] += 1
    return found


def reports_of(figures: Counts, places: Places) -> dict[str, Report]:
    """The four reports of the month, on these villages, by name; no coverage where there is no campaign."""
    return {name: make(figures[name], places) for name, make in REPORTS.items() if figures[name] is not None}


def days_of(figures: Counts, places: Places) -> Mapping[str, list[int]]:
    """Every day of the month up to the figures' own: [visits that count, the others]."""
    last = int(figures["day"][8:])
    days = {f"{figures['month']}-{day:02d}": [0, 0] for day in range(1, last + 1)}
    for village, counted in figures["days"].items():
        if places.whole or village in places.names:
            for day, numbers in counted.items():
                if day in days:
                    days[day] = [a + b for a, b in zip(days[day], numbers, strict=True)]
    return days
