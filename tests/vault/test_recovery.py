"""What a phone sealed is opened by the township alone, and taken as if the phone had sent it: in order, once, in its writer's name."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobile.journal import Envelope
from server import access
from server.api import sealed
from server.upkeep.backup import backup
from server.upkeep.recovery import SAYS, Recovery, lines_of, private_keys
from server.upkeep.restore import restore
from server.upkeep.upgrade import public_key
from shared.sync.wire import MAX_CHANGES
from tests.sync.world import DAY, OTHER_TOWN, TOWN, V1, Client, Reply, World, make_stamp, new_id, on_sqlite, visit_set
from tests.vault.conftest import Office
from tests.vault.stage import VILLAGE, WORDS, Key25519


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


def seal(client: Client, *changes: dict[str, Any], **instead: Any) -> list[str]:
    """Lines as this client's phone would seal them."""
    envelope = Envelope(client.enrolment["server"]["key"])
    bodies = [{"device": client.device, "token": client.token, "change": change} | instead for change in changes]
    return [envelope.seal(json.dumps(body, ensure_ascii=False).encode()).decode() for body in bodies]


def post(world: World, lines: Any) -> Reply:
    return Client(world).ask("POST", "/api/v1/sealed", {"sealed": lines}, token=None)


def statuses(world: World, lines: list[str]) -> list[str]:
    reply = post(world, lines).ok()
    assert reply.keys() == {"lines"}
    for place, line in enumerate(reply["lines"]):
        assert line == {"index": place, "status": line["status"], "message": SAYS[line["status"]]}, "and nothing else"
    return [line["status"] for line in reply["lines"]]


def visits(client: Client, count: int) -> list[dict[str, Any]]:
    return [client.change("visit", new_id(), visit_set(remark=f"{n}")) for n in range(count)]


# --- taken ----------------------------------------------------------------------------------------------------------


def test_sealed_changes_are_taken_in_their_writers_name(world: World, wei: Client) -> None:
    made = visits(wei, 3)
    assert statuses(world, seal(wei, *made)) == ["taken"] * 3
    assert world.sql("SELECT written_by, device, number, via FROM changes ORDER BY seq") == [
        ("wei", wei.device, number, "sync") for number in (1, 2, 3)
    ]
    reader = world.cadre("nong")
    reader.pull()
    assert reader.values("visit", made[1]["id"])["remark"] == "1"
    world.verify()


def test_however_often_and_in_whatever_order_lines_come_each_counts_once(world: World, wei: Client) -> None:
    lines = seal(wei, *visits(wei, 5))
    random.Random(1).shuffle(lines)
    assert statuses(world, lines) == ["taken"] * 5
    log = world.log()
    assert statuses(world, lines) == ["again"] * 5
    assert statuses(world, [lines[0], lines[0]]) == ["again"] * 2
    assert [row for row in world.log() if row not in log] == []


def test_a_line_given_twice_in_one_request_is_taken_once(world: World, wei: Client) -> None:
    (line,) = seal(wei, *visits(wei, 1))
    assert statuses(world, [line, line]) == ["taken", "taken"]
    assert len(world.log()) == 1


def test_the_owners_own_sync_afterwards_is_told_what_became_of_each(world: World, wei: Client) -> None:
    wei.lead = 30 * DAY
    fast, bad, plain = (
        wei.change("visit", new_id(), {"remark": "快"}),
        wei.change("nonsense", new_id(), {"remark": "坏"}),
        wei.change("visit", new_id(), visit_set()),
    )
    assert statuses(world, seal(wei, fast, bad, plain)) == ["taken", "refused", "taken"]
    reply = wei.sync(fast, bad, plain)
    assert reply["next"] == 4
    assert [entry["number"] for entry in reply["refused"]] == [2]
    assert "1" in reply["restamped"]
    assert statuses(world, seal(wei, fast, bad, plain)) == ["again", "refused", "again"]
    fast["stamp"] = reply["restamped"]["1"]
    assert statuses(world, seal(wei, fast)) == ["again"], "under its new stamp too"
    world.verify()


def test_what_was_synced_before_makes_no_gap(world: World, wei: Client) -> None:
    first, second, third = visits(wei, 3)
    wei.take(first)
    assert statuses(world, seal(wei, third, second)) == ["taken", "taken"]


