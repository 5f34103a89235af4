"""The roster: upload a workbook, read row by row what it would come to, confirm, and see how far the import is.

Reading and writing are done by child processes (`server.jobs`), so that pages stay quick meanwhile. Promises: nothing is written before somebody
confirmed what they saw; it is written in their name; only who may import in this township sees its jobs. Leaves to others: reading a workbook
and comparing it (`server.imports`).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import abort, current_app, request, url_for
from werkzeug.datastructures import FileStorage

from server import jobs
from server.access import AccessError
from server.console.door import RULES, Town, act, blueprint, go, is_part, page, present, service
from server.console.frame import language, listed, render, say, t, tell, tell_error
from server.imports.roster_job import APPLY, CHECK, REPORT, RESULT
from server.imports.row_report import CREATED, REJECTED, UNCHANGED, UPDATED, WARNED, Line, Report
from server.jobs import About, Job, JobError, Progress
from server.lists.listing import Column, Filter, Found, Listing, Query, Row, page_of
from server.service import now_ms
from server.sight import Right
from server.words import moment, word
from shared.fields import Label
from shared.kinds import KINDS
from shared.moments import iso

LARGEST = 20 * 1024 * 1024
"""Bytes of a workbook; everything else that is sent here stays far below."""
_ENVELOPE = 64 * 1024
"""What a form adds to its file."""
_UPLOADS = ("console.roster_upload", "console.areas_upload")

OUTCOMES = {
    CREATED: Label("新增", "New"),
    UPDATED: Label("有改动", "Changed"),
    UNCHANGED: Label("未变", "Unchanged"),
    WARNED: Label("有提醒", "With a warning"),
    REJECTED: Label("不导入", "Left out"),
}
_HOME = {CREATED: Label("新户", "New household"), UPDATED: Label("户有改动", "Household changes"), UNCHANGED: Label("户未变", "Household unchanged")}  # fmt: skip
_PERSON = {CREATED: Label("新成员", "New person"), UPDATED: Label("成员有改动", "Person changes"), UNCHANGED: Label("成员未变", "Person unchanged")}  # fmt: skip
_LEFT_OUT = Label("本行不导入", "This row is left out")
_SHEET, _ROW = Column("place", Label("表!行", "Sheet!row"), "code"), Column("place", Label("行", "Row"), "code")
_COLUMNS = [
    Column("number", Label("户编号", "Household no."), "code", narrow=False),
    Column("head", Label("户主", "Head"), narrow=False),
    Column("name", Label("姓名", "Name")),
    Column("what", Label("结果", "Outcome")),
    Column("says", Label("说明", "What to mend")),
]
_FILTERS = [
    Filter("show", Label("只看", "Only"), "choice", OUTCOMES),
    Filter("q", Label("户编号、户主或姓名", "Number, head or name")),
]


@blueprint.url_value_preprocessor
def _room_for_a_workbook(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Whoever may import here may send a workbook; this has to be said before anything looks at the form."""
    if endpoint not in _UPLOADS:
        return
    sight, township = present(), (values or {}).get("township")
    if sight and sight.may(Right(RULES[endpoint].asks)) and (township is None or sight.is_whole(township)):
        request.max_content_length = LARGEST + _ENVELOPE


# --- pages -----------------------------------------------------------------------------------------------------------


@page("/t/<township>/roster", Right.ROSTER)
def roster(town: Town) -> str:
    """Upload a workbook; the jobs of the last day."""
    _whole(town)
    found = jobs.of_township(service().config.instance, town.code)
    return render(
        "roster.html",
        town,
        "roster",
        jobs=[(job, job.progress()) for job in found],
        most=LARGEST >> 20,
        CHECK=CHECK,
        clock=_clock,
    )


@page("/t/<township>/roster/<job>", Right.ROSTER)
def roster_job(town: Town, job: str) -> str:
    """How far it is; then the report, row by row; then what was written."""
    found = _job(town, job)
    progress = found.progress()
    imported = progress is not None and progress.task == APPLY
    report = found.load(RESULT, Report) if imported and progress and progress.state == jobs.DONE else None
    report = report or (found.load(REPORT, Report) if not _runs(progress) else None)
    listing = listed(town, _listing(report, town, linked=imported)) if report else {}
    return render(
        "roster_job.html", town, "roster", job=found, progress=progress, report=report, imported=imported, outcomes=OUTCOMES,
        running=_runs(progress), changes=_changes(report), has_upload=found.upload.exists(), clock=_clock, **listing,
    )  # fmt: skip


@page("/t/<township>/roster/<job>/progress", Right.ROSTER)
def roster_progress(town: Town, job: str) -> Any:
    """The bar alone, asked for every second; when there is something else to see the whole page is asked for."""
    progress = _job(town, job).progress()
    if not is_part():
        return go("console.roster_job", township=town.code, job=job)
    if not _runs(progress):
        response = current_app.make_response("")
        response.headers["HX-Refresh"] = "true"
        return response
    return render("roster_progress.html", town, "roster", job=job, progress=progress, APPLY=APPLY)


# --- acts ------------------------------------------------------------------------------------------------------------


@act("/t/<township>/roster", Right.ROSTER)
def roster_upload(town: Town) -> Any:
    """Take the workbook and begin the dry run."""
    _whole(town)
    try:
        job = receive(town.code, town.account.person, town.account.name, request.files.get("file"))
    except AccessError as error:
        tell_error(error)
        return go("console.roster", township=town.code)
    try:
        jobs.begin(service().config, job, CHECK)
    except JobError as error:  # another began meanwhile
        job.remove()
        tell_error(error)
        return go("console.roster", township=town.code)
    return go("console.roster_job", township=town.code, job=job.id)


