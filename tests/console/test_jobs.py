"""Jobs: what a child process does while pages stay quick; how far it is, and what is said when it is gone."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from server import jobs
from server.jobs import DONE, FAILED, INTERRUPTED, RUNNING, About, CancelledError, Job, JobError, Progress, Task
from tests.console.browser import TOWN, Office

NOW = 1_800_000_000_000


def about(township: str = TOWN, at: int = NOW, **more: str) -> About:
    return About(township, "p1", "韦桌员", more.get("file", "花名册.xlsx"), at)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return jobs.create(tmp_path, about())


def held_by_a_child(job: Job, task: str = "x") -> subprocess.Popen[bytes]:
    """A child that has the job and does nothing until it is told to go."""
    with job.claim() as held:
        assert held is not None
        job.save("progress.json", Progress(task, RUNNING, "write", 3, 10))
        return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held.fileno()])


class Said(msgspec.Struct):
    word: str


def ran(office: Office, task: Task) -> tuple[Job, bool]:
    made = jobs.create(office.folder, about())
    made.save("progress.json", Progress("task", RUNNING))
    return made, jobs.run(office.service, made, {"task": task})


def test_a_job_is_readable_by_its_owner_only(job: Job) -> None:
    with job.receive() as file:
        file.write(b"x")
    job.save("report.json", Said("x"))
    assert stat.S_IMODE(job.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in job.folder.iterdir()} == {0o600}


def test_a_job_is_found_by_its_id_and_by_nothing_else(job: Job, tmp_path: Path) -> None:
    found = jobs.find(tmp_path, job.id)
    assert found is not None
    assert found.about == job.about
    for guess in ("", "..", "0" * 32, f"../jobs/{job.id}", job.id.upper() + "/", f"{job.id}\n", "gone-1234abcd"):
        assert jobs.find(tmp_path, guess) is None


def test_a_townships_jobs_are_its_own_newest_first(tmp_path: Path) -> None:
    first, second = jobs.create(tmp_path, about()), jobs.create(tmp_path, about(at=NOW + 1))
    jobs.create(tmp_path, about("451422101"))
    assert [job.id for job in jobs.of_township(tmp_path, TOWN)] == [second.id, first.id]


def test_whoever_looks_sees_a_file_whole_and_never_half(job: Job) -> None:
    job.save("report.json", Said("长" * 1000))
    with (job.folder / "report.json").open("rb") as before:
        job.save("report.json", Said("短"))
        assert msgspec.json.decode(before.read(), type=Said).word == "长" * 1000
    assert job.load("report.json", Said) == Said("短")
    assert {path.name for path in job.folder.iterdir()} == {"job.json", "lock", "report.json"}


def test_a_job_that_runs_is_not_begun_a_second_time(job: Job, office: Office) -> None:
    child = held_by_a_child(job)
    assert job.is_running()
    assert jobs.begin(office.service.config, job, "x") is False
    child.communicate(b"\n")
    job.wait()
    assert not job.is_running()


def test_a_job_whose_process_is_gone_is_interrupted_even_while_it_is_a_zombie(job: Job) -> None:
    child = held_by_a_child(job)
    progress = job.progress()
    assert progress is not None
    assert progress.state == RUNNING
    os.kill(child.pid, signal.SIGKILL)
    job.wait()  # nobody has asked for the dead child yet
    progress = job.progress()
    assert progress is not None
    assert (progress.state, progress.done, progress.total) == (INTERRUPTED, 3, 10)
    child.communicate()


def test_looking_at_a_job_keeps_nobody_from_beginning_it(job: Job) -> None:
    with (job.folder / "lock").open("rb") as looks, job.claim() as held:
        assert looks
        assert held is not None
    assert not job.is_running()


def test_a_task_that_is_done_says_so(office: Office) -> None:
    def task(_service: object, job: Job) -> None:
        tell = job.teller("task")
        tell("read", 1, 2)
        tell("read", 2, 2)

    job, done = ran(office, task)
    assert done
    assert job.load("progress.json", Progress) == Progress("task", DONE, "read", 2, 2)


def raising(error: Exception) -> Callable[[object, Job], None]:
    def task(_service: object, _job: Job) -> None:
        raise error

    return task


def test_what_a_task_says_when_it_fails_is_kept_in_words(office: Office) -> None:
    job, done = ran(office, raising(JobError("没有表头 / no header")))
    assert not done
    assert job.load("progress.json", Progress) == Progress("task", FAILED, said="没有表头 / no header")


def test_an_unforeseen_failure_tells_nobodys_words(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    job, _ = ran(office, raising(ValueError("韦大山 451499197011204915")))
    progress = job.load("progress.json", Progress)
    assert progress is not None
    assert progress.state == FAILED
    assert "服务器出错" in progress.said
    assert "451499" not in progress.said + "".join(capsys.readouterr())


def test_a_task_notices_that_its_job_was_given_up_and_writes_no_more(office: Office) -> None:
    went_on = []

    def task(_service: object, job: Job) -> None:
        job.remove()
        job.teller("task")("write", 1, 2)
        went_on.append(True)

    job, done = ran(office, task)
    assert (done, went_on, job.folder.exists()) == (False, [], False)
    with pytest.raises(CancelledError):
        job.save("report.json", Said("x"))


def test_progress_is_written_when_the_stage_changes_and_at_its_end_but_not_at_every_step(job: Job) -> None:
    tell = job.teller("task")
    seen = []
    for step in range(1, 1001):
        tell("read", step, 1000)
        progress = job.load("progress.json", Progress)
        assert progress is not None
        seen.append(progress.done)
    assert len(set(seen)) < 500
    assert seen[0] == 1
    assert seen[-1] == 1000


def test_what_is_a_day_old_is_swept_when_the_next_job_begins_unless_it_runs(tmp_path: Path) -> None:
    old, running, young = (
        jobs.create(tmp_path, about()),
        jobs.create(tmp_path, about()),
        jobs.create(tmp_path, about(at=NOW + 2)),
    )
    with old.receive() as file:
        file.write(b"x")
    child = held_by_a_child(running)
    jobs.create(tmp_path, about("451422101", at=NOW + jobs.KEPT_MS + 1))  # of a township where none runs
    assert (old.folder.exists(), running.folder.exists(), young.folder.exists()) == (False, True, True)
    child.communicate(b"\n")


def test_the_child_does_the_job_in_a_process_of_its_own_and_lets_the_server_go_first(office: Office) -> None:
    """The upload is no workbook: the child says so in words."""
    job = jobs.create(office.folder, about())
    with job.receive() as file:
        file.write(b"no workbook")
    assert jobs.begin(office.service.config, job, "roster_check")
    job.wait()
    progress = job.progress()
    assert progress is not None
    assert (progress.task, progress.state) == ("roster_check", FAILED)
    assert "这不是 .xlsx 工作簿" in progress.said