def test_lines_of_several_people_are_taken_each_in_their_own_order(world: World, wei: Client) -> None:
    nong = world.cadre("nong")
    mine, theirs = seal(wei, *visits(wei, 3)), seal(nong, *visits(nong, 2))
    lines = [theirs[1], mine[2], mine[0], theirs[0], mine[1]]
    assert statuses(world, lines) == ["taken"] * 5
    assert {row[0] for row in world.sql("SELECT written_by FROM changes")} == {"wei", "nong"}


def test_who_lost_a_grant_is_judged_as_in_a_sync(world: World, wei: Client) -> None:
    lines = seal(wei, *visits(wei, 1))
    world.ungrant("wei", f"village:{V1}")
    world.later(days=40)
    assert statuses(world, lines) == ["refused"]
    assert world.sql("SELECT refusal IS NOT NULL FROM changes") in ([(True,)], [(1,)])


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_what_follows_a_gap_is_left_to_the_phone_itself(world: World, wei: Client) -> None:
    made = visits(wei, 4)
    assert statuses(world, seal(wei, made[0], made[2], made[3])) == ["taken", "gap", "gap"]
    assert statuses(world, seal(wei, *made[1:])) == ["taken"] * 3, "nothing was spoilt by it"


def test_a_number_used_for_another_change_is_left_to_the_phone_itself(world: World, wei: Client) -> None:
    (first,) = visits(wei, 1)
    wei.take(first)
    other = first | {"stamp": wei.stamp(), "set": {"remark": "别的"}}
    assert statuses(world, seal(wei, other)) == ["gap"]
    assert len(world.log()) == 1


def test_lines_of_two_numberings_are_read_by_the_later_one(world: World, wei: Client) -> None:
    """As a phone leaves them that was killed while it numbered anew: 1, 2 became 2, 3, since 1 had been used."""
    wei.take(*visits(wei, 1))
    a, b = visits(wei, 2)
    old, new = [a | {"number": 1}, b | {"number": 2}], [a | {"number": 2}, b | {"number": 3}]
    assert statuses(world, seal(wei, *old, *new)) == ["taken"] * 4
    assert world.sql("SELECT number, stamp FROM changes WHERE number > 1 ORDER BY number") == [
        (2, a["stamp"]), (3, b["stamp"]),
    ]  # fmt: skip
    assert statuses(world, seal(wei, *old, *new)) == ["again"] * 4
    assert statuses(world, seal(wei, *old)) == ["gap", "gap"], "the old ones alone say nothing of that"


# --- what gives no entry -------------------------------------------------------------------------------------------------


def test_a_line_that_gives_no_entry_is_unreadable_and_nothing_tells_why(world: World, wei: Client) -> None:
    """Damaged, sealed to another, an unknown token, a revoked one, a read token, another's device: all the same answer."""
    (change,) = visits(wei, 1)
    world.person("far", f"village:{OTHER_TOWN}001")
    far, gone, reader = world.phone("far"), world.phone("wei"), access.add_token
    access.revoke_device(world.service.database, gone.device, world.now)
    (good,) = seal(wei, change)
    raw = base64.b64decode(good)
    own = wei.enrolment["server"]["key"]
    envelope = Envelope(own)
    bad = [
        "", "x", "不是", good[:-8], good[4:], good + "AAAA",
        base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode(), base64.b64encode(b"\x02" + raw[1:]).decode(),
        base64.b64encode(raw[:1] + bytes(32) + raw[33:]).decode(),
        Envelope(Key25519().public).seal(b"{}").decode(),
        *(envelope.seal(text).decode() for text in (b"", b"{}", b"[]", b"\xff\xfe", b'{"device":1,"token":2,"change":3}')),
        *seal(wei, change, token=""), *seal(wei, change, token="x"), *seal(wei, change, token="x" * 500),
        *seal(wei, change, token=f"{TOWN}.{'x' * 43}"), *seal(wei, change, token=f"{OTHER_TOWN}{wei.token[9:]}"),
        *seal(wei, change, token="４５１４２２１０３.x"), *seal(wei, change, token=far.token), *seal(wei, change, device=far.device),
        *seal(gone, change), *seal(wei, change, token=reader(world.service.database, "报表", [f"township:{TOWN}"], world.now), device=""),
        *seal(wei, {}), *seal(wei, change | {"number": 0}), *seal(wei, change | {"number": "1"}), *seal(wei, 5),  # type: ignore[arg-type]
    ]  # fmt: skip
    assert statuses(world, bad) == ["unreadable"] * len(bad)
    assert world.log() == []
    assert statuses(world, [bad[3], good, bad[7]]) == ["unreadable", "taken", "unreadable"], "and none stops another"


