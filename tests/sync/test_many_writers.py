"""Many writers at once and a reader that polls meanwhile: every committed change is seen exactly once, and none is skipped.

SYNC-PEERS (e) 3 and 6. Five writing processes (four phones over HTTP against a real `ruhu serve`, and one that writes beside the server
through the township's own gate, as an importer does) and a polling reader that takes small pages.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server import access
from server.app import create_app
from server.config import Config
from server.service import Service, now_ms
from server.store import TownshipStore
from server.upkeep.upgrade import upgrade
from server.upkeep.verify import verify
from tests.sync.conftest import BOTH
from tests.sync.world import TOWN, V1, V2, load_areas, new_id

ROOT = Path(__file__).parents[2]
WRITERS, CHANGES, BESIDE = 4, 400, 80
PAGE = 23

BESIDE_THE_SERVER = f"""
import json, sys, uuid
from server.app import create_app
from server.config import Config
from server.service import now_ms
from shared.grants import Grant
from shared.kind import DESK_ROLES
from shared.sync.gate import Gate, Writer, desk_device

service = create_app(Config.from_environment()).extensions["ruhu"]
desk = Writer(desk_device("{TOWN}"), "", "import", DESK_ROLES, (Grant.read("township:{TOWN}"),), via="import")
ids = [str(uuid.uuid4()) for _ in range({BESIDE})]
for id_ in ids:
    def work(store):
        gate = Gate(service.kinds, store, now_ms)
        row = gate.write(desk, "visit", id_, {{"remark": id_}}, village="{V2}")
        assert row.refusal is None
        gate.close()
    service.database.write("{TOWN}", work)
json.dump(ids, sys.stdout)
"""


class Station:
    """A township's server as its own process, and what a test needs to talk to it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.config = Config.at(folder, url)
        self.environment = os.environ | {
            "RUHU_INSTANCE": str(folder), "RUHU_DATABASE_URL": url, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        app = create_app(self.config)
        upgrade(app)
        self.service: Service = app.extensions["ruhu"]
        with self.service.database.transaction() as connection:
            load_areas(TownshipStore(self.service.database, connection, ""))
        self.host, self.port = "127.0.0.1", free_port()

    def enrol(self, name: str, *villages: str) -> access.Enrolled:
        database = self.service.database
        access.add_user(database, name, ["cadre"], [f"village:{village}" for village in villages], now_ms())
        code = access.make_code(database, name, None, now_ms())
        return access.enrol(database, code, {"name": "", "platform": "", "app": ""}, now_ms())

    @contextlib.contextmanager
    def serving(self, *options: str) -> Iterator[None]:
        command = [sys.executable, "-c", "from server.cli import main; main()", "serve", "--port", str(self.port)]
        process = subprocess.Popen([*command, *options], env=self.environment, cwd=ROOT, start_new_session=True)
        try:
            wait_for(self.host, self.port, process)
            yield
            assert process.poll() is None, "the server is still there"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)

    def start(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *command], env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )

    def sql(self, statement: str, *parameters: Any) -> list[Any]:
        with self.service.database.read(TOWN) as store:
            return [tuple(row) for row in store.sql(statement, *parameters)]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(host: str, port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until the server answers; it says so when it ends instead."""
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection(host, port, timeout=5)
            connection.request("GET", "/api/v1/health")
            if connection.getresponse().status == 200:
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise AssertionError("no answer in thirty seconds")


class Reader:
    """A phone that only reads, page after page, and remembers between which cursors each record came."""

    def __init__(self, station: Station, token: str) -> None:
        self.connection = http.client.HTTPConnection(station.host, station.port, timeout=60)
        self.token = token
        self.epoch: str | None = None
        self.cursors: dict[str, Any] = {}
        self.came: dict[str, list[tuple[int, int]]] = {}
        self.polls = 0

    def poll(self) -> bool:
        body = {"protocol": 1, "app": "0.1.0", "now": "2018-09-03T10:15:00+08:00", "epoch": self.epoch,
                "cursors": self.cursors, "limit": PAGE, "changes": []}  # fmt: skip
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request("POST", "/api/v1/sync", json.dumps(body).encode(), headers)
        answer = self.connection.getresponse()
        data = answer.read()
        assert answer.status == 200, data[:500]
        reply = json.loads(data)
        for record in reply["records"]:
            if record["kind"] == "visit":
                grant = f"village:{record['village']}"
                self.came.setdefault(record["id"], []).append((self.cursors.get(grant, 0), reply["cursors"][grant]))
        for grant, at in reply["cursors"].items():
            assert isinstance(at, int)
            assert at >= self.cursors.get(grant, 0), "a cursor never goes back"
        self.epoch, self.cursors = reply["epoch"], reply["cursors"]
        self.polls += 1
        return bool(reply["more"])


@pytest.fixture(params=BOTH)
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Station]:
    url = ""
    if request.param == "postgres":
        server = request.getfixturevalue("pg_server")
        server.psql("CREATE DATABASE many_writers;")
        url = server.get_uri().replace("/postgres?", "/many_writers?")
    station = Station(tmp_path / "instance", url)
    yield station
    station.service.database.engine.dispose()
    if url:
        server.psql("DROP DATABASE many_writers WITH (FORCE);")


@pytest.mark.slow
def test_every_committed_change_is_seen_exactly_once_while_many_write(station: Station) -> None:
    phones = [station.enrol(f"writer {place}", (V1, V2)[place % 2]) for place in range(WRITERS)]
    reader_token = station.enrol("reader", V1, V2).token
    hot = {village: new_id() for village in (V1, V2)}
    station.service.database.engine.dispose()
    workers = [] if station.service.database.is_sqlite else ["--workers", "3", "--threads", "4"]
    with station.serving(*workers):
        reader = Reader(station, reader_token)
        reader.poll()
        writing = [
            station.start(
                "-S", str(Path(__file__).with_name("writer.py")), station.host, str(station.port), phone.token,
                phone.device, (village := (V1, V2)[place % 2]), hot[village], str(CHANGES), str(place),
            )
            for place, phone in enumerate(phones)
        ]  # fmt: skip
        writing.append(station.start("-c", BESIDE_THE_SERVER))
        while any(process.poll() is None for process in writing):
            reader.poll()
        while reader.poll():
            pass
        said = [process.communicate(timeout=30)[0] for process in writing]
        assert [process.returncode for process in writing] == [0] * len(writing)
    acknowledged = [id_ for text in said for id_ in json.loads(text)]

    rows = station.sql("SELECT record, seq, village FROM changes WHERE township = ? AND kind = 'visit'", TOWN)
    positions = {record: seq for record, seq, _ in rows}
    assert len(positions) == len(rows), "no change was written twice"
    assert positions.keys() == set(acknowledged), "what was acknowledged is there, and nothing else"
    assert reader.came.keys() == positions.keys(), "none skipped"
    assert Counter(map(len, reader.came.values())).keys() == {1}, "none twice"
    for record, [(after, upto)] in reader.came.items():
        assert after < positions[record] <= upto, "in the page whose cursors hold its position"
    devices = station.sql(
        "SELECT device, count(*), max(number) FROM changes WHERE township = ? AND via = 'sync' GROUP BY device", TOWN
    )
    assert sorted(device for device, _, _ in devices) == sorted(phone.device for phone in phones)
    assert all(count == last >= CHANGES for _, count, last in devices), "no number was lost or used twice"
    assert reader.polls > 10
    told = verify(station.service.database)
    assert told["ok"], [check for check in told["checks"] if not check["ok"]]
