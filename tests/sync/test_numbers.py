"""A device's changes apply in number order: none skipped, none twice, and a lost reply hides nothing."""

import json
from typing import Any

import pytest

from tests.sync.world import DAY, V2, Client, World, make_stamp, new_id, on_sqlite, refusals, visit_set


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


def bad(wei: Client, **more: Any) -> dict[str, Any]:
    return wei.change("visit", new_id(), {"started_at": "yesterday"}, **more)


def good(wei: Client, **more: Any) -> dict[str, Any]:
    return wei.change("visit", new_id(), visit_set(), **more)


def test_the_first_number_is_one_and_next_says_so(wei: Client) -> None:
    assert wei.sync()["next"] == 1
    assert wei.take(good(wei), good(wei), good(wei))["next"] == 4


@on_sqlite
@pytest.mark.parametrize("numbers", [[2], [3, 4], [1, 3], [1, 2, 4], [2, 1], [1, 2, 1], [1, 3, 2], [10**15]])
def test_a_gap_is_a_409_and_nothing_of_the_request_is_applied(world: World, wei: Client, numbers: list[int]) -> None:
    before = world.log()
    body = wei.send(*(good(wei, number=number) for number in numbers)).error(409)
    assert body["next"] == 1
    assert body["code"] != "renumber"
    assert world.log() == before
    assert wei.sync()["next"] == 1


def test_a_gap_behind_numbers_sent_before_applies_nothing(world: World, wei: Client) -> None:
    first, second = good(wei), good(wei)
    wei.take(first, second)
    before = world.log()
    assert wei.send(second, good(wei, number=3), good(wei, number=5)).error(409)["next"] == 3
    assert world.log() == before


def test_one_number_twice_in_a_request_is_never_applied_twice(world: World, wei: Client) -> None:
    one = good(wei)
    reply = wei.send(one, one)
    assert reply.status in (200, 409)
    assert len([row for row in world.everything() if row[0] == "visit"]) <= 1


def test_numbers_sent_before_are_not_applied_again(world: World, wei: Client) -> None:
    changes = [good(wei) for _ in range(4)]
    wei.take(*changes[:3])
    before = world.log()
    assert wei.take(*changes[:3])["next"] == 4
    assert wei.take(changes[1])["next"] == 4
    assert wei.take(changes[1], changes[2])["next"] == 4
    assert world.log() == before
    assert wei.take(*changes[1:])["next"] == 5


def test_a_refused_change_uses_up_its_number_and_has_its_row_in_the_log(world: World, wei: Client) -> None:
    body = wei.sync(bad(wei))
    assert refusals(body) == {1: "invalid"}
    assert body["refused"][0]["fields"].keys() == {"started_at"}
    assert body["next"] == 2
    assert world.sql("SELECT number FROM changes WHERE device = :d", d=wei.device) == [(1,)]


def test_a_refusal_whose_reply_was_lost_is_told_again(world: World, wei: Client) -> None:
    changes = [good(wei), bad(wei), good(wei), wei.change("nonsense", new_id(), {"x": 1}), good(wei)]
    changes.append(wei.change("visit", new_id(), visit_set(), village=V2))
    first = wei.send(*changes).ok()
    assert refusals(first) == {2: "invalid", 4: "unknown_kind", 6: "forbidden"}
    before = world.log()
    again = wei.sync(*changes)
    assert again["refused"] == first["refused"]
    assert again["next"] == first["next"] == 7
    assert wei.sync(*changes[3:])["refused"] == first["refused"][1:]
    assert world.log() == before


def test_a_new_stamp_whose_reply_was_lost_is_told_again(world: World, wei: Client) -> None:
    change = good(wei, stamp=make_stamp(world.now + 365 * DAY, wei.device))
    first = wei.send(change).ok()["restamped"]
    world.later(days=2)
    assert set(first) == {"1"}
    assert wei.sync(change)["restamped"] == first
    assert wei.sync(change, good(wei))["restamped"] == first


def test_a_change_resent_with_its_new_stamp_is_the_same_change(world: World, wei: Client) -> None:
    change = good(wei, stamp=make_stamp(world.now + 365 * DAY, wei.device))
    stamp = wei.sync(change)["restamped"]["1"]
    before = world.log()
    assert wei.sync({**change, "stamp": stamp})["next"] == 2
    assert world.log() == before


def test_a_number_used_for_another_stamp_asks_to_renumber_and_applies_nothing(world: World, wei: Client) -> None:
    wei.take(good(wei), good(wei))
    before = world.log()
    for batch in ([good(wei, number=2)], [good(wei, number=2), good(wei, number=3)]):
        body = wei.send(*batch).error(409, "renumber")
        assert body["next"] == 3
    assert world.log() == before
    assert wei.take(good(wei, number=3))["next"] == 4


def test_a_refused_number_used_for_another_stamp_asks_to_renumber_too(wei: Client) -> None:
    wei.sync(bad(wei))
    assert wei.send(good(wei, number=1)).error(409, "renumber")["next"] == 2