@act("/t/<township>/roster/<job>/check", Right.ROSTER)
def roster_check(town: Town, job: str) -> Any:
    """Compare once more."""
    return _begin(town, _job(town, job), CHECK)


@act("/t/<township>/roster/<job>/import", Right.ROSTER)
def roster_import(town: Town, job: str) -> Any:
    """What was seen is confirmed: write it, in the name of whoever confirms."""
    found = _job(town, job)
    if found.load(REPORT, Report) is None:
        tell("请先看完试导入的报告。", "See the dry run's report first.", "warning")
        return go("console.roster_job", township=town.code, job=found.id)
    return _begin(town, found, APPLY)


def _begin(town: Town, job: Job, task: str) -> Any:
    if not job.upload.exists():
        tell("这份名册已经导入，上传的文件已删除。", "This roster is imported, and the file is gone.", "info")
    else:
        confirmed = Job(
            job.folder, About(town.code, town.account.person, town.account.name, job.about.file, job.about.at)
        )
        try:
            if not jobs.begin(service().config, confirmed, task):
                tell("正在运行，请等它结束。", "It is running; wait until it ends.", "info")
        except JobError as error:
            tell_error(error)
    return go("console.roster_job", township=town.code, job=job.id)


@act("/t/<township>/roster/<job>/cancel", Right.ROSTER)
def roster_cancel(town: Town, job: str) -> Any:
    """Give it up: the upload and its report are deleted. An import that runs is not stopped half way."""
    found = _job(town, job)
    progress = found.progress()
    if progress is not None and progress.task == APPLY and _runs(progress):
        tell("正在写入，不能中途取消。", "It is being written and cannot be given up half way.", "warning")
        return go("console.roster_job", township=town.code, job=found.id)
    found.remove()
    tell("已删除上传的文件和报告。", "The upload and its report are deleted.")
    return go("console.roster", township=town.code)


def receive(township: str, person: str, by: str, file: FileStorage | None) -> Job:
    """An uploaded file as a new job. AccessError in words when there is none, or no room for it."""
    if file is None or not file.filename:
        raise AccessError("请先选择一个文件。 / Choose a file first.")
    name = file.filename.replace("\\", "/").rsplit("/", 1)[-1][:100]
    try:
        job = jobs.create(service().config.instance, About(township, person, by, name, now_ms()))
    except JobError as error:
        raise AccessError(str(error)) from error
    try:
        with job.receive() as target:
            file.save(target)
    except OSError:
        job.remove()
        raise
    if job.upload.stat().st_size == 0:
        job.remove()
        raise AccessError("这个文件是空的。 / This file is empty.")
    return job


# --- who may, and what is shown ---------------------------------------------------------------------------------------


def _whole(town: Town) -> None:
    """A roster is the whole township's."""
    if not town.sight.is_whole(town.code):
        abort(403)


def _job(town: Town, id_: str) -> Job:
    """A job of this township; any other is not found."""
    _whole(town)
    found = jobs.find(service().config.instance, id_)
    if found is None or found.about.township != town.code:
        abort(404)
    return found


def _runs(progress: Progress | None) -> bool:
    return progress is not None and progress.state == jobs.RUNNING


def _changes(report: Report | None) -> int:
    """How many households and persons would be written."""
    return (
        sum(counts[what] for counts in (report.households, report.members) for what in (CREATED, UPDATED))
        if report
        else 0
    )


def _clock(ms: int) -> str:
    return moment(iso(ms))


def _listing(report: Report, town: Town, linked: bool) -> Listing:
    """The report as a list, so that it is filtered, paged and printed like every other."""
    first = _SHEET if report.several else _ROW
    return Listing(
        "roster_rows", Label("逐行报告", "Row by row"), [first, *_COLUMNS], _FILTERS, partial(_rows, report, town, linked), Right.ROSTER,
        empty=Label("没有这样的行", "No such row"),
    )  # fmt: skip


def _rows(report: Report, town: Town, linked: bool, query: Query) -> Found:
    wanted = report.lines if not query["show"] else [line for line in report.lines if line.is_(query["show"])]
    if query["q"]:
        wanted = [line for line in wanted if any(query["q"] in text for text in (line.number, line.head, line.name))]
    found = page_of(wanted, query)  # type: ignore[arg-type]
    return Found([_row(line, report.several, town, linked) for line in found.rows], found.total)  # type: ignore[arg-type]


def _row(line: Line, several: bool, town: Town, linked: bool) -> Row:
    row: dict[str, Any] = {
        "place": f"{line.sheet}!{line.row}" if several else str(line.row), "number": line.number, "head": line.head, "name": line.name,
        "what": t("；", "; ").join(_whats(line)),
        "says": [word(sentence, language()) for sentence in line.says],
        "_tone": "danger" if line.rejected else "warning" if line.says else "",
    }  # fmt: skip
    if linked and line.household and "console.household" in RULES:
        row["_url"] = url_for("console.household", township=town.code, household=line.household)
    return row


def _whats(line: Line) -> Sequence[str]:
    """What becomes of the row's household and person, with the fields that change."""
    told = [say(_LEFT_OUT)] if line.rejected else []
    for outcome, labels, kind in ((line.home, _HOME, KINDS.household), (line.person, _PERSON, "member")):
        if outcome:
            fields = [
                say(KINDS[kind].fields[name.partition(".")[2]].label)
                for name in line.fields
                if name.startswith(f"{kind}.")
            ]
            told.append(say(labels[outcome]) + (t("（{f}）", " ({f})", f=t("、", ", ").join(fields)) if fields else ""))
    return told
