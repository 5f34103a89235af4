"""The overview's charts: each a sentence with the figure in it, and the table that the drawing is made from (`console.js`).

Promises: what a chart says is what the reports say; villages stand in the order of their codes. Leaves to others: the figures, the drawing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.reports.cleanup import COLUMNS as CLEANUP
from server.reports.contact import COLUMNS as CONTACT
from server.reports.coverage import COLUMNS as COVERAGE
from server.reports.overview import days_of
from server.reports.problems import COLUMNS as PROBLEMS
from server.reports.problems import so_far_of
from server.reports.report import VILLAGE, Counts, Places, Report
from shared.fields import Label

DAY = Label("日期", "Day")
NOT_YET = Label("未访户", "Not yet visited")
TO_COME = Label("还差次数", "Still to come")
IN_TIME = Label("未逾期", "Not overdue")
COUNTED = Label("有效走访", "Visits that count")
OTHERS = Label("其他", "Others")
WHAT_OTHERS = Label(
    "其他：电话访谈、家中无人、时间不足或未看全等，不计为有效走访",
    "Others: by telephone, nobody home, short or with checks unanswered; they do not count",
)
_SIZES = (("short", 2), ("", 6), ("tall", 20))


@dataclass(frozen=True)
class Chart:
    """A drawing and its table. `shape`: rows, bars or lines; `drawn` names the columns that are drawn, each with its tone ("", rest, danger).

    `labels` are the rows' names in both languages, where they are no village's.
    """

    name: str
    title: Label
    shape: str
    head: Label
    columns: Mapping[str, Label]
    rows: Sequence[Mapping[str, Any]]
    drawn: Mapping[str, str]
    total: Mapping[str, Any] | None = None
    labels: Mapping[str, Label] = field(default_factory=dict)
    stacked: bool = False
    percent: bool = False
    note: Label | None = None

    @property
    def series(self) -> str:
        return "line" if self.shape == "lines" else "bar"

    @property
    def size(self) -> str:
        """How high it must be for every name to be read."""
        if self.shape != "rows":
            return ""
        return next((size for size, most in _SIZES if len(self.rows) <= most), "tallest")


def charts_of(figures: Counts, places: Places, reports: Mapping[str, Report]) -> list[Chart]:
    """The charts of these villages, in the order of the page: two of a height beside one another."""
    days, contact, cleanup = _days(figures, places), _contact(reports["contact"]), _cleanup(reports["cleanup"])
    problems = _problems(figures, places, reports["problems"])
    if "coverage" not in reports:
        return [contact, cleanup, days, problems]
    coverage = reports["coverage"]
    return [_coverage(coverage), contact, *_categories(coverage), days, cleanup, problems]


_VISITED = {name: COVERAGE[name] for name in ("households", "visited")} | {
    "rest": NOT_YET,
    "percent": COVERAGE["percent"],
}


def _coverage(report: Report) -> Chart:
    total, day = _visited(report.total), report.about["day"]
    share, share_en = _share(total)
    title = Label(
        f"应访 {total['households']:,} 户，已访 {total['visited']:,} 户{share}，截至 {day}",
        f"{total['visited']:,} of {total['households']:,} households to visit were visited{share_en} by {day}",
    )
    rows = [_visited(row) for row in report.villages.rows]
    return Chart(
        "coverage", title, "rows", VILLAGE, _VISITED, rows, {"visited": "", "rest": "rest"}, total, stacked=True
    )


def _categories(report: Report) -> list[Chart]:
    table = report.more["categories"]
    rows = [_visited(row) for row in table.rows]
    largest = max(rows, key=lambda row: int(row["households"]), default=None)
    if largest is None or not largest["households"]:
        return []
    name = table.labels[largest["name"]]
    title = Label(
        f"户数最多的是{name.zh}：应访 {largest['households']:,} 户，已访 {largest['visited']:,} 户",
        f"The largest category is {name.en}: {largest['visited']:,} of {largest['households']:,} visited",
    )
    drawn = {"visited": "", "rest": "rest"}
    return [
        Chart(
            "categories", title, "rows", table.head, _VISITED, rows, drawn, None, table.labels, stacked=True, note=report.notes[0]
        )
    ]  # fmt: skip


def _visited(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "rest": row["households"] - row["visited"]}


def _share(total: Mapping[str, Any]) -> tuple[str, str]:
    """The per cent in brackets, Chinese and English; nothing where there is none."""
    percent = total["percent"]
    return ("", "") if percent is None else (f"（{percent:.1f}%）", f" ({percent:.1f}%)")


def _days(figures: Counts, places: Places) -> Chart:
    days, month = days_of(figures, places), figures["month"]
    rows: list[dict[str, Any]] = [
        {"name": day[5:], "counted": counted, "others": others} for day, (counted, others) in days.items()
    ]
    total = {name: sum(row[name] for row in rows) for name in ("counted", "others")}
    calls = sum(total.values())
    title = Label(
        f"{month} 走访 {calls:,} 次，其中有效 {total['counted']:,} 次",
        f"{calls:,} calls in {month}, {total['counted']:,} of them count",
    )
    columns = {"counted": COUNTED, "others": OTHERS}
    return Chart("days", title, "lines", DAY, columns, rows, {"counted": "", "others": "rest"}, total, note=WHAT_OTHERS)


def _contact(report: Report) -> Chart:
    total, month = report.total, report.about["month"]
    share, share_en = _share(total)
    title = Label(
        f"{month} 联户应走访 {total['owed']:,} 次，已走访 {total['made']:,} 次{share}",
        f"{total['made']:,} of {total['owed']:,} contact visits owed in {month} were made{share_en}",
    )
    columns = {name: CONTACT[name] for name in ("links", "owed", "made")} | {
        "rest": TO_COME,
        "percent": CONTACT["percent"],
    }
    rows = [{**row, "rest": row["owed"] - row["made"]} for row in [*report.villages.rows, total]]
    drawn = {"made": "", "rest": "rest"}
    return Chart(
        "contact", title, "rows", VILLAGE, columns, rows[:-1], drawn, rows[-1], stacked=True, note=report.notes[0]
    )


def _cleanup(report: Report) -> Chart:
    total, month = report.total, report.about["month"]
    average = total["average"]
    told, told_en = ("", "") if average is None else (f"，平均 {average:.1f} 分", f", {average:.1f} points on average")
    title = Label(
        f"{month} 环境检查 {total['checks']:,} 次{told}，反弹 {total['rebounds']:,} 处",
        f"{total['checks']:,} clean-up checks in {month}{told_en}, {total['rebounds']:,} slipped back",
    )
    columns = {name: CLEANUP[name] for name in ("checks", "average", "passed", "failed", "rebounds")}
    return Chart("cleanup", title, "rows", VILLAGE, columns, report.villages.rows, {"average": ""}, total, percent=True)


def _problems(figures: Counts, places: Places, report: Report) -> Chart:
    so_far, month = so_far_of(figures["problems"], places), report.about["month"]
    title = Label(
        f"共发现 {so_far['found']:,} 个问题，已解决 {so_far['solved']:,} 个；未办结 {so_far['open']:,} 个，其中逾期 {so_far['overdue']:,} 个",
        f"{so_far['found']:,} problems found so far, {so_far['solved']:,} solved; {so_far['open']:,} open, {so_far['overdue']:,} of them overdue",
    )
    table = report.more["tiers"]
    columns = {name: PROBLEMS[name] for name in ("found", "solved", "open")}
    columns |= {"in_time": IN_TIME, "overdue": PROBLEMS["overdue"]}
    rows = [{**row, "in_time": row["open"] - row["overdue"]} for row in [*table.rows, report.total]]
    note = Label(
        f"发现、已解决为 {month} 当月；未办结、逾期为当时情况",
        f"Found and solved are those of {month}; open and overdue as it stood then",
    )
    drawn = {"in_time": "", "overdue": "danger"}
    return Chart(
        "problems",
        title,
        "rows",
        table.head,
        columns,
        rows[:-1],
        drawn,
        rows[-1],
        table.labels,
        stacked=True,
        note=note,
    )