def test_a_bad_change_in_a_good_seal_is_refused_under_its_number(world: World, wei: Client) -> None:
    change = wei.change("visit", new_id(), {"remark": 5})
    assert statuses(world, seal(wei, change)) == ["refused"]
    assert wei.sync()["next"] == 2


@pytest.mark.parametrize(
    "body", [{}, {"sealed": None}, {"sealed": "x"}, {"sealed": [1]}, {"sealed": [None]}, [], 5, None]
)
def test_a_body_of_another_shape_is_400_in_words(world: World, body: Any) -> None:
    Client(world).ask("POST", "/api/v1/sealed", json.dumps(body).encode(), token=None).error(400, "unreadable")


@on_sqlite
def test_a_request_has_its_bounds(world: World, wei: Client) -> None:
    assert statuses(world, ["x"] * MAX_CHANGES) == ["unreadable"] * MAX_CHANGES
    assert statuses(world, []) == []
    post(world, ["x"] * (MAX_CHANGES + 1)).error(413, "too_large")
    post(world, ["x" * 3_000_000]).error(413, "too_large")
    Client(world).ask("POST", "/api/v1/sealed", b"not json", token=None).error(400)
    Client(world).ask("POST", "/api/v1/sealed", b"x", {"Content-Type": "text/plain"}, token=None).error(415)


@on_sqlite
def test_a_flood_at_this_open_door_is_asked_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_PATIENCE_SECONDS", 0.0)
    with sealed._PLACES, sealed._PLACES:
        reply = post(world, ["x"])
        reply.error(503, "busy")
        assert reply.headers["Retry-After"]
    assert statuses(world, ["x"]) == ["unreadable"]


@on_sqlite
def test_what_a_sealed_change_says_is_in_no_reply(world: World, wei: Client) -> None:
    change = wei.change("visit", new_id(), visit_set(remark="".join(WORDS), mode=5))
    data = post(world, seal(wei, change)).data.decode()
    assert not [word for word in (*WORDS, change["id"], wei.token, wei.device, "wei", V1) if word in data]


@on_sqlite
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.binary(max_size=90).map(lambda raw: base64.b64encode(b"\x01" + raw).decode()) | st.text(max_size=20),
        max_size=5,
    )
)
def test_no_line_gives_a_500(world: World, wei: Client, lines: list[str]) -> None:
    assert statuses(world, lines) == ["unreadable"] * len(lines)


# --- keys -----------------------------------------------------------------------------------------------------------


@on_sqlite
def test_what_was_sealed_to_a_key_that_a_restore_set_aside_still_opens(
    world: World, wei: Client, tmp_path: Path
) -> None:
    service = world.service
    backup(service.database, service.config, tmp_path / "before.zip")
    key = service.config.instance / "seal_key"
    held = key.read_bytes()
    try:
        key.unlink()
        wei.enrolment["server"]["key"] = public_key(service.config)  # as a server set up anew would tell it
        lines = seal(wei, *visits(wei, 1))
        restore(service.database, service.config, tmp_path / "before.zip")
        assert len(private_keys(service.config)) == 2
        service._epoch = None
        assert statuses(world, lines) == ["taken"]
    finally:
        for path in service.config.instance.glob("seal_key*"):
            path.unlink()
        key.write_bytes(held)


@on_sqlite
def test_without_a_key_the_server_says_so_in_words(world: World) -> None:
    key = world.service.config.instance / "seal_key"
    held = key.read_bytes()
    try:
        key.unlink()
        with pytest.raises(RuntimeError, match=r"seal_key.* / "):
            Recovery(world.service, world.app.extensions["ruhu_decoder"])
    finally:
        key.write_bytes(held)


def test_a_journals_lines_are_read_with_or_without_their_numbers() -> None:
    assert list(lines_of(b"17 QUJD\nREVG\n\n18 x y\r\n\xff")) == ["QUJD", "REVG", "", "x y", "\ufffd"]


# --- at the command line ----------------------------------------------------------------------------------------------


