"""A roster that was uploaded: read and compared by a child process, then, when somebody said so, written by another.

Promises: the dry run writes nothing to the township; the import is written in the name of whoever confirmed it, and the upload is deleted when
it is through. Leaves to others: how a child runs and is watched (`jobs`), the pages (`console.roster`).
"""

from collections.abc import Callable

from server.imports.apply import RosterImportError, import_roster
from server.imports.area_store import UnknownTownshipError
from server.imports.plan import Imported
from server.imports.row_report import report_of
from server.imports.workbook import WorkbookError
from server.jobs import Job, JobError, Task
from server.service import Service

CHECK, APPLY = "roster_check", "roster_apply"
REPORT, RESULT = "report.json", "result.json"


def check(service: Service, job: Job) -> None:
    """What the workbook would come to."""
    job.save(REPORT, report_of(_import(service, job, job.teller(CHECK), dry_run=True)))


def write(service: Service, job: Job) -> None:
    """Import it."""
    job.save(RESULT, report_of(_import(service, job, job.teller(APPLY), dry_run=False)))
    job.upload.unlink(missing_ok=True)


def _import(service: Service, job: Job, tell: Callable[[str, int, int], None], dry_run: bool) -> Imported:
    about = job.about
    try:
        return import_roster(
            service.database, about.township, job.upload, person=about.person, by=about.by, dry_run=dry_run, progress=tell,
            door="console",
        )  # fmt: skip
    except (WorkbookError, UnknownTownshipError, RosterImportError) as error:
        raise JobError(str(error)) from error


TASKS: dict[str, Task] = {CHECK: check, APPLY: write}
