"""`ruhu report problems`: found, solved, explained, overdue, reopened, by village, tier and category. Duplicates and what was not taken up
are counted apart; an explained problem is not a solved one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from server.reports.book import read_book
from server.reports.report import Report, Table
from server.store import TownshipStore
from shared.fields import Label
from shared.moments import day_of, end_of, last_day, milliseconds
from shared.rules.coverage import percent
from shared.rules.due import policy_of_problem
from shared.rules.entry import Entry
from shared.rules.ledger import Standing, stand, time_of

COLUMNS = {
    "found": Label("发现", "Found"),
    "solved": Label("已解决", "Solved"),
    "percent": Label("解决率%", "Solved %"),
    "explained": Label("解释答复", "Explained"),
    "open": Label("未办结", "Open"),
    "overdue": Label("逾期", "Overdue"),
    "reopened": Label("重新打开", "Reopened"),
    "duplicate": Label("重复", "Duplicates"),
    "rejected": Label("不予受理", "Not taken up"),
}


@dataclass(frozen=True, slots=True)
class _Problem:
    """A problem as it stood at a moment. `found` is the day it was found."""

    entry: Entry
    standing: Standing
    found: str
    overdue: bool

    @property
    def over(self) -> str:
        return day_of(self.standing.over_at) if self.standing.over_at is not None else ""


def problems_report(store: TownshipStore, now: int, month: str | None = None) -> Report:
    """The ledger as it stands, or as it stood at the end of a month: then found, solved, explained and reopened are those of the month."""
    until = min(now, end_of(last_day(month))) if month else now
    book = read_book(store, ["problem", "problem_step"])
    steps: dict[str, list[Entry]] = {}
    for step in book.steps:
        if time_of(step) <= until:
            steps.setdefault(step.values.get("problem") or "", []).append(step)
    judged = []
    for entry in book.problems:
        policy = policy_of_problem(entry, book.policies)
        standing = stand(entry, steps.get(entry.id, ()), policy.problems)
        found = entry.values.get("found_at")
        day = day_of(milliseconds(found) if found else entry.written_at)
        if day <= day_of(until):
            judged.append(_Problem(entry, standing, day, standing.overdue(until)))
    names = store.villages()
    policy = book.policies.on(day_of(until))
    places = sorted({*names, *(one.entry.village or "" for one in judged)})
    rows = [
        {"village": code, "name": names.get(code, code), **_row((o for o in judged if o.entry.village == code), month)}
        for code in places
    ]
    tiers = [
        {"tier": code, "name": label.zh, **_row((o for o in judged if o.standing.tier == code), month)}
        for code, label in policy.problems.tiers.items()
    ]
    used = {str(one.entry.values.get("category") or "other") for one in judged}
    labels = policy.problems.categories
    categories = [
        {
            "category": code,
            "name": labels[code].zh if code in labels else code,
            **_row((o for o in judged if str(o.entry.values.get("category") or "other") == code), month),
        }
        for code in [*(c for c in labels if c in used), *sorted(used - labels.keys())]
    ]
    about = {"township": store.code, "month": month or "", "day": day_of(until), "policy": policy.version}
    more = {
        "tiers": Table(COLUMNS, tiers, Label("层级", "Tier")),
        "categories": Table(COLUMNS, categories, Label("问题类别", "Category")),
    }
    note = Label(
        "解决指三道关都过；解释答复另计，不算解决", "Solved means through all three gates; explained is counted apart"
    )
    return Report(
        "problems", Label("问题台账", "Problems"), about, Table(COLUMNS, rows), _row(judged, month), more, [note]
    )


def _row(judged: Iterable[_Problem], month: str | None) -> dict[str, Any]:
    """Counts of these problems. Found leaves out duplicates and what was not taken up."""
    counts = dict.fromkeys(COLUMNS, 0)
    for one in judged:
        state = one.standing.state
        if state in ("duplicate", "rejected"):
            counts[state] += one.over.startswith(month or "")
            continue
        counts["found"] += one.found.startswith(month or "")
        counts["solved"] += state == "closed" and one.over.startswith(month or "")
        counts["explained"] += state == "explained" and one.over.startswith(month or "")
        counts["open"] += one.standing.open
        counts["overdue"] += one.overdue
        counts["reopened"] += _reopened(one.standing, month)
    share = None if month else percent(counts["solved"], counts["found"])  # a month solves what other months found
    return {**counts, "percent": share}


def _reopened(standing: Standing, month: str | None) -> int:
    """How often it was reopened (in the month)."""
    return sum(
        taken.effective and taken.entry.values.get("step") == "reopened" and day_of(taken.at).startswith(month or "")
        for taken in standing.steps
    )
