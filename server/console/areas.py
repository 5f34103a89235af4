"""The area tree, for the whole server: upload a list, read line by line what it would change, confirm.

Promises: nothing is written before somebody confirmed; nothing is ever deleted. Small enough to be done while the page waits. Leaves to
others: reading and storing the list (`server.imports`).
"""

from collections import Counter
from typing import Any

from flask import abort, request

from server import jobs
from server.access import AccessError
from server.console.door import Visitor, act, go, page, service
from server.console.frame import render, tell, tell_error
from server.console.roster import receive
from server.imports.area_store import CREATED, UNCHANGED, UPDATED, AreaRow, compare_areas, import_areas
from server.imports.areas import AreaFileError, read_areas
from server.jobs import Job
from server.sight import Right
from server.store import TownshipStore
from shared.fields import Label

OUTCOMES = {CREATED: Label("新增", "New"), UPDATED: Label("更新", "Changed"), UNCHANGED: Label("未变", "Unchanged")}
LEVELS = {
    "region": Label("自治区", "Region"),
    "city": Label("市", "City"),
    "county": Label("县", "County"),
    "township": Label("乡镇", "Township"),
    "village": Label("村", "Village"),
}
SHOWN = 1000
"""Lines a page shows; those that change come first."""


@page("/areas", Right.AREAS)
def areas(who: Visitor) -> str:
    """What there is, and the form."""
    with who.database.read("") as store:
        counts = dict(map(tuple, store.sql("SELECT level, count(*) FROM area GROUP BY level")))
        counties = [tuple(row) for row in _counties(store)]
    return render("areas.html", who, counts=counts, levels=LEVELS, counties=counties)


def _counties(store: TownshipStore) -> Any:
    return store.sql(
        "SELECT c.code, c.name, (SELECT count(*) FROM area t WHERE t.parent = c.code) FROM area c"
        " WHERE c.level = 'county' ORDER BY c.code"
    )


@act("/areas", Right.AREAS)
def areas_upload(who: Visitor) -> Any:
    """Take a list; one that cannot be read is said at once, with its line."""
    try:
        job = receive("", who.account.person, who.account.name, request.files.get("file"))
    except AccessError as error:
        tell_error(error)
        return go("console.areas")
    try:
        read_areas(job.upload)
    except AreaFileError as error:
        job.remove()
        tell_error(error)
        return go("console.areas")
    return go("console.areas_report", job=job.id)


@page("/areas/<job>", Right.AREAS)
def areas_report(who: Visitor, job: str) -> str:
    """What the list would change, line by line."""
    found = _job(job)
    rows = compare_areas(who.database, read_areas(found.upload))
    counts = Counter(row.outcome for row in rows)
    show = request.args.get("show", "")
    wanted = [row for row in rows if row.outcome == show] if show in OUTCOMES else sorted(rows, key=_order)
    return render(
        "areas_report.html", who, job=found, rows=wanted[:SHOWN], more=max(0, len(wanted) - SHOWN), counts=counts, show=show,
        outcomes=OUTCOMES, levels=LEVELS, changes=counts[CREATED] + counts[UPDATED],
    )  # fmt: skip


def _order(row: AreaRow) -> bool:
    return row.outcome == UNCHANGED


@act("/areas/<job>/import", Right.AREAS)
def areas_import(who: Visitor, job: str) -> Any:
    found = _job(job)
    done = import_areas(who.database, read_areas(found.upload), who.actor)["areas"]
    found.remove()
    tell(
        f"区划已导入：新增 {done[CREATED]}，更新 {done[UPDATED]}，未变 {done[UNCHANGED]}。",
        f"Areas imported: {done[CREATED]} new, {done[UPDATED]} changed, {done[UNCHANGED]} unchanged.",
    )
    return go("console.areas")


@act("/areas/<job>/cancel", Right.AREAS)
def areas_cancel(who: Visitor, job: str) -> Any:
    _job(job).remove()
    tell("没有导入，上传的文件已删除。", "Nothing was imported; the upload is deleted.")
    return go("console.areas")


def _job(id_: str) -> Job:
    found = jobs.find(service().config.instance, id_)
    if found is None or found.about.township != "" or not found.upload.exists():
        abort(404)
    return found
