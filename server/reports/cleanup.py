"""`ruhu report cleanup`: clean-up checks of a month, by village: passed, good, slipped back. No household is named."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from server.reports.book import read_book
from server.reports.report import Report, Table
from server.store import TownshipStore
from shared.fields import Label
from shared.moments import day_of
from shared.rules.cleanup import Checked, lines
from shared.rules.coverage import percent

COLUMNS = {
    "checks": Label("检查次数", "Checks"),
    "targets": Label("检查对象", "Targets"),
    "average": Label("平均分", "Average"),
    "passed": Label("合格", "Passed"),
    "good": Label("优良", "Good"),
    "failed": Label("不合格", "Failed"),
    "red_lines": Label("有红线", "With red lines"),
    "incomplete": Label("未评全", "Incomplete"),
    "rebounds": Label("反弹", "Rebounds"),
    "percent": Label("合格率%", "Passed %"),
}
TARGETS = {
    "household": Label("农户", "Households"),
    "hamlet": Label("屯", "Hamlets"),
    "village": Label("村", "Villages"),
}


@dataclass(slots=True)
class _Sum:
    checks: int = 0
    passed: int = 0
    good: int = 0
    failed: int = 0
    red_lines: int = 0
    incomplete: int = 0
    rebounds: int = 0
    totals: list[float] = field(default_factory=list)
    targets: set[Any] = field(default_factory=set)

    def add(self, target: Any, one: Checked) -> None:
        self.checks += 1
        self.targets.add(target)
        self.passed += one.score.passed is True
        self.good += one.score.good is True
        self.failed += one.score.passed is False
        self.red_lines += bool(one.score.red_lines)
        self.incomplete += not one.score.complete
        self.rebounds += bool(one.rebound)
        if one.score.complete:
            self.totals.append(one.score.total)

    def row(self) -> dict[str, Any]:
        average = round(sum(self.totals) / len(self.totals), 1) if self.totals else None
        return {
            "checks": self.checks, "targets": len(self.targets), "average": average, "passed": self.passed,
            "good": self.good, "failed": self.failed, "red_lines": self.red_lines, "incomplete": self.incomplete,
            "rebounds": self.rebounds, "percent": percent(self.passed, self.passed + self.failed),
        }  # fmt: skip


def cleanup_report(store: TownshipStore, now: int, month: str | None = None) -> Report:
    """The month's checks; this month's unless given. Each is compared with the one before it, whatever its month."""
    month = month or day_of(now)[:7]
    book = read_book(store, ["cleanup_check"])
    judged = [(target, one) for target, line in lines(book.checks, book.policies).items() for one in line]
    own = [(target, one) for target, one in judged if one.day.startswith(month)]
    names = store.villages()
    places = sorted({*names, *(one.entry.village or "" for _, one in own)})
    rows = [
        {"village": code, "name": names.get(code, code), **_sum((t, o) for t, o in own if o.entry.village == code)}
        for code in places
    ]
    by_target = [
        {"target": code, "name": label.zh, **_sum((t, o) for t, o in own if t[0] == code)}
        for code, label in TARGETS.items()
    ]
    about = {"township": store.code, "month": month, "policy": book.policies.on(f"{month}-01").version}
    more = {"targets": Table(COLUMNS, by_target, Label("对象", "Target"))}
    return Report("cleanup", Label("环境整治", "Clean-up"), about, Table(COLUMNS, rows), _sum(own), more)


def _sum(judged: Iterable[tuple[Any, Checked]]) -> dict[str, Any]:
    found = _Sum()
    for target, one in judged:
        found.add(target, one)
    return found.row()
