"""What a sync weighs: a village of five hundred households for the first time, and a sync with nothing new. Bytes are measured at the server's door.

Bounds are generous; the figures are printed (`pytest -s`, or -rP).
"""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.sync.wire import MAX_BODY
from tests.sync.phones import RealPhone
from tests.sync.world import TOWN, V1, V2, Client, World, new_id, on_sqlite

HOUSEHOLDS, MEMBERS = 500, 3


class Scale:
    """Weighs every request and reply that passes the server's door, bodies as they are on the wire."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.up: list[int] = []
        self.down: list[int] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.up.append(int(environ.get("CONTENT_LENGTH") or 0))
        reply = list(self.app(environ, start_response))
        self.down.append(sum(map(len, reply)))
        return reply


@pytest.fixture
def scale(world: World, monkeypatch: pytest.MonkeyPatch) -> Scale:
    scale = Scale(world.app.wsgi_app)
    monkeypatch.setattr(world.app, "wsgi_app", scale)
    return scale


def village(phone: Client) -> int:
    """Five hundred households with their people and a visit each; returns how many records."""
    chance = random.Random(500)

    def words(count: int) -> str:
        return "".join(chr(chance.randint(0x4E00, 0x9FA5)) for _ in range(count))

    changes = []
    for number in range(HOUSEHOLDS):
        home, day = new_id(), f"2018-09-{number % 28 + 1:02}"
        changes.append(("household", home, None, {
            "household_no": f"{number:04}", "head_name": words(3), "phone": f"138{chance.randrange(10**8):08}",
            "categories": [chance.choice(("key", "poor", "general"))], "remark": words(20),
        }))  # fmt: skip
        changes += [
            (
                "member",
                new_id(),
                home,
                {"name": words(3), "sex": chance.choice("mf"), "birth": f"19{chance.randint(30, 99)}-05-01"},
            )
            for _ in range(MEMBERS)
        ]
        changes.append(("visit", new_id(), home, {
            "mode": "home", "started_at": f"{day}T10:15:00+08:00", "ended_at": f"{day}T10:50:00+08:00",
            "remark": words(40), "participants": [words(3)],
        }))  # fmt: skip
    for start in range(0, len(changes), 500):
        body = phone.sync(
            *(phone.change(kind, id_, set_, household=home) for kind, id_, home, set_ in changes[start : start + 500]),
            limit=0,
        )
        assert body["refused"] == [], body["refused"][:3]
    return len(changes)


@on_sqlite
def test_a_first_sync_of_five_hundred_households_is_some_hundred_kilobytes(world: World, scale: Scale) -> None:
    wei = world.cadre("wei")
    records = village(wei)
    nong = world.cadre("nong")
    scale.up.clear()
    scale.down.clear()
    plain = 0
    for _ in range(100):
        reply = nong.ask("POST", "/api/v1/sync", nong.request(), {"Accept-Encoding": "gzip"})
        body = reply.ok()
        if body["records"]:
            assert reply.headers["Content-Encoding"] == "gzip"
            plain += len(gzip.decompress(reply.data))
        nong.read(body)
        if not body["more"]:
            break
    assert len(nong.copy) == records == HOUSEHOLDS * (MEMBERS + 2)
    total, pages = sum(scale.down), len(scale.down)
    print(
        f"\nfirst sync of {HOUSEHOLDS} households: {records} records in {pages} pages, {total:,} bytes gzipped,"
        f" {total / records:.0f} a record ({plain / records:.0f} plain), {sum(scale.up):,} up; largest page {max(scale.down):,}"
    )
    assert pages <= records // 500 + 1, "no page is wasted"
    assert total / records < 250
    assert max(scale.down) < 200_000
    assert max(scale.up) < 400, "what the phone says to get a page"


@on_sqlite
def test_the_cost_of_a_delta_does_not_grow_with_the_village(world: World, scale: Scale) -> None:
    wei, nong = world.cadre("wei"), world.cadre("nong")
    village(wei)
    nong.pull()
    ids = [new_id() for _ in range(10)]
    wei.take(*(wei.change("visit", id_, {"mode": "home", "remark": "新"}) for id_ in ids))
    scale.down.clear()
    reply = nong.ask("POST", "/api/v1/sync", nong.request(), {"Accept-Encoding": "gzip"})
    assert {record["id"] for record in reply.ok()["records"]} == set(ids)
    print(f"\na delta of ten records: {scale.down[-1]:,} bytes gzipped")
    assert scale.down[-1] < 2_000


@on_sqlite
def test_an_upload_is_compressed_and_fits(world: World, scale: Scale, tmp_path: Path) -> None:
    world.person("wei", f"village:{V1}")
    with world.http() as address:
        wei = RealPhone(world, address, tmp_path / "phone").enrol("wei")
        for number in range(200):
            wei.write("visit", None, mode="home", started_at="2018-09-03T10:15:00+08:00", remark=f"雨后路滑 {number}")
        scale.up.clear()
        assert wei.sync().acknowledged == 200
        wei.close()
    print(f"\nan upload of 200 new visits: {sum(scale.up):,} bytes, {sum(scale.up) / 200:.0f} a record")
    assert max(scale.up) < MAX_BODY
    assert sum(scale.up) / 200 < 200


@pytest.fixture
def settled(world: World, tmp_path: Path) -> Iterator[RealPhone]:
    """A phone that holds two villages and has nothing new to say or to hear."""
    world.person("wei", f"village:{V1}", f"village:{V2}")
    with world.http() as address:
        phone = RealPhone(world, address, tmp_path / "phone").enrol("wei")
        for place in (V1, V2):
            phone.notebook.write("visit", None, {"remark": "雨"}, village=place)
        phone.sync()
        phone.sync()
        yield phone
        phone.close()


def test_a_sync_with_nothing_new_is_under_four_hundred_bytes_each_way(
    world: World, settled: RealPhone, scale: Scale
) -> None:
    weights = []
    for day in range(3):
        world.later(days=day)
        scale.up.clear()
        scale.down.clear()
        summary = settled.sync()
        assert (summary.sent, summary.received) == (0, 0)
        assert len(scale.up) == 1, "one request"
        weights.append((scale.up[0], scale.down[0]))
    print(f"\na sync with nothing new, two village grants: {weights[0][0]} bytes up, {weights[0][1]} down")
    assert max(max(pair) for pair in weights) < 400


def test_it_stays_under_four_hundred_bytes_when_numbers_and_positions_have_grown(world: World, scale: Scale) -> None:
    wei = world.cadre("wei", f"village:{V1}", f"village:{V2}")
    wei.take(wei.change("visit", new_id(), {"remark": "雨"}))
    wei.pull()
    big = 123_456_789
    world.sql("UPDATE township_counter SET seq = :big WHERE township = :t", big=big, t=TOWN)
    world.sql("UPDATE changes SET seq = :big WHERE township = :t", big=big, t=TOWN)
    world.sql("UPDATE device SET next_number = 99999 WHERE id = :id", id=wei.device)
    wei.cursors = dict.fromkeys(wei.cursors, big)
    body = wei.request()
    reply = wei.ask("POST", "/api/v1/sync", json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
    assert reply.ok()["next"] == 99999
    assert reply.ok()["records"] == []
    print(f"\nthe same after 123,456,789 log rows: {scale.up[-1]} bytes up, {scale.down[-1]} down")
    assert scale.up[-1] < 400
    assert scale.down[-1] < 400


@on_sqlite
def test_an_empty_sync_reads_once_for_each_grant(world: World) -> None:
    """One indexed read per grant, however much lies elsewhere in the log."""
    from sqlalchemy import event

    wei = world.cadre("wei", f"village:{V1}", f"village:{V2}")
    other = world.cadre("nong", "village:451422103203")
    wei.take(wei.change("visit", new_id(), {"remark": "雨"}))
    wei.pull()
    other.take(*(other.change("visit", new_id(), {"remark": "x"}, village="451422103203") for _ in range(50)))
    said: list[str] = []
    engine = world.service.database.engine

    def listen(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        wei.cursors = dict.fromkeys(wei.cursors, 1)
        body = wei.sync()
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    feeds = [statement for statement in said if "FROM changes" in statement]
    assert body["records"] == []
    assert len(feeds) == 2, feeds
    assert len(said) < 12
    plan = world.sql(f"EXPLAIN QUERY PLAN {feeds[0]}".replace("?", "1"))
    assert not [step for step in plan if str(step[-1]).startswith("SCAN changes")], plan
