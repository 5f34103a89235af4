"""A township with a past, for the tests of backup, restore and verify.

Two phones that disagreed, a decision, a move, a refusal, a repeated write and an adopted device: everything `verify` reads.
"""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from server import access
from server.app import create_app
from server.config import Config
from server.imports.areas import NINGMING, read_areas
from server.service import Service, now_ms
from server.store import Database, TownshipStore
from server.upkeep.upgrade import upgrade
from shared.grants import Grant
from shared.sync.gate import Gate, Writer, desk_device

TOWNSHIP = "451422103"
VILLAGE, OTHER_VILLAGE = "451422103201", "451422103202"


_decoders: list[Any] = []


def open_app(config: Config) -> Flask:
    """An application. Its decoder is kept until the end: collecting one can crash the interpreter (msgspec#717)."""
    app = create_app(config)
    _decoders.append(app.extensions["ruhu_decoder"])
    return app


@dataclass
class Phone:
    """One enrolled phone, as a script would play it."""

    app: Flask
    body: dict[str, Any]
    number: int = 0
    cursors: dict[str, Any] = field(default_factory=dict)
    epoch: str | None = None

    @property
    def device(self) -> str:
        return str(self.body["device"])

    def change(self, kind: str, id_: str, set_: dict[str, Any], **more: Any) -> dict[str, Any]:
        self.number += 1
        stamp = more.pop("stamp", None) or f"{now_ms():012x}-{self.number:04x}-{self.device}"
        return {
            "number": self.number, "kind": kind, "id": id_, "village": VILLAGE, "household": None, "stamp": stamp,
            "set": set_, "base": {}, **more,
        }  # fmt: skip

    def sync(self, *changes: dict[str, Any], status: int = 200) -> dict[str, Any]:
        request = {
            "protocol": 1, "app": "0.1.0", "epoch": self.epoch, "cursors": self.cursors, "changes": list(changes),
        }  # fmt: skip
        reply = self.app.test_client().post(
            "/api/v1/sync", json=request, headers={"Authorization": f"Bearer {self.body['token']}"}
        )
        assert reply.status_code == status, reply.text
        if status == 200:
            self.cursors, self.epoch = reply.json["cursors"], reply.json["epoch"]
        return dict(reply.json)


@dataclass
class Town:
    """A server with its application; `anew` is what a restart of the process makes of it."""

    config: Config
    app: Flask

    @property
    def database(self) -> Database:
        service: Service = self.app.extensions["ruhu"]
        return service.database

    def anew(self) -> "Town":
        self.database.engine.dispose()
        return Town(self.config, open_app(self.config))

    def sql(self, statement: str, *parameters: Any) -> Any:
        with self.database.transaction() as connection:
            return TownshipStore(self.database, connection, TOWNSHIP).sql(statement, *parameters)

    def phone(self, name: str) -> Phone:
        code = access.make_code(self.database, name, TOWNSHIP, now_ms())
        device = {"name": "x", "platform": "android", "app": "0.1.0"}
        reply = self.app.test_client().post("/api/v1/enrol", json={"code": code, "device": device})
        assert reply.status_code == 201, reply.text
        return Phone(self.app, dict(reply.json))

    def desk(self) -> Writer:
        grants = (Grant.read(f"township:{TOWNSHIP}"),)
        return Writer(desk_device(TOWNSHIP), "desk", "desk", frozenset({"desk"}), grants, via="console")

    def gate(self, work: Any) -> Any:
        def run(store: TownshipStore) -> Any:
            gate = Gate(self.database.kinds, store, now_ms)
            result = work(gate)
            gate.close()
            return result

        return self.database.write(TOWNSHIP, run)

    def content(self) -> dict[str, list[Any]]:
        """Everything the database holds, but for what a restore renews."""
        tables = ["area", "user_account", "access_grant", "device", "changes", "township_counter"]
        tables += [rows.table for rows in self.database.rows.values()]
        return {table: sorted(map(repr, map(tuple, self.sql(f"SELECT * FROM {table}")))) for table in tables}


def make_town(instance: Path, url: str = "") -> Town:
    """A server set up, with areas and two people, and nothing written yet."""
    config = Config.at(instance, url)
    app = open_app(config)
    upgrade(app)
    town = Town(config, app)
    with town.database.transaction() as connection:
        store = TownshipStore(town.database, connection, "")
        for area in read_areas(NINGMING):
            store.sql(
                "INSERT INTO area (code, name, parent, level, is_farm) VALUES (?, ?, ?, ?, ?)",
                area.code, area.name, area.parent_code, area.level, area.is_farm,
            )  # fmt: skip
    for name in ("wei", "nong"):
        access.add_user(town.database, name, ["cadre"], [f"village:{VILLAGE}"], now_ms())
    access.add_user(town.database, "zhang", ["desk"], [f"township:{TOWNSHIP}"], now_ms())
    return town


@dataclass
class Past:
    """The names of what was written."""

    wei: Phone
    nong: Phone
    household: str
    member: str
    visit: str


def write_a_past(town: Town) -> Past:
    """Two phones disagree, the desk decides, a household moves, a change is refused and one repeated."""
    wei, nong = town.phone("wei"), town.phone("nong")
    household, member, visit = (str(uuid.uuid4()) for _ in range(3))
    first = wei.change("household", household, {"head_name": "韦光荣", "categories": ["key"], "remark": "旧"})
    wei.sync(
        first,
        wei.change("member", member, {"name": "韦小明\t\\N"}, household=household),
        wei.change(
            "visit", visit, {"participants": ["a", "b"], "started_at": "2018-09-03T10:15:00+08:00", "zzz": {"a": 1.5}},
            household=household,
        ),
    )  # fmt: skip
    seen = first["stamp"]
    wei.sync(
        wei.change("household", household, {"remark": "漏雨", "categories": ["disabled"]}, base={"categories": seen})
    )
    nong.sync(
        nong.change("household", household, {"remark": "不漏\n", "categories": ["poor"]}, base={"categories": seen}),
        nong.change("visit", visit, {"participants": ["c"], "started_at": "2018-09-03T10:20:00+08:00"}),
        nong.change("visit", str(uuid.uuid4()), {"mode": "face"}, village="451422103999"),  # refused
    )
    nong.number += 1
    nong.sync({**first, "number": nong.number}, status=200)  # refused: another person's stamp
    wei.sync(wei.change("household", household, {"remark": "漏雨", "categories": ["disabled"]}, stamp=first["stamp"]))
    wei.sync({**first, "number": wei.number + 1})  # the first change once more: counts once
    wei.number += 1
    wei.sync(wei.change("visit", visit, {"summary": "好"}, stamp=f"{now_ms() - 9:012x}-0000-forgottenphone"))
    ((conflict,),) = town.sql(
        "SELECT id FROM kind_conflict WHERE township = ? AND record = ? AND field = 'categories'", TOWNSHIP, household
    )
    clerk = town.phone("zhang")
    clerk.sync(clerk.change("conflict", conflict, {"decision": "losing"}))
    town.gate(lambda gate: gate.move(town.desk(), household, OTHER_VILLAGE))
    return Past(wei, nong, household, member, visit)