@on_sqlite
@pytest.mark.parametrize("number", [0, -1, 1.5, "1", None, [1], {}, True, "x"])
def test_a_number_that_cannot_be_read_is_a_400_and_nothing_is_applied(world: World, wei: Client, number: Any) -> None:
    wei.send(good(wei), good(wei, number=number)).error(400)
    assert wei.sync()["next"] == 1
    assert [key for key in world.everything() if key[0] == "visit"] == []


@on_sqlite
@pytest.mark.parametrize("number", [2**31, 2**53, 2**63 - 1, 2**63, 10**30, 10**400])
def test_a_number_beyond_all_counting_is_answered(wei: Client, number: int) -> None:
    reply = wei.send(good(wei, number=number))
    assert reply.status in (400, 409)
    reply.error(reply.status)


POISON: dict[str, dict[str, Any]] = {
    "stamp missing": {"stamp": None}, "stamp of no form": {"stamp": "soon"}, "stamp a number": {"stamp": 7},
    "stamp a list": {"stamp": ["x"]}, "stamp very long": {"stamp": "0165-" + "a" * 500}, "stamp empty": {"stamp": ""},
    "stamp with NUL": {"stamp": "\x00"}, "stamp of half a character": {"stamp": "\ud800"},
    "id missing": {"id": None}, "id no UUID": {"id": "17"}, "id upper case": {"id": new_id().upper()},
    "id in braces": {"id": "{" + new_id() + "}"}, "id a number": {"id": 5}, "id very long": {"id": "a" * 9000},
    "id with NUL": {"id": "\x00"}, "id with a line's end": {"id": new_id() + "\n"},
    "kind missing": {"kind": None}, "kind a list": {"kind": []}, "kind with NUL": {"kind": "\x00"},
    "kind of half a character": {"kind": "\udfff"}, "kind very long": {"kind": "k" * 9000},
    "village of no form": {"village": "here"}, "village a number": {"village": 451422103201}, "village a list": {"village": []},
    "household of no form": {"household": "there"}, "household a number": {"household": 5},
    "set missing": {"set": None}, "set a list": {"set": []}, "set a text": {"set": "x"},
    "base a list": {"base": []}, "base a text": {"base": "x"}, "base of no stamp": {"base": {"remark": "x"}},
    "base a number": {"base": {"remark": 5}}, "base a union's for a text": {"base": {"remark": {"x": ["y"]}}},
    "value of the wrong type": {"set": {"remark": 5}}, "value with NUL": {"set": {"remark": "\x00"}},
    "value of half a character": {"set": {"remark": "\ud800"}}, "name with NUL": {"set": {"\x00": 1}},
    "name of half a character": {"set": {"\ud800": 1}}, "name empty": {"set": {"": 1}}, "name very long": {"set": {"n" * 9000: 1}},
    "union no list": {"set": {"participants": "x"}}, "too large": {"set": {"later": "x" * 300_000}},
    "removed a text": {"set": {"removed": "yes"}},
}  # fmt: skip


@pytest.mark.parametrize("name", POISON)
def test_a_poisoned_change_is_refused_alone_and_again_and_never_blocks_the_rest(wei: Client, name: str) -> None:
    first, poison, last = good(wei), good(wei), good(wei)
    poison |= POISON[name]
    if poison["stamp"] is None:
        del poison["stamp"]
    data = wei.request(first, poison, last)
    body = wei.ask("POST", "/api/v1/sync", ascii_json(data)).ok()
    assert refusals(body).keys() == {2}
    assert body["next"] == 4
    assert {key for key in ids(body) if key[0] == "visit"} == {("visit", first["id"]), ("visit", last["id"])}
    again = wei.ask("POST", "/api/v1/sync", ascii_json(wei.request(first, poison, last, good(wei)))).ok()
    assert again["refused"] == body["refused"]
    assert again["next"] == 5


def ascii_json(body: Any) -> bytes:
    """JSON in which halves of surrogate pairs survive the journey."""
    return json.dumps(body).encode()


def ids(body: dict[str, Any]) -> set[tuple[str, str]]:
    return {(record["kind"], record["id"]) for record in body["records"]}


@on_sqlite
@pytest.mark.parametrize("kind", ["k" * 64, "visit ", "Visit", "", "__proto__", "户"])
def test_a_kind_nobody_knows_is_refused_as_such(wei: Client, kind: str) -> None:
    body = wei.sync(good(wei) | {"kind": kind}, good(wei))
    assert refusals(body) == {1: "unknown_kind"}
    assert body["next"] == 3


def test_a_change_of_more_than_256_kib_is_too_large_and_one_of_less_is_taken(wei: Client) -> None:
    large = wei.change("visit", new_id(), {"note_from_the_future": "x" * 256 * 1024})
    small = wei.change("visit", new_id(), {"note_from_the_future": "x" * 250 * 1024})
    body = wei.sync(large, small)
    assert refusals(body) == {1: "too_large"}
    assert wei.values("visit", small["id"]) == {"note_from_the_future": "x" * 250 * 1024}


def test_five_hundred_changes_are_taken_at_once(wei: Client) -> None:
    assert wei.take(*(good(wei) for _ in range(500)))["next"] == 501


def test_two_phones_of_one_person_count_for_themselves(world: World, wei: Client) -> None:
    other = world.phone("wei")
    wei.take(good(wei), good(wei))
    assert other.take(good(other))["next"] == 2
    assert wei.sync()["next"] == 3
