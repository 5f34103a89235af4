"""The county's tables of a month, taken out as one workbook.

Village totals and no persons: whoever may read may take it out. Promises: the row in the trail is committed before the file leaves, and the
file says when its figures were added up. Leaves to others: the figures (`figures`), the workbook (`server.exports.monthly`).
"""

from typing import Any

from flask import abort, request

from server.access import AccessError
from server.console.as_of import campaigns_of, is_month
from server.console.door import Town, act, go, service
from server.console.exports import note_leaving, send
from server.console.frame import language, tell_error
from server.console.lists import figures_there
from server.console.reports import TABLES
from server.exports.about import About
from server.exports.files import XLSX
from server.exports.monthly import TITLE, write_monthly
from server.reports.overview import reports_of
from server.reports.report import Places
from server.service import now_ms
from server.sight import Right
from shared.fields import Label
from shared.moments import day_of

_NO_COVERAGE = {Label("走访覆盖", "Coverage"): "到这个月还没有走访活动 / No campaign had begun by that month"}


@act("/t/<township>/reports/export", Right.READ)
def export_reports(town: Town) -> Any:
    """The county's tables of a month as one workbook. `from` is the table whose page asks, if one does."""
    this_month = day_of(town.now)[:7]
    month = request.form.get("month") or this_month
    campaign, page = request.form.get("campaign", ""), request.form.get("from", "")
    if not is_month(month, this_month) or page not in ("", *TABLES):
        abort(400)
    try:
        with town.read() as store:
            if campaign and campaign not in campaigns_of(store):
                raise AccessError("没有这个活动。 / There is no such campaign.")
        figures = figures_there(town, month, campaign)
    except AccessError as error:
        tell_error(error)
        if not page:
            return go("console.lists", township=town.code)
        back = {"campaign": campaign} if campaign and page == "coverage" else {}
        return go("console.report", township=town.code, name=page, month=month, **back)
    with town.read() as store:
        made = reports_of(figures, Places(town.sight.places(store), town.sight.is_whole(town.code)))
    now = now_ms()
    details = {
        "list": "reports",
        "as": "xlsx",
        "filters": [f"month={month}", *([f"campaign={campaign}"] if campaign else [])],
        "rows": sum(len(one.villages.rows) for one in made.values()),
    }
    number, row = note_leaving(town, details, now)
    title = Label(f"{TITLE.zh} {month}", f"{TITLE.en} {month}")
    about = About(title, town.name, town.account.name, now, number, row, as_of=figures["made_at"], language=language())
    file = write_monthly(made, {} if "coverage" in made else _NO_COVERAGE, about, service().config.instance)
    return send(file, about.file_name("xlsx"), XLSX)
