"""Work that takes longer than a page may: a child process does it, a folder holds it, and any process may look how far it is.

A job is `instance/jobs/<id>/`: who asked for what (job.json), the uploaded file, how far it is (progress.json), what came out (other files).
Whoever runs it holds the folder's lock, handed over to the child when it starts, so a job whose process is gone is known as interrupted,
and none runs twice at once. Promises: files are replaced whole, and readable by their owner only; after a day, or when somebody gives it up,
a job and its upload are gone. Leaves to others: what a task does (`imports.roster_job`), who may see a job (`console`).
"""

import fcntl
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

import msgspec
import structlog

import server
from server.config import GUARD_BYTES, Config
from server.service import Service

log = structlog.get_logger()

FOLDER = "jobs"
KEPT_MS = 24 * 3_600_000
MOST = 5
"""Uploads of a township that are kept at a time."""
RUNNING, DONE, FAILED, INTERRUPTED = "running", "done", "failed", "interrupted"

_ID = re.compile(r"[0-9a-f]{32}")
_ABOUT, _PROGRESS, _LOCK, _UPLOAD = "job.json", "progress.json", "lock", "upload"
_TELL_S = 0.2
"""Progress is written no oftener: a page asks once a second."""
_NICE = 5
"""How much a child gives way to the server."""

T = TypeVar("T", bound=msgspec.Struct)
Task = Callable[[Service, "Job"], None]


class JobError(Exception):
    """A task could not be done; the message (Chinese / English) says why."""


class CancelledError(Exception):
    """Somebody gave the job up while it ran."""


class About(msgspec.Struct, frozen=True):
    """Who asked for a job, and of what: `file` is what the upload was called. `at` in ms since 1970; `township` '' for the whole server."""

    township: str
    person: str
    by: str
    file: str
    at: int


class Progress(msgspec.Struct, frozen=True):
    """How far a task is: `done` of `total` in its `stage`. `said` is why it failed, Chinese / English."""

    task: str
    state: str
    stage: str = ""
    done: int = 0
    total: int = 0
    said: str = ""


