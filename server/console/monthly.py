"""The county's tables of a month, taken out as one workbook.

Village totals and no persons: whoever may read may take it out. Promises: the row in the trail is committed before the file leaves, and the
file says when its figures were added up. Leaves to others: the figures (`figures`), the workbook (`server.exports.monthly`).
"""

from collections.abc import Mapping
from typing import Any

from flask import abort, request

from server.console.door import Town, act, go, service
from server.console.exports import note_leaving, send
from server.console.frame import language, tell_error
from server.console.lists import figures_there
from server.exports.about import About
from server.exports.files import XLSX
from server.exports.monthly import TITLE, write_monthly
from server.reports.overview import gather, reports_of
from server.reports.report import Places
from server.service import now_ms
from server.sight import Right
from shared.fields import Label, is_date, is_uuid
from shared.moments import day_of

_NO_COVERAGE = {Label("走访覆盖", "Coverage"): "到这个月还没有走访活动 / No campaign had begun by that month"}


@act("/t/<township>/reports/export", Right.READ)
def export_reports(town: Town) -> Any:
    """The county's tables of a month as one workbook."""
    month = request.form.get("month") or day_of(town.now)[:7]
    campaign = request.form.get("campaign", "")
    if not is_date(f"{month}-01") or not (campaign == "" or is_uuid(campaign)):
        abort(400)
    try:
        figures = figures_there(town, month, campaign) or _added_up_here(town, month, campaign)
    except RuntimeError as error:  # no such campaign
        tell_error(error)
        return go("console.lists", township=town.code)
    with town.read() as store:
        made = reports_of(figures, Places(town.sight.places(store), town.sight.is_whole(town.code)))
    now = now_ms()
    details = {
        "list": "reports",
        "as": "xlsx",
        "filters": [f"month={month}"],
        "rows": sum(len(one.villages.rows) for one in made.values()),
    }
    number, row = note_leaving(town, details, now)
    title = Label(f"{TITLE.zh} {month}", f"{TITLE.en} {month}")
    about = About(title, town.name, town.account.name, now, number, row, as_of=figures["made_at"], language=language())
    file = write_monthly(made, {} if "coverage" in made else _NO_COVERAGE, about, service().config.instance)
    return send(file, about.file_name("xlsx"), XLSX)


def _added_up_here(town: Town, month: str, campaign: str) -> Mapping[str, Any]:
    """The figures, made while the browser waits: where nobody else could."""
    with town.read() as store:
        return gather(store, town.database.kinds, town.now, month, campaign or None)
