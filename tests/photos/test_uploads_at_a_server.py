"""Uploads at a server in a process of its own, stopped and killed between and under them: waitress on SQLite, gunicorn's workers on PostgreSQL."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from server.service import now_ms
from shared.photos import TUS_MEDIA_TYPE, name_of
from tests.photos.pictures import encoded, jpeg, scene
from tests.photos.sender import Sender
from tests.photos.slow_line import SlowLine
from tests.sync.test_many_writers import Station, wait_for
from tests.sync.world import TOWN, V1, Client, new_id, visit_set


class RealTime:
    """What a `Client` wants of a world whose clock nobody turns."""

    @property
    def now(self) -> int:
        return now_ms()

    def later(self, **_: float) -> None:
        return


class Township(Station):
    """A station whose server can be killed where it stands."""

    process: "subprocess.Popen[bytes] | None" = None

    def start_serving(self, *options: str, first: str = "") -> None:
        """`first` is done in the server's process before it begins."""
        command = [
            sys.executable,
            "-c",
            f"{first}\nfrom server.cli import main; main()",
            "serve",
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen(
            [*command, *options], env=self.environment, start_new_session=True, stdout=subprocess.DEVNULL
        )
        wait_for(self.host, self.port, self.process)

    def end(self, how: signal.Signals) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            self.process.wait(30)
            self.process = None

    def sender(self, name: str) -> Sender:
        enrolled = self.enrol(name, V1)
        client = Client(RealTime(), address=(self.host, self.port))  # type: ignore[arg-type]
        client.device, client.token = enrolled.device, enrolled.token
        return Sender(client)

    def is_held(self, data: bytes) -> bool:
        return self.service.photos.held(TOWN, name_of(data)) is not None

    def part(self, url: str) -> Path:
        return self.config.instance / "photos" / TOWN / "parts" / url.rpartition("/")[2]


def until(true: Callable[[], Any], seconds: float = 30) -> None:
    """Wait for something that happens in another process."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


@pytest.fixture
def township(tmp_path: Path) -> Iterator[Township]:
    town = Township(tmp_path / "instance", "")
    town.start_serving()
    yield town
    town.end(signal.SIGKILL)
    town.service.database.engine.dispose()


@pytest.fixture
def workers(tmp_path: Path, pg_server: Any) -> Iterator[Township]:
    """Two worker processes of gunicorn on a PostgreSQL."""
    name = f"photos_{tmp_path.name.lower().replace('-', '_')}"[:60]
    pg_server.psql(f"CREATE DATABASE {name};")
    town = Township(tmp_path / "instance", pg_server.get_uri().replace("/postgres?", f"/{name}?"))
    town.start_serving("--workers", "2")
    yield town
    town.end(signal.SIGTERM)
    town.service.database.engine.dispose()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_stopped_between_pieces_goes_on_at_the_next_byte(township: Township, how: signal.Signals) -> None:
    sender, photo = township.sender("wei"), jpeg()
    url, step = sender.begin(photo), len(photo) // 3 + 1
    for start in range(0, len(photo), step):
        assert sender.offset(url) == start
        assert sender.patch(url, start, photo[start : start + step]).status == 204
        township.end(how)
        township.start_serving()
    assert sender.offset(url) == len(photo)
    assert township.is_held(photo)
    assert not township.part(url).exists()


def test_a_server_killed_while_it_encodes_a_photo_finishes_it_when_it_is_asked_again(township: Township) -> None:
    """The picture takes a second to read, so that the kill meets its encoding."""
    sender, photo = (
        township.sender("wei"),
        encoded(scene(4).resize((5600, 4400), 0).convert("RGBA"), "PNG", compress_level=1),
    )
    url = sender.begin(photo)
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(sender.patch, url, 0, photo)
        until(lambda: township.part(url).stat().st_size == len(photo))
        township.end(signal.SIGKILL)
        assert reply.exception() is not None, "the phone heard nothing"
    assert not township.is_held(photo)
    township.start_serving()
    assert sender.offset(url) == len(photo)
    assert township.is_held(photo)


def test_a_chunk_that_is_cut_on_its_way_counts_for_nothing_and_is_sent_again(township: Township) -> None:
    sender, photo = township.sender("wei"), jpeg()
    url = sender.begin(photo)
    sender.patch(url, 0, photo[:3000])
    _cut_patch(township, sender, url, 3000, photo[3000:], 2000)
    assert sender.offset(url) == 3000
    assert sender.patch(url, 3000, photo[3000:]).status == 204
    assert township.is_held(photo)


@pytest.mark.postgres
def test_behind_workers_the_bytes_that_came_before_a_cut_are_kept(workers: Township) -> None:
    sender, photo = workers.sender("wei"), jpeg()
    url = sender.begin(photo)
    _cut_patch(workers, sender, url, 0, photo, 2000)
    until(lambda: sender.offset(url) == 2000)
    assert sender.patch(url, 2000, photo[2000:]).status == 204
    assert workers.is_held(photo)


@pytest.mark.postgres
def test_bodies_that_stand_still_behind_a_worker_keep_what_came_and_give_their_places_to_others(
    workers: Township,
) -> None:
    """The lines stay open: nothing but the server ends the wait. All three places of one worker's are taken, and all its threads but few."""
    workers.end(signal.SIGTERM)
    workers.start_serving("--workers", "1", first="from server.api import edge; edge.STALL_SECONDS = 1.0")
    sender, photos = workers.sender("wei"), [jpeg(seed) for seed in range(4)]
    visit = sender.named(*photos)
    urls = [sender.begin(photo, visit) for photo in photos]
    with contextlib.ExitStack() as open_:
        lines = [
            open_.enter_context(_stalled_patch(workers, sender, url, photo, 2000))
            for url, photo in zip(urls[:3], photos, strict=False)
        ]
        for line in lines:
            answer = _answer(line)
            assert answer.startswith(b"HTTP/1.1 503 "), answer
            assert b"Retry-After: " in answer
            assert "停住".encode() in answer
        until(lambda: sender.patch(urls[3], sender.offset(urls[3]), photos[3][sender.offset(urls[3]) :]).status == 204)
        for url, photo in zip(urls[:3], photos, strict=False):
            assert sender.offset(url) == 2000
            assert sender.patch(url, 2000, photo[2000:]).status == 204
    assert all(workers.is_held(photo) for photo in photos)


@pytest.mark.postgres
def test_a_sync_that_stands_still_behind_a_worker_changes_nothing_and_leaves_its_thread_to_others(
    workers: Township,
) -> None:
    """Eight of them are all the threads there are."""
    workers.end(signal.SIGTERM)
    workers.start_serving("--workers", "1", first="from server.api import edge; edge.STALL_SECONDS = 1.0")
    sender = workers.sender("wei")
    change = sender.client.change("visit", new_id(), visit_set())
    body = json.dumps(sender.client.request(change)).encode()
    head = (
        f"POST /api/v1/sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sender.client.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with contextlib.ExitStack() as open_:
        lines = [open_.enter_context(_line(workers, head.encode() + body[:-1])) for _ in range(8)]
        for line in lines:
            assert _answer(line).startswith(b"HTTP/1.1 503 ")
        sender.client.take(change)


@pytest.mark.postgres
def test_a_body_that_comes_slowly_behind_a_worker_is_taken_as_long_as_it_moves(workers: Township) -> None:
    """Longer on its way than a body may stand still."""
    workers.end(signal.SIGTERM)
    workers.start_serving("--workers", "1", first="from server.api import edge; edge.STALL_SECONDS = 3.0")
    sender, photo = workers.sender("wei"), jpeg()
    slow = SlowLine(workers.port, bits=len(photo) * 8 / 6)
    port, workers.port = workers.port, slow.port
    url, began = sender.begin(photo), time.monotonic()
    with _stalled_patch(workers, sender, url, photo, len(photo)) as line:
        assert _answer(line).startswith(b"HTTP/1.1 204 ")
    assert time.monotonic() - began > 4
    workers.port = port
    slow.close()
    assert workers.is_held(photo)


@pytest.mark.postgres
def test_two_worker_processes_at_one_upload_take_every_byte_once(workers: Township) -> None:
    sender, photo = workers.sender("wei"), jpeg(2, (800, 600))
    url, step = sender.begin(photo), 5000
    with ThreadPoolExecutor(3) as pool:
        for start in range(0, len(photo), step):
            replies = list(pool.map(lambda _, at=start: sender.patch(url, at, photo[at : at + step]).status, range(3)))
            assert set(replies) <= {204, 409, 503}, replies
            assert start + step >= len(photo) or replies.count(204) == 1, replies
    assert sender.offset(url) == len(photo)
    assert workers.is_held(photo)


def _line(town: Township, data: bytes) -> socket.socket:
    """A connection over which these bytes went, and which stays open."""
    line = socket.create_connection((town.host, town.port), 10)
    line.settimeout(15)
    line.sendall(data)
    return line


def _stalled_patch(town: Township, sender: Sender, url: str, body: bytes, after: int) -> socket.socket:
    """A PATCH from the beginning that stands still after so many bytes of its body."""
    return _line(town, _patch_head(sender, url, 0, body) + body[:after])


def _answer(line: socket.socket) -> bytes:
    """The first that comes back, up to the end of a short answer."""
    answer = b""
    while data := line.recv(4096):
        answer += data
        if b"204 " in answer[:20] and answer.endswith(b"\r\n\r\n"):
            break
    return answer


def _patch_head(sender: Sender, url: str, offset: int, body: bytes) -> bytes:
    return (
        f"PATCH {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sender.client.token}\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Type: {TUS_MEDIA_TYPE}\r\nUpload-Offset: {offset}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()


def _cut_patch(town: Township, sender: Sender, url: str, offset: int, body: bytes, after: int) -> None:
    """A PATCH whose connection ends after so many bytes of its body."""
    with _line(town, _patch_head(sender, url, offset, body) + body[:after]) as line:
        line.shutdown(socket.SHUT_WR)
        line.settimeout(10)
        with contextlib.suppress(OSError):
            while line.recv(4096):
                pass
