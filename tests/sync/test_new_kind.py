"""Adding a kind takes its declaration and nothing else: a small kind goes through phone, sync, server and back.

Its form below and one entry in a registry are all there is. Everything around it (tables, decoder, validation, merge, conflicts, description,
reading, moving, backup, verify) is the product's own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.app import create_app
from server.config import Config
from server.service import Service
from server.store import TownshipStore
from server.upkeep.backup import backup
from server.upkeep.restore import restore
from server.upkeep.upgrade import create_all
from shared.fields import ONCE, REVIEW, SECRET, UNION, Choice, Code, Date, Integer, Label, Link, List, Number, Text
from shared.kind import Form, Registry
from shared.kinds import KINDS
from tests.sync.conftest import BOTH
from tests.sync.phones import RealPhone
from tests.sync.world import TOWN, V1, V2, Backend, World, load_areas, new_id, refusals


class Well(Form):
    class Meta(Form.Meta):
        name = "well"
        label = Label("水井", "Well")
        title = "name"
        follows_household = True

    name = Text("井名", "Name", length=40, required=True)
    order = Integer("排序", "Order", low=0)  # a word SQL has for itself
    depth = Number("深度", "Depth (m)", low=0, high=500)
    number = Code("井号", "Number", r"[A-Z]\d{3}", Label("一个字母三位数字", "a letter and three digits"))
    quality = Choice("水质", "Quality", {"good": Label("好", "Good"), "bad": Label("差", "Bad")}, merge=REVIEW)
    dug_on = Date("开挖日期", "Dug on", merge=ONCE)
    users = List("用水户", "Users", merge=UNION)
    cleaned_at = Link("清洗走访", "Cleaning visit", "visit")
    illness = Text("病情", "Illness", sensitivity=SECRET)


KINDS_AND_WELL = Registry.of([*(kind.form for kind in KINDS.values()), Well])


@pytest.fixture(params=BOTH)
def wells(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A township whose server knows wells."""
    url = ""
    if request.param == "postgres":
        server = request.getfixturevalue("pg_server")
        server.psql("CREATE DATABASE wells;")
        url = server.get_uri().replace("/postgres?", "/wells?")
    config = Config.at(tmp_path / "instance", url)
    app = create_app(config, kinds=KINDS_AND_WELL)
    service: Service = app.extensions["ruhu"]
    create_all(service.database, app.extensions["ruhu_metadata"], config)
    with service.database.transaction() as connection:
        load_areas(TownshipStore(service.database, connection, ""))
    yield World(Backend(request.param, app, lambda: None), monkeypatch)
    service.database.engine.dispose()
    if url:
        server.psql("DROP DATABASE wells WITH (FORCE);")


FULL: dict[str, Any] = {
    "name": "老井", "order": 3, "depth": 12.5, "number": "A007", "quality": "good", "dug_on": "1987-05-01",
    "users": ["韦光荣"], "illness": "砷", "newer": [1],
}  # fmt: skip


def test_a_new_kind_goes_through_phone_sync_server_and_back(wells: World, tmp_path: Path) -> None:
    for name in ("wei", "nong"):
        wells.person(name, f"village:{V1}")
    with wells.http() as address:
        wei, nong = (
            RealPhone(wells, address, tmp_path / name, kinds=KINDS_AND_WELL).enrol(name) for name in ("wei", "nong")
        )
        well = new_id()
        wei.write("well", well, **FULL)
        assert [shown.record.id for shown in wei.notebook.records("well", search="老井")] == [well]
        assert wei.sync().refused == 0
        nong.sync()
        assert nong.values("well", well) == FULL
        wei.write("well", well, quality="bad", users=["韦光荣", "农大山"], dug_on="1987-05-02", name="老井一")
        nong.write("well", well, quality="dubious", users=["陆山"], order=None)
        for phone in (wei, nong, wei):
            assert phone.sync().refused == 0
        expected = FULL | {
            "quality": "dubious", "users": ["农大山", "陆山"], "dug_on": "1987-05-01", "name": "老井一", "order": None,
        }  # fmt: skip
        assert wei.values("well", well) == nong.values("well", well) == expected
        found = {one.field: (one.losing, one.status) for one in wei.notebook.conflicts(everyone=True)}
        assert found == {"quality": ("bad", "open"), "dug_on": ("1987-05-02", "open")}
        wei.close()
        nong.close()
    wells.verify()


def test_a_new_kind_is_judged_described_read_decided_and_removed_like_any_other(wells: World) -> None:
    wei, nong, desk = wells.cadre("wei"), wells.cadre("nong"), wells.desk()
    (described,) = [kind for kind in wei.ask("GET", "/api/v1/kinds").body["kinds"] if kind["name"] == "well"]
    assert [field["name"] for field in described["fields"]] == [
        "name", "order", "depth", "number", "quality", "dug_on", "users", "cleaned_at", "illness", "removed",
    ]  # fmt: skip
    wrong = wei.change(
        "well", new_id(), {"name": 1, "depth": -1, "number": "7", "dug_on": "x", "users": "x", "order": 1.5}
    )
    body = wei.sync(wrong)
    assert refusals(body) == {1: "invalid"}
    assert set(body["refused"][0]["fields"]) == set(wrong["set"])
    well = new_id()
    wei.take(wei.change("well", well, {**FULL, "quality": "good"}))
    nong.take(nong.change("well", well, {"quality": "bad"}))
    (record,) = wei.ask("GET", "/api/v1/records/well").body["records"]
    assert record["values"] == {**FULL, "quality": "bad"}
    desk.pull()
    (conflict,) = desk.conflicts(well)
    assert conflict["values"]["about"] == "well"
    desk.take(desk.change("conflict", conflict["id"], {"decision": "losing"}))
    wei.pull()
    assert wei.values("well", well)["quality"] == "good"
    wei.take(wei.change("well", well, {"removed": True}, wei.seen("well", well)))
    nong.pull()
    assert nong.values("well", well)["removed"] is True
    wells.verify()


def test_a_new_kind_moves_with_its_household_and_hides_its_secret(wells: World) -> None:
    wei, there, home, well = wells.cadre("wei"), wells.cadre("there", f"village:{V2}"), new_id(), new_id()
    wei.take(wei.change("household", home, {"head_name": "韦"}), wei.change("well", well, FULL, household=home))
    lan = wells.cadre("lan", f"household:{home}", role="party_member")
    lan.pull()
    assert lan.values("well", well) == {name: value for name, value in FULL.items() if name != "illness"}
    assert refusals(lan.sync(lan.change("well", well, {"illness": None}))) == {1: "forbidden"}
    wei.pull()
    wells.move(home, V2)
    assert sorted(r["kind"] for r in wei.sync()["records"] if r.get("left")) == ["household", "well"]
    there.pull()
    assert there.values("well", well) == FULL
    wells.verify()


def test_a_new_kind_comes_back_from_a_backup(wells: World, tmp_path: Path) -> None:
    wei, well = wells.cadre("wei"), new_id()
    wei.take(wei.change("well", well, FULL))
    before, file = wells.sql("SELECT * FROM kind_well"), tmp_path / "wells.zip"
    backup(wells.service.database, wells.service.config, file)
    wei.take(wei.change("well", well, {"name": "later"}))
    wells.backend.forget()
    restore(wells.service.database, wells.service.config, file)
    wells.backend.forget()
    assert wells.sql("SELECT * FROM kind_well") == before
    assert wells.sql("SELECT DISTINCT township FROM kind_well") == [(TOWN,)]
    wei.pull()
    assert wei.values("well", well) == FULL
    wells.verify()
