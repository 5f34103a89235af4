"""The county's monthly tables as pages: coverage, contact visits, clean-up, the ledger; by village, for a month, to be read and printed.

Leaves to others: the figures (`server.reading.figures`), the same tables as files (`exports`).
"""

from collections.abc import Mapping
from typing import Any

from flask import abort

from server.console import as_of
from server.console.door import Town, is_part, page
from server.console.frame import render
from server.reports.overview import reports_of
from server.sight import Right
from shared.fields import Label
from shared.moments import day_of, days_after

TABLES: Mapping[str, tuple[Label, Label]] = {
    "coverage": (
        Label("走访覆盖", "Coverage"),
        Label("应访多少户、已访多少户，按村、按户类别", "How many of the households to visit were visited, by village and category"),
    ),
    "contact": (
        Label("党员联户", "Contact visits"),
        Label("联户当月应走访、已走访多少次，按村", "Contact visits that were owed in the month and made, by village"),
    ),
    "cleanup": (
        Label("环境整治", "Clean-up"),
        Label("当月检查、平均分、合格与反弹，按村、按对象", "Checks of the month, average, passed and slipped back, by village and target"),
    ),
    "problems": (
        Label("问题台账", "Problems"),
        Label("当月发现、解决，当时未办结与逾期，按村、层级、类别", "Found and solved in the month, open and overdue, by village, tier and category"),
    ),
}  # fmt: skip
"""What there is: title, and what it tells."""
MONTHS = 6
"""Months the index leads to."""


@page("/t/<township>/reports", Right.READ)
def reports(town: Town) -> str:
    """The tables there are, of this month and those before."""
    months = [day_of(town.now)[:7]]
    while len(months) < MONTHS:
        months.append(days_after(f"{months[-1]}-01", -1)[:7])
    return render("reports.html", town, "reports", tables=TABLES, months=months)


@page("/t/<township>/reports/<name>", Right.READ)
def report(town: Town, name: str) -> Any:
    """One table of one month."""
    if name not in TABLES:
        abort(404)
    wanted = ("campaign", "month", "village") if name == "coverage" else ("month", "village")
    with town.read() as store:
        asked = as_of.ask(town, store, wanted)
        if asked.problem or not asked.names:
            return render("report.html", town, "reports", name=name, tables=TABLES, asked=asked)
        found = as_of.look(town, store, asked)
    poll = as_of.poll([found])
    if poll.unchanged:
        return "", 204
    made = reports_of(found.figures, asked.places).get(name) if found.figures else None
    template = "report_part.html" if is_part() else "report.html"
    return render(
        template, town, "reports", name=name, tables=TABLES, asked=asked, look=found, poll=poll, made=made,
        **as_of.WORDS,
    )  # fmt: skip
