"""`ruhu report problems`: found, solved, explained, overdue, reopened, by village, tier and category. Duplicates and what was not taken up
are counted apart; an explained problem is not a solved one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.reports.book import read_book
from server.reports.report import Counts, Places, Report, Table, add
from server.store import TownshipStore
from shared.fields import Label
from shared.moments import day_of, end_of, last_day, milliseconds
from shared.rules.coverage import percent
from shared.rules.due import Book, policy_of_problem
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
NEEDS = ("problem", "problem_step")


@dataclass(frozen=True, slots=True)
class _Problem:
    """A problem as it stood at a moment. `found` is the day it was found."""

    entry: Entry
    standing: Standing
    found: str
    overdue: bool

    @property
    def category(self) -> str:
        return str(self.entry.values.get("category") or "other")

    @property
    def over(self) -> str:
        return day_of(self.standing.over_at) if self.standing.over_at is not None else ""


def problems_report(store: TownshipStore, now: int, month: str | None = None) -> Report:
    """The ledger as it stands, or as it stood at the end of a month: then found, solved, explained and reopened are those of the month."""
    return problems_of(count_problems(store, read_book(store, NEEDS), now, month), Places(store.villages()))


def count_problems(store: TownshipStore, book: Book, now: int, month: str | None) -> Counts:
    """The ledger of every village: in all, by tier, by category; `so_far` as it stood at the same moment, of all months."""
    until = min(now, end_of(last_day(month))) if month else now
    judged = _judge(book, until)
    policy = book.policies.on(day_of(until))
    villages: dict[str, list[_Problem]] = {}
    for one in judged:
        villages.setdefault(one.entry.village or "", []).append(one)
    return {
        "about": {"township": store.code, "month": month or "", "day": day_of(until), "policy": policy.version},
        "tiers": [[code, *label] for code, label in policy.problems.tiers.items()],
        "categories": [
            [code, *label]
            for code, label in _labels(policy.problems.categories, {one.category for one in judged}).items()
        ],
        "villages": {
            code: {
                "total": _counts(own, month),
                "tiers": _split(own, month, lambda one: one.standing.tier),
                "categories": _split(own, month, lambda one: one.category),
                "so_far": _counts(own, None),
            }
            for code, own in villages.items()
        },
    }


def _judge(book: Book, until: int) -> list[_Problem]:
    """Every problem that had been found by a moment, as it stood then."""
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
    return judged


def _labels(known: Mapping[str, Label], used: set[str]) -> dict[str, Label]:
    """The categories that are used, in the policy's order, then those it does not know."""
    named = {code: label for code, label in known.items() if code in used}
    return named | {code: Label(code, code) for code in sorted(used - known.keys())}


def _split(judged: Iterable[_Problem], month: str | None, by: Callable[[_Problem], str]) -> dict[str, Counts]:
    found: dict[str, list[_Problem]] = {}
    for one in judged:
        found.setdefault(by(one), []).append(one)
    return {code: _counts(own, month) for code, own in found.items()}


def problems_of(counted: Counts, places: Places) -> Report:
    """The report on these villages."""
    villages, month = counted["villages"], counted["about"]["month"]
    codes = places.codes(villages)
    own = [villages[code] for code in codes if code in villages]
    rows = [
        {"village": code, "name": places.names.get(code, code), **_row(villages.get(code, {}).get("total", {}), month)}
        for code in codes
    ]
    more = {
        "tiers": _table(counted["tiers"], own, "tiers", "tier", Label("层级", "Tier"), month),
        "categories": _table(
            [one for one in counted["categories"] if any(one[0] in part["categories"] for part in own)],
            own, "categories", "category", Label("问题类别", "Category"), month,
        ),
    }  # fmt: skip
    note = Label(
        "解决指三道关都过；解释答复另计，不算解决", "Solved means through all three gates; explained is counted apart"
    )
    about, total = dict(counted["about"]), _row(add(part["total"] for part in own), month)
    return Report("problems", Label("问题台账", "Problems"), about, Table(COLUMNS, rows), total, more, [note])


def so_far_of(counted: Counts, places: Places) -> dict[str, Any]:
    """These villages' ledger of all months, as it stood at the same moment."""
    villages = counted["villages"]
    return _row(add(villages[code]["so_far"] for code in places.codes(villages) if code in villages), None)


def _table(labels: Iterable[list[str]], own: list[Counts], name: str, key: str, head: Label, month: str) -> Table:
    named = {code: Label(zh, en) for code, zh, en in labels}
    rows = [
        {key: code, "name": label.zh, **_row(add(part[name].get(code, {}) for part in own), month)}
        for code, label in named.items()
    ]
    return Table(COLUMNS, rows, head, {label.zh: label for label in named.values()})


def _row(counts: Counts, month: str | None) -> dict[str, Any]:
    row = {key: counts.get(key, 0) for key in COLUMNS}
    return {
        **row,
        "percent": None if month else percent(row["solved"], row["found"]),
    }  # a month solves what other months found


def _counts(judged: Iterable[_Problem], month: str | None) -> dict[str, Any]:
    """Counts of these problems. Found leaves out duplicates and what was not taken up."""
    counts = {name: 0 for name in COLUMNS if name != "percent"}
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
    return counts


def _reopened(standing: Standing, month: str | None) -> int:
    """How often it was reopened (in the month)."""
    return sum(
        taken.effective and taken.entry.values.get("step") == "reopened" and day_of(taken.at).startswith(month or "")
        for taken in standing.steps
    )