@dataclass(frozen=True)
class Job:
    """A job's folder. Reading it changes nothing."""

    folder: Path
    about: About

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def upload(self) -> Path:
        return self.folder / _UPLOAD

    def progress(self) -> Progress | None:
        """How far it is now; None before anything was begun. `interrupted` where a process went away without a word."""
        before = self.load(_PROGRESS, Progress)
        if before is None or before.state != RUNNING or self.is_running():
            return before
        after = self.load(_PROGRESS, Progress)  # it may have ended between the two looks
        if after is not None and after.state == RUNNING:
            return msgspec.structs.replace(after, state=INTERRUPTED)
        return after

    def load(self, name: str, kind: type[T]) -> T | None:
        """What stands in one of its files."""
        try:
            return msgspec.json.decode((self.folder / name).read_bytes(), type=kind)
        except FileNotFoundError:
            return None

    def save(self, name: str, value: msgspec.Struct) -> None:
        """Replace one of its files whole. CancelledError when the job was given up."""
        partial = self.folder / f"{name}.{secrets.token_hex(4)}"
        try:
            with _opened(partial) as file:
                file.write(msgspec.json.encode(value))
            partial.replace(self.folder / name)
        except FileNotFoundError as error:
            raise CancelledError from error

    def receive(self) -> IO[bytes]:
        """Where the upload is written to."""
        return _opened(self.upload)

    def is_done_with(self) -> bool:
        """Whether its upload is gone: it came to its end. One that is still being received is not."""
        return not self.upload.exists() and self.load(_PROGRESS, Progress) is not None

    def is_nobodys(self) -> bool:
        """Whether nobody waits for it: it failed, or is a list of areas, whose page nobody finds again."""
        progress = self.progress()
        return self.about.township == "" or (progress is not None and progress.state == FAILED)

    def is_running(self) -> bool:
        with self._lock(fcntl.LOCK_SH) as held:
            return not held

    def wait(self) -> None:
        """Until whoever runs it has ended."""
        with (self.folder / _LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)

    @contextmanager
    def _lock(self, how: int) -> Iterator[IO[bytes] | None]:
        """The folder's lock, or None when another holds it."""
        try:
            file = (self.folder / _LOCK).open("rb")
        except FileNotFoundError:  # given up meanwhile
            yield None
            return
        with file:
            try:
                fcntl.flock(file, how | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield file

    @contextmanager
    def claim(self) -> Iterator[IO[bytes] | None]:
        """The right to run it, or None when somebody has it. Those who only look hold the lock for an instant: try a few times."""
        for _ in range(20):
            with self._lock(fcntl.LOCK_EX) as held:
                if held is not None:
                    yield held
                    return
            time.sleep(0.01)
        yield None

    def remove(self) -> None:
        """Give it up: the upload and all that came of it are gone; a task that runs notices at its next step."""
        gone = self.folder.with_name(f"gone-{secrets.token_hex(4)}")
        try:
            self.folder.rename(gone)
        except FileNotFoundError:
            return
        shutil.rmtree(gone, ignore_errors=True)

    def teller(self, task: str) -> Callable[[str, int, int], None]:
        """A function that takes (stage, done, total) and writes it down, not too often. It raises CancelledError when the job was given up."""
        told_stage, told_at = "", 0.0

        def tell(stage: str, done: int, total: int) -> None:
            nonlocal told_stage, told_at
            now = time.monotonic()
            if stage != told_stage or done >= total or now - told_at >= _TELL_S:
                told_stage, told_at = stage, now
                self.save(_PROGRESS, Progress(task, RUNNING, stage, done, total))

        return tell


# --- finding and making ----------------------------------------------------------------------------------------------


def create(instance: Path, about: About) -> Job:
    """A new job, with nothing in it yet. Sweeps up what is a day old. JobError in words when there is no room for one more."""
    _folder(instance).mkdir(parents=True, exist_ok=True)
    sweep(instance, about.at)
    with _alone(instance):
        _check(instance, about.township)
        _make_room(instance, about.township)
        folder = _folder(instance) / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        with _opened(folder / _LOCK):
            pass
        job = Job(folder, about)
        job.save(_ABOUT, about)
    return job


def _check(instance: Path, township: str, but: str = "") -> None:
    """JobError when a job of the township runs (another than `but`), or the disk is nearly full."""
    if shutil.disk_usage(instance).free < GUARD_BYTES:
        raise JobError("服务器磁盘将满，请联系管理员。 / The server's disk is nearly full; tell the administrator.")
    if any(job.is_running() for job in of_township(instance, township) if job.id != but):
        raise JobError(
            "本乡镇有一份名册正在处理，请等它结束。 / A roster of this township is being worked on; wait until it ends."
        )


def _make_room(instance: Path, township: str) -> None:
    """Remove the oldest that nobody can confirm any more; JobError while too many wait for somebody's word."""
    kept = [job for job in of_township(instance, township) if not job.is_done_with()]
    lost = [job for job in kept if job.is_nobodys()]
    while len(kept) >= MOST and lost:
        gone = lost.pop()
        kept.remove(gone)
        gone.remove()
    if len(kept) >= MOST:
        raise JobError(
            f"已有 {MOST} 份上传的文件没有处理完，请先导入或删除。 / {MOST} uploads wait already; import or delete one first."
        )


@contextmanager
def _alone(instance: Path) -> Iterator[None]:
    """One at a time counts jobs and adds to them, or several at once would each find room."""
    handle = os.open(_folder(instance), os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def find(instance: Path, id_: str) -> Job | None:
    """The job of this id; None when there is none (any more)."""
    if not _ID.fullmatch(id_):
        return None
    folder = _folder(instance) / id_
    try:
        return Job(folder, msgspec.json.decode((folder / _ABOUT).read_bytes(), type=About))
    except FileNotFoundError:
        return None


def of_township(instance: Path, township: str) -> list[Job]:
    """A township's jobs, newest first."""
    found = (find(instance, path.name) for path in _folder(instance).glob("*"))
    return sorted((job for job in found if job and job.about.township == township), key=lambda job: -job.about.at)


def sweep(instance: Path, now: int) -> None:
    """Remove what is a day old and not running, and what a removal left half done."""
    for path in _folder(instance).glob("*"):
        job = find(instance, path.name)
        if job is None and now - path.stat().st_mtime * 1000 > KEPT_MS:
            shutil.rmtree(path, ignore_errors=True)
        elif job is not None and now - job.about.at > KEPT_MS and not job.is_running():
            job.remove()


def _folder(instance: Path) -> Path:
    return instance / FOLDER


def _opened(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


# --- running -----------------------------------------------------------------------------------------------------------


def begin(config: Config, job: Job, task: str) -> bool:
    """Run a task in a child process; returns at once. False when the job runs already; JobError in words when another of its
    township does, or the disk is nearly full."""
    instance = job.folder.parent.parent
    with _alone(instance), job.claim() as held:
        if held is None:
            return False
        _check(instance, job.about.township, but=job.id)
        job.save(_ABOUT, job.about)  # who confirms a task may be another than who uploaded
        job.save(_PROGRESS, Progress(task, RUNNING))
        spawn(config, job, held)
    return True


def spawn(config: Config, job: Job, held: IO[bytes]) -> None:
    """The child. It inherits the lock, so that there is no moment in which nobody holds it."""
    root = str(Path(server.__file__).parent.parent)
    environment = os.environ | {
        "RUHU_INSTANCE": str(config.instance),
        "RUHU_DATABASE_URL": config.database_url,
        "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH")))),
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "job", job.id], env=environment, pass_fds=[held.fileno()],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    threading.Thread(target=child.wait, daemon=True).start()  # or it would stay a zombie until the server ends


def run(service: Service, job: Job, tasks: Mapping[str, Task]) -> bool:
    """Do the task that was begun, in this process, and write down how it ended. Whether it was done."""
    begun = job.load(_PROGRESS, Progress)
    if begun is None or begun.task not in tasks:
        return False
    try:
        try:
            tasks[begun.task](service, job)
        except JobError as error:
            _end(job, FAILED, str(error))
            return False
        except CancelledError:
            raise
        except Exception as error:  # the last net of a process: the page says that it failed, the log where
            frames = [
                f"{Path(one.filename).name}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)[-12:]
            ]
            log.error("job_failed", task=begun.task, error=type(error).__name__, frames=frames)
            _end(
                job,
                FAILED,
                "服务器出错，已记入日志；可再运行一次。 / The server failed and logged it; you may run it again.",
            )
            return False
        _end(job, DONE)
    except CancelledError:
        return False
    return True


def give_way() -> None:
    """Let the server go first."""
    os.nice(_NICE)


def _end(job: Job, state: str, said: str = "") -> None:
    last = job.load(_PROGRESS, Progress)
    if last is not None:
        job.save(_PROGRESS, msgspec.structs.replace(last, state=state, said=said))