class Raw:
    """A phone enrolled with an office, which speaks JSON."""

    def __init__(self, office: Office, name: str) -> None:
        from server.app import create_app
        from server.config import Config

        self.app = create_app(Config.at(office.folder))
        code = office.json("enrol", name)["code"]
        body = {"code": code, "device": {"name": "x", "platform": "y", "app": "z"}}
        self.me = self.app.test_client().post("/api/v1/enrol", json=body).json
        self.envelope = Envelope(self.me["server"]["key"])

    def change(self, number: int, **values: Any) -> dict[str, Any]:
        stamp = make_stamp(1_535_940_900_000 + number, self.me["device"])
        return {
            "number": number, "kind": "household", "id": new_id(), "village": VILLAGE, "household": None,
            "stamp": stamp, "set": values or {"head_name": "某"}, "base": {},
        }  # fmt: skip

    def line(self, change: dict[str, Any]) -> bytes:
        body = {"device": self.me["device"], "token": self.me["token"], "change": change}
        return b"%d %s\n" % (change["number"], self.envelope.seal(json.dumps(body).encode()))

    def sync(self, *changes: dict[str, Any]) -> Any:
        body = {"protocol": 1, "cursors": {}, "changes": list(changes)}
        headers = {"Authorization": f"Bearer {self.me['token']}"}
        return self.app.test_client().post("/api/v1/sync", json=body, headers=headers).json

    def close(self) -> None:
        self.app.extensions["ruhu"].database.engine.dispose()


@pytest.fixture
def raw(office: Office) -> Iterator[Callable[[str], Raw]]:
    made: list[Raw] = []

    def enrol(name: str) -> Raw:
        made.append(Raw(office, name))
        return made[-1]

    yield enrol
    for one in made:
        one.close()


def test_a_file_brought_by_hand_is_taken_and_counted(office: Office, raw: Callable[[str], Raw], tmp_path: Path) -> None:
    phone, file = raw("农小妹"), tmp_path / "outbox.journal"
    file.write_bytes(b"".join(phone.line(phone.change(n)) for n in (2, 1, 3)) + b"4 spoilt\n")
    done = office.json("recover", str(file))
    counts = {"taken": 3, "again": 0, "refused": 0, "gap": 0, "unreadable": 1}
    person = {"person": "农小妹", "device": phone.me["device"], **counts, "unreadable": 0}
    assert done == {"lines": 4, **counts, "people": [person]}
    assert office.json("recover", str(file))["again"] == 3
    assert [writer for writer, _, _ in office.log()] == ["农小妹"] * 3
    assert office.json("verify")["ok"]
    words = office.run("recover", str(file)).output
    assert "农小妹" in words
    assert "早已收下" in words


def test_a_lost_phones_words_are_taken_at_the_command_line_and_at_no_door(
    office: Office, raw: Callable[[str], Raw], tmp_path: Path
) -> None:
    phone, file = raw("农小妹"), tmp_path / "outbox.journal"
    line = phone.line(phone.change(1))
    file.write_bytes(line)
    office.json("device", "revoke", phone.me["device"])
    reply = phone.app.test_client().post("/api/v1/sealed", json={"sealed": [line.split()[1].decode()]})
    assert [one["status"] for one in reply.json["lines"]] == ["unreadable"]
    assert office.json("recover", str(file))["taken"] == 1
    assert "revoked" in office.run("recover", "--help").output


def test_numbers_that_do_not_follow_are_taken_only_when_the_phone_is_given_up(
    office: Office, raw: Callable[[str], Raw], tmp_path: Path
) -> None:
    """As when the township was set back: the phone alone could send what is missing between."""
    phone, file = raw("农小妹"), tmp_path / "outbox.journal"
    taken = phone.change(1)
    phone.sync(taken)
    file.write_bytes(b"".join(phone.line(phone.change(n, head_name=f"{n}")) for n in (7, 5, 8)) + phone.line(taken))
    done = office.json("recover", str(file))
    assert (done["gap"], done["again"]) == (3, 1)
    assert "--renumber" in office.run("recover", str(file)).output
    assert phone.sync()["next"] == 2, "the phone may still sync"
    done = office.json("recover", str(file), "--renumber")
    assert (done["taken"], done["again"]) == (3, 1)
    assert [json.loads(written)["head_name"] for _, _, written in office.log()[1:]] == ["5", "7", "8"]
    assert phone.sync()["code"] == "revoked", "it would number otherwise than we now do"
    assert office.json("verify")["ok"]
    done = office.json("recover", str(file), "--renumber")
    assert (done["taken"], done["again"]) == (0, 4)
    assert len(office.log()) == 4


def test_renumber_leaves_a_phone_alone_whose_numbers_follow(
    office: Office, raw: Callable[[str], Raw], tmp_path: Path
) -> None:
    phone, file = raw("农小妹"), tmp_path / "outbox.journal"
    file.write_bytes(phone.line(phone.change(1)))
    assert office.json("recover", str(file), "--renumber")["taken"] == 1
    assert phone.sync()["next"] == 2
