"""`ruhu report cleanup`: clean-up checks of a month, by village: passed, good, slipped back. No household is named."""

from collections.abc import Iterable
from typing import Any

from server.reports.book import read_book
from server.reports.report import Counts, Places, Report, Table, add
from server.store import TownshipStore
from shared.fields import Label
from shared.moments import day_of
from shared.rules.cleanup import Checked, Target, lines
from shared.rules.coverage import percent
from shared.rules.due import Book

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
NEEDS = ("cleanup_check",)

Judged = tuple[Target, Checked]


def cleanup_report(store: TownshipStore, now: int, month: str | None = None) -> Report:
    """The month's checks; this month's unless given. Each is compared with the one before it, whatever its month."""
    counted = count_cleanup(store, read_book(store, NEEDS), month or day_of(now)[:7])
    return cleanup_of(counted, Places(store.villages()))


def count_cleanup(store: TownshipStore, book: Book, month: str) -> Counts:
    """The checks of every village, and of what."""
    judged = [(target, one) for target, line in lines(book.checks, book.policies).items() for one in line]
    found: dict[str, list[Judged]] = {}
    for target, one in judged:
        if one.day.startswith(month):
            found.setdefault(one.entry.village or "", []).append((target, one))
    own = [one for told in found.values() for one in told]
    return {
        "about": {"township": store.code, "month": month, "policy": book.policies.on(f"{month}-01").version},
        "villages": {code: _counts(told) for code, told in found.items()},
        "whole": _counts(own),  # a target that was checked in two villages is one
    }


def _counts(judged: list[Judged]) -> dict[str, Any]:
    return {
        "total": _sum(judged),
        "targets": {code: _sum((target, one) for target, one in judged if target[0] == code) for code in TARGETS},
    }


def _sum(judged: Iterable[Judged]) -> dict[str, Any]:
    """Counts; `points` is the sum of those that were `scored` to the end."""
    judged = list(judged)
    scores = [one.score for _, one in judged]
    points = [score.total for score in scores if score.complete]
    return {
        "checks": len(judged), "targets": len({target for target, _ in judged}), "points": round(sum(points), 2), "scored": len(points),
        "passed": sum(score.passed is True for score in scores), "good": sum(score.good is True for score in scores),
        "failed": sum(score.passed is False for score in scores), "red_lines": sum(bool(score.red_lines) for score in scores),
        "incomplete": sum(not score.complete for score in scores), "rebounds": sum(bool(one.rebound) for _, one in judged),
    }  # fmt: skip


def cleanup_of(counted: Counts, places: Places) -> Report:
    """The report on these villages."""
    villages = counted["villages"]
    codes = places.codes(villages)
    rows = [
        {"village": code, "name": places.names.get(code, code), **_row(villages.get(code, {}).get("total", {}))}
        for code in codes
    ]
    parts = [counted["whole"]] if places.whole else [villages[code] for code in codes if code in villages]
    by_target = [
        {"target": code, "name": label.zh, **_row(add(part["targets"][code] for part in parts))}
        for code, label in TARGETS.items()
    ]
    labels = {label.zh: label for label in TARGETS.values()}
    more = {"targets": Table(COLUMNS, by_target, Label("对象", "Target"), labels)}
    total = _row(add(part["total"] for part in parts))
    about = dict(counted["about"])
    return Report("cleanup", Label("环境整治", "Clean-up"), about, Table(COLUMNS, rows), total, more)


def _row(counts: Counts) -> dict[str, Any]:
    row = {key: counts.get(key, 0) for key in COLUMNS}
    average = round(counts["points"] / counts["scored"], 1) if counts.get("scored") else None
    return {**row, "average": average, "percent": percent(row["passed"], row["passed"] + row["failed"])}
