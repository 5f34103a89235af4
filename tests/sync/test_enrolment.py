"""A phone joins a township with a one-time code."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from server import access
from tests.sync.world import OTHER_TOWN, TOWN, V1, Client, World, new_id, on_sqlite, visit_set

DEVICE = {"name": "红米", "platform": "android", "app": "0.1.0"}


@pytest.fixture
def stranger(world: World) -> Client:
    world.person("wei", f"village:{V1}")
    return Client(world)


def test_an_enrolled_phone_is_told_who_it_is_and_where(world: World, stranger: Client) -> None:
    reply = stranger.ask("POST", "/api/v1/enrol", {"code": world.code("wei"), "device": DEVICE}, token=None)
    assert reply.status == 201
    body = reply.body
    assert set(body) >= {"device", "token", "township", "user", "server"}
    assert body["township"] == TOWN
    assert set(body["user"]) >= {"id", "name", "roles"}
    assert (body["user"]["name"], body["user"]["roles"]) == ("wei", ["cadre"])
    assert set(body["server"]) >= {"name", "epoch", "time", "key"}
    assert datetime.fromisoformat(body["server"]["time"]).utcoffset() is not None
    assert all(isinstance(body[name], str) and body[name] for name in ("device", "token"))
    assert body["server"]["key"]


def test_the_epoch_of_the_enrolment_is_the_epoch_of_a_sync(world: World) -> None:
    phone = world.cadre("wei")
    assert phone.sync()["epoch"] == phone.enrolment["server"]["epoch"]


def test_a_code_works_once(world: World, stranger: Client) -> None:
    code = world.code("wei")
    stranger.enrol(code)
    Client(world).ask("POST", "/api/v1/enrol", {"code": code, "device": DEVICE}, token=None).error(410)


def test_a_code_is_short_lived(world: World, stranger: Client) -> None:
    code = world.code("wei")
    world.later(days=1)
    stranger.ask("POST", "/api/v1/enrol", {"code": code, "device": DEVICE}, token=None).error(410)


@pytest.mark.parametrize("code", ["451422103-AAAAA-AAAAA-AAAAA-AAAAA", "x", "451422103", "\x00", "户", "'; --"])
def test_a_code_that_never_was_opens_nothing(stranger: Client, code: str) -> None:
    reply = stranger.ask("POST", "/api/v1/enrol", {"code": code, "device": DEVICE}, token=None)
    assert reply.status in (400, 404, 410)
    reply.error(reply.status)


@on_sqlite
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"code": 5, "device": {}}', b'{"code": ["x"], "device": {}}',
     b'{"code": null, "device": {}}', b'{"code": "x", "device": 7}', b'{"code": "x", "device": {"name": 7}}',
     b"\xff\xfe", b"[" * 10_000, b'{"code": ' + b"[" * 10_000],
)  # fmt: skip
def test_an_enrolment_that_cannot_be_read_is_a_400(stranger: Client, body: bytes) -> None:
    stranger.ask("POST", "/api/v1/enrol", body, token=None).error(400)


@on_sqlite
def test_keys_that_nobody_knows_are_ignored(world: World, stranger: Client) -> None:
    body = {"code": world.code("wei"), "device": {**DEVICE, "colour": "red"}, "later": [1]}
    assert stranger.ask("POST", "/api/v1/enrol", body, token=None).status == 201


def test_somebody_in_two_townships_enrols_twice(world: World) -> None:
    world.person("wei", f"township:{TOWN}", f"township:{OTHER_TOWN}", role="desk")
    here, there = world.phone("wei", TOWN), world.phone("wei", OTHER_TOWN)
    assert here.enrolment["township"] == TOWN
    assert there.enrolment["township"] == OTHER_TOWN
    assert here.sync()["grants"] == [f"township:{TOWN}"]
    assert there.sync()["grants"] == [f"township:{OTHER_TOWN}"]
    assert here.take(here.change("visit", new_id(), visit_set()))["next"] == 2
    assert there.sync()["next"] == 1


def test_of_two_phones_racing_for_one_code_one_wins(world: World) -> None:
    world.person("wei", f"village:{V1}")
    body = {"code": world.code("wei"), "device": DEVICE}
    with world.http() as address, ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(Client(world, address=address).ask, "POST", "/api/v1/enrol", body, None, None) for _ in range(4)
        ]
        statuses = sorted(one.result().status for one in asked)
    assert statuses == [201, 410, 410, 410]


@on_sqlite
def test_a_phone_without_a_token_is_unknown(world: World) -> None:
    phone = world.cadre("wei")
    for token in (None, "x", f"{TOWN}.x", f"{TOWN}", "户" * 9, f"{TOWN}." + "a" * 5000, "451422999.abc"):
        headers = {} if token is None else {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
        phone.ask("POST", "/api/v1/sync", phone.request(), headers, token=None).error(401, "unknown_token")
    phone.ask("POST", "/api/v1/sync", phone.request(), {"Authorization": "Basic eDp5"}, token=None).error(401)


def test_a_revoked_phone_is_told_so_and_what_it_sent_stays(world: World) -> None:
    phone, visit = world.cadre("wei"), new_id()
    phone.take(phone.change("visit", visit, visit_set()))
    access.revoke_device(world.service.database, phone.device, world.now)
    phone.send(phone.change("visit", visit, {"remark": "再来"})).error(401, "revoked")
    assert world.everything()["visit", visit]["values"]["remark"] == "雨后路滑"


def test_a_read_token_writes_nothing(world: World) -> None:
    phone, visit = world.cadre("wei"), new_id()
    token = access.add_token(world.service.database, "报表", [f"village:{V1}"], world.now)
    before = world.log()
    reply = phone.ask("POST", "/api/v1/sync", phone.request(phone.change("visit", visit, visit_set())), token=token)
    assert reply.status in (401, 403)
    reply.error(reply.status)
    assert world.log() == before
